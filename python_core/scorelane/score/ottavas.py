"""Where a keyboard's upper staff is written an octave lower, under an 8va line."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from scorelane.score.grid import TICKS
from scorelane.score.path import cheapest_path
from scorelane.score.voices import Chord

_TOP = 77  # the upper line of the treble clef
_READ = 3.0  # ledger lines that every pianist reads
_LINE = 24 / 7  # semitones from one line to the next, in the mean
_UNUSUAL = 0.2  # each onset under an 8va line
_NEEDLESS = 2.0  # each line of the staff that an onset under it reaches down from the upper one
_BEGIN = 10.0  # ledger lines beyond those read that an 8va line must save
_OFF_BEAT = 4.0  # and as many more for either of its ends that is not on a beat


def high_passages(
    voices: Sequence[Sequence[Chord]], up: int = 0, beat: int = TICKS
) -> list[tuple[int, int]]:
    """Start and end tick of what a staff in the treble clef has an octave lower, in order.

    Ledger lines are counted at every onset, so that they and the 8va lines together cost least over
    the piece (exactly). None begins or ends within a note; ``up`` is what transposition adds to the
    sounding pitch, ``beat`` one in ticks.
    """
    chords = sorted((chord for voice in voices for chord in voice), key=lambda one: one.start)
    if not chords or max(chord.pitches[-1] for chord in chords) + up <= _TOP + _READ * _LINE:
        return []
    ticks = sorted({chord.start for chord in chords})
    at = {tick: i for i, tick in enumerate(ticks)}
    high = np.full(len(ticks), -np.inf)
    low = np.full(len(ticks), np.inf)
    ends = [0] * len(ticks)
    held = np.zeros(len(ticks), bool)
    for chord in chords:
        i = at[chord.start]
        high[i] = max(high[i], chord.pitches[-1] + up)
        low[i] = min(low[i], chord.pitches[0] + up)
        ends[i] = max(ends[i], chord.end)
        held[i + 1 : bisect_left(ticks, chord.end)] = True
    plain = np.maximum((high - _TOP) / _LINE - _READ, 0.0)
    under = _UNUSUAL + _NEEDLESS * np.maximum((_TOP - low) / _LINE, 0.0)
    here = np.where(np.array(ticks) % beat == 0, 0.0, _OFF_BEAT)
    here[held] = np.inf
    under[0] += _BEGIN + here[0]
    changes = np.zeros((len(ticks) - 1, 2, 2))
    changes[:, 0, 1] = _BEGIN + here[1:]
    changes[:, 1, 0] = here[1:]
    marked = cheapest_path(np.stack([plain, under], axis=1), changes)
    passages: list[tuple[int, int]] = []
    for i, tick in enumerate(ticks):
        if marked[i] and i and marked[i - 1]:
            passages[-1] = (passages[-1][0], max(passages[-1][1], ends[i]))
        elif marked[i]:
            passages.append((tick, ends[i]))
    return passages
