"""Which hand plays what, by what hands find comfortable.

Where notes begin together the lower ones are the left hand's, the others the right's. Each cut
is judged by what the hands hold, how far they reach and move, and what each has played so far; a
beam search keeps the most comfortable ways through the piece. The weights are set by hand; the
first and the last two were chosen on the few scores with known hands that the benchmark does not
hold. Fitted to those all at once, they did worse on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from scorelane.score.grid import TICKS
from scorelane.score.quantise import Placed

_BEAM = 8
_OCTAVE, _FINGERS = 12, 5
_MIDDLE = 60
_MEMORY = 4 * TICKS  # how long it is known which hand struck a pitch

WEIGHTS = {
    "reach beyond an octave": 0.5,
    "reach": 0.02,
    "move at once": 0.05,
    "move with time": 0.02,
    "outer voice leaps": 0.03,
    "hands overlap": 0.2,
    "left above middle": 0.05,
    "right below middle": 0.05,
    "left rests": 0.3,
    "right rests": 0.3,
    "too many fingers": 1.0,
    "gap within a hand": 0.05,
    "lengths mixed": 0.3,
    "other hand goes on": 0.5,
    "octave parted": 0.5,
    "pitch changes hands": 0.3,
}


class _Hand(NamedTuple):
    """What one hand did last: ``held`` are (end tick, pitch), ``struck`` (start tick, pitch)."""

    centre: float
    edge: int  # the outer note: the top one of the right hand, the bottom one of the left
    at: int  # tick; negative before it has played
    held: tuple[tuple[int, int], ...] = ()
    struck: tuple[tuple[int, int], ...] = ()


UNUSED = _Hand(0.0, 0, -1)


class _Way(NamedTuple):
    cost: float
    left: _Hand
    right: _Hand
    cuts: tuple[int, ...]


def split_hands(notes: Sequence[Placed]) -> tuple[list[Placed], list[Placed]]:
    """Right and left hand of ``notes`` (sorted by start)."""
    weights = tuple(WEIGHTS.values())
    chords = [
        sorted(group, key=lambda one: one.note.pitch)
        for _, group in groupby(notes, key=lambda one: one.start)
    ]
    right: list[Placed] = []
    left: list[Placed] = []
    for chord, cut in zip(chords, best_cuts(chords, weights), strict=True):
        left += chord[:cut]
        right += chord[cut:]
    return right, left


def best_cuts(chords: Sequence[Sequence[Placed]], weights: Sequence[float]) -> list[int]:
    """How many notes of each chord are the left hand's."""
    ways = [_Way(0.0, UNUSED, UNUSED, ())]
    for chord in chords:
        start = chord[0].start
        tried = []
        for way in ways:
            left, right = _released(way.left, start), _released(way.right, start)
            for cut in range(len(chord) + 1):
                pains = discomforts(left, right, chord, cut)
                cost = way.cost + sum(w * x for w, x in zip(weights, pains, strict=True))
                tried.append((cost, cut, left, right, way))
        tried.sort(key=lambda one: one[0])
        ways = []
        seen = set()
        for cost, cut, left, right, way in tried:
            moved = _played(left, chord[:cut], 0), _played(right, chord[cut:], -1)
            if moved not in seen:
                seen.add(moved)
                ways.append(_Way(cost, *moved, (*way.cuts, cut)))
            if len(ways) == _BEAM:
                break
    return list(ways[0].cuts)


def _released(hand: _Hand, start: int) -> _Hand:
    # What ends within the time of a grace note is let go.
    return hand._replace(
        held=tuple(one for one in hand.held if one[0] > start + 2),
        struck=tuple(one for one in hand.struck if one[0] >= start - _MEMORY),
    )


def _played(hand: _Hand, notes: Sequence[Placed], outer: int) -> _Hand:
    if not notes:
        return hand
    pitches = [note.note.pitch for note in notes]
    held = hand.held + tuple((note.end, note.note.pitch) for note in notes)
    centre = (pitches[0] + pitches[-1]) / 2
    struck = hand.struck + tuple((note.start, note.note.pitch) for note in notes)
    return _Hand(centre, pitches[outer], notes[0].start, held, struck)


def discomforts(left: _Hand, right: _Hand, chord: Sequence[Placed], cut: int) -> tuple[float, ...]:
    """How much of each of ``WEIGHTS`` a cut costs; ``left`` and ``right`` as they were."""
    start = chord[0].start
    beyond = reach = at_once = with_time = leaps = fingers = gaps = mixed = 0.0
    reached = []
    for hand, notes, outer in ((left, chord[:cut], 0), (right, chord[cut:], -1)):
        pitches = [note.note.pitch for note in notes]
        held = [pitch for _, pitch in hand.held]
        everything = pitches + held
        low, high = (min(everything), max(everything)) if everything else (0, 0)
        reached.append((low, high) if everything else None)
        if not notes:
            continue
        span = high - low
        beyond += max(span - _OCTAVE, 0)
        reach += span
        if hand.at >= 0:
            move = min(abs((pitches[0] + pitches[-1]) / 2 - hand.centre), 24.0)
            if start - hand.at <= TICKS:
                at_once += move
            else:
                with_time += move
            leaps += min(abs(pitches[outer] - hand.edge), 24)
        fingers += max(len(set(everything)) - _FINGERS, 0)
        gaps += max((b - a for a, b in pairwise(pitches)), default=0)
        mixed += len({note.end for note in notes}) - 1
    overlap = 0.0
    if reached[0] and reached[1]:
        overlap = float(max(reached[0][1] - reached[1][0] + 1, 0))
    other = 0.0
    if len(chord) == 1 and left.at != right.at:
        # A single line goes on in the hand that played its last note, unless it leaps.
        last, hand_is_left = (left, True) if left.at > right.at else (right, False)
        near = abs(chord[0].note.pitch - last.centre) <= 7 and start - last.at <= TICKS
        other = float(near and hand_is_left != (cut == 1))
    return (
        beyond,
        reach,
        at_once,
        with_time,
        leaps,
        overlap,
        float(sum(max(note.note.pitch - _MIDDLE, 0) for note in chord[:cut])),
        float(sum(max(_MIDDLE - note.note.pitch, 0) for note in chord[cut:])),
        # A hand that holds a note does not rest.
        float(cut == 0 and not left.held),
        float(cut == len(chord) and not right.held),
        fingers,
        gaps,
        mixed,
        other,
        *_parted(left, right, chord, cut),
    )


def _parted(left: _Hand, right: _Hand, chord: Sequence[Placed], cut: int) -> tuple[float, float]:
    """What speaks against a cut where it is: octaves, and what was in one hand before."""
    octave = 0.0
    if 0 < cut < len(chord):
        octave = float(chord[cut].note.pitch - chord[cut - 1].note.pitch == _OCTAVE)
    before = ({pitch: at for at, pitch in left.struck}, {pitch: at for at, pitch in right.struck})
    changes = 0
    for i, note in enumerate(chord):
        own, other = before if i < cut else before[::-1]
        pitch = note.note.pitch
        changes += pitch in other and other[pitch] > own.get(pitch, -1)
    return octave, float(changes)
