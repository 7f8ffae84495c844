"""The onset envelope of a recording: how strongly sound begins at each moment."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 100.0
"""Frames per second, nearly: a frame is a whole number of samples."""

_WINDOW = 0.046  # seconds
_BANDS = 40
_LOWEST, _HIGHEST = 30.0, 10_000.0  # Hz
_COMPRESS = 1000.0


@dataclass(frozen=True)
class Envelope:
    """``strength[i]`` (mean 0, deviation 1, at most 4) belongs to ``i / rate`` seconds."""

    strength: NDArray[np.float64]
    rate: float

    def at(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """The strength at some times; 0 outside the recording."""
        index = np.arange(len(self.strength)) / self.rate
        values: NDArray[np.float64] = np.interp(seconds, index, self.strength, 0.0, 0.0)
        return values


def onset_envelope(recording: str | os.PathLike[str]) -> Envelope:
    """Spectral flux of a recording: what each band of its log spectrum gains, summed.

    Memory grows with the length by 800 bytes a second, not with the samples.

    Raises:
        AudioError: when the recording cannot be read.
    """
    from scorelane.audio import open_audio

    with open_audio(recording) as audio:
        hop = max(1, round(audio.sample_rate / RATE))
        size = 2 * int(np.ceil(_WINDOW * audio.sample_rate / 2))
        bands = _filters(size, audio.sample_rate)
        window = np.hanning(size)
        rows: list[NDArray[np.float64]] = []
        rest = np.zeros(size // 2)  # so that the first frame is centred on the first sample
        for block in audio.blocks():
            rest = np.concatenate((rest, block.mean(axis=0)))
            count = (len(rest) - size) // hop + 1 if len(rest) >= size else 0
            if count:
                frames = np.lib.stride_tricks.sliding_window_view(rest, size)[::hop][:count]
                power = np.abs(np.fft.rfft(frames * window)) ** 2
                rows.append(np.log1p(_COMPRESS * (power @ bands)))
                rest = rest[count * hop :]
        rate = audio.sample_rate / hop
    levels = np.concatenate(rows) if rows else np.zeros((1, _BANDS))
    # Against two frames before: a hop is shorter than a window.
    gain = np.maximum(levels[2:] - levels[:-2], 0.0).sum(axis=1)
    flux = np.concatenate(([0.0], gain, [0.0]))[: len(levels)]
    spread = float(flux.std())
    strength = (flux - flux.mean()) / spread if spread > 1e-9 else np.zeros(len(flux))
    return Envelope(np.minimum(strength, 4.0), rate)


def _filters(size: int, rate: int) -> NDArray[np.float64]:
    """``[size / 2 + 1, bands]``: triangles that are evenly spaced in log frequency."""
    frequency = np.fft.rfftfreq(size, 1 / rate)
    edges = np.geomspace(_LOWEST, min(_HIGHEST, 0.45 * rate), _BANDS + 2)
    # A triangle is at least two bins wide, so that none of the low ones is empty.
    step = rate / size
    low = np.minimum(edges[:-2], edges[1:-1] - step)
    high = np.maximum(edges[2:], edges[1:-1] + step)
    rise = (frequency[:, None] - low) / (edges[1:-1] - low)
    fall = (high - frequency[:, None]) / (high - edges[1:-1])
    triangles: NDArray[np.float64] = np.maximum(np.minimum(rise, fall), 0.0) / size
    return triangles
