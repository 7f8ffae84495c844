"""Bars of scores that do not tell them, as the network of ``scorelane.score.pulse`` hears them.

MIDI files written by notation programs keep every note on its quarter but often no time
signature. Played without any freedom, and heard from the first note to the last, they leave
little doubt where their bars are: those whose bars are heard alike in each third of the piece
are scores to train on, for performances that leave much doubt.
"""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

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
_SHORTEST = 16  # bars
_WEIGHTY = 1.0  # worth of the log of what begins on a beat
_FLOOR = 0.15  # of the mean, for what is empty


def guess_piece(path: Path) -> Piece | None:
    """The score of a MIDI file with bars as they are heard; ``None`` where they are in doubt."""
    midi = mido.MidiFile(path, clip=True)
    tempos = [m.tempo for track in midi.tracks for m in track if m.type == "set_tempo"]
    rows = midi_rows(midi)
    if len(rows) < _FEWEST:
        return None
    notes = np.array(sorted(rows), np.float64)
    qpm = 6e7 / tempos[0] if tempos else _USUAL
    guessed = guess_bars(notes, qpm)
    if guessed is None:
        return None
    metre, first = guessed
    bars = np.arange(first, float(notes[-1, 0]) + 1e-6, metre.bar_ticks / TICKS)
    return Piece(path.stem, notes, bars, metre, qpm)


def guess_bars(notes: NDArray[np.float64], qpm: float) -> tuple[Metre, float] | None:
    """Metre and quarter of the first bar of notes as ``Piece`` holds them, from quarter 0 on."""
    heard = [_heard(notes, float(np.clip(qpm, _SLOWEST, _FASTEST)) * rate) for rate in _TEMPI]
    beat, bar = np.mean(heard, axis=0)
    beat += _weight(notes, len(beat))
    worths: dict[tuple[Metre, int], NDArray[np.float64]] = {}
    for metre in _METRES:
        for phase in range(round(metre.bar_ticks / TICKS / _STEP)):
            worths[metre, phase] = _thirds(beat, bar, metre, phase)
    best = max(worths, key=lambda key: float(worths[key].sum()))
    rivals = [worth for key, worth in worths.items() if not _agree(best, key)]
    lead = float((worths[best] - np.max(rivals, axis=0)).min())
    count = len(beat) * _STEP / (best[0].bar_ticks / TICKS)
    if count < _SHORTEST or lead < _MARGIN * count / 3:
        return None
    return best[0], _STEP * best[1]


def _weight(notes: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """``[eighths]``: log of how much begins there and how long it lasts, beside the mean."""
    place = np.round(notes[:, 0] / _STEP)
    on = np.abs(place * _STEP - notes[:, 0]) < 1e-3
    weight = np.bincount(place[on].astype(np.int64), np.sqrt(notes[on, 1]), minlength=count)[:count]
    mean = float(weight.mean())
    log: NDArray[np.float64] = _WEIGHTY * np.log((weight + _FLOOR * mean) / ((1 + _FLOOR) * mean))
    return log


def _heard(notes: NDArray[np.float64], qpm: float) -> NDArray[np.float64]:
    """``[2, eighths]``: log odds of a beat, and of a bar where there is one."""
    rate = 60.0 / qpm
    columns = notes[:, :4].copy()
    columns[:, :2] *= rate
    columns[:, 0] += MARGIN
    logits = listen(columns)
    pulse = Pulse(-MARGIN, logits[:, 0], logits[:, 1], 0.0)
    times = rate * np.arange(0.0, float(notes[-1, 0]) + 1e-6, _STEP)
    return np.stack((np.clip(pulse.at(pulse.beat, times), -_MOST, _MOST), bar_odds(times, pulse)))


def _thirds(
    beat: NDArray[np.float64], bar: NDArray[np.float64], metre: Metre, phase: int
) -> NDArray[np.float64]:
    """Log odds, in each third of the piece, of bars of ``metre`` from the eighth ``phase`` on."""
    unit = round(metre.beat_ticks / TICKS / _STEP)
    whole = unit * metre.beats
    is_beat = np.arange(len(beat)) % unit == phase % unit
    is_bar = np.arange(len(beat)) % whole == phase
    worth = np.where(is_beat, beat - np.log1p(np.exp(bar)), 0.0) + np.where(is_bar, bar, 0.0)
    return np.array([part.sum() for part in np.array_split(worth, 3)])


def _agree(one: tuple[Metre, int], other: tuple[Metre, int]) -> bool:
    """Whether the bars of one are those of the other, or halves of them."""
    if one[0].is_compound != other[0].is_compound:
        return False
    short, long = sorted(round(m.bar_ticks / TICKS / _STEP) for m, _ in (one, other))
    return long % short == 0 and (one[1] - other[1]) % short == 0
