"""Beats, bars and ticks: the grid that a score is written on.

A tick is 1/24 of a quarter note: halves, thirds, quarters, sixths and eighths of a beat are whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scorelane.errors import UsageError

TICKS = 24
"""Ticks per quarter note."""

_DENOMINATORS = (2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Metre:
    """A time signature; 6/8, 9/8 and 12/8 count dotted quarters, others their denominator."""

    numerator: int = 4
    denominator: int = 4

    @classmethod
    def parse(cls, text: str) -> Metre:
        """Read ``"3/4"``; raises :class:`UsageError` for what is no usable time signature."""
        match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(\d{1,2})\s*", text)
        if match:
            numerator, denominator = int(match[1]), int(match[2])
            if 1 <= numerator <= 32 and denominator in _DENOMINATORS:
                return cls(numerator, denominator)
        raise UsageError(
            f"{text!r} is no metre that can be written; give beats/unit, such as 4/4 or 6/8."
        )

    @property
    def is_compound(self) -> bool:
        """Whether a beat has three parts."""
        return self.denominator == 8 and self.numerator % 3 == 0 and self.numerator > 3

    @property
    def beat_ticks(self) -> int:
        """Ticks of one counted beat."""
        unit = 4 * TICKS // self.denominator
        return 3 * unit if self.is_compound else unit

    @property
    def beats(self) -> int:
        """Counted beats in a bar."""
        return self.numerator // 3 if self.is_compound else self.numerator

    @property
    def bar_ticks(self) -> int:
        """Ticks of one bar."""
        return self.numerator * 4 * TICKS // self.denominator

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


@dataclass(frozen=True)
class Grid:
    """When the beats are, and which of them begin bars.

    Attributes:
        times: ``[n >= 2]`` seconds of the beats, increasing; tick 0 is the first.
        metre: the time signature, one for the whole piece.
        pickup: beats before the first full bar, less than a bar's.
        certainty: how far other readings of the same notes that are nearly as good have the same
            bars, 0-1; 1 where beats are given.
        others: the next likely metres with beats per minute, the likelier first; none where beats
            are given.
    """

    times: NDArray[np.float64]
    metre: Metre
    pickup: int = 0
    certainty: float = 1.0
    others: tuple[tuple[Metre, float], ...] = ()

    @property
    def pickup_ticks(self) -> int:
        """Ticks before the first full bar."""
        return self.pickup * self.metre.beat_ticks

    def beat_at(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """Position in beats (0 is the first); the outer tempi continue beyond the ends."""
        index, times = self._beats, self.times
        x = np.asarray(seconds, np.float64)
        inside = np.interp(x, times, index)
        before = (x - times[0]) / (times[1] - times[0])
        after = index[-1] + (x - times[-1]) / (times[-1] - times[-2])
        result: NDArray[np.float64] = np.where(
            x < times[0], before, np.where(x > times[-1], after, inside)
        )
        return result

    def seconds_at(self, beats: ArrayLike) -> NDArray[np.float64]:
        """The inverse of :meth:`beat_at`."""
        index, times = self._beats, self.times
        x = np.asarray(beats, np.float64)
        before = times[0] + x * (times[1] - times[0])
        after = times[-1] + (x - index[-1]) * (times[-1] - times[-2])
        result: NDArray[np.float64] = np.where(
            x < 0, before, np.where(x > index[-1], after, np.interp(x, index, times))
        )
        return result

    @cached_property
    def _beats(self) -> NDArray[np.float64]:
        return np.arange(len(self.times), dtype=np.float64)
