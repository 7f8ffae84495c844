"""Beat trackers that listen to the recording; each is an optional package."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from scorelane.errors import ScorelaneError
from scorelane.score.given_beats import Beats


class TrackerError(ScorelaneError):
    """A beat tracker that is not installed or did not do its work."""


def beat_this(recording: str | os.PathLike[str]) -> Beats:
    """Beats and downbeats of ``recording`` by Beat This! (Foscarin et al., ISMIR 2024).

    The package fetches its weights (80 MB) when it is first used.

    Raises:
        TrackerError: when the package is missing, its weights cannot be fetched, or it hears
            fewer than two beats.
        AudioError: when the recording cannot be read.
    """
    try:
        from beat_this.inference import Audio2Beats
    except ImportError as error:
        raise TrackerError(
            "The tracker beat-this is not installed: pip install 'scorelane[beats]'."
        ) from error
    except OSError as error:  # a torchaudio that was built for another torch
        raise TrackerError(
            "The tracker beat-this cannot be loaded; install the torchaudio that belongs to your"
            f" torch: {error}"
        ) from error
    signal, rate = _mono(recording)
    try:
        tracker = Audio2Beats(checkpoint_path="final0", device="cpu")
    except Exception as error:  # whatever fetching and reading weights may raise
        raise TrackerError(
            "The tracker beat-this could not fetch its weights, 80 MB, which it does once; run it"
            " again where the network can be reached, or leave it out and the beats are found in"
            " the notes."
        ) from error
    try:
        times, downbeats = tracker(signal, rate)
    except Exception as error:  # whatever running them may raise
        raise TrackerError(f"The tracker beat-this failed: {error}") from error
    times = np.unique(np.asarray(times, np.float64))
    if len(times) < 2:
        raise TrackerError(f"The tracker beat-this heard {len(times)} beats in {recording}.")
    if not len(downbeats):
        return Beats(times)
    # The first downbeats of a piece are its least sure: take the place in the bar that most have.
    places = np.abs(times[:, None] - np.asarray(downbeats)[None, :]).argmin(axis=0)
    length = int(np.median(np.diff(places))) if len(places) > 1 else 1
    ruling = np.bincount(places % max(length, 1)).argmax()
    return Beats(times, int(ruling))


TRACKERS: dict[str, Callable[[str | os.PathLike[str]], Beats]] = {"beat-this": beat_this}
"""What ``--beats`` may name instead of a file; a tracker takes the path of a recording."""


def _mono(recording: str | os.PathLike[str]) -> tuple[NDArray[np.float32], int]:
    from scorelane.audio import open_audio

    with open_audio(recording) as audio:
        blocks = [block.mean(axis=0) for block in audio.blocks()]
        return np.concatenate(blocks), audio.sample_rate
