"""Performances of scores with known bars, to train ``scorelane.score.pulse`` on.

Bands keep time; soloists, in more than half of what they play, take the freedom that recordings of
piano music show: phrases that slow down, beats that wait, hands that part, chords that are spread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.score.grid import TICKS
from scorelane.train.pulse_data import Piece

_FREE, _FREE_BAND = 0.6, 0.15  # how often tempo and hands are free; of music with drums
_MISSING, _ACCOMPANIMENT = 0.2, 0.4  # how often a player is missing, and the singer of a song
_MISSED, _MADE_UP = 0.3, 0.25  # most of the notes that a transcription misses, and makes up
_PARTIALS = (12, -12, 12, 19, 7)  # semitones from a note to one that is made up


@dataclass(frozen=True)
class Heard:
    """A performance: notes ``[n, 4]`` as ``frame_features`` takes them, beats and bars, seconds."""

    columns: NDArray[np.float64]
    beats: NDArray[np.float64]
    bars: NDArray[np.float64]


def perform(piece: Piece, rng: np.random.Generator, seconds: float) -> Heard:
    """Play up to ``seconds`` of a piece as no two players would.

    The tempo (written, or about 96 beats a minute), how it goes on, the scatter of onsets,
    articulation and pedal, transposition, and which parts play are all drawn anew.
    """
    metre, notes = piece.metre, piece.notes
    usual = 76.0 if metre.is_compound else 110.0 if metre.denominator == 8 else 96.0
    written = piece.qpm / piece.beat
    spread = 0.12 if written else 0.28
    rate = float(np.clip((written or usual) * np.exp(spread * rng.standard_normal()), 40, 210))
    pulse = 60.0 / rate / piece.beat  # seconds per quarter
    start, end = float(notes[0, 0]), float(notes[-1, 0])
    span = seconds / pulse
    if rng.random() < 0.5 and end - start > span:
        start = rng.uniform(start, end - span)
    inside = notes[(notes[:, 0] >= start) & (notes[:, 0] < start + span)]
    inside = _some_parts(inside, rng)
    start, end = float(inside[0, 0]), float(inside[-1, 0] + 1.0)
    is_free = rng.random() < (_FREE_BAND if inside[:, 3].any() else _FREE)
    fine = np.arange(start - 8, end + 9, 0.25)
    rates = pulse * _wandering(fine, start, end, rng)
    if is_free:
        rates *= _rubato(fine, piece, rng)
    clock = np.concatenate(([0.0], np.cumsum(0.25 * rates)[:-1]))
    clock -= np.interp(start, fine, clock) - 1.0
    columns = _struck(inside, fine, clock, rng, is_free)
    beats = np.concatenate(
        [np.arange(bar, next_bar - 1e-3, piece.beat) for bar, next_bar in _spans(piece)]
    )
    lasting = [x[(x > start - 1) & (x < end + 1)] for x in (beats, piece.bars)]
    return Heard(columns, *(np.interp(x, fine, clock) for x in lasting))


def _wandering(
    fine: NDArray[np.float64], start: float, end: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Relative lengths of the quarters at ``fine``: a tempo that wanders, a last ritardando."""
    rates = np.ones(len(fine))
    if rng.random() < 0.6:
        knots = np.arange(start - 8, end + 17, rng.choice([2.0, 4.0, 8.0]))
        wander = rng.uniform(0.02, 0.1) * rng.standard_normal(len(knots))
        rates *= np.exp(np.interp(fine, knots, wander))
    if rng.random() < 0.4:
        rates *= np.interp(fine, (end - 6, end), (1.0, 1 / rng.uniform(0.5, 0.9)))
    return rates


