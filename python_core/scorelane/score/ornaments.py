"""Ornaments of one player, told before the notes are quantised.

Trills become one note and glissandi two, grace notes are kept beside the notes that they lead to,
and rolled chords are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note
from scorelane.score.glissandi import find_glissandi
from scorelane.score.trills import find_trills

_GRACE_AHEAD = (0.03, 0.08)  # seconds from a grace note to its main note
_GRACE_REACH = 4  # semitones between the two
_GRACE_HELD = 0.06  # seconds that it may sound into its main note
_ROLL_STEP = 0.065  # seconds between neighbours of a rolled chord, at most
_ROLL_LENGTH = (0.08, 0.3)  # seconds from its first note to its last; less is a careless chord
_ROLL_EVEN = 0.018  # seconds between its neighbours, at least
_CHORD = 0.03  # seconds: what begins this close together is a chord anyway


@dataclass(frozen=True)
class Ornaments:
    """What of a part is ornament; indices are those of its notes.

    Attributes:
        graces: each grace note and the note that it leads to.
        rolls: notes of each rolled chord, in the order in which they begin.
    """

    graces: dict[int, int]
    rolls: list[list[int]]


@dataclass(frozen=True)
class Plain:
    """A part without its ornaments; indices are those of ``notes``.

    Attributes:
        notes: those that are written with a length of their own, in any order.
        graces: pitches that lead to a note.
        rolls: notes of each rolled chord, in the order in which they begin.
        trills: of a trilled note, the semitones to its upper neighbour.
        slides: numbers of the glissandi that begin at a note, and minus those that end there.
    """

    notes: list[Note]
    graces: dict[int, tuple[int, ...]]
    rolls: list[list[int]]
    trills: dict[int, int]
    slides: dict[int, tuple[int, ...]]


def without_ornaments(part: Sequence[Note]) -> Plain:
    """One part, in any order; drums have no ornaments."""
    if not part or part[0].is_drum:
        return Plain(list(part), {}, [], {}, {})
    part, slid = _without_glissandi(part)
    trills = find_trills(part)
    strokes = {i for trill in trills for i in trill.strokes}
    plain = [i for i in range(len(part)) if i not in strokes]
    notes = [part[i] for i in plain]
    slides = {new: slid[old] for new, old in enumerate(plain) if old in slid}
    first_trill = len(notes)
    for trill in trills:
        first, last = part[trill.strokes[0]], part[trill.strokes[-1]]
        notes.append(replace(first, offset=last.offset, pitch=trill.pitch))
    ornaments = find_ornaments(notes)
    kept = [i for i in range(len(notes)) if i not in ornaments.graces]
    new = {old: i for i, old in enumerate(kept)}
    graces: dict[int, tuple[int, ...]] = {}
    for grace, main in sorted(ornaments.graces.items(), key=lambda pair: notes[pair[0]].onset):
        graces[new[main]] = (*graces.get(new[main], ()), notes[grace].pitch)
    return Plain(
        [notes[i] for i in kept],
        graces,
        [[new[i] for i in roll] for roll in ornaments.rolls],
        {new[first_trill + i]: trill.upper for i, trill in enumerate(trills)},
        {new[i]: numbers for i, numbers in slides.items() if i in new},
    )


def _without_glissandi(part: Sequence[Note]) -> tuple[list[Note], dict[int, tuple[int, ...]]]:
    """The notes but for those between a glissando's first, which lasts until its last, and that.

    With them the glissandi (from 1, negative where they end) of each of the notes that has any.
    """
    glissandi = find_glissandi(part)
    inner = {i for run in glissandi for i in run[1:-1]}
    kept = [i for i in range(len(part)) if i not in inner]
    new = {old: i for i, old in enumerate(kept)}
    notes = [part[i] for i in kept]
    slides: dict[int, tuple[int, ...]] = {}
    for number, run in enumerate(glissandi, start=1):
        first, last = new[run[0]], new[run[-1]]
        notes[first] = replace(notes[first], offset=notes[last].onset)
        slides[first] = (*slides.get(first, ()), number)
        slides[last] = (*slides.get(last, ()), -number)
    return notes, slides


def find_ornaments(notes: Sequence[Note]) -> Ornaments:
    """Grace notes and rolled chords of one pitched part; ``notes`` in any order."""
    order = sorted(range(len(notes)), key=lambda i: (notes[i].onset, notes[i].pitch))
    onset = np.array([notes[i].onset for i in order])
    rolls = _rolls(notes, order)
    rolled = {i for roll in rolls for i in roll}
    return Ornaments(_graces(notes, order, onset, rolled), rolls)


def _rolls(notes: Sequence[Note], order: Sequence[int]) -> list[list[int]]:
    """Runs that only rise, or only fall, quickly, and all sound on together."""
    found = []
    at = 0
    while at < len(order):
        run = [order[at]]
        direction = 0
        for i in order[at + 1 :]:
            last, here = notes[run[-1]], notes[i]
            step = here.onset - last.onset
            way = int(np.sign(here.pitch - last.pitch))
            if (
                step > _ROLL_STEP
                or here.onset - notes[run[0]].onset > _ROLL_LENGTH[1]
                or way == 0
                or (direction and way != direction)
            ):
                break
            run.append(i)
            direction = way
        spread = notes[run[-1]].onset - notes[run[0]].onset
        end = min(notes[i].offset for i in run)
        steps = np.diff([notes[i].onset for i in run])
        is_spread = spread >= _ROLL_LENGTH[0] and bool((steps >= _ROLL_EVEN).all())
        # Notes of a run are let go one by one; those of a chord sound together for a while.
        sounds_on = end - notes[run[-1]].onset > max(0.1, 0.5 * spread)
        if len(run) >= 3 and is_spread and sounds_on:
            found.append(run)
        at += len(run)
    return found


def _graces(
    notes: Sequence[Note], order: Sequence[int], onset: NDArray[np.float64], rolled: set[int]
) -> dict[int, int]:
    found: dict[int, int] = {}
    for i in order:
        note = notes[i]
        if i in rolled:
            continue
        after = np.searchsorted(onset, note.onset + _GRACE_AHEAD[0])
        until = np.searchsorted(onset, note.onset + _GRACE_AHEAD[1], side="right")
        near = [
            order[j]
            for j in range(int(after), int(until))
            if 0 < abs(notes[order[j]].pitch - note.pitch) <= _GRACE_REACH
        ]
        if not near:
            continue
        main = min(near, key=lambda j: abs(notes[j].pitch - note.pitch))
        gap = notes[main].onset - note.onset
        if note.offset - notes[main].onset > _GRACE_HELD or notes[main].duration < 2 * gap:
            continue
        # In a run or a trill the same step comes before or after it too.
        around = 2.2 * gap
        line = [
            order[j]
            for j in range(
                int(np.searchsorted(onset, note.onset - around)),
                int(np.searchsorted(onset, notes[main].onset + around)),
            )
            if order[j] not in (i, main) and abs(notes[order[j]].pitch - note.pitch) <= 7
        ]
        alone = all(abs(notes[j].onset - notes[main].onset) <= _CHORD or j in rolled for j in line)
        if alone and main not in found:
            found[i] = main
    return found
