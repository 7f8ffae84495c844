"""Ends of notes: the risk of ending, what follows from it, and that it is learned."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from scorelane.model.endings import Endings, ending_loss

FRAMES = 60
ENDINGS = Endings(3, 100)


@given(st.lists(st.floats(0.0, 0.99), min_size=1, max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_note_lasts_until_it_is_as_likely_over_as_not(chances: list[float]) -> None:
    risk = -torch.log1p(-torch.tensor(chances, dtype=torch.float64)).cumsum(0)
    last = ENDINGS.until(risk[None, :, None])[0, :, 0].tolist()
    for begun in range(len(chances)):
        expected, doubtful = len(chances), False
        for step in range(begun, len(chances)):
            since = max(begun, step - ENDINGS.memory)
            lives = math.prod(1.0 - chance for chance in chances[since + 1 : step + 1])
            # A tie between living and not may go either way.
            doubtful |= abs(lives - 0.5) < 1e-6
            if lives <= 0.5:
                expected = step
                break
        assert last[begun] == expected or doubtful


def test_risks_that_were_outlived_count_for_nothing() -> None:
    risk = torch.rand(2, 50, 7, generator=torch.Generator().manual_seed(0)).cumsum(1)
    last = ENDINGS.until(risk)
    assert (last[:, 1:] >= last[:, :-1]).all()
    assert torch.equal(ENDINGS.until(risk + 100.0), last)
    small = torch.full((1, 200, 1), 0.9 * math.log(2) / ENDINGS.memory).cumsum(1)
    assert (ENDINGS.until(small) == 200).all()
    assert (ENDINGS.until(1.2 * small)[0, :100, 0] == torch.arange(100) + ENDINGS.memory).all()


def test_risks_are_those_of_each_pitch_alone() -> None:
    torch.manual_seed(0)
    endings = Endings(3, 100).eval()
    evidence = torch.randn(2, FRAMES, 5, 3)
    with torch.inference_mode():
        risks = endings.risks(evidence)
        line = torch.nn.functional.softplus(endings(evidence[1:, :, 3])).cumsum(1)
    torch.testing.assert_close(risks[1, :, 3], line[0])
    assert (risks[:, 1:] > risks[:, :-1]).all()


@pytest.mark.parametrize("end", [9, 30, FRAMES - 1, FRAMES])
def test_the_loss_is_the_likelihood_of_the_end(end: int) -> None:
    chances = torch.linspace(0.02, 0.2, FRAMES, dtype=torch.float64)
    logits = torch.log(chances / (1.0 - chances))[None]
    begin = 8

    def ends_at(frame: int) -> float:
        frame = min(max(frame, 0), FRAMES - 1)
        return float(torch.prod(1.0 - chances[begin:frame]) * chances[frame])

    if end == FRAMES:
        likely = float(torch.prod(1.0 - chances[begin:]))
    else:
        likely = 0.25 * ends_at(end - 1) + 0.5 * ends_at(end) + 0.25 * ends_at(end + 1)
    loss = ending_loss(logits, torch.tensor([begin]), torch.tensor([end]))
    assert loss.item() == pytest.approx(-math.log(likely), rel=1e-6)


def test_without_notes_there_is_nothing_to_learn() -> None:
    endings, none = Endings(3, 100), torch.zeros(0, dtype=torch.long)
    loss = ending_loss(endings(torch.zeros(0, FRAMES, 3)), none, none)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0.0
    assert all(p.grad is not None and not p.grad.any() for p in endings.parameters())


def dying(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy evidence [count, frames, 3] of notes, and where they begin and end."""
    begin = torch.randint(4, 12, (count,))
    end = begin + torch.randint(6, 40, (count,))
    frame = torch.arange(FRAMES)[None]
    sounds = torch.where((frame >= begin[:, None]) & (frame < end[:, None]), 2.0, -4.0)
    begins = torch.where(frame == begin[:, None], 2.0, -6.0)
    # The end is heard late, and doubtfully.
    ends = torch.where(frame == end[:, None] + 2, 0.0, -5.0)
    evidence = torch.stack([begins, ends, sounds], 2)
    return evidence + 1.0 * torch.randn_like(evidence), begin, end


def test_ends_are_learned_within_seconds_from_noisy_evidence() -> None:
    torch.manual_seed(0)
    endings = Endings(3, 100)
    optimizer = torch.optim.AdamW(endings.parameters(), 1e-2)
    for _ in range(120):
        evidence, begin, end = dying(64)
        optimizer.zero_grad()
        ending_loss(endings(evidence), begin, end).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    evidence, begin, end = dying(200)
    with torch.inference_mode():
        found = endings.until(endings.risks(evidence[:, :, None]))[torch.arange(200), begin, 0]
    assert ((found - end).abs() <= 1).float().mean() > 0.9
