"""A network and a task small enough to learn in seconds; also a script for torchrun."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np

from scorelane.data.targets import Example, make_example
from scorelane.model.config import scorelane_config
from scorelane.notes import Note
from scorelane.train.batches import Draw
from scorelane.train.loop import Plan, train

_CONFIG = scorelane_config(width=64, encoder_layers=1, decoder_layers=1)
TINY = dataclasses.replace(
    _CONFIG,
    segment_samples=8192,
    context_samples=2048,
    max_tokens=32,
    network=dataclasses.replace(_CONFIG.network, feed_forward=64),
)


def draw_tone(rng: np.random.Generator) -> Example:
    """One sine of 0.3 s somewhere in the segment."""
    onset = rng.uniform(0.15, 0.3)
    pitch = int(rng.integers(60, 72))
    time = np.arange(TINY.window_samples) / TINY.sample_rate
    sounds = (time >= onset) & (time < onset + 0.3)
    tone = 0.3 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time) * sounds
    note = Note(onset, onset + 0.3, pitch, 0, velocity=80)
    drum = Note(onset, onset + 0.01, 38, 0, is_drum=True, velocity=60)
    return make_example(tone.astype(np.float32), [note, drum], TINY, phase=0)


def open_tones() -> Draw:
    """What a worker opens."""
    return draw_tone


if __name__ == "__main__":
    train(
        TINY,
        open_tones,
        Plan(
            Path(sys.argv[1]),
            32,
            batch_size=2,
            decoder_every=2,
            workers=0,
            device="cpu",
            compiled=False,
        ),
        lambda _: None,
    )