def _rubato(
    fine: NDArray[np.float64], piece: Piece, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Relative lengths as soloists play: phrases that slow down, drawn-out beats, held bars."""
    bar = piece.metre.bar_ticks / TICKS
    in_bars = (fine - piece.bars[0]) / bar + 1e-6
    phrase = rng.choice([1.0, 2.0, 4.0, 8.0])
    bow = 2.0 * ((in_bars / phrase) % 1.0 - 0.45) ** 2
    rates: NDArray[np.float64] = np.exp(rng.uniform(0.0, 0.7) * (bow - bow.mean()))
    beat = np.floor((fine - piece.bars[0]) / piece.beat + 1e-6).astype(np.int64)
    beat -= beat.min()
    rates *= np.exp(rng.uniform(0.0, 0.09) * rng.standard_normal(beat.max() + 1)[beat])
    # A few beats, most often the last of a bar, wait for what follows.
    is_last = in_bars % 1.0 >= 1.0 - piece.beat / bar
    waits = rng.random(beat.max() + 1)[beat] < rng.uniform(0.0, 0.25) * np.where(is_last, 1.0, 0.3)
    rates[waits] *= rng.uniform(1.1, 1.6)
    held = rng.random(beat.max() + 1)[beat] < 0.01
    rates[held] *= rng.uniform(1.5, 2.5)
    return rates


def _struck(
    inside: NDArray[np.float64],
    fine: NDArray[np.float64],
    clock: NDArray[np.float64],
    rng: np.random.Generator,
    is_free: bool,
) -> NDArray[np.float64]:
    """Notes ``[n, 4]`` as :func:`frame_features` takes them, by hands that are not exact."""
    begin = np.interp(inside[:, 0], fine, clock)
    length = np.interp(inside[:, 0] + inside[:, 1], fine, clock) - begin
    shift = rng.uniform(0.0, 0.03) * np.clip(rng.standard_normal(len(inside)), -2, 2)
    held = rng.uniform(0.6, 1.0, len(inside)) * (1.0 if rng.random() < 0.7 else rng.uniform(0.4, 3))
    length *= held
    if is_free:
        is_left = np.where(inside[:, 5] > 0, inside[:, 5] == 2, inside[:, 2] < 60)
        shift += is_left * rng.uniform(-0.05, 0.02)
        if rng.random() < 0.3:
            shift += _rolled(inside, rng)
        if rng.random() < 0.5:
            length = np.maximum(length, _until_next(inside, begin))
    pitch = inside[:, 2] + (inside[:, 3] < 0.5) * rng.integers(-6, 7)
    begin = np.maximum(begin + shift, 0.0)
    return np.stack((begin, np.maximum(length, 0.02), pitch, inside[:, 3]), axis=1)


def _rolled(inside: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Seconds that notes come late by in chords that are spread from below, or now and then."""
    late = np.zeros(len(inside))
    often, each = rng.uniform(0.05, 0.6), rng.uniform(0.01, 0.04)
    _, chord, size = np.unique(inside[:, [0, 4]], axis=0, return_inverse=True, return_counts=True)
    is_spread = (size > 2) & (rng.random(len(size)) < often)
    for number in np.flatnonzero(is_spread):
        notes = np.flatnonzero(chord == number)
        late[notes[np.argsort(inside[notes, 2])]] = each * np.arange(len(notes))
    return late


def _until_next(inside: NDArray[np.float64], begin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds from each note to the next of its part, as the pedal holds it."""
    result = np.zeros(len(inside))
    for part in np.unique(inside[:, 4]):
        own = np.flatnonzero(inside[:, 4] == part)
        times = np.append(np.unique(begin[own]), begin[own].max())
        result[own] = times[np.minimum(np.searchsorted(times, begin[own] + 1e-6), len(times) - 1)]
        result[own] -= begin[own]
    return np.maximum(result, 0.0)


def _spans(piece: Piece) -> Iterator[tuple[float, float]]:
    """Every bar's beginning and end, and the pick-up's, which is filled from its end."""
    bars, whole = piece.bars, piece.metre.bar_ticks / TICKS
    yield bars[0] - whole, bars[0]
    yield from zip(bars, [*bars[1:], bars[-1] + whole], strict=True)


def _some_parts(notes: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """At times a player is missing, of songs more often the singer."""
    parts, counts = np.unique(notes[:, 4], return_counts=True)
    if len(parts) < 2:
        return notes
    is_song = len(parts) == 2 and counts[0] < counts[1] and not notes[:, 3].any()
    if is_song and rng.random() < _ACCOMPANIMENT:
        missing = parts[0]
    elif rng.random() < _MISSING:
        missing = rng.choice(parts)
    else:
        return notes
    fewer = notes[notes[:, 4] != missing]
    return fewer if len(fewer) > 16 else notes


def as_transcribed(columns: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Notes ``[n, 4]`` of which some are missed, and partials of others are made up."""
    heard = columns[rng.random(len(columns)) >= rng.uniform(0.0, _MISSED)]
    pitched = heard[heard[:, 3] < 0.5]
    made_up = pitched[rng.random(len(pitched)) < rng.uniform(0.0, _MADE_UP)]
    made_up[:, 1] *= rng.uniform(0.2, 1.0, len(made_up))
    made_up[:, 2] = np.clip(made_up[:, 2] + rng.choice(_PARTIALS, len(made_up)), 0, 127)
    return np.concatenate((heard, made_up))
