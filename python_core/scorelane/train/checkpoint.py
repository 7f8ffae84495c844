"""Checkpoints of a training run: written whole or not at all, so that a kill loses minutes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelane.errors import ModelError
from scorelane.files import atomic_path

CHECKPOINT_NAME = "checkpoint.pt"


class Average:
    """Exponential moving average of a model's weights: steadier than the last step's."""

    def __init__(self, model: nn.Module, horizon: int) -> None:
        self._weights = copy.deepcopy(model.state_dict())
        self._horizon = horizon
        self._steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Move towards ``model``; early on the average reaches back a tenth of the steps."""
        self._steps += 1
        share = 1.0 / min(self._horizon, 1 + self._steps // 10)
        for name, value in model.state_dict().items():
            self._weights[name].lerp_(value, share)

    def state_dict(self) -> dict[str, Tensor]:
        """The averaged weights."""
        return self._weights

    def load(self, weights: dict[str, Tensor], steps: int) -> None:
        """Take up the averaged weights of a run of ``steps`` steps."""
        for name, value in weights.items():
            self._weights[name].copy_(value)
        self._steps = steps


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write ``state`` as the checkpoint of ``folder``, in one rename."""
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / CHECKPOINT_NAME) as temporary:
        torch.save(state, temporary)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint file; raises :class:`ModelError` if it is none."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises nearly anything on foreign bytes
        raise ModelError(f"{path} is not a checkpoint of Scorelane: {error}") from error
    if not isinstance(state, dict) or "seen" not in state:
        raise ModelError(f"{path} is not a checkpoint of Scorelane")
    return state
