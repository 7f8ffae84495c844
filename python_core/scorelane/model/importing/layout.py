"""The parameters of MT3's network under three names: ours, T5X's and Hugging Face's.

T5X (Flax) keeps kernels as (in, out), PyTorch as (out, in). Hugging Face's T5 has no name for the
dense layer that takes frames in; ports of MT3 call it ``proj``, and keep a second reference to it
and to the embedding in their stacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scorelane.model.config import ModelConfig, mt3_config

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One array: its three names, its shape here, and whether T5X keeps it transposed.

    Of ``hugging_face`` one name is enough; several must hold the same numbers.
    """

    name: str
    t5x: str
    hugging_face: tuple[str, ...]
    shape: Shape
    is_kernel: bool

    @property
    def t5x_shape(self) -> Shape:
        """Shape of the array in a T5X checkpoint."""
        return self.shape[::-1] if self.is_kernel else self.shape


def supported_configurations() -> tuple[ModelConfig, ...]:
    """The published networks; they differ in the size of the vocabulary, which tells them apart."""
    return mt3_config(), mt3_config(piano=True)


def parameters(config: ModelConfig) -> list[Parameter]:
    """Every parameter of the ``mt3`` network with ``config``'s sizes."""
    return [*_encoder(config), *_decoder(config)]


def _encoder(config: ModelConfig) -> Iterator[Parameter]:
    network = config.network
    yield _kernel(
        "encoder.input.projection",
        "encoder/continuous_inputs_projection",
        ("proj", "encoder.proj", "encoder.embed_tokens"),
        (network.width, config.frontend.bins),
    )
    for i in range(network.encoder_layers):
        ours, t5x, theirs = f"encoder.layers.{i}", f"encoder/layers_{i}", f"encoder.block.{i}.layer"
        yield from _block(
            config,
            _Names(ours, t5x, f"{theirs}.0"),
            ("attention_norm", "pre_attention_layer_norm"),
            ("attention", "attention", "SelfAttention"),
        )
        yield from _feed_forward(config, _Names(ours, t5x, f"{theirs}.1"))
    yield _scale(config, "encoder.norm", "encoder/encoder_norm", "encoder.final_layer_norm")


def _decoder(config: ModelConfig) -> Iterator[Parameter]:
    network = config.network
    vocabulary = config.vocabulary.size
    yield Parameter(
        "decoder.embedding.weight",
        "decoder/token_embedder/embedding",
        ("decoder.embed_tokens.weight", "decoder_embed_tokens.weight", "shared.weight"),
        (vocabulary, network.width),
        is_kernel=False,
    )
    for i in range(network.decoder_layers):
        ours, t5x, theirs = f"decoder.layers.{i}", f"decoder/layers_{i}", f"decoder.block.{i}.layer"
        yield from _block(
            config,
            _Names(ours, t5x, f"{theirs}.0"),
            ("self_norm", "pre_self_attention_layer_norm"),
            ("self_attention", "self_attention", "SelfAttention"),
        )
        yield from _block(
            config,
            _Names(ours, t5x, f"{theirs}.1"),
            ("cross_norm", "pre_cross_attention_layer_norm"),
            ("cross_attention", "encoder_decoder_attention", "EncDecAttention"),
        )
        yield from _feed_forward(config, _Names(ours, t5x, f"{theirs}.2"))
    yield _scale(config, "decoder.norm", "decoder/decoder_norm", "decoder.final_layer_norm")
    yield _kernel(
        "decoder.logits", "decoder/logits_dense", ("lm_head",), (vocabulary, network.width)
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What the names of a block begin with."""

    ours: str
    t5x: str
    hugging_face: str


def _block(
    config: ModelConfig, at: _Names, norm: tuple[str, str], attention: tuple[str, str, str]
) -> Iterator[Parameter]:
    """An attention block and the norm before it."""
    width = config.network.width
    inner = config.network.heads * config.network.head_width
    yield _scale(
        config, f"{at.ours}.{norm[0]}", f"{at.t5x}/{norm[1]}", f"{at.hugging_face}.layer_norm"
    )
    for part in ("query", "key", "value", "out"):
        yield _kernel(
            f"{at.ours}.{attention[0]}.{part}",
            f"{at.t5x}/{attention[1]}/{part}",
            (f"{at.hugging_face}.{attention[2]}.{part[0]}",),
            (width, inner) if part == "out" else (inner, width),
        )


def _feed_forward(config: ModelConfig, at: _Names) -> Iterator[Parameter]:
    network = config.network
    yield _scale(
        config,
        f"{at.ours}.feed_forward_norm",
        f"{at.t5x}/pre_mlp_layer_norm",
        f"{at.hugging_face}.layer_norm",
    )
    for part in ("wi_0", "wi_1", "wo"):
        inward = (network.feed_forward, network.width)
        yield _kernel(
            f"{at.ours}.feed_forward.{part}",
            f"{at.t5x}/mlp/{part}",
            (f"{at.hugging_face}.DenseReluDense.{part}",),
            inward[::-1] if part == "wo" else inward,
        )


def _kernel(ours: str, t5x: str, hugging_face: tuple[str, ...], shape: Shape) -> Parameter:
    names = tuple(f"{name}.weight" for name in hugging_face)
    return Parameter(f"{ours}.weight", f"{t5x}/kernel", names, shape, is_kernel=True)


def _scale(config: ModelConfig, ours: str, t5x: str, hugging_face: str) -> Parameter:
    shape = (config.network.width,)
    names = (f"{hugging_face}.weight",)
    return Parameter(f"{ours}.weight", f"{t5x}/scale", names, shape, is_kernel=False)
