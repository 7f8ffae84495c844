"""Teach weights to hear drums: their network for what is struck learns alone, three times as fast.

    drums.py SONGS BANK WEIGHTS OUT [--minutes 25] [--seed 0]

WEIGHTS are from before that network. OUT holds them with it: what the encoder says of drums and
what the network says count half each, for `scorelane train --begin-from OUT` to weigh. Examples
with drums are mixed by one process and heard about twice each.
"""

from __future__ import annotations

import argparse
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
from scorelane.errors import ScorelaneError, UsageError
from scorelane.model.config import DRUM_WIDTH, ModelConfig
from scorelane.model.frontend import HarmonicFrames
from scorelane.model.percussion import Percussion
from scorelane.model.weights import load_weights, save_weights
from scorelane.train.deepen import deepened
from scorelane.train.losses import ONSET_EMPHASIS, frame_loss

BATCH = 32
KEPT = 12_000
"""Examples that wait to be heard again."""
WITHOUT_DRUMS = 0.15
"""How often an example without drums is taken."""
RATE, WARM_UP_STEPS = 2e-3, 100
LEVEL = 0.06
"""Standard deviation of the level of an example each time it is heard; 0.06 are 2.4 dB."""

Struck = tuple[Tensor, Tensor]


class Attacks(IterableDataset[Struck]):
    """Batches of attack spectra [batch, frames, 128] and hits [batch, frames, drum keys]."""

    def __init__(self, songs: Path, bank: Path, config: ModelConfig, seed: int) -> None:
        super().__init__()
        self._paths, self._config, self._seed = (songs, bank), config, seed

    def __iter__(self) -> Iterator[Struck]:
        torch.set_num_threads(1)
        rng = np.random.default_rng(self._seed)
        draw = open_mixer(*self._paths, self._config)
        hear = HarmonicFrames(self._config.frontend, self._config.sample_rate)
        while True:
            examples = []
            while len(examples) < BATCH:
                example = draw(rng)
                if example.drums.any() or rng.random() < WITHOUT_DRUMS:
                    examples.append(example)
            audio = torch.from_numpy(np.stack([example.audio for example in examples]))
            drums = torch.from_numpy(np.stack([example.drums for example in examples]))
            yield hear.attack(audio).half(), drums


class Alone(nn.Module):
    """The network for what is struck, with a bias: most drums are silent most of the time."""

    def __init__(self, percussion: Percussion) -> None:
        super().__init__()
        self.percussion = percussion
        self.bias = nn.Parameter(torch.full((percussion.hits.out_features,), -5.0))

    def forward(self, attack: Tensor) -> Tensor:
        """Logits [batch, frames, drum keys]."""
        return self.percussion(attack)[1] + self.bias


def teach(alone: Alone, batches: Iterator[Struck], minutes: float, seed: int) -> None:
    """Let ``alone`` learn from ``batches`` for so many minutes; it hears each about twice."""
    optimizer = torch.optim.AdamW(alone.parameters(), betas=(0.9, 0.98), weight_decay=0.01)
    chance = torch.Generator().manual_seed(seed)
    kept: list[Struck] = []
    began = last = time.monotonic()
    steps, summed = 0, 0.0
    while (done := (time.monotonic() - began) / (60.0 * minutes)) < 1.0:
        if steps % 2 == 0 or len(kept) < 10:
            kept.append(next(batches))
            del kept[: -KEPT // BATCH]
        # Rows of many batches: those of one batch were mixed within a second.
        rows = [(n % len(kept), n // len(kept)) for n in _some(chance, len(kept) * BATCH)]
        attack = torch.stack([kept[batch][0][row] for batch, row in rows]).float()
        drums = torch.stack([kept[batch][1][row] for batch, row in rows])
        attack += LEVEL * torch.randn(BATCH, 1, 1, generator=chance)
        loss = frame_loss(alone(attack), drums, ONSET_EMPHASIS)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(alone.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (steps + 1) / WARM_UP_STEPS) * _cosine(done)
        optimizer.step()
        steps, summed = steps + 1, summed + loss.item()
        if time.monotonic() - last > 30.0:
            last = time.monotonic()
            print(f"{done:4.0%}  {steps} steps of {BATCH}, loss {summed / steps:.3f}", flush=True)


def _some(chance: torch.Generator, count: int) -> list[int]:
    return torch.randint(count, (BATCH,), generator=chance).tolist()


def _cosine(done: float) -> float:
    return 0.5 * (1.0 + math.cos(math.pi * done))


def joined(weights: dict[str, Tensor], alone: Alone, config: ModelConfig) -> dict[str, Tensor]:
    """``weights`` with what ``alone`` learned; encoder and network count half each for drums."""
    own = {f"encoder.percussion.{k}": v for k, v in alone.percussion.state_dict().items()}
    both = {**weights, **own}
    both["encoder.percussion.hits.weight"] = 0.5 * own["encoder.percussion.hits.weight"]
    bias = alone.bias.detach().repeat(config.network.frames_per_state)
    both["encoder.heads.drums.weight"] = 0.5 * weights["encoder.heads.drums.weight"]
    both["encoder.heads.drums.bias"] = 0.5 * (weights["encoder.heads.drums.bias"] + bias)
    return both


def main() -> None:
    """Read the command line, teach and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("bank", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        model, old = load_weights(given.weights)
        if old.network.drum_width:
            raise UsageError(f"{given.weights} has that network; go on with `scorelane train`")
        open_mixer(given.songs, given.bank, old)  # what is missing is told at once
        stream = Attacks(given.songs, given.bank, old, given.seed)
        batches = iter(DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=8))
        config = replace(old, network=replace(old.network, drum_width=DRUM_WIDTH))
        torch.manual_seed(given.seed)
        alone = Alone(Percussion(config))
        teach(alone, batches, given.minutes, given.seed)
        weights = deepened(model, old.network.encoder_layers, config)
        save_weights(joined(weights, alone, config), config, given.out, torch.float16)
    except ScorelaneError as error:
        raise SystemExit(f"drums.py: {error}") from None


if __name__ == "__main__":
    main()
