"""Scores in the figures of piano music: broken chords, repeated ones, waltz basses, runs.

Few scores with known bars are written for a pianist alone. The melodies and harmonies of others can
be played as one would: bars and beats stay what they are, but hands go in figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorelane.train.pulse_data import Piece

_SECTION = (4, 17)  # bars that have one figure
_PLAIN, _LEFT, _RIGHT = 0.25, 0.45, 0.3  # how often nothing is changed, the left hand, the right
# Notes of a figure in a beat, and how often.
_SIMPLE = ((2, 0.2), (3, 0.15), (4, 0.4), (6, 0.1), (8, 0.15))
_COMPOUND = ((3, 0.6), (6, 0.4))
_FASTEST = 13.0  # notes of a figure in a second
_USUAL = 100.0  # quarters per minute where none are written
_LOW, _BASS = 34, 46  # pitches between which a left hand's lowest note lies
_MIDDLE, _TOP = 58, 96  # lowest and highest of a right hand's figures
_HELD = 0.05  # of a beat: what ends so soon does not go on
_RIGHT_HAND, _LEFT_HAND = 1.0, 2.0

_Row = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class _Beat:
    """A beat: the quarter where it begins, its place in its bar, pitches that sound in it."""

    at: float
    place: int
    pitches: NDArray[np.float64]


def figured(piece: Piece, rng: np.random.Generator) -> Piece:
    """The same music in the figures of a pianist, drawn anew; what has drums stays as it is."""
    if piece.notes[:, 3].any():
        return piece
    beats = list(_beats(piece))
    melody = _melody(piece)
    fastest = piece.beat * 60.0 / (piece.qpm or _USUAL) * _FASTEST
    usual = _COMPOUND if piece.metre.is_compound else _SIMPLE
    parts, often = np.array([one for one in usual if one[0] <= max(fastest, usual[0][0])]).T
    rows: list[_Row] = []
    begin, bar_beats = 0, piece.metre.beats
    while begin < len(beats):
        some = beats[begin : begin + bar_beats * int(rng.integers(*_SECTION))]
        begin += len(some)
        first, last = some[0].at, some[-1].at + piece.beat
        rows += _section(
            piece, melody, some, (first, last), int(rng.choice(parts, p=often / often.sum())), rng
        )
    notes = np.array(sorted(rows), np.float64)
    return replace(piece, notes=notes) if len(notes) >= len(piece.notes) / 4 else piece


def _section(
    piece: Piece,
    melody: NDArray[np.float64],
    beats: list[_Beat],
    span: tuple[float, float],
    parts: int,
    rng: np.random.Generator,
) -> list[_Row]:
    """Beats of one figure, ``parts`` notes to each."""
    kind = rng.random()
    if kind < _PLAIN:
        return _between(piece.notes, span)
    step = piece.beat / parts
    if kind < _PLAIN + _LEFT:
        figure = _left_figure(beats, step, parts, rng)
        return [*_between(melody, span), *figure]
    scale = _scale(piece.notes, span)
    return [*_right_figure(beats, step, parts, scale, rng), *_basses(beats, piece.beat, rng)]


def _between(notes: NDArray[np.float64], span: tuple[float, float]) -> list[_Row]:
    inside = notes[(notes[:, 0] >= span[0] - 1e-6) & (notes[:, 0] < span[1] - 1e-6)]
    return [(a, b, c, d, e, f) for a, b, c, d, e, f in inside.tolist()]


def _beats(piece: Piece) -> Iterator[_Beat]:
    """The beats of all bars with what sounds in the first half of each, or in what was before."""
    onset, end, pitch = piece.notes[:, 0], piece.notes[:, :2].sum(axis=1), piece.notes[:, 2]
    whole = piece.metre.beats * piece.beat
    lines = [*piece.bars, piece.bars[-1] + whole]
    if onset[0] < lines[0] - 1e-6:  # a pick-up
        lines = [lines[0] - whole, *lines]
    sounding = np.array([float(pitch[0])])
    for line, following in pairwise(lines):
        for place, at in enumerate(np.arange(line, following - 1e-3, piece.beat)):
            now = (onset < at + piece.beat / 2) & (end > at + _HELD * piece.beat)
            sounding = np.unique(pitch[now]) if now.any() else sounding
            if onset[0] - piece.beat < at <= onset[-1]:
                yield _Beat(float(at), place, sounding)


def _melody(piece: Piece) -> NDArray[np.float64]:
    """The notes of the highest part, of a pianist alone those that are on top."""
    notes = piece.notes.copy()
    parts = np.unique(notes[:, 4])
    if len(parts) > 1:
        highest = max(parts, key=lambda part: float(notes[notes[:, 4] == part, 2].mean()))
        notes = notes[notes[:, 4] == highest]
    top = {at: float(notes[notes[:, 0] == at, 2].max()) for at in np.unique(notes[:, 0])}
    notes = notes[[pitch == top[at] for at, pitch in notes[:, [0, 2]].tolist()]]
    notes[:, 4], notes[:, 5] = 0.0, _RIGHT_HAND
    return notes


def _scale(notes: NDArray[np.float64], span: tuple[float, float]) -> NDArray[np.float64]:
    """The seven pitch classes that are heard most."""
    inside = notes[(notes[:, 0] >= span[0]) & (notes[:, 0] < span[1])]
    count = np.bincount(inside[:, 2].astype(np.int64) % 12, inside[:, 1], minlength=12)
    return np.argsort(count)[-7:].astype(np.float64)


def _stacked(pitches: NDArray[np.float64], lowest: int, highest: int) -> NDArray[np.float64]:
    """All pitches of a chord from ``lowest`` to ``highest``."""
    everything = np.arange(lowest, highest + 1)
    chord: NDArray[np.float64] = everything[np.isin(everything % 12, pitches % 12)].astype(float)
    return chord


def _left_chord(beat: _Beat) -> NDArray[np.float64]:
    """A bass and the notes above it that a hand reaches."""
    bass = float(beat.pitches[0])
    while bass > _BASS:
        bass -= 12
    while bass < _LOW:
        bass += 12
    return np.concatenate(([bass], _stacked(beat.pitches, int(bass) + 1, int(bass) + 19)[:5]))


def _left_figure(
    beats: list[_Beat], step: float, parts: int, rng: np.random.Generator
) -> Iterator[_Row]:
    kind = rng.choice(("broken", "up", "wave", "waltz", "repeated", "octaves"))
    length = step * rng.uniform(0.7, 1.0)
    order = rng.permutation(3)
    for beat in beats:
        chord = _left_chord(beat)
        upper = chord[1:4] if len(chord) > 1 else chord
        for part in range(parts):
            at = beat.at + part * step
            if kind == "waltz":
                if part:
                    break
                struck = chord[:1] if beat.place == 0 else upper
                length = step * parts * 0.8
            elif kind == "repeated":
                struck = upper if beat.place or part else chord[:4]
            elif kind == "octaves":
                struck = chord[:1] + 12 * (part % 2)
            else:
                turn = 2 * max(len(chord) - 1, 1)
                place = part if kind == "up" else min(part % turn, turn - part % turn)
                if kind == "broken":
                    place = int(order[part % 3]) if part % 4 else 0
                struck = chord[[place % len(chord)]]
            yield from ((at, length, pitch, 0.0, 1.0, _LEFT_HAND) for pitch in struck.tolist())


def _right_figure(
    beats: list[_Beat],
    step: float,
    parts: int,
    scale: NDArray[np.float64],
    rng: np.random.Generator,
) -> Iterator[_Row]:
    """Runs through scales or chords that turn round, and begin anew with a beat or a bar."""
    in_scales, doubled = rng.random() < 0.4, rng.random() < 0.2
    every = int(rng.choice((1, 2, 4)))
    place, way = 0, 1
    for number, beat in enumerate(beats):
        tones = _stacked(scale if in_scales else beat.pitches, _MIDDLE, _TOP)
        if number % every == 0:
            top = _stacked(beat.pitches[-1:], _MIDDLE, _TOP)
            place = int(np.abs(tones - rng.choice(top)).argmin())
            way = int(rng.choice((-1, 1)))
        for part in range(parts):
            place = int(np.clip(place, 0, len(tones) - 1))
            at, pitch = beat.at + part * step, float(tones[place])
            yield at, step * 0.9, pitch, 0.0, 0.0, _RIGHT_HAND
            if doubled and part == 0:
                yield at, step * 0.9, pitch - 12.0, 0.0, 0.0, _RIGHT_HAND
            if not 0 <= place + way < len(tones):
                way = -way
            place += way


def _basses(beats: list[_Beat], beat: float, rng: np.random.Generator) -> Iterator[_Row]:
    """What a left hand plays to runs: a chord or a bass where the harmony changes, or each beat."""
    each, full = rng.random() < 0.4, rng.random() < 0.6
    before: list[float] = []
    for one in beats:
        chord = _left_chord(one)
        struck = (chord[:4] if full else chord[:1]).tolist()
        if each or one.place == 0 or struck != before:
            yield from ((one.at, beat * 0.9, pitch, 0.0, 1.0, _LEFT_HAND) for pitch in struck)
        before = struck
