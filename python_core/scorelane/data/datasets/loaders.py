"""mirdata's loaders (Bittner et al., ISMIR 2019), given an index of what lies on disk.

mirdata would first fetch an index of the whole corpus. Its tracks take any index, so that here
nothing is fetched, and a part of a corpus can be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from os import PathLike
from typing import Any

from scorelane.errors import NotesError, UsageError

Files = dict[str, tuple[str | None, None]]


def loader(name: str) -> Any:
    """mirdata's module for the corpus ``name``; raises :class:`UsageError` if it is missing."""
    try:
        return import_module(f"mirdata.datasets.{name}")
    except ImportError as error:
        raise UsageError(
            "GuitarSet and Slakh2100 are read by mirdata, which is not installed: "
            "pip install 'scorelane[corpora]'."
        ) from error


def files(paths: Mapping[str, str | None]) -> Files:
    """One track's entry in an index: ``paths`` below the corpus's folder, without checksums."""
    return {kind: (path, None) for kind, path in paths.items()}


@contextmanager
def understood(path: str | PathLike[str]) -> Iterator[None]:
    """Turns whatever a parser trips over in the file ``path`` into :class:`NotesError`."""
    try:
        yield
    except Exception as error:
        raise NotesError(f"{path} cannot be understood: {error!r}") from error
