"""URMP (arXiv 1612.08727): chamber music, played part by part.

On disk one folder a piece, ``NN_Title_parts``, with the mix ``AuMix_*.wav`` and for every part
``Notes_K_INSTRUMENT_NN_Title.txt``: onset, frequency in Hz and length in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scorelane.data.datasets.loaders import understood
from scorelane.data.datasets.track import DataSet, Track
from scorelane.errors import NotesError
from scorelane.notes import Note, check

VALIDATION = frozenset((1, 2, 12, 13, 24, 25, 31, 38, 39))
PROGRAMS = {
    "vn": 40,
    "va": 41,
    "vc": 42,
    "db": 43,
    "tpt": 56,
    "tbn": 57,
    "tba": 58,
    "hn": 60,
    "sax": 64,
    "ob": 68,
    "bn": 70,
    "cl": 71,
    "fl": 73,
}


def _find(root: Path, split: str) -> list[Track]:
    tracks = []
    for mix in _mixes(root):
        piece = mix.parent.name.partition("_")[0]
        held_out = piece.isdecimal() and int(piece) in VALIDATION
        if piece.isdecimal() and held_out == (split == "validation"):
            tracks.append(Track(f"urmp_{mix.parent.name}", (mix,), partial(_read, mix.parent)))
    return tracks


def _mixes(root: Path) -> Iterator[Path]:
    """The mixes of all pieces; the archive holds them in a folder called Dataset."""
    for folder in (root, root / "Dataset"):
        yield from sorted(folder.glob("[0-9]*_*/AuMix_*.wav"))


def _read(piece: Path) -> list[Note]:
    parts = sorted(piece.glob("Notes_*.txt"))
    if not parts:
        raise NotesError(f"{piece} holds no Notes_*.txt; get the piece again.")
    return [note for part in parts for note in read_part(part)]


def read_part(path: Path) -> list[Note]:
    """The notes of one part; frequencies are rounded to semitones. Raises :class:`NotesError`."""
    with understood(path):
        program = PROGRAMS[path.stem.split("_")[2]]
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        notes = [_note(row, program) for row in rows if row]
        for note in notes:
            check(note)
    return notes


def _note(row: list[str], program: int) -> Note:
    onset, hertz, length = (float(value) for value in row)
    pitch = round(69 + 12 * math.log2(hertz / 440))
    return Note(onset, onset + length, pitch, program)


URMP = DataSet(
    name="urmp",
    hours=1.3,
    splits=("train", "validation"),
    evaluated="validation",
    is_here=lambda root: next(_mixes(root), None) is not None,
    find=_find,
    find_training=lambda root: _find(root, "train"),
)
