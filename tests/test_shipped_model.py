"""The weights that ship: what the engine writes is what the network in Python writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from scorelane import engine
from scorelane.evaluate.metrics import score
from scorelane.model.transformer import Transformer
from scorelane.model.weights import load_weights
from scorelane.notes import read_csv
from scorelane.vocabulary import EOS, PAD

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "scorelane"
EXAMPLE = ROOT / "examples" / "example.flac"


@pytest.fixture(scope="module")
def windows() -> NDArray[np.float32]:
    """Three windows of the example at the model's rate."""
    _, config = load_weights(MODEL)
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    mono = soxr.resample(audio.mean(axis=1), rate, config.sample_rate)
    length, step = config.window_samples, config.segment_samples
    return np.stack([mono[i * step : i * step + length] for i in (0, 2, 5)]).astype(np.float32)


def eager_tokens(model: Transformer, window: NDArray[np.float32], limit: int) -> list[int]:
    """Greedy tokens by the plainest way: the whole row anew for every token."""
    audio = torch.from_numpy(window)[None]
    with torch.inference_mode():
        states, _ = model.encoder(model.encoder.input.features(audio))
        row = [PAD]
        while len(row) <= limit:
            logits, _ = model.decoder(states, torch.tensor([row]))
            token = int(logits[0, -1].argmax())
            if token == EOS:
                break
            row.append(token)
    return row[1:]


def test_the_engine_writes_the_tokens_of_the_eager_network(windows: NDArray[np.float32]) -> None:
    model, config = load_weights(MODEL)
    expected = [eager_tokens(model, window, config.max_tokens) for window in windows]
    assert sum(map(len, expected)) > 30
    given = engine.load(MODEL, device="cpu").tokens(windows)
    assert [row.tolist() for row in given] == expected


def test_the_example_is_heard_as_the_model_card_says() -> None:
    """A floor far below the card's figure: it catches a broken chain, not a weak model."""
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    notes = engine.load(MODEL, device="cpu").transcribe(audio.T, rate)
    scores = score(read_csv(EXAMPLE.with_suffix(".csv")), notes)
    assert scores.onset is not None and scores.onset.f1 > FLOOR
    assert scores.drum_group is not None and scores.drum_group.f1 > FLOOR


FLOOR = 0.3
