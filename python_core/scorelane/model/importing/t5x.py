"""T5X checkpoints: a msgpack index, and a zarr v2 folder for every large array.

The index is a tree in which extension type 1 holds a small array and ``{"driver": "zarr", ...}``
stands for a large one (Flax's and TensorStore's conventions). Both are taken to be hostile:
everything is checked against what MT3's network needs before it is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from scorelane.errors import ModelError
from scorelane.model.importing.layout import Parameter, Shape
from scorelane.model.importing.source import FloatArray, listed, printable
from scorelane.model.importing.zarr_array import MissingArrayError, ZarrArray

INDEX = "checkpoint"

_LARGEST_INDEX = 64 << 20  # the published one has 0.9 MB, with the optimizer's small arrays
_DEEPEST = 16
_ARRAY = 1  # Flax's extension type of an array: (shape, name of the type, bytes)
_FLOATS = {"float32": "<f4", "float64": "<f8", "float16": "<f2"}


class T5XCheckpoint:
    """A checkpoint folder as T5X writes it. Implements :class:`Source`."""

    kind = "T5X checkpoint"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        tree = _read_index(folder / INDEX)
        optimizer = tree.get("optimizer")
        target = optimizer.get("target") if isinstance(optimizer, dict) else None
        if not isinstance(target, dict):
            raise ModelError(
                f"{folder / INDEX} holds no optimizer/target; it is not the index of a T5X "
                "checkpoint."
            )
        self._arrays: dict[str, _Inline | ZarrArray] = {}
        missing = []
        for name, value in _flattened(target):
            try:
                inline = isinstance(value, msgpack.ExtType)
                self._arrays[name] = _Inline(value) if inline else _stored(folder, value)
            except MissingArrayError as error:
                missing.append(str(error))
        if missing:
            raise ModelError(
                f"{len(missing)} of {len(missing) + len(self._arrays)} arrays are missing from "
                f"the checkpoint: {listed(missing)}; copy it again, whole."
            )

    def shapes(self) -> Mapping[str, Shape]:
        """Shapes by path below ``optimizer/target``."""
        return {name: array.shape for name, array in self._arrays.items()}

    def vocabulary(self) -> int:
        """Rows of the token embedding."""
        shape = self.shapes().get("decoder/token_embedder/embedding", (0,))
        return shape[0] if shape else 0

    def names(self, parameter: Parameter) -> tuple[str, ...]:
        """The one path that T5X has for ``parameter``."""
        return (parameter.t5x,)

    def foreign_shape(self, parameter: Parameter) -> Shape:
        """Kernels are (in, out)."""
        return parameter.t5x_shape

    def read(self, name: str, parameter: Parameter) -> FloatArray:
        """The array, kernels transposed to (out, in)."""
        array = self._arrays[name].read(name)
        return array.T if parameter.is_kernel else array


class _Inline:
    """An array that stands in the index itself."""

    def __init__(self, value: msgpack.ExtType) -> None:
        try:
            if value.code != _ARRAY:
                raise ValueError(f"extension type {value.code}")
            shape, self._dtype, self._data = msgpack.unpackb(value.data, use_list=False)
            self.shape: Shape = tuple(int(size) for size in shape)
        except (ValueError, TypeError, msgpack.UnpackException) as error:
            raise ModelError(
                f"The index holds something that is not an array ({printable(error)}); get the "
                "checkpoint again."
            ) from error

    def read(self, name: str) -> FloatArray:
        dtype = _FLOATS.get(self._dtype) if isinstance(self._dtype, str) else None
        if dtype is None or not isinstance(self._data, bytes):
            raise ModelError(
                f"{name} is of type {printable(self._dtype)}; only floating-point numbers can be "
                "imported."
            )
        if len(self._data) != math.prod(self.shape) * np.dtype(dtype).itemsize:
            raise ModelError(f"{name} has another size than it claims; get the checkpoint again.")
        numbers = np.frombuffer(self._data, dtype).reshape(self.shape)
        return numbers.astype(np.float32)


def _read_index(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_INDEX:
            raise ModelError(
                f"{path} has {path.stat().st_size >> 20} MB; the index of a checkpoint is far "
                "smaller. Name the folder that T5X wrote."
            )
        tree = msgpack.unpackb(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError, msgpack.UnpackException) as error:
        raise ModelError(
            f"{path} is not the index of a T5X checkpoint, or is cut short "
            f"({printable(error) or type(error).__name__}); get it again."
        ) from error
    if not isinstance(tree, dict):
        raise ModelError(f"{path} is not the index of a T5X checkpoint: it holds no map.")
    return tree


def _flattened(tree: dict[Any, Any], prefix: str = "", depth: int = 0) -> list[tuple[str, Any]]:
    """Leaves of ``tree`` with their paths, joined by slashes."""
    if depth > _DEEPEST:
        raise ModelError("The checkpoint's index is nested too deeply; it is not T5X's.")
    leaves: list[tuple[str, Any]] = []
    for key, value in tree.items():
        path = f"{prefix}{printable(key)}"
        if isinstance(value, dict) and "driver" not in value:
            leaves += _flattened(value, f"{path}/", depth + 1)
        elif isinstance(value, (dict, msgpack.ExtType)):
            leaves.append((path, value))
        else:
            raise ModelError(f"{path} in the checkpoint's index is neither an array nor a map.")
    return leaves


def _stored(folder: Path, descriptor: dict[Any, Any]) -> ZarrArray:
    store = descriptor.get("kvstore")
    place = store.get("path") if isinstance(store, dict) else None
    if descriptor.get("driver") != "zarr" or not isinstance(place, str):
        raise ModelError(
            "The checkpoint's index refers to an array that is not kept as zarr; only what T5X "
            "writes by itself can be imported."
        )
    return ZarrArray(folder, place)
