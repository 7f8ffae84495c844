"""Velocities: heard at the note's own place, and learned from how loud it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from scorelane.model.config import scorelane_config
from scorelane.model.frontend import HARMONICS, LOWEST_PITCH, PITCHES, HarmonicFrames
from scorelane.model.loudness import Loudness, Strengths
from scorelane.model.strokes import DRUM_KEYS

CONFIG = scorelane_config()
FRAMES, ROWS = 40, 3
A4, C5 = 69 - LOWEST_PITCH, 72 - LOWEST_PITCH
SNARE = PITCHES + 38 - DRUM_KEYS.start


@pytest.fixture
def loudness() -> Loudness:
    torch.manual_seed(0)
    return Loudness().eval()


@pytest.fixture
def laid() -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [
        torch.rand(ROWS, FRAMES, PITCHES, len(HARMONICS), generator=generator),
        torch.rand(ROWS, FRAMES, 16, generator=generator),
    ]


def asked(loudness: Loudness, laid: list[Tensor], *places: tuple[int, int, int]) -> list[float]:
    row, frame, place = torch.tensor(places).unbind(1)
    with torch.inference_mode():
        found: list[float] = loudness(laid[0], laid[1], row, frame, place).tolist()
    return found


def test_a_note_is_heard_at_its_own_place(loudness: Loudness, laid: list[Tensor]) -> None:
    places = [(1, 20, A4), (1, 20, SNARE), (0, 20, A4), (1, 35, A4), (1, 20, C5), (2, 20, SNARE)]
    before = asked(loudness, laid, *places)
    laid[0][1, 21, A4] += 0.5
    laid[1][1, 21] += 0.5
    changed = [a != b for a, b in zip(before, asked(loudness, laid, *places), strict=True)]
    assert changed == [True, True, False, False, False, False]


def test_the_ends_of_a_segment_sound_on(loudness: Loudness, laid: list[Tensor]) -> None:
    places = [(0, 0, A4), (2, FRAMES - 1, A4), (0, 0, SNARE), (2, FRAMES - 1, SNARE)]
    assert all(math.isfinite(value) for value in asked(loudness, laid, *places))
    longer = [torch.cat([x[:, :1], x, x[:, -1:]], dim=1) for x in laid]
    first, last, *_ = asked(loudness, longer, *[(r, f + 1, p) for r, f, p in places])
    assert asked(loudness, laid, *places)[:2] == pytest.approx([first, last])


def tones(rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Audio [count, samples] of single tones, their pitches' places and their velocities."""
    samples = 8192
    pitch, velocity = rng.integers(45, 90, count), rng.integers(20, 128, count)
    time = np.arange(samples)[None] / CONFIG.sample_rate
    hertz = 440.0 * 2.0 ** ((pitch[:, None] - 69) / 12)
    tone = sum(np.sin(2 * np.pi * k * hertz * time) / k for k in (1, 2, 3))
    sounds = np.where(time >= 0.25, np.exp(-4.0 * (time - 0.25)), 0.0)
    audio = 0.3 * (velocity[:, None] / 127) ** 2 * tone * sounds
    audio += 1e-4 * rng.standard_normal(audio.shape)
    return (
        torch.from_numpy(audio.astype(np.float32)),
        torch.from_numpy(pitch - LOWEST_PITCH),
        torch.from_numpy(velocity / 127.0).float(),
    )


def test_loudness_is_learned_within_seconds_from_tones() -> None:
    torch.manual_seed(0)
    hear = HarmonicFrames(CONFIG.frontend, CONFIG.sample_rate)
    strengths, loudness = Strengths(), Loudness()
    optimizer = torch.optim.AdamW(loudness.parameters(), 3e-3)
    rng = np.random.default_rng(0)
    onset = torch.full((64,), round(0.25 * CONFIG.sample_rate / CONFIG.frontend.hop))

    def guess(audio: Tensor, place: Tensor) -> Tensor:
        heard = strengths(list(hear(audio)))
        found: Tensor = loudness(heard[0], heard[1], torch.arange(64), onset, place).sigmoid()
        return found

    for _ in range(60):
        audio, place, velocity = tones(rng, 64)
        optimizer.zero_grad()
        (guess(audio, place) - velocity).square().mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    loudness.eval()
    audio, place, velocity = tones(rng, 64)
    with torch.inference_mode():
        correlation = np.corrcoef(guess(audio, place).numpy(), velocity.numpy())[0, 1]
    assert correlation > 0.9
