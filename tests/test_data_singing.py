"""Sung melodies: on pitch while the note lasts, quiet outside, and never two notes at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelane.data.singing import Line, as_line, sing

RATE = 16000
SAMPLES = 40000


def line_of(*notes: tuple[float, float, int]) -> Line | None:
    onset, offset, pitch = (np.array(column) for column in zip(*notes, strict=True))
    return as_line(onset.astype(float), offset.astype(float), pitch, np.full(len(notes), 0.8))


def sung_pitch(sound: NDArray[np.float32], begin: float, end: float, near: float) -> float:
    """The fundamental of a stretch, as a MIDI pitch, sought within four semitones of ``near``."""
    part = sound[round(begin * RATE) : round(end * RATE)].astype(np.float64)
    spectrum = np.fft.rfft(part * np.hanning(len(part)), 4 * len(part))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)
    lag = RATE / (440.0 * 2 ** ((near - 69) / 12))
    first, last = int(lag / 1.26), int(lag * 1.26) + 2
    found = first + int(correlation[first:last].argmax())
    return float(69 + 12 * np.log2(RATE / found / 440))


def test_every_note_is_sung_at_its_pitch() -> None:
    line = line_of((0.1, 0.9, 60), (0.9, 1.6, 64), (1.8, 2.4, 57))
    assert line is not None
    off = []
    for seed in range(12):
        sound, heard = sing(np.random.default_rng(seed), line, SAMPLES, RATE)
        assert sound.shape == (SAMPLES,) and np.isfinite(sound).all()
        for onset, offset, pitch in zip(heard.onset, heard.offset, heard.pitch, strict=True):
            off.append(abs(sung_pitch(sound, onset + 0.25, offset - 0.05, pitch) - pitch))
    assert np.median(off) < 0.3 and np.quantile(off, 0.9) < 1.0


@pytest.mark.parametrize("seed", range(6))
def test_it_sounds_where_notes_are_and_hardly_elsewhere(seed: int) -> None:
    line = line_of((0.5, 1.2, 65))
    assert line is not None
    sound, _ = sing(np.random.default_rng(seed), line, SAMPLES, RATE)
    within = float(np.square(sound[round(0.6 * RATE) : round(1.1 * RATE)]).mean())
    before, after = sound[: round(0.1 * RATE)], sound[round(1.9 * RATE) :]
    assert within > 1e-4
    assert np.square(before).mean() < 0.01 * within and np.square(after).mean() < 0.01 * within


def test_chords_are_not_sung_and_overlaps_are_cut() -> None:
    assert line_of((0.0, 1.0, 60), (0.0, 1.0, 64)) is None
    assert line_of((0.0, 1.0, 60), (0.3, 1.0, 64)) is None
    assert as_line(np.array([]), np.array([]), np.array([], np.int64), np.array([])) is None
    slurred = line_of((0.5, 1.0, 64), (0.0, 0.6, 60))
    assert slurred is not None
    assert slurred.onset.tolist() == [0.0, 0.5] and slurred.offset.tolist() == [0.5, 1.0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1.0, 2.6), st.floats(0.02, 3.0), st.integers(21, 108)), min_size=1
    ),
    st.integers(0, 2**32 - 1),
)
def test_whatever_the_melody_the_sound_is_finite_and_the_notes_are_its_own(
    drawn: list[tuple[float, float, int]], seed: int
) -> None:
    line = line_of(*((onset, onset + length, pitch) for onset, length, pitch in drawn))
    if line is None:
        return
    sound, heard = sing(np.random.default_rng(seed), line, SAMPLES, RATE)
    assert np.isfinite(sound).all() and float(np.abs(sound).max()) < 4
    moved = heard.pitch - line.pitch
    assert len(heard.pitch) == len(drawn) and (moved == moved[0]).all() and moved[0] % 12 == 0
