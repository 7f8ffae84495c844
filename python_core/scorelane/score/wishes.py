"""What the user knows better than the search."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Wishes:
    """What the user knows better: beats per minute, a metre such as ``"3/4"``, a file of beats."""

    tempo: float | None = None
    meter: str | None = None
    beats: str | os.PathLike[str] | None = None


NO_WISHES = Wishes()
