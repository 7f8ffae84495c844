"""What may begin is judged beside the rest, and what is written then is what that says."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor, nn

from scorelane.model.candidates import (
    ASKED,
    EVIDENCE,
    FIRST,
    HEARD,
    MOST,
    OWN,
    PITCH,
    STEP,
    columns,
)
from scorelane.model.config import scorelane_config
from scorelane.model.evidence import Hints
from scorelane.model.frontend import LOWEST_PITCH, PITCH_FEATURES
from scorelane.model.strokes import BESIDE, CLEAR, DRUM_KEYS
from scorelane.model.texture import Texture
from scorelane.train.losses import Learner

CONFIG = scorelane_config(width=64, encoder_layers=1, decoder_layers=1)
KEYS = len(DRUM_KEYS)
SNARE, OTHER_SNARE = DRUM_KEYS.index(38), DRUM_KEYS.index(40)
BEGINS, ENDS, SOUNDS = 0, 1, 2


def answers(segments: int = 2) -> list[Tensor]:
    """What an encoder might say of ``segments``."""
    torch.manual_seed(0)
    frames, programs = CONFIG.frames, len(CONFIG.written_programs)
    notes = 2.0 * torch.randn(segments, frames, 88, 3) - 7.0
    drums = torch.randn(segments, frames, KEYS) - 2.0
    fits = torch.log_softmax(torch.randn(segments, frames // 2, programs, 88), 2)
    loudness = [torch.zeros(segments, frames, 88, 10), torch.zeros(segments, frames, 16)]
    pitches = torch.randn(segments, frames, 88, PITCH_FEATURES)
    return [notes, drums, fits, *loudness, pitches]


def quiet() -> list[Tensor]:
    """The same with nothing to be heard."""
    heard = answers()
    heard[0].fill_(-9.0)
    heard[1].fill_(-9.0)
    return heard


@pytest.fixture
def hints() -> Hints:
    torch.manual_seed(0)
    return Hints(CONFIG).eval()


def learned() -> Texture:
    """A texture whose gains are not nothing."""
    torch.manual_seed(1)
    texture = Texture(CONFIG).eval()
    nn.init.normal_(texture.gain.weight)
    return texture


def test_what_is_known_of_a_candidate_is_what_the_encoder_says(hints: Hints) -> None:
    heard = quiet()
    frame, pitch = 80, 60 - LOWEST_PITCH
    for beside, less in ((-1, 0.5), (0, 0.0), (1, 0.5)):
        heard[0][0, frame + beside, pitch, BEGINS] = 3.0 - less
    heard[0][0, frame - 3 : frame + 40, pitch, SOUNDS] = 2.0
    candidates = hints.lay_out(heard)[7]
    assert candidates.shape[:2] == (2, MOST)
    assert (candidates[:, :, EVIDENCE] > HEARD).sum() == 1
    note = candidates[0, 0]
    step = (frame - CONFIG.first_frame) / CONFIG.frames_per_step
    assert abs(note[STEP] - step) <= 1.0 and note[PITCH] == pitch
    assert 2.5 < note[EVIDENCE] <= 3.0 and note[FIRST + OWN] == note[EVIDENCE]
    known = note[FIRST:]
    assert known[0] < -5.0  # it does not begin 60 ms before
    assert (known[ASKED - 2 : ASKED] == 2.0).all()  # and sounds still
    programs = len(CONFIG.written_programs)
    state = int((note[STEP] * CONFIG.frames_per_step + CONFIG.first_frame) / 2)
    fits = heard[2][0, state : state + 2, :, pitch].mean(0)
    torch.testing.assert_close(known[ASKED : ASKED + programs], fits)
    pitches = known[ASKED + programs :]
    torch.testing.assert_close(pitches[:PITCH_FEATURES], heard[5][0, frame, pitch])
    torch.testing.assert_close(pitches[PITCH_FEATURES:], heard[5][0, frame + 4, pitch])


@torch.no_grad()
def test_what_has_learned_nothing_changes_nothing(hints: Hints) -> None:
    laid = hints.lay_out(answers())
    gains = hints.agree(laid[6:8])
    assert not gains[0].any() and not gains[1].any()
    for before, after in zip(laid, hints.reconsider(laid, gains), strict=True):
        assert torch.equal(before, after)


@torch.no_grad()
def test_half_a_minute_is_compared_together_and_torchscript_agrees(hints: Hints) -> None:
    texture = learned()
    count = 2 * texture.at_once
    candidates = hints.lay_out(answers(count))[7]
    gain = texture(candidates)
    is_candidate = candidates[:, :, EVIDENCE] > HEARD
    assert is_candidate.any() and not is_candidate.all()
    assert gain[is_candidate].all() and not gain[~is_candidate].any()
    torch.testing.assert_close(torch.jit.script(texture)(candidates), gain)
    other = candidates.clone()
    other[3, 0, FIRST + OWN] -= 2.0
    changed = (texture(other) - gain).abs().amax(1)
    assert (changed[: texture.at_once] > 0).all() and not changed[texture.at_once :].any()
    # Where in its recording half a minute lies does not matter, nor in which order they come.
    later = torch.cat([candidates[texture.at_once :], candidates[: texture.at_once]])
    torch.testing.assert_close(texture(later)[texture.at_once :], gain[: texture.at_once])
    torch.testing.assert_close(texture(candidates.flip(1)).flip(1), gain, atol=1e-4, rtol=1e-4)
    assert texture(candidates[:0]).shape == (0, MOST)


def recordings(chance: torch.Generator, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Notes, each with its octave, which is a note too throughout a recording or an overtone.

    That is clear half of the time. Returns candidates, their times and whether octaves are notes.
    """
    rows, notes = 16, 12
    real = (torch.rand(rows, 1, generator=chance) < 0.5).expand(rows, notes)
    unclear = torch.rand(rows, notes, generator=chance) < 0.5
    octave = torch.where(unclear, 0.0, torch.where(real, 4.0, -4.0))
    evidence = torch.cat([torch.full((rows, notes), 4.0), octave], dim=1)
    pitch = torch.randint(20, 60, (rows, notes), generator=chance)
    candidates = torch.zeros(rows, 2 * notes, columns)
    candidates[:, :, FIRST : FIRST + ASKED + len(CONFIG.written_programs)] = -9.0
    candidates[:, :, EVIDENCE] = candidates[:, :, FIRST + OWN] = evidence
    candidates[:, :, PITCH] = torch.cat([pitch, pitch + 12], dim=1).float()
    return candidates, 20.0 * torch.arange(notes).repeat(2).expand(rows, -1), real


