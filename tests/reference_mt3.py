"""MT3's front end and network once more, in float64 NumPy, from the published definitions.

Written from the paper (arXiv 2111.03017, section 3.3), T5 v1.1 (arXiv 2002.05202), the T5X
position code and TensorFlow's documentation of its mel matrix. Imports nothing of Scorelane.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Weights = dict[str, Array]


def log_mel(audio: Array, hop: int = 128, fft: int = 2048, bins: int = 512) -> Array:
    padded = np.concatenate([audio, np.zeros(fft)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(fft) / fft)
    frames = len(audio) // hop
    pieces = np.stack([padded[i * hop : i * hop + fft] * window for i in range(frames)])
    mel = np.abs(np.fft.rfft(pieces)) @ mel_weights(bins, fft)
    return np.log(np.where(mel <= 0, 1e-5, mel))


def mel_weights(
    bins: int, fft: int, rate: int = 16000, low: float = 20, high: float = 7600
) -> Array:
    def to_mel(hertz: float) -> float:
        return 1127.0 * math.log(1.0 + hertz / 700.0)

    edges = [to_mel(low) + (to_mel(high) - to_mel(low)) * i / (bins + 1) for i in range(bins + 2)]
    weights = np.zeros((fft // 2 + 1, bins))
    for row in range(1, fft // 2 + 1):
        mel = to_mel(row * rate / fft)
        for column in range(bins):
            left, centre, right = edges[column : column + 3]
            up, down = (mel - left) / (centre - left), (right - mel) / (right - centre)
            weights[row, column] = max(0.0, min(up, down))
    return weights


def network(mel: Array, tokens: NDArray[np.int64], w: Weights, layers: int, heads: int) -> Array:
    """Logits [length, vocabulary] of one segment; ``w`` maps torch names to (out, in) matrices."""
    x = mel @ w["encoder.input.projection.weight"].T
    x = x + positions(len(x), x.shape[1])
    for i in range(layers):
        p = f"encoder.layers.{i}."
        y = rms(x, w[p + "attention_norm.weight"])
        x = x + attention(y, y, w, p + "attention.", heads, causal=False)
        x = x + feed_forward(rms(x, w[p + "feed_forward_norm.weight"]), w, p + "feed_forward.")
    states = rms(x, w["encoder.norm.weight"])
    x = w["decoder.embedding.weight"][tokens]
    x = x + positions(len(x), x.shape[1])
    for i in range(layers):
        p = f"decoder.layers.{i}."
        y = rms(x, w[p + "self_norm.weight"])
        x = x + attention(y, y, w, p + "self_attention.", heads, causal=True)
        y = rms(x, w[p + "cross_norm.weight"])
        x = x + attention(y, states, w, p + "cross_attention.", heads, causal=False)
        x = x + feed_forward(rms(x, w[p + "feed_forward_norm.weight"]), w, p + "feed_forward.")
    return rms(x, w["decoder.norm.weight"]) @ w["decoder.logits.weight"].T


def positions(length: int, width: int) -> Array:
    half = width // 2
    table = np.zeros((length, width))
    for i in range(half):
        rate = math.exp(-math.log(10000.0) * i / (half - 1))
        table[:, i] = np.sin(np.arange(length) * rate)
        table[:, half + i] = np.cos(np.arange(length) * rate)
    return table


def rms(x: Array, scale: Array) -> Array:
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-6) * scale


def attention(x: Array, y: Array, w: Weights, p: str, heads: int, *, causal: bool) -> Array:
    query, key, value = (
        x @ w[p + "query.weight"].T,
        y @ w[p + "key.weight"].T,
        y @ w[p + "value.weight"].T,
    )
    width = query.shape[1] // heads
    mixed = np.zeros_like(query)
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        scores = query[:, part] @ key[:, part].T
        if causal:
            scores = np.where(np.tril(np.ones_like(scores)) > 0, scores, -np.inf)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed[:, part] = scores / scores.sum(-1, keepdims=True) @ value[:, part]
    return mixed @ w[p + "out.weight"].T


def feed_forward(x: Array, w: Weights, p: str) -> Array:
    gate = x @ w[p + "wi_0.weight"].T
    gelu = 0.5 * gate * (1 + np.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3)))
    return (gelu * (x @ w[p + "wi_1.weight"].T)) @ w[p + "wo.weight"].T
