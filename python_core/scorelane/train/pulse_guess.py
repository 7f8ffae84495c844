"""Bars of scores that do not tell them, as the networks of ``scorelane.score`` hear them.

MIDI files written by notation programs keep every note on its quarter but often no time
signature. Played without any freedom they leave little doubt where their bars are, as the place of
every beat is known: what has the same bars in each third is a score to train on, for performances
that leave much doubt. Where a piece changes its metre, those of its stretches are that have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from scorelane.score.barlines import KEPT, hear_beats
from scorelane.score.grid import TICKS, Metre
from scorelane.score.metre import bar_odds
from scorelane.score.pulse import MARGIN, Pulse, listen
from scorelane.train.pulse_data import Piece, midi_rows

_METRES = (Metre(4, 4), Metre(3, 4), Metre(2, 4), Metre(6, 8), Metre(9, 8), Metre(12, 8))
_STEP = 0.5  # quarters: a bar may begin on any eighth
_TEMPI = (0.8, 1.0, 1.25)  # times the written one, at which each piece is heard
_USUAL = 90.0  # quarters per minute where none are written
_SLOWEST, _FASTEST = 50.0, 150.0
_MOST = 4.0  # log odds of one beat that count
_MARGIN = 0.05  # log odds for each bar by which its own bars must be heard the better
_FEWEST = 100  # notes
_SHORTEST = 16  # bars of a piece
_STRETCH = 160  # eighths that have one metre, where the piece has not
_FEWEST_BARS, _FEWEST_HERE = 8, 64  # bars and notes of such stretches
_WEIGHTY = 1.0  # worth of the log of what begins on a beat
_FLOOR = 0.15  # of the mean, for what is empty


def guess_pieces(path: Path) -> list[Piece]:
    """The score of a MIDI file with bars as they are heard, or the stretches where they are clear.

    An empty list where they are in doubt throughout.
    """
    midi = mido.MidiFile(path, clip=True)
    tempos = [m.tempo for track in midi.tracks for m in track if m.type == "set_tempo"]
    rows = midi_rows(midi)
    if len(rows) < _FEWEST:
        return []
    notes = np.array(sorted(rows), np.float64)
    qpm = 6e7 / tempos[0] if tempos else _USUAL
    pieces = []
    for first, last, (metre, phase) in _guess(_listen(notes, qpm)):
        begin, end = first * _STEP, last * _STEP
        inside = notes[(notes[:, 0] >= begin - 1e-6) & (notes[:, 0] < end - 1e-6)]
        bars = np.arange(phase * _STEP, end - 1e-6, metre.bar_ticks / TICKS)
        bars = bars[bars >= begin - 1e-6]
        if len(inside) >= _FEWEST_HERE and len(bars) >= _FEWEST_BARS:
            pieces.append(Piece(f"{path.stem}@{first}", inside, bars, metre, qpm))
    return pieces


_Bars = tuple[Metre, int]
"""A metre, and the eighth where its first bar begins."""


@dataclass(frozen=True)
class _Worths:
    """What each eighth of a piece says for each reading of its bars.

    Attributes:
        readings: ``[k]``.
        sums: ``[k, eighths + 1]`` log odds up to each eighth.
    """

    readings: list[_Bars]
    sums: NDArray[np.float64]

    @cached_property
    def alike(self) -> NDArray[np.bool_]:
        """``[k, k]``: which readings have bars that do not contradict each other."""
        return np.array([[_agree(a, b) for b in self.readings] for a in self.readings])

    def clear(self, first: int, last: int) -> int | None:
        """The reading that each third of these eighths prefers to others, if there is one."""
        edges = np.linspace(first, last, 4).astype(np.int64)
        thirds = np.diff(self.sums[:, edges], axis=1)
        best = int(thirds.sum(axis=1).argmax())
        lead = float((thirds[best] - thirds[~self.alike[best]].max(axis=0)).min())
        bars = (last - first) * _STEP / (self.readings[best][0].bar_ticks / TICKS)
        return best if lead >= _MARGIN * bars / 3 else None


def _guess(worths: _Worths) -> Iterator[tuple[int, int, _Bars]]:
    """First and last eighth of what has one metre, and its bars: of the whole, if it has one."""
    count = worths.sums.shape[1] - 1
    whole = worths.clear(0, count)
    if whole is not None:
        metre = worths.readings[whole][0]
        if count * _STEP >= _SHORTEST * metre.bar_ticks / TICKS:
            yield 0, count, worths.readings[whole]
        return
    runs: list[tuple[int, int, int]] = []
    for first in range(0, count - _STRETCH + 1, _STRETCH // 4):
        clear = worths.clear(first, first + _STRETCH)
        if clear is None:
            continue
        before = runs[-1] if runs else (0, 0, clear)
        if runs and first <= before[1] and worths.alike[before[2], clear]:
            runs[-1] = (before[0], first + _STRETCH, before[2])
        elif first >= before[1]:  # what overlaps and contradicts is left
            runs.append((first, first + _STRETCH, clear))
    yield from ((first, last, worths.readings[clear]) for first, last, clear in runs)


def _listen(notes: NDArray[np.float64], qpm: float) -> _Worths:
    """Hear notes as ``Piece`` holds them, from quarter 0 on."""
    tempi = [float(np.clip(qpm, _SLOWEST, _FASTEST)) * rate for rate in _TEMPI]
    beat, frames = np.mean([_heard(notes, tempo) for tempo in tempi], axis=0)
    beat += _weight(notes, len(beat))
    readings, worths = [], []
    for unit in (2, 3):
        for offset in range(unit):
            beats = [_heard_in_beats(notes, tempo, len(beat), unit, offset) for tempo in tempi]
            bar = KEPT * frames + np.mean(beats, axis=0)
            for metre in _METRES:
                if round(metre.beat_ticks / TICKS / _STEP) != unit:
                    continue
                for phase in range(offset, unit * metre.beats, unit):
                    readings.append((metre, phase))
                    worths.append(_worth(beat, bar, metre, phase))
    sums = np.cumsum(np.array(worths), axis=1)
    return _Worths(readings, np.pad(sums, ((0, 0), (1, 0))))


def _weight(notes: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """``[eighths]``: log of how much begins there and how long it lasts, beside the mean."""
    place = np.round(notes[:, 0] / _STEP)
    on = np.abs(place * _STEP - notes[:, 0]) < 1e-3
    weight = np.bincount(place[on].astype(np.int64), np.sqrt(notes[on, 1]), minlength=count)[:count]
    mean = float(weight.mean())
    log: NDArray[np.float64] = _WEIGHTY * np.log((weight + _FLOOR * mean) / ((1 + _FLOOR) * mean))
    return log


def _played(notes: NDArray[np.float64], qpm: float) -> NDArray[np.float64]:
    """``[n, 4]``: the notes in seconds, evenly, after a margin."""
    columns = notes[:, :4].copy()
    columns[:, :2] *= 60.0 / qpm
    columns[:, 0] += MARGIN
    return columns


def _heard(notes: NDArray[np.float64], qpm: float) -> NDArray[np.float64]:
    """``[2, eighths]``: log odds of a beat, and of a bar where there is one."""
    rate = 60.0 / qpm
    logits = listen(_played(notes, qpm))
    pulse = Pulse(-MARGIN, logits[:, 0], logits[:, 1], 0.0)
    times = rate * np.arange(0.0, float(notes[-1, 0]) + 1e-6, _STEP)
    return np.stack((np.clip(pulse.at(pulse.beat, times), -_MOST, _MOST), bar_odds(times, pulse)))


def _heard_in_beats(
    notes: NDArray[np.float64], qpm: float, count: int, unit: int, offset: int
) -> NDArray[np.float64]:
    """``[eighths]``: log odds of a bar on each beat of ``unit`` eighths from ``offset`` on."""
    eighths = np.arange(offset, count + unit, unit)
    times = np.array(60.0 / qpm * _STEP * eighths + MARGIN, np.float64)
    beats = hear_beats(_played(notes, qpm), times)
    odds = np.zeros(count + unit)
    odds[eighths[:-1]] = beats.begins
    return odds[:count]


def _worth(
    beat: NDArray[np.float64], bar: NDArray[np.float64], metre: Metre, phase: int
) -> NDArray[np.float64]:
    """``[eighths]`` log odds of bars of ``metre`` from the eighth ``phase`` on."""
    unit = round(metre.beat_ticks / TICKS / _STEP)
    is_beat = np.arange(len(beat)) % unit == phase % unit
    is_bar = np.arange(len(beat)) % (unit * metre.beats) == phase
    worth: NDArray[np.float64] = np.where(is_beat, beat - np.log1p(np.exp(bar)), 0.0)
    return worth + np.where(is_bar, bar, 0.0)


def _agree(one: _Bars, other: _Bars) -> bool:
    """Whether the bars of one are those of the other, or halves of them."""
    if one[0].is_compound != other[0].is_compound:
        return False
    short, long = sorted(round(m.bar_ticks / TICKS / _STEP) for m, _ in (one, other))
    return long % short == 0 and (one[1] - other[1]) % short == 0
