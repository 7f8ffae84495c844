"""Onset events: what begins together, and how much weight a listener gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note

TOGETHER = 0.035
"""Seconds: notes that begin within this of one another are one event."""

_KICKS, _SNARES = frozenset({35, 36}), frozenset({38, 40})


@dataclass(frozen=True)
class Onsets:
    """Events in the order of time.

    Attributes:
        times: ``[n]`` seconds, the mean over the notes of each event.
        weight: ``[n]`` how strongly each marks a beat; mean 0, about -1 to 2.
        bass: ``[n]`` lowest pitch that begins (127 where only drums do).
        length: ``[n]`` seconds of its longest pitched note, 0 without one.
        chroma: ``[n, 12]`` how often each pitch class begins.
    """

    times: NDArray[np.float64]
    weight: NDArray[np.float64]
    bass: NDArray[np.float64]
    length: NDArray[np.float64]
    chroma: NDArray[np.float64]


def find_onsets(notes: Sequence[Note]) -> Onsets:
    """Gather ``notes``, in any order, into events."""
    ordered = sorted(notes)
    onset = np.array([note.onset for note in ordered])
    event = _group(onset)
    count = int(event[-1]) + 1 if len(event) else 0
    pitch = np.array([note.pitch for note in ordered], np.int64)
    drum = np.array([note.is_drum for note in ordered], bool)
    length = np.array([note.duration for note in ordered])
    velocity = np.array([note.velocity for note in ordered], np.float64)
    size = np.bincount(event, minlength=count)
    bass = np.full(count, 127.0)
    np.minimum.at(bass, event[~drum], pitch[~drum])
    longest = np.zeros(count)
    np.maximum.at(longest, event[~drum], np.minimum(length[~drum], 4.0))
    loudest = np.zeros(count)
    np.maximum.at(loudest, event, velocity)
    kick = np.zeros(count)
    np.maximum.at(kick, event, drum & np.isin(pitch, list(_KICKS | _SNARES)))
    chroma = np.zeros((count, 12))
    np.add.at(chroma, (event[~drum], pitch[~drum] % 12), 1.0)
    weight = (
        0.5 * _standard(np.log2(1.0 + size))
        + 0.5 * _standard(np.log2(longest + 0.1))
        + 0.3 * _standard(loudest)
        + 0.4 * _standard(-np.minimum(bass, 90.0))
        + 0.6 * _standard(kick)
    )
    times = np.bincount(event, onset, count) / np.maximum(size, 1)
    return Onsets(times, np.clip(weight, -1.5, 2.5), bass, longest, chroma)


def _group(onset: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the event of each onset (sorted); an event lasts at most ``TOGETHER``."""
    event = np.zeros(len(onset), np.int64)
    first = 0
    for i in range(1, len(onset)):
        begins = onset[i] - onset[first] > TOGETHER
        event[i] = event[i - 1] + begins
        first = i if begins else first
    return event


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(np.std(values)) if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)
