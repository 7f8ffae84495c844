"""MAESTRO v3: piano recordings with MIDI from the instrument (arXiv 1810.12247).

On disk: ``maestro-v3.0.0.csv`` names for every performance its split, MIDI and audio file.
"""

from __future__ import annotations

import csv
from pathlib import Path

from scorelane.data.datasets.track import DataSet, Track, existing, pitched_notes
from scorelane.errors import UsageError

TABLE = "maestro-v3.0.0.csv"
_COLUMNS = ("split", "midi_filename", "audio_filename")


def _find(root: Path, split: str) -> list[Track]:
    tracks = []
    for row in _rows(root / TABLE):
        midi, audio = (existing(root, row[name]) for name in _COLUMNS[1:])
        if row["split"] == split and midi is not None and audio is not None:
            tracks.append(Track(f"maestro_{midi.stem}", (audio,), pitched_notes(midi, 0)))
    return tracks


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if any(not row.get(name) for row in rows for name in _COLUMNS):
        raise UsageError(f"{path} lacks one of {', '.join(_COLUMNS)}; get MAESTRO's table again.")
    return rows


MAESTRO = DataSet(
    name="maestro",
    hours=198.7,
    splits=("train", "validation", "test"),
    evaluated="test",
    is_here=lambda root: (root / TABLE).is_file(),
    find=_find,
    find_training=lambda root: _find(root, "train"),
)
