"""The grammar: whatever is encoded may be written, and nothing against the order of events."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelane import _engine
from scorelane.model.config import mt3_config, scorelane_config
from scorelane.model.grammar import Grammar
from scorelane.notes import Note
from scorelane.vocabulary import EOS, GridNote, encode_segment, to_grid

CONFIG = scorelane_config()
V = CONFIG.vocabulary
GRAMMAR = Grammar(CONFIG)
TIE = V.tie
AGAIN = GRAMMAR.again
STEPS = GRAMMAR.steps


def state_after(tokens: list[int]) -> list[torch.Tensor]:
    state = GRAMMAR.start(1, torch.device("cpu"))
    for token in [0, *tokens]:
        GRAMMAR.advance(torch.tensor([token]), *state[:3])
    return state


def may_follow(
    tokens: list[int],
    unwanted: slice | None = None,
    evidence: dict[int, float] | None = None,
    ends: dict[int, int] | None = None,
    held: dict[int, float] | None = None,
    at: slice = slice(None),
) -> torch.Tensor:
    """What may come after ``tokens``: [vocabulary] bool.

    ``evidence`` is that of some pitches beginning, or drums from 128 on, in the steps ``at``; of
    the others there is a little. ``ends`` are the steps at which pitches are heard to be over,
    ``held`` is the evidence of pitches that sound. Without any of the three nothing is known.
    """
    facts, sounding, begun, wanted = state_after(tokens)
    if unwanted is not None:
        wanted[:, unwanted] = False
    known = [] if evidence is ends is held is None else knowledge(evidence, ends, held, at)
    return GRAMMAR.allowed(facts, sounding, begun, wanted, known)[0]


def knowledge(
    evidence: dict[int, float] | None,
    ends: dict[int, int] | None,
    held: dict[int, float] | None,
    at: slice = slice(None),
) -> list[torch.Tensor]:
    strokes, sounds = torch.zeros(1, STEPS, 256), torch.full((1, 128), -5.0)
    over = torch.zeros(1, STEPS, 128, dtype=torch.bool)
    for place, logit in (evidence or {}).items():
        strokes[0, at, place] = logit
    for pitch, step in (ends or {}).items():
        over[0, step:, pitch] = True
    for pitch, logit in (held or {}).items():
        sounds[0, pitch] = logit
    return [strokes, sounds, lasts(over), strokes.amax(2)]


def lasts(over: torch.Tensor) -> torch.Tensor:
    """The first step from each on at which ``over`` [batch, steps, 128]; their number for none."""
    steps = over.size(1)
    step = torch.where(over, torch.arange(steps)[:, None], steps)
    return step.flip(1).cummin(1).values.flip(1)


def random_knowledge(
    batch: int, generator: torch.Generator, steps: int = STEPS
) -> list[torch.Tensor]:
    strokes = 4.0 * torch.randn(batch, steps, 256, generator=generator) - 4.0
    sounds = 3.0 * torch.randn(batch, 128, generator=generator)
    over = torch.rand(batch, steps, 128, generator=generator) < 0.05
    return [strokes, sounds, lasts(over), strokes.amax(2)]


def shift(steps: int) -> int:
    return V.shift + steps


def on(pitch: int, program: int = 0) -> list[int]:
    return [V.program + program, V.velocity + 1, V.pitch + pitch]


notes = st.builds(
    lambda onset, length, pitch, program, is_drum: Note(
        onset, onset + length, pitch, 0 if is_drum else program, is_drum
    ),
    st.floats(0, 4),
    st.floats(0.01, 3),
    st.integers(21, 108),
    st.sampled_from([0, 1, 40, 127]),
    st.booleans(),
)


def played_by_hand(notes: list[GridNote]) -> list[GridNote]:
    """``notes`` without those that strike a pitch or a drum again at once."""
    kept: list[GridNote] = []
    struck: dict[tuple[bool, int], int] = {}
    for note in notes:
        if note.onset - struck.get((note.is_drum, note.pitch), -AGAIN) >= AGAIN:
            kept.append(note)
            struck[note.is_drum, note.pitch] = note.onset
    return kept


@settings(max_examples=60, deadline=None)
@given(st.lists(notes, max_size=25), st.sampled_from([(0, 204), (204, 409)]))
def test_every_encoded_segment_is_allowed(played: list[Note], steps: tuple[int, int]) -> None:
    tokens = encode_segment(played_by_hand(to_grid(played, V)), *steps, V)
    facts, sounding, begun, wanted = GRAMMAR.start(1, torch.device("cpu"))
    before = 0
    for position, token in enumerate(tokens):
        GRAMMAR.advance(torch.tensor([before]), facts, sounding, begun)
        assert GRAMMAR.allowed(facts, sounding, begun, wanted, [])[0, token], (tokens, position)
        before = token


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_row_that_follows_the_grammar_ends_and_reads_without_a_fault(seed: int) -> None:
    """Random choices among what is allowed: never stuck, never a skipped event."""
    generator = torch.Generator().manual_seed(seed)
    facts, sounding, begun, wanted = GRAMMAR.start(1, torch.device("cpu"))
    token, tokens = 0, []
    evidence = random_knowledge(1, generator)
    while token != EOS and len(tokens) < 400:
        GRAMMAR.advance(torch.tensor([token]), facts, sounding, begun)
        allowed = GRAMMAR.allowed(facts, sounding, begun, wanted, evidence)[0]
        token = int(torch.multinomial(allowed.float(), 1, generator=generator))
        tokens.append(token)
    decoder = _engine.NoteDecoder(V.velocity_bins, V.max_shift, V.steps_per_second)
    decoder.decode([t for t in tokens if t != EOS], 0.0, None)
    skipped = {kind: count for kind, count in decoder.skipped.items() if count}
    skipped.pop("undeclarable_tie", None)  # nothing sounds before a lone segment
    skipped.pop("inactive_offset", None)  # nor can what it tied end
    assert skipped == {}


def test_a_segment_begins_with_its_tie_section() -> None:
    allowed = may_follow([])
    assert allowed[TIE] and allowed[V.program + 5]
    assert not allowed[EOS] and not allowed[shift(3)] and not allowed[V.pitch + 60]
    assert not allowed[V.velocity + 1] and not allowed[V.drum + 36] and not allowed[0]


def test_time_only_goes_forwards_and_not_past_the_segment() -> None:
    allowed = may_follow([TIE, shift(50), *on(60)])
    assert not allowed[shift(50)] and allowed[shift(51)] and allowed[shift(204)]
    assert not allowed[shift(205)]


def test_only_what_sounds_can_end() -> None:
    allowed = may_follow([TIE, *on(60), shift(9), V.velocity + 0])
    assert allowed[V.pitch + 60] and not allowed[V.pitch + 61]


def test_a_pitch_is_not_struck_again_at_once_but_may_be_while_it_sounds() -> None:
    assert not may_follow([TIE, shift(10), *on(60), shift(14)])[V.pitch + 60]
    assert may_follow([TIE, shift(10), *on(60), shift(14)])[V.pitch + 61]
    assert may_follow([TIE, shift(10), *on(60), shift(15)])[V.pitch + 60]


def test_no_other_instrument_strikes_the_same_pitch_at_once() -> None:
    other = [TIE, shift(10), *on(60), V.program + 5]
    assert not may_follow(other)[V.pitch + 60] and may_follow(other)[V.pitch + 61]


def test_nothing_begins_that_is_not_heard() -> None:
    row = [TIE, shift(10), V.program, V.velocity + 1]
    allowed = may_follow(row, evidence={60: -3.0, 128 + 38: -3.0})
    assert not allowed[V.pitch + 60] and allowed[V.pitch + 61]
    assert not allowed[V.drum + 38] and allowed[V.drum + 36]


def test_a_time_without_anything_to_hear_is_no_dead_end() -> None:
    silence = dict.fromkeys(range(256), -9.0)
    allowed = may_follow([TIE, shift(10)], evidence=silence)
    assert allowed[V.program + 3] and not allowed[EOS]


@pytest.mark.parametrize("place", [64, 128 + 38])
def test_time_does_not_go_on_before_what_is_clearly_heard_is_written(place: int) -> None:
    row = [TIE, shift(10), *on(60)]
    allowed = may_follow(row, evidence={place: 3.0})
    assert not allowed[shift(30)] and not allowed[EOS]
    token = V.pitch + place if place < 128 else V.drum + place - 128
    assert allowed[token]
    allowed = may_follow([*row, token], evidence={place: 3.0}, at=slice(10, 11))
    assert allowed[shift(30)] and allowed[EOS]


@pytest.mark.parametrize("place", [64, 128 + 38])
def test_time_does_not_pass_over_what_is_clearly_heard(place: int) -> None:
    row = [TIE, shift(10), *on(60)]
    allowed = may_follow(row, evidence={place: 3.0}, at=slice(30, 33))
    assert allowed[shift(20)] and allowed[shift(30)]
    assert not allowed[shift(31)] and not allowed[EOS]


def test_the_echo_of_a_stroke_is_not_waited_for() -> None:
    row = [TIE, shift(10), *on(60)]
    assert may_follow(row, evidence={60: 3.0}, at=slice(10, 10 + AGAIN))[EOS]
    allowed = may_follow(row, evidence={60: 3.0}, at=slice(10, 11 + AGAIN))
    assert allowed[shift(10 + AGAIN)] and not allowed[shift(11 + AGAIN)]


def test_what_nobody_wants_to_see_is_not_owed() -> None:
    row = [TIE, shift(10), *on(60)]
    for unwanted, place in ((slice(V.drum, V.used), 128 + 38), (slice(V.program, V.drum), 64)):
        allowed = may_follow(row, unwanted, evidence={place: 3.0})
        assert allowed[shift(30)] and allowed[EOS]


def test_time_does_not_stop_for_what_nobody_wants_to_see() -> None:
    facts, sounding, begun, wanted = state_after([TIE, shift(10), *on(60)])
    known = knowledge(dict.fromkeys(range(256), -9.0), None, None)
    known[0][0, 30, 128 + 38] = known[3][0, 30] = 3.0
    assert GRAMMAR.allowed(facts, sounding, begun, wanted, known)[0, shift(30)]
    wanted[:, V.drum : V.used] = False
    allowed = GRAMMAR.allowed(facts, sounding, begun, wanted, known)[0]
    assert allowed[EOS] and not allowed[shift(30)]


def test_a_note_that_is_heard_to_be_over_ends_then() -> None:
    row = [TIE, shift(10), *on(60)]
    allowed = may_follow(row, ends={60: 50})
    assert allowed[shift(50)] and not allowed[shift(51)] and not allowed[EOS]
    allowed = may_follow([*row, shift(50)], ends={60: 50})
    assert allowed[V.velocity + 0] and not allowed[EOS]
    ended = [*row, shift(50), V.velocity + 0, V.pitch + 60]
    assert may_follow(ended, ends={60: 50})[EOS]


def test_how_long_a_note_lasts_hangs_on_when_it_began() -> None:
    row = [TIE, shift(10), *on(60), shift(40), *on(61)]
    facts, sounding, begun, wanted = state_after(row)
    silent = dict.fromkeys(range(256), -9.0)
    known = knowledge(silent, None, None)
    known[2][0, :, 60], known[2][0, :30, 60] = 120, 70
    allowed = GRAMMAR.allowed(facts, sounding, begun, wanted, known)[0]
    assert allowed[shift(70)] and not allowed[shift(71)]


def test_a_note_that_is_still_heard_is_not_ended_but_may_be_struck_anew() -> None:
    row = [TIE, shift(10), *on(60), shift(30)]
    unheard = {60: -9.0}
    assert not may_follow(row, evidence=unheard, ends={60: 90})[V.velocity + 0]
    assert may_follow(row, evidence={60: 3.0}, ends={60: 90})[V.velocity + 0]


def test_who_would_go_past_the_end_of_a_note_stops_there() -> None:
    facts, sounding, begun, wanted = state_after([TIE, shift(10), *on(60)])
    logits = torch.zeros(1, GRAMMAR.size)
    logits[0, shift(90)] = 9.0
    silent = dict.fromkeys(range(256), -9.0)
    known = knowledge(silent, {60: 50}, None)
    guided = GRAMMAR.guide(logits, facts, sounding, begun, wanted, known)
    assert int(guided.argmax()) == shift(50)


def test_who_would_go_past_what_is_clearly_heard_stops_there() -> None:
    facts, sounding, begun, wanted = state_after([TIE, shift(10), *on(60)])
    logits = torch.zeros(1, GRAMMAR.size)
    logits[0, shift(90)] = 9.0
    known = knowledge({64: 3.0}, None, None, slice(50, 51))
    guided = GRAMMAR.guide(logits, facts, sounding, begun, wanted, known)
    assert int(guided.argmax()) == shift(50)


def test_what_sounds_clearly_at_the_start_is_tied_and_what_does_not_is_not() -> None:
    silent = dict.fromkeys(range(256), -9.0)
    allowed = may_follow([], evidence=silent, held={60: 3.0})
    assert not allowed[TIE] and allowed[V.program + 5]
    row = [V.program + 5]
    allowed = may_follow(row, evidence=silent, ends={61: 0}, held={60: 3.0})
    assert allowed[V.pitch + 60] and not allowed[V.pitch + 61]
    assert may_follow([*row, V.pitch + 60], evidence=silent, held={60: 3.0})[TIE]


def test_velocity_zero_waits_for_something_to_end() -> None:
    assert not may_follow([TIE, shift(9)])[V.velocity + 0]
    assert may_follow([TIE, *on(60), shift(9)])[V.velocity + 0]


def test_tied_notes_rise() -> None:
    allowed = may_follow([V.program + 8, V.pitch + 60])
    assert allowed[V.pitch + 61] and not allowed[V.pitch + 59]
    assert allowed[V.program + 9] and not allowed[V.program + 7]


def test_what_is_not_wanted_never_leads_into_a_dead_end() -> None:
    """Without drums, and before any program, velocity 1 would have nothing to begin."""
    allowed = may_follow([TIE], unwanted=slice(V.drum, V.used))
    assert not allowed[V.drum :].any() and not allowed[V.velocity + 1]
    assert allowed[V.program + 3] and allowed[EOS]


@pytest.mark.parametrize("config", [CONFIG, mt3_config(piano=True)])
@pytest.mark.parametrize("seed", range(20))
def test_nonsense_is_followed_without_harm(config: object, seed: int) -> None:
    grammar = Grammar(config)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(seed)
    facts, sounding, begun, wanted = grammar.start(3, torch.device("cpu"))
    for tokens in torch.randint(0, grammar.size, (30, 3), generator=generator):
        grammar.advance(tokens, facts, sounding, begun)
        evidence = random_knowledge(3, generator, grammar.steps)
        assert grammar.allowed(facts, sounding, begun, wanted, evidence).any(1).all()
