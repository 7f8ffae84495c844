"""The synthetic test split: songs played by a full synthesiser, cut to clips.

    scorelane data testset SONGS --out FOLDER

Clips are drawn from the songs that a song set holds out of training, or, to calibrate a model,
from those that it trains on. Corpora share them by
hours ** 0.3, as MT3 mixes its data, and soundfonts take turns. The clips have the layout that
``scorelane evaluate`` reads, and the same arguments give the same clips.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from rich.progress import track

from scorelane.data.humanise import humanise
from scorelane.data.midi_files import notes_of
from scorelane.data.render import (
    SAMPLE_RATE,
    close_repeats,
    render,
)
from scorelane.data.songs import SongSet, Timing
from scorelane.errors import UsageError
from scorelane.files import atomic_path
from scorelane.notes import Note, total_duration, write_csv

MIXING_EXPONENT = 0.3
RECIPE = "testset.json"
# Programs 120-127 are noises (sea, applause, gunshot): no pitch to be found, by anyone.
_FIRST_NOISE = 120
_DRUM_KITS = (0, 8, 16, 24, 32)
_LEAST_NOTES = 10
_WINDOW_TRIES = 20
_LOUDEST_DB, _SOFTEST_DB = -1.0, -14.0


@dataclass(frozen=True, slots=True)
class ClipRecipe:
    """Where one clip came from: song, first second, soundfont, drum kit, peak in dB."""

    name: str
    song: str
    start: float
    soundfont: str
    drum_kit: int
    peak_db: float
    notes: int


def build_testset(
    songs: SongSet,
    soundfonts: Sequence[Path],
    out: Path,
    *,
    split: str = "test",
    clips: int = 60,
    seconds: float = 20.0,
    seed: int = 0,
) -> list[ClipRecipe]:
    """Write ``clips`` clip folders of ``seconds`` each below ``out``, and ``testset.json``.

    A clip folder ``<corpus>_<number>_<song>`` holds ``audio.flac`` (stereo, 44.1 kHz, 16 bits)
    and ``notes.csv``: the notes that begin inside the clip, as the synthesiser was told to play
    them, cut at the clip's end. Songs that no human played are humanised first.

    Raises:
        UsageError: ``out`` holds something already, or the song set holds nothing out.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; choose a new folder for the test set.")
    chosen = [
        (corpus, number, song)
        for corpus, count in _share_clips(songs, split, clips).items()
        for number, song in enumerate(_spread(songs, split, corpus, count, seconds))
    ]
    recipes = []
    for i, (corpus, number, song) in enumerate(track(chosen, "Rendering clips")):
        group = songs.corpora[corpus].replace("_", "-")  # a group's name ends at the first _
        title = re.sub(r"[^A-Za-z0-9.-]+", "-", songs.names[song])[:40]
        name = f"{group}_{number:02d}_{title}"
        rng = np.random.default_rng(list(hashlib.sha256(f"{seed} {name}".encode()).digest()))
        soundfont = soundfonts[i % len(soundfonts)]
        recipes.append(_write_clip(out / name, songs, song, soundfont, seconds, rng))
    with atomic_path(out / RECIPE) as path:
        path.write_text(json.dumps([asdict(recipe) for recipe in recipes], indent=1) + "\n")
    return recipes


def _share_clips(songs: SongSet, split: str, clips: int) -> dict[int, int]:
    """Clips for each corpus with such songs: in proportion to hours ** 0.3, one at least."""
    held = songs.split(split)
    if not len(held):
        raise UsageError(f"{songs.folder} holds out no song; a corpus needs at least ten files.")
    weights = {
        int(corpus): float(songs.duration[held[songs.corpus[held] == corpus]].sum())
        ** MIXING_EXPONENT
        for corpus in np.unique(songs.corpus[held])
    }
    total = sum(weights.values())
    ideal = {corpus: clips * weight / total for corpus, weight in weights.items()}
    counts = {corpus: max(1, math.floor(share)) for corpus, share in ideal.items()}
    by_remainder = sorted(ideal, key=lambda corpus: counts[corpus] - ideal[corpus])
    for corpus in by_remainder[: max(0, clips - sum(counts.values()))]:
        counts[corpus] += 1
    return counts


def _spread(songs: SongSet, split: str, corpus: int, count: int, seconds: float) -> list[int]:
    """``count`` songs of the split evenly spaced over a corpus, of those that fill a clip."""
    held = [int(song) for song in songs.split(split) if songs.corpus[song] == corpus]
    long = [song for song in held if songs.duration[song] >= seconds] or held
    return [long[(2 * i + 1) * len(long) // (2 * count)] for i in range(count)]


def _write_clip(
    folder: Path,
    songs: SongSet,
    song: int,
    soundfont: Path,
    seconds: float,
    rng: np.random.Generator,
) -> ClipRecipe:
    start, notes = perform(songs, song, seconds, rng)
    kit = int(rng.choice(_DRUM_KITS))
    peak_db = float(rng.uniform(_SOFTEST_DB, _LOUDEST_DB))
    audio = render(notes, soundfont, seconds=seconds, drum_kit=kit)
    audio *= np.float32(10 ** (peak_db / 20) / max(float(np.abs(audio).max()), 1e-9))
    folder.mkdir(parents=True)
    write_csv(notes, folder / "notes.csv")
    with atomic_path(folder / "audio.flac") as path:
        soundfile.write(path, audio.T, SAMPLE_RATE, subtype="PCM_16")
    return ClipRecipe(
        name=folder.name,
        song=songs.names[song],
        start=round(start, 3),
        soundfont=soundfont.name,
        drum_kit=kit,
        peak_db=round(peak_db, 1),
        notes=len(notes),
    )


def perform(
    songs: SongSet, song: int, seconds: float, rng: np.random.Generator
) -> tuple[float, list[Note]]:
    """A stretch of a song as people might play it: its first second in the song, and its notes.

    A song that no human played is humanised first.
    """
    columns = songs.notes(song)
    timing = songs.song_timing(song)
    if timing is not Timing.PERFORMED:
        columns = humanise(columns, rng, timing)
    return _window(close_repeats(_as_notes(columns)), seconds, rng)


def _as_notes(columns: npt.NDArray[np.void]) -> list[Note]:
    return notes_of(columns[columns["is_drum"] | (columns["program"] < _FIRST_NOISE)])


def _window(
    notes: list[Note], seconds: float, rng: np.random.Generator
) -> tuple[float, list[Note]]:
    """A stretch with enough notes, if the song has one: its start and its notes."""
    latest = max(0.0, total_duration(notes) - seconds)
    best: tuple[float, list[Note]] = (0.0, [])
    for _ in range(_WINDOW_TRIES):
        start = float(rng.uniform(0.0, latest))
        inside = [
            replace(n, onset=n.onset - start, offset=min(n.offset - start, seconds))
            for n in notes
            if start <= n.onset < start + seconds
        ]
        if len(inside) > len(best[1]):
            best = (start, inside)
        if len(best[1]) >= _LEAST_NOTES:
            break
    return best