def test_overtones_are_told_from_notes_by_the_rest() -> None:
    torch.manual_seed(0)
    chance = torch.Generator().manual_seed(0)
    small = dataclasses.replace(CONFIG.network, texture_layers=1)
    texture = Texture(dataclasses.replace(CONFIG, network=small))
    optimizer = torch.optim.AdamW(texture.parameters(), lr=2e-3)
    for _ in range(80):
        candidates, time, real = recordings(chance, columns(CONFIG))
        evidence = candidates[:, :, EVIDENCE] + texture.compare(candidates, time)
        truth = torch.cat([torch.ones_like(real), real], dim=1).float()
        nn.functional.binary_cross_entropy_with_logits(evidence, truth).backward()
        optimizer.step()
        optimizer.zero_grad()
    candidates, time, real = recordings(chance, columns(CONFIG))
    octaves = candidates[:, real.size(1) :, EVIDENCE]
    with torch.no_grad():
        found = octaves + texture.compare(candidates, time)[:, real.size(1) :] > 0
    assert (found == real)[octaves == 0.0].float().mean() > 0.9


@pytest.mark.parametrize("change", [0.0, 1.0, -1.0])
def test_what_is_reconsidered_is_what_would_have_been_heard(hints: Hints, change: float) -> None:
    heard = answers()
    laid = hints.lay_out(heard)
    gains = [torch.full_like(gain, change) for gain in hints.agree(laid[6:8])]
    other = hints.reconsider(laid, gains)
    heard[0][..., BEGINS] += change
    heard[1] += change
    wanted = hints.lay_out(heard)
    drums = slice(hints.pitched, None)
    torch.testing.assert_close(other[0][:, :, drums], wanted[0][:, :, drums])
    torch.testing.assert_close(other[6].clamp(min=-50), wanted[6].clamp(min=-50))
    # At the borders what lies beside strokes of other segments stays as it was, and what is hardly
    # heard is no candidate.
    inner = slice(BESIDE, -BESIDE)
    for index in (8, 10):
        least = HEARD + 1.0
        there, here = (laid[index][:, inner].clamp(min=least) for laid in (other, wanted))
        torch.testing.assert_close(there, here)
    assert (other[10] > CLEAR).any()


