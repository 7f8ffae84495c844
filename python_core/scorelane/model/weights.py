"""Weights on disk: a folder with ``config.json`` and ``model.safetensors``."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from scorelane.errors import ModelError
from scorelane.files import atomic_path
from scorelane.model.config import ModelConfig
from scorelane.model.transformer import Transformer

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"

_HARMLESS = 100_000_000  # so many numbers fit into any memory, and wrong ones can be told by name


def load_weights(folder: Path) -> tuple[Transformer, ModelConfig]:
    """The model in ``folder``, in float32 and evaluation mode, and its configuration.

    Raises :class:`ModelError` saying which file, name or shape is wrong.
    """
    config = ModelConfig.read(folder / CONFIG_NAME)
    path = folder / WEIGHTS_NAME
    try:
        tensors = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read as weights: {error}") from error
    if _least_numbers(config) > max(_HARMLESS, sum(t.numel() for t in tensors.values())):
        raise ModelError(f"{path} holds fewer numbers than its config.json says")
    model = Transformer(config)
    check_shapes(tensors, model.state_dict())
    model.load_state_dict({name: value.float() for name, value in tensors.items()})
    return model.eval(), config


def _least_numbers(config: ModelConfig) -> int:
    """Numbers in the large matrices, counted before memory is taken for them."""
    network = config.network
    attention = 4 * network.heads * network.head_width
    layers = network.encoder_layers * (attention + 3 * network.feed_forward)
    layers += network.decoder_layers * (2 * attention + 3 * network.feed_forward)
    return network.width * (2 * config.vocabulary.size + layers)


def save_weights(
    tensors: dict[str, Tensor], config: ModelConfig, folder: Path, dtype: torch.dtype
) -> None:
    """Write the model's tensors as ``dtype`` and its configuration into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    stored = {name: value.detach().to("cpu", dtype).contiguous() for name, value in tensors.items()}
    with atomic_path(folder / WEIGHTS_NAME) as temporary:
        temporary.write_bytes(save(stored))
    with atomic_path(folder / CONFIG_NAME) as temporary:
        temporary.write_text(config.to_json(), encoding="utf-8")


def check_shapes(given: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Raise :class:`ModelError` naming what is missing, extra or of another shape."""
    faults = [f"{name} is missing" for name in sorted(wanted.keys() - given.keys())]
    faults += [f"{name} is unknown" for name in sorted(given.keys() - wanted.keys())]
    faults += [
        f"{name} has shape {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in sorted(given.keys() & wanted.keys())
        if given[name].shape != wanted[name].shape
    ]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise ModelError(f"the weights do not fit the configuration: {'; '.join(faults[:3])}{more}")
