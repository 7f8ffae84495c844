"""Recordings whose notes are known, as they lie in folders.

A clip is a folder with ``audio.*`` and ``notes.csv`` (or ``notes.mid``), or an audio file with
its notes beside it under the same name (``song.flac`` and ``song.csv`` or ``song.mid``). A clip
belongs to the group that its name begins with, up to the first underscore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from scorelane.audio import AUDIO_SUFFIXES
from scorelane.display import printable
from scorelane.errors import UsageError
from scorelane.notes import Note, read_csv

NOTE_SUFFIXES = (".csv", ".mid", ".midi")


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording and its true notes; ``audio`` is ``None`` where only the notes are at hand."""

    name: str
    audio: Path | None
    reference: Path

    @property
    def group(self) -> str:
        """The clip's name up to the first underscore."""
        return self.name.partition("_")[0]


def find_clips(paths: Iterable[Path]) -> list[Clip]:
    """All clips in ``paths``: clip folders, folders of clips, audio files, files of notes.

    Raises:
        UsageError: a path holds no clip, or two clips have one name.
    """
    clips = []
    for path in paths:
        found = _in_folder(path) if path.is_dir() else _from_file(path)
        if not found:
            raise UsageError(
                f"{printable(path)} holds no clip: a clip is a folder with audio.* and notes.csv, "
                "or an audio file with its notes beside it (song.flac and song.csv)."
            )
        clips.extend(found)
    twice = [name for name, count in Counter(clip.name for clip in clips).items() if count > 1]
    if twice:
        raise UsageError(f"Two clips are called {twice[0]}; evaluate them separately.")
    return clips


def find_notes(folder: Path, name: str) -> Path | None:
    """The file of notes called ``name`` in ``folder``: CSV before MIDI."""
    candidates = (folder / f"{name}{suffix}" for suffix in NOTE_SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def read_notes(path: Path) -> list[Note]:
    """Read notes from a CSV or a MIDI file.

    Raises:
        UsageError: the suffix is neither.
        NotesError, MidiError: the file cannot be understood.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_csv(path)
    if suffix in NOTE_SUFFIXES:
        from scorelane.data.midi_files import read_midi

        return read_midi(path)
    raise UsageError(f"{printable(path)} is not a file of notes; those end in .csv or .mid.")


def _in_folder(folder: Path) -> list[Clip]:
    reference = find_notes(folder, "notes")
    if reference:
        return [Clip(folder.resolve().name, _audio_named(folder, "audio"), reference)]
    clips = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir():
            clips.extend(_in_folder(path))
        elif path.suffix.lower() in AUDIO_SUFFIXES:
            clips.extend(_from_file(path))
    return clips


def _from_file(path: Path) -> list[Clip]:
    if path.suffix.lower() in NOTE_SUFFIXES:
        audio = "audio" if path.stem == "notes" else path.stem
        return [Clip(path.stem, _audio_named(path.parent, audio), path)]
    reference = find_notes(path.parent, path.stem)
    return [Clip(path.stem, path, reference)] if reference else []


def _audio_named(folder: Path, name: str) -> Path | None:
    candidates = (folder / f"{name}{suffix}" for suffix in sorted(AUDIO_SUFFIXES))
    return next((path for path in candidates if path.is_file()), None)
