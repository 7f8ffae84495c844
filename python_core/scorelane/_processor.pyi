"""Types of the plugin's own processor, without a host (plugin/bindings/module.cpp).

Built with the plugin (`make plugin`); see docs/PLUGIN.md. Notes come as structured arrays with the
fields onset, offset (float64, seconds), pitch, program (int32), is_drum (bool), velocity (int32)
and confidence (float32).
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

class Lane(TypedDict):
    name: str
    program: int
    is_drum: bool
    channel: int
    count: int
    audible: bool

class Status(TypedDict):
    stage: str  # "empty", "recording", "loading", "transcribing", "ready"
    seconds_done: float
    seconds_total: float
    error: str
    notice: str
    model: str
    device: str

class Transport:
    playing: bool
    seconds: float
    bpm: float
    def __init__(self, playing: bool = True, seconds: float = 0.0, bpm: float = 120.0) -> None: ...

class Processor:
    """The host parameters are attributes, too: ``processor.sensitivity = 0.7``."""

    def __init__(
        self,
        sample_rate: float = 44100.0,
        block_size: int = 512,
        *,
        channels: int = 2,
        realtime: bool = False,
    ) -> None: ...
    def process(
        self, audio: ArrayLike, midi: Sequence[tuple[int, bytes]] = ()
    ) -> tuple[NDArray[np.float32], list[tuple[int, bytes]]]: ...
    def prepare(self, block_size: int = 0) -> None: ...
    def reset(self) -> None: ...
    def release(self) -> None: ...
    state: bytes
    transport: Transport | None
    @property
    def parameters(self) -> list[str]: ...
    @property
    def sample_rate(self) -> float: ...
    @property
    def block_size(self) -> int: ...
    @property
    def notes(self) -> NDArray[np.void]: ...
    @property
    def lanes(self) -> list[Lane]: ...
    @property
    def status(self) -> Status: ...
    @property
    def latency(self) -> int: ...
    def load_file(self, path: str) -> None: ...
    def choose_model(self, path: str = "", device: str = "auto") -> None: ...
    def choose_players(self, programs: Sequence[int] = (), drums: bool = False) -> None: ...
    def transcribe(self) -> None: ...
    def cancel(self) -> None: ...
    def clear(self) -> None: ...
    def undo(self) -> bool: ...
    def redo(self) -> bool: ...
    def wait(self, seconds: float = 3600.0) -> bool: ...
    def __getattr__(self, name: str) -> bool | float | str: ...
    def __setattr__(self, name: str, value: object) -> None: ...
