"""What tests of several files share."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

import scorelane
from stub_engine import StubEngine, stub_module
from tiny_archive import save_archive

RATE = 16_000

# A shell without job control starts what runs in the background deaf to Ctrl-C, and so would be
# the tests of it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Give every test the same untrained networks and noise, alone or among the others."""
    torch.manual_seed(0)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> StubEngine:
    """Replace the engine with one that hears by rule."""
    stub = StubEngine()
    module = stub_module(stub)
    monkeypatch.setitem(sys.modules, "scorelane.engine", module)
    monkeypatch.setattr(scorelane, "engine", module, raising=False)
    return stub


@pytest.fixture
def make_wav(tmp_path: Path) -> Callable[..., Path]:
    """Write a tone: ``make_wav(name, seconds=..., rate=..., channels=...)`` gives its path."""

    def make(
        name: str = "song.wav", *, seconds: float = 2.0, rate: int = RATE, channels: int = 1
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
        soundfile.write(path, np.repeat(tone[:, None], channels, axis=1), rate)
        return path

    return make


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that is quick to run and hears by rule."""
    return save_archive(tmp_path_factory.mktemp("models") / "tiny.pt")


@pytest.fixture
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the models and settings of a test in a folder of its own."""
    folder = tmp_path / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(folder))
    return folder
