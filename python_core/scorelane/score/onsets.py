"""Onset events: when something begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note

_MOST_NOTES, _LONGEST = 5, 1.5  # of an event, and seconds of its longest note, that count
TOGETHER = 0.035
"""Seconds: notes that begin within this of one another are one event."""


def find_onsets(notes: Sequence[Note]) -> NDArray[np.float64]:
    """Seconds of the events among ``notes``, in any order: each the mean of its onsets, sorted."""
    onset = np.sort(np.array([note.onset for note in notes], np.float64))
    event = np.zeros(len(onset), np.int64)
    first = 0
    for i in range(1, len(onset)):
        begins = onset[i] - onset[first] > TOGETHER
        event[i] = event[i - 1] + begins
        first = i if begins else first
    size = np.bincount(event) if len(event) else np.zeros(0)
    return np.bincount(event, onset)[: len(size)] / np.maximum(size, 1)


def weigh_onsets(notes: Sequence[Note], events: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much each event says of where the beats are, 1 in the mean: chords and long notes more.

    ``events`` as :func:`find_onsets` gives them for ``notes``.
    """
    if not len(events):
        return np.zeros(0)
    middles = (events[1:] + events[:-1]) / 2
    event = np.searchsorted(middles, [note.onset for note in notes])
    count = np.bincount(event, minlength=len(events))
    longest = np.zeros(len(events))
    np.maximum.at(longest, event, [note.duration for note in notes])
    weight = 0.5 + 0.2 * np.minimum(count, _MOST_NOTES) + 0.3 * np.minimum(longest, _LONGEST)
    normal: NDArray[np.float64] = weight / weight.mean()
    return normal
