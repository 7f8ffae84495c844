"""More encoder layers for weights that have learned with fewer, without forgetting anything."""

from __future__ import annotations

import torch
from torch import Tensor

from scorelane.errors import UsageError
from scorelane.model.config import ModelConfig
from scorelane.model.transformer import Transformer

_LAYERS = "encoder.layers."
_LAST = ("attention.out.weight", "feed_forward.wo.weight")
"""What a layer adds to the states goes through these: of zeros, it adds nothing."""


def deepened(model: Transformer, layers: int, config: ModelConfig) -> dict[str, Tensor]:
    """Weights of the network of ``config`` that answers as ``model`` does, with ``layers`` of them.

    Behind each encoder layer come as many new ones, which begin by adding nothing. Raises
    :class:`UsageError` where ``layers`` do not go into those of ``config``.
    """
    wanted = config.network.encoder_layers
    if wanted % layers:
        raise UsageError(
            f"The weights have {layers} encoder layers; of {wanted} they cannot have as many "
            f"behind each. Ask for a multiple of {layers}."
        )
    every = wanted // layers
    weights = Transformer(config).state_dict()
    for name, value in model.state_dict().items():
        weights[_moved(name, every)] = value
    for layer in range(wanted):
        if layer % every:
            for last in _LAST:
                torch.zero_(weights[f"{_LAYERS}{layer}.{last}"])
    return weights


def _moved(name: str, every: int) -> str:
    """The name of a weight where only each ``every``-th encoder layer is an old one."""
    if not name.startswith(_LAYERS):
        return name
    layer, _, rest = name.removeprefix(_LAYERS).partition(".")
    return f"{_LAYERS}{every * int(layer)}.{rest}"
