"""Beat times: dynamic programming over where each beat begins and how long it lasts.

A beat that begins at frame t and lasts n frames should begin where the network of ``pulse`` hears
one, and explains the onsets within it: well those on the beat, less well those on its half,
third, quarter. Neighbouring beats should be of similar length. The best chain of beats under
these costs is found exactly (a semi-Markov Viterbi, after the bar-pointer model of Krebs, Boeck
and Widmer, ISMIR 2015). Tempo changes and rubato are part of the chain. Where it leaves the tempo
that most of the piece has, as for half of it or twice, one chain near each is found and the better
taken.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scorelane.score.envelope import Envelope
from scorelane.score.pulse import Pulse

_FRAME = 0.01
_MAX_FRAMES = 90_000  # longer recordings get coarser frames
_SHORTEST, _LONGEST = 0.27, 1.5  # seconds per beat, unless a tempo is asked for
_USUAL = 0.55  # seconds per beat
_USUAL_SPREAD = 0.4  # in log tempo
_TEMPO_WEIGHT = 0.4  # of the prior, for each beat
_OWN_SPREAD = 0.25  # in log tempo, around the tempo of most of the piece
_FAR = 0.3  # log tempo away from that: another level
_ASTRAY = 0.08  # part of the time that may be spent there
_CHANGE = 0.08  # standard deviation of the log ratio of neighbouring beats
_REACH = 10  # columns of lengths that a beat may differ from the one before, a fifth and more
_JITTER = 0.022  # seconds, of an onset around its place
_EARLY = 0.1  # part of a beat before it that belongs to it
# Places in beats of two or four parts and in those of three or six, and odds of an onset there.
_PLACES = (
    ((0.0, 1.0), (1 / 2, 0.6), (1 / 4, 0.3), (3 / 4, 0.3)),
    ((0.0, 1.0), (1 / 3, 0.3), (2 / 3, 0.3), (1 / 6, 0.1), (1 / 2, 0.1), (5 / 6, 0.1)),
)
_TERNARY = 0.5  # cost of three parts
_ANYWHERE = 0.012  # odds of an onset elsewhere
_HEARD = 0.8  # worth of one standard deviation of the recording's onset envelope on a beat
_PLACED = 0.5  # worth of what the places of the onsets say
_PULSE = 1.0  # worth of the network's log odds on a beat
_MOST = 4.0  # of them
_BEAT_COST = -1.0  # each beat must earn this
_ROUNDING = 0.04  # of a beat: what the lengths that are tried make of an even change


def track_beats(
    onsets: NDArray[np.float64],
    pulse: Pulse | None,
    *,
    weights: NDArray[np.float64] | None = None,
    tempo: float | None = None,
    envelope: Envelope | None = None,
) -> NDArray[np.float64]:
    """Beat times in seconds, ``[n >= 2]``, from before the first onset to after the last.

    ``onsets`` are sorted, and of one weight each unless ``weights`` are given; ``pulse`` is what
    the network heard in their notes. ``tempo`` (beats
    per minute) holds the beats near it; without it any from 40 to 220 may result. The
    ``envelope`` of the recording tells of what is missing among the onsets. Music without onsets
    gets two beats at 120.
    """
    if not len(onsets) or pulse is None:
        return np.array([0.0, 60.0 / (tempo or 120.0)])
    start = float(onsets[0])
    frame = max(_FRAME, (float(onsets[-1]) - start) / _MAX_FRAMES)
    lengths, prior = _lengths(frame, tempo)
    pad = int(lengths[-1])  # the first beat may begin up to a beat before the first onset
    weights = np.ones(len(onsets)) if weights is None else weights
    fit = _PLACED * _fit(onsets, weights, start, frame, lengths, pad)
    seconds = start + frame * np.arange(-pad, len(fit) - pad, dtype=np.float64)
    fit += _PULSE * np.clip(pulse.at(pulse.beat, seconds), -_MOST, _MOST)[:, None]
    if envelope is not None:
        fit += _HEARD * envelope.at(seconds)[:, None]
    fit += _BEAT_COST + prior
    frames, _ = _best_chain(fit, lengths, pad)
    levels = [] if tempo else _levels(np.diff(frames))
    if levels:
        near = [-0.5 * (np.log(lengths / level) / _OWN_SPREAD) ** 2 for level in levels]
        tried = [_best_chain(fit + _TEMPO_WEIGHT * one, lengths, pad) for one in near]
        frames, _ = max(tried, key=lambda chain: chain[1])
    beats = start + (frames - pad).astype(np.float64) * frame
    return refine_beats(beats, onsets)


def _levels(lengths: NDArray[np.int64]) -> list[float]:
    """Frames of a beat for most of the piece and for most of the rest, if that is of other levels.

    ``lengths`` are those of the beats; without beats of other levels the result is empty.
    """
    # There are few different lengths, however long the piece is.
    different, each, count = np.unique(lengths, return_inverse=True, return_counts=True)
    log, time = np.log(different), different * count
    near = np.abs(log[:, None] - log) < _FAR / 2
    own = log[each[int((near @ time)[each].argmax())]]
    astray = np.abs(log - own) > _FAR
    if time[astray].sum() <= _ASTRAY * time.sum():
        return []
    far = each[astray[each]]
    other = log[far[int((near @ (time * astray))[far].argmax())]]
    return [float(np.exp(own)), float(np.exp(other))]


def _lengths(frame: float, tempo: float | None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Lengths of a beat in frames that are tried, and the log prior of each."""
    usual = 60.0 / tempo if tempo else _USUAL
    spread = 0.06 if tempo else _USUAL_SPREAD
    low, high = (usual / 1.3, usual * 1.3) if tempo else (_SHORTEST, _LONGEST)
    count = round(math.log(high / low) / 0.022) + 1
    seconds = np.geomspace(low, high, count)
    lengths = np.unique(np.maximum(2, np.round(seconds / frame)).astype(np.int64))
    prior = -0.5 * (np.log(lengths * frame / usual) / spread) ** 2
    return lengths, (1.0 if tempo else _TEMPO_WEIGHT) * prior


