"""Types of the compiled engine (cpp/bindings/module.cpp). Use it through scorelane.engine.

Notes come as structured arrays with the fields onset, offset (float64, seconds), pitch, program
(int32), is_drum (bool), velocity (int32) and confidence (float32).
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

def settled_programs(notes: NDArray[np.void], least_share: float) -> NDArray[np.int32]: ...

class Model:
    @staticmethod
    def load(path: str, device: str = "auto", threads: int = 0) -> Model: ...
    @property
    def config(self) -> str: ...
    @property
    def device(self) -> str: ...
    def tokens(
        self, windows: ArrayLike, programs: Sequence[int] | None = None, drums: bool = True
    ) -> list[NDArray[np.int32]]: ...

class Transcriber:
    def __init__(
        self,
        model: Model,
        sample_rate: float,
        *,
        programs: Sequence[int] | None = None,
        drums: bool = True,
        players: Sequence[int] = (),
        batch_size: int = 0,
        held_notes: str = "free",
        tuning: float = 0.0,
        on_progress: Callable[[float], object] | None = None,
    ) -> None: ...
    def push(self, samples: ArrayLike) -> NDArray[np.void]: ...
    def flush(self) -> NDArray[np.void]: ...
    @property
    def tuning(self) -> float: ...
    @property
    def skipped(self) -> dict[str, int]: ...

class NoteDecoder:
    def __init__(
        self, velocity_bins: int = 1, max_shift: int = 1000, steps_per_second: int = 100
    ) -> None: ...
    def decode(self, tokens: ArrayLike, start: float, limit: float | None = None) -> None: ...
    def end_sounding(self, time: float) -> None: ...
    def finish(self, end: float | None = None) -> None: ...
    def take_notes(self) -> NDArray[np.void]: ...
    @property
    def skipped(self) -> dict[str, int]: ...
