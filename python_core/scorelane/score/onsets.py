"""Onset events: when something begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note

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
