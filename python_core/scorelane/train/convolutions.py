"""Small convolutional networks, in torch: what ``scorelane.score.convolutions`` runs in NumPy."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset

from scorelane.files import atomic_path

Example = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Features ``[rows, features]`` and targets ``[rows, targets]``, of as many rows as all others."""
LossesOf = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""Losses ``[k]`` of a network, of features and targets."""


class Convolution(nn.Module):
    """Along rows, which keep their number; as one product, which is fast on a processor."""

    def __init__(self, channels: int, outputs: int, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.width, self.dilation = width, dilation
        self.inner = nn.Linear(width * channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``[batch, rows, channels]`` to ``[batch, rows, outputs]``."""
        if self.width == 1:
            same: Tensor = self.inner(x)
            return same
        reach = self.dilation * (self.width // 2)
        padded = F.pad(x, (0, 0, reach, reach))
        rows = x.shape[1]
        taps = [padded[:, i * self.dilation :][:, :rows] for i in range(self.width)]
        result: Tensor = self.inner(torch.cat(taps, dim=-1))
        return result


class Block(nn.Module):
    """A residual block of dilated convolutions."""

    def __init__(self, channels: int, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.wide = Convolution(channels, channels, width, dilation)
        self.narrow = Convolution(channels, channels, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``[batch, rows, channels]`` to the same."""
        inner: Tensor = self.dropout(self.narrow(F.relu(self.wide(x))))
        return x + inner


class Network(nn.Module):
    """``[batch, rows, features]`` to logits ``[batch, rows, outputs]``."""

    def __init__(
        self,
        features: int,
        outputs: int,
        *,
        channels: int,
        width: int,
        blocks: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.first = Convolution(features, channels, 3)
        self.blocks = nn.ModuleList(
            Block(channels, width, 2**number, dropout) for number in range(blocks)
        )
        self.last = Convolution(channels, outputs, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Log odds."""
        x = self.dropout(F.relu(self.first(self.dropout(features))))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.last(F.relu(x))
        return logits


def fit(
    network: nn.Module,
    examples: IterableDataset[Example],
    trial: Sequence[Example],
    losses_of: LossesOf,
    *,
    weights: Sequence[float],
    batch: int,
    steps: int,
    out: Path,
) -> None:
    """Train; every hundred steps the mean of the latest weights is judged by ``trial`` and kept.

    The sum of the losses with ``weights`` is made small.
    """
    mean = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99),  # type: ignore[no-untyped-call]
    )
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.02)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=100)
    cool = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, 1e-4)
    loader = DataLoader(examples, batch, num_workers=1)
    total = torch.zeros(len(weights))
    for step, (features, targets) in zip(range(1, steps + 1), loader, strict=False):
        network.train()
        losses = losses_of(network, features, targets)
        (losses * torch.tensor(weights)).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        (warm_up if step <= 100 else cool).step()
        mean.update_parameters(network)
        total += losses.detach()
        if step % 100 == 0 or step == steps:
            judge = mean.module.eval()
            with torch.no_grad():
                tried = [losses_of(judge, *(torch.tensor(x)[None] for x in one)) for one in trial]
            shown = torch.stack(tried).mean(dim=0) if tried else torch.zeros(len(weights))
            print(step, "trained", total / 100, "judged", shown, flush=True)
            total.zero_()
            save(judge, out)


def save(network: nn.Module, path: Path) -> None:
    """Write the weights in half precision, as ``scorelane.score.convolutions`` reads them."""
    kept = {name: value.half().numpy() for name, value in network.state_dict().items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **kept)
    with atomic_path(path) as part:
        part.write_bytes(buffer.getvalue())


def load(network: nn.Module, path: Path) -> None:
    """Read what :func:`save` wrote."""
    kept = np.load(path)
    weights = {name: torch.tensor(kept[name].astype(np.float32)) for name in kept.files}
    network.load_state_dict(weights)
