"""The pieces of the transformer: attention, gated feed-forward, positions.

T5 v1.1's pieces (arXiv 2002.05202; MT3, section 3.3): RMSNorm before each block, no biases, GELU
gating. Written so that TorchScript can compile them.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import NetworkConfig

NORM_EPSILON = 1e-6


class RootMeanSquareNorm(nn.Module):
    """Root-mean-square norm over the last dimension; far faster than torch's on a few rows."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = NORM_EPSILON

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] to the same."""
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.epsilon) * self.weight


def norm(width: int) -> RootMeanSquareNorm:
    """The norm before every block."""
    return RootMeanSquareNorm(width)


def dense(inputs: int, outputs: int) -> nn.Linear:
    """A linear map without bias."""
    return nn.Linear(inputs, outputs, bias=False)


class GatedFeedForward(nn.Module):
    """``wo(gelu(wi_0 x) * wi_1 x)`` with the tanh form of GELU."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.wi_0 = dense(config.width, config.feed_forward)
        self.wi_1 = dense(config.width, config.feed_forward)
        self.wo = dense(config.feed_forward, config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] to [..., width]."""
        gate = F.gelu(self.wi_0(x), approximate="tanh")
        y: Tensor = self.wo(self.dropout(gate * self.wi_1(x)))
        return y


class Attention(nn.Module):
    """Multi-head attention in three steps, so that a decoder can keep keys and values."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        inner = config.heads * config.head_width
        self.heads = config.heads
        self.head_width = config.head_width
        # MT3 folds 1 / sqrt(head width) into its initialiser.
        self.scale = config.head_width**-0.5 if config.time_aligned else 1.0
        self.query = dense(config.width, inner)
        self.key = dense(config.width, inner)
        self.value = dense(config.width, inner)
        self.out = dense(inner, config.width)

    def split(self, x: Tensor) -> Tensor:
        """[batch, length, inner] to [batch, heads, length, head width]."""
        return x.view(x.size(0), x.size(1), self.heads, self.head_width).transpose(1, 2)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, causal: bool) -> Tensor:
        """Attend with split queries, keys and values; returns [batch, length, width]."""
        mixed = F.scaled_dot_product_attention(
            query, key, value, is_causal=causal, scale=self.scale
        )
        y: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return y


def sinusoids(position: Tensor, width: int) -> Tensor:
    """Fixed position code [..., width] of ``position`` [...]: sine half, then cosine half.

    As in T5X: wavelengths from 2 pi to 2 pi * 10 000 in a geometric series.
    """
    half = width // 2
    exponent = torch.arange(half, device=position.device) * (-math.log(10000.0) / (half - 1))
    angle = position.unsqueeze(-1).to(torch.float32) * torch.exp(exponent)
    return torch.cat([torch.sin(angle), torch.cos(angle)], dim=-1)


def rotation(position: Tensor, head_width: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines [..., head_width / 2] that :func:`rotate` turns vectors by.

    Rates run from 1.5 to 0.003 radians per unit of ``position``, so that neighbouring frames and
    tokens differ clearly and nothing repeats inside a window.
    """
    half = head_width // 2
    exponent = torch.arange(half, device=position.device) * (math.log(0.003 / 1.5) / (half - 1))
    angle = position.unsqueeze(-1).to(torch.float32) * (1.5 * torch.exp(exponent))
    return torch.cos(angle), torch.sin(angle)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary position code (arXiv 2104.09864): turn pairs of ``x`` [..., head width]."""
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


class EncoderLayer(nn.Module):
    """Self-attention over frames, then the feed-forward block."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.time_aligned = config.time_aligned
        self.attention_norm = norm(config.width)
        self.attention = Attention(config)
        self.feed_forward_norm = norm(config.width)
        self.feed_forward = GatedFeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """[batch, frames, width] to the same; ``cosine`` and ``sine`` turn by time."""
        normed = self.attention_norm(x)
        query = self.attention.split(self.attention.query(normed))
        key = self.attention.split(self.attention.key(normed))
        value = self.attention.split(self.attention.value(normed))
        if self.time_aligned:
            query, key = rotate(query, cosine, sine), rotate(key, cosine, sine)
        x = x + self.dropout(self.attention(query, key, value, False))
        y: Tensor = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return y


def shared_out(segments: Tensor, most: int) -> list[Tensor]:
    """``segments`` [n, ...] in parts of at most so many, about as long as each other."""
    parts = (segments.size(0) + most - 1) // most
    return list(segments.chunk(max(1, parts)))


def comparing(network: NetworkConfig, width: int, heads: int) -> NetworkConfig:
    """The sizes of an :class:`EncoderLayer` of ``network`` that compares what may be played."""
    return replace(
        network,
        width=width,
        heads=heads,
        head_width=width // heads,
        feed_forward=2 * width,
        time_aligned=True,
    )
