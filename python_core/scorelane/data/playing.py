"""What players do with what is written: strum chords, take other drums, join in.

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
_HAND_DRUMS = (60, 61, 62, 63, 64)
_RATTLES = (54, 69, 70, 82)
_TRIANGLES = (80, 81)
_STICKS = (28, 37, 39, 56, 75, 76, 77)
_SWAPS: tuple[tuple[tuple[int, ...], float, tuple[int, ...], bool], ...] = (
    ((42, 44), 0.35, (46, 49, 51, 53, 57, 59, *_RATTLES), False),
    ((46,), 0.25, (49, 51, 57, *_TRIANGLES), False),
    ((38, 40), 0.15, _TOMS, True),
    ((38, 40), 0.1, _HAND_DRUMS, True),
    ((38, 40), 0.1, _STICKS, False),
)
"""Usual keys, how often they are swapped, for which, and whether each stroke for one of its own."""

_DOUBLES: tuple[tuple[tuple[int, ...], float, tuple[int, ...], float], ...] = (
    ((38, 40), 0.15, (39, 54), 1.0),
    ((42, 44, 46, 51), 0.15, (*_RATTLES, *_TRIANGLES), 0.8),
    ((36, 38, 40, 42), 0.1, _HAND_DRUMS, 0.4),
    ((35, 36), 0.15, (49, 57), 0.3),
)
"""Keys, how often another is struck together with them, which, and with what share of the hits."""

DOUBLED_SECONDS = 0.006
"""Standard deviation of the time between two that strike together."""


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

    Hi-hats become one cymbal or rattle throughout, snares each a tom or hand drum of their own.
    """
    keys = keys.copy()
    for usual, often, others, each in _SWAPS:
        if rng.random() >= often:
            continue
        struck = np.isin(keys, usual)
        keys[struck] = rng.choice(others, int(struck.sum()) if each else 1)
    return keys


def join_percussion(rng: np.random.Generator, notes: NDArray[np.void]) -> NDArray[np.void]:
    """``notes`` of a drum part and of who plays along: claps, shakers, congas, crashes."""
    joined = [notes]
    for usual, often, others, share in _DOUBLES:
        if rng.random() >= often:
            continue
        along = notes[np.isin(notes["pitch"], usual) & (rng.random(len(notes)) < share)].copy()
        late = rng.normal(0.0, DOUBLED_SECONDS, len(along))
        along["onset"] += late
        along["offset"] += late
        along["pitch"] = rng.choice(others)
        along["velocity"] = np.clip(along["velocity"] * rng.uniform(0.6, 1.2), 1, 127)
        joined.append(along)
    together = np.concatenate(joined)
    return together[np.argsort(together["onset"], kind="stable")]
