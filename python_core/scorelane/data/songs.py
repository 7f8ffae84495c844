"""Folders of MIDI files -> one compact set of songs, split into training and test.

A song set is a folder of two files: ``notes.npy``, all notes of all songs one after another
(``NOTE_DTYPE``), and ``index.npz``, which says where each song lies and where it came from.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from scorelane.data.midi_files import NOTE_DTYPE, MidiError, read_midi_columns
from scorelane.data.workers import mapped
from scorelane.errors import UsageError
from scorelane.files import atomic_path

FORMAT = 1
NOTES_FILE, INDEX_FILE = "notes.npy", "index.npz"
TEST_EVERY = 10


class Timing(enum.IntEnum):
    """How the notes of a corpus are timed, and so how much a player must be imitated."""

    PERFORMED = 0
    """Played by people: left as it is."""
    SEQUENCED = 1
    """Made on a grid with velocities of its own: loosened a little."""
    SCORE = 2
    """Written from a score, note for note: needs a performance."""


@dataclass(frozen=True)
class BuildReport:
    """What :func:`build_songs` made: songs and notes per corpus, and the files left out."""

    songs: dict[str, int]
    notes: dict[str, int]
    timing: dict[str, Timing]
    rejected: list[str]


def build_songs(
    folders: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    timing: Mapping[str, Timing] | None = None,
    processes: int = 0,
) -> BuildReport:
    """Read every ``.mid`` and ``.midi`` file below ``folders`` into the song set ``out``.

    Each folder is a corpus named after itself. Of its files, sorted by path, every tenth (the
    10th, 20th, ...) is held out for testing. Files that cannot be read or hold no notes are left
    out and reported, without moving the others between the splits. ``timing`` says how corpora
    are timed; for those that it does not name it is judged from the notes. ``processes`` 0 takes
    all processors. Raises :class:`UsageError` when a folder is missing or nothing can be read.
    """
    files, corpora = _find(folders)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    songs: list[NDArray[np.void]] = []
    corpus_of: list[int] = []
    is_test: list[bool] = []
    names: list[str] = []
    rejected: list[str] = []
    paths = [path for path, _, _ in files]
    with Progress() as progress, mapped(_read, paths, processes, chunk=8) as read:
        task = progress.add_task("reading MIDI", total=len(files))
        for (path, corpus, position), (notes, problem) in zip(files, read, strict=True):
            progress.advance(task)
            if problem is not None:
                rejected.append(problem)
                continue
            songs.append(notes)
            corpus_of.append(corpus)
            is_test.append(position % TEST_EVERY == TEST_EVERY - 1)
            names.append(path.stem)
    if not songs:
        raise UsageError("none of the MIDI files could be read; the first: " + rejected[0])
    timings = _timings(corpora, songs, corpus_of, timing or {})
    _save(out, songs, corpus_of, is_test, names, corpora, timings)
    of = np.array(corpus_of)
    lengths = np.array([len(song) for song in songs])
    return BuildReport(
        songs={name: int((of == i).sum()) for i, name in enumerate(corpora)},
        notes={name: int(lengths[of == i].sum()) for i, name in enumerate(corpora)},
        timing=dict(zip(corpora, timings, strict=True)),
        rejected=rejected,
    )


class SongSet:
    """A song set opened for reading; notes stay on disk until asked for.

    ``corpora`` are the names of the corpora and ``timing`` their :class:`Timing`; per song there
    are ``names``, ``corpus`` (``[songs]`` int32), ``is_test`` (``[songs]`` bool) and ``duration``
    (``[songs]`` float32, seconds to the last offset).
    """

    def __init__(self, folder: Path, index: dict[str, NDArray[np.generic]]) -> None:
        self.folder = folder
        self._notes: NDArray[np.void] = np.load(folder / NOTES_FILE, mmap_mode="r")
        self._bounds: NDArray[np.int64] = index["bounds"].astype(np.int64)
        self.names = [str(name) for name in index["names"]]
        self.corpora = [str(name) for name in index["corpora"]]
        self.timing = [Timing(int(value)) for value in index["timing"]]
        self.corpus: NDArray[np.int32] = index["corpus"].astype(np.int32)
        self.is_test: NDArray[np.bool_] = index["is_test"].astype(np.bool_)
        self.duration: NDArray[np.float32] = index["duration"].astype(np.float32)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> SongSet:
        """Open the song set in ``folder``. Raises :class:`UsageError` when it holds none."""
        folder = Path(folder)
        try:
            with np.load(folder / INDEX_FILE, allow_pickle=False) as file:
                index = {name: file[name] for name in file.files}
            if int(index["format"]) != FORMAT:
                raise UsageError(f"the song set in {folder} is of another version; build it again")
            songs = cls(folder, index)
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(
                f"{folder} holds no song set ({error}); build one with `scorelane data songs`"
            ) from error
        return songs

    def __len__(self) -> int:
        """Return the number of songs."""
        return len(self.names)

    def notes(self, song: int) -> NDArray[np.void]:
        """Return a copy of the notes of one song: ``[n]`` of ``NOTE_DTYPE``, sorted by onset."""
        return np.array(self._notes[self._bounds[song] : self._bounds[song + 1]])

    def song_timing(self, song: int) -> Timing:
        """Return how one song is timed."""
        return self.timing[int(self.corpus[song])]

    def split(self, name: str) -> NDArray[np.intp]:
        """Return the songs of the split ``"train"`` or ``"test"``."""
        if name not in ("train", "test"):
            raise UsageError(f"there is no split {name!r}; there are train and test")
        return np.flatnonzero(self.is_test == (name == "test"))


def _find(
    folders: Sequence[str | os.PathLike[str]],
) -> tuple[list[tuple[Path, int, int]], list[str]]:
    """All MIDI files as (path, corpus, position in the corpus), and the corpora's names."""
    files: list[tuple[Path, int, int]] = []
    corpora: list[str] = []
    for folder in sorted(Path(folder).resolve() for folder in folders):
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a folder of MIDI files")
        if folder.name in corpora:
            raise UsageError(f"two folders of MIDI files are called {folder.name}")
        found = sorted(
            path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi")
        )
        if not found:
            raise UsageError(f"{folder} holds no .mid or .midi file")
        files += [(path, len(corpora), position) for position, path in enumerate(found)]
        corpora.append(folder.name)
    if not files:
        raise UsageError("no folder of MIDI files was given")
    return files, corpora


