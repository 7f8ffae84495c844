"""PyTorch state dicts in the naming of Hugging Face's T5: ``.pt``, ``.pth``, ``.bin``, safetensors.

Pickles are read with ``weights_only``, which runs no code, and only inside the zip that torch has
written since 1.6, whose entries are stored uncompressed: so no file unpacks to more than its size.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from scorelane.errors import ModelError
from scorelane.model.importing.layout import Parameter, Shape
from scorelane.model.importing.source import FloatArray, printable
from scorelane.model.layers import sinusoids

_LARGEST = 4 << 30
_LARGEST_PICKLE = 8 << 20
_MOST_ENTRIES = 10_000
_NESTED_UNDER = ("state_dict", "model_state_dict", "model")
_PREFIXES = ("model.", "module.")
# Ports keep the fixed sinusoids, which are no weights, under names like encoder.pos_emb.emb.
_POSITIONS = re.compile(r"(^|\.)pos(ition\w*|_emb\w*|_enc\w*)(\.|$)")


class StateDict:
    """A state dict in Hugging Face's naming. Implements :class:`Source`."""

    kind = "PyTorch state dict"

    def __init__(self, path: Path) -> None:
        tensors = _load_safetensors(path) if _is_safetensors(path) else _load_pickle(path)
        self._tensors = _without_positions(_without_prefix(tensors))

    def shapes(self) -> Mapping[str, Shape]:
        """Shapes by name; a prefix that all names share and position codes are left out."""
        return {name: tuple(tensor.shape) for name, tensor in self._tensors.items()}

    def vocabulary(self) -> int:
        """Rows of the token embedding."""
        for name in ("lm_head.weight", "decoder.embed_tokens.weight", "shared.weight"):
            if name in self._tensors and self._tensors[name].ndim:
                return self._tensors[name].size(0)
        return 0

    def names(self, parameter: Parameter) -> tuple[str, ...]:
        """Hugging Face's names and those of ports."""
        return parameter.hugging_face

    def foreign_shape(self, parameter: Parameter) -> Shape:
        """Kernels are (out, in), as here."""
        return parameter.shape

    def read(self, name: str, parameter: Parameter) -> FloatArray:
        """The tensor in float32; every other name of ``parameter`` must hold the same numbers."""
        tensor = self._tensors[name]
        if not tensor.is_floating_point():
            raise ModelError(
                f"{name} is of type {printable(tensor.dtype)}; only floating-point numbers can be "
                "imported."
            )
        for other in set(parameter.hugging_face) - {name}:
            if other in self._tensors and not torch.equal(self._tensors[other], tensor):
                raise ModelError(
                    f"{name} and {other} must hold the same numbers, and do not; these are not "
                    "the weights of MT3's network."
                )
        return np.asarray(tensor.detach().float().contiguous().numpy())


def _is_safetensors(path: Path) -> bool:
    return path.suffix.lower() == ".safetensors"


def _load_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelError(
            f"{path} cannot be read as safetensors: {printable(error)}; get it again."
        ) from error


def _load_pickle(path: Path) -> dict[str, Tensor]:
    _check_zip(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # a damaged pickle can raise anything
        raise ModelError(
            f"{path} is damaged, or holds more than weights and was not opened "
            f"({printable(error).splitlines()[0]}); save its state dict alone and import that."
        ) from error
    return _only_tensors(_unwrapped(loaded), path)


def _check_zip(path: Path) -> None:
    """Refuse what torch did not write, or what would unpack to more than it is."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ModelError(
            f"{path} is not a state dict that torch wrote (1.6 or later), or is cut short: "
            f"{printable(error)}."
        ) from error
    compressed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    total = sum(entry.file_size for entry in entries)
    pickles = [entry.file_size for entry in entries if entry.filename.endswith(".pkl")]
    if compressed or len(entries) > _MOST_ENTRIES or total > min(_LARGEST, path.stat().st_size):
        raise ModelError(
            f"{path} would unpack to more than its own size, which no state dict does; it was "
            "not opened."
        )
    if max(pickles, default=0) > _LARGEST_PICKLE:
        raise ModelError(f"{path} holds a pickle of unusual size; it was not opened.")


def _unwrapped(loaded: Any) -> Any:
    """The state dict inside what trainers save around it."""
    for key in _NESTED_UNDER:
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            return loaded[key]
    return loaded


def _only_tensors(loaded: Any, path: Path) -> dict[str, Tensor]:
    if not isinstance(loaded, dict) or not loaded:
        raise ModelError(f"{path} holds no state dict but {type(loaded).__name__}.")
    for name, value in loaded.items():
        if not (isinstance(name, str) and isinstance(value, Tensor) and _is_plain(value)):
            raise ModelError(f"{printable(name)} in {path} is not a plain array of numbers.")
    return loaded


def _is_plain(tensor: Tensor) -> bool:
    on_cpu = tensor.layout == torch.strided and tensor.device.type == "cpu"
    return on_cpu and not tensor.is_quantized and not tensor.is_complex()


def _without_prefix(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            return {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _without_positions(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leave out position codes, after making sure that they are the ones used here."""
    kept = {}
    for name, tensor in tensors.items():
        if not _POSITIONS.search(name):
            kept[name] = tensor
        elif not _are_sinusoids(tensor):
            raise ModelError(
                f"{printable(name)} holds positions other than MT3's fixed sinusoids; this "
                "network is another one."
            )
    return kept


def _are_sinusoids(tensor: Tensor) -> bool:
    table = tensor.squeeze()
    if table.ndim != 2 or table.numel() > 1 << 24 or table.size(1) < 4 or table.size(1) % 2:
        return False
    expected = sinusoids(torch.arange(table.size(0)), table.size(1))
    return bool(torch.allclose(table.float(), expected, atol=1e-3))
