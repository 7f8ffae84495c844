"""What rises in the evidence is struck once, at the peak."""

import dataclasses

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from scorelane.model.config import scorelane_config
from scorelane.model.frontend import LOWEST_PITCH, PITCHES
from scorelane.model.strokes import (
    AUDIBLE,
    BESIDE,
    CLEAR,
    DRUM_FAMILIES,
    DRUM_KEYS,
    Strokes,
)

CONFIG = scorelane_config()
STROKES = Strokes(CONFIG)
QUIET = -8.0
KICK, SNARE, OTHER_SNARE = 36, 38, 40


def silence() -> tuple[Tensor, Tensor]:
    return (
        torch.full((1, CONFIG.frames, PITCHES), QUIET),
        torch.full((1, CONFIG.frames, len(DRUM_KEYS)), QUIET),
    )


def frame_of(step: int) -> int:
    return round(step * CONFIG.frames_per_step + CONFIG.first_frame)


def due(evidence: Tensor) -> list[tuple[int, int]]:
    """Steps and pitches (drums from 128 on) that have to be written."""
    return [(int(s), int(p)) for s, p in (evidence[0] > CLEAR).nonzero()]


def test_a_slow_rise_is_one_stroke_at_its_top() -> None:
    notes, drums = silence()
    middle = frame_of(80)
    for away in range(-6, 7):
        notes[0, middle + away, 60 - LOWEST_PITCH] = 3.0 - 0.4 * abs(away)
    evidence = STROKES(notes, drums)[0]
    ((step, pitch),) = due(evidence)
    assert pitch == 60
    assert abs(step - 80) <= 1
    audible = (evidence[0, :, 60] > AUDIBLE).nonzero().flatten()
    assert audible.tolist() == list(range(step - BESIDE, step + BESIDE + 1))


def test_strokes_that_are_50_ms_apart_are_two() -> None:
    notes, drums = silence()
    for step in (40, 48):
        notes[0, frame_of(step), 0] = 3.0
    assert len(due(STROKES(notes, drums)[0])) == 2


def test_one_stroke_sounds_one_drum_of_a_family() -> None:
    notes, drums = silence()
    for key, evidence in ((KICK, 2.0), (SNARE, 2.0), (OTHER_SNARE, 3.0)):
        drums[0, frame_of(80), key - DRUM_KEYS.start] = evidence
    assert [key - 128 for _, key in due(STROKES(notes, drums)[0])] == [KICK, OTHER_SNARE]


def test_what_the_others_of_a_family_have_at_its_peak_is_known() -> None:
    notes, drums = silence()
    for key, evidence in ((SNARE, 1.0), (OTHER_SNARE, 3.0)):
        drums[0, frame_of(80), key - DRUM_KEYS.start] = evidence
        drums[0, frame_of(85), key - DRUM_KEYS.start] = evidence - 0.5
    peaks = STROKES(notes, drums)[1][0]
    snare, other = (peaks[:, key - DRUM_KEYS.start] for key in (SNARE, OTHER_SNARE))
    assert (snare > QUIET).nonzero().tolist() == (other > QUIET).nonzero().tolist()
    assert 0.5 < snare.max() < 1.5 < other.max()
    one = STROKES.one_of_each(peaks[None])[0]
    assert one[:, SNARE - DRUM_KEYS.start].max() <= QUIET
    assert one[:, OTHER_SNARE - DRUM_KEYS.start].equal(other)


def test_what_peaks_just_beyond_the_border_belongs_to_the_next_segment() -> None:
    notes, drums = silence()
    top = frame_of(CONFIG.steps) + 1
    for away in range(-3, 4):
        notes[0, top + away, 0] = 4.0 - abs(away)
    assert due(STROKES(notes, drums)[0]) == []


def test_a_coarse_grid_has_all_its_steps() -> None:
    coarse = dataclasses.replace(CONFIG, steps_per_second=10)
    assert Strokes(coarse)(*silence())[0].shape == (1, coarse.steps, 256)


def test_families_are_apart() -> None:
    keys = [key for family in DRUM_FAMILIES for key in family]
    assert len(set(keys)) == len(keys)
    assert set(keys) <= set(DRUM_KEYS)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_nothing_has_to_be_written_twice_within_50_ms(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    notes, drums = (torch.randn(part.shape, generator=generator) * 3.0 for part in silence())
    clear = (STROKES(notes, drums)[0][0] > CLEAR).float()
    assert clear.unfold(0, STROKES.reach + 1, 1).sum(-1).max() <= 1
