"""Which hand plays what: a split that moves slowly and keeps both hands compact.

Dynamic programming over the split pitch: at every onset the notes from the split up belong to the
right hand, the others to the left.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorelane.score.quantise import Placed

_LOWEST, _HIGHEST = 40, 80  # splits that are tried
_SPAN = 14  # semitones that a hand holds without trouble
_AROUND = 24  # ticks before and after that count for where the hands are


def split_hands(notes: Sequence[Placed]) -> tuple[list[Placed], list[Placed]]:
    """Right and left hand of ``notes`` (sorted by start)."""
    if not notes:
        return [], []
    starts, group = np.unique([note.start for note in notes], return_inverse=True)
    splits = np.arange(_LOWEST, _HIGHEST + 1)
    pitch = np.array([note.note.pitch for note in notes], np.float64)
    end = np.array([note.end for note in notes])
    begin = starts[group]
    cost = np.empty((len(starts), len(splits)))
    first = 0
    for i, start in enumerate(starts):
        while begin[first] < start - 4 * _AROUND:
            first += 1
        last = int(np.searchsorted(begin, start + _AROUND, side="right"))
        window = slice(first, last)
        near = (np.minimum(end[window], start + 1) >= start - _AROUND) | (
            begin[window] >= start - _AROUND
        )
        sounding = (begin[window] <= start) & (end[window] > start)
        strength = np.where(begin[window] == start, 1.0, np.where(sounding, 0.6, 0.3))[near]
        cost[i] = _discomfort(pitch[window][near], strength, splits)
    chosen = splits[_smoothest(cost, np.diff(starts))]
    right = pitch >= chosen[group]
    return (
        [note for note, is_right in zip(notes, right, strict=True) if is_right],
        [note for note, is_right in zip(notes, right, strict=True) if not is_right],
    )


def _discomfort(
    pitch: NDArray[np.float64], strength: NDArray[np.float64], splits: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Cost of each split for the notes around one onset: wide hands, and a split near a note."""
    order = np.argsort(pitch)
    pitch, strength = pitch[order], strength[order]
    below = np.searchsorted(pitch, splits)  # notes of the left hand
    total = np.concatenate(([0.0], np.cumsum(strength)))
    sums = np.concatenate(([0.0], np.cumsum(strength * pitch)))
    squares = np.concatenate(([0.0], np.cumsum(strength * pitch**2)))

    def spread(low: NDArray[np.int64], high: NDArray[np.int64]) -> NDArray[np.float64]:
        n = np.maximum(total[high] - total[low], 1e-9)
        around: NDArray[np.float64] = (
            squares[high] - squares[low] - (sums[high] - sums[low]) ** 2 / n
        )
        return around

    none, every = np.zeros_like(below), np.full_like(below, len(pitch))
    compact = (spread(none, below) + spread(below, every)) / 30.0
    left_span = np.where(below > 0, pitch[np.maximum(below - 1, 0)] - pitch[0], 0.0)
    right_span = np.where(
        below < len(pitch), pitch[-1] - pitch[np.minimum(below, len(pitch) - 1)], 0.0
    )
    wide = np.maximum(left_span - _SPAN, 0.0) + np.maximum(right_span - _SPAN, 0.0)
    cost: NDArray[np.float64] = compact + 0.6 * wide + 0.003 * (splits - 60.0) ** 2
    return cost


def _smoothest(cost: NDArray[np.float64], gaps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Viterbi: the path of splits with the least cost and movement."""
    count = cost.shape[1]
    move = np.abs(np.arange(count)[:, None] - np.arange(count)[None, :]).astype(np.float64)
    best = cost[0]
    came_from = np.zeros(cost.shape, np.int64)
    for i in range(1, len(cost)):
        arrivals = best[:, None] + move * (0.5 if gaps[i - 1] < 2 * _AROUND else 0.25)
        came_from[i] = arrivals.argmin(axis=0)
        best = arrivals[came_from[i], np.arange(count)] + cost[i]
    path = np.empty(len(cost), np.int64)
    path[-1] = best.argmin()
    for i in range(len(cost) - 1, 0, -1):
        path[i - 1] = came_from[i, path[i]]
    return path
