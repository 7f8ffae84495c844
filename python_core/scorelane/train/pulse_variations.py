"""Other pieces made of those that are there: other metres, and broken chords."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scorelane.score.grid import TICKS, Metre
from scorelane.train.pulse_data import Piece

_IN_THREE = 0.2  # part of the pieces in four that lose a beat of every bar
_COMPOUND = 0.08  # part of those with plain beats that get beats of three parts
_BROKEN = 0.15  # part of the pieces whose chords are broken
_HIGHEST = 103


def varied(piece: Piece, rng: np.random.Generator) -> Piece:
    """``piece`` as it is, or as another: most scores are in four, and few are for a piano."""
    if piece.metre.beats == 4 and _is_regular(piece) and rng.random() < _IN_THREE:
        piece = in_three(piece, int(rng.choice([1, 3])))
    if str(piece.metre) in ("2/4", "4/4") and rng.random() < _COMPOUND:
        piece = compound(piece)
    if rng.random() < _BROKEN:
        piece = broken_chords(piece, rng)
    return piece


def in_three(piece: Piece, beat: int) -> Piece:
    """Bars of four without their beat number ``beat`` (from 0)."""
    whole = piece.metre.bar_ticks / TICKS
    bars = np.concatenate(([piece.bars[0] - whole], piece.bars))
    cuts = bars + beat * whole / 4
    old = np.stack((cuts, cuts + whole / 4), axis=1).reshape(-1)
    new = np.repeat(cuts - np.arange(-1, len(cuts) - 1) * whole / 4, 2)

    def moved(quarters: NDArray[np.float64]) -> NDArray[np.float64]:
        late = np.maximum(quarters - old[-1], 0.0) + np.minimum(quarters - old[0], 0.0)
        result: NDArray[np.float64] = np.interp(quarters, old, new) + late
        return result

    place = (piece.notes[:, 0] - bars[0]) % whole
    kept = (place < beat * whole / 4 - 1e-6) | (place > (beat + 1) * whole / 4 - 1e-6)
    notes = piece.notes[kept]
    ends = moved(notes[:, 0] + notes[:, 1])
    notes[:, 0] = moved(notes[:, 0])
    notes[:, 1] = np.maximum(ends - notes[:, 0], 1e-3)
    metre = Metre(3 * piece.metre.numerator // 4, piece.metre.denominator)
    return replace(piece, notes=notes, bars=moved(piece.bars), metre=metre)


def compound(piece: Piece) -> Piece:
    """Beats of two parts as beats of three, the first part twice as long."""

    def moved(quarters: NDArray[np.float64]) -> NDArray[np.float64]:
        beat = np.floor(quarters + 1e-9)
        inside = np.interp(quarters - beat, (0.0, 0.5, 1.0), (0.0, 1.0, 1.5))
        result: NDArray[np.float64] = 1.5 * beat + inside
        return result

    notes = piece.notes.copy()
    ends = moved(notes[:, 0] + notes[:, 1])
    notes[:, 0] = moved(notes[:, 0])
    notes[:, 1] = ends - notes[:, 0]
    metre = Metre(3 * piece.metre.numerator, 8)
    return replace(piece, notes=notes, bars=1.5 * piece.bars, metre=metre, qpm=1.5 * piece.qpm)


def broken_chords(piece: Piece, rng: np.random.Generator) -> Piece:
    """The music below its highest part in broken chords, or all of it; drums stay.

    One figure holds throughout: two to four notes a beat (three or six where beats have three
    parts), begun anew every one to four beats, at times held by the pedal.
    """
    notes = piece.notes
    pitched = notes[:, 3] < 0.5
    parts = np.unique(notes[pitched, 4])
    if not len(parts):
        return piece
    height = [float(notes[pitched & (notes[:, 4] == part), 2].mean()) for part in parts]
    keeps_tune = len(parts) > 1 and rng.random() < 0.7
    tune = pitched & (notes[:, 4] == parts[int(np.argmax(height))]) & keeps_tune
    chords = notes[pitched & ~tune]
    whole = piece.metre.bar_ticks / TICKS
    reach = int(rng.choice([n for n in (1, 2, 3, 4) if round(whole / piece.beat) % n == 0]))
    many = int(rng.choice((3, 6) if piece.metre.is_compound else (2, 3, 4, 4)))
    step = piece.beat / many
    order = _figure(many * reach, rng)
    held = rng.random() < 0.4
    figures = [notes[~pitched | tune]]
    bars = np.concatenate(([piece.bars[0] - whole], piece.bars))
    lines = np.concatenate([np.arange(b, b + whole - 1e-3, reach * piece.beat) for b in bars])
    for line in lines[(lines >= notes[0, 0] - 1e-6) & (lines <= notes[-1, 0])]:
        begun = chords[: np.searchsorted(chords[:, 0], line + piece.beat - 1e-6)]
        tones = np.unique(begun[begun[:, 0] + begun[:, 1] > line + 1e-6, 2])
        if not len(tones):
            continue
        octaves = 12 * np.arange(1 + (1 + order.max()) // len(tones))
        tones = np.minimum(np.unique(tones[:, None] + octaves), _HIGHEST)
        figure = np.zeros((len(order), notes.shape[1]))
        figure[:, 0] = line + step * np.arange(len(order))
        figure[:, 1] = line + reach * piece.beat - figure[:, 0] if held else step
        figure[:, 2] = tones[np.minimum(order, len(tones) - 1)]
        figure[:, 4] = chords[0, 4]
        figures.append(figure)
    together = np.concatenate(figures)
    return replace(piece, notes=together[np.lexsort((together[:, 2], together[:, 0]))])


def _figure(size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which note of a chord, counted from below, each of ``size`` strokes is."""
    kind = int(rng.integers(3))
    if kind == 0:  # up, and again
        return np.arange(size) % int(rng.integers(3, 6))
    if kind == 1:  # up and down
        top = max(1, min(size // 2, int(rng.integers(2, 6))))
        return top - np.abs(np.arange(size) % (2 * top) - top)
    order = rng.integers(0, int(rng.integers(3, 5)), size)
    order[0] = 0
    return order


def _is_regular(piece: Piece) -> bool:
    off = np.abs(np.diff(piece.bars) - piece.metre.bar_ticks / TICKS)
    return bool((off < 1e-3).all())
