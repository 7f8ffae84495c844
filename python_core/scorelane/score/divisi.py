"""Divisi: what one player of an instrument cannot play, shared out among several.

A transcription has one lane for all who play an instrument, and now and then one for a whole
quartet. Two at once share a staff, as double stops do; where three or more sound for much of the
time, each gets a staff.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, groupby, pairwise

import numpy as np

from scorelane.score.grid import TICKS
from scorelane.score.layout import Played
from scorelane.score.quantise import Placed

_SINGLE = frozenset({*range(40, 44), *range(52, 55), *range(56, 61), *range(64, 80)})
"""Strings, voices, brass, reeds and pipes of General MIDI: of sections several play anyway."""
_STRINGS = ((40, 55), (41, 48), (42, 36), (43, 0))
_SAXOPHONES = ((64, 56), (65, 49), (66, 44), (67, 0))
"""Instruments and their lowest pitches; the last takes all that lies lower."""
_SHARED = 2  # notes at once that one staff holds
_OFTEN = 0.35  # least part of the time in which more must sound
_FEWEST = 4  # onsets by which that is judged
_COVERED = 0.85  # part of the time in which every note has a player of its own
_MOST = 6  # players
_BUSY = 12.0  # semitones that it is worth to let a note end before its player goes on
_NEAR = 0.7  # how much the last note says of where a player goes on, beside all before
_SETTLING = 0.1  # what a note says of where its player is at home


def divided(
    played: Sequence[Played], placed: Sequence[list[Placed]]
) -> tuple[list[Played], list[list[Placed]]]:
    """Players and their notes (sorted by start), the highest first where one was many.

    Strings become what their compass says, from violin to contrabass.
    """
    players: list[Played] = []
    shares: list[list[Placed]] = []
    for one, notes in zip(played, placed, strict=True):
        count = 1 if one.is_drum or one.program not in _SINGLE else _players(notes)
        if count == 1:
            players.append(one)
            shares.append(notes)
            continue
        for share in _shared_out(notes, count):
            program = _by_compass(one.program, share)
            own = [replace(x, note=replace(x.note, program=program)) for x in share]
            players.append(Played(one.name, program, False, [x.note for x in own]))
            shares.append(own)
    return players, shares


def _players(notes: Sequence[Placed]) -> int:
    """How many it takes to play ``notes``; 1 where one or two lines share a staff."""
    if len({one.start for one in notes}) < _FEWEST:
        return 1
    changes = sorted([(one.start, 1) for one in notes] + [(one.end, -1) for one in notes])
    time = np.zeros(len(notes) + 1)  # for which so many notes sound
    sounding = 0
    for (tick, change), (following, _) in pairwise(changes):
        sounding += change
        time[sounding] += following - tick
    time[0] = 0.0
    within = np.cumsum(time) / max(float(time.sum()), 1.0)
    if 1.0 - within[min(_SHARED, len(notes))] < _OFTEN:
        return 1
    return min(_MOST, int(np.argmax(within >= _COVERED)))


def _shared_out(notes: Sequence[Placed], count: int) -> list[list[Placed]]:
    """The notes of ``count`` players, the highest first.

    Each takes what lies near to what they played before, as soon as they are free; those who
    begin together never cross.
    """
    shares: list[list[Placed]] = [[] for _ in range(count)]
    last = _first_pitches(notes, count)
    home = list(last)  # the pitch around which each plays
    free = [0] * count  # from which tick on
    for chord in _chords(notes):
        near = [_NEAR * a + (1.0 - _NEAR) * b for a, b in zip(last, home, strict=True)]
        for one, player in zip(chord, _takers(chord, near, free), strict=True):
            shares[player].append(one)
            last[player], free[player] = one.note.pitch, max(free[player], one.end)
            home[player] += _SETTLING * (one.note.pitch - home[player])
    return [share for share in shares if share]


def _chords(notes: Sequence[Placed]) -> Iterator[list[Placed]]:
    """What begins together, from the highest note to the lowest."""
    for _, chord in groupby(notes, key=lambda one: one.start):
        yield sorted(chord, key=lambda one: -one.note.pitch)


def _first_pitches(notes: Sequence[Placed], count: int) -> list[float]:
    """Where each player is at home before they have played: in the first of the fullest chords."""
    chord = max(_chords(notes), key=lambda chord: min(len(chord), count))
    places = np.linspace(0, len(chord) - 1, count).round().astype(int)
    return [float(chord[place].note.pitch) for place in places]


def _takers(chord: Sequence[Placed], near: Sequence[float], free: Sequence[int]) -> Sequence[int]:
    """Who plays each note of ``chord``; where there are too many, some play several."""
    count = len(near)
    if len(chord) > count:
        return [place * count // len(chord) for place in range(len(chord))]

    def cost(takers: Sequence[int]) -> float:
        return sum(
            abs(one.note.pitch - near[player]) + _BUSY * (free[player] > one.start + TICKS // 4)
            for one, player in zip(chord, takers, strict=True)
        )

    return min(combinations(range(count), len(chord)), key=cost)


def _by_compass(program: int, notes: Sequence[Placed]) -> int:
    """The instrument of the family of ``program`` that reaches down to nearly all ``notes``.

    Who plays high beside violas plays the violin; beside alto saxophones, one of them.
    """
    low = float(np.quantile([one.note.pitch for one in notes], 0.05))
    family = next((each for each in (_STRINGS, _SAXOPHONES) if program in dict(each)), ())
    highest = program if family is _SAXOPHONES else 0
    reach = (one for one, lowest in family if one >= highest and low >= lowest)
    return next(reach, program)
