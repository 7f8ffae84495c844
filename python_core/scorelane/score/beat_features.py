"""What networks over beats see: notes counted in beats, and how a reading groups beats in bars.

Counted in beats a bar is the same at any tempo and however freely it is played (after Krebs,
Boeck, Dorfer and Widmer, ISMIR 2016).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scorelane.score.grid import Metre
from scorelane.score.pulse import DRUM_KINDS, drum_kind

PARTS = 4
"""Of a beat, each centred on its beginning."""
COUNTS = (2, 3, 4)
"""Beats in the bars of a reading."""
# Columns of a part: notes, pitch classes, those of the bass, the longest, the highest, drums.
_NOTES, _TONES, _BASS, _LONG, _HIGH, _DRUMS = 0, 1, 13, 25, 26, 27
_PART = _DRUMS + DRUM_KINDS
# Columns of a beat: its parts, pitch classes that go on, its length.
_SOUNDING = PARTS * _PART
_LENGTH = _SOUNDING + 12
FEATURES = _LENGTH + 1
_PLACES = 24  # of a beat, that onsets may lie on: its quarters, thirds and theirs
# Columns that a reading adds: onsets on each place, bar lines, how many beats, in three parts.
_LINES = FEATURES + _PLACES
_COMPOUND = _LINES + 1 + len(COUNTS)
READING_FEATURES = _COMPOUND + 1
_SHORTEST, _LONGEST = 0.05, 4.0  # beats of a note that count
_EARLY, _LATE = 0.1, 0.15  # of a beat: who begins or ends that near to one begins or ends with it
_MOST_SOUNDING = 2.0  # notes of a pitch class that go on
_USUAL = 0.6  # seconds per beat
_MIDDLE, _RANGE = 60, 24.0  # pitches


def beat_features(columns: NDArray[np.float64], beats: NDArray[np.float64]) -> NDArray[np.float32]:
    """``[n - 1, FEATURES]`` of notes ``[n, 4]``: onset and duration (s), pitch, is drum."""
    count = len(beats) - 1
    onset, end, pitch, pitched = _in_beats(columns, beats)
    part = np.floor(PARTS * onset + 0.5).astype(np.int64)
    lasts = np.clip(end - onset, _SHORTEST, _LONGEST)
    parts = np.zeros((PARTS * count, _PART), np.float32)
    at, tone = part[pitched], pitch[pitched]
    weight = np.sqrt(lasts[pitched])
    np.add.at(parts[:, _NOTES], at, 1.0)
    np.add.at(parts, (at, _TONES + tone % 12), weight)
    is_bass = tone <= _lowest_around(at, tone, PARTS * count)[at]
    np.add.at(parts, (at[is_bass], _BASS + tone[is_bass] % 12), weight[is_bass])
    longest = np.zeros(PARTS * count)
    np.maximum.at(longest, at, lasts[pitched])
    parts[:, _LONG] = longest
    np.add.at(parts, (part[~pitched], _DRUMS + drum_kind(pitch[~pitched])), 1.0)
    parts = np.log1p(parts)
    highest = np.full(PARTS * count, -1)
    np.maximum.at(highest, at, tone)
    parts[:, _HIGH] = np.where(highest >= 0, (highest - _MIDDLE) / _RANGE, 0.0)
    features = np.zeros((count, FEATURES), np.float32)
    features[:, :_SOUNDING] = parts.reshape(count, -1)
    features[:, _SOUNDING:_LENGTH] = _sounding(onset[pitched], end[pitched], tone, count)
    features[:, _LENGTH] = np.log(np.diff(beats) / _USUAL)
    return features


def reading_features(
    columns: NDArray[np.float64],
    beats: NDArray[np.float64],
    metre: Metre | None = None,
    pickup: int = 0,
) -> NDArray[np.float32]:
    """``[n - 1, READING_FEATURES]``: those of :func:`beat_features`, and what a reading adds.

    Its bars of two, three or four beats begin ``pickup`` beats after the first; without a ``metre``
    beats are in no bars.
    """
    features = np.zeros((len(beats) - 1, READING_FEATURES), np.float32)
    features[:, :FEATURES] = beat_features(columns, beats)
    features[:, FEATURES:_LINES] = _places(columns, beats)
    if metre is not None:
        features[pickup :: metre.beats, _LINES] = 1.0
        features[:, _LINES + 1 + COUNTS.index(metre.beats)] = 1.0
        features[:, _COMPOUND] = metre.is_compound
    return features


def _places(columns: NDArray[np.float64], beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """``[n - 1, _PLACES]``: log of the onsets on each place of a beat, those between shared."""
    onset, _, _, _ = _in_beats(columns, beats)
    count = _PLACES * (len(beats) - 1)
    place = _PLACES * (onset + 0.5 / PARTS)
    left = np.clip(place.astype(np.int64), 0, count - 1)
    part = np.clip(place - left, 0.0, 1.0)
    shares = np.bincount(left, 1.0 - part, count + 1) + np.bincount(left + 1, part, count + 1)
    log: NDArray[np.float64] = np.log1p(shares[:-1]).reshape(-1, _PLACES)
    return log


def _in_beats(
    columns: NDArray[np.float64], beats: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]:
    """Onset and end in beats, pitch and whether pitched, of the notes that begin within them."""
    onset, length, pitch, drum = columns.T
    # A note may come a little before the first beat.
    times = np.concatenate(([2 * beats[0] - beats[1]], beats))
    number = np.arange(-1.0, len(beats))
    end = np.interp(onset + length, times, number)
    onset = np.interp(onset, times, number)
    inside = (onset >= -0.5 / PARTS) & (onset < len(beats) - 1 - 0.5 / PARTS)
    return onset[inside], end[inside], pitch[inside].astype(np.int64), drum[inside] < 0.5


def _lowest_around(
    part: NDArray[np.int64], pitch: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """``[count]``: the lowest pitch that begins within a beat of each part."""
    lowest = np.full(count, 128)
    np.minimum.at(lowest, part, pitch)
    around = np.pad(lowest, PARTS, constant_values=128)
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * PARTS + 1)
    result: NDArray[np.int64] = windows.min(axis=1)
    return result


def _sounding(
    onset: NDArray[np.float64],
    end: NDArray[np.float64],
    pitch: NDArray[np.int64],
    count: int,
) -> NDArray[np.float64]:
    """``[beats, 12]``: how many notes of each pitch class go on into each beat."""
    first = (onset + _EARLY).astype(np.int64) + 1
    last = np.minimum((end - _LATE).astype(np.int64), count - 1)
    goes_on = last >= first
    change = np.zeros((count + 1, 12))
    np.add.at(change, (first[goes_on], pitch[goes_on] % 12), 1.0)
    np.add.at(change, (last[goes_on] + 1, pitch[goes_on] % 12), -1.0)
    return np.minimum(np.cumsum(change, axis=0)[:count], _MOST_SOUNDING)
