"""MT3's event vocabulary and the encoder from notes to tokens.

The vocabulary is the one of MT3 (arXiv 2111.03017, section 3.2) with the ids of its reference
implementation. Only the way from notes to tokens lives here, because only training needs it. The
way back is the engine's note decoder, in C++, reached through :mod:`scorelane.engine`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from scorelane.instruments import midi_class
from scorelane.notes import Note

Granularity = Literal["flat", "class", "full"]

PAD, EOS, UNK = 0, 1, 2
_SPECIAL = 3
_EXTRA = 100
_PAD_TO = 128


@dataclass(frozen=True)
class Vocabulary:
    """The ids of MT3's events.

    ``velocity_bins`` is 1 (onset or offset, the multi-instrument models) or 127 (the piano
    model). Time runs in steps of 1 / ``steps_per_second``; a shift token holds an absolute time
    inside the segment of at most ``max_shift`` steps.
    """

    velocity_bins: int = 1
    steps_per_second: int = 100
    max_shift: int = 1000

    @property
    def shift(self) -> int:
        """Id of a shift of zero steps; ``shift + k`` is a shift of ``k`` steps."""
        return _SPECIAL

    @property
    def pitch(self) -> int:
        """Id of MIDI pitch 0."""
        return self.shift + self.max_shift + 1

    @property
    def velocity(self) -> int:
        """Id of velocity bin 0, which makes the next pitch a note-off."""
        return self.pitch + 128

    @property
    def tie(self) -> int:
        """Id of the event that closes the tie section."""
        return self.velocity + self.velocity_bins + 1

    @property
    def program(self) -> int:
        """Id of program 0."""
        return self.tie + 1

    @property
    def drum(self) -> int:
        """Id of drum key 0."""
        return self.program + 128

    @property
    def used(self) -> int:
        """Number of ids in use, 1391 with one velocity bin."""
        return self.drum + 128

    @property
    def size(self) -> int:
        """Width of the logits: used ids and 100 extra ones, rounded up to a multiple of 128."""
        return -(-(self.used + _EXTRA) // _PAD_TO) * _PAD_TO

    def velocity_bin(self, velocity: int) -> int:
        """Bin of a MIDI velocity: 0 for 0, else 1 to ``velocity_bins``."""
        return 0 if velocity == 0 else math.ceil(velocity * self.velocity_bins / 127)


@dataclass(frozen=True, order=True, slots=True)
class _Event:
    """A note's beginning or end. The order of the fields is MT3's order of events."""

    step: int
    is_onset: bool
    is_drum: bool
    program: int
    pitch: int
    velocity: int


@dataclass(frozen=True, slots=True)
class GridNote:
    """A note on the time grid; ``onset`` and ``offset`` are steps, ``offset > onset``."""

    onset: int
    offset: int
    pitch: int
    program: int
    is_drum: bool
    velocity: int


def to_grid(
    notes: Iterable[Note], vocabulary: Vocabulary, granularity: Granularity = "full"
) -> list[GridNote]:
    """Round notes to steps and make them sayable in tokens.

    A note lasts at least one step, as in MT3. Of two notes with one program and pitch that
    overlap, the second ends the first: the vocabulary has no way to say which of them an offset
    would belong to. Of two that begin together the longer one stays.
    """
    ordered: dict[tuple[bool, int, int], list[GridNote]] = {}
    for note in notes:
        onset = round(note.onset * vocabulary.steps_per_second)
        offset = max(onset + 1, round(note.offset * vocabulary.steps_per_second))
        program = 0 if note.is_drum else granular(note.program, granularity)
        grid = GridNote(onset, offset, note.pitch, program, note.is_drum, note.velocity)
        ordered.setdefault((note.is_drum, program, note.pitch), []).append(grid)
    result = []
    for voice in ordered.values():
        result.extend(_without_overlap(sorted(voice, key=lambda n: (n.onset, -n.offset))))
    return sorted(result, key=lambda n: (n.onset, n.is_drum, n.program, n.pitch))


def granular(program: int, granularity: Granularity) -> int:
    """The program that stands for ``program``: 0 (flat), first of its MIDI class, or itself."""
    if granularity == "flat":
        return 0
    return midi_class(program) if granularity == "class" else program


def _without_overlap(voice: list[GridNote]) -> list[GridNote]:
    kept: list[GridNote] = []
    for note in voice:
        if kept and kept[-1].onset == note.onset:
            continue
        if kept and kept[-1].offset > note.onset:
            last = kept.pop()
            kept.append(
                GridNote(
                    last.onset, note.onset, last.pitch, last.program, last.is_drum, last.velocity
                )
            )
        kept.append(note)
    return kept


def encode_segment(
    notes: Sequence[GridNote],
    start: int,
    end: int,
    vocabulary: Vocabulary,
    granularity: Granularity = "full",
    ties: bool = True,
) -> list[int]:
    """Tokens of the segment from step ``start`` to step ``end``, closed by EOS.

    ``notes`` come from :func:`to_grid`. The tie section names the notes that sounded before
    ``start``, one that ends just there included; then come the segment's events in MT3's order:
    by time, offsets before onsets, then by drum, program and pitch. With ``granularity`` "flat"
    no program tokens are written, without ``ties`` no tie section.
    """
    writer = _Writer(vocabulary, with_programs=granularity != "flat")
    if ties:
        sounding = [n for n in notes if not n.is_drum and n.onset < start <= n.offset]
        for note in sorted(sounding, key=lambda n: (n.program, n.pitch)):
            writer.tie(note)
        writer.write(vocabulary.tie)
    for event in sorted(_events(notes, start, end)):
        writer.event(event, event.step - start)
    writer.write(EOS)
    return writer.tokens


def segment_steps(index: int, segment_seconds: float, steps_per_second: int) -> tuple[int, int]:
    """First step of segment ``index`` and of the next: start times floored to the grid."""

    def floor(i: int) -> int:
        return math.floor(i * segment_seconds * steps_per_second + 1e-6)

    return floor(index), floor(index + 1)


def _events(notes: Sequence[GridNote], start: int, end: int) -> Iterable[_Event]:
    for note in notes:
        if start <= note.onset < end:
            yield _Event(note.onset, True, note.is_drum, note.program, note.pitch, note.velocity)
        if not note.is_drum and start <= note.offset < end:
            yield _Event(note.offset, False, False, note.program, note.pitch, 0)


class _Writer:
    """Appends tokens; writes program and velocity only when they change."""

    def __init__(self, vocabulary: Vocabulary, with_programs: bool) -> None:
        self.tokens: list[int] = []
        self._vocabulary = vocabulary
        self._with_programs = with_programs
        self._program = -1
        self._velocity = -1
        self._shift = 0

    def write(self, token: int) -> None:
        self.tokens.append(token)

    def tie(self, note: GridNote) -> None:
        self._set_program(note.program)
        self.write(self._vocabulary.pitch + note.pitch)

    def event(self, event: _Event, shift: int) -> None:
        self._set_shift(shift)
        if not event.is_drum:
            self._set_program(event.program)
        self._set_velocity(self._vocabulary.velocity_bin(event.velocity))
        base = self._vocabulary.drum if event.is_drum else self._vocabulary.pitch
        self.write(base + event.pitch)

    def _set_shift(self, shift: int) -> None:
        if shift == self._shift:
            return
        self._shift = shift
        # A time beyond the longest shift is written as several that add up.
        while shift > 0:
            part = min(shift, self._vocabulary.max_shift)
            self.write(self._vocabulary.shift + part)
            shift -= part

    def _set_program(self, program: int) -> None:
        if self._with_programs and program != self._program:
            self._program = program
            self.write(self._vocabulary.program + program)

    def _set_velocity(self, velocity: int) -> None:
        if velocity != self._velocity:
            self._velocity = velocity
            self.write(self._vocabulary.velocity + velocity)
