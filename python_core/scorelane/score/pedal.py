"""Where the sustain pedal ended notes: what it held is written as long as the fingers held it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note
from scorelane.score.quantise import Placed

_TOGETHER = 0.04  # seconds: ends within this of one another are one release
_APART = 0.06  # seconds: beginnings further apart than this are not one chord
_FEWEST = 4  # chords that fingers would not let go at once


def releases(notes: Sequence[Note]) -> NDArray[np.float64]:
    """Times (increasing) at which notes of many different beginnings end together."""
    ordered = sorted(notes, key=lambda note: note.offset)
    found = []
    first = 0
    for last in range(1, len(ordered) + 1):
        ended = last == len(ordered) or ordered[last].offset - ordered[first].offset > _TOGETHER
        if not ended:
            continue
        onsets = np.sort([note.onset for note in ordered[first:last]])
        if last - first >= _FEWEST and 1 + int((np.diff(onsets) > _APART).sum()) >= _FEWEST:
            found.append(float(np.mean([note.offset for note in ordered[first:last]])))
        first = last
    return np.array(found)


def without_pedal(hand: Sequence[Placed], released: NDArray[np.float64]) -> list[Placed]:
    """One hand's notes; those that end at a release end where the hand plays on instead."""
    starts = np.unique([note.start for note in hand])
    result = []
    for note in hand:
        near = np.searchsorted(released, note.note.offset - _TOGETHER)
        if near < len(released) and abs(released[near] - note.note.offset) <= _TOGETHER:
            following = np.searchsorted(starts, note.start, side="right")
            if following < len(starts):
                note = replace(note, end=min(note.end, int(starts[following])))
        result.append(note)
    return result
