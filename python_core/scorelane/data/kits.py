"""Drum kits put together at random.

A bank holds some dozens of kits, recordings hold as many as there are drummers, tunings and
producers. Of a kit drawn here every drum is tuned, damped, brightened and mixed on its own, and
some are taken from another kit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.data.bank import Bank
from scorelane.data.effects import compress
from scorelane.data.measure import SAMPLE_RATE
from scorelane.data.playing import join_percussion, take_other_drums
from scorelane.notes import Note

BORROWED = 0.3
"""How often a drum is another kit's."""

TUNING = 0.08
"""Standard deviation of a drum's tuning, as a share of its frequency."""

DAMPED, RING_SECONDS = 0.35, (0.03, 0.5)
"""How often a drum is damped or gated, and how long it then rings (time constant)."""

TILT = 0.25
"""Standard deviation of the share of the sample before: duller where it is positive."""

DECIBELS = 3.0
"""Standard deviation of a drum's level beside the others."""

COMPRESSED = 0.4
"""How often a kit is compressed by itself before it meets the other players."""

SHORTEST_SECONDS = 0.01
"""A hit is labelled where it is heard, but at least so long before its end."""

_DRUMS: tuple[tuple[int, ...], ...] = (
    *((35, 36), (37,), (38, 40), (39,), (42, 44, 46)),
    *((41, 43), (45, 47), (48, 50), (49, 57), (51, 53, 59)),
)
"""Keys that are struck on one drum or cymbal; every other key is one of its own."""
_DRUM_OF = {key: keys[0] for keys in _DRUMS for key in keys}


def play_drums(
    rng: np.random.Generator, bank: Bank, notes: NDArray[np.void], samples: int
) -> tuple[NDArray[np.float32], list[Note]]:
    """Sound a drum part on a random kit: the sound [samples] at 16 kHz and what was struck.

    ``notes`` have the fields ``onset`` and ``offset`` in seconds, ``pitch`` and ``velocity``.
    Hits that no drum of the kit can play are left out.
    """
    sound = np.zeros(samples, np.float32)
    own = bank.choose(rng, 0, is_drum=True)
    if own < 0 or not len(notes):
        return sound, []
    notes = join_percussion(rng, notes)
    keys = take_other_drums(rng, notes["pitch"].astype(np.int64))
    kit = {name: _draw(rng, bank, own) for name in sorted({_drum_of(key) for key in keys})}
    drums = [kit[_drum_of(key)] for key in keys]
    rows, gains = bank.rows(np.array([drum.voice for drum in drums]), keys, notes["velocity"])
    hits: dict[int, NDArray[np.float32]] = {}
    struck = []
    for note, key, row, gain, drum in zip(notes, keys, rows, gains, drums, strict=True):
        if row < 0:
            continue
        if row not in hits:
            hits[row] = drum.shape(bank.recorded(row))
        onset, offset = float(note["onset"]), float(note["offset"])
        _add(sound, gain * hits[row], round(onset * SAMPLE_RATE))
        heard = min(onset + bank.attack(row), max(onset, offset - SHORTEST_SECONDS))
        struck.append(Note(heard, offset, int(key), 0, True, int(note["velocity"])))
    if rng.random() < COMPRESSED:
        sound = compress(rng, sound, SAMPLE_RATE)
    return sound, struck


def _drum_of(key: int) -> int:
    return _DRUM_OF.get(int(key), int(key))


@dataclass(frozen=True)
class Drum:
    """One drum of a kit: whose it is, and what becomes of its sound."""

    voice: int
    speed: float
    ring_s: float | None
    tilt: float
    gain: float

    def shape(self, hit: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sound of a recorded ``hit`` [n] on this drum; longer where it is tuned lower."""
        place = np.arange(0.0, len(hit) - 1, self.speed)
        tuned = np.interp(place, np.arange(len(hit)), hit)
        shaped = tuned * (self.gain / (1.0 + abs(self.tilt)))
        shaped[1:] += self.tilt * shaped[:-1]
        if self.ring_s is not None:
            shaped *= np.exp(np.arange(len(shaped)) / (-self.ring_s * SAMPLE_RATE))
        return np.asarray(shaped, dtype=np.float32)


def _draw(rng: np.random.Generator, bank: Bank, own: int) -> Drum:
    ring = None
    if rng.random() < DAMPED:
        ring = float(np.exp(rng.uniform(*np.log(RING_SECONDS))))
    return Drum(
        voice=bank.choose(rng, 0, is_drum=True) if rng.random() < BORROWED else own,
        speed=float(np.exp(rng.normal(0.0, TUNING))),
        ring_s=ring,
        tilt=float(np.clip(rng.normal(0.0, TILT), -0.8, 0.8)),
        gain=float(10.0 ** (rng.normal(0.0, DECIBELS) / 20.0)),
    )


def _add(sound: NDArray[np.float32], hit: NDArray[np.float32], onset: int) -> None:
    """Add what of a ``hit`` at sample ``onset`` lies within ``sound``."""
    first = max(0, onset)
    count = min(len(sound) - first, len(hit) - (first - onset))
    if count > 0:
        sound[first : first + count] += hit[first - onset :][:count]
