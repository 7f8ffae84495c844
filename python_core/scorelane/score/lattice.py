"""What each beat that may be is worth: where it begins, how long it lasts, whether it begins a bar.

A beat that begins at frame t and lasts n frames should begin where the network of ``pulse`` hears
one, and explains the onsets within it: well those on the beat, less well those on its parts. How
well is measured against an even spread: of many places that may hold an onset each says little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scorelane.score.barlines import KEPT
from scorelane.score.downbeats import REACH
from scorelane.score.envelope import Envelope
from scorelane.score.metre import bar_odds
from scorelane.score.pulse import Pulse

EARLY = 0.1
"""Part of a beat before it that belongs to it."""
_JITTER = 0.022  # seconds, of an onset around its place
_ANYWHERE = 0.012  # odds of an onset elsewhere
_EVEN = 0.5  # part of the log odds of an even spread that is taken off
_Places = tuple[tuple[float, float], ...]


def _sixths(third: float, other: float) -> _Places:
    """A beat in three parts: odds of its thirds and of the sixths between."""
    return ((0.0, 1.0), *((part / 6, third if part % 2 == 0 else other) for part in range(1, 6)))


_EIGHTHS = tuple((part / 8, 0.06) for part in (1, 3, 5, 7))
_HALVES: _Places = ((0.0, 1.0), (1 / 2, 0.6), (1 / 4, 0.3), (3 / 4, 0.3), *_EIGHTHS)
_TRIPLETS, _THIRDS = _sixths(0.3, 0.1), _sixths(0.5, 0.2)
_DUPLETS: _Places = ((0.0, 1.0), (1 / 2, 0.3), (1 / 4, 0.1), (3 / 4, 0.1))
# Places in a beat and odds of an onset there; those of a beat that is divided as its metre is not,
# and what that costs. A beat is divided one way or the other: places of both hold any onset.
_SIMPLE, _COMPOUND = (_HALVES, _TRIPLETS, 0.5), (_THIRDS, _DUPLETS, 1.0)
_HEARD = 0.8  # worth of one standard deviation of the recording's onset envelope on a beat
_CLEAR = 1.5  # deviations that speak neither for nor against: every onset has some
_PLACED = 0.5  # worth of what the places of the onsets say
_MOST = 4.0  # of the network's log odds on a beat
_BEAT = 0.1  # each beat is worth this
_USUAL, _USUAL_COMPOUND = 0.55, 0.75  # seconds per beat
_USUAL_SPREAD = 0.4  # in log tempo
_TEMPO_WEIGHT = 0.4  # of the prior, for each beat
_GIVEN = 60.0  # worth of a bar line where a downbeat is given
_GIVEN_SPREAD = 0.06  # seconds from there that cost
_BETWEEN = 8.0  # cost of a bar line between two given downbeats that are
_LONGEST_BAR = 6.0  # seconds apart at most
_ABOUT = 0.3  # of a beat: beats that near to one that was heard are it


@dataclass(frozen=True)
class Lattice:
    """All beats that may be.

    Attributes:
        start: seconds of the first frame.
        frame: seconds.
        pad: frames before the first onset, and after the last.
        lengths: ``[lengths]`` frames of a beat, in even ratios as far as frames allow.
        gain: ``[frames, lengths]`` worth of a beat by where it begins and how long it lasts.
        bar: ``[frames]`` log chance that a beat, if there is one, begins a bar.
        other: ``[frames]`` log chance that it does not.
    """

    start: float
    frame: float
    pad: int
    lengths: NDArray[np.int64]
    gain: NDArray[np.float32]
    bar: NDArray[np.float32]
    other: NDArray[np.float32]

    @property
    def step(self) -> float:
        """Log ratio of neighbouring lengths."""
        count = len(self.lengths)
        return math.log(self.lengths[-1] / self.lengths[0]) / max(count - 1, 1)

    def with_bars(self, times: NDArray[np.float64], odds: NDArray[np.float64]) -> Lattice:
        """Whether beats near those at ``times`` ``[n + 1]`` begin bars: log ``odds`` ``[n]``."""
        at = self.start + self.frame * np.arange(len(self.bar))
        middles = (times[1:-1] + times[:-2]) / 2
        beat = np.searchsorted(middles, at)
        near = np.abs(times[beat] - at) < _ABOUT * np.diff(times)[beat]
        before = self.bar - self.other  # the log odds
        bar, other = _log_chances(np.where(near, odds[beat] + KEPT * before, before))
        return replace(self, bar=bar, other=other)

    def with_downbeats(self, downbeats: NDArray[np.float64]) -> Lattice:
        """Bars begin at ``downbeats`` (increasing seconds), or close by, where any chain allows it.

        Between two that are no farther apart than a bar may last, bars are unlikely to begin.
        """
        bar = self.bar.copy()
        at = self.start + self.frame * np.arange(len(bar))
        for one, following in pairwise((*downbeats, np.inf)):
            near = np.abs(at - one) <= REACH
            bar[near] += _GIVEN - 0.5 * ((at[near] - one) / _GIVEN_SPREAD) ** 2
            if following - one <= _LONGEST_BAR:
                bar[(at > one + REACH) & (at < following - REACH)] -= _BETWEEN
        return replace(self, bar=bar)

    def near(self, seconds: float, flat: float, spread: float, reach: float) -> Lattice:
        """Beats of about ``seconds``: free within ``flat`` log tempo, none beyond ``reach``."""
        away = np.abs(np.log(self.lengths * self.frame / seconds))
        keep = away < max(reach, float(away.min()) + 1e-9)
        cost = 0.5 * (np.maximum(away[keep] - flat, 0.0) / spread) ** 2
        gain = self.gain[:, keep] - cost.astype(np.float32)
        return replace(self, lengths=self.lengths[keep], gain=gain)


def make_lattice(
    onsets: NDArray[np.float64],
    weights: NDArray[np.float64],
    pulse: Pulse,
    envelope: Envelope | None,
    *,
    compound: bool,
    frame: float,
    step: float,
    shortest: float,
    longest: float,
) -> Lattice:
    """Beats from ``shortest`` to ``longest`` seconds, in steps of log length, around ``onsets``."""
    count = round(math.log(longest / shortest) / step) + 1
    seconds = np.geomspace(shortest, longest, count)
    lengths = np.unique(np.maximum(2, np.round(seconds / frame)).astype(np.int64))
    pad = int(lengths[-1])  # the first beat may begin up to a beat before the first onset
    start = float(onsets[0]) - pad * frame
    gain = _fit(onsets - start, weights, frame, lengths, _COMPOUND if compound else _SIMPLE)
    gain *= _PLACED
    at = start + frame * np.arange(len(gain), dtype=np.float64)
    heard = np.clip(pulse.at(pulse.beat, at), -_MOST, _MOST)
    if envelope is not None:
        heard += _HEARD * (envelope.at(at) - _CLEAR)
    away = np.log(lengths * frame / (_USUAL_COMPOUND if compound else _USUAL)) / _USUAL_SPREAD
    gain += (heard[:, None] + _BEAT - 0.5 * _TEMPO_WEIGHT * away**2).astype(np.float32)
    bar, other = _log_chances(bar_odds(at, pulse))
    return Lattice(start, frame, pad, lengths, gain, bar, other)


def _log_chances(odds: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Log chances of what has these log odds, and of its opposite."""
    yes, no = (-np.log1p(np.exp(sign * odds)).astype(np.float32) for sign in (-1.0, 1.0))
    return yes, no


