"""Dynamics: how loud each player plays, marked where it changes for good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scorelane.score.path import cheapest_path
from scorelane.score.quantise import Placed

LEVELS = {"pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112}
"""The velocities at which MuseScore plays the marks."""
_SPREAD = 10.0  # of velocities around their mark
_TRUST = 8  # onsets that a bar counts for, at most
_CHANGE, _STEP = 6.0, 2.0  # what a mark costs, and each step to it from the one before


def dynamic_marks(
    notes: Sequence[Placed], bars: Sequence[tuple[int, int]]
) -> list[tuple[int, str]]:
    """Ticks of a player's ``notes`` at which a mark stands, ``pp`` to ``ff``, in order.

    Each bar (start and end tick) has one level, so that what its onsets differ from it and what the
    changes cost is least over the piece (exactly); an onset is as loud as its loudest note. A mark
    stands at the first onset of its bar. Players whose notes are all alike have none: a sequencer's
    velocity says nothing.
    """
    if len({placed.note.velocity for placed in notes}) < 2:
        return []
    loudest: dict[int, int] = {}
    for placed in notes:
        loudest[placed.start] = max(loudest.get(placed.start, 0), placed.note.velocity)
    ticks = np.array(sorted(loudest))
    velocity = np.array([loudest[tick] for tick in ticks], np.float64)
    bar_of = np.searchsorted([start for start, _ in bars], ticks, side="right") - 1
    off = (velocity[:, None] - np.array(list(LEVELS.values()))) ** 2 / (2.0 * _SPREAD**2)
    cost = np.zeros((len(bars), len(LEVELS)))
    np.add.at(cost, bar_of, off)
    count = np.bincount(bar_of, minlength=len(bars))
    cost *= np.minimum(1.0, _TRUST / np.maximum(count, 1))[:, None]
    names = list(LEVELS)
    step = np.abs(np.subtract.outer(np.arange(len(names)), np.arange(len(names))))
    level_of = cheapest_path(cost, np.where(step > 0, _CHANGE + _STEP * step, 0.0))
    marks: list[tuple[int, str]] = []
    for tick, bar in zip(ticks.tolist(), bar_of.tolist(), strict=True):
        mark = names[level_of[bar]]
        if not marks or mark != marks[-1][1]:
            marks.append((tick, mark))
    return marks
