"""All corpora, which of them a folder holds, and how often MT3 draws from each."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from scorelane.data.datasets.guitarset import GUITARSET
from scorelane.data.datasets.maestro import MAESTRO
from scorelane.data.datasets.musicnet import MUSICNET
from scorelane.data.datasets.slakh import CERBERUS4, SLAKH2100
from scorelane.data.datasets.track import DataSet
from scorelane.data.datasets.urmp import URMP
from scorelane.errors import UsageError

# Slakh2100 before Cerberus4, which lies in the same folder.
DATASETS = (MAESTRO, SLAKH2100, CERBERUS4, GUITARSET, MUSICNET, URMP)
MIXTURE_EXPONENT = 0.3


def recognised(root: Path) -> list[DataSet]:
    """The corpora that the folder ``root`` holds: both of Slakh's, or one, or none."""
    return [found for found in DATASETS if root.is_dir() and found.is_here(root)]


def named(name: str) -> DataSet:
    """The corpus called ``name``. Raises :class:`UsageError` listing the known ones."""
    found = next((dataset for dataset in DATASETS if dataset.name == name.lower()), None)
    if found is None:
        known = ", ".join(dataset.name for dataset in DATASETS)
        raise UsageError(f"There is no data set {name!r}; there are {known}.")
    return found


def odds(datasets: Iterable[DataSet]) -> list[float]:
    """How often MT3 draws from each of ``datasets``: by its share of hours to the power 0.3."""
    weights = [dataset.hours**MIXTURE_EXPONENT for dataset in datasets]
    return [weight / sum(weights) for weight in weights]
