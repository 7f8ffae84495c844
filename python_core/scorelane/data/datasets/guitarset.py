"""GuitarSet (ISMIR 2018): acoustic guitar, annotated string by string.

On disk: ``annotation/NAME.jams`` and the recordings ``audio_mono-mic/NAME_mic.wav`` and
``audio_mono-pickup_mix/NAME_mix.wav``; MT3 used both. Of every style's three chord progressions
the third is held out.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

from scorelane.data.datasets.track import DataSet, Track
from scorelane.errors import NotesError
from scorelane.notes import Note, check

GUITAR = 24
HELD_OUT = "3"
_RECORDINGS = (("audio_mono-mic", "mic"), ("audio_mono-pickup_mix", "mix"))
_NAME = re.compile(r"\d+_[A-Za-z]+(\d)-")  # player, style, progression, e.g. 00_BN1-129-Eb_comp


def _find(root: Path, split: str) -> list[Track]:
    tracks = []
    for jams in (root / "annotation").glob("*.jams"):
        named = _NAME.match(jams.stem)
        if named is None or (named[1] == HELD_OUT) != (split == "validation"):
            continue
        for folder, suffix in _RECORDINGS:
            audio = root / folder / f"{jams.stem}_{suffix}.wav"
            if audio.is_file():
                tracks.append(Track(f"guitarset_{audio.stem}", (audio,), partial(read_jams, jams)))
    return tracks


def read_jams(path: Path) -> list[Note]:
    """The notes of all strings; pitches are rounded to semitones. Raises :class:`NotesError`."""
    try:
        annotations = json.loads(path.read_text(encoding="utf-8"))["annotations"]
        strings = [a["data"] for a in annotations if a["namespace"] == "note_midi"]
        notes = [_note(observed) for data in strings for observed in _observations(data)]
        for note in notes:
            check(note)
    except (OSError, ValueError, KeyError, TypeError, OverflowError, NotesError) as error:
        raise NotesError(f"{path} cannot be understood: {error!r}") from error
    return notes


def _observations(data: Any) -> list[dict[str, Any]]:
    """JAMS keeps observations as a list of maps, or as a map of lists."""
    if isinstance(data, list):
        return data
    columns = ("time", "duration", "value")
    rows = zip(*(data[name] for name in columns), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _note(observed: dict[str, Any]) -> Note:
    onset = float(observed["time"])
    pitch = round(float(observed["value"]))
    return Note(onset, onset + float(observed["duration"]), pitch, GUITAR)


GUITARSET = DataSet(
    name="guitarset",
    hours=3.0,
    splits=("train", "validation"),
    evaluated="validation",
    is_here=lambda root: any((root / "annotation").glob("*.jams")),
    find=_find,
    find_training=lambda root: _find(root, "train"),
)
