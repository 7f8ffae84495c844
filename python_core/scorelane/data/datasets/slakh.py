"""Slakh2100 (arXiv 1909.08494): 2100 songs rendered from MIDI, with stems; read by mirdata.

On disk: ``{train,validation,test}/TrackNNNNN`` with ``metadata.yaml``, ``mix.flac``,
``stems/SNN.flac`` and ``MIDI/SNN.mid``. MT3 used the splits by number that the corpus was first
published with; the later "redux" keeps repeated songs apart in ``omitted``, and they are put back.

MT3 knows instruments by 34 classes, each with one program that stands for it (its table 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from scorelane.data.datasets.loaders import files, loader, understood
from scorelane.data.datasets.track import DataSet, ReadNotes, Track
from scorelane.data.midi_files import read_midi
from scorelane.notes import Note

SUBSETS, LEAST_STEMS = 10, 4
_SPLITS = {
    "train": range(1, 1501),
    "validation": range(1501, 1876),
    "test": range(1876, 2101),
}
_OMITTED = "omitted"
_METADATA = "metadata.yaml"

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


def class_program(program: int) -> int:
    """The program that stands for MT3's class of ``program`` (0-127); from 96 on itself."""
    if program >= _FIRST_OUTSIDE:
        return program
    return max(pair for pair in _CLASSES if pair[0] <= program)[1]


def songs(root: Path, split: str) -> list[Path]:
    """The songs' folders of ``split``, by number."""
    numbers = _SPLITS[split]
    folders = [*(root / split).glob("Track*"), *(root / _OMITTED).glob("Track*")]
    inside = [f for f in folders if (f / _METADATA).is_file() and _number(f) in numbers]
    return sorted(inside, key=lambda folder: folder.name)


def stems(song: Path) -> list[Any]:
    """mirdata's tracks of the stems that have both sound and notes. Raises :class:`NotesError`."""
    index: dict[str, Any] = {"version": "2100", "tracks": {}}
    for audio in sorted(song.glob("stems/*.flac")):
        midi = song / "MIDI" / f"{audio.stem}.mid"
        if audio.stem.isalnum() and midi.is_file():
            paths = {"audio": f"stems/{audio.name}", "midi": f"MIDI/{midi.name}"}
            index["tracks"][f"{song.name}-{audio.stem}"] = files(paths | {"metadata": _METADATA})
    read = loader("slakh").Track
    found = [read(name, str(song.absolute()), "slakh", index, None) for name in index["tracks"]]
    with understood(song / _METADATA):
        described = yaml.safe_load((song / _METADATA).read_text(encoding="utf-8"))["stems"]
        for stem in found:
            # mirdata would read the file again for every stem, which takes seven times as long.
            stem._track_metadata = described[_short(stem)]
            _program(stem)  # what is damaged is told now, not in the middle of training
    return found


def _number(folder: Path) -> int:
    digits = folder.name.removeprefix("Track")
    return int(digits) if digits.isdecimal() else 0


def _short(stem: Any) -> str:
    return str(stem.track_id).rpartition("-")[2]


def _read(chosen: Iterable[Any]) -> ReadNotes:
    kept = list(chosen)
    return lambda: [note for stem in kept for note in _notes(stem, _program(stem))]


def _program(stem: Any) -> int:
    return class_program(min(max(int(stem.program_number), 0), 127))


def _notes(stem: Any, program: int) -> list[Note]:
    """What ``stem`` plays, as ``program`` or as drums; the pedal lengthens notes."""
    is_drum = bool(stem.is_drum)
    program = 0 if is_drum else program
    return [replace(n, program=program, is_drum=is_drum) for n in read_midi(stem.midi_path)]


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
                audio = tuple(Path(stem.audio_path) for stem in chosen)
                tracks.append(Track(f"slakh2100_{song.name}_{index}", audio, _read(chosen)))
    return tracks


def _find_cerberus(root: Path, split: str) -> list[Track]:
    """Every combination of one bass, one drum kit, one guitar and one piano of a song."""
    return [track for song in songs(root, split) for track in _quartets(song)]


def _quartets(song: Path) -> Iterator[Track]:
    every = stems(song)
    players = [[stem for stem in every if stem.instrument == family] for family in _CERBERUS]
    for chosen in product(*players):
        name = "-".join(map(_short, chosen))
        audio = tuple(Path(stem.audio_path) for stem in chosen)
        yield Track(f"cerberus4_{song.name}_{name}", audio, _read_quartet(chosen))


def _read_quartet(chosen: tuple[Any, ...]) -> ReadNotes:
    return lambda: [note for stem in chosen for note in _notes(stem, _CERBERUS[stem.instrument])]


def _is_here(root: Path) -> bool:
    found = (path for split in _SPLITS for path in (root / split).glob(f"Track*/{_METADATA}"))
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
