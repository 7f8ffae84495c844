"""The two libraries that decode audio files, behind one shape."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Reader:
    """An opened file.

    ``read(n)`` gives the next ``[channels, <= n]`` and ``[channels, 0]`` at the end; ``frames``
    is what the header promises, ``None`` when it does not.
    """

    sample_rate: int
    channels: int
    frames: int | None
    read: Callable[[int], NDArray[np.float32]]
    closing: AbstractContextManager[Any]


class _ForwardFile(soundfile.SoundFile):  # type: ignore[misc] # untyped library
    """A file that is only read forwards.

    soundfile seeks to the end of what it has just read, after every read. In an MP3 that lands
    elsewhere (blocks of 1000 frames come out scrambled), in a damaged FLAC it fails early.
    """

    def seekable(self) -> bool:
        return False


def open_soundfile(path: Path) -> Reader | None:
    """Open with libsndfile; ``None`` when it does not know the format."""
    try:
        file = _ForwardFile(os.fsencode(path) if os.name == "posix" else path)
    except (soundfile.LibsndfileError, TypeError):  # TypeError: .raw, which has no header
        return None

    def read(frames: int) -> NDArray[np.float32]:
        block: NDArray[np.float32] = file.read(frames, dtype="float32", always_2d=True).T
        return block

    # A FLAC made by a pipe does not know its length: libsndfile then gives the largest integer.
    expected = file.frames if 0 < file.frames < 1 << 60 else None
    return Reader(file.samplerate, file.channels, expected, read, file)


def open_pedalboard(path: Path) -> Reader | None:
    """Open with pedalboard; ``None`` when it does not know the format."""
    from pedalboard.io import ReadableAudioFile

    try:
        file = ReadableAudioFile(os.fspath(path))
    except (ValueError, RuntimeError, OSError):
        return None

    def read(frames: int) -> NDArray[np.float32]:
        return file.read(frames)

    return Reader(int(file.samplerate), file.num_channels, file.frames, read, file)
