"""Drawing what is played in a training example: a few seconds of music, as parts of notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.data.humanise import humanise
from scorelane.data.songs import SongSet

MARGIN_SECONDS, MARGIN_SHARE = 2.0, 1.5625
"""How far around a window a song is looked at, in seconds and in windows: players may hurry."""

CORPUS_EXPONENT = 0.3
"""Corpora are drawn by their share of hours to this power, as MT3 draws its data sets."""

SOLO, FEW = 0.4, 0.35
GUEST_DRUMS, GUEST_SONG = 0.3, 0.15
DRUMMERS_ASKED = 4
"""Songs that are looked into for guest drums before there are none."""


@dataclass
class Part:
    """The notes of one instrument; ``notes`` count their seconds from the window's start."""

    notes: NDArray[np.void]
    program: int
    is_drum: bool


class ExcerptDrawer:
    """Draws excerpts of ``window_s`` seconds from one split of a song set."""

    def __init__(self, songs: SongSet, split: str, window_s: float) -> None:
        self._songs = songs
        self._window = window_s
        self._margin = MARGIN_SECONDS + MARGIN_SHARE * window_s
        members = songs.split(split)
        corpora = [members[songs.corpus[members] == c] for c in range(len(songs.corpora))]
        self._corpora = [corpus for corpus in corpora if len(corpus)]
        hours = np.array([songs.duration[corpus].sum() for corpus in self._corpora])
        self._odds = hours**CORPUS_EXPONENT / (hours**CORPUS_EXPONENT).sum()

    def draw(self, rng: np.random.Generator) -> list[Part]:
        """The parts of one excerpt: one, a few or all of a song's, sometimes with guests."""
        parts = self._song_parts(rng)
        choice = rng.random()
        if choice < SOLO:
            parts = _some(rng, parts, 1)
        elif choice < SOLO + FEW:
            parts = _some(rng, parts, int(rng.integers(2, 5)))
        if choice >= SOLO and rng.random() < GUEST_SONG:
            guests = [part for part in self._song_parts(rng) if not part.is_drum]
            parts = parts + _some(rng, guests, int(rng.integers(1, 3)))
        if choice >= SOLO and rng.random() < GUEST_DRUMS:
            parts = [part for part in parts if not part.is_drum] + self._drums(rng)
        return parts

    def _drums(self, rng: np.random.Generator) -> list[Part]:
        for _ in range(DRUMMERS_ASKED):
            drums = [part for part in self._song_parts(rng) if part.is_drum]
            if drums:
                return _some(rng, drums, 1)
        return []

    def _song_parts(self, rng: np.random.Generator) -> list[Part]:
        corpus = self._corpora[int(rng.choice(len(self._corpora), p=self._odds))]
        song = int(rng.choice(corpus))
        notes = self._songs.notes(song)
        at = float(rng.choice(notes["onset"]))
        near = notes[(notes["offset"] > at - self._margin) & (notes["onset"] < at + self._margin)]
        chosen = int(np.argmin(np.abs(near["onset"] - at)))
        # Humanising sorts and moves notes: mark the chosen one by where it comes to lie.
        played = humanise(near, rng, self._songs.song_timing(song))
        centre = float(played["onset"][min(chosen, len(played) - 1)])
        begin = centre - rng.uniform(0.0, self._window)
        heard = (played["offset"] > begin) & (played["onset"] < begin + self._window)
        played = played[heard]
        played["onset"] -= begin
        played["offset"] -= begin
        return _by_stem(played)


def _by_stem(notes: NDArray[np.void]) -> list[Part]:
    parts = []
    for stem in np.unique(notes["stem"]):
        own = notes[notes["stem"] == stem]
        parts.append(Part(own, int(own["program"][0]), bool(own["is_drum"][0])))
    return parts


def _some(rng: np.random.Generator, parts: list[Part], count: int) -> list[Part]:
    order = rng.permutation(len(parts))[:count]
    return [parts[i] for i in order]
