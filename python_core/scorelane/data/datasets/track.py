"""One recording of a corpus and its notes, and what a corpus is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from scorelane.data.midi_files import read_midi
from scorelane.errors import UsageError
from scorelane.notes import Note

SILENT_VELOCITY = 30

ReadNotes = Callable[[], list[Note]]
FindTracks = Callable[[Path, str], "list[Track]"]


@dataclass(frozen=True)
class Track:
    """A recording: one audio file, or several that sound together, and its notes in seconds.

    ``read`` reads the notes; it raises :class:`scorelane.errors.ScorelaneError` when it cannot.
    """

    name: str
    recordings: tuple[Path, ...]
    read: ReadNotes

    @property
    def group(self) -> str:
        """The corpus: the name up to the first underscore."""
        return self.name.partition("_")[0]

    @property
    def silent_velocity(self) -> int:
        """MT3 leaves what is played softer than this out of its frame score."""
        return SILENT_VELOCITY

    def notes(self) -> list[Note]:
        """The notes, in order of onset."""
        return sorted(self.read())


@dataclass(frozen=True)
class DataSet:
    """A corpus. ``hours`` are those of MT3's table, which the mixture is computed from.

    ``evaluated`` is the split that MT3 reports. ``is_here`` tells whether a folder holds the
    corpus; ``find`` gives a split's recordings, and ``find_training`` those of the training split
    as MT3 mixed them, both in any order.
    """

    name: str
    hours: float
    splits: tuple[str, ...]
    evaluated: str
    is_here: Callable[[Path], bool]
    find: FindTracks
    find_training: Callable[[Path], list[Track]]

    def tracks(self, root: Path, split: str | None = None) -> list[Track]:
        """Recordings of ``split`` (MT3's reported one if not given) below ``root``, by name.

        Raises :class:`UsageError` when there is no such split or none of it is there.
        """
        split = split or self.evaluated
        if split not in self.splits:
            raise UsageError(f"{self.name} has the splits {', '.join(self.splits)}; not {split}.")
        found = _sorted(self.find(root, split))
        if not found:
            raise UsageError(f"{root} holds no recording of {self.name}'s split {split}.")
        return found

    def training_tracks(self, root: Path) -> list[Track]:
        """What MT3 trained on of the corpus in ``root``, by name; may be nothing."""
        return _sorted(self.find_training(root))


def _sorted(tracks: list[Track]) -> list[Track]:
    """By name: folders are listed in any order, and draws must be repeatable."""
    return sorted(tracks, key=lambda track: track.name)


def pitched_notes(path: Path, program: int) -> ReadNotes:
    """Reads a MIDI file in which one instrument plays; the pedal lengthens its notes."""
    return lambda: [replace(n, program=program, is_drum=False) for n in read_midi(path)]


def existing(root: Path, name: str) -> Path | None:
    """The file ``name`` below ``root`` if it is there; a name never leads out of the corpus."""
    path = root / name
    inside = path.resolve().is_relative_to(root.resolve())
    return path if inside and path.is_file() else None
