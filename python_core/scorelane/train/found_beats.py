"""Train the second network of ``scorelane.score.barlines``: on beats as a search finds them.

    python -m scorelane.train.found_beats FOLDER=SHARE... --out found_beats.npz ...

``pulse_scores`` says how scores are named. It learns where bars begin and whether beats are those
of the score: of readings that the search found in performances, right and wrong, and of the
beats of the score at every level, some of them lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.notes import Note
from scorelane.score.barlines import FEATURES, beat_features
from scorelane.score.beats import find_readings
from scorelane.score.doubt import Reading
from scorelane.score.ornaments import without_ornaments
from scorelane.score.pulse import note_columns
from scorelane.train.convolutions import Example, Network
from scorelane.train.pulse_data import Piece
from scorelane.train.pulse_play import Heard, as_transcribed, perform
from scorelane.train.pulse_scores import teach

BEATS = 128
BATCH = 16
_SECONDS, _SEARCHED = (24.0, 90.0), (20.0, 60.0)
_FOUND = 0.45  # how often the beats are those of a search
_SEARCHES, _ANEW = 2000, 0.03  # that are kept, and how often another one is made until then
_TRANSCRIBED = 0.3  # how often notes are missed and made up
_TRANSPOSED, _SEMITONES = 0.7, 5  # how often what was searched is transposed, and by how much
# Beats for so many of the score's, and how often.
_LEVELS = (
    *((1, 1, 0.4), (2, 1, 0.12), (1, 2, 0.12), (3, 2, 0.08), (2, 3, 0.08)),
    *((3, 1, 0.05), (1, 3, 0.05), (4, 3, 0.04), (3, 4, 0.06)),
)
_BETWEEN, _LOST = 0.06, 0.15  # how often beats lie between, and half of one is lost on the way
_FEWEST = 6  # beats
_CLOSEST = 0.08  # seconds from one to the next
_JITTER = 0.03  # of a beat: most that the beats are off, in standard deviations
_NEAR = 0.2  # of a beat: what is that near to a beat or a bar is it
_UNLIKELY = 0.4  # part of the readings that are drawn whatever they are worth
_TEMPER = 0.3  # part of the mean worth by which others are e times as likely


class FoundNetwork(Network):
    """Features ``[batch, beats, FEATURES]`` to log odds ``[batch, beats, 2]``: bars, right."""

    def __init__(self) -> None:
        super().__init__(FEATURES, 2, channels=96, width=3, blocks=6, dropout=0.2)


@dataclass(frozen=True)
class Search:
    """A performance, and what a search for its beats finds."""

    heard: Heard
    readings: list[Reading]


class Searches:
    """Examples of beats that were found, of which many are kept, and of the scores' own."""

    def __init__(self) -> None:
        self.kept: list[Search] = []

    def __call__(self, piece: Piece, rng: np.random.Generator) -> Example:
        """Another example, now and then of ``piece``."""
        if rng.random() >= _FOUND:
            return played(piece, rng)
        if not self.kept or (len(self.kept) < _SEARCHES and rng.random() < _ANEW):
            self.kept.append(search(piece, rng))
        return found(self.kept[int(rng.integers(len(self.kept)))], rng)


def search(piece: Piece, rng: np.random.Generator) -> Search:
    """Play ``piece`` and look for its beats."""
    heard = perform(piece, rng, rng.uniform(*_SEARCHED))
    columns = _perhaps_transcribed(heard.columns, rng)
    notes = sorted(
        Note(onset, onset + length, int(np.clip(pitch, 0, 127)), 0, drum > 0.5)
        for onset, length, pitch, drum in columns.tolist()
    )
    pitched = without_ornaments([note for note in notes if not note.is_drum]).notes
    plain = sorted([*pitched, *(note for note in notes if note.is_drum)])
    return Search(Heard(note_columns(plain), heard.beats, heard.bars), find_readings(plain))


