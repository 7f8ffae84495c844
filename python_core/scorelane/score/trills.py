"""Trills: two neighbours that alternate fast are one note, told from the notes of one player."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note

_STEP = (0.03, 0.16)  # seconds between strokes that follow one another
# Strokes that make a trill when the median of their steps (seconds) is as short: what is slower
# may be written out.
_ENOUGH = ((4, 0.085), (5, 0.1), (8, 0.13))
_NEIGHBOURS = (1, 2)  # semitones between the two
_MISSED = 0.2  # share of the steps that may repeat a pitch, where a stroke was missed
_HELD = 3.0  # times the usual step: a last stroke that long is the note that the trill leads to
_TURN = 0.3  # seconds that a note of the ending lasts at most
_WITH = 0.02  # seconds: what begins this close to a stroke moves with it
_ALONE = 0.6  # share of the strokes that other notes may move with


@dataclass(frozen=True)
class Trill:
    """A trill of one part.

    Attributes:
        strokes: indices of its notes as they follow one another, the ending's included.
        pitch: the lower of the two, which is written.
        upper: semitones from there to the other.
    """

    strokes: tuple[int, ...]
    pitch: int
    upper: int


def find_trills(notes: Sequence[Note]) -> list[Trill]:
    """The trills of one pitched part, ``notes`` in any order; no note belongs to two."""
    by_pitch: dict[int, list[int]] = defaultdict(list)
    for i in sorted(range(len(notes)), key=lambda i: notes[i].onset):
        by_pitch[notes[i].pitch].append(i)
    candidates = []
    for low in list(by_pitch):
        for upper in _NEIGHBOURS:
            both = by_pitch[low] + by_pitch.get(low + upper, [])
            if len(both) > len(by_pitch[low]):
                both.sort(key=lambda i: notes[i].onset)
                candidates += [Trill(run, low, upper) for run in _runs(notes, both)]
    onsets = np.array([note.onset for note in notes])
    candidates = [trill for trill in candidates if _is_alone(notes, onsets, trill)]
    found = []
    used: set[int] = set()
    for trill in sorted(candidates, key=lambda one: -len(one.strokes)):
        if used.isdisjoint(trill.strokes):
            ending = [i for i in _ending(notes, trill, by_pitch) if i not in used]
            strokes = sorted((*trill.strokes, *ending), key=lambda i: notes[i].onset)
            used.update(strokes)
            found.append(Trill(tuple(strokes), trill.pitch, trill.upper))
    return found


def _runs(notes: Sequence[Note], order: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The stretches of the notes of two pitches, sorted by onset, that are trills."""
    run: list[int] = []
    for i in order:
        step = notes[i].onset - notes[run[-1]].onset if run else _STEP[0]
        if not _STEP[0] <= step <= _STEP[1]:
            yield from _trilled(notes, run)
            run = []
        run.append(i)
    yield from _trilled(notes, run)


def _trilled(notes: Sequence[Note], run: list[int]) -> Iterator[tuple[int, ...]]:
    if len(run) < _ENOUGH[0][0]:
        return
    steps = np.diff([notes[i].onset for i in run])
    usual = float(np.median(steps))
    low = min(notes[i].pitch for i in run)
    # A trill on the leading note ends a step higher, on a note of its own.
    if notes[run[-1]].pitch != low and notes[run[-1]].duration > _HELD * usual:
        run = run[:-1]
    repeated = sum(notes[a].pitch == notes[b].pitch for a, b in pairwise(run))
    enough = any(len(run) >= count and usual <= step for count, step in _ENOUGH)
    if enough and repeated <= _MISSED * (len(run) - 1):
        yield tuple(run)


def _is_alone(notes: Sequence[Note], onsets: NDArray[np.float64], trill: Trill) -> bool:
    """Whether no other notes move with the strokes, but for a second trill.

    Double notes and chords in turn may hold two neighbours that alternate.
    """
    strokes = onsets[list(trill.strokes)]
    around = np.flatnonzero((onsets > strokes.min() - _WITH) & (onsets < strokes.max() + _WITH))
    around = np.setdiff1d(around, trill.strokes)
    near = np.abs(onsets[around, None] - strokes) < _WITH
    if float(near.any(axis=0).mean()) <= _ALONE:
        return True
    others = [notes[int(i)].pitch for i in around[near.any(axis=1)]]
    return max(others) - min(others) <= _NEIGHBOURS[-1]


def _ending(notes: Sequence[Note], trill: Trill, by_pitch: dict[int, list[int]]) -> Iterator[int]:
    """The turn that ends a trill: the note below and the written one again, both short."""
    begin, end = notes[trill.strokes[-2]].onset, notes[trill.strokes[-1]].onset + _STEP[1]
    for below in _NEIGHBOURS:
        for i in by_pitch.get(trill.pitch - below, ()):
            turn = notes[i]
            if begin < turn.onset < end and turn.duration < _TURN:
                yield i
                yield from (
                    j
                    for j in by_pitch[trill.pitch]
                    if _STEP[0] <= notes[j].onset - turn.onset <= _STEP[1]
                    and notes[j].duration < _TURN
                    and j not in trill.strokes
                )
                return
