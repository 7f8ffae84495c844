"""The losses of weights on examples of the songs that are never trained on; less is better.

    held_out.py SONGS BANK WEIGHTS [WEIGHTS]... [--examples 512] [--workers 1] [--device auto]

All weights hear the same examples. The engine is not needed: it runs wherever training does;
what they are worth on recordings, `scorelane evaluate` says.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import torch

from scorelane.data.mixer import open_mixer
from scorelane.errors import ScorelaneError
from scorelane.model.weights import load_weights
from scorelane.train.batches import BatchStream, batch_loader
from scorelane.train.losses import Learner

BATCH = 32
KINDS = ("shift", "pitch", "program", "drum")


def judge(songs: Path, bank: Path, weights: Path, examples: int, workers: int, device: str) -> str:
    """One line about the model in the folder ``weights``."""
    model, config = load_weights(weights)
    learner = Learner(config, compiled=False)
    learner.model.load_state_dict(model.state_dict())
    learner.to(device).eval()
    open_draw = partial(open_mixer, songs, bank, config, "test")
    stream = BatchStream(open_draw, BATCH, config.max_tokens, [0])
    seen, sums = 0, torch.zeros(11, dtype=torch.float64)
    torch.manual_seed(0)
    for batch in batch_loader(stream, workers):
        with torch.no_grad():
            losses = learner(batch.to(torch.device(device)))
        rows = len(batch.tokens)
        means = torch.stack([losses.frame, losses.token, losses.velocity]) * rows
        sums += torch.cat([means, losses.right, losses.tokens]).double().cpu()
        seen += rows
        if seen >= examples:
            break
    frame, token, velocity = (sums[:3] / seen).tolist()
    right = (sums[3:7] / sums[7:].clamp(min=1)).tolist()
    shares = " ".join(f"{kind} {share:.3f}" for kind, share in zip(KINDS, right, strict=True))
    return (
        f"{weights.name}: encoder {frame:.3f}, decoder {token:.3f}, velocity {velocity:.4f}; "
        f"right: {shares} ({seen} examples)"
    )


def main() -> None:
    """Read the command line and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("bank", type=Path)
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--examples", type=int, default=512)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = parser.parse_args()
    for weights in given.weights:
        try:
            line = judge(
                given.songs, given.bank, weights, given.examples, given.workers, given.device
            )
        except ScorelaneError as error:
            raise SystemExit(f"held_out.py: {error}") from None
        print(line, flush=True)


if __name__ == "__main__":
    main()
