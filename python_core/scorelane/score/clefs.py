"""Clefs that need the fewest ledger lines, changing rarely."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scorelane.score.path import cheapest_path
from scorelane.score.voices import Chord

# Diatonic number of the middle line of each clef as sounding pitch, and so of the staff's edges.
_MIDDLE = {"treble": 71, "bass": 50, "alto": 60, "tenor": 57, "treble8vb": 59, "bass8vb": 38}
_HALF_STAFF = 8.5  # semitones from the middle line to just beyond the outer lines
_CHANGE = 18.0  # semitones outside the staff that a change of clef must save
_UNUSUAL = 0.6  # each note in a clef that is not the instrument's first choice


def choose_clefs(
    voices: Sequence[Sequence[Chord]],
    bars: Sequence[tuple[int, int]],
    allowed: Sequence[str],
    up: int = 0,
) -> list[str]:
    """The clef of each bar; ``up`` is what transposition adds to the sounding pitch."""
    if len(allowed) == 1:
        return [allowed[0]] * len(bars)
    starts = np.array([start for start, _ in bars])
    cost = np.zeros((len(bars), len(allowed)))
    for chord in (chord for voice in voices for chord in voice):
        bar = max(0, int(np.searchsorted(starts, chord.start, side="right")) - 1)
        for column, clef in enumerate(allowed):
            for pitch in chord.pitches:
                outside = abs(pitch + up - _MIDDLE[clef]) - _HALF_STAFF
                cost[bar, column] += max(0.0, outside) + _UNUSUAL * min(column, 1)
    change = _CHANGE * (1 - np.eye(len(allowed)))
    return [allowed[column] for column in cheapest_path(cost, change)]
