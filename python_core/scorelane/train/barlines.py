"""Train the network of ``scorelane.score.barlines`` on performed scores.

    python -m scorelane.train.barlines FOLDER=SHARE... --out barlines.npz ...

``pulse_scores`` says how scores are named.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.score.beat_features import FEATURES, beat_features
from scorelane.train.convolutions import Example, Network
from scorelane.train.pulse_data import Piece
from scorelane.train.pulse_play import as_transcribed, perform
from scorelane.train.pulse_scores import teach

BEATS = 128
BATCH = 16
_SECONDS = (36.0, 96.0)
_TRANSCRIBED = 0.3  # how often notes are missed and made up
_TWICE, _HALF = 0.15, 0.15  # how often beats are twice as many, and half as many
_JITTER = 0.03  # of a beat: most that the beats are off, in standard deviations
_SAME = 0.02  # seconds


class BarNetwork(Network):
    """Features ``[batch, beats, FEATURES]`` to log odds ``[batch, beats, 1]`` of bar lines."""

    def __init__(self) -> None:
        super().__init__(FEATURES, 1, channels=64, width=3, blocks=5, dropout=0.25)


def example(piece: Piece, rng: np.random.Generator) -> Example:
    """Features ``[BEATS, FEATURES]`` and targets ``[BEATS, 2]``; the last says what counts.

    Trackers find beats at any level, and a little off.
    """
    heard = perform(piece, rng, rng.uniform(*_SECONDS))
    columns = heard.columns
    if rng.random() < _TRANSCRIBED:
        columns = as_transcribed(columns, rng)
    first, last = heard.columns[:, 0].min(), heard.columns[:, 0].max()
    beats = heard.beats[(heard.beats >= first - 1.0) & (heard.beats <= last + 1.0)]
    beats = _at_some_level(beats, heard.bars, rng)[: BEATS + 1]
    begins = np.array([np.abs(heard.bars - beat).min() < _SAME for beat in beats[:-1]])
    # Jitter that put beats out of order would be of no use.
    spread = rng.uniform(0.0, _JITTER) * np.diff(beats).min()
    beats = beats + spread * np.clip(rng.standard_normal(len(beats)), -3, 3)
    features = np.zeros((BEATS, FEATURES), np.float32)
    targets = np.zeros((BEATS, 2), np.float32)
    features[: len(begins)] = beat_features(columns, beats)
    targets[: len(begins)] = np.stack((begins, np.ones(len(begins))), axis=1)
    return features, targets


def _at_some_level(
    beats: NDArray[np.float64], bars: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """The ``beats``, or at times twice as many, or half as many where bars go on beginning."""
    level = rng.random()
    if level < _TWICE:
        return np.interp(np.arange(2 * len(beats) - 1) / 2, np.arange(len(beats)), beats)
    begins = [number for number, beat in enumerate(beats) if np.abs(bars - beat).min() < _SAME]
    if level < _TWICE + _HALF and len(begins) > 1 and not (np.diff(begins) % 2).any():
        return beats[begins[0] % 2 :: 2]
    return beats


def loss_of(network: nn.Module, features: Tensor, targets: Tensor) -> Tensor:
    """Mean loss of the bar lines, ``[1]``."""
    each = F.binary_cross_entropy_with_logits(
        network(features)[..., 0], targets[..., 0], reduction="none"
    )
    counts = targets[..., 1]
    return (each * counts).sum().reshape(1) / counts.sum().clamp(min=1.0)


def main(arguments: list[str] | None = None) -> None:
    """Read the scores, train, write."""
    torch.manual_seed(0)
    teach(
        BarNetwork(),
        example,
        loss_of,
        weights=(1.0,),
        batch=BATCH,
        steps=6000,
        description=str(__doc__).split("\n")[0],
        arguments=arguments,
    )


if __name__ == "__main__":
    main()
