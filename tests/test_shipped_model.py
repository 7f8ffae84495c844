"""The weights that ship: what the engine writes is what the network in Python writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
import torch
from numpy.typing import NDArray

import scorelane
from scorelane import engine
from scorelane.evaluate.metrics import score
from scorelane.model.config import ModelConfig
from scorelane.model.export import Archive
from scorelane.model.grammar import Grammar
from scorelane.model.transformer import Transformer
from scorelane.model.weights import load_weights, save_weights
from scorelane.notes import read_csv
from scorelane.vocabulary import EOS, PAD

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "scorelane"
EXAMPLE = ROOT / "examples" / "example.flac"
FLOOR = 0.45


@pytest.fixture(scope="module")
def windows() -> NDArray[np.float32]:
    """Three windows of the example at the model's rate."""
    _, config = load_weights(MODEL)
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    mono = soxr.resample(audio.mean(axis=1), rate, config.sample_rate)
    length, step = config.window_samples, config.segment_samples
    return np.stack([mono[i * step : i * step + length] for i in (0, 2, 5)]).astype(np.float32)


def eager_tokens(model: Transformer, config: ModelConfig, window: NDArray[np.float32]) -> list[int]:
    """Greedy tokens by the plainest way: the whole row anew for every token."""
    audio = torch.from_numpy(window)[None]
    grammar = Grammar(config)
    facts, sounding, begun, wanted = grammar.start(1, torch.device("cpu"))
    with torch.inference_mode():
        states, answers = model.encoder(model.encoder.input.features(audio))
        memory = model.decoder.remember(states, answers)
        row = [PAD]
        while len(row) <= config.max_tokens:
            logits, _ = model.decoder(states, answers, torch.tensor([row]))
            grammar.advance(torch.tensor(row[-1:]), facts, sounding, begun)
            step = model.decoder.times(torch.tensor([row]))[:, -1:]
            evidence = model.decoder.evidence(model.decoder.know(memory, step), memory)
            guided = grammar.guide(logits[:, -1], facts, sounding, begun, wanted, evidence)
            token = int(guided.argmax())
            if token == EOS:
                break
            row.append(token)
    return row[1:]


def test_the_engine_writes_the_tokens_of_the_eager_network(
    windows: NDArray[np.float32], tmp_path: Path
) -> None:
    """Each window by itself, with nothing to be judged beside the others."""
    model, config = load_weights(MODEL)
    alone = replace(config.network, kit_layers=0, texture_layers=0)
    config = replace(config, network=alone)
    bare = Transformer(config).eval()
    bare.load_state_dict(model.state_dict(), strict=False)
    expected = [eager_tokens(bare, config, window) for window in windows]
    assert sum(map(len, expected)) > 30
    save_weights(bare.state_dict(), config, tmp_path / "bare", torch.float32)
    given = engine.load(tmp_path / "bare", device="cpu").tokens(windows)
    assert [row.tolist() for row in given] == expected


@torch.inference_mode()
def test_the_engine_judges_what_is_played_together_as_the_network_does(
    windows: NDArray[np.float32],
) -> None:
    archive = Archive(*load_weights(MODEL)).eval()
    alone = archive.encode(torch.from_numpy(windows))
    memory = archive.reconsider(alone, archive.agree(archive.candidates(alone)))
    assert not all(map(torch.equal, memory, alone))
    expected = []
    for row in range(len(windows)):
        own = [part[row : row + 1] for part in memory]
        state, tokens = archive.start(own), [PAD]
        while tokens[-1] != EOS:
            logits, _ = archive.step(torch.tensor(tokens[-1:]), len(tokens) - 1, own, state)
            tokens.append(int(logits.argmax()))
        expected.append(tokens[1:-1])
    given = engine.load(MODEL, device="cpu").tokens(windows)
    assert [row.tolist() for row in given] == expected


def test_the_example_is_heard_as_the_model_card_says() -> None:
    """A floor far below the card's figure: it catches a broken chain, not a weak model."""
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    notes = engine.load(MODEL, device="cpu").transcribe(audio.T, rate)
    scores = score(read_csv(EXAMPLE.with_suffix(".csv")), notes)
    assert scores.onset is not None and scores.onset.f1 > FLOOR
    assert scores.drum_group is not None and scores.drum_group.f1 > FLOOR


def test_a_recording_out_of_tune_is_heard_as_if_it_were_not() -> None:
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    loaded = engine.load(MODEL, device="cpu")
    cents = 40.0
    sharp = 2.0 ** (cents / 1200.0)
    stream = loaded.stream(round(rate * sharp))
    moved = stream.push(audio.T) + stream.flush()
    assert stream.tuning == pytest.approx(440.0 * sharp, abs=2.0)
    moved = [replace(n, onset=n.onset * sharp, offset=n.offset * sharp) for n in moved]
    scores = score(loaded.transcribe(audio.T, rate), moved)
    assert scores.onset is not None and scores.onset.f1 > 0.8


def test_a_chosen_instrument_appears_under_the_name_that_the_model_has_for_it() -> None:
    """The model writes one saxophone for all, and one acoustic piano."""
    heard = scorelane.transcribe(EXAMPLE, instruments=["bright acoustic piano"], sensitivity=1.0)
    assert heard.notes
    assert {note.program for note in heard.all_notes} == {0}
    drums = scorelane.transcribe(EXAMPLE, instruments=["drums"])
    assert drums.notes and all(note.is_drum for note in drums.all_notes)
