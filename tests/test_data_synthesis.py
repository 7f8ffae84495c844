"""Synthesised guitars and singers: in tune, each another, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from scorelane.data.measure import SAMPLE_RATE, Audio, lead_samples
from scorelane.data.sources import Source
from scorelane.data.synthesis import PluckedStrings, Singers


def cents_off(audio: Audio, pitch: int) -> float:
    """How far the period of half a second of ``audio`` is from the one of ``pitch``."""
    part = audio[SAMPLE_RATE // 2 : SAMPLE_RATE].astype(np.float64)
    spectrum = np.fft.rfft(part * np.hanning(len(part)), 4 * len(part))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)
    lag = SAMPLE_RATE / (440.0 * 2 ** ((pitch - 69) / 12))
    first, end = int(lag * 0.94), int(lag * 1.06) + 2
    return float(1200 * np.log2(lag / (first + int(correlation[first:end].argmax()))))


@pytest.mark.parametrize("source", [PluckedStrings(), Singers()])
def test_notes_have_their_pitch_and_begin_at_once(source: Source) -> None:
    for key in source.voices()[::7]:
        for note in source.render(key)[::13]:
            assert np.isfinite(note.audio).all() and 0.05 < np.abs(note.audio).max() <= 1.0
            assert lead_samples(note.audio) < 0.02 * SAMPLE_RATE
            # A period is a whole number of samples here, which is coarse at the top.
            assert abs(cents_off(note.audio, note.pitch)) < 70, (key, note.pitch)


def test_guitars_ring_out_and_singers_do_not() -> None:
    def share_left(source: Source) -> float:
        audio = source.render(source.voices()[0])[10].audio
        return float(np.abs(audio[-4000:]).max() / np.abs(audio[:8000]).max())

    assert share_left(PluckedStrings()) < 0.2
    assert share_left(Singers()) > 0.5


@pytest.mark.parametrize("source", [PluckedStrings(), Singers()])
def test_voices_differ_and_are_made_the_same_every_time(source: Source) -> None:
    first, second = source.voices()[:2]
    once, again, other = (source.render(key)[5].audio for key in (first, first, second))
    np.testing.assert_array_equal(once, again)
    assert not np.allclose(once, other, atol=0.05)
