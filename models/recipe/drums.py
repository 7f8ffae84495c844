"""Teach weights to hear drums: their network for what is struck learns alone.

    drums.py SONGS BANK WEIGHTS OUT [--minutes 40] [--seed 0]

Everything else stays as it is and says what it hears; the network learns what it must add to that.
What it tells the encoder it goes on telling, nearly, for the encoder learns nothing here. Weights
from before that network get one. One process mixes examples with drums, and each is heard about
three times. `scorelane train --begin-from OUT` then teaches both together.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from scorelane.data.mixer import open_mixer
from scorelane.errors import ScorelaneError
from scorelane.model.config import DRUM_WIDTH, ModelConfig
from scorelane.model.percussion import Percussion
from scorelane.model.transformer import Encoder, Transformer
from scorelane.model.weights import load_weights, save_weights
from scorelane.train.deepen import deepened
from scorelane.train.losses import ONSET_EMPHASIS, frame_loss

BATCH = 32
TIMES = 3
"""How often an example is heard."""
KEPT = 12_000
"""Examples that wait to be heard again."""
WITHOUT_DRUMS = 0.15
"""How often an example without drums is taken."""
RATE, WARM_UP_STEPS = 1e-3, 100
LEVEL = 0.06
"""Standard deviation of the level of an example each time it is heard; 0.06 are 2.4 dB."""
TELLING = 1.0
"""What a share of change in what the encoder is told counts beside the loss of drums."""

Struck = list[Tensor]
"""Attack spectra [batch, frames, 128], what the encoder is told [batch, states, width], logits of
drums without the network and what is struck, each [batch, frames, drum keys]."""


class Attacks(IterableDataset[Struck]):
    """Batches of examples and of what the ``encoder`` says of them."""

    def __init__(self, paths: list[Path], encoder: Encoder, config: ModelConfig, seed: int) -> None:
        super().__init__()
        self._paths, self._encoder, self._config, self._seed = paths, encoder, config, seed

    def __iter__(self) -> Iterator[Struck]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self._seed)
        draw = open_mixer(*self._paths, self._config)
        while True:
            examples = []
            while len(examples) < BATCH:
                example = draw(rng)
                if example.drums.any() or rng.random() < WITHOUT_DRUMS:
                    examples.append(example)
            audio = torch.from_numpy(np.stack([example.audio for example in examples]))
            drums = torch.from_numpy(np.stack([example.drums for example in examples]))
            yield [*self._heard(audio), drums]

    @torch.no_grad()
    def _heard(self, audio: Tensor) -> list[Tensor]:
        features = self._encoder.input.features(audio)
        told, hits = self._encoder.percussion(features[1])
        drums = self._encoder(features)[1][1]
        return [features[1].half(), told.half(), (drums - hits).half()]


def teach(percussion: Percussion, batches: Iterator[Struck], minutes: float, seed: int) -> None:
    """Let ``percussion`` learn from ``batches`` for so many minutes."""
    optimizer = torch.optim.AdamW(percussion.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    chance = torch.Generator().manual_seed(seed)
    kept: list[Struck] = []
    began = last = time.monotonic()
    steps, recent = 0, 0.0
    while (done := (time.monotonic() - began) / (60.0 * minutes)) < 1.0:
        if steps % TIMES == 0 or len(kept) < 10:
            kept.append(next(batches))
            del kept[: -KEPT // BATCH]
        # Rows of many batches: those of one batch were mixed within a second.
        rows = [(n % len(kept), n // len(kept)) for n in _some(chance, len(kept) * BATCH)]
        attack, told, heard, drums = (
            torch.stack([kept[batch][what][row] for batch, row in rows]) for what in range(4)
        )
        level = LEVEL * torch.randn(BATCH, 1, 1, generator=chance)
        tells, hits = percussion(attack.float() + level)
        loss = frame_loss(heard.float() + hits, drums, ONSET_EMPHASIS)
        change = nn.functional.mse_loss(tells, told.float()) / told.float().square().mean().clamp(
            min=1e-6
        )
        optimizer.zero_grad()
        (loss + TELLING * change).backward()
        nn.utils.clip_grad_norm_(percussion.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (steps + 1) / WARM_UP_STEPS) * _cosine(done)
        optimizer.step()
        steps, recent = steps + 1, recent + (loss.item() - recent) * max(0.01, 1 / (steps + 1))
        if time.monotonic() - last > 30.0:
            last = time.monotonic()
            tell = f"{done:4.0%}  {steps} steps of {BATCH}, loss {recent:.3f}"
            print(f"{tell}, told otherwise {change.item():.3f}", flush=True)


def _some(chance: torch.Generator, count: int) -> list[int]:
    return torch.randint(count, (BATCH,), generator=chance).tolist()


def _cosine(done: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * done))


def with_percussion(model: Transformer, config: ModelConfig) -> tuple[Transformer, ModelConfig]:
    """``model`` with a network for what is struck, which adds nothing where it is new."""
    if config.network.drum_width:
        return model, config
    wanted = replace(config, network=replace(config.network, drum_width=DRUM_WIDTH))
    weights = deepened(model, config.network.encoder_layers, wanted)
    model = Transformer(wanted)
    model.load_state_dict(weights)
    return model, wanted


def main() -> None:
    """Read the command line, teach and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("bank", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        torch.manual_seed(given.seed)
        torch.set_num_threads(1)
        model, config = with_percussion(*load_weights(given.weights))
        model.float().eval()
        open_mixer(given.songs, given.bank, config)  # what is missing is told at once
        before = copy.deepcopy(model.encoder)
        stream = Attacks([given.songs, given.bank], before, config, given.seed)
        batches = iter(DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=8))
        percussion = model.encoder.percussion.to(memory_format=torch.channels_last)
        teach(percussion, batches, given.minutes, given.seed)
        save_weights(model.state_dict(), config, given.out, torch.float16)
    except ScorelaneError as error:
        raise SystemExit(f"drums.py: {error}") from None


if __name__ == "__main__":
    main()
