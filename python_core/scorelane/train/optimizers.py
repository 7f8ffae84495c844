"""Optimizers and their schedule.

Matrices inside the layers are trained with Muon (orthogonalised momentum), made for learning from
few examples; embeddings, heads and norms with AdamW.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from scorelane.train.muon import Muon

WARM_UP = 0.03
DECAY = 0.3
MUON_RATE = 2.5
"""Learning rate of the matrices over that of the rest."""


class Optimizers:
    """Muon and AdamW stepped as one."""

    def __init__(self, model: nn.Module, learning_rate: float, dtype: torch.dtype) -> None:
        inner, rest = _split(model)
        self._rates = (MUON_RATE * learning_rate, learning_rate)
        self._all: Sequence[torch.optim.Optimizer] = (
            Muon(inner, self._rates[0], weight_decay=0.01, dtype=dtype),
            torch.optim.AdamW(rest, lr=self._rates[1], betas=(0.9, 0.98), weight_decay=0.0),
        )

    def step(self, done: float) -> None:
        """Update the parameters; ``done`` is the share of the whole training behind us, 0-1."""
        for optimizer, rate in zip(self._all, self._rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * schedule(done)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, object]]:
        """State of both, for a checkpoint."""
        return [optimizer.state_dict() for optimizer in self._all]

    def load_state_dict(self, states: list[dict[str, object]]) -> None:
        """Take up a checkpoint's state."""
        for optimizer, state in zip(self._all, states, strict=True):
            optimizer.load_state_dict(state)


def schedule(done: float) -> float:
    """Factor of the learning rate: warm-up, plateau, linear way down to zero at ``done`` = 1."""
    return max(0.0, min(1.0, (done + 1e-4) / WARM_UP, (1.0 - done) / DECAY))


def _split(model: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
    """Parameters for Muon (matrices of encoder and decoder layers) and all others."""
    inner: list[Tensor] = []
    rest: list[Tensor] = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        in_layer = ".layers." in name and parameter.ndim == 2
        (inner if in_layer else rest).append(parameter)
    return inner, rest
