"""What every reader of foreign weights offers, and how faults in them are told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scorelane.errors import ModelError
from scorelane.model.importing.layout import Parameter, Shape

FloatArray = NDArray[np.float32]

_SHOWN = 80
_LAYER = re.compile(r"(?<=layers_)[0-9]{1,6}|(?<=block\.)[0-9]{1,6}")


class Source(Protocol):
    """Weights in someone else's format, opened but not yet read."""

    kind: str
    """The format, for people."""

    def shapes(self) -> Mapping[str, Shape]:
        """The shape of every array that the network could use, by its foreign name."""

    def vocabulary(self) -> int:
        """Rows of the token embedding; 0 where there is none."""

    def names(self, parameter: Parameter) -> tuple[str, ...]:
        """Foreign names of ``parameter``; any of them is enough."""

    def foreign_shape(self, parameter: Parameter) -> Shape:
        """The shape that ``parameter`` has in this format."""

    def read(self, name: str, parameter: Parameter) -> FloatArray:
        """The array called ``name``, in the shape that ``parameter`` has here.

        Raises :class:`ModelError` when it cannot be read.
        """


def check_layout(source: Source, wanted: Sequence[Parameter]) -> None:
    """Raise :class:`ModelError` naming all that is missing, extra or of another shape."""
    shapes = source.shapes()
    faults = []
    known: set[str] = set()
    for parameter in wanted:
        names = [name for name in source.names(parameter) if name in shapes]
        known.update(source.names(parameter))
        if not names:
            faults.append(f"{source.names(parameter)[0]} is missing")
        expected = source.foreign_shape(parameter)
        faults += [
            f"{name} has shape {_shape(shapes[name])} instead of {_shape(expected)}"
            for name in names
            if shapes[name] != expected
        ]
    faults += [f"{printable(name)} is unknown" for name in sorted(shapes.keys() - known)]
    if faults:
        raise ModelError(f"These are not the weights of MT3's network: {listed(faults)}.")


def check_numbers(name: str, array: FloatArray) -> FloatArray:
    """``array`` unless it holds something that is not a finite number."""
    if not np.isfinite(array).all():
        raise ModelError(
            f"{printable(name)} holds numbers that are not finite; the weights are damaged, get "
            "them again."
        )
    return array


def listed(faults: Sequence[str]) -> str:
    """All ``faults``, those that differ only by their layer as one: ``layers_{0-3,7}``."""
    layers: dict[str, list[int]] = {}
    for fault in faults:
        found = _LAYER.search(fault)
        alike = fault[: found.start()] + "\0" + fault[found.end() :] if found else fault
        layers.setdefault(alike, []).append(int(found.group()) if found else -1)
    told = [
        alike if numbers == [-1] else alike.replace("\0", _ranges(sorted(numbers)), 1)
        for alike, numbers in layers.items()
    ]
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return "; ".join(told[:_SHOWN]) + more


def _ranges(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return str(numbers[0])
    ranges = [[numbers[0], numbers[0]]]
    for number in numbers[1:]:
        if number <= ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return "{" + ",".join(f"{a}-{b}" if a < b else str(a) for a, b in ranges) + "}"


def printable(name: object) -> str:
    """A foreign name, short and harmless to print."""
    text = "".join(c if c.isprintable() else "?" for c in str(name)[:121])
    return text if len(text) <= 120 else text[:117] + "..."


def _shape(shape: Shape) -> str:
    return " x ".join(str(size)[:24] for size in shape) or "of a single number"
