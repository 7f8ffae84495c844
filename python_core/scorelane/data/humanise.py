"""Making notes from a score or a sequencer sound as if people had played them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scorelane.data.midi_files import MIN_LENGTH
from scorelane.data.songs import Timing

_CHORD_GAP = 1e-3
_DRIFT_SECONDS = 4.0
_PHRASE_SECONDS = 5.0


def humanise(
    notes: NDArray[np.void], rng: np.random.Generator, timing: Timing = Timing.SCORE
) -> NDArray[np.void]:
    """Return a performance of ``notes`` (``[n]`` of ``NOTE_DTYPE``), sorted by onset.

    ``Timing.SCORE``: a tempo of its own (x 0.7-1.4) that drifts slowly (up to 6 %), onsets
    scattered by 5-25 ms, chords spread, notes shortened or slurred (x 0.7-1.05), phrases that
    swell and fade. ``Timing.SEQUENCED``: the same in small (tempo x 0.92-1.09, 1-6 ms), but with
    full dynamics where the sequence has hardly any of its own. ``Timing.PERFORMED``: only the
    tempo (x 0.9-1.1). The argument is left as it is.
    """
    played = notes.copy()
    if not len(played):
        return played
    onset = played["onset"].astype(np.float64)
    length = played["offset"].astype(np.float64) - onset
    if timing is Timing.PERFORMED:
        scale = rng.uniform(0.9, 1.1)
        onset, length = onset * scale, length * scale
    else:
        loose = 1.0 if timing is Timing.SCORE else 0.25
        onset, length = _retime(onset, length, rng, loose)
        length *= _articulation(played, rng, loose)
        onset = onset + _scatter(played, onset, rng, loose)
        played["velocity"] = _dynamics(played, onset, rng, 1.0 if _is_flat(played) else loose)
    # Drums keep their nominal length; nothing may begin before zero.
    onset = onset - min(0.0, float(onset.min()))
    played["onset"] = onset
    played["offset"] = _without_overlaps(played, onset, onset + np.maximum(length, MIN_LENGTH))
    return played[np.argsort(played["onset"], kind="stable")]


def _retime(
    onset: NDArray[np.float64],
    length: NDArray[np.float64],
    rng: np.random.Generator,
    loose: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Warp time: a constant factor and a smooth random drift, the same for all parts."""
    offset = onset + length
    end = float(offset.max())
    grid = np.linspace(0.0, end, max(2, int(end / _DRIFT_SECONDS) + 2))
    scale = np.exp(loose * rng.uniform(-0.35, 0.35))
    depth = loose * rng.uniform(0.0, 0.06)
    rate = scale * np.exp(depth * np.clip(rng.standard_normal(len(grid)), -1.5, 1.5))
    steps = np.diff(grid) * (rate[1:] + rate[:-1]) / 2
    warped = np.concatenate(([0.0], np.cumsum(steps)))
    start, stop = np.interp(onset, grid, warped), np.interp(offset, grid, warped)
    return start, stop - start


def _articulation(
    notes: NDArray[np.void], rng: np.random.Generator, loose: float
) -> NDArray[np.float64]:
    """Length factors: each part has a manner of its own, each note varies around it."""
    manner = rng.uniform(*((0.75, 1.03) if loose == 1.0 else (0.93, 1.0)), 256)
    spread = 0.05 * loose * rng.standard_normal(len(notes))
    factors: NDArray[np.float64] = np.clip(manner[notes["stem"]] + spread, 0.7, 1.05)
    factors[notes["is_drum"]] = 1.0
    return factors


def _scatter(
    notes: NDArray[np.void],
    onset: NDArray[np.float64],
    rng: np.random.Generator,
    loose: float,
) -> NDArray[np.float64]:
    """Onset shifts in seconds: each part lags or leads, each chord and each note scatters."""
    jitter = loose * rng.uniform(0.005, 0.025)
    lag = 0.5 * jitter * rng.standard_normal(256)
    shift: NDArray[np.float64] = lag[notes["stem"]]
    shift += 0.5 * jitter * np.clip(rng.standard_normal(len(notes)), -2.0, 2.0)
    # A chord is one gesture of a part: it moves together and is rolled from bottom to top.
    order = np.lexsort((notes["pitch"], onset, notes["stem"]))
    stem, time = notes["stem"][order], onset[order]
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (stem[1:] != stem[:-1]) | (time[1:] - time[:-1] > _CHORD_GAP)
    chord = np.cumsum(begins) - 1
    rank = np.arange(len(order)) - np.flatnonzero(begins)[chord]
    roll = loose * rng.exponential(0.004, int(chord[-1]) + 1) * (rng.random() < 0.7)
    together = jitter * np.clip(rng.standard_normal(int(chord[-1]) + 1), -2.0, 2.0)
    shift[order] += together[chord] + np.minimum(rank * roll[chord], 0.06)
    return shift


def _dynamics(
    notes: NDArray[np.void],
    onset: NDArray[np.float64],
    rng: np.random.Generator,
    loose: float,
) -> NDArray[np.uint8]:
    """Velocities: a phrase contour per part, high notes a little louder, and noise."""
    end = float(onset.max())
    knots = max(2, int(end / _PHRASE_SECONDS) + 2)
    contour = loose * 14.0 * rng.standard_normal((8, knots))
    position = onset / max(end, 1e-9) * (knots - 1)
    left = np.clip(position.astype(np.int64), 0, knots - 2)
    part = notes["stem"] % 8
    blend = position - left
    swell = contour[part, left] * (1 - blend) + contour[part, left + 1] * blend
    height = loose * 0.25 * (notes["pitch"].astype(np.float64) - 60.0) * ~notes["is_drum"]
    noise = (2.0 + 5.0 * loose) * rng.standard_normal(len(notes))
    level = loose * rng.uniform(-18.0, 8.0)
    velocity = notes["velocity"] + swell + height + noise + level
    rounded: NDArray[np.uint8] = np.clip(np.round(velocity), 12, 127).astype(np.uint8)
    return rounded


def _is_flat(notes: NDArray[np.void]) -> bool:
    """Say whether the velocities hardly vary within the parts."""
    velocity = notes["velocity"].astype(np.float64)
    count = np.maximum(np.bincount(notes["stem"], minlength=256), 1)
    mean = np.bincount(notes["stem"], velocity, minlength=256) / count
    return float(np.std(velocity - mean[notes["stem"]])) < 6.0


def _without_overlaps(
    notes: NDArray[np.void], onset: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cut a note where its own key of its own part is struck again."""
    order = np.lexsort((onset, notes["pitch"], notes["stem"]))
    this, following = order[:-1], order[1:]
    same = (notes["stem"][this] == notes["stem"][following]) & (
        notes["pitch"][this] == notes["pitch"][following]
    )
    cut = offset.copy()
    cut[this[same]] = np.minimum(cut[this[same]], onset[following[same]])
    return np.maximum(cut, onset + MIN_LENGTH)
