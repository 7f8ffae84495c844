"""How sure a reading of beats and bars is: whether others that are nearly as good have its bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.score.chain import Chain
from scorelane.score.downbeats import missed
from scorelane.score.grid import Grid, Metre
from scorelane.score.metre import Choice

DOUBTFUL = 0.85
"""Certainty under which most readings are wrong (docs/SCORE.md says how many)."""
# Worth, for each beat, by which one reading is e times as likely as another: what speaks for a
# wrong one goes on speaking for it, so that long pieces are no surer than short ones.
_TEMPER = 0.3
_NEAR = 0.2  # of a beat: bars that begin that near to one another begin together
_OTHERS = 2  # readings that are named beside the best
_ALIKE = 0.15  # log tempo within which readings in one metre are taken for one
_SAME_BARS = 0.85  # likeness of bars from which another reading is not worth naming


@dataclass(frozen=True)
class Reading:
    """Beats and bars in one metre at about one tempo.

    Attributes:
        worth: of all of it, what speaks for its metre included.
        choice: the metre.
        beat: seconds of a beat around which it was looked for.
        chain: the beats.
    """

    worth: float
    choice: Choice
    beat: float
    chain: Chain

    @property
    def tempo(self) -> float:
        """Beats per minute, of most beats."""
        return 60.0 / float(np.median(np.diff(self.chain.times)))

    @property
    def lines(self) -> NDArray[np.float64]:
        """Seconds where bars begin."""
        return self.chain.times[self.chain.pickup :: self.choice.metre.beats]


def certainty(best: Reading, readings: Sequence[Reading]) -> float:
    """How far ``readings``, the likely ones before others, have the bars of the ``best``, 0-1.

    It is the F measure of their bar lines that is to be expected; the best is one of them.
    """
    worths = np.array([one.worth for one in readings])
    likely = np.exp((worths - best.worth) / (_TEMPER * len(best.chain.times)))
    alike = np.array([_likeness(best, one) for one in readings])
    return float((likely * alike).sum() / likely.sum())


def others(best: Reading, readings: Sequence[Reading]) -> tuple[tuple[Metre, float], ...]:
    """Metres and tempi of the likeliest of ``readings`` that have other bars than the ``best``."""
    elsewhere = [one for one in readings if _likeness(best, one) < _SAME_BARS]
    named = [best]
    for one in sorted(elsewhere, key=lambda reading: -reading.worth):
        if len(named) <= _OTHERS and not any(_same_beats(one, each) for each in named):
            named.append(one)
    return tuple((one.choice.metre, one.tempo) for one in named[1:])


def remarks(grid: Grid, downbeats: Sequence[float] = ()) -> list[str]:
    """What to tell of ``grid``: that it is in doubt, or without some of the ``downbeats`` given."""
    told = [
        f"No bar begins at {one:g} s: nothing that was played there goes with the other wishes"
        for one in missed(grid, downbeats)
    ]
    if grid.certainty < DOUBTFUL:
        lines = grid.times[grid.pickup :: grid.metre.beats][:3]
        begins = ", ".join(f"{second:.2f}" for second in lines)
        wanted = "one more" if len(downbeats) else "two in a row"
        option = "--downbeat SECONDS" + " --downbeat SECONDS" * (not len(downbeats))
        told.append(
            f"Where bars begin is in doubt: they are read as {grid.metre}, from {begins} s on."
            f" If that is wrong, name {wanted}: {option}{_options(grid)}"
        )
    return told


def _options(grid: Grid) -> str:
    """What else may be asked for."""
    each = [f"--meter {metre} --tempo {tempo:.0f}" for metre, tempo in grid.others]
    return f"; or try {' or '.join(each)}" if each else ""


def _same_beats(one: Reading, other: Reading) -> bool:
    """Whether both have one metre and tempo."""
    apart = abs(np.log(one.tempo / other.tempo))
    return one.choice.metre == other.choice.metre and bool(apart < _ALIKE)


def _likeness(one: Reading, other: Reading) -> float:
    """F measure of their bar lines, 0-1."""
    tolerance = _NEAR * 60.0 / max(one.tempo, other.tempo)
    found = _share_near(one.lines, other.lines, tolerance)
    right = _share_near(other.lines, one.lines, tolerance)
    return 2 * found * right / max(found + right, 1e-9)


def _share_near(lines: NDArray[np.float64], places: NDArray[np.float64], tolerance: float) -> float:
    """Share of ``lines`` with one of ``places`` beside them; both increase."""
    if not len(lines) or not len(places):
        return 0.0
    after = np.searchsorted(places, lines)
    before, after = np.maximum(after - 1, 0), np.minimum(after, len(places) - 1)
    away = np.minimum(np.abs(places[before] - lines), np.abs(places[after] - lines))
    return float((away < tolerance).mean())
