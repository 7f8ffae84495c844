"""The front ends: MT3's against the published definitions, ours against what it promises."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reference_mt3 import log_mel, mel_weights
from scorelane.model.config import mt3_config, scorelane_config
from scorelane.model.frontend import (
    HARMONICS,
    LOWEST_PITCH,
    HarmonicFrames,
    LogMel,
    log_frequency_matrix,
    mel_matrix,
)

RATE = 16000


def test_mel_matrix_is_tensorflows() -> None:
    ours = mel_matrix(mt3_config().frontend, RATE)
    assert ours.shape == (1025, 512)
    np.testing.assert_allclose(ours, mel_weights(512, 2048), atol=1e-6)


def test_lowest_triangles_are_empty_and_become_the_floor() -> None:
    empty = mel_matrix(mt3_config().frontend, RATE).sum(0) == 0
    assert empty[:20].any() and not empty[200:].any()
    frames = LogMel(mt3_config().frontend, RATE)(torch.randn(1, 32768))
    assert torch.allclose(frames[0][:, torch.from_numpy(empty)], torch.tensor(1e-5).log())


def test_log_mel_equals_the_reference_with_zeros_after_the_segment() -> None:
    audio = np.random.default_rng(0).standard_normal(32768) * 0.1
    ours = LogMel(mt3_config().frontend, RATE)(torch.from_numpy(audio[None].astype(np.float32)))
    assert ours.shape == (1, 256, 512)
    np.testing.assert_allclose(ours[0].numpy(), log_mel(audio), atol=2e-3)


def test_silence_is_the_floor() -> None:
    frames = LogMel(mt3_config().frontend, RATE)(torch.zeros(1, 32768))
    assert torch.all(frames == torch.tensor(1e-5).log())


@pytest.mark.parametrize("pitch", [28, 45, 60, 69, 81, 96])
def test_a_pitch_is_seen_at_its_own_fundamental(pitch: int) -> None:
    config = scorelane_config()
    time = torch.arange(config.window_samples) / RATE
    tone = 0.5 * torch.sin(2 * torch.pi * 440.0 * 2 ** ((pitch - 69) / 12) * time)
    views, attack = HarmonicFrames(config.frontend, RATE)(tone[None])
    assert views.shape == (1, config.frames, 88, 3 * len(HARMONICS))
    assert attack.shape == (1, config.frames, 128)
    fundamental = views[0, 80, :, 3 * HARMONICS.index(1.0) + 1]
    assert int(fundamental.argmax()) == pitch - LOWEST_PITCH


def test_transposing_moves_what_is_seen() -> None:
    config = scorelane_config()
    time = torch.arange(config.window_samples) / RATE

    def view(pitch: int) -> torch.Tensor:
        base = 440.0 * 2 ** ((pitch - 69) / 12)
        tone = sum(torch.sin(2 * torch.pi * base * k * time) / k for k in range(1, 5))
        return HarmonicFrames(config.frontend, RATE)(0.2 * tone[None])[0][0, 80, pitch - 21]

    # Frequencies fall differently between FFT bins, so this holds only roughly.
    assert (view(69) - view(76)).abs().max() < 0.25
    assert (view(69) - view(76)).abs().mean() < 0.06


def test_attack_is_seen_where_it_is() -> None:
    config = scorelane_config()
    audio = torch.zeros(1, config.window_samples)
    audio[0, 20000] = 1.0
    _, attack = HarmonicFrames(config.frontend, RATE)(audio)
    loud = attack[0].amax(-1)
    assert abs(int(loud.argmax()) - 20000 / config.frontend.hop) <= 1


def test_log_frequency_filters_sum_to_one() -> None:
    matrix = log_frequency_matrix(scorelane_config().frontend, RATE)
    np.testing.assert_allclose(matrix.sum(0), 1.0, rtol=1e-5)
