"""Where bars begin, and whether beats are those that are written, heard once there are beats.

Small networks over beats instead of frames: what begins on each quarter of a beat, in which pitch
classes, for how many beats, above which bass. Counted in beats, a bar is the same at any tempo and
however freely it is played (after Krebs, Boeck, Dorfer and Widmer, ISMIR 2016). One learned from
the beats of scores (``scorelane.train.barlines``), the other from those that a search finds in
performances as well (``scorelane.train.found_beats``): it knows what wrong ones look like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.score import convolutions
from scorelane.score.pulse import DRUM_KINDS, drum_kind

KEPT = 0.3
"""Part of the log odds that ``pulse`` hears of a bar that counts beside those heard here."""
PARTS = 4
"""Of a beat, each centred on its beginning."""
# Columns of a part: notes, pitch classes, those of the bass, the longest, the highest, drums.
_NOTES, _TONES, _BASS, _LONG, _HIGH, _DRUMS = 0, 1, 13, 25, 26, 27
_PART = _DRUMS + DRUM_KINDS
# Columns of a beat: its parts, pitch classes that go on, its length.
_SOUNDING = PARTS * _PART
_LENGTH = _SOUNDING + 12
FEATURES = _LENGTH + 1
_SHORTEST, _LONGEST = 0.05, 4.0  # beats of a note that count
_EARLY, _LATE = 0.1, 0.15  # of a beat: who begins or ends that near to one begins or ends with it
_MOST_SOUNDING = 2.0  # notes of a pitch class that go on
_USUAL = 0.6  # seconds per beat
_MIDDLE, _RANGE = 60, 24.0  # pitches
_FOUND = 0.5  # of the log odds of who learned from beats that were found
_MOST, _MOST_FITTING = 4.0, 2.0  # log odds of one bar line, and of one beat


@dataclass(frozen=True)
class HeardBeats:
    """Log odds of beats that were found.

    Attributes:
        begins: ``[n]`` that a bar begins with each.
        fits: ``[n]`` that each is a written beat, from its beginning to its end.
    """

    begins: NDArray[np.float64]
    fits: NDArray[np.float64]


def hear_beats(columns: NDArray[np.float64], beats: NDArray[np.float64]) -> HeardBeats:
    """Listen to each of ``beats`` ``[n + 1]`` but the last.

    Notes are ``[m, 4]`` as :func:`scorelane.score.pulse.note_columns` has them; there are two
    ``beats`` at least, which increase, in the seconds of the notes.
    """
    features = beat_features(columns, beats)
    written = convolutions.listen("barlines.npz", features).astype(np.float64)[:, 0]
    begins, fits = convolutions.listen("found_beats.npz", features).astype(np.float64).T
    return HeardBeats(
        np.clip(written + _FOUND * begins, -_MOST, _MOST),
        np.clip(fits, -_MOST_FITTING, _MOST_FITTING),
    )


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
