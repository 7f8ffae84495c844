"""Small checkpoints in the layouts of T5X and of Hugging Face's ports, written by hand.

The names come from the published layout (docs/OFFICIAL-WEIGHTS.md), not from the importer.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import torch
from numpy.typing import NDArray

from scorelane.model.config import ModelConfig, mt3_config
from scorelane.model.transformer import Transformer

Tree = dict[str, Any]
_OUTSIDE = 1000  # arrays with more numbers stand outside the index


def tiny_config(*, piano: bool = False) -> ModelConfig:
    """The published configuration with two thin layers and few mel bins."""
    config = mt3_config(piano=piano)
    network = dataclasses.replace(
        config.network, width=64, heads=2, feed_forward=48, encoder_layers=2, decoder_layers=2
    )
    frontend = dataclasses.replace(config.frontend, bins=40)
    return dataclasses.replace(config, network=network, frontend=frontend, max_tokens=16)


def tiny_model(config: ModelConfig, seed: int = 0) -> Transformer:
    """Random weights, norm scales included."""
    torch.manual_seed(seed)
    model = Transformer(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.uniform_(0.5, 1.5)
    return model


def t5x_tree(model: Transformer) -> dict[str, NDArray[np.float32]]:
    """The model's arrays under T5X's paths, kernels as (in, out)."""
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    tree = {
        "encoder/continuous_inputs_projection/kernel": state["encoder.input.projection.weight"].T,
        "encoder/encoder_norm/scale": state["encoder.norm.weight"],
        "decoder/token_embedder/embedding": state["decoder.embedding.weight"],
        "decoder/decoder_norm/scale": state["decoder.norm.weight"],
        "decoder/logits_dense/kernel": state["decoder.logits.weight"].T,
    }
    blocks = {
        "encoder": {"attention": ("attention_norm", "pre_attention_layer_norm", "attention")},
        "decoder": {
            "self_attention": ("self_norm", "pre_self_attention_layer_norm", "self_attention"),
            "cross_attention": (
                "cross_norm",
                "pre_cross_attention_layer_norm",
                "encoder_decoder_attention",
            ),
        },
    }
    for side, attentions in blocks.items():
        for i in range(len(getattr(model, side).layers)):
            ours, theirs = f"{side}.layers.{i}", f"{side}/layers_{i}"
            for attention, (norm, their_norm, their_attention) in attentions.items():
                tree[f"{theirs}/{their_norm}/scale"] = state[f"{ours}.{norm}.weight"]
                for part in ("query", "key", "value", "out"):
                    kernel = state[f"{ours}.{attention}.{part}.weight"].T
                    tree[f"{theirs}/{their_attention}/{part}/kernel"] = kernel
            tree[f"{theirs}/pre_mlp_layer_norm/scale"] = state[f"{ours}.feed_forward_norm.weight"]
            for part in ("wi_0", "wi_1", "wo"):
                kernel = state[f"{ours}.feed_forward.{part}.weight"].T
                tree[f"{theirs}/mlp/{part}/kernel"] = kernel
    return tree


def write_t5x(
    arrays: dict[str, NDArray[np.float32]],
    folder: Path,
    *,
    places: dict[str, str] | None = None,
    chunks: int = 1,
) -> Path:
    """A checkpoint folder; ``places`` overrides where the index says that an array lies."""
    folder.mkdir(parents=True, exist_ok=True)
    target: Tree = {}
    for path, array in arrays.items():
        *parents, leaf = path.split("/")
        node = target
        for parent in parents:
            node = node.setdefault(parent, {})
        if array.size <= _OUTSIDE:
            node[leaf] = _inline(array)
        else:
            place = f"target.{path.replace('/', '.')}"
            write_zarr(array, folder / place, chunks)
            node[leaf] = _descriptor(array, (places or {}).get(path, place + "/"))
    state = {"step": _inline(np.array(5, np.int32)), "param_states": {}}
    index = {"version": 3, "optimizer": {"target": target, "state": state}}
    (folder / "checkpoint").write_bytes(msgpack.packb(index))
    return folder


def write_zarr(array: NDArray[np.float32], folder: Path, chunks: int = 1) -> None:
    """One zarr v2 array, gzipped, cut into ``chunks`` along its first axis."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = -(-array.shape[0] // chunks)
    header = {
        "chunks": [rows, *array.shape[1:]],
        "compressor": {"id": "gzip", "level": 1},
        "dimension_separator": ".",
        "dtype": "<f4",
        "fill_value": None,
        "filters": None,
        "order": "C",
        "shape": list(array.shape),
        "zarr_format": 2,
    }
    (folder / ".zarray").write_text(json.dumps(header))
    for i in range(chunks):
        piece = array[i * rows : (i + 1) * rows]
        padded = np.zeros((rows, *array.shape[1:]), "<f4")
        padded[: len(piece)] = piece
        name = ".".join([str(i)] + ["0"] * (array.ndim - 1))
        (folder / name).write_bytes(gzip.compress(padded.tobytes(), 1))