def found(one: Search, rng: np.random.Generator) -> Example:
    """One of its readings, the likely ones more often."""
    worths = np.array([reading.worth for reading in one.readings])
    likely = np.exp((worths - worths.max()) / (_TEMPER * np.abs(worths).mean() + 1.0))
    chances = (1 - _UNLIKELY) * likely / likely.sum() + _UNLIKELY / len(worths)
    columns = _perhaps_transcribed(one.heard.columns, rng).copy()
    if rng.random() < _TRANSPOSED:
        steps = int(rng.integers(-_SEMITONES, _SEMITONES + 1))
        columns[:, 2] = np.clip(columns[:, 2] + steps * (columns[:, 3] < 0.5), 0, 127)
    reading = one.readings[int(rng.choice(len(worths), p=chances))]
    return example(columns, reading.chain.times, one.heard)


def played(piece: Piece, rng: np.random.Generator) -> Example:
    """A performance at its own beats or at others that go with them."""
    heard = perform(piece, rng, rng.uniform(*_SECONDS))
    first, last = heard.columns[:, 0].min(), heard.columns[:, 0].max()
    own = heard.beats[(heard.beats >= first - 1.0) & (heard.beats <= last + 1.0)]
    beats = _other_beats(own, rng)
    spread = rng.uniform(0.0, _JITTER) * np.diff(beats).min()
    beats = beats + spread * np.clip(rng.standard_normal(len(beats)), -3, 3)
    begin = int(rng.integers(0, max(1, len(beats) - BEATS)))
    return example(_perhaps_transcribed(heard.columns, rng), beats[begin:], heard)


def _other_beats(own: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Beats at some level of the ``own``, on them or between, some with half of one lost."""
    many, of, _ = _LEVELS[int(rng.choice(len(_LEVELS), p=[often for _, _, often in _LEVELS]))]
    step = of / many
    place = np.arange(int(rng.integers(0, of)) / many, len(own) - 1, step)
    if rng.random() < _BETWEEN:
        place = place[:-1] + step / 2
    if rng.random() < _LOST and len(place) > 3 * _FEWEST:
        lost = int(rng.integers(_FEWEST, len(place) - _FEWEST))
        place[lost:] += step / 2 * rng.choice((-1, 1))
    beats = np.interp(place, np.arange(len(own)), own)
    beats = beats[np.diff(beats, prepend=-np.inf) > _CLOSEST]
    return beats if len(beats) >= _FEWEST else own


def _perhaps_transcribed(
    columns: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    return as_transcribed(columns, rng) if rng.random() < _TRANSCRIBED else columns


def example(columns: NDArray[np.float64], beats: NDArray[np.float64], heard: Heard) -> Example:
    """Features ``[BEATS, FEATURES]``, targets ``[BEATS, 3]``: bars, right beats, what counts."""
    beats = beats[: BEATS + 1]
    count = len(beats) - 1
    away = np.abs(heard.bars[:, None] - beats[None, :-1]).min(axis=0)
    features = np.zeros((BEATS, FEATURES), np.float32)
    targets = np.zeros((BEATS, 3), np.float32)
    features[:count] = beat_features(columns, beats)
    targets[:count, 0] = away < _NEAR * np.diff(beats)
    targets[:count, 1] = _are_right(beats, heard.beats)
    targets[:count, 2] = 1.0
    return features, targets


def _are_right(beats: NDArray[np.float64], true: NDArray[np.float64]) -> NDArray[np.bool_]:
    """``[n - 1]``: whether each beat is one of ``true``, from its beginning to its end."""
    nearest = np.searchsorted((true[1:] + true[:-1]) / 2, beats)
    length = np.diff(beats)
    away = np.abs(true[nearest] - beats)
    on = (away[:-1] < _NEAR * length) & (away[1:] < _NEAR * length)
    result: NDArray[np.bool_] = on & (np.diff(nearest) == 1)
    return result


def losses_of(network: nn.Module, features: Tensor, targets: Tensor) -> Tensor:
    """Mean losses of bars and of right beats, ``[2]``."""
    each = F.binary_cross_entropy_with_logits(network(features), targets[..., :2], reduction="none")
    counts = targets[..., 2:]
    return (each * counts).sum(dim=(0, 1)) / counts.sum().clamp(min=1.0)


def main(arguments: list[str] | None = None) -> None:
    """Read the scores, train, write."""
    torch.manual_seed(0)
    teach(
        FoundNetwork(),
        Searches(),
        losses_of,
        judge_by=played,
        weights=(1.0, 1.0),
        batch=BATCH,
        steps=9500,
        description=str(__doc__).split("\n")[0],
        arguments=arguments,
    )


if __name__ == "__main__":
    main()