def test_a_note_that_gains_is_due_and_one_that_loses_is_not(hints: Hints) -> None:
    heard = quiet()
    pitch = 60 - LOWEST_PITCH
    for frame, evidence in ((60, -1.0), (90, 1.0)):
        for beside in (-1, 0, 1):
            heard[0][0, frame + beside, pitch, BEGINS] = evidence - 0.3 * abs(beside)
    laid = hints.lay_out(heard)
    order = laid[7][0, :2, STEP].argsort()
    gain = torch.zeros_like(laid[7][:, :, 0])
    gain[0, order] = torch.tensor([3.0, -3.0])
    other = hints.reconsider(laid, [torch.zeros_like(laid[6]), gain])

    def due(laid: list[Tensor]) -> list[float]:
        return (laid[10][0] > CLEAR).nonzero().flatten().float().tolist()

    early, late = laid[7][0, order, STEP].tolist()
    assert due(laid) == [late] and due(other) == [early]
    begins = other[0][0, :, pitch * 3]
    assert begins[int(early)] > 1.5 and begins[int(late)] < -1.5
    happens = other[1][0, 0] - laid[1][0, 0]
    assert happens[int(early)] > 1.0 > -1.0 > happens[int(late)]


def test_another_drum_of_the_family_may_take_over(hints: Hints) -> None:
    heard = quiet()
    frame = CONFIG.frames // 2
    for beside in (-1, 0, 1):
        heard[1][0, frame + beside, SNARE] = 3.0 - 0.1 * abs(beside)
        heard[1][0, frame + beside, OTHER_SNARE] = 2.0
    laid = hints.lay_out(heard)
    gains = [torch.zeros_like(laid[6]), torch.zeros_like(laid[7][:, :, 0])]
    gains[0][:, :, OTHER_SNARE] = 2.0

    def due(laid: list[Tensor]) -> set[int]:
        return set((laid[8][0, :, 128 + DRUM_KEYS.start :] > CLEAR).nonzero()[:, 1].tolist())

    assert due(laid) == {SNARE} and due(hints.reconsider(laid, gains)) == {OTHER_SNARE}


def test_weights_without_either_are_as_they_are() -> None:
    bare = dataclasses.replace(CONFIG.network, kit_layers=0, texture_layers=0)
    hints = Hints(dataclasses.replace(CONFIG, network=bare)).eval()
    gains = hints.agree(hints.lay_out(answers())[6:8])
    assert hints.kit is None and hints.texture is None
    assert not gains[0].any() and not gains[1].any()


def test_training_leaves_both_alone() -> None:
    learner = Learner(CONFIG, compiled=False)
    resting = [name for name, p in learner.named_parameters() if not p.requires_grad]
    assert {name.split(".")[3] for name in resting} == {"kit", "texture"}
