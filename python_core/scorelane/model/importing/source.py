"""What every reader of foreign weights offers, and how faults in them are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scorelane.errors import ModelError
from scorelane.model.importing.layout import Parameter, Shape

FloatArray = NDArray[np.float32]

_SHOWN = 12


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
    """The first of ``faults``, and how many more there are."""
    more = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return "; ".join(faults[:_SHOWN]) + more


def printable(name: object) -> str:
    """A foreign name, short and harmless to print."""
    text = "".join(c if c.isprintable() else "?" for c in str(name)[:121])
    return text if len(text) <= 120 else text[:117] + "..."


def _shape(shape: Shape) -> str:
    return " x ".join(str(size)[:24] for size in shape) or "of a single number"
