"""Train the network of ``scorelane.score.pulse`` on performed scores.

    python -m scorelane.train.pulse FOLDER=SHARE... --out pulse.npz ...

``pulse_scores`` says how scores are named.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.score.pulse import FEATURES, FRAME, frame_features
from scorelane.train.convolutions import Example, Network
from scorelane.train.pulse_data import Piece
from scorelane.train.pulse_play import Heard, perform
from scorelane.train.pulse_scores import teach

SECONDS = 60.0
BATCH = 8
_LOSSES = (1.0, 2.0, 0.3)  # weights of those of beat, bar and compound
_BLUR = 0.06  # seconds around a beat that count as it, less and less


class PulseNetwork(Network):
    """Features ``[batch, frames, FEATURES]`` (an even number) to logits ``[batch, frames, 3]``.

    Two frames at a time: what changes slower than 80 ms needs no finer convolutions.
    """

    def __init__(self) -> None:
        super().__init__(2 * FEATURES, 6, channels=32, width=5, blocks=8)

    def forward(self, features: Tensor) -> Tensor:
        """Log odds of beat, bar and compound metre."""
        batch, frames, _ = features.shape
        logits = super().forward(features.reshape(batch, frames // 2, 2 * FEATURES))
        return logits.reshape(batch, frames, 3)


def play(piece: Piece, rng: np.random.Generator) -> Example:
    """A minute of a piece, as :func:`example` has it."""
    return example(perform(piece, rng, SECONDS), piece.metre.is_compound)


def example(heard: Heard, compound: bool) -> Example:
    """Features ``[frames, FEATURES]`` and targets ``[frames, 4]``; the last says what counts."""
    frames = round(SECONDS / FRAME)
    features = np.zeros((frames, FEATURES), np.float32)
    seen = frame_features(heard.columns)[:frames]
    features[: len(seen)] = seen
    targets = np.zeros((frames, 4), np.float32)
    for column, events in enumerate((heard.beats, heard.bars)):
        for shift in (-2, -1, 0, 1, 2):
            frame = np.floor(events / FRAME).astype(np.int64) + shift
            near = np.maximum(0.0, 1.0 - np.abs(frame * FRAME - events) / _BLUR)
            inside = (frame >= 0) & (frame < frames)
            np.maximum.at(targets[:, column], frame[inside], near[inside])
    targets[:, 2] = compound
    targets[: len(seen), 3] = 1.0
    return features, targets


def loss_of(network: nn.Module, features: Tensor, targets: Tensor) -> Tensor:
    """Mean losses of beat, bar and compound, ``[3]``."""
    logits = network(features)
    each = F.binary_cross_entropy_with_logits(logits, targets[..., :3], reduction="none")
    counts = targets[..., 3:]
    # Whether beats have three parts is said where beats are.
    counts = torch.cat((counts, counts, counts * targets[..., :1]), dim=-1)
    return (each * counts).sum(dim=(0, 1)) / counts.sum(dim=(0, 1)).clamp(min=1.0)


def main(arguments: list[str] | None = None) -> None:
    """Read the scores, train, write."""
    torch.manual_seed(0)
    teach(
        PulseNetwork(),
        play,
        loss_of,
        weights=_LOSSES,
        batch=BATCH,
        steps=4000,
        description=str(__doc__).split("\n")[0],
        arguments=arguments,
    )


if __name__ == "__main__":
    main()
