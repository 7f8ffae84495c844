"""What the user knows better than the search."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Wishes:
    """What the user knows better.

    Attributes:
        tempo: beats per minute, near which beats are looked for.
        meter: time signature such as ``"3/4"``.
        beats: pairs of seconds and whether a bar begins there; or the path of a text file of
            beats, or of a MIDI file whose tempo map is followed; or ``"beat-this"``, a tracker
            that listens to ``recording``.
        downbeats: seconds where bars begin; of two within six seconds the second begins the bar
            after the first's.
        recording: path of the recording that the notes come from; it helps to find the beats.
    """

    tempo: float | None = None
    meter: str | None = None
    beats: str | os.PathLike[str] | Sequence[tuple[float, bool]] | None = None
    recording: str | os.PathLike[str] | None = None
    downbeats: Sequence[float] = ()


NO_WISHES = Wishes()
