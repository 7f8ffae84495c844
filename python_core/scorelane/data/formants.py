"""What makes a voice: harmonics under the resonances of throat and mouth, from published tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Vowel = tuple[tuple[float, float], ...]
"""Formants: their centres in Hz and levels in dB."""

VOWELS: dict[str, tuple[Vowel, ...]] = {
    "low": (
        ((650, 0), (1080, -6), (2650, -7), (2900, -8), (3250, -22)),
        ((400, 0), (1700, -14), (2600, -12), (3200, -14), (3580, -20)),
        ((290, 0), (1870, -15), (2800, -18), (3250, -20), (3540, -30)),
        ((400, 0), (800, -10), (2600, -12), (2800, -12), (3000, -26)),
        ((350, 0), (600, -20), (2700, -17), (2900, -14), (3300, -26)),
    ),
    "high": (
        ((800, 0), (1150, -6), (2900, -32), (3900, -20), (4950, -50)),
        ((350, 0), (2000, -20), (2800, -15), (3600, -40), (4950, -56)),
        ((270, 0), (2140, -12), (2950, -26), (3900, -26), (4950, -44)),
        ((450, 0), (800, -11), (2830, -22), (3800, -22), (4950, -50)),
        ((325, 0), (700, -16), (2700, -35), (3800, -40), (4950, -60)),
    ),
}
"""Vowels a, e, i, o, u as a tenor and a soprano sing them (Csound manual, appendix D, rounded)."""

COMPASS = {"low": range(40, 70), "high": range(53, 85)}
"""The pitches that such voices sing."""


def formant_gain(
    hertz: NDArray[np.float64], vowel: Vowel, size: float = 1.0
) -> NDArray[np.float64]:
    """How much a vowel lets through at ``hertz`` [...], for a head ``size`` times the usual."""
    gain = np.full_like(hertz, 0.003)
    for centre, decibels in vowel:
        width = 50.0 + 0.05 * centre * size
        gain += 10 ** (decibels / 20) / (1.0 + ((hertz - centre * size) / width) ** 2)
    return gain


def partials(angle: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Sine waves at 1, 2, 3 ... times ``angle`` [n], without end."""
    # sin((n + 1) x) = 2 cos(x) sin(n x) - sin((n - 1) x)
    twice, before, now = 2 * np.cos(angle), np.zeros_like(angle), np.sin(angle)
    while True:
        yield now
        before, now = now, twice * now - before
