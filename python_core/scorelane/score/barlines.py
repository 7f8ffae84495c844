"""Where bars begin, whether beats are written ones, how far a reading is right: heard in beats.

Small networks over beats instead of frames (``beat_features``). One learned where bars begin from
the beats of scores (``scorelane.train.barlines``), the second from those that a search finds in
performances as well (``scorelane.train.found_beats``): it knows what wrong ones look like. The
third is told how a reading groups them (``scorelane.train.readings``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.score import convolutions
from scorelane.score.beat_features import beat_features, reading_features
from scorelane.score.grid import Metre

KEPT = 0.3
"""Part of the log odds that ``pulse`` hears of a bar that counts beside those heard here."""
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


def share_right(
    columns: NDArray[np.float64], beats: NDArray[np.float64], metre: Metre, pickup: int
) -> float:
    """The F measure that bars of two, three or four of these beats may be expected to have, 0-1.

    Arguments as :func:`scorelane.score.beat_features.reading_features` and :func:`hear_beats` have
    them.
    """
    heard = convolutions.listen("readings.npz", reading_features(columns, beats, metre, pickup))
    chance = 1.0 / (1.0 + np.exp(-heard[:, 0].astype(np.float64)))
    lines = chance[pickup :: metre.beats]
    return float(2.0 * lines.sum() / (len(lines) + chance.sum()))
