"""What a page holds: parts, staves, bars, signatures and tempo marks, still in ticks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from scorelane.errors import UsageError
from scorelane.notes import Note
from scorelane.score.grid import Grid
from scorelane.score.instruments import Writing
from scorelane.score.keys import Spelling
from scorelane.score.voices import Chord


@dataclass(frozen=True)
class Played:
    """What one player played: notes in seconds, in any order."""

    name: str
    program: int
    is_drum: bool
    notes: Sequence[Note]


@dataclass(frozen=True)
class Staff:
    """Voices (the upper one first), the clef of every bar, and what is under an 8va line.

    ``high`` are start and end ticks of what is written an octave lower.
    """

    voices: list[list[Chord]]
    clefs: list[str]
    high: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """One instrument: one staff, or two for the hands of a keyboard player.

    ``dynamics`` are ticks and the marks, ``pp`` to ``ff``, that stand there.
    """

    name: str
    abbreviation: str
    program: int
    is_drum: bool
    channel: int
    writing: Writing
    staves: list[Staff]
    dynamics: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Score:
    """A whole score.

    Attributes:
        title: may be empty.
        grid: beats and metre.
        bars: start and end tick of every bar, the pick-up included.
        signatures: sharps (or minus flats) of every bar, at sounding pitch.
        tempos: bar number in ``bars`` and beats per minute where a tempo begins.
        parts: from the top of the page to its foot; at least one.
        spelling: how each (start tick, MIDI pitch) is spelled at sounding pitch.
    """

    title: str
    grid: Grid
    bars: list[tuple[int, int]]
    signatures: list[int]
    tempos: list[tuple[int, int]]
    parts: list[Part]
    spelling: dict[tuple[int, int], Spelling]

    def only(self, wanted: Callable[[Part], bool]) -> Score:
        """The same score with some of its parts; :class:`UsageError` when none is wanted."""
        parts = [part for part in self.parts if wanted(part)]
        if not parts:
            names = ", ".join(part.name for part in self.parts)
            raise UsageError(f"None of these parts is in the score; it has {names}.")
        return replace(self, parts=parts)
