"""Small convolutional networks in NumPy, as ``scorelane.train.convolutions`` trains them."""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray


def listen(name: str, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """``[rows, features]`` to logits ``[rows, outputs]``, by the weights in the file ``name``."""
    weights = weights_of(name)
    # Residual blocks that look ever farther.
    x = np.maximum(_convolved(weights, "first", features), 0)
    number = 0
    while f"blocks.{number}.wide.inner.weight" in weights:
        inner = np.maximum(_convolved(weights, f"blocks.{number}.wide", x, 2**number), 0)
        x = x + _convolved(weights, f"blocks.{number}.narrow", inner)
        number += 1
    return _convolved(weights, "last", np.maximum(x, 0))


def _convolved(
    weights: dict[str, NDArray[np.float32]], name: str, x: NDArray[np.float32], dilation: int = 1
) -> NDArray[np.float32]:
    """A convolution along rows that keeps their number; zeros lie beyond the ends."""
    weight = weights[f"{name}.inner.weight"]  # [outputs, width * channels]
    rows, channels = x.shape
    width = weight.shape[1] // channels
    total = np.tile(weights[f"{name}.inner.bias"], (rows, 1))
    for tap in range(width):
        shift = (tap - width // 2) * dilation
        if abs(shift) < rows:
            here = slice(max(0, -shift), rows - max(0, shift))
            there = slice(max(0, shift), rows - max(0, -shift))
            total[here] += x[there] @ weight[:, tap * channels : (tap + 1) * channels].T
    return total


@cache
def weights_of(name: str) -> dict[str, NDArray[np.float32]]:
    """What the file ``name`` beside this one holds."""
    with (resources.files("scorelane.score") / name).open("rb") as file:
        kept = np.load(file)
        return {key: kept[key].astype(np.float32) for key in kept.files}
