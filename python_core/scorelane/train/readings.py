"""Train the third network of ``scorelane.score.barlines``: on bars of readings, right and wrong.

    python -m scorelane.train.readings FOLDER=SHARE... --out readings.npz ...

``pulse_scores`` says how scores are named. It learns what ``found_beats`` does, from the same, but
is told how a reading groups the beats in bars; of beats that no search found, bars are made up.
"""

from __future__ import annotations

import numpy as np

from scorelane.score.beat_features import COUNTS, READING_FEATURES, reading_features
from scorelane.score.grid import Metre
from scorelane.train.convolutions import Example, Network
from scorelane.train.found_beats import BEATS, Bars, Found, begin_bars, learn, targets_of

_UNTOLD, _UNTOLD_PLAYED = 0.15, 0.4  # how often no bars are told, of readings and of others
_FITTING, _IN_THREE = 0.5, 0.3  # how often made-up bars are as right as can be, beats in three


class ReadingNetwork(Network):
    """``[batch, beats, READING_FEATURES]`` to log odds ``[batch, beats, 2]``: bars, right beats."""

    def __init__(self) -> None:
        super().__init__(READING_FEATURES, 2, channels=96, width=3, blocks=6, dropout=0.2)


def example(one: Found, rng: np.random.Generator) -> Example:
    """Features ``[BEATS, READING_FEATURES]``, targets as ``found_beats.targets_of`` has them."""
    told = None
    if rng.random() >= (_UNTOLD if one.bars else _UNTOLD_PLAYED):
        told = one.bars or _made_up(one, rng)
    metre, pickup = told or (None, 0)
    features = np.zeros((BEATS, READING_FEATURES), np.float32)
    features[: len(one.beats) - 1] = reading_features(one.columns, one.beats, metre, pickup)
    return features, targets_of(one)


def _made_up(one: Found, rng: np.random.Generator) -> Bars:
    """Bars of any length, begun at any beat or where most are right."""
    count = int(rng.choice(COUNTS))
    metre = Metre(3 * count, 8) if rng.random() < _IN_THREE else Metre(count, 4)
    pickup = int(rng.integers(count))
    if rng.random() < _FITTING:
        begins = begin_bars(one)
        pickup = int(np.argmax([begins[first::count].sum() for first in range(count)]))
    return metre, pickup


def main(arguments: list[str] | None = None) -> None:
    """Read the scores, train, write."""
    learn(ReadingNetwork(), example, 12000, str(__doc__), arguments)


if __name__ == "__main__":
    main()
