"""Drum keys on the percussion staff: position, head and voice, as drummers read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scorelane.score.grid import Metre
from scorelane.score.quantise import Placed
from scorelane.score.voices import Chord


@dataclass(frozen=True, slots=True)
class Stroke:
    """Where a drum stands on the staff (step and octave as in treble clef), and its head."""

    step: str
    octave: int
    head: str = "normal"


_FEET = frozenset({35, 36, 44})
_STROKES = {
    35: Stroke("E", 4),
    36: Stroke("F", 4),
    37: Stroke("C", 5, "x"),
    38: Stroke("C", 5),
    39: Stroke("C", 5, "diamond"),
    40: Stroke("C", 5),
    41: Stroke("G", 4),
    42: Stroke("G", 5, "x"),
    43: Stroke("A", 4),
    44: Stroke("D", 4, "x"),
    45: Stroke("B", 4),
    46: Stroke("G", 5, "circle-x"),
    47: Stroke("D", 5),
    48: Stroke("D", 5),
    49: Stroke("A", 5, "x"),
    50: Stroke("E", 5),
    51: Stroke("F", 5, "x"),
    52: Stroke("B", 5, "x"),
    53: Stroke("F", 5, "diamond"),
    54: Stroke("E", 5, "triangle"),
    55: Stroke("B", 5, "diamond"),
    56: Stroke("E", 5, "inverted triangle"),
    57: Stroke("A", 5, "x"),
    59: Stroke("F", 5, "x"),
}
_OTHER = Stroke("E", 5, "x")  # hand percussion


def stroke(key: int) -> Stroke:
    """How the General MIDI drum ``key`` is written."""
    return _STROKES.get(key, _OTHER)


def drum_voices(notes: Sequence[Placed], metre: Metre) -> list[list[Chord]]:
    """Hands (stems up) and feet (stems down); with feet alone, one voice.

    A drum has no length of its own: each stroke lasts to the next one of its voice or to the end
    of its beat.
    """
    hands = [note for note in notes if note.note.pitch not in _FEET]
    feet = [note for note in notes if note.note.pitch in _FEET]
    return [_strokes(voice, metre) for voice in (hands, feet) if voice] or [[]]


def _strokes(notes: Sequence[Placed], metre: Metre) -> list[Chord]:
    together: dict[int, set[int]] = {}
    for note in notes:
        together.setdefault(note.start, set()).add(note.note.pitch)
    starts = sorted(together)
    unit = metre.beat_ticks
    chords = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        end = start // unit * unit + unit
        if following is not None:
            end = min(end, following)
        chords.append(Chord(start, end, tuple(sorted(together[start]))))
    return chords
