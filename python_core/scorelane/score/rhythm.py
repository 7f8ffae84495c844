"""Ticks to written values: where engravers split notes and rests, and what each piece looks like.

A note may hide a beat only in the customary syncopations; the middle of a 4/4 bar shows unless a
note begins and ends on beats. Rests show every beat that they do not fill together with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scorelane.score.grid import Metre

_TYPES = (
    *(("breve", 192), ("whole", 96), ("half", 48), ("quarter", 24)),
    *(("eighth", 12), ("16th", 6), ("32nd", 3)),
)
_PLAIN = {ticks: (name, 0) for name, ticks in _TYPES}
_PLAIN |= {3 * ticks // 2: (name, 1) for name, ticks in _TYPES if ticks % 2 == 0}
# Within a beat of three (or six) in the time of two (four).
_TUPLET = {16: ("quarter", 0), 12: ("eighth", 1), 8: ("eighth", 0), 6: ("16th", 1)}
_TUPLET |= {4: ("16th", 0), 2: ("32nd", 0), 1: ("64th", 0)}
_LEVELS = (48, 24, 12, 6, 3)


@dataclass(frozen=True, slots=True)
class Piece:
    """One written value: ticks, the note type, its dots, and the tuplet (3, 6) or 0."""

    start: int
    end: int
    type: str
    dots: int
    tuplet: int = 0


def bars(total: int, metre: Metre, pickup: int) -> list[tuple[int, int]]:
    """Start and end ticks of the bars that cover ``total`` ticks; the first may be a pick-up."""
    result = [(0, pickup)] if pickup else []
    start = pickup
    while start < total or not result:
        result.append((start, start + metre.bar_ticks))
        start += metre.bar_ticks
    return result


def tuplet_beats(edges: Sequence[int], origin: int, metre: Metre) -> dict[int, int]:
    """Beats (their first tick) of a voice that are written as triplets (3) or sextuplets (6).

    ``edges`` are the starts and ends of everything in the voice.
    """
    unit = metre.beat_ticks
    found: dict[int, int] = {}
    for edge in edges:
        if (edge - origin) % 3:
            beat = origin + (edge - origin) // unit * unit
            sixth = (edge - beat) % 8 != 0
            found[beat] = 6 if sixth else found.get(beat, 3)
    return found


def spell(
    start: int,
    end: int,
    bar: int,
    metre: Metre,
    tuplets: dict[int, int],
    *,
    rest: bool = False,
) -> list[Piece]:
    """Written values of what lasts from ``start`` to ``end`` within the bar that begins at ``bar``.

    ``tuplets`` as from :func:`tuplet_beats`. The pieces follow one another without gaps.
    """
    if start >= end:
        return []
    unit = metre.beat_ticks
    beat = bar + (start - bar) // unit * unit
    inside = [b for b in tuplets if start < b + unit and end > b]
    if not inside:
        return _plain(start, end, bar, metre, rest)
    if beat in tuplets and end <= beat + unit:
        if (start, end) == (beat, beat + unit):
            return _plain(start, end, bar, metre, rest)
        return _tuplet(start, end, tuplets[beat])
    # Cut at the borders of the tuplets.
    first = min(inside)
    cut = first if first > start else first + unit
    return [
        *spell(start, cut, bar, metre, tuplets, rest=rest),
        *spell(cut, end, bar, metre, tuplets, rest=rest),
    ]


def _tuplet(start: int, end: int, number: int) -> list[Piece]:
    pieces = []
    while start < end:
        ticks = max(size for size in _TUPLET if size <= end - start)
        name, dots = _TUPLET[ticks]
        pieces.append(Piece(start, start + ticks, name, dots, number))
        start += ticks
    return pieces


def _plain(start: int, end: int, bar: int, metre: Metre, rest: bool) -> list[Piece]:
    ticks = end - start
    if ticks in _PLAIN and _may_stand(start - bar, ticks, metre, rest):
        name, dots = _PLAIN[ticks]
        return [Piece(start, end, name, dots)]
    cut = _strongest_cut(start - bar, end - bar, metre) + bar
    return [*_plain(start, cut, bar, metre, rest), *_plain(cut, end, bar, metre, rest)]


def _may_stand(at: int, ticks: int, metre: Metre, rest: bool) -> bool:
    unit = metre.beat_ticks
    until = at + ticks
    if at % unit == 0 and until % unit == 0:  # whole beats
        if rest:
            return ticks == unit or at % ticks == 0
        return not (metre.beats == 4 and at % (2 * unit) and ticks > 2 * unit)
    if at // unit == (until - 1) // unit:
        return _may_stand_in_beat(at % unit, ticks, metre, rest)
    if rest or metre.is_compound:
        return False
    middle = 2 * unit if metre.beats == 4 else 0
    if middle and at < middle < until:
        return False
    # Dotted quarter on a beat, and quarter or dotted quarter from a half beat.
    half = unit // 2
    if at % unit == 0:
        return ticks == 3 * half
    return at % unit == half and ticks in (unit, 3 * half)


def _may_stand_in_beat(at: int, ticks: int, metre: Metre, rest: bool) -> bool:
    if metre.is_compound:
        third = metre.beat_ticks // 3
        if ticks == 2 * third:
            return at % third == 0 and not (rest and at)
        if ticks == 3 * third // 2:
            return at in (0, 3 * third // 2)
    if rest and ticks in (18, 9) and at:
        return False
    size = ticks if ticks in (24, 12, 6, 3) else ticks // 3 * 2  # dotted: that of the base
    return at % max(size // 2, 3) == 0


def _strongest_cut(start: int, end: int, metre: Metre) -> int:
    """The strongest metrical place strictly between two ticks of a bar."""
    unit = metre.beat_ticks
    levels: list[int] = [unit, *_LEVELS, 1]
    if metre.is_compound:
        levels.insert(1, unit // 3)
    if metre.beats % 2 == 0 and metre.beats > 2:
        levels.insert(0, 2 * unit)
    for level in levels:
        inside = start // level * level + level
        if inside < end:
            return inside
    raise ValueError(f"nothing to cut between {start} and {end}")
