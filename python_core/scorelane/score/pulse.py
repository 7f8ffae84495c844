"""What a small network hears in the notes: how likely beats and bars begin at each moment.

A temporal convolutional network over frames of 40 ms (after Davies and Boeck, EUSIPCO 2019) that
``scorelane.train.pulse`` trained on performed scores. Inference is NumPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note
from scorelane.score import convolutions

FRAME = 0.04
"""Seconds."""
MARGIN = 1.0
"""Seconds before the first onset that are heard."""
_BANDS, _BAND, _LOWEST = 10, 8, 24  # of pitches
_DRUMS = (  # kick, snare, closed and open hi-hat, crash, ride, toms; the rest
    (35, 36),
    (37, 38, 39, 40),
    (42, 44),
    (46,),
    (49, 52, 55, 57),
    (51, 53, 59),
    (41, 43, 45, 47, 48, 50),
)
DRUM_KINDS = len(_DRUMS) + 1
FEATURES = _BANDS + 12 + 12 + 5 + DRUM_KINDS
_LONGEST = 4.0  # seconds of a note that count


@dataclass(frozen=True)
class Pulse:
    """Log odds at frames of ``FRAME`` seconds.

    Attributes:
        start: seconds of the first frame.
        beat: ``[n]`` that a beat begins.
        bar: ``[n]`` that a bar begins.
        compound: that beats have three parts, over the whole piece.
    """

    start: float
    beat: NDArray[np.float64]
    bar: NDArray[np.float64]
    compound: float

    def at(self, values: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """``values`` (``beat`` or ``bar``) at ``seconds``; beyond the ends those of the ends."""
        frames = (seconds - self.start) / FRAME
        return np.interp(frames, np.arange(len(values), dtype=np.float64), values)


def hear_pulse(notes: Sequence[Note]) -> Pulse:
    """Listen to ``notes``, in any order; at least one."""
    start = min(note.onset for note in notes) - MARGIN
    logits = listen(note_columns(notes, start))
    weight = 1.0 / (1.0 + np.exp(-logits[:, 0]))
    compound = float((logits[:, 2] * weight).sum() / max(float(weight.sum()), 1e-9))
    return Pulse(start, logits[:, 0], logits[:, 1], compound)


def note_columns(notes: Sequence[Note], start: float = 0.0) -> NDArray[np.float64]:
    """``[n, 4]``: seconds from ``start`` to the onset, seconds that it lasts, pitch, is drum."""
    rows = [(note.onset - start, note.duration, note.pitch, note.is_drum) for note in notes]
    return np.array(rows, np.float64).reshape(-1, 4)


def drum_kind(pitch: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of ``DRUM_KINDS`` keys of drums are."""
    kind = np.full(128, len(_DRUMS))
    for number, keys in enumerate(_DRUMS):
        kind[list(keys)] = number
    of: NDArray[np.int64] = kind[np.clip(pitch, 0, 127)]
    return of


def listen(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """``[frames, 3]``: log odds of beat, bar and compound metre; notes as `frame_features`."""
    features = frame_features(columns)
    # Two frames at a time: what changes slower than 80 ms needs no finer convolutions.
    pairs = np.zeros((-(-len(features) // 2), 2 * FEATURES), np.float32)
    pairs.reshape(-1)[: features.size] = features.reshape(-1)
    return convolutions.listen("pulse.npz", pairs).reshape(-1, 3).astype(np.float64)


def frame_features(columns: NDArray[np.float64]) -> NDArray[np.float32]:
    """``[frames, FEATURES]`` of notes ``[n, 4]``: onset and duration in seconds, pitch, is drum."""
    onset, length, pitch, drum = columns.T
    length = np.minimum(length, _LONGEST)
    pitch = pitch.astype(np.int64)
    pitched = drum < 0.5
    frames = int(float((onset + length).max()) / FRAME) + 3
    features = np.zeros((frames, FEATURES), np.float32)

    def add(column: NDArray[np.int64] | int, where: NDArray[np.bool_], value: object = 1.0) -> None:
        """Add ``value`` at the onsets, shared by the two frames that each lies between."""
        place = onset[where] / FRAME
        left = place.astype(np.int64)
        part = place - left
        what = np.broadcast_to(np.asarray(column), where.shape)[where]
        worth = np.broadcast_to(np.asarray(value), where.shape)[where]
        np.add.at(features, (left, what), (1.0 - part) * worth)
        np.add.at(features, (left + 1, what), part * worth)

    band = np.clip((pitch - _LOWEST) // _BAND, 0, _BANDS - 1)
    add(band, pitched)
    base = _BANDS
    add(base + pitch % 12, pitched, np.sqrt(length + 0.05))
    base += 12
    sounding = np.zeros((frames + 1, 12), np.float32)
    first = (onset[pitched] / FRAME).astype(np.int64)
    last = ((onset + length)[pitched] / FRAME).astype(np.int64) + 1
    np.add.at(sounding, (first, pitch[pitched] % 12), 1.0)
    np.add.at(sounding, (last, pitch[pitched] % 12), -1.0)
    features[:, base : base + 12] = np.cumsum(sounding, axis=0)[:-1]
    base += 12
    add(base, pitched, length)
    add(base + 1, pitched & (length > 0.4))
    add(base + 2, pitched, _lowness(onset, pitch, pitched))
    add(base + 3, np.ones(len(onset), bool))
    ends = np.minimum(((onset + length)[pitched] / FRAME).astype(np.int64), frames - 1)
    np.add.at(features, (ends, base + 4), 1.0)
    base += 5
    add(base + drum_kind(pitch), ~pitched)
    return np.log1p(features)


def _lowness(
    onset: NDArray[np.float64], pitch: NDArray[np.int64], pitched: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """1 for a note than which none lower begins within 0.7 s."""
    frame = (onset / FRAME).astype(np.int64)
    lowest = np.full(int(frame.max()) + 1, 128)
    np.minimum.at(lowest, frame[pitched], pitch[pitched])
    around = np.pad(lowest, round(0.7 / FRAME), constant_values=128)
    windows = np.lib.stride_tricks.sliding_window_view(around, 2 * round(0.7 / FRAME) + 1)
    low: NDArray[np.float64] = (pitched & (pitch <= windows.min(axis=1)[frame])).astype(np.float64)
    return low
