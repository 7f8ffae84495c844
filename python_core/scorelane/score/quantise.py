"""Seconds to ticks: per beat and part the subdivision that explains the onsets most simply."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note
from scorelane.score.grid import Grid
from scorelane.score.ornaments import Plain, without_ornaments

# Parts of a beat that are tried, and the cost of each; costs are in units of squared jitter.
_SIMPLE = ((1, 0.0), (2, 0.7), (4, 2.6), (3, 3.4), (6, 6.5), (8, 8.0))
_COMPOUND = ((1, 0.0), (3, 0.5), (6, 2.4), (2, 4.5), (12, 7.0))
_EIGHTH_BEAT = ((1, 0.0), (2, 0.8), (4, 3.5), (3, 5.0))
_JITTER = 0.024  # seconds
_LOOSENESS = 0.03  # of the beat: players scatter onsets in slow music more than in fast
_BEND = 0.4  # of the beat, for each unit of log tempo that its neighbours differ by
_BENT = (0.06, 0.36)  # log tempo from which and up to which that counts
_STEADY = 0.4  # mean squared error, in jitters, of players who keep to the beat
_FREEST = 4.0  # times as much as that is taken for jitter
_APART = 0.4  # of a beat: what has as much time before and after it is played where it is meant
_FEWEST = 12  # places that say how free a player is
_FAMILIAR = 1.2  # how strongly the piece's own habits count
_CHORD = 0.04  # seconds: onsets of one part that are this close are one place
_SCATTERED = 0.075  # and places this close, unless they belong to a run, as a chord is scattered
_SCATTERED_BEAT = 0.09  # or this part of a beat: in slow music the hands part further
_RUN = 1.5  # times as far apart the notes of a run are at most


@dataclass(frozen=True, slots=True)
class Placed:
    """A note on the grid.

    Attributes:
        start, end: ticks, ``end > start``.
        note: as it was played.
        graces: pitches of the grace notes that lead to it.
        rolled: whether it belongs to a rolled chord.
        trill: semitones to the upper neighbour that it alternates with, or 0.
        slides: numbers of the part's glissandi that begin here, and minus those that end here.
    """

    start: int
    end: int
    note: Note
    graces: tuple[int, ...] = ()
    rolled: bool = False
    trill: int = 0
    slides: tuple[int, ...] = ()


def place_notes(parts: Sequence[Sequence[Note]], grid: Grid) -> list[list[Placed]]:
    """Put the notes of every part on the grid, each list sorted by start and pitch.

    No note gets less than a tick, none starts before tick 0, and no two of one pitch of a part
    overlap. A trill is one note, grace notes are kept with the notes that they lead to, and rolled
    chords begin at once.
    """
    played = [_Part.of(part, grid) for part in parts]
    return _placed(played, grid)


@dataclass(frozen=True)
class _Part:
    """A part without its ornaments and when its notes begin: those of a rolled chord at once."""

    plain: Plain
    onsets: NDArray[np.float64]  # [notes] seconds

    @classmethod
    def of(cls, part: Sequence[Note], grid: Grid) -> _Part:
        plain = without_ornaments(part)
        onsets = np.array([note.onset for note in plain.notes], np.float64)
        for roll in plain.rolls:
            # The beat is with the first note or with the last, whichever lies nearer to one.
            ends = onsets[[roll[0], roll[-1]]]
            twice = 2 * grid.beat_at(ends)
            onsets[roll] = ends[np.abs(twice - np.round(twice)).argmin()]
        return cls(plain, onsets)


def _placed(parts: Sequence[_Part], grid: Grid) -> list[list[Placed]]:
    swing = _swing(np.concatenate([part.onsets for part in parts] or [np.zeros(0)]), grid)
    choices = _choices(grid)
    tables = _loosened([_Onsets.of(part, grid, swing) for part in parts], grid)
    habits = np.zeros(len(choices))
    for table in tables:
        habits += np.bincount(table.subdivide(choices, grid)[0], minlength=len(choices))
    familiar = -_FAMILIAR * np.log((habits + 1.0) / (habits.sum() + len(choices)))
    familiar -= familiar.min()
    choices = tuple(
        (parts_of, cost + float(more))
        for (parts_of, cost), more in zip(choices, familiar, strict=True)
    )
    return [
        _place(part, table, choices, grid, swing) for part, table in zip(parts, tables, strict=True)
    ]


def _loosened(tables: Sequence[_Onsets], grid: Grid) -> list[_Onsets]:
    """``tables`` with the jitter of players who play freely, to be written the more simply.

    What they play with time around it lies off the quarters and thirds of the beat as well.
    """
    fine = tuple((parts_of, 0.0) for parts_of in ((3, 6) if grid.metre.is_compound else (3, 4)))
    errors = np.concatenate([table.errors(fine, grid) for table in tables] or [np.zeros(0)])
    if len(errors) < _FEWEST:
        return list(tables)
    freedom = math.sqrt(float(np.clip(errors.mean() / _STEADY, 1.0, _FREEST)))
    return [replace(table, jitter=freedom * table.jitter) for table in tables]


def _choices(grid: Grid) -> tuple[tuple[int, float], ...]:
    if grid.metre.is_compound:
        return _COMPOUND
    return _EIGHTH_BEAT if grid.metre.denominator > 4 else _SIMPLE


def _swing(onsets: NDArray[np.float64], grid: Grid) -> float:
    """Where swung music plays the half of its beats (0.5: not swung).

    Swing shows as many onsets between 0.55 and 0.72 of the beat and hardly any at a third or at
    the quarters: triplets and sixteenths have those.
    """
    if grid.metre.is_compound or not len(onsets):
        return 0.5
    phase = grid.beat_at(onsets) % 1.0
    late = phase[(phase > 0.54) & (phase < 0.72)]
    if len(late) < 12 or len(late) < 0.08 * len(phase):
        return 0.5
    other = ((phase > 0.2) & (phase < 0.46)).sum()
    straight = ((phase >= 0.46) & (phase <= 0.54)).sum()
    middle = float(np.median(late))
    swung = other < 0.2 * len(late) and straight < 0.35 * len(late)
    return middle if swung else 0.5


def _straighten(position: NDArray[np.float64], swing: float) -> NDArray[np.float64]:
    whole, phase = np.floor(position), position % 1.0
    return whole + np.interp(phase, (0.0, swing, 1.0), (0.0, 0.5, 1.0))


@dataclass(frozen=True)
class _Onsets:
    """The places of one part: mean position in beats of notes that begin together."""

    group: NDArray[np.int64]  # [notes] place of each note
    position: NDArray[np.float64]  # [places] beats
    seconds: NDArray[np.float64]  # [places] length of a beat there
    jitter: NDArray[np.float64]  # [places] seconds that a player is off by

    @classmethod
    def of(cls, part: _Part, grid: Grid, swing: float) -> _Onsets:
        onset = part.onsets
        length = np.array([note.duration for note in part.plain.notes], np.float64)
        order = np.argsort(onset, kind="stable")
        group = np.zeros(len(onset), np.int64)
        place, first = -1, -np.inf
        for i in order:
            if onset[i] - first > _CHORD:
                place, first = place + 1, onset[i]
            group[i] = place
        group = _gathered(group, onset, length, grid)
        count = np.bincount(group)
        mean = np.bincount(group, onset) / np.maximum(count, 1)
        position = grid.beat_at(mean)
        beat = np.floor(position)
        before, here, after = np.diff(
            [grid.seconds_at(beat + edge) for edge in (-1, 0, 1, 2)], axis=0
        )
        # Where the tempo is not even, neither are the notes within a beat.
        bend = np.maximum(np.abs(np.log(here / before)), np.abs(np.log(after / here)))
        loose = _LOOSENESS + _BEND * (np.clip(bend, *_BENT) - _BENT[0])
        return cls(group, _straighten(position, swing), here, np.hypot(_JITTER, loose * here))

    def subdivide(
        self, choices: Sequence[tuple[int, float]], grid: Grid
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Choice of each beat that holds onsets ``[beats]``, and the tick of each place."""
        beat = np.floor(self.position).astype(np.int64)
        held, slot = np.unique(beat, return_inverse=True)
        phase = self.position - beat
        ticks = grid.metre.beat_ticks
        cost = np.empty((len(choices), len(held)))
        snapped = np.empty((len(choices), len(phase)))
        for row, (parts_of, complexity) in enumerate(choices):
            snapped[row] = np.round(phase * parts_of) / parts_of
            error = ((snapped[row] - phase) * self.seconds / self.jitter) ** 2
            # Two places of one part on one tick lose a note's rhythm.
            clash = np.zeros(len(phase))
            clash[1:] = (np.diff(beat) == 0) & (np.diff(snapped[row]) == 0)
            cost[row] = complexity + np.bincount(
                slot, 0.5 * error + 4.0 * clash, minlength=len(held)
            )
        best = cost.argmin(axis=0)
        chosen = snapped[best[slot], np.arange(len(phase))]
        return best, beat * ticks + np.round(chosen * ticks).astype(np.int64)

    def errors(self, choices: Sequence[tuple[int, float]], grid: Grid) -> NDArray[np.float64]:
        """Squared distance, in jitters, of places that stand apart from where they are written."""
        tick = self.subdivide(choices, grid)[1]
        off = self.position - tick / grid.metre.beat_ticks
        gap = np.diff(self.position, prepend=-np.inf, append=np.inf)
        apart = (gap[:-1] > _APART) & (gap[1:] > _APART)
        squared: NDArray[np.float64] = (off * self.seconds / self.jitter) ** 2
        return squared[apart]


