"""GuitarSet (ISMIR 2018): acoustic guitar, annotated string by string; read by mirdata.

On disk: ``annotation/NAME.jams`` and the recordings ``audio_mono-mic/NAME_mic.wav`` and
``audio_mono-pickup_mix/NAME_mix.wav``; MT3 used both. Of every style's three chord progressions
the third is held out.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

from scorelane.data.datasets.loaders import files, loader, understood
from scorelane.data.datasets.track import DataSet, Track
from scorelane.notes import Note, check

GUITAR = 24
HELD_OUT = "3"
# Player, style, progression, tempo, key and manner, e.g. 00_BN1-129-Eb_comp.
_NAME = re.compile(r"\d+_(?:BN|Funk|Jazz|Rock|SS)(\d)-\d+-[^_]+_(?:comp|solo)")


def _find(root: Path, split: str) -> list[Track]:
    tracks = []
    for jams in (root / "annotation").glob("*.jams"):
        named = _NAME.fullmatch(jams.stem)
        if named is None or (named[1] == HELD_OUT) != (split == "validation"):
            continue
        excerpt = _excerpt(root, jams.stem)
        for audio in (Path(excerpt.audio_mic_path), Path(excerpt.audio_mix_path)):
            if audio.is_file():
                tracks.append(Track(f"guitarset_{audio.stem}", (audio,), partial(_read, excerpt)))
    return tracks


def _excerpt(root: Path, name: str) -> Any:
    """mirdata's track called ``name``."""
    paths = {
        "jams": f"annotation/{name}.jams",
        "audio_mic": f"audio_mono-mic/{name}_mic.wav",
        "audio_mix": f"audio_mono-pickup_mix/{name}_mix.wav",
        "audio_hex": None,
        "audio_hex_cln": None,
    }
    index = {"tracks": {name: files(paths)}}
    return loader("guitarset").Track(name, str(root.absolute()), "guitarset", index, None)


def _read(excerpt: Any) -> list[Note]:
    """The notes of all strings; pitches are rounded to semitones. Raises :class:`NotesError`."""
    with understood(excerpt.jams_path):
        if (played := excerpt.notes_all) is None:
            return []
        rows = zip(played.intervals.tolist(), played.pitches.tolist(), strict=True)
        notes = [Note(onset, offset, round(pitch), GUITAR) for (onset, offset), pitch in rows]
        for note in notes:
            check(note)
    return notes


GUITARSET = DataSet(
    name="guitarset",
    hours=3.0,
    splits=("train", "validation"),
    evaluated="validation",
    is_here=lambda root: any((root / "annotation").glob("*.jams")),
    find=_find,
    find_training=lambda root: _find(root, "train"),
)
