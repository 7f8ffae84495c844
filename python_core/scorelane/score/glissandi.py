"""Glissandi: runs one way that are faster than fingers play, told from the notes of one player."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from scorelane.notes import Note

_FEWEST = 8  # notes
_STEP = 0.045  # seconds between neighbours, at most in the mean: fingers are slower
_CLUSTER = 0.008  # and at least: what begins closer together is struck at once
_GAP = 0.1  # seconds between neighbours at most: a note may be missed
_INTERVAL = 3  # semitones between neighbours, at most


def find_glissandi(notes: Sequence[Note]) -> list[tuple[int, ...]]:
    """The glissandi of one pitched part, ``notes`` in any order: indices from first to last."""
    order = sorted(range(len(notes)), key=lambda i: (notes[i].onset, notes[i].pitch))
    onsets = [notes[i].onset for i in order]
    used: set[int] = set()
    found = []
    for first in order:
        for way in (1, -1):
            run = [first]
            while first not in used:
                last = notes[run[-1]]
                near = order[
                    bisect_right(onsets, last.onset - _CLUSTER) : bisect_right(
                        onsets, last.onset + _GAP
                    )
                ]
                ahead = [i for i in near if 0 < way * (notes[i].pitch - last.pitch) <= _INTERVAL]
                if not ahead or not used.isdisjoint(ahead):
                    break
                run.append(min(ahead, key=lambda i: way * notes[i].pitch))
            steps = len(run) - 1
            lasts = notes[run[-1]].onset - notes[first].onset
            if len(run) >= _FEWEST and _CLUSTER * steps <= lasts <= _STEP * steps:
                found.append(tuple(run))
                used.update(run)
    return found
