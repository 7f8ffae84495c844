"""MusicNet (arXiv 1611.09827) with the labels of MusicNet-EM (arXiv 2204.13668).

On disk: recordings ``{train_data,test_data}/ID.wav``, and in ``musicnet_em`` one MIDI file for
each, whose programs are the instruments. MT3's validation and test pieces are named by number.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from scorelane.data.datasets.track import DataSet, Track
from scorelane.data.midi_files import read_midi

LABELS = "musicnet_em"
_RECORDINGS = ("train_data", "test_data")
_HELD_OUT = {
    "validation": frozenset(
        (1733, 1765, 1790, 1818, 2160, 2198, 2289, 2300, 2308, 2315, 2336, 2466, 2477, 2504, 2611)
    ),
    "test": frozenset(
        (1729, 1776, 1813, 1893, 2118, 2186, 2296, 2431, 2432, 2487, 2497, 2501, 2507, 2537, 2621)
    ),
}


def _find(root: Path, split: str) -> list[Track]:
    tracks = []
    for midi in (root / LABELS).rglob("*.mid"):
        recordings = (root / folder / f"{midi.stem}.wav" for folder in _RECORDINGS)
        audio = next((path for path in recordings if path.is_file()), None)
        if audio is not None and midi.stem.isdecimal() and _split(int(midi.stem)) == split:
            tracks.append(Track(f"musicnet_{midi.stem}", (audio,), partial(read_midi, midi)))
    return tracks


def _split(number: int) -> str:
    return next((name for name, numbers in _HELD_OUT.items() if number in numbers), "train")


MUSICNET = DataSet(
    name="musicnet",
    hours=34.0,
    splits=("train", "validation", "test"),
    evaluated="test",
    is_here=lambda root: (root / LABELS).is_dir(),
    find=_find,
    find_training=lambda root: _find(root, "train"),
)
