"""Measurements on single notes: where the sound begins and ends, how loud it is, how it dies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]

SAMPLE_RATE = 16_000
"""Hz: the rate of everything in a note bank."""

_ONSET_DB = -40.0
_PRE_ONSET = 0.002
_SILENT = 1e-5
_HEARD_DB = -14.0
_ATTACK = 0.3


def lead_samples(audio: Audio, rate: int = SAMPLE_RATE) -> int:
    """Return the number of samples of ``[n]`` to cut so that the sound begins within 5 ms.

    The sound begins where it first rises above -40 dB of its peak in the first half second; 2 ms
    before that point are kept. A slow attack keeps its shape, since only what is far quieter
    than the attack goes. Silence gives 0.
    """
    head = np.abs(audio[: rate // 2])
    peak = float(head.max(initial=0.0))
    if peak < _SILENT:
        return 0
    onset = int(np.argmax(head > peak * 10 ** (_ONSET_DB / 20)))
    return max(0, onset - int(_PRE_ONSET * rate))


def attack_samples(audio: Audio, rate: int = SAMPLE_RATE) -> int:
    """Return how many samples of the note ``[n]`` pass before its onset is heard, to 5 ms.

    That is where it reaches -14 dB of the peak of its first 0.3 s: at once for what is struck
    or plucked, after some 25 ms on a violin. People who mark onsets in recordings mark it there.
    """
    if not len(audio):
        return 0
    head = np.abs(audio[: int(_ATTACK * rate)])
    frame = rate // 200
    peaks = _frames(head, frame).max(axis=1)
    return int(np.argmax(peaks >= peaks.max() * 10 ** (_HEARD_DB / 20))) * frame


def sounding_samples(audio: Audio, rate: int = SAMPLE_RATE, floor_db: float = -66.0) -> int:
    """Return the length in samples after which ``[n]`` stays below ``floor_db`` of its peak."""
    if not len(audio):
        return 0
    frame = max(1, rate // 100)
    peaks = _frames(np.abs(audio), frame).max(axis=1)
    loudest = float(peaks.max())
    if loudest < _SILENT:
        return 0
    last = int(np.flatnonzero(peaks > loudest * 10 ** (floor_db / 20))[-1])
    return min(len(audio), (last + 1) * frame)


def loudness(audio: Audio, rate: int = SAMPLE_RATE) -> float:
    """Return the RMS amplitude of the loudest 0.1 s of ``[n]``."""
    frame = max(1, rate // 10)
    if not len(audio):
        return 0.0
    return float(np.sqrt(_frames(np.square(audio, dtype=np.float32), frame).mean(axis=1).max()))


def release_time(held: Audio, released: Audio, rate: int = SAMPLE_RATE) -> float:
    """Return the time constant in seconds (amplitude to 1/e) with which a note dies.

    ``held`` and ``released`` are the same note from the note-off on, held and let go. The decay
    that the held note has anyway is divided out, so that multiplying the held sound by
    ``exp(-t / release)`` gives the released one. Between 5 ms and 2 s; 2 s when letting go
    changes nothing.
    """
    frame = max(1, rate // 100)
    n = min(len(held), len(released)) // frame * frame
    if n == 0:
        return 2.0
    before = np.sqrt(_frames(held[:n] ** 2, frame).mean(axis=1))
    after = np.sqrt(_frames(released[:n] ** 2, frame).mean(axis=1))
    # Only frames in which both still sound say anything about the slope.
    usable = (before > _SILENT) & (after > before[0] * 1e-3) & (after > _SILENT)
    stop = int(np.argmin(usable)) if not usable.all() else len(usable)
    if stop < 2:
        return 0.005
    t = (np.arange(stop) + 0.5) * frame / rate
    ratio = np.log(np.maximum(after[:stop], 1e-9) / np.maximum(before[:stop], 1e-9))
    slope = float((t * ratio).sum() / (t * t).sum())
    return float(np.clip(-1.0 / slope, 0.005, 2.0)) if slope < 0 else 2.0


def _frames(values: Audio, frame: int) -> Audio:
    """Cut ``[n]`` into ``[ceil(n / frame), frame]``, the end filled with zeros."""
    count = -(-len(values) // frame)
    padded = np.zeros(count * frame, np.float32)
    padded[: len(values)] = values
    return padded.reshape(count, frame)
