"""How times, pitches and paths are worded wherever people read them."""

from __future__ import annotations

import math
import os

_PITCH_CLASSES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def clock(seconds: float) -> str:
    """Seconds as ``m:ss.s``, or ``h:mm:ss.s`` from one hour on."""
    tenths = math.floor(seconds * 10 + 0.5)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def pitch_name(pitch: int) -> str:
    """MIDI pitch as scientific pitch notation with sharps; 60 is ``"C4"``."""
    return f"{_PITCH_CLASSES[pitch % 12]}{pitch // 12 - 1}"


def printable(path: str | os.PathLike[str]) -> str:
    """A path as text that can always be printed, bytes that are no UTF-8 included."""
    return os.fsencode(path).decode("utf-8", "replace")
