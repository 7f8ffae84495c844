"""An engine that hears by rule, so that all around it can be tested without a network.

Every second of a recording that is not silent gives a piano note on the second (half a second
long, pitch 60 and up, confidence falling from 1 to 0.1) and a bass drum a quarter later.
"""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import Any

import numpy as np

import scorelane
from scorelane.errors import Cancelled, ModelError
from scorelane.notes import Note


class StubStream:
    """``push``/``flush`` as the real stream has them."""

    def __init__(self, engine: StubEngine, sample_rate: int, mask: Any, on_progress: Any) -> None:
        self.engine, self.rate, self.mask, self.on_progress = engine, sample_rate, mask, on_progress
        self.held_notes = ""
        self.tuning = 440.0
        self.heard = np.zeros(0, np.float32)
        self.second = 0

    def push(self, block: np.ndarray) -> list[Note]:
        assert block.dtype == np.float32 and block.ndim == 2 and np.isfinite(block).all()
        if self.engine.delay:
            time.sleep(self.engine.delay)
        self.heard = np.concatenate([self.heard, block.mean(axis=0)])
        notes = []
        while len(self.heard) >= self.rate:
            notes += self._hear(self.heard[: self.rate])
            self.heard = self.heard[self.rate :]
        self._report()
        return notes

    def flush(self) -> list[Note]:
        return self._hear(self.heard) if len(self.heard) else []

    def _report(self) -> None:
        done = self.second + len(self.heard) / self.rate
        if self.on_progress is not None and self.on_progress(done) is False:
            raise Cancelled("Cancelled.")

    def _hear(self, samples: np.ndarray) -> list[Note]:
        start, self.second = float(self.second), self.second + 1
        if np.abs(samples).max() < 1e-4:
            return []
        confidence = max(0.1, 1.0 - 0.1 * start)
        notes = [
            Note(start, start + 0.5, 60 + int(start) % 12, 0, False, 90, confidence),
            Note(start + 0.25, start + 0.26, 36, 0, True, 100, 0.9),
        ]
        return [n for n in notes if self.mask is None or self.mask.allows(n.program, n.is_drum)]


class StubEngine:
    """Counts its streams; ``delay`` seconds pass at every push."""

    def __init__(self, delay: float = 0.0) -> None:
        self.config = {"name": "stub", "version": "1", "default_confidence": 0.35}
        self.device = "cpu"
        self.delay = delay
        self.streams: list[StubStream] = []

    def stream(
        self,
        sample_rate: int,
        *,
        instruments: Any = None,
        batch_size: int = 0,
        held_notes: str = "free",
        tuning: float | None = None,
        on_progress: Any = None,
    ) -> StubStream:
        self.streams.append(StubStream(self, sample_rate, instruments, on_progress))
        self.streams[-1].held_notes = held_notes
        self.streams[-1].tuning = tuning or 440.0
        return self.streams[-1]


def stub_module(engine: StubEngine) -> ModuleType:
    """A module that stands in for ``scorelane.engine``."""
    module = ModuleType("scorelane.engine")

    def load(model: object = None, device: str = "auto", threads: int = 0) -> StubEngine:
        if model is not None and model != "stub":
            raise ModelError(f"{model} is not a model.")
        return engine

    module.load = load  # type: ignore[attr-defined]
    return module


if __name__ == "__main__":  # the command line with this engine: stub_engine.py DELAY ARGUMENTS...
    scorelane.engine = sys.modules["scorelane.engine"] = stub_module(  # type: ignore[attr-defined]
        StubEngine(float(sys.argv.pop(1)))
    )
    from scorelane.cli.app import main

    main()
