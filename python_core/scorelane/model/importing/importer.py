"""Foreign weights in, Scorelane's weights and configuration out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scorelane.errors import ModelError
from scorelane.model.config import ModelConfig
from scorelane.model.importing.layout import parameters, supported_configurations
from scorelane.model.importing.source import Source, check_layout, check_numbers
from scorelane.model.importing.state_dict import StateDict
from scorelane.model.importing.t5x import INDEX, T5XCheckpoint

_STATE_DICTS = ("model.safetensors", "pytorch_model.bin", "mt3.pth")


@dataclass(frozen=True)
class Imported:
    """Weights by our names, in float32, with their configuration.

    ``kind`` says what they were read from; ``fingerprint`` depends on the numbers alone.
    """

    tensors: dict[str, Tensor]
    config: ModelConfig
    kind: str
    fingerprint: str

    @property
    def numbers(self) -> int:
        """How many parameters there are."""
        return sum(tensor.numel() for tensor in self.tensors.values())


def import_weights(path: Path, configurations: Sequence[ModelConfig] | None = None) -> Imported:
    """Read MT3's weights from a T5X checkpoint folder or a PyTorch state dict.

    ``configurations`` are the networks that the weights may belong to, told apart by the size of
    their vocabulary; the published ones if not given. Raises :class:`ModelError` saying what is
    missing, extra, misshapen or damaged. Nothing in the files is run.
    """
    source = _open(path)
    config = _configuration(source, configurations or supported_configurations())
    wanted = parameters(config)
    check_layout(source, wanted)
    shapes = source.shapes()
    tensors = {}
    for parameter in wanted:
        name = next(name for name in source.names(parameter) if name in shapes)
        array = check_numbers(name, source.read(name, parameter))
        tensors[parameter.name] = torch.from_numpy(np.ascontiguousarray(array))
    return Imported(tensors, config, source.kind, fingerprint(tensors))


def fingerprint(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, shapes and float32 numbers, in the order of the names.

    The same weights have the same fingerprint, whatever format they came in.
    """
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name].detach().to("cpu", torch.float32).contiguous().numpy()
        digest.update(f"{name} {list(array.shape)}\n".encode())
        digest.update(array.astype("<f4", copy=False).tobytes())
    return digest.hexdigest()


def _open(path: Path) -> Source:
    if path.name == INDEX and path.is_file():
        return T5XCheckpoint(path.parent)
    if path.is_file():
        return StateDict(path)
    if (path / INDEX).is_file():
        return T5XCheckpoint(path)
    found = [path / name for name in _STATE_DICTS if (path / name).is_file()]
    if len(found) == 1:
        return StateDict(found[0])
    if not path.exists():
        raise ModelError(f"There is no {path}.")
    raise ModelError(
        f"{path} holds no checkpoint: expected a T5X folder (with the file {INDEX!r}), or a "
        "PyTorch state dict (.pt, .pth, .bin or .safetensors)."
    )


def _configuration(source: Source, configurations: Sequence[ModelConfig]) -> ModelConfig:
    by_vocabulary = {config.vocabulary.size: config for config in configurations}
    found = source.vocabulary()
    if found in by_vocabulary:
        return by_vocabulary[found]
    known = " or ".join(f"{size} ({config.name})" for size, config in sorted(by_vocabulary.items()))
    raise ModelError(
        f"These are not weights of MT3: their vocabulary has {found or 'no'} tokens instead of "
        f"{known}."
    )
