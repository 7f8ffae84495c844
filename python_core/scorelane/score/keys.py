"""Key signatures and the spelling of pitches."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.score.path import cheapest_path
from scorelane.score.quantise import Placed

# Albrecht and Shanahan (2013): how often each degree sounds in major and minor keys.
_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
_TRUST = 3.0  # notes that a bar counts for, at most: its notes are not independent
_CHANGE = 22.0  # a new key signature must be this much likelier
_RELATIVE = 2.0  # going between a major key and its relative minor costs this
_EIGHTH = 12  # ticks
_STEPS = "FCGDAEB"
_BEFORE, _AFTER = 10, 40  # notes around that vote on a spelling
# Place on the line of fifths of the note so many semitones above a tonic.
_FROM_TONIC = np.array([0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5])


@dataclass(frozen=True, slots=True)
class Spelling:
    """A written pitch: step ``A``-``G``, alteration in semitones, scientific octave."""

    step: str
    alter: int
    octave: int

    @property
    def fifths(self) -> int:
        """Place on the line of fifths; C is 0."""
        return _STEPS.index(self.step) - 1 + 7 * self.alter


def signatures(
    notes: Sequence[Placed], bars: Sequence[tuple[int, int]], *, changes: bool = True
) -> list[int]:
    """Key signature of each bar, as sharps (positive) or flats (negative), -6 to 5.

    A hidden Markov model over the 24 keys with one step per bar; signatures change rarely.
    ``notes`` are the pitched ones.
    """
    share = _pitch_classes(notes, bars)
    profiles = np.log(
        np.array([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
    )
    fit = share @ profiles.T  # [bars, keys]
    fifths = np.array([_nearest(7 * tonic) for tonic in range(12)])
    fifths = np.concatenate((fifths, [_nearest(7 * (tonic + 3)) for tonic in range(12)]))
    if not changes:
        return [int(fifths[fit.sum(axis=0).argmax()])] * len(bars)
    same = fifths[:, None] == fifths[None, :]
    switch = np.where(same, _RELATIVE, _CHANGE)
    np.fill_diagonal(switch, 0.0)
    return [int(fifths[key]) for key in cheapest_path(-fit, switch)]


def _pitch_classes(notes: Sequence[Placed], bars: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """``[bars, 12]``: how much each pitch class sounds, scaled to what a bar may say."""
    share = np.zeros((len(bars), 12))
    starts = np.array([start for start, _ in bars])
    for placed in notes:
        bar = max(0, int(np.searchsorted(starts, placed.start, side="right")) - 1)
        length = min(placed.end - placed.start, 48)
        share[bar, placed.note.pitch % 12] += length**0.5
    total = share.sum(axis=1, keepdims=True)
    scaled: NDArray[np.float64] = share / np.maximum(total, 1e-9) * np.minimum(total / 5.0, _TRUST)
    return scaled


def _nearest(fifths: int) -> int:
    return (fifths + 6) % 12 - 6


def spell_pitches(
    notes: Sequence[Placed], signature_at: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Spelling]:
    """Spelling of each ``(start tick, MIDI pitch)``.

    The first stage of Meredith's ps13 (2006) on all parts together: every note around votes, as
    a tonic, for how it would spell this one; chromatic notes then follow where they lead. Tonics
    are named near the key signature in force; ``signature_at`` holds (tick, fifths) in order.
    """
    keys = sorted({(placed.start, placed.note.pitch) for placed in notes})
    if not keys:
        return {}
    start, pitch = np.array(keys).T
    chroma = pitch % 12
    ticks = np.array([tick for tick, _ in signature_at])
    at = np.maximum(np.searchsorted(ticks, start, side="right") - 1, 0)
    signature = np.array([fifths for _, fifths in signature_at])[at]

    heard = np.zeros((len(keys) + 1, 12))
    heard[1:] = np.cumsum(np.eye(12)[chroma], axis=0)
    index = np.arange(len(keys))
    until = np.minimum(index + _AFTER, len(keys))
    votes = heard[until] - heard[np.maximum(index - _BEFORE, 0)]  # [notes, tonics]

    tonics = np.arange(12)
    # The tonic's own name: the place on the line of fifths from 4 flats to 7 sharps of the key.
    named = (7 * tonics[None, :] - signature[:, None] + 4) % 12 - 4 + signature[:, None]
    fifths = named + _FROM_TONIC[(chroma[:, None] - tonics[None, :]) % 12]
    lowest = int(fifths.min())
    strength = np.zeros((len(keys), int(fifths.max()) - lowest + 1))
    np.add.at(strength, (index[:, None], fifths - lowest), votes)
    best = strength.argmax(axis=1) + lowest
    leads = _leads(notes)
    return {
        key: _near_key(_led(int(place), leads.get(key), int(sharps)), key[1], int(sharps))
        for key, place, sharps in zip(keys, best, signature, strict=True)
    }


def _leads(notes: Sequence[Placed]) -> dict[tuple[int, int], int]:
    """Of each note that goes on by a semitone as it ends: 1 upwards, -1 downwards."""
    starts: dict[int, list[int]] = {}
    for note in sorted(notes, key=lambda one: one.start):
        starts.setdefault(note.note.pitch, []).append(note.start)

    def begins(pitch: int, note: Placed) -> bool:
        there = starts.get(pitch, [])
        following = bisect_right(there, max(note.start, note.end - _EIGHTH))
        return following < len(there) and there[following] <= note.end + _EIGHTH

    found = {}
    for note in notes:
        pitch = note.note.pitch
        up, down = begins(pitch + 1, note), begins(pitch - 1, note)
        if up != down:
            found[note.start, pitch] = 1 if up else -1
    return found


def _led(fifths: int, lead: int | None, signature: int) -> int:
    """A chromatic note takes the sign that points where it goes: sharps lead up, flats down."""
    if lead is None or signature - 1 <= fifths <= signature + 5:
        return fifths
    if lead > 0 and fifths < signature:
        return fifths + 12
    if lead < 0 and fifths > signature + 7:
        return fifths - 12
    return fifths


def _near_key(fifths: int, pitch: int, signature: int) -> Spelling:
    """The spelling of ``pitch`` closest to ``fifths`` that the signature can bear."""
    while fifths < signature - 5:
        fifths += 12
    while fifths > signature + 9:
        fifths -= 12
    return at_fifths(fifths, pitch)


def at_fifths(fifths: int, pitch: int) -> Spelling:
    """Spell a MIDI pitch by its place on the line of fifths (which must be the same class)."""
    alter, step = divmod(fifths + 1, 7)
    octave = (pitch - alter) // 12 - 1
    return Spelling(_STEPS[step], alter, octave)
