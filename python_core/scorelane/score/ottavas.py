"""Where a keyboard's upper staff is written an octave lower, under an 8va line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorelane.score.voices import Chord

_TOP = 77  # the upper line of the treble clef
_READ = 3.0  # ledger lines that every pianist reads
_LINE = 24 / 7  # semitones from one line to the next, in the mean
_UNUSUAL = 0.2  # each onset under an 8va line
_NEEDLESS = 2.0  # each line of the staff that an onset under it reaches down from the upper one
_BEGIN = 10.0  # ledger lines beyond those read that an 8va line must save


def high_passages(voices: Sequence[Sequence[Chord]], up: int = 0) -> list[tuple[int, int]]:
    """Start and end tick of what a staff in the treble clef has an octave lower, in order.

    Ledger lines are counted at every onset, so that they and the 8va lines together cost least over
    the piece (exactly). None begins or ends within a note; ``up`` is what transposition adds to the
    sounding pitch.
    """
    chords = sorted((chord for voice in voices for chord in voice), key=lambda one: one.start)
    if not chords or max(chord.pitches[-1] for chord in chords) + up <= _TOP + _READ * _LINE:
        return []
    ticks = sorted({chord.start for chord in chords})
    at = {tick: i for i, tick in enumerate(ticks)}
    high = np.full(len(ticks), -np.inf)
    low = np.full(len(ticks), np.inf)
    held = np.zeros(len(ticks), bool)
    for chord in chords:
        i = at[chord.start]
        high[i] = max(high[i], chord.pitches[-1] + up)
        low[i] = min(low[i], chord.pitches[0] + up)
        held[i + 1 : int(np.searchsorted(ticks, chord.end))] = True
    above = np.maximum((high - _TOP) / _LINE - _READ, 0.0)
    needless = np.maximum((_TOP - low) / _LINE, 0.0)
    marked = _least(above, _NEEDLESS * needless + _UNUSUAL, held)
    ends = [max(chord.end for chord in chords if chord.start == tick) for tick in ticks]
    passages: list[tuple[int, int]] = []
    for i, tick in enumerate(ticks):
        if marked[i] and i and marked[i - 1]:
            passages[-1] = (passages[-1][0], max(passages[-1][1], ends[i]))
        elif marked[i]:
            passages.append((tick, ends[i]))
    return passages


def _least(
    plain: NDArray[np.float64], marked: NDArray[np.float64], held: NDArray[np.bool_]
) -> list[bool]:
    """Which onsets are under a line; none begins or ends where something is ``held``."""
    cost = (0.0, _BEGIN)  # up to each onset, which is not under a line, or is
    came_from = []
    for i in range(1, len(plain)):
        without, under = cost[0] + float(plain[i - 1]), cost[1] + float(marked[i - 1])
        ends = under < without and not held[i]
        begins = without + _BEGIN < under and not held[i]
        came_from.append((ends, not begins))
        cost = (under if ends else without, without + _BEGIN if begins else under)
    state = bool(cost[1] + marked[-1] < cost[0] + plain[-1])
    states = [state]
    for back in reversed(came_from):
        state = bool(back[state])
        states.append(state)
    return states[::-1]
