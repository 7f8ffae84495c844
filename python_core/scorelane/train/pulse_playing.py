"""Performances of scores, to train ``scorelane.score.pulse`` on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorelane.score.grid import TICKS
from scorelane.train.pulse_data import Piece


@dataclass(frozen=True)
class Heard:
    """A performance: notes ``[n, 4]`` as ``frame_features`` takes them, beats and bars, seconds."""

    columns: NDArray[np.float64]
    beats: NDArray[np.float64]
    bars: NDArray[np.float64]


def perform(piece: Piece, rng: np.random.Generator, seconds: float) -> Heard:
    """Play up to ``seconds`` of a piece as no two players would.

    The tempo (written, or about 96 beats a minute), its wandering or the rubato with its
    hesitations, a last ritardando, the scatter of onsets (up to 60 ms), chords rolled and basses
    played early, articulation and pedal, transposition, notes missed and which parts play are
    all drawn anew.
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
    fine = np.arange(start - 8, end + 9, 0.25)
    rates = np.full(len(fine), pulse)
    free = rng.random() < 0.4
    if free:
        rates *= _rubato(fine, piece.beat, rng)
    elif rng.random() < 0.6:
        knots = np.arange(start - 8, end + 17, rng.choice([2.0, 4.0, 8.0]))
        wander = rng.uniform(0.02, 0.1) * rng.standard_normal(len(knots))
        rates *= np.exp(np.interp(fine, knots, wander))
    if rng.random() < 0.4:
        rates *= np.interp(fine, (end - 6, end), (1.0, 1 / rng.uniform(0.5, 0.9)))
    clock = np.concatenate(([0.0], np.cumsum(0.25 * rates)[:-1]))
    clock -= np.interp(start, fine, clock) - 1.0
    begin = np.interp(inside[:, 0], fine, clock)
    length = np.interp(inside[:, 0] + inside[:, 1], fine, clock) - begin
    scatter = rng.uniform(0.0, 0.03) * np.clip(rng.standard_normal(len(inside)), -2, 2)
    held = rng.uniform(0.6, 1.0, len(inside)) * (1.0 if rng.random() < 0.7 else rng.uniform(0.4, 3))
    pitch = inside[:, 2] + (inside[:, 3] < 0.5) * rng.integers(-6, 7)
    if free:
        scatter += _parted(inside, rng)
    begin = np.maximum(begin + scatter, 0.0)
    columns = np.stack((begin, np.maximum(length * held, 0.02), pitch, inside[:, 3]), axis=1)
    if rng.random() < 0.3:
        columns = columns[rng.random(len(columns)) >= rng.uniform(0.0, 0.08)]
    beats = np.concatenate(
        [np.arange(bar, next_bar - 1e-3, piece.beat) for bar, next_bar in _spans(piece)]
    )
    lasting = [x[(x > start - 1) & (x < end + 1)] for x in (beats, piece.bars)]
    return Heard(columns, *(np.interp(x, fine, clock) for x in lasting))


def _rubato(
    fine: NDArray[np.float64], beat: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """How much slower than the tempo each of ``fine`` (quarters) is: phrases, beats, pauses."""
    length = rng.choice([4.0, 8.0, 16.0]) * beat
    slower = rng.uniform(0.0, 0.25) * np.cos(2 * np.pi * (fine / length + rng.random()))
    knots = np.arange(fine[0], fine[-1] + 2 * beat, beat)
    uneven = rng.uniform(0.02, 0.12) * rng.standard_normal(len(knots))
    uneven += (rng.random(len(knots)) < rng.uniform(0.0, 0.06)) * rng.uniform(0.2, 0.8, len(knots))
    rates: NDArray[np.float64] = np.exp(slower + np.interp(fine, knots, uneven))
    return rates


def _parted(notes: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Seconds by which each note comes late (or early), that a chord is rolled, a bass early."""
    late = np.zeros(len(notes))
    rolled, early = rng.uniform(0.0, 0.3), rng.uniform(0.0, 0.3)
    ends = np.flatnonzero(np.diff(notes[:, 0], append=np.inf) > 1e-6) + 1
    for first, last in pairwise([0, *ends.tolist()]):
        if last - first < 2:
            continue
        order = first + np.argsort(notes[first:last, 2])
        if last - first > 2 and rng.random() < rolled:
            late[order] += rng.uniform(0.015, 0.05) * np.arange(len(order))
        elif rng.random() < early:
            late[order[0]] -= rng.uniform(0.02, 0.08)
    return late


def _spans(piece: Piece) -> Iterator[tuple[float, float]]:
    """Every bar's beginning and end, and the pick-up's, which is filled from its end."""
    bars, whole = piece.bars, piece.metre.bar_ticks / TICKS
    yield bars[0] - whole, bars[0]
    yield from zip(bars, [*bars[1:], bars[-1] + whole], strict=True)


def _some_parts(notes: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """At times a player is missing."""
    parts = np.unique(notes[:, 4])
    if len(parts) < 2 or rng.random() < 0.8:
        return notes
    fewer = notes[notes[:, 4] != rng.choice(parts)]
    return fewer if len(fewer) > 16 else notes
