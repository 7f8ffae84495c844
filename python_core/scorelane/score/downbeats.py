"""Downbeats that are given: moments where bars begin, as someone hears or knows them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorelane.errors import UsageError
from scorelane.score.given_beats import Beats, as_beats
from scorelane.score.grid import Grid, Metre

REACH = 0.15
"""Seconds from a downbeat that is given within which its bar begins."""
_SHORTEST_BAR = 0.4  # seconds


def check_downbeats(downbeats: Sequence[float], end: float) -> tuple[float, ...]:
    """``downbeats`` in seconds, in order, each once; the notes end at ``end``.

    Raises:
        UsageError: for what is no time within the notes, or two that no bar lies between.
    """
    for one in downbeats:
        if not (math.isfinite(one) and one >= 0.0):
            raise UsageError(f"A downbeat is a time in seconds from 0 on, not {one:g}.")
        if one > end:
            raise UsageError(f"No bar begins at {one:g} s: the last note ends at {end:.2f} s.")
    ordered = sorted(set(downbeats))
    for one, following in pairwise(ordered):
        if following - one < _SHORTEST_BAR:
            raise UsageError(
                f"Bars cannot begin both at {one:g} and at {following:g} s:"
                f" a bar lasts {_SHORTEST_BAR:g} s or more."
            )
    return tuple(ordered)


def begin_bars(beats: Beats, downbeats: Sequence[float], metre: Metre | None = None) -> Beats:
    """``beats`` whose bars begin at ``downbeats``, if they do not say themselves where.

    ``metre`` is the one that is asked for, if any.

    Raises:
        UsageError: for a downbeat that is near no beat, or that is not one of those in ``beats``.
    """
    firsts = [_nearest(beats.times, one) for one in downbeats]
    said = beats.metre.beats if beats.metre else beats.count
    own = beats.downbeat if said else None  # who names a downbeat knows better than a lone one
    count = metre.beats if metre else said
    origin = firsts[0] if own is None else own
    for one, first in zip(downbeats, firsts, strict=True):
        if count and (first - origin) % count:
            raise UsageError(
                f"No bar begins at {one:g} s in bars of {count} beats as the beats and the other"
                " downbeats have them."
            )
    if own is not None:
        return beats
    begins = set(firsts)
    told = as_beats([(float(time), i in begins) for i, time in enumerate(beats.times)])
    return replace(beats, downbeat=told.downbeat, count=count or told.count)


def missed(grid: Grid, downbeats: Sequence[float]) -> list[float]:
    """Those of ``downbeats`` at which no bar of ``grid`` begins."""
    place = grid.beat_at(downbeats) - grid.pickup
    count = grid.metre.beats
    lines = grid.seconds_at(count * np.round(place / count) + grid.pickup)
    # A beat is moved a little to the onsets around it once it is found.
    late = np.abs(lines - downbeats) > 1.5 * REACH
    return [one for one, is_late in zip(downbeats, late, strict=True) if is_late]


def _nearest(times: NDArray[np.float64], downbeat: float) -> int:
    """The beat that is meant; one that is farther than a third of a beat is none."""
    index = int(np.abs(times - downbeat).argmin())
    beat = float(np.gradient(times)[index])
    if abs(float(times[index]) - downbeat) > beat / 3:
        raise UsageError(
            f"A bar cannot begin at {downbeat:g} s: the nearest of the beats that are given is at"
            f" {times[index]:.2f} s."
        )
    return index
