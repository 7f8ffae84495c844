"""The kit: what sounds alike is judged alike, and nothing else is touched."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from scorelane.model.config import scorelane_config
from scorelane.model.evidence import Hints
from scorelane.model.kit import FEWEST, Kit
from scorelane.model.strokes import BESIDE, CLEAR, DRUM_KEYS

CONFIG = scorelane_config(width=64, encoder_layers=1, decoder_layers=1)
KICK, SNARE, HAT, OPEN_HAT = (DRUM_KEYS.index(key) for key in (36, 38, 42, 46))
NEVER = -99.0
EVERY = 20  # steps from one moment to the next


def silence(segments: int = 8) -> Tensor:
    return torch.full([segments, CONFIG.steps, len(DRUM_KEYS)], NEVER)


def places(segments: int = 8) -> list[tuple[int, int]]:
    return [(s, t) for s in range(segments) for t in range(10, CONFIG.steps - 10, EVERY)]


def loop() -> tuple[Tensor, list[tuple[int, int]]]:
    """Kick and hi-hat, then a snare, again and again."""
    struck = silence()
    for number, (segment, step) in enumerate(places()):
        if number % 2:
            struck[segment, step, SNARE] = 1.5
        else:
            struck[segment, step, KICK] = 1.5
            struck[segment, step, HAT] = 1.0
    return struck, places()


def test_a_drowned_drum_is_heard_as_at_other_moments() -> None:
    struck, moments = loop()
    struck[moments[4]][HAT] = -0.6  # as a kick mostly has one
    struck[moments[7]][HAT] = 0.4  # and a snare none
    gain = Kit(CONFIG)(struck)
    assert (struck + gain)[moments[4]][HAT] > 0.3
    assert (struck + gain)[moments[7]][HAT] < -0.5
    for segment, step in moments[8:]:
        heard = struck[segment, step] > NEVER
        assert ((struck + gain)[segment, step][heard] > 0.3).all()


def test_any_drum_of_a_family_speaks_for_the_others() -> None:
    struck, moments = loop()
    struck[moments[4]][HAT] = NEVER
    struck[moments[4]][OPEN_HAT] = -0.6
    assert Kit(CONFIG)(struck)[moments[4]][OPEN_HAT] > 0.9


def test_nothing_changes_far_from_what_is_struck_nor_among_few() -> None:
    struck, moments = loop()
    gain = Kit(CONFIG)(struck)
    near = torch.zeros(struck.shape[:2], dtype=torch.bool)
    for segment, step in moments:
        near[segment, step - 4 : step + 5] = True
    assert not gain[~near].any()
    few = silence()
    for segment, step in moments[: FEWEST - 1]:
        few[segment, step, KICK] = torch.rand([])
    assert not Kit(CONFIG)(few).any() and not Kit(CONFIG)(silence()).any()


def test_the_order_of_segments_does_not_matter_and_torchscript_agrees() -> None:
    torch.manual_seed(0)
    struck = silence()
    for segment, step in places():
        struck[segment, step] = torch.where(torch.rand(61) < 0.1, 2 * torch.randn(61), NEVER)
    kit = Kit(CONFIG).eval()
    gain, order = kit(struck), torch.randperm(len(struck))
    torch.testing.assert_close(kit(struck[order]), gain[order])
    torch.testing.assert_close(torch.jit.script(kit)(struck), gain)
    assert gain.any() and gain.isfinite().all()


@pytest.mark.parametrize("change", [0.0, 1.0, -1.0])
def test_what_is_reconsidered_is_what_would_have_been_heard(change: float) -> None:
    torch.manual_seed(0)
    hints = Hints(CONFIG).eval()
    frames = CONFIG.frames
    notes = torch.randn(2, frames, 88, 3) - 3.0
    drums = torch.randn(2, frames, len(DRUM_KEYS)) - 2.0
    programs = torch.zeros(2, frames // 2, len(CONFIG.written_programs), 88)
    laid = hints.lay_out([notes, drums, programs, drums, drums])
    other = hints.reconsider(laid, torch.full_like(laid[6], change))
    wanted = hints.lay_out([notes, drums + change, programs, drums, drums])
    torch.testing.assert_close(other[0], wanted[0])
    torch.testing.assert_close(other[6].clamp(min=-50), wanted[6].clamp(min=-50))
    # At the borders what lies beside strokes of other segments stays as it was.
    inner = slice(BESIDE, -BESIDE)
    for index in (7, 9):
        there, here = other[index][:, inner], wanted[index][:, inner]
        torch.testing.assert_close(there.clamp(min=-50), here.clamp(min=-50))
    assert (other[9] > CLEAR).any()
