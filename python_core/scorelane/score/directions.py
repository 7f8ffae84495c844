"""What stands above and below the staff, among music21's measures: dynamics and 8va lines."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from scorelane.score.grid import TICKS


def add_dynamics(
    measures: Sequence[Any], starts: Sequence[int], marks: Sequence[tuple[int, str]]
) -> None:
    """Put ``marks`` at their ticks into the ``measures``, which begin at the ticks ``starts``."""
    from music21 import dynamics

    dynamic: Any = dynamics.Dynamic
    for tick, mark in marks:
        bar = bisect_right(starts, tick) - 1
        measures[bar].insert(Fraction(tick - starts[bar], TICKS), dynamic(mark))


def ottavas(
    measures: Sequence[Any], starts: Sequence[int], passages: Sequence[tuple[int, int]]
) -> Iterator[Any]:
    """The 8va line of each of the ``passages`` (ticks), over the notes that begin there."""
    from music21.spanner import Ottava

    for first, last in passages:
        bars = range(bisect_right(starts, first) - 1, bisect_left(starts, last))
        notes = [
            note
            for bar in bars
            for note in _beginning(measures[bar], first - starts[bar], last - starts[bar])
        ]
        yield Ottava(notes[0], notes[-1], type="8va", transposing=False)


def _beginning(measure: Any, first: int, last: int) -> list[Any]:
    """The notes of ``measure`` that begin between two ticks of it, in order."""
    found = []
    for note in measure.recurse().notes:
        tick = round(note.getOffsetInHierarchy(measure) * TICKS)
        if first <= tick < last:
            found.append((tick, note))
    return [note for _, note in sorted(found, key=lambda one: one[0])]
