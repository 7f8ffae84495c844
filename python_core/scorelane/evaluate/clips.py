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
from typing import Protocol

from scorelane.audio import AUDIO_SUFFIXES
from scorelane.data.datasets.registry import named, recognised
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

    @property
    def recordings(self) -> tuple[Path, ...]:
        """The audio file, if there is one."""
        return () if self.audio is None else (self.audio,)

    @property
    def silent_velocity(self) -> int:
        """Every note counts."""
        return 0

    def notes(self) -> list[Note]:
        """The true notes; raises what :func:`read_notes` does."""
        return read_notes(self.reference)


class Recorded(Protocol):
    """What can be evaluated: a :class:`Clip`, or a track of a corpus."""

    @property
    def name(self) -> str:
        """Unique, fit for a file name."""

    @property
    def group(self) -> str:
        """The group that it is reported in."""

    @property
    def recordings(self) -> tuple[Path, ...]:
        """Audio files that sound together; none where only the notes are at hand."""

    @property
    def silent_velocity(self) -> int:
        """Velocity up to which true notes do not count in the frame score."""

    def notes(self) -> list[Note]:
        """The true notes."""


def find_recorded(
    paths: Iterable[Path], dataset: str | None = None, split: str | None = None
) -> list[Recorded]:
    """Tracks of the corpora in ``paths``, and clips of what is none.

    A corpus is known by its layout; ``dataset`` names it where a folder holds two (Slakh2100 and
    Cerberus4). ``split`` is MT3's reported one if not given. Raises :class:`UsageError`.
    """
    found: list[Recorded] = []
    for path in paths:
        here = [named(dataset)] if dataset else recognised(path)
        if here:
            found.extend(here[0].tracks(path, split))
        elif split is not None:
            raise UsageError(f"{printable(path)} is none of the known data sets and has no splits.")
        else:
            found.extend(find_clips([path]))
    _check_names(found)
    return found


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
    _check_names(clips)
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


def _check_names(clips: Iterable[Recorded]) -> None:
    twice = [name for name, count in Counter(clip.name for clip in clips).items() if count > 1]
    if twice:
        raise UsageError(f"Two clips are called {twice[0]}; evaluate them separately.")


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
