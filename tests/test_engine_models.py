"""What the engine accepts as a model, what it says about the rest, and the cache of archives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scorelane import archives, engine
from scorelane.errors import EngineError, ModelError
from scorelane.instruments import InstrumentMask
from tiny_archive import SAMPLE_RATE, WINDOW, Failing, Stuck, save_archive

WINDOWS = np.random.default_rng(0).uniform(-0.4, 0.4, (9, WINDOW)).astype(np.float32)


def test_files_that_are_no_model(tiny_path: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.pt"
    text.write_text("not a model")
    truncated = tmp_path / "truncated.pt"
    truncated.write_bytes(tiny_path.read_bytes()[:2000])
    other = tmp_path / "other.pt"
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), str(other))
    for path in (text, truncated, other):
        with pytest.raises(ModelError, match="scorelane export"):
            engine.load(path, device="cpu")


def test_models_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no model 'nowhere.pt'.*ships"):
        engine.load("nowhere.pt")
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        engine.load(tmp_path)


@pytest.mark.parametrize("changes", [{"format": 2}, {"sample_rate": None}, {"velocity_bins": 5}])
def test_configurations_that_do_not_fit(changes: dict[str, int | None], tmp_path: Path) -> None:
    path = save_archive(tmp_path / "changed.pt", **changes)
    with pytest.raises(ModelError, match=next(iter(changes))):
        engine.load(path, device="cpu")


def test_instruments_become_the_programs_that_the_model_writes(tmp_path: Path) -> None:
    """A model without violas writes violins for them, and nothing for a telephone."""
    written = [40 if program == 41 else program for program in range(124)] + [-1] * 4
    merging = engine.load(save_archive(tmp_path / "merging.pt", program_map=written), device="cpu")
    samples = np.random.default_rng(1).uniform(-0.4, 0.4, 40 * SAMPLE_RATE).astype(np.float32)
    mask = InstrumentMask(frozenset({41, 124}), drums=False)
    notes = merging.transcribe(samples, SAMPLE_RATE, instruments=mask)
    assert {note.program for note in notes} == {40}


@pytest.mark.parametrize("told", [[0] * 5, [200] * 128, ["piano"] * 128])
def test_a_program_map_that_is_none(told: list[object], tmp_path: Path) -> None:
    path = save_archive(tmp_path / "damaged.pt", program_map=told)
    with pytest.raises(ModelError, match="program_map"):
        engine.load(path, device="cpu")


def test_a_model_that_fails_while_it_runs(tmp_path: Path) -> None:
    failing = engine.load(save_archive(tmp_path / "failing.pt", Failing()), device="cpu")
    with pytest.raises(EngineError, match="a wire came loose") as caught:
        failing.transcribe(np.full(SAMPLE_RATE, 0.1, np.float32), SAMPLE_RATE)
    assert "\n" not in str(caught.value)


def test_a_row_without_eos_keeps_its_tokens(tmp_path: Path) -> None:
    stuck = engine.load(save_archive(tmp_path / "stuck.pt", Stuck()), device="cpu")
    (row,) = stuck.tokens(WINDOWS[:1])
    assert row.tolist() == [1134] + [1064] * 63


def test_a_path_with_any_letters(tmp_path: Path) -> None:
    folder = tmp_path / "Müller 🎻 模型"
    folder.mkdir()
    assert engine.load(save_archive(folder / "ñ.pt"), device="cpu").config["name"] == "tiny"


def test_devices(tiny_path: Path) -> None:
    with pytest.raises(EngineError, match="gpu"):
        engine.load(tiny_path, device="gpu")
    if not torch.cuda.is_available():
        with pytest.raises(EngineError, match="CUDA was asked for"):
            engine.load(tiny_path, device="cuda")
        assert engine.load(tiny_path, device="auto").device == "cpu"
    with pytest.raises(EngineError, match="threads"):
        engine.load(tiny_path, device="cpu", threads=-1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_the_gpu_writes_the_cpus_tokens(tiny_path: Path) -> None:
    on_gpu = engine.load(tiny_path, device="cuda").tokens(WINDOWS)
    on_cpu = engine.load(tiny_path, device="cpu").tokens(WINDOWS)
    for row, wanted in zip(on_gpu, on_cpu, strict=True):
        assert np.array_equal(row, wanted)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that exports to the tiny archive, and a cache of its own."""
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"format": 1}))
    (folder / "model.safetensors").write_bytes(b"weights")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def export(_: Path, archive: Path) -> None:
        save_archive(archive)
        with (tmp_path / "exports").open("a") as log:
            log.write("x")

    monkeypatch.setattr(archives, "_export", export)
    return folder


def exports(weights: Path) -> int:
    return len((weights.parent / "exports").read_text())


def cached(weights: Path) -> list[Path]:
    return list((weights.parent / "cache" / "scorelane").iterdir())


def test_weights_are_exported_once(weights: Path) -> None:
    for _ in range(2):
        assert engine.load(weights, device="cpu").config["name"] == "tiny"
    assert exports(weights) == 1
    assert len(cached(weights)) == 1


def test_other_weights_are_another_archive(weights: Path) -> None:
    engine.load(weights, device="cpu")
    (weights / "model.safetensors").write_bytes(b"better weights")
    engine.load(weights, device="cpu")
    assert exports(weights) == 2
    assert len(cached(weights)) == 2


def test_a_damaged_archive_is_made_again(weights: Path) -> None:
    engine.load(weights, device="cpu")
    (archive,) = cached(weights)
    archive.write_bytes(archive.read_bytes()[:1000])
    assert engine.load(weights, device="cpu").config["name"] == "tiny"
    assert exports(weights) == 2
    engine.load(weights, device="cpu")
    assert exports(weights) == 2


def test_without_a_cache_it_works_all_the_same(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (weights.parent / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(weights.parent / "file" / "impossible"))
    assert engine.load(weights, device="cpu").config["name"] == "tiny"


def test_weights_that_are_missing(weights: Path) -> None:
    (weights / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        engine.load(weights)


def test_a_real_weights_folder_is_exported_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from scorelane.model.config import scorelane_config
    from scorelane.model.transformer import Transformer
    from scorelane.model.weights import save_weights

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    config = replace(scorelane_config(width=128, encoder_layers=1, decoder_layers=1), max_tokens=12)
    torch.manual_seed(0)
    model = Transformer(config)
    save_weights(model.state_dict(), config, tmp_path / "weights", torch.float16)
    loaded = engine.load(tmp_path / "weights", device="cpu")
    window = np.random.default_rng(0).uniform(-0.3, 0.3, (3, config.window_samples))
    assert all(0 <= len(row) <= 12 for row in loaded.tokens(window.astype(np.float32)))
