"""Lanes: the notes of a recording, one lane per instrument, each with its MIDI channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from scorelane.instruments import instrument_name, midi_class
from scorelane.notes import Note

DRUM_CHANNEL = 9
PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)

# First programs of the MIDI classes from the top of a score to its foot.
_SCORE_ORDER = (72, 64, 56, 104, 8, 112, 0, 16, 24, 80, 88, 96, 48, 40, 32, 120)


@dataclass(frozen=True, slots=True)
class Lane:
    """All notes of one instrument, ordered by onset.

    ``program`` is the 0-based General MIDI program (0 for drums), ``channel`` the 0-based MIDI
    channel (9 for drums). A lane holds at least one note.
    """

    program: int
    is_drum: bool
    name: str
    notes: tuple[Note, ...]
    channel: int

    @property
    def lowest(self) -> int:
        """Lowest MIDI pitch (drums: General MIDI key)."""
        return min(note.pitch for note in self.notes)

    @property
    def highest(self) -> int:
        """Highest MIDI pitch (drums: General MIDI key)."""
        return max(note.pitch for note in self.notes)

    @property
    def first_onset(self) -> float:
        """Onset of the first note in seconds."""
        return self.notes[0].onset

    @property
    def last_onset(self) -> float:
        """Onset of the last note in seconds."""
        return self.notes[-1].onset

    @property
    def mean_confidence(self) -> float:
        """Mean confidence of the notes, 0-1."""
        return fmean(note.confidence for note in self.notes)

    @property
    def loudness(self) -> int:
        """How much there is to hear: the sum of the notes' velocities."""
        return _loudness(self.notes)


def make_lanes(notes: Iterable[Note]) -> list[Lane]:
    """Sort ``notes`` into lanes in score order, drums last, and give each lane a channel.

    Pitched lanes get a channel of their own while the 15 suffice. Beyond that the two quietest
    groups of lanes within one MIDI class share a channel, again and again; when no class has two
    groups left, the two quietest of all do.
    """
    by_program: dict[tuple[bool, int], list[Note]] = defaultdict(list)
    for note in notes:
        by_program[note.lane].append(note)
    keys = sorted(by_program, key=_score_position)
    channels = _assign_channels({key[1]: by_program[key] for key in keys if not key[0]})
    return [
        Lane(
            program=program,
            is_drum=is_drum,
            name=instrument_name(program, is_drum),
            notes=tuple(sorted(by_program[is_drum, program])),
            channel=DRUM_CHANNEL if is_drum else channels[program],
        )
        for is_drum, program in keys
    ]


def _score_position(key: tuple[bool, int]) -> tuple[bool, int, int]:
    is_drum, program = key
    return is_drum, _SCORE_ORDER.index(midi_class(program)), program


def _loudness(notes: Sequence[Note]) -> int:
    return sum(note.velocity for note in notes)


def _assign_channels(lanes: dict[int, list[Note]]) -> dict[int, int]:
    """Channel of every program of ``lanes``, which come in score order."""
    loudness = {program: _loudness(notes) for program, notes in lanes.items()}
    groups = [[program] for program in lanes]
    while len(groups) > len(PITCHED_CHANNELS):
        pairs = list(combinations(groups, 2))
        same_class = [(a, b) for a, b in pairs if midi_class(a[0]) == midi_class(b[0])]
        first, second = min(
            same_class or pairs, key=lambda pair: sum(loudness[p] for p in pair[0] + pair[1])
        )
        first += second
        groups.remove(second)
    return {
        program: channel
        for channel, group in zip(PITCHED_CHANNELS, groups, strict=False)
        for program in group
    }
