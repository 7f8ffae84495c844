"""Train the second network of ``scorelane.score.barlines``: on beats as a search finds them.

    python -m scorelane.train.found_beats FOLDER=SHARE... --out found_beats.npz ...

``pulse_scores`` says how scores are named. It learns where bars begin and whether beats are those
of the score: of readings that the search found in performances, right and wrong, and of the
beats of the score at every level, some of them lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.notes import Note
from scorelane.score.beat_features import FEATURES, beat_features
from scorelane.score.beats import find_readings
from scorelane.score.doubt import Reading
from scorelane.score.grid import Metre
from scorelane.score.ornaments import without_ornaments
from scorelane.score.pulse import note_columns
from scorelane.train.convolutions import Example, Network
from scorelane.train.pulse_data import Piece
from scorelane.train.pulse_figure import figured
from scorelane.train.pulse_play import Heard, as_transcribed, perform
from scorelane.train.pulse_scores import teach

BEATS = 128
BATCH = 16
_SECONDS, _SEARCHED = (24.0, 90.0), (20.0, 60.0)
_FOUND = 0.5  # how often the beats are those of a search
_SEARCHES, _ANEW = 6000, 0.05  # that are kept, and how often another one is made until then
_FIGURED = 0.4  # how often hands go in figures of piano music
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


Bars = tuple[Metre, int]
"""How beats are grouped: the metre, and beats before the first bar."""


class FoundNetwork(Network):
    """Features ``[batch, beats, FEATURES]`` to log odds ``[batch, beats, 2]``: bars, right."""

    def __init__(self) -> None:
        super().__init__(FEATURES, 2, channels=96, width=3, blocks=6, dropout=0.2)


@dataclass(frozen=True)
class Search:
    """A performance, and what a search for its beats finds."""

    heard: Heard
    readings: list[Reading]


@dataclass(frozen=True)
class Found:
    """Beats to learn from.

    Attributes:
        columns: notes as they are heard, ``[m, 4]``.
        beats: ``[n + 1]`` seconds, no more than ``BEATS + 1``.
        heard: the performance, whose beats and bars are the right ones.
        bars: of the reading that has these beats, where a search found them.
    """

    columns: NDArray[np.float64]
    beats: NDArray[np.float64]
    heard: Heard
    bars: Bars | None = None


class Searches:
    """Examples of beats that were found, of which many are kept, and of the scores' own."""

    def __init__(self, example: Callable[[Found, np.random.Generator], Example]) -> None:
        self.kept: list[Search] = []
        self.example = example

    def __call__(self, piece: Piece, rng: np.random.Generator) -> Example:
        """Another example, now and then of ``piece``."""
        if rng.random() >= _FOUND:
            return self.example(played(piece, rng), rng)
        if not self.kept or (len(self.kept) < _SEARCHES and rng.random() < _ANEW):
            self.kept.append(search(piece, rng))
        return self.example(found(self.kept[int(rng.integers(len(self.kept)))], rng), rng)

    def played(self, piece: Piece, rng: np.random.Generator) -> Example:
        """An example of a score's own beats, or others that go with them."""
        return self.example(played(piece, rng), rng)


def search(piece: Piece, rng: np.random.Generator) -> Search:
    """Play ``piece`` and look for its beats."""
    heard = perform(_perhaps_figured(piece, rng), rng, rng.uniform(*_SEARCHED))
    columns = _perhaps_transcribed(heard.columns, rng)
    notes = sorted(
        Note(onset, onset + length, int(np.clip(pitch, 0, 127)), 0, drum > 0.5)
        for onset, length, pitch, drum in columns.tolist()
    )
    pitched = without_ornaments([note for note in notes if not note.is_drum]).notes
    plain = sorted([*pitched, *(note for note in notes if note.is_drum)])
    return Search(Heard(note_columns(plain), heard.beats, heard.bars), find_readings(plain))


def found(one: Search, rng: np.random.Generator) -> Found:
    """One of its readings, the likely ones more often."""
    worths = np.array([reading.worth for reading in one.readings])
    likely = np.exp((worths - worths.max()) / (_TEMPER * np.abs(worths).mean() + 1.0))
    chances = (1 - _UNLIKELY) * likely / likely.sum() + _UNLIKELY / len(worths)
    columns = _perhaps_transcribed(one.heard.columns, rng).copy()
    if rng.random() < _TRANSPOSED:
        steps = int(rng.integers(-_SEMITONES, _SEMITONES + 1))
        columns[:, 2] = np.clip(columns[:, 2] + steps * (columns[:, 3] < 0.5), 0, 127)
    reading = one.readings[int(rng.choice(len(worths), p=chances))]
    bars = reading.choice.metre, reading.chain.pickup
    return Found(columns, reading.chain.times[: BEATS + 1], one.heard, bars)


def played(piece: Piece, rng: np.random.Generator) -> Found:
    """A performance at its own beats or at others that go with them."""
    heard = perform(_perhaps_figured(piece, rng), rng, rng.uniform(*_SECONDS))
    first, last = heard.columns[:, 0].min(), heard.columns[:, 0].max()
    own = heard.beats[(heard.beats >= first - 1.0) & (heard.beats <= last + 1.0)]
    beats = _other_beats(own, rng)
    spread = rng.uniform(0.0, _JITTER) * np.diff(beats).min()
    beats = beats + spread * np.clip(rng.standard_normal(len(beats)), -3, 3)
    begin = int(rng.integers(0, max(1, len(beats) - BEATS)))
    beats = beats[begin : begin + BEATS + 1]
    return Found(_perhaps_transcribed(heard.columns, rng), beats, heard)


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


def _perhaps_figured(piece: Piece, rng: np.random.Generator) -> Piece:
    return figured(piece, rng) if rng.random() < _FIGURED else piece


def _perhaps_transcribed(
    columns: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    return as_transcribed(columns, rng) if rng.random() < _TRANSCRIBED else columns


def example(one: Found, _: np.random.Generator) -> Example:
    """Features ``[BEATS, FEATURES]`` and targets as :func:`targets_of` has them."""
    features = np.zeros((BEATS, FEATURES), np.float32)
    features[: len(one.beats) - 1] = beat_features(one.columns, one.beats)
    return features, targets_of(one)


def targets_of(one: Found) -> NDArray[np.float32]:
    """``[BEATS, 3]``: where bars begin, which beats are right, what counts."""
    count = len(one.beats) - 1
    targets = np.zeros((BEATS, 3), np.float32)
    targets[:count, 0] = begin_bars(one)
    targets[:count, 1] = _are_right(one.beats, one.heard.beats)
    targets[:count, 2] = 1.0
    return targets


def begin_bars(one: Found) -> NDArray[np.bool_]:
    """``[n]``: whether a bar of the score begins with each beat."""
    away = np.abs(one.heard.bars[:, None] - one.beats[None, :-1]).min(axis=0)
    begins: NDArray[np.bool_] = away < _NEAR * np.diff(one.beats)
    return begins


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
    learn(FoundNetwork(), example, 9500, str(__doc__), arguments)


def learn(
    network: Network,
    example: Callable[[Found, np.random.Generator], Example],
    steps: int,
    doc: str,
    arguments: list[str] | None,
) -> None:
    """Train a network over beats that are found on what ``example`` makes of them."""
    torch.manual_seed(0)
    searches = Searches(example)
    teach(
        network,
        searches,
        losses_of,
        judge_by=searches.played,
        weights=(1.0, 1.0),
        batch=BATCH,
        steps=steps,
        description=doc.split("\n")[0],
        arguments=arguments,
    )


if __name__ == "__main__":
    main()
