"""Slakh2100 (arXiv 1909.08494): 2100 songs rendered from MIDI, with stems.

On disk: ``{train,validation,test}/TrackNNNNN`` with ``metadata.yaml``, ``mix.flac``,
``stems/SNN.flac`` and ``MIDI/SNN.mid``. MT3 used the splits by number that the corpus was first
published with; the later "redux" keeps repeated songs apart in ``omitted``, and they are put back.

MT3 knows instruments by 34 classes, each with one program that stands for it (its table 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import yaml

from scorelane.data.datasets.track import DataSet, ReadNotes, Track
from scorelane.data.midi_files import read_midi
from scorelane.errors import NotesError
from scorelane.notes import Note

SUBSETS, LEAST_STEMS = 10, 4
_SPLITS = {
    "train": range(1, 1501),
    "validation": range(1501, 1876),
    "test": range(1876, 2101),
}
_OMITTED = "omitted"
_LARGEST_METADATA = 1 << 20

# First program of each run of programs that MT3 takes for one class, and what stands for it.
_CLASSES = (
    *((0, 0), (2, 4), (3, 0), (4, 4), (6, 0), (8, 8), (16, 16), (24, 24), (26, 26), (29, 29)),
    *((32, 32), (33, 33), (35, 32), (36, 33), (40, 40), (41, 41), (42, 42), (43, 43), (44, 48)),
    *((46, 46), (47, 47), (48, 48), (50, 50), (52, 52), (55, 55), (56, 56), (57, 57), (58, 58)),
    *((59, 56), (60, 60), (61, 61), (64, 64), (66, 66), (67, 67), (68, 68), (69, 69), (70, 70)),
    *((71, 71), (72, 73), (80, 80), (88, 88)),
)
_FIRST_OUTSIDE = 96

# Cerberus4: one stem each of Slakh's classes, and the programs that MT3 gives them.
_CERBERUS = {"Bass": 32, "Drums": 0, "Guitar": 24, "Piano": 0}


@dataclass(frozen=True)
class Stem:
    """One instrument of a song; ``family`` is Slakh's own class, such as "Guitar"."""

    name: str
    audio: Path
    midi: Path
    program: int
    is_drum: bool
    family: str

    def notes(self, program: int) -> list[Note]:
        """Its notes, as ``program`` or as drums."""
        played = read_midi(self.midi)
        program = 0 if self.is_drum else program
        return [replace(note, program=program, is_drum=self.is_drum) for note in played]


def class_program(program: int) -> int:
    """The program that stands for MT3's class of ``program`` (0-127); from 96 on itself."""
    if program >= _FIRST_OUTSIDE:
        return program
    return max(pair for pair in _CLASSES if pair[0] <= program)[1]


def songs(root: Path, split: str) -> list[Path]:
    """The songs' folders of ``split``, by number."""
    numbers = _SPLITS[split]
    folders = [*(root / split).glob("Track*"), *(root / _OMITTED).glob("Track*")]
    inside = [f for f in folders if (f / "metadata.yaml").is_file() and _number(f) in numbers]
    return sorted(inside, key=lambda folder: folder.name)


def stems(song: Path) -> list[Stem]:
    """The stems of a song that have both sound and notes. Raises :class:`NotesError`."""
    path = song / "metadata.yaml"
    try:
        with path.open(encoding="utf-8") as file:
            described = yaml.safe_load(file.read(_LARGEST_METADATA))["stems"]
        found = [
            Stem(
                name=name,
                audio=song / "stems" / f"{name}.flac",
                midi=song / "MIDI" / f"{name}.mid",
                program=min(max(int(stem["program_num"]), 0), 127),
                is_drum=bool(stem["is_drum"]),
                family=str(stem["inst_class"]),
            )
            for name, stem in sorted(described.items())
            if str(name).isalnum()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise NotesError(f"{path} cannot be understood: {error!r}") from error
    return [stem for stem in found if stem.audio.is_file() and stem.midi.is_file()]


def _number(folder: Path) -> int:
    digits = folder.name.removeprefix("Track")
    return int(digits) if digits.isdecimal() else 0


def _read(chosen: Iterable[Stem]) -> ReadNotes:
    kept = list(chosen)
    return lambda: [note for stem in kept for note in stem.notes(class_program(stem.program))]


def _find_slakh(root: Path, split: str) -> list[Track]:
    """Whole songs."""
    tracks = []
    for song in songs(root, split):
        if (song / "mix.flac").is_file():
            name = f"slakh2100_{song.name}"
            tracks.append(Track(name, (song / "mix.flac",), _read_later(song)))
    return tracks


def _read_later(song: Path) -> ReadNotes:
    return lambda: _read(stems(song))()


def _find_subsets(root: Path) -> list[Track]:
    """For every song ten random subsets of at least four stems, as MT3 trained on."""
    tracks = []
    for song in songs(root, "train"):
        rng = np.random.default_rng(_number(song))  # the same subsets in every process
        every = stems(song)
        for index in range(SUBSETS):
            least = min(LEAST_STEMS, len(every))
            size = int(rng.integers(least, len(every) + 1))
            chosen = [every[i] for i in sorted(rng.permutation(len(every))[:size])]
            if chosen:
                audio = tuple(stem.audio for stem in chosen)
                tracks.append(Track(f"slakh2100_{song.name}_{index}", audio, _read(chosen)))
    return tracks


def _find_cerberus(root: Path, split: str) -> list[Track]:
    """Every combination of one bass, one drum kit, one guitar and one piano of a song."""
    return [track for song in songs(root, split) for track in _quartets(song)]


def _quartets(song: Path) -> Iterator[Track]:
    every = stems(song)
    players = [[stem for stem in every if stem.family == family] for family in _CERBERUS]
    for chosen in product(*players):
        name = "-".join(stem.name for stem in chosen)
        audio = tuple(stem.audio for stem in chosen)
        yield Track(f"cerberus4_{song.name}_{name}", audio, _read_quartet(chosen))


def _read_quartet(chosen: tuple[Stem, ...]) -> ReadNotes:
    return lambda: [note for stem in chosen for note in stem.notes(_CERBERUS[stem.family])]


def _is_here(root: Path) -> bool:
    found = (path for split in _SPLITS for path in (root / split).glob("Track*/metadata.yaml"))
    return next(found, None) is not None


SLAKH2100 = DataSet(
    name="slakh2100",
    hours=968.5,
    splits=tuple(_SPLITS),
    evaluated="test",
    is_here=_is_here,
    find=_find_slakh,
    find_training=_find_subsets,
)

CERBERUS4 = DataSet(
    name="cerberus4",
    hours=542.6,
    splits=tuple(_SPLITS),
    evaluated="test",
    is_here=_is_here,
    find=_find_cerberus,
    find_training=lambda root: _find_cerberus(root, "train"),
)
