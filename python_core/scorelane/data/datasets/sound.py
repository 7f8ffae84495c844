"""The sound of a track: several files at once, whole or a window of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from scorelane.errors import AudioError

Samples = NDArray[np.float32]

_MARGIN = 0.05  # seconds on both sides, so that the resampler's filter has settled


def mixed(paths: Sequence[Path]) -> tuple[Samples, int]:
    """All files added up, mono [n], and their sampling rate in Hz. Raises :class:`AudioError`."""
    total: Samples = np.zeros(0, np.float32)
    rate = 0
    for path in paths:
        try:
            sound, found = soundfile.read(path, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            raise AudioError(f"{path} cannot be read: {error}") from error
        if rate and found != rate:
            raise AudioError(f"{path} has {found} Hz and what it is mixed with {rate} Hz.")
        rate = found
        total = _added(total, sound.mean(axis=1))
    return total, rate


def seconds(paths: Sequence[Path]) -> float:
    """Length of the longest file. Raises :class:`AudioError`."""
    try:
        return max(float(soundfile.info(path).duration) for path in paths)
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioError(f"{paths[0]} cannot be read: {error}") from error


def window(paths: Sequence[Path], start: float, samples: int, rate: int) -> Samples:
    """``samples`` mono samples at ``rate`` Hz from ``start`` seconds on; zeros outside the files.

    ``start`` may be negative. Raises :class:`AudioError`.
    """
    total: Samples = np.zeros(samples, np.float32)
    for path in paths:
        try:
            with soundfile.SoundFile(path) as file:
                total += _read_window(file, start, samples, rate)
        except (OSError, soundfile.LibsndfileError) as error:
            raise AudioError(f"{path} cannot be read: {error}") from error
    return total


def _read_window(file: soundfile.SoundFile, start: float, samples: int, rate: int) -> Samples:
    first = round((start - _MARGIN) * file.samplerate)
    count = round((samples / rate + 2 * _MARGIN) * file.samplerate)
    sound = np.zeros(count, np.float32)
    skipped = max(0, -first)
    if skipped < count and first + skipped < file.frames:
        file.seek(first + skipped)
        read = file.read(count - skipped, dtype="float32", always_2d=True).mean(axis=1)
        sound[skipped : skipped + len(read)] = read
    resampled = soxr.resample(sound, file.samplerate, rate)
    begin = round((start - first / file.samplerate) * rate)
    piece = resampled[begin : begin + samples]
    return np.asarray(np.pad(piece, (0, samples - len(piece))), dtype=np.float32)


def _added(one: Samples, other: Samples) -> Samples:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total