def _fit(
    onsets: NDArray[np.float64],
    weights: NDArray[np.float64],
    start: float,
    frame: float,
    lengths: NDArray[np.int64],
    pad: int,
) -> NDArray[np.float64]:
    """``[frames, lengths]``: how well a beat of that start and length explains its onsets."""
    position = np.round((onsets - start) / frame).astype(np.int64) + pad
    frames = int(position[-1]) + pad + 1
    count = np.bincount(position, weights, minlength=frames).astype(np.float64)
    fit = np.empty((frames, len(lengths)))
    for column, length in enumerate(lengths):
        early = max(1, round(_EARLY * length))
        phase = (np.arange(-early, length - early)) * frame
        divided = []
        for places in _PLACES:
            odds = np.full(length, _ANYWHERE)
            for place, odd in places:
                odds += odd * np.exp(-0.5 * ((phase - place * length * frame) / _JITTER) ** 2)
            divided.append(_slide(count, np.log(odds), early))
        # A beat is divided one way or the other: places of both at once would hold any onset.
        fit[:, column] = np.maximum(divided[0], divided[1] - _TERNARY)
    return fit


def _slide(
    train: NDArray[np.float64], template: NDArray[np.float64], early: int
) -> NDArray[np.float64]:
    """Sum of ``template`` over the events of ``train``, with its start at each frame in turn."""
    padded = np.concatenate((np.zeros(early), train, np.zeros(len(template))))
    total: NDArray[np.float64] = np.correlate(padded, template, "valid")[: len(train)]
    return total


def _best_chain(
    gain: NDArray[np.float64], lengths: NDArray[np.int64], pad: int
) -> tuple[NDArray[np.int64], float]:
    """Frames where the beats of the best chain begin, the last one's end too, and its worth."""
    frames, count = gain.shape
    best = np.full((frames, count), -np.inf)
    came_from = np.full((frames, count), -1, np.int16)
    columns = np.arange(count)
    source = columns[:, None] + np.arange(-_REACH, _REACH + 1)  # of a change, the column before
    ratio = np.log(lengths[np.clip(source, 0, count - 1)] / lengths[:, None])
    change = -0.5 * (ratio / _CHANGE) ** 2
    first = pad + np.round(_EARLY * lengths).astype(np.int64)
    # No beat is shorter than a block, so the frames of a block do not depend on one another.
    for begin in range(0, frames, int(lengths[0])):
        t = np.arange(begin, min(begin + int(lengths[0]), frames))[:, None]
        before = t - lengths
        ended = np.where(before >= 0, best[before, columns] + gain[before, columns], -np.inf)
        padded = np.pad(ended, ((0, 0), (_REACH, _REACH)), constant_values=-np.inf)
        arrivals = np.lib.stride_tricks.sliding_window_view(padded, 2 * _REACH + 1, axis=1) + change
        choice = arrivals.argmax(axis=2)
        block = np.take_along_axis(arrivals, choice[..., None], axis=2)[..., 0]
        # A chain may begin wherever its first beat still holds the first onset.
        begins = (t <= first) & (t + lengths > first) & (block < 0.0)
        best[t[:, 0]] = np.where(begins, 0.0, block)
        came_from[t[:, 0]] = np.where(begins, -1, columns + choice - _REACH)
    last = frames - 1 - pad
    t0 = np.arange(frames)[:, None]
    early = np.round(_EARLY * lengths).astype(np.int64)
    holds_last = (t0 <= last + early) & (t0 + lengths > last + early)
    total = np.where(holds_last, best + gain, -np.inf)
    at, column = (int(i) for i in np.unravel_index(int(total.argmax()), total.shape))
    worth = float(total[at, column])
    chain = [at + int(lengths[column]), at]
    while came_from[at, column] >= 0:
        column = int(came_from[at, column])
        at -= int(lengths[column])
        chain.append(at)
    return np.array(chain[::-1], np.int64), worth


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
    rounding = _FRAME + _ROUNDING * (beats[2:] - beats[:-2]) / 2
    bent = np.sign(bent) * np.maximum(np.abs(bent) - rounding, 0.0)
    # The tracker's own beats hold where nothing sounds.
    keep = diags_array([0.1], offsets=[0], shape=(n, n))
    system = csr_matrix(vstack([pulls, bend, keep]))
    wanted = np.concatenate((trust * time, stiffness * bent, 0.1 * beats))
    refined: NDArray[np.float64] = spsolve((system.T @ system).tocsc(), system.T @ wanted)
    return refined if bool((np.diff(refined) > 0.05).all()) else beats
