"""A performance to score from a file: the tracks of a MIDI file, or the lanes of a notes table.

What the pedal of a MIDI file holds is written only until its player goes on, as scores leave the
rest to the pedal.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorelane.lanes import Lane, make_lanes
from scorelane.notes import read_csv
from scorelane.score.layout import Played


def read_performance(path: str | os.PathLike[str]) -> list[Played]:
    """The players of a ``.csv`` of notes (its lanes) or of a MIDI file (its tracks).

    Raises:
        NotesError, MidiError: when the file cannot be read.
    """
    if Path(path).suffix.lower() == ".csv":
        return from_lanes(make_lanes(read_csv(Path(path))))
    from scorelane.data.midi_files import read_midi_columns

    columns = _until_played_on(read_midi_columns(path), read_midi_columns(path, pedal=False))
    names = _track_names(path)
    stems = np.unique(columns["stem"])
    # Stems are numbered as they first sound, and so are the names: they match one to one
    # unless a track holds several instruments.
    matched = len(names) == len(stems)
    parts = [
        _played(columns[columns["stem"] == stem], names[i] if matched else "")
        for i, stem in enumerate(stems)
    ]
    return in_score_order(parts)


def from_lanes(lanes: Iterable[Lane]) -> list[Played]:
    """One player for each lane."""
    return [Played("", lane.program, lane.is_drum, lane.notes) for lane in lanes]


def in_score_order(parts: Sequence[Played]) -> list[Played]:
    """Families from the top of a page to its foot; within one instrument as they came."""
    lanes = make_lanes([note for part in parts for note in part.notes[:1]])
    order = {(lane.is_drum, lane.program): i for i, lane in enumerate(lanes)}
    return sorted(parts, key=lambda part: order[part.is_drum, part.program])


def _until_played_on(sounding: NDArray[np.void], keys: NDArray[np.void]) -> NDArray[np.void]:
    """Notes that end where the next of their stem begins once their key is let go.

    They end before when they sound no longer. ``sounding`` and ``keys`` are the same notes as
    they sound and as their keys are held.
    """
    result = sounding.copy()
    for stem in np.unique(keys["stem"]):
        own = keys["stem"] == stem
        onsets = np.append(np.sort(keys["onset"][own]), np.inf)
        let_go = keys["offset"][own]
        following = onsets[np.searchsorted(onsets, let_go)]
        result["offset"][own] = np.minimum(sounding["offset"][own], following)
    return result


def _played(rows: NDArray[np.void], name: str) -> Played:
    from scorelane.data.midi_files import notes_of

    notes = notes_of(rows)
    return Played(name, notes[0].program, notes[0].is_drum, notes)


def _track_names(path: str | os.PathLike[str]) -> list[str]:
    """Names of the tracks that hold notes, in the order in which they begin to play."""
    import mido

    midi = mido.MidiFile(path, clip=True)
    begins: dict[int, tuple[int, int]] = {}
    names: dict[int, str] = defaultdict(str)
    for number, track in enumerate(midi.tracks):
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "track_name":
                names[number] = " ".join(message.name.split())
            elif message.type == "note_on" and message.velocity and number not in begins:
                begins[number] = (tick, number)
    return [names[number] for number in sorted(begins, key=lambda n: begins[n])]
