"""Beats and bars of a performance, found together.

Every metre that is written is tried at several tempi: in each the best chain of beats in bars is
found (``chain``), at first roughly, in frames of 20 ms and over the beginning of long music. Where
bars begin is then heard once more, beat by beat of the best chain at each tempo (``barlines``),
and the chains are found anew. The metre and tempo of the best are kept, and its beats found finely.
Tempo changes and rubato are part of a chain, another level of beats is another tempo.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note
from scorelane.score.barlines import HeardBeats, hear_beats, share_right
from scorelane.score.beat_features import COUNTS
from scorelane.score.chain import STIFF, SUPPLE, Chain, best_chain
from scorelane.score.doubt import Reading, certainty, others
from scorelane.score.envelope import Envelope
from scorelane.score.grid import Grid, Metre
from scorelane.score.lattice import Lattice, make_lattice
from scorelane.score.metre import CHOICES, Choice, divided
from scorelane.score.onsets import find_onsets, weigh_onsets
from scorelane.score.pulse import Pulse, hear_pulse, note_columns

_ROUGH, _FINE = (0.02, 0.035), (0.01, 0.022)  # seconds of a frame, log ratio of beat lengths
_LISTENED = 600.0  # seconds from the first onset that metre and tempo are told by
_MOST_STATES = 360_000  # frames times places in a bar: longer recordings get coarser frames
_SHORTEST, _LONGEST = 0.27, 1.5  # seconds per beat, unless a tempo is asked for
_TEMPI = tuple(np.geomspace(0.33, 1.25, 7))  # seconds per beat around which beats are looked for
_SHORTEST_COMPOUND = 0.42  # of these for beats of three parts
_FLAT, _SPREAD, _REACH = 0.2, 0.12, 0.5  # log tempo around them that is free, costs, is possible
_ASKED_SPREAD, _ASKED_REACH = 0.06, 0.26  # the same around a tempo that is asked for
_COMPOUND_WEIGHT = 2.0  # of the network's log odds of beats in three parts, over the whole piece
_COMPOUND_ODDS = (-5.0, 3.0)  # that count
_FITTING = 0.3  # weight of the log odds that beats are those that would be written
_RIGHT = 2.0  # worth of bars that may be expected to be right, for each second
_ROUNDING = 0.04  # of a beat: what the lengths that are tried make of an even change


@dataclass(frozen=True)
class _Heard:
    """All that tells of beats and bars; ``columns`` are the notes, as ``note_columns`` has them."""

    onsets: NDArray[np.float64]
    weights: NDArray[np.float64]
    pulse: Pulse
    envelope: Envelope | None
    downbeats: NDArray[np.float64]
    columns: NDArray[np.float64]

    def beginning(self) -> _Heard:
        """What is listened to for metre and tempo."""
        until = self.onsets[0] + _LISTENED
        some = self.onsets <= until
        columns = self.columns[self.columns[:, 0] <= until]
        return replace(self, onsets=self.onsets[some], weights=self.weights[some], columns=columns)

    def lattice(
        self, metre: Metre, resolution: tuple[float, float], tempo: float | None
    ) -> Lattice:
        """The beats that may be in ``metre``; near ``tempo``, where one is asked for."""
        frame, step = resolution
        seconds = float(self.onsets[-1] - self.onsets[0])
        frame = max(frame, seconds * metre.beats / _MOST_STATES)
        low, high = _SHORTEST, _LONGEST
        if tempo:
            low, high = (60.0 / tempo * np.exp(sign * _ASKED_REACH) for sign in (-1, 1))
        return make_lattice(
            self.onsets,
            self.weights,
            self.pulse,
            self.envelope,
            compound=metre.is_compound,
            frame=frame,
            step=step,
            shortest=low,
            longest=high,
        )

    def beats_of(self, chain: Chain) -> HeardBeats | None:
        """What is heard of each beat of ``chain``; nothing without notes."""
        return hear_beats(self.columns, chain.times) if len(self.columns) else None

    def beat_by_beat(self, lattice: Lattice, chain: Chain) -> Lattice:
        """``lattice`` with the bars that are heard from beat to beat of ``chain``."""
        beats = self.beats_of(chain)
        return lattice if beats is None else lattice.with_bars(chain.times, beats.begins)

    def rightness(self, chain: Chain, metre: Metre) -> float:
        """What speaks for ``chain`` when its beats and bars, in ``metre``, are heard as a whole."""
        beats = self.beats_of(chain)
        if beats is None:
            return 0.0
        worth = _FITTING * float(beats.fits.sum())
        if metre.beats in COUNTS:
            seconds = float(self.onsets[-1] - self.onsets[0])
            share = share_right(self.columns, chain.times, metre, chain.pickup)
            worth += _RIGHT * seconds * share
        return worth

    def chain(self, lattice: Lattice, choice: Choice, change: float = STIFF) -> Chain:
        """The best one with bars at the downbeats."""
        steered = lattice.with_downbeats(self.downbeats)
        return best_chain(steered, choice.metre.beats, choice.bar_cost, change)


def track_bars(
    onsets: NDArray[np.float64],
    pulse: Pulse | None,
    *,
    notes: Sequence[Note] = (),
    weights: NDArray[np.float64] | None = None,
    tempo: float | None = None,
    metre: Metre | None = None,
    downbeats: Sequence[float] = (),
    envelope: Envelope | None = None,
    alone: bool = False,
) -> Grid:
    """Beats from before the first onset to after the last, and the bars that they make.

    ``onsets`` are sorted, and of one weight each unless ``weights`` are given; ``pulse`` is what
    the network heard in their ``notes``, without which bars are not heard beat by beat. ``tempo``
    (beats per minute) holds the beats near it; without it any from 40 to 220 may result. ``metre``
    is kept where it is given. Bars begin at the ``downbeats`` (seconds), and hardly any between two
    of them in a row. The ``envelope`` of the recording tells of what is missing among the onsets.
    Who plays ``alone`` is followed with more freedom than those who keep time together. Music
    without onsets gets two beats at 120.
    """
    if not len(onsets) or pulse is None:
        return Grid(np.array([0.0, 60.0 / (tempo or 120.0)]), metre or Metre())
    heard = _heard(onsets, weights, pulse, envelope, np.unique(downbeats), notes)
    choices = CHOICES if metre is None else (Choice(metre),)
    tried = list(_tried(heard.beginning(), choices, tempo))
    best = max(tried, key=lambda one: one.worth)
    choice = best.choice
    lattice = _near(heard.lattice(choice.metre, _FINE, tempo), best.beat, tempo)
    change = SUPPLE if alone else STIFF
    lattice = heard.beat_by_beat(lattice, heard.chain(lattice, choice, change))
    chain = heard.chain(lattice, choice, change)
    beats = refine_beats(chain.times, onsets)
    # Beats of both kinds may lie at the same places.
    found = metre or divided(choice.metre, beats, onsets, pulse)
    named = others(replace(best, choice=Choice(found)), tried)
    return Grid(beats, found, chain.pickup, certainty(best, tried), named)


def find_readings(notes: Sequence[Note]) -> list[Reading]:
    """The best in each metre around each tempo, of ``notes``: there is one at least."""
    onsets = find_onsets(notes)
    nowhere = np.zeros(0)
    heard = _heard(onsets, weigh_onsets(notes, onsets), hear_pulse(notes), None, nowhere, notes)
    return list(_tried(heard.beginning(), CHOICES, None))


def _heard(
    onsets: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    pulse: Pulse,
    envelope: Envelope | None,
    downbeats: NDArray[np.float64],
    notes: Sequence[Note],
) -> _Heard:
    """All of these; beats reach to downbeats before the first onset and after the last."""
    if weights is None:
        weights = np.ones(len(onsets))
    before, after = downbeats[downbeats < onsets[0]], downbeats[downbeats > onsets[-1]]
    everything = np.concatenate((before, onsets, after))
    weights = np.concatenate((np.zeros(len(before)), weights, np.zeros(len(after))))
    return _Heard(everything, weights, pulse, envelope, downbeats, note_columns(notes))


def _tried(heard: _Heard, choices: Sequence[Choice], tempo: float | None) -> Iterator[Reading]:
    """The best reading in each metre around each tempo."""
    for compound in (False, True):
        some = [choice for choice in choices if choice.metre.is_compound == compound]
        if not some:
            continue
        longest_bar = max((choice.metre for choice in some), key=lambda metre: metre.beats)
        lattice = heard.lattice(longest_bar, _ROUGH, tempo)
        prior = _COMPOUND_WEIGHT * float(np.clip(heard.pulse.compound, *_COMPOUND_ODDS))
        for beat in [60.0 / tempo] if tempo else _TEMPI:
            if compound and beat < _SHORTEST_COMPOUND and not tempo:
                continue
            near = _near(lattice, beat, tempo)
            chains = [heard.chain(near, choice) for choice in some]
            worths = [one.worth + choice.prior for one, choice in zip(chains, some, strict=True)]
            near = heard.beat_by_beat(near, chains[int(np.argmax(worths))])
            for choice in some:
                chain = heard.chain(near, choice)
                worth = chain.worth + choice.prior + compound * prior
                worth += heard.rightness(chain, choice.metre)
                yield Reading(worth, choice, beat, chain)


def _near(lattice: Lattice, beat: float, tempo: float | None) -> Lattice:
    if tempo:
        return lattice.near(beat, 0.0, _ASKED_SPREAD, _ASKED_REACH)
    return lattice.near(beat, _FLAT, _SPREAD, _REACH)


def refine_beats(
    beats: NDArray[np.float64], times: NDArray[np.float64], *, stiffness: float = 3.0
) -> NDArray[np.float64]:
    """Move ``beats`` to where the onsets on them and on their halves say, smoothly.

    Least squares over all beats at once: each onset near a beat or its half pulls, and the
    second difference of the beat times is held small, but for what the tracker heard beyond its
    rounding: a beat that is drawn out stays so. It takes off the tracker's rounding to frames and
    the systematic lag of a method's onsets.
    """
    from scipy.sparse import csr_matrix, diags_array, vstack
    from scipy.sparse.linalg import spsolve

    n = len(beats)
    if n < 4:
        return beats
    place = np.interp(times, beats, np.arange(n))
    half = np.round(2 * place) / 2
    gap = np.abs(times - np.interp(half, np.arange(n), beats))
    near = (gap < 0.06) & (times > beats[0] - 0.06) & (times < beats[-1] + 0.06)
    rows, half, time = np.arange(int(near.sum())), half[near], times[near]
    left = np.minimum(half.astype(np.int64), n - 2)
    part = half - left
    trust = np.where(half % 1 == 0, 1.0, 0.6)
    pulls = csr_matrix(
        (
            np.concatenate((trust * (1 - part), trust * part)),
            (np.concatenate((rows, rows)), np.concatenate((left, left + 1))),
        ),
        shape=(len(rows), n),
    )
    bend = diags_array([1.0, -2.0, 1.0], offsets=[0, 1, 2], shape=(n - 2, n)) * stiffness
    bent = np.diff(beats, 2)
    rounding = _FINE[0] + _ROUNDING * (beats[2:] - beats[:-2]) / 2
    bent = np.sign(bent) * np.maximum(np.abs(bent) - rounding, 0.0)
    # The tracker's own beats hold where nothing sounds.
    keep = diags_array([0.1], offsets=[0], shape=(n, n))
    system = csr_matrix(vstack([pulls, bend, keep]))
    wanted = np.concatenate((trust * time, stiffness * bent, 0.1 * beats))
    refined: NDArray[np.float64] = spsolve((system.T @ system).tocsc(), system.T @ wanted)
    return refined if bool((np.diff(refined) > 0.05).all()) else beats
