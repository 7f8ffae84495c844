"""Imported weights give the answers of the published equations, from audio to greedy tokens.

The answers are those of ``reference_mt3``, float64 NumPy that imports nothing of Scorelane; the
questions go through everything that a user's do: import, TorchScript archive, engine.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reference_mt3 import log_mel, network
from scorelane import engine, store
from scorelane.model.config import ModelConfig, mt3_config
from scorelane.model.importing.install import install
from scorelane.model.transformer import Transformer
from scorelane.notes import Note
from tiny_checkpoint import t5x_tree, tiny_config, tiny_model, write_t5x

SEGMENTS = 50
Floats = NDArray[np.float32]


class Imported:
    """A random model that went through a T5X checkpoint, and the numbers that it was made of."""

    def __init__(self, config: ModelConfig, model: Transformer, folder: Path) -> None:
        self.config = config
        self.weights = {name: value.double().numpy() for name, value in model.state_dict().items()}
        path = write_t5x(t5x_tree(model), folder / "checkpoint")
        install(path, config.name, configurations=[config])
        self.archive = torch.jit.load(store.models_folder() / config.name / store.ARCHIVE)
        self.engine = engine.load(config.name, device="cpu", threads=1)

    def reference(self, window: Floats, tokens: list[int]) -> NDArray[np.float64]:
        """Logits after PAD and each of ``tokens``."""
        mel = log_mel(window.astype(np.float64), bins=self.config.frontend.bins)
        sizes = self.config.network
        inputs = np.array([0, *tokens])
        return network(mel, inputs, self.weights, sizes.decoder_layers, sizes.heads)

    def logits(self, windows: Floats, tokens: list[list[int]]) -> Floats:
        """The archive's logits along ``tokens``, rows of one length."""
        with torch.inference_mode():
            memory = self.archive.encode(torch.from_numpy(windows))
            state = self.archive.start(memory)
            inputs = torch.tensor([[0, *row] for row in tokens])[:, : self.config.max_tokens]
            steps = [
                self.archive.step(inputs[:, i], i, memory, state)[0] for i in range(inputs.size(1))
            ]
        return np.asarray(torch.stack(steps, dim=1).numpy())


def noises(config: ModelConfig, count: int) -> Floats:
    """Windows that differ in level and colour."""
    rng = np.random.default_rng(4)
    noise = rng.standard_normal((count, config.window_samples))
    coloured = np.cumsum(noise, axis=1) * rng.uniform(0, 0.02, (count, 1)) + noise
    levels = rng.uniform(0.01, 0.3, (count, 1))
    return np.asarray(levels * coloured / np.abs(coloured).max(axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module", params=[False, True], ids=["mt3", "ismir2021"])
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("imported")
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        config = tiny_config(piano=request.param)
        return Imported(config, tiny_model(config, seed=3), folder)


def agrees(imported: Imported, windows: Floats) -> None:
    """Greedy tokens are the reference's; logits along them agree to 1e-4 of the largest."""
    found = [[int(token) for token in row] for row in imported.engine.tokens(windows)]
    longest = max(map(len, found))
    logits = imported.logits(windows, [row + [0] * (longest - len(row)) for row in found])
    for window, row, mine in zip(windows, found, logits, strict=True):
        asked = min(len(row) + 1, imported.config.max_tokens)  # the last token of a full row
        expected = imported.reference(window, row)[:asked]
        assert np.abs(mine[:asked] - expected).max() / np.abs(expected).max() < 1e-4
        # What follows each token is the next one, and EOS follows the last.
        assert expected.argmax(axis=1).tolist() == [*row, 1][:asked]


def test_greedy_tokens_are_those_of_the_equations(imported: Imported) -> None:
    windows = noises(imported.config, SEGMENTS)
    agrees(imported, windows)
    rows = {tuple(map(int, row)) for row in imported.engine.tokens(windows)}
    assert len(rows) > 10  # the model listens: other sounds, other tokens


def test_batches_padding_and_order_change_nothing(imported: Imported) -> None:
    windows = noises(imported.config, 12)
    together = [row.tolist() for row in imported.engine.tokens(windows)]
    alone = [imported.engine.tokens(window[None])[0].tolist() for window in windows]
    assert alone == together
    order = np.random.default_rng(5).permutation(12)
    shuffled = imported.engine.tokens(windows[order])
    assert [row.tolist() for row in shuffled] == [together[i] for i in order]
    padded = np.concatenate([windows, np.zeros_like(windows), noises(imported.config, 3)])
    assert [row.tolist() for row in imported.engine.tokens(padded)[:12]] == together


def test_recordings_do_not_depend_on_the_batch_size(imported: Imported) -> None:
    """Neither the notes nor, as random weights write few, what was skipped as nonsense."""
    sound = noises(imported.config, 9).reshape(-1)[:-5000]

    def heard(batch_size: int) -> tuple[list[Note], dict[str, int]]:
        stream = imported.engine.stream(imported.config.sample_rate, batch_size=batch_size)
        notes = stream.push(sound) + stream.flush()
        return notes, stream.skipped

    together = heard(16)
    assert sum(together[1].values()) > 50
    assert heard(1) == heard(4) == together


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_network_of_the_published_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All 8 + 8 layers, 512 mel bins and 45.9 M parameters, over a few segments."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    config = dataclasses.replace(mt3_config(), max_tokens=24)
    torch.manual_seed(6)
    model = Transformer(config).eval()
    with torch.no_grad():
        # Attention has no 1 / sqrt(64): T5 draws its queries that much smaller.
        for name, weight in model.named_parameters():
            if name.endswith("attention.query.weight"):
                weight.div_(8.0)
    big = Imported(config, model, tmp_path)
    agrees(big, noises(config, 3))
