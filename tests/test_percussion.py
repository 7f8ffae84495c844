"""What is struck: added to weights without changing them, heard nearby, learned by its sound."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from scorelane.model.config import scorelane_config
from scorelane.model.frontend import HarmonicFrames
from scorelane.model.percussion import Percussion
from scorelane.model.strokes import DRUM_KEYS
from scorelane.model.transformer import Transformer
from scorelane.train.deepen import deepened
from scorelane.train.losses import ONSET_EMPHASIS, frame_loss

CONFIG = scorelane_config(width=64, encoder_layers=1, decoder_layers=1)
SMALL = dataclasses.replace(CONFIG, network=dataclasses.replace(CONFIG.network, drum_width=16))
KICK, HI_HAT = 36 - DRUM_KEYS.start, 42 - DRUM_KEYS.start


def test_weights_from_before_answer_as_before() -> None:
    old = dataclasses.replace(CONFIG, network=dataclasses.replace(CONFIG.network, drum_width=0))
    before, after = Transformer(old).eval(), Transformer(CONFIG).eval()
    assert before.encoder.percussion is None
    after.load_state_dict(deepened(before, 1, CONFIG))
    audio = 0.1 * torch.randn(2, CONFIG.window_samples)
    with torch.no_grad():
        features = before.encoder.input.features(audio)
        states, answers = before.encoder(features)
        same_states, same_answers = after.encoder(features)
    assert torch.equal(states, same_states)
    assert all(map(torch.equal, answers, same_answers))


@pytest.mark.parametrize("frame", [0, 70, CONFIG.frames - 1])
def test_half_a_second_is_heard(frame: int) -> None:
    percussion = Percussion(CONFIG).eval()
    for parameter in percussion.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    attack = torch.rand(1, CONFIG.frames, 128)
    other = attack.clone()
    other[0, frame] += 0.5
    with torch.no_grad():
        states, hits = (
            abs(b - a)[0] for a, b in zip(*map(percussion, (attack, other)), strict=True)
        )
    changed = hits.amax(1).nonzero().flatten()
    assert hits[frame].max() > 0.0
    distance = (changed - frame).abs()
    assert 16 <= distance.max() <= 34
    assert states[frame // 2].max() > 0.0
    assert len(states) == CONFIG.frames // 2


def strokes(chance: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A window of low thuds and high hisses, loud and soft, and where each was struck."""
    audio = 0.001 * chance.standard_normal(CONFIG.window_samples)
    struck = np.zeros((CONFIG.frames, len(DRUM_KEYS)), np.uint8)
    for key in (KICK, HI_HAT):
        for at in chance.choice(np.arange(5, CONFIG.frames - 10, 6), 8, replace=False):
            time = np.arange(1600) / 16_000
            hiss = np.diff(chance.standard_normal(len(time) + 1))
            sound = np.sin(2 * math.pi * 60 * time) if key == KICK else 0.3 * hiss
            first = at * CONFIG.frontend.hop
            audio[first:][: len(time)] += chance.uniform(0.1, 0.5) * sound * np.exp(-time / 0.03)
            struck[at, key] = 255
    return audio.astype(np.float32), struck


def some_strokes(seed: int, count: int) -> tuple[Tensor, Tensor]:
    chance = np.random.default_rng(seed)
    audio, struck = zip(*(strokes(chance) for _ in range(count)), strict=True)
    hear = HarmonicFrames(CONFIG.frontend, CONFIG.sample_rate)
    return hear.attack(torch.from_numpy(np.stack(audio))), torch.from_numpy(np.stack(struck))


def test_drums_are_learned_by_their_sound() -> None:
    percussion = Percussion(SMALL)
    optimizer = torch.optim.AdamW(percussion.parameters(), lr=0.004)
    attack, struck = some_strokes(0, 4)
    for _ in range(90):
        frame_loss(percussion(attack)[1] - 5.0, struck, ONSET_EMPHASIS).backward()
        optimizer.step()
        optimizer.zero_grad()
    attack, struck = some_strokes(1, 8)
    with torch.no_grad():
        heard = percussion(attack)[1] > 5.0
    for key in (KICK, HI_HAT):
        true = struck[:, :, key] == 255
        assert heard[:, :, key][true].float().mean() > 0.9
        assert true[heard[:, :, key]].float().mean() > 0.6  # a frame beside it is no mistake
    others = torch.ones(len(DRUM_KEYS), dtype=torch.bool)
    others[[KICK, HI_HAT]] = False
    assert not heard[:, :, others].any()


def test_the_attack_spectrum_alone_is_that_of_the_whole() -> None:
    hear = HarmonicFrames(CONFIG.frontend, CONFIG.sample_rate)
    audio = 0.1 * torch.randn(1, CONFIG.window_samples)
    assert torch.equal(hear.attack(audio), hear(audio)[1])
