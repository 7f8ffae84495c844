"""Training examples drawn from recordings, mixed as MT3 mixed its corpora."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from scorelane.data.datasets.registry import odds, recognised
from scorelane.data.datasets.sound import seconds, window
from scorelane.data.datasets.track import DataSet, Track
from scorelane.data.targets import PHASES, Example, make_example
from scorelane.errors import UsageError
from scorelane.model.config import ModelConfig
from scorelane.notes import Note

_TRACKS_KEPT = 256  # notes of the tracks drawn last; reading MIDI takes longer than sound


class Recordings:
    """Draws examples; call it with a random generator.

    A corpus is drawn with MT3's odds, then one of its tracks, then a place in it.
    """

    def __init__(self, corpora: Sequence[tuple[DataSet, list[Track]]], config: ModelConfig) -> None:
        self._names = [dataset.name for dataset, _ in corpora]
        self._tracks = [tracks for _, tracks in corpora]
        self._odds = odds(dataset for dataset, _ in corpora)
        self._config = config
        self._window = config.window_samples / config.sample_rate
        self._context = config.context_samples / config.sample_rate
        self._notes = lru_cache(_TRACKS_KEPT)(self._written)

    def shares(self) -> list[tuple[str, int, float]]:
        """Each corpus's name, how many tracks it has, and how often it is drawn from (0-1)."""
        counts = map(len, self._tracks)
        return list(zip(self._names, counts, self._odds, strict=True))

    def __call__(self, rng: np.random.Generator) -> Example:
        """Draw one example."""
        corpus = int(rng.choice(len(self._tracks), p=self._odds))
        index = int(rng.integers(len(self._tracks[corpus])))
        recordings = self._tracks[corpus][index].recordings
        latest = max(0.0, seconds(recordings) - self._config.segment_seconds)
        start = float(rng.uniform(0.0, latest)) - self._context
        audio = window(recordings, start, self._config.window_samples, self._config.sample_rate)
        heard = [
            replace(note, onset=note.onset - start, offset=note.offset - start)
            for note in self._notes(corpus, index)
            if note.offset > start and note.onset < start + self._window
        ]
        return make_example(audio, heard, self._config, int(rng.integers(PHASES)))

    def _written(self, corpus: int, index: int) -> list[Note]:
        """A track's notes under the programs that the model writes; others are left out."""
        written = self._config.program_map or range(128)
        return [
            note if note.is_drum else replace(note, program=written[note.program])
            for note in self._tracks[corpus][index].notes()
            if note.is_drum or written[note.program] >= 0
        ]


def open_recordings(folders: Sequence[Path], config: ModelConfig) -> Recordings:
    """Examples from the training splits of the corpora in ``folders``.

    Slakh2100 is drawn from twice: as it is, and as Cerberus4. Raises :class:`UsageError` when a
    folder holds no known corpus, or nothing to train on.
    """
    corpora = []
    for folder in folders:
        found = recognised(folder)
        pairs = [(dataset, dataset.training_tracks(folder)) for dataset in found]
        pairs = [(dataset, tracks) for dataset, tracks in pairs if tracks]
        if not pairs:
            raise UsageError(
                f"{folder} holds nothing to train on: neither MAESTRO v3, Slakh2100, GuitarSet, "
                "MusicNet-EM nor URMP."
            )
        corpora += pairs
    return Recordings(corpora, config)
