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
from scorelane.vocabulary import EOS, encode_segment, to_grid

CONFIG = scorelane_config()
V = CONFIG.vocabulary
GRAMMAR = Grammar(CONFIG)
TIE = V.tie


def may_follow(tokens: list[int], unwanted: slice | None = None) -> torch.Tensor:
    """What may come after ``tokens``: [vocabulary] bool."""
    facts, sounding, wanted = GRAMMAR.start(1, torch.device("cpu"))
    if unwanted is not None:
        wanted[:, unwanted] = False
    for token in [0, *tokens]:
        GRAMMAR.advance(torch.tensor([token]), facts, sounding)
    return GRAMMAR.allowed(facts, sounding, wanted)[0]


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


@settings(max_examples=60, deadline=None)
@given(st.lists(notes, max_size=25), st.sampled_from([(0, 204), (204, 409)]))
def test_every_encoded_segment_is_allowed(played: list[Note], steps: tuple[int, int]) -> None:
    tokens = encode_segment(to_grid(played, V), *steps, V).tokens
    facts, sounding, wanted = GRAMMAR.start(1, torch.device("cpu"))
    before = 0
    for position, token in enumerate(tokens):
        GRAMMAR.advance(torch.tensor([before]), facts, sounding)
        assert GRAMMAR.allowed(facts, sounding, wanted)[0, token], (tokens, position)
        before = token


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_row_that_follows_the_grammar_ends_and_reads_without_a_fault(seed: int) -> None:
    """Random choices among what is allowed: never stuck, never a skipped event."""
    generator = torch.Generator().manual_seed(seed)
    facts, sounding, wanted = GRAMMAR.start(1, torch.device("cpu"))
    token, tokens = 0, []
    while token != EOS and len(tokens) < 400:
        GRAMMAR.advance(torch.tensor([token]), facts, sounding)
        allowed = GRAMMAR.allowed(facts, sounding, wanted)[0]
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


def test_a_note_cannot_begin_twice_or_end_before_it_begins() -> None:
    allowed = may_follow([TIE, *on(60), shift(9), V.velocity + 0])
    assert allowed[V.pitch + 60] and not allowed[V.pitch + 61]
    assert not may_follow([TIE, *on(60), shift(9)])[V.pitch + 60]


def test_velocity_zero_waits_for_something_to_end() -> None:
    assert not may_follow([TIE, shift(9)])[V.velocity + 0]
    assert may_follow([TIE, *on(60), shift(9)])[V.velocity + 0]


def test_pitches_and_programs_rise_within_a_time_and_drums_close_it() -> None:
    allowed = may_follow([TIE, *on(60, program=8)])
    assert allowed[V.pitch + 61] and not allowed[V.pitch + 59]
    assert allowed[V.program + 9] and not allowed[V.program + 7]
    allowed = may_follow([TIE, *on(60, program=8), V.drum + 36])
    assert allowed[V.drum + 38] and not allowed[V.drum + 36] and not allowed[V.drum + 35]
    assert not allowed[V.pitch + 61] and not allowed[V.program + 9] and allowed[EOS]


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
    facts, sounding, wanted = grammar.start(3, torch.device("cpu"))
    for tokens in torch.randint(0, grammar.size, (30, 3), generator=generator):
        grammar.advance(tokens, facts, sounding)
        assert grammar.allowed(facts, sounding, wanted).any(1).all()
