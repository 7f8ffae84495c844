"""The encoder's answers reach the tokens that say the same."""

import dataclasses

import pytest
import torch
from torch import Tensor

from scorelane.model.config import scorelane_config
from scorelane.model.evidence import Hints
from scorelane.model.frontend import HARMONICS, LOWEST_PITCH, PITCH_FEATURES, PITCHES
from scorelane.model.strokes import DRUM_KEYS
from scorelane.vocabulary import EOS

VIOLIN, FLUTE = 40, 73
CONFIG = dataclasses.replace(
    scorelane_config(),
    program_map=[p if p in (0, VIOLIN, FLUTE) else -1 for p in range(128)],
)
V = CONFIG.vocabulary
PLACES = [0, VIOLIN, FLUTE]
STEP = 50
BEGINS, ENDS, SOUNDS = range(3)


@pytest.fixture
def hints() -> Hints:
    torch.manual_seed(0)
    return Hints(CONFIG).eval()


def silence() -> list[Tensor]:
    """Answers about a segment in which nothing happens."""
    states = CONFIG.frames // 2
    return [
        torch.full((1, CONFIG.frames, PITCHES, 3), -8.0),
        torch.full((1, CONFIG.frames, len(DRUM_KEYS)), -8.0),
        torch.full((1, states, len(PLACES), PITCHES), 1 / 3).log(),
        torch.full((1, CONFIG.frames, PITCHES, len(HARMONICS)), -1.0),
        torch.full((1, CONFIG.frames, 16), -1.0),
        torch.zeros(1, CONFIG.frames, PITCHES, PITCH_FEATURES),
    ]


def frame_of(step: int) -> int:
    return round(step * CONFIG.frames_per_step + CONFIG.first_frame)


def urged(hints: Hints, answers: list[Tensor], step: int, program: int = -1) -> Tensor:
    """What is added to the logits [vocabulary] at ``step``."""
    at, in_force = torch.tensor([[step]]), torch.tensor([[program]])
    with torch.inference_mode():
        laid = hints.lay_out(answers)
        known = hints.know(laid, at)
        nothing = torch.zeros(1, 1, V.size)
        x = torch.zeros(1, 1, CONFIG.network.width)
        return hints.urge(nothing, x, laid, known, at, in_force)[0, 0]


@pytest.mark.parametrize("question", [BEGINS, ENDS, SOUNDS])
def test_a_pitch_speaks_for_its_token_at_its_time(hints: Hints, question: int) -> None:
    answers = silence()
    answers[0][0, frame_of(STEP), 60 - LOWEST_PITCH, question] = 4.0
    scores = urged(hints, answers, STEP)
    assert (
        int(scores[V.pitch : V.velocity].where(scores[V.pitch : V.velocity] != 0, -99).argmax())
        == 60
    )
    elsewhere = urged(hints, answers, STEP + 20)[V.pitch + LOWEST_PITCH : V.pitch + 109]
    assert elsewhere.max() == elsewhere.min()


def test_a_drum_speaks_for_its_token(hints: Hints) -> None:
    answers = silence()
    answers[1][0, frame_of(STEP), 38 - DRUM_KEYS.start] = 4.0
    keys = urged(hints, answers, STEP)[V.drum + DRUM_KEYS.start : V.drum + DRUM_KEYS.stop]
    assert int(keys.argmax()) == 38 - DRUM_KEYS.start


@pytest.mark.parametrize("what", ["begins", "ends", "drum"])
def test_the_next_event_is_the_likeliest_time(hints: Hints, what: str) -> None:
    answers = silence()
    for step in (80, 120):
        if what == "drum":
            answers[1][0, frame_of(step), 0] = 6.0
        else:
            answers[0][0, frame_of(step), 40, BEGINS if what == "begins" else ENDS] = 6.0
    shifts = slice(V.shift, V.shift + CONFIG.steps)
    now, later = (urged(hints, answers, step)[shifts] for step in (STEP, 100))
    assert int(now.argmax()) == 80
    assert int(later[101:].argmax()) + 101 == 120


def test_the_end_is_likely_when_nothing_is_left(hints: Hints) -> None:
    answers = silence()
    answers[0][0, frame_of(80), 40, BEGINS] = 6.0
    assert urged(hints, answers, 100)[EOS] > urged(hints, answers, STEP)[EOS] + 0.5


def test_a_program_is_urged_where_it_plays_and_its_own_pitches_with_it(hints: Hints) -> None:
    answers = silence()
    frame = frame_of(STEP)
    for pitch, place in ((60, 1), (67, 2)):
        answers[0][0, frame, pitch - LOWEST_PITCH, BEGINS] = 4.0
        answers[2][0, frame // 2, :, pitch - LOWEST_PITCH] = torch.tensor([-9.0, -9.0, -9.0])
        answers[2][0, frame // 2, place, pitch - LOWEST_PITCH] = 0.0
    programs = urged(hints, answers, STEP)[V.program : V.drum]
    assert set(programs.topk(2).indices.tolist()) == {VIOLIN, FLUTE}
    violin = urged(hints, answers, STEP, VIOLIN)
    flute = urged(hints, answers, STEP, FLUTE)
    assert violin[V.pitch + 60] > violin[V.pitch + 67]
    assert flute[V.pitch + 67] > flute[V.pitch + 60]


def test_the_surest_frames_make_the_surest_notes(hints: Hints) -> None:
    answers = silence()
    answers[0][0, frame_of(STEP), 60 - LOWEST_PITCH, BEGINS] = 4.0
    answers[1][0, frame_of(STEP), 38 - DRUM_KEYS.start] = 3.0
    hints.belief[1] = torch.tensor([2.0, 1.0])  # drums: factor and offset
    tokens = torch.tensor([[V.pitch + 60, V.pitch + 61, V.drum + 38]])
    at = torch.full_like(tokens, STEP)
    with torch.inference_mode():
        laid = hints.lay_out(answers)
        known = hints.know(laid, at)
        sure, unsure, drum = hints.notes(tokens, laid, known, at)[0, :, 1].tolist()
        begins = known[0][0, 0, (60 - LOWEST_PITCH) * 3].item()
        hit = known[0][0, 0, PITCHES * 3 + 38 - DRUM_KEYS.start].item()
    assert sure == begins > 0 > unsure
    assert drum == pytest.approx(2.0 * hit + 1.0)


def test_training_hears_what_decoding_does_and_lays_out_no_more(hints: Hints) -> None:
    answers = silence()
    answers[0][0, frame_of(STEP), 40, BEGINS] = 4.0
    laid = hints.lay_out(answers)
    learning = hints.train().lay_out(answers)
    assert len(learning) < len(laid)
    for a, b in zip(learning, laid, strict=False):
        torch.testing.assert_close(a, b)