def _read(path: Path) -> tuple[NDArray[np.void], str | None]:
    try:
        notes = read_midi_columns(path)
    except MidiError as error:
        return np.empty(0, NOTE_DTYPE), str(error)
    return notes, None if len(notes) else f"{path} holds no notes"


def _timings(
    corpora: Sequence[str],
    songs: Sequence[NDArray[np.void]],
    corpus_of: Sequence[int],
    given: Mapping[str, Timing],
) -> list[Timing]:
    unknown = set(given) - set(corpora)
    if unknown:
        raise UsageError(
            f"timing is given for {min(unknown)!r}, but the corpora are {', '.join(corpora)}"
        )
    return [
        given[name]
        if name in given
        else judge_timing([s for s, c in zip(songs, corpus_of, strict=True) if c == number])
        for number, name in enumerate(corpora)
    ]


def judge_timing(songs: Sequence[NDArray[np.void]]) -> Timing:
    """Guess how a corpus is timed from how its notes coincide, its velocities and its drums.

    Machines strike chords at exactly one time, people never do. Scores know few velocities and
    seldom a drum kit.
    """
    if np.median([_share_together(song) for song in songs]) < 0.5:
        return Timing.PERFORMED
    if np.mean([bool(song["is_drum"].any()) for song in songs]) > 0.5:
        return Timing.SEQUENCED
    few = np.median([_velocities_per_stem(song) for song in songs]) <= 20
    return Timing.SCORE if few else Timing.SEQUENCED


def _share_together(song: NDArray[np.void]) -> float:
    """Of the notes within 30 ms of the note before, the share that begin exactly with it."""
    steps = np.diff(song["onset"])
    near = steps < 0.03
    return float((steps[near] < 1e-4).mean()) if near.any() else 0.0


def _velocities_per_stem(song: NDArray[np.void]) -> float:
    """The number of velocities that the median stem uses."""
    stems = np.unique(song["stem"])
    return float(np.median([len(np.unique(song["velocity"][song["stem"] == s])) for s in stems]))


def _save(
    out: Path,
    songs: Sequence[NDArray[np.void]],
    corpus_of: Sequence[int],
    is_test: Sequence[bool],
    names: Sequence[str],
    corpora: Sequence[str],
    timings: Sequence[Timing],
) -> None:
    with atomic_path(out / NOTES_FILE) as temporary:
        np.save(temporary, np.concatenate(songs))
    with atomic_path(out / INDEX_FILE) as temporary:
        np.savez(
            temporary,
            format=np.array(FORMAT),
            bounds=np.cumsum([0, *(len(song) for song in songs)]),
            names=np.array(names, dtype=np.str_),
            corpora=np.array(corpora, dtype=np.str_),
            timing=np.array([int(t) for t in timings]),
            corpus=np.array(corpus_of, np.int32),
            is_test=np.array(is_test, np.bool_),
            duration=np.array([song["offset"].max() for song in songs], np.float32),
        )