def _gathered(
    group: NDArray[np.int64], onset: NDArray[np.float64], length: NDArray[np.float64], grid: Grid
) -> NDArray[np.int64]:
    """``group`` with the halves of chords joined that a player scattered widely.

    Notes of a run that are as close are short, or have neighbours as close.
    """
    if not len(group):
        return group
    mean = np.bincount(group, onset) / np.bincount(group)
    shortest = np.full(len(mean), np.inf)
    np.minimum.at(shortest, group, length)
    beat = grid.beat_at(mean)
    scattered = np.maximum(
        _SCATTERED,
        _SCATTERED_BEAT * (grid.seconds_at(beat + 0.5) - grid.seconds_at(beat - 0.5)),
    )
    gap = np.concatenate(([np.inf], np.diff(mean), [np.inf]))
    scattered = scattered[:-1]  # of a place and the next
    alone = (gap[:-2] > _RUN * scattered) & (gap[2:] > _RUN * scattered)
    joins = (gap[1:-1] < scattered) & alone & (shortest[:-1] > 2 * scattered)
    return np.concatenate(([0], np.cumsum(~joins)))[group]


def _place(
    part: _Part,
    table: _Onsets,
    choices: Sequence[tuple[int, float]],
    grid: Grid,
    swing: float,
) -> list[Placed]:
    if not part.plain.notes:
        return []
    best, tick = table.subdivide(choices, grid)
    beat = np.floor(table.position).astype(np.int64)
    finest = dict(zip(np.unique(beat), (choices[i][0] for i in best), strict=True))
    start = np.maximum(tick[table.group], 0)
    ends = _straighten(grid.beat_at([note.offset for note in part.plain.notes]), swing)
    ticks, coarsest = grid.metre.beat_ticks, 3 if grid.metre.is_compound else 2

    def unit(at_beat: int) -> int:
        # An end needs no finer place than the onsets of its beat have, or half beats.
        return int(ticks // max(finest.get(at_beat, 1), coarsest))

    rolled = {i for roll in part.plain.rolls for i in roll}
    placed = []
    for i, (note, begin, end) in enumerate(zip(part.plain.notes, start, ends, strict=True)):
        step = unit(int(end))
        last = round(end * ticks / step) * step
        shortest = int(begin) + unit(int(begin) // ticks)
        placed.append(
            Placed(
                int(begin),
                max(last, shortest),
                note,
                part.plain.graces.get(i, ()),
                i in rolled,
                part.plain.trills.get(i, 0),
                part.plain.slides.get(i, ()),
            )
        )
    return _distinct(placed)


def _distinct(notes: Sequence[Placed]) -> list[Placed]:
    """Notes of one pitch that neither begin together nor overlap."""
    result: dict[int, list[Placed]] = {}
    for note in sorted(notes, key=lambda one: (one.start, one.end)):
        same = result.setdefault(note.note.pitch, [])
        if same and same[-1].start == note.start:
            same[-1] = note
            continue
        if same and same[-1].end > note.start:
            same[-1] = replace(same[-1], end=note.start)
        same.append(note)
    return sorted(
        (note for same in result.values() for note in same),
        key=lambda one: (one.start, one.note.pitch),
    )
