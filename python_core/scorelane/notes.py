"""What a note is, and how a list of notes is kept in a CSV file."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scorelane.errors import NotesError
from scorelane.files import atomic_path
from scorelane.instruments import instrument_name

CSV_HEADER = (
    "onset",
    "offset",
    "pitch",
    "program",
    "is_drum",
    "velocity",
    "confidence",
    "instrument",
)


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note as it sounds.

    ``onset`` and ``offset`` are seconds from the start of the recording, ``pitch`` is the MIDI
    pitch 0-127 (for drums the General MIDI key), ``program`` the General MIDI program 0-127
    counted from zero (0 for drums), ``velocity`` 1-127, ``confidence`` 0-1.
    """

    onset: float
    offset: float
    pitch: int
    program: int
    is_drum: bool = False
    velocity: int = 100
    confidence: float = 1.0

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.offset - self.onset

    @property
    def lane(self) -> tuple[bool, int]:
        """The lane that the note belongs to: ``(is_drum, program)``; all drums share one."""
        return (True, 0) if self.is_drum else (False, self.program)


def check(note: Note) -> None:
    """Raise :class:`NotesError` unless every field of ``note`` lies in its range."""
    if not (math.isfinite(note.onset) and math.isfinite(note.offset)):
        raise NotesError(f"a note has a time that is not a number: {note}")
    if note.onset < 0 or note.offset < note.onset:
        raise NotesError(f"a note begins before zero or ends before it begins: {note}")
    if not (0 <= note.pitch <= 127 and 0 <= note.program <= 127 and 0 <= note.velocity <= 127):
        raise NotesError(f"a note's pitch, program or velocity lies outside 0-127: {note}")


def write_csv(notes: Iterable[Note], path: str | Path) -> None:
    """Write ``notes`` to ``path`` with the header ``CSV_HEADER``; times have 0.1 ms."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(CSV_HEADER)
        for note in notes:
            rows.writerow(
                (
                    f"{note.onset:.4f}",
                    f"{note.offset:.4f}",
                    note.pitch,
                    note.program,
                    int(note.is_drum),
                    note.velocity,
                    f"{note.confidence:.3f}",
                    instrument_name(note.program, note.is_drum),
                )
            )


def read_csv(path: str | Path) -> list[Note]:
    """Read notes written by :func:`write_csv`; ``confidence`` and ``instrument`` may be missing.

    Raises :class:`NotesError` naming the line that cannot be understood.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return _read_rows(csv.DictReader(file), path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NotesError(f"{path} cannot be read as a CSV file of notes: {error}") from error


def _read_rows(rows: csv.DictReader[str], path: Path) -> list[Note]:
    missing = [name for name in CSV_HEADER[:5] if name not in (rows.fieldnames or ())]
    if missing:
        raise NotesError(f"{path} lacks the column {missing[0]!r}; expected {','.join(CSV_HEADER)}")
    notes = []
    for row in rows:
        try:
            note = Note(
                onset=float(row["onset"]),
                offset=float(row["offset"]),
                pitch=int(row["pitch"]),
                program=int(row["program"]),
                is_drum=_truth(row["is_drum"]),
                velocity=int(row.get("velocity") or 100),
                confidence=float(row.get("confidence") or 1.0),
            )
            check(note)
        except (TypeError, ValueError, NotesError) as error:
            raise NotesError(f"{path}, line {rows.line_num}: {error}") from error
        notes.append(note)
    return notes


def _truth(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered not in {"0", "1", "true", "false"}:
        raise ValueError(f"is_drum must be 0 or 1, not {text!r}")
    return lowered in {"1", "true"}


def total_duration(notes: Sequence[Note]) -> float:
    """Seconds from zero to the last offset; 0 without notes."""
    return max((note.offset for note in notes), default=0.0)
