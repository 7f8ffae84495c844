"""Metre and downbeats: which beats begin bars, judged by where weight, bass and harmony fall."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scorelane.score.grid import Metre
from scorelane.score.onsets import Onsets

# Beats per bar, expected accent of each, and the prior in its favour.
_PATTERNS = (
    (4, (1.0, -0.5, 0.1, -0.6), 0.1),
    (3, (1.0, -0.5, -0.5), 0.0),
    (2, (1.0, -1.0), -0.04),
)


_PICKUP = 0.1  # cost of each beat of a pick-up: short ones are commoner


def find_metre(
    beats: NDArray[np.float64], onsets: Onsets, metre: Metre | None = None
) -> tuple[Metre, int]:
    """Metre and the index (less than a bar) of the first beat that begins a bar.

    ``metre``, when given, is kept, and only the place of its bars is found.
    """
    accent = _accents(beats, onsets)
    if metre is not None:
        first = np.eye(metre.beats)[0]
        return metre, _best_phase(accent, first)[1]
    scored = []
    for count, pattern, prior in _PATTERNS:
        fit, phase = _best_phase(accent, np.array(pattern))
        scored.append((fit + prior + 0.5 * _repeats(beats, onsets, count), count, phase))
    _, count, phase = max(scored)
    if _is_ternary(beats, onsets):
        return Metre(9 if count == 3 else 6, 8), phase if count == 3 else phase % 2
    return Metre(count, 4), phase


def _accents(beats: NDArray[np.float64], onsets: Onsets) -> NDArray[np.float64]:
    """Accent of each beat: weight and length of what begins on it, bass, change of harmony."""
    n = len(beats)
    if not len(onsets.times):
        return np.zeros(n)
    place = np.interp(onsets.times, beats, np.arange(n))
    nearest = np.round(place).astype(np.int64)
    on_beat = np.abs(place - nearest) < 0.13
    weight = np.full(n, -1.0)
    np.maximum.at(weight, nearest[on_beat], onsets.weight[on_beat])
    length = np.zeros(n)
    np.maximum.at(length, nearest[on_beat], onsets.length[on_beat])
    bass = np.full(n, 96.0)
    np.minimum.at(bass, nearest[on_beat], onsets.bass[on_beat])
    chroma = np.zeros((n, 12))
    np.add.at(chroma, np.clip((place + 0.13).astype(np.int64), 0, n - 1), onsets.chroma)
    return (
        0.6 * _standard(weight)
        + 0.5 * _standard(np.log2(length + 0.15))
        + 0.5 * _standard(_fall(bass))
        + 0.8 * _standard(_harmony_change(chroma))
    )


def _fall(bass: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each beat's bass lies below its surroundings', in semitones."""
    around = np.array([np.mean(bass[max(0, i - 4) : i + 5]) for i in range(len(bass))])
    return np.clip(around - bass, -12.0, 12.0)


def _harmony_change(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - cosine between the pitch classes of the two beats before and from each beat on."""
    two = chroma.copy()
    two[:-1] += 0.7 * chroma[1:]
    before = np.zeros_like(chroma)
    before[1:] += chroma[:-1]
    before[2:] += 0.7 * chroma[:-2]
    norm = np.linalg.norm(two, axis=1) * np.linalg.norm(before, axis=1)
    change = np.zeros(len(chroma))
    known = norm > 0
    change[known] = 1.0 - (two * before).sum(axis=1)[known] / norm[known]
    return change


def _best_phase(accent: NDArray[np.float64], pattern: NDArray[np.float64]) -> tuple[float, int]:
    """Best mean fit of the repeated ``pattern`` and the beat that it begins on."""
    pattern = (pattern - pattern.mean()) / max(float(pattern.std()), 1e-9)
    index = np.arange(len(accent))
    fits = [
        float((accent * pattern[(index - phase) % len(pattern)]).mean()) - _PICKUP * phase
        for phase in range(len(pattern))
    ]
    phase = int(np.argmax(fits))
    return fits[phase], phase


def _repeats(beats: NDArray[np.float64], onsets: Onsets, lag: int) -> float:
    """How much the rhythm of a beat resembles the one ``lag`` beats later, against others."""
    n = len(beats)
    place = np.interp(onsets.times, beats, np.arange(n)) + 1 / 12
    cell = np.zeros((n + 1, 6))
    np.add.at(cell, (place.astype(np.int64), ((place % 1) * 6).astype(np.int64)), 1.0)
    cell = np.hstack((cell, cell * (onsets_bass(place, onsets, n))[:, None]))

    def alike(by: int) -> float:
        a, b = cell[:-by], cell[by:]
        norm = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        return float(((a * b).sum(axis=1) / np.maximum(norm, 1e-9)).mean()) if len(a) else 0.0

    others = [alike(by) for by in range(1, 7) if by % lag]
    return alike(lag) - float(np.mean(others))


def onsets_bass(place: NDArray[np.float64], onsets: Onsets, n: int) -> NDArray[np.float64]:
    """1 for the beats on which a low note begins, else 0."""
    low = np.zeros(n + 1)
    threshold = np.percentile(onsets.bass, 30) if len(onsets.bass) else 0.0
    np.maximum.at(low, place.astype(np.int64), (onsets.bass <= threshold).astype(np.float64))
    return low


def _is_ternary(beats: NDArray[np.float64], onsets: Onsets) -> bool:
    """Whether the beats are divided in three, evenly enough not to be swing."""
    phase = np.interp(onsets.times, beats, np.arange(len(beats))) % 1.0
    inner = phase[(phase > 0.18) & (phase < 0.82)]
    if len(inner) < 8:
        return False
    thirds = [np.abs(inner - third) < 0.07 for third in (1 / 3, 2 / 3)]
    both = min(thirds[0].mean(), thirds[1].mean())
    binary = (np.abs(inner - 0.5) < 0.07).mean() + 0.5 * (
        (np.abs(inner - 0.25) < 0.05).mean() + (np.abs(inner - 0.75) < 0.05).mean()
    )
    return bool(both > 0.2 and thirds[0].mean() + thirds[1].mean() > 1.6 * binary)


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)
