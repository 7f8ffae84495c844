"""What players do with what is written: strum chords, take other drums.

Scores and sequencers write a guitar's chord as notes at one time, and most drum parts are kick,
snare and hi-hat: a network that heard only these would take a strum for an arpeggio, and would
hardly ever have met a tom.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHORD_SPAN = 0.03
"""Notes that begin within so many seconds of a chord's first belong to it."""

STRING_SECONDS = (0.002, 0.018)
"""From one string of a strum to the next."""

_TOMS = (41, 43, 45, 47, 48, 50)
_SWAPS: tuple[tuple[tuple[int, ...], float, tuple[int, ...]], ...] = (
    ((42, 44), 0.25, (46, 49, 51, 53, 54, 57, 59)),
    ((46,), 0.2, (49, 51, 57)),
    ((38, 40), 0.15, _TOMS),
)
"""Usual keys, how often they are swapped, and for which."""


def strum(rng: np.random.Generator, notes: NDArray[np.void]) -> NDArray[np.void]:
    """Chords struck string after string, up or down; the next chord stops the one before.

    ``notes`` have the fields ``onset`` and ``offset`` in seconds and ``pitch``; a changed copy
    comes back, sorted by chords.
    """
    notes = notes[np.lexsort((notes["pitch"], notes["onset"]))]
    chords = _chords(notes["onset"])
    pace = rng.uniform(*STRING_SECONDS)
    for index, (first, last) in enumerate(chords):
        chord = notes[first:last]
        begin = float(chord["onset"].min())
        if last - first > 1:
            order = np.argsort(
                chord["pitch"] if rng.random() < 0.6 else -chord["pitch"].astype(int)
            )
            place = np.empty(len(order))
            place[order] = np.arange(len(order))
            chord["onset"] = begin + place * pace * rng.uniform(0.8, 1.2)
        stopped = np.inf if index + 1 == len(chords) else float(notes["onset"][last])
        chord["offset"] = np.maximum(np.minimum(chord["offset"], stopped), chord["onset"] + 0.03)
    return notes


def _chords(onset: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Where chords begin and end among sorted onsets."""
    chords: list[tuple[int, int]] = []
    first = 0
    for index in range(1, len(onset) + 1):
        if index == len(onset) or onset[index] - onset[first] > CHORD_SPAN:
            chords.append((first, index))
            first = index
    return chords


def take_other_drums(rng: np.random.Generator, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """General MIDI ``keys`` of a part, some now and then swapped for rarer ones.

    Hi-hats become one cymbal throughout, snares each a tom of their own.
    """
    keys = keys.copy()
    for usual, often, others in _SWAPS:
        if rng.random() >= often:
            continue
        struck = np.isin(keys, usual)
        count = int(struck.sum())
        keys[struck] = rng.choice(others, count if others is _TOMS else 1)
    return keys
