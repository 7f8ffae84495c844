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
LITTLE = torch.zeros(1, 256)


def may_follow(
    tokens: list[int], unwanted: slice | None = None, evidence: dict[int, float] | None = None
) -> torch.Tensor:
    """What may come after ``tokens``: [vocabulary] bool.

    ``evidence`` is that of some pitches, or drums from 128 on; of the others there is a little.
    """
    facts, sounding, begun, wanted = GRAMMAR.start(1, torch.device("cpu"))
    if unwanted is not None:
        wanted[:, unwanted] = False
    heard = LITTLE.clone()
    for place, logit in (evidence or {}).items():
        heard[0, place] = logit
    for token in [0, *tokens]:
        GRAMMAR.advance(torch.tensor([token]), facts, sounding, begun)
    return GRAMMAR.allowed(facts, sounding, begun, wanted, heard)[0]


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
    tokens = encode_segment(played_by_hand(to_grid(played, V)), *steps, V).tokens
    facts, sounding, begun, wanted = GRAMMAR.start(1, torch.device("cpu"))
    before = 0
    for position, token in enumerate(tokens):
        GRAMMAR.advance(torch.tensor([before]), facts, sounding, begun)
        assert GRAMMAR.allowed(facts, sounding, begun, wanted, LITTLE)[0, token], (tokens, position)
        before = token


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_row_that_follows_the_grammar_ends_and_reads_without_a_fault(seed: int) -> None:
    """Random choices among what is allowed: never stuck, never a skipped event."""
    generator = torch.Generator().manual_seed(seed)
    facts, sounding, begun, wanted = GRAMMAR.start(1, torch.device("cpu"))
    token, tokens = 0, []
    while token != EOS and len(tokens) < 400:
        GRAMMAR.advance(torch.tensor([token]), facts, sounding, begun)
        evidence = 4.0 * torch.randn(1, 256, generator=generator)
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
    allowed = may_follow([*row, token], evidence={place: 3.0})
    assert allowed[shift(30)] and allowed[EOS]


def test_what_nobody_wants_to_see_is_not_owed() -> None:
    row = [TIE, shift(10), *on(60)]
    allowed = may_follow(row, unwanted=slice(V.drum, V.used), evidence={128 + 38: 3.0})
    assert allowed[shift(30)]


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
        evidence = 4.0 * torch.randn(3, 256, generator=generator)
        assert grammar.allowed(facts, sounding, begun, wanted, evidence).any(1).all()
