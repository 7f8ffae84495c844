"""The kit: what is struck is judged beside the rest, and nothing else is touched."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from scorelane.model.config import scorelane_config
from scorelane.model.kit import HEARD, Kit
from scorelane.model.strokes import DRUM_KEYS, NEVER

CONFIG = scorelane_config(width=64, encoder_layers=1, decoder_layers=1)
KEYS = len(DRUM_KEYS)
KICK, HAT = DRUM_KEYS.index(36), DRUM_KEYS.index(42)
EVERY = 20  # steps from one moment to the next


def silence(segments: int) -> Tensor:
    return torch.full([segments, CONFIG.steps, KEYS], NEVER)


def places(segments: int) -> list[tuple[int, int]]:
    return [(s, t) for s in range(segments) for t in range(10, CONFIG.steps - 10, EVERY)]


def playing(segments: int) -> Tensor:
    """Something at every place."""
    struck = silence(segments)
    for segment, step in places(segments):
        struck[segment, step] = torch.where(torch.rand(KEYS) < 0.1, 2 * torch.randn(KEYS), NEVER)
        struck[segment, step, KICK] = 1.0
    return struck


def learned() -> Kit:
    """A kit whose gains are not nothing."""
    torch.manual_seed(1)
    kit = Kit(CONFIG).eval()
    for parameter in kit.parameters():
        nn.init.normal_(parameter, std=0.1)
    return kit


def test_what_has_learned_nothing_changes_nothing() -> None:
    struck = playing(3)
    assert not Kit(CONFIG)(struck).any()
    assert not learned()(silence(2)).any() and learned()(silence(0)).shape == (
        0,
        CONFIG.steps,
        KEYS,
    )


@torch.no_grad()
def test_gains_lie_where_something_is_struck() -> None:
    struck = playing(3)
    kit = learned()
    gain = kit(struck)
    near = torch.zeros(struck.shape[:2], dtype=torch.bool)
    for segment, step in places(3):
        near[segment, step - kit.reach : step + kit.reach + 1] = True
        assert gain[segment, step - kit.reach].equal(gain[segment, step])
    assert not gain[~near].any() and gain[near].all()
    quiet = struck.clamp(max=HEARD)
    assert not kit(quiet).any()


@torch.no_grad()
def test_half_a_minute_is_heard_together_and_torchscript_agrees() -> None:
    kit = learned()
    struck = playing(2 * kit.at_once)
    gain = kit(struck)
    assert gain.isfinite().all()
    torch.testing.assert_close(torch.jit.script(kit)(struck), gain)
    other = struck.clone()
    segment, step = places(1)[3]
    other[segment, step, HAT] = 3.0
    changed = (kit(other) - gain).abs().amax((1, 2))
    assert (changed[: kit.at_once] > 0).all() and not changed[kit.at_once :].any()


def recordings(chance: torch.Generator) -> tuple[list[Tensor], Tensor]:
    """Each with a hat all along or with none, mostly clear, often drowned."""
    rows, moments = 16, 24
    struck = (torch.rand(rows, 1, generator=chance) < 0.5).expand(rows, moments)
    drowned = torch.rand(rows, moments, generator=chance) < 0.5
    evidence = torch.full((rows, moments, KEYS), -6.0)
    evidence[:, :, HAT] = torch.where(drowned, 0.0, torch.where(struck, 2.0, -2.0))
    evidence[:, :, KICK] = 2.0
    time = torch.arange(moments).float().expand(rows, moments) * 25.0
    return [evidence, time], struck.float()


def test_what_is_drowned_is_learned_from_the_rest() -> None:
    torch.manual_seed(0)
    chance = torch.Generator().manual_seed(0)
    small = dataclasses.replace(CONFIG.network, kit_layers=1)
    kit = Kit(dataclasses.replace(CONFIG, network=small))
    optimizer = torch.optim.AdamW(kit.parameters(), lr=2e-3)
    for _ in range(60):
        heard, struck = recordings(chance)
        hats = (heard[0] + kit.compare(*heard))[:, :, HAT]
        nn.functional.binary_cross_entropy_with_logits(hats, struck).backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        heard, struck = recordings(chance)
        hats = (heard[0] + kit.compare(*heard))[:, :, HAT] > 0
    drowned = heard[0][:, :, HAT] == 0.0
    assert (hats == (struck > 0))[drowned].float().mean() > 0.9