def hugging_face(model: Transformer) -> dict[str, torch.Tensor]:
    """The model's tensors in Hugging Face's naming, with the doubles that ports keep."""
    state = model.state_dict()
    named = {
        "proj.weight": state["encoder.input.projection.weight"],
        "encoder.embed_tokens.weight": state["encoder.input.projection.weight"],
        "encoder.final_layer_norm.weight": state["encoder.norm.weight"],
        "decoder_embed_tokens.weight": state["decoder.embedding.weight"],
        "decoder.embed_tokens.weight": state["decoder.embedding.weight"],
        "decoder.final_layer_norm.weight": state["decoder.norm.weight"],
        "lm_head.weight": state["decoder.logits.weight"],
    }
    attentions = {
        "encoder": [("attention_norm", "attention", "SelfAttention")],
        "decoder": [
            ("self_norm", "self_attention", "SelfAttention"),
            ("cross_norm", "cross_attention", "EncDecAttention"),
        ],
    }
    for side, blocks in attentions.items():
        for i in range(len(getattr(model, side).layers)):
            ours, theirs = f"{side}.layers.{i}", f"{side}.block.{i}.layer"
            for place, (norm, attention, their_attention) in enumerate(blocks):
                at = f"{theirs}.{place}"
                named[f"{at}.layer_norm.weight"] = state[f"{ours}.{norm}.weight"]
                for letter, part in zip("qkvo", ("query", "key", "value", "out"), strict=True):
                    weight = state[f"{ours}.{attention}.{part}.weight"]
                    named[f"{at}.{their_attention}.{letter}.weight"] = weight
            last = f"{theirs}.{len(blocks)}"
            named[f"{last}.layer_norm.weight"] = state[f"{ours}.feed_forward_norm.weight"]
            for part in ("wi_0", "wi_1", "wo"):
                weight = state[f"{ours}.feed_forward.{part}.weight"]
                named[f"{last}.DenseReluDense.{part}.weight"] = weight
    return named


def _inline(array: NDArray[Any]) -> msgpack.ExtType:
    content = (array.shape, array.dtype.name, np.ascontiguousarray(array).tobytes())
    return msgpack.ExtType(1, msgpack.packb(content))


def _descriptor(array: NDArray[np.float32], place: str) -> Tree:
    return {
        "driver": "zarr",
        "dtype": "float32",
        "kvstore": {"driver": "gfile", "path": place},
        "metadata": {
            "chunks": list(array.shape),
            "compressor": {"id": "gzip", "level": 1},
            "dtype": "<f4",
            "shape": list(array.shape),
        },
        "transform": {
            "input_exclusive_max": [[size] for size in array.shape],
            "input_inclusive_min": [0] * array.ndim,
        },
    }