def _fit(
    onsets: NDArray[np.float64],
    weights: NDArray[np.float64],
    frame: float,
    lengths: NDArray[np.int64],
    divisions: tuple[_Places, _Places, float],
) -> NDArray[np.float32]:
    """``[frames, lengths]``: how well a beat of that start and length explains its onsets."""
    usual, unusual, cost = divisions
    position = np.round(onsets / frame).astype(np.int64)
    frames = int(position[-1]) + int(lengths[-1]) + 1
    count = np.bincount(position, weights, minlength=frames).astype(np.float64)
    fit = np.empty((frames, len(lengths)), np.float32)
    for column, length in enumerate(lengths):
        one = _slide(count, _log_odds(usual, int(length), frame), int(length))
        other = _slide(count, _log_odds(unusual, int(length), frame), int(length))
        fit[:, column] = np.maximum(one, other - cost)
    return fit


def _log_odds(places: _Places, length: int, frame: float) -> NDArray[np.float64]:
    """``[length]``: of an onset at each frame of a beat, from a little before it on."""
    seconds = length * frame
    phase = frame * (np.arange(length) - _before(length))
    odds = np.full(length, _ANYWHERE)
    for place, odd in places:
        odds += odd * np.exp(-0.5 * ((phase - place * seconds) / _JITTER) ** 2)
    width = _JITTER * math.sqrt(2 * math.pi) / seconds
    even = _ANYWHERE + width * sum(odd for _, odd in places)
    result: NDArray[np.float64] = np.log(odds) - _EVEN * math.log(even)
    return result


def _before(length: int) -> int:
    return max(1, round(EARLY * length))


def _slide(
    train: NDArray[np.float64], template: NDArray[np.float64], length: int
) -> NDArray[np.float64]:
    """Sum of ``template`` over the events of ``train``, with its beat at each frame in turn."""
    padded = np.concatenate((np.zeros(_before(length)), train, np.zeros(length)))
    total: NDArray[np.float64] = np.correlate(padded, template, "valid")[: len(train)]
    return total
