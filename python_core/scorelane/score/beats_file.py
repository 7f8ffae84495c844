"""Files of beat times: what a beat tracker or a listener wrote down."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorelane.errors import UsageError


def read_beats(path: str | os.PathLike[str]) -> tuple[NDArray[np.float64], int | None]:
    """Read one beat per line: seconds, then (optional) its number in the bar, 1 for a downbeat.

    This is the ``.beats`` format of Beat This! and of most annotated corpora; ``#`` begins a
    comment. Returns the times and the index of the first downbeat (``None``: not said).

    Raises:
        UsageError: for a file that cannot be read, or that holds fewer than two increasing times.
    """
    times: list[float] = []
    downbeat: int | None = None
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as a file of beats: {error}") from error
    for number, line in enumerate(lines, start=1):
        fields = line.split("#")[0].replace(",", " ").split()
        if not fields:
            continue
        try:
            time = float(fields[0])
            first_of_bar = len(fields) > 1 and float(fields[1]) == 1
        except ValueError:
            raise UsageError(
                f"{path}, line {number}: {fields[0]!r} is no time in seconds"
            ) from None
        if not math.isfinite(time) or (times and time <= times[-1]):
            raise UsageError(f"{path}, line {number}: beat times must be numbers that increase")
        if first_of_bar and downbeat is None:
            downbeat = len(times)
        times.append(time)
    if len(times) < 2:
        raise UsageError(f"{path} holds {len(times)} beats; at least two are needed")
    return np.array(times), downbeat
