"""The decoder in C++ reads what the encoder in Python writes, and anything else without harm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelane import _engine
from scorelane.engine import decode_tokens
from scorelane.errors import UsageError
from scorelane.notes import Note
from scorelane.vocabulary import (
    Granularity,
    GridNote,
    Vocabulary,
    encode_segment,
    segment_steps,
    to_grid,
)

SEGMENT_SECONDS = 2.048
SEGMENTS = 4


@st.composite
def notes_of_a_song(draw: st.DrawFn) -> list[Note]:
    # Few pitches and programs, so that notes meet: overlaps, repeats, ties over several segments.
    onset = st.floats(0, SEGMENT_SECONDS * (SEGMENTS - 1))
    notes = []
    for _ in range(draw(st.integers(0, 40))):
        start = draw(onset)
        length = draw(st.one_of(st.floats(0.0, 0.3), st.floats(0.0, 7.0)))
        is_drum = draw(st.booleans())
        notes.append(
            Note(
                start,
                min(start + length, SEGMENT_SECONDS * SEGMENTS - 0.1),
                draw(st.sampled_from([0, 60, 61, 127])),
                0 if is_drum else draw(st.sampled_from([0, 1, 40, 127])),
                is_drum,
                draw(st.integers(1, 127)),
            )
        )
    return notes


def encode(grid: list[GridNote], vocabulary: Vocabulary, granularity: Granularity) -> list[Note]:
    bounds = [segment_steps(i, SEGMENT_SECONDS, 100) for i in range(SEGMENTS)]
    segments = [encode_segment(grid, a, b, vocabulary, granularity) for a, b in bounds]
    return decode_tokens(segments, [i * SEGMENT_SECONDS for i in range(SEGMENTS)], vocabulary)


def on_grid(notes: list[Note]) -> list[tuple[int, int, int, int, bool, int]]:
    """Notes as whole steps; a drum has no length."""
    return sorted(
        (
            round(n.onset * 100),
            0 if n.is_drum else round(n.offset * 100),
            n.pitch,
            n.program,
            n.is_drum,
            n.velocity,
        )
        for n in notes
    )


@pytest.mark.parametrize("granularity", ["flat", "class", "full"])
@pytest.mark.parametrize("velocity_bins", [1, 127])
@given(notes=notes_of_a_song())
@settings(max_examples=60, deadline=None)
def test_encode_then_decode_gives_back_the_notes(
    notes: list[Note], velocity_bins: int, granularity: Granularity
) -> None:
    vocabulary = Vocabulary(velocity_bins)
    grid = to_grid(notes, vocabulary, granularity)
    wanted = sorted(
        (
            n.onset,
            0 if n.is_drum else n.offset,
            n.pitch,
            n.program,
            n.is_drum,
            n.velocity if velocity_bins == 127 else 100,
        )
        for n in grid
    )
    assert on_grid(encode(grid, vocabulary, granularity)) == wanted


@given(
    segments=st.lists(st.lists(st.integers(-10, 1600), max_size=80), max_size=6),
    velocity_bins=st.sampled_from([1, 127]),
)
@settings(max_examples=200, deadline=None)
def test_any_tokens_give_valid_notes(segments: list[list[int]], velocity_bins: int) -> None:
    starts = [i * SEGMENT_SECONDS for i in range(len(segments))]
    end = len(segments) * SEGMENT_SECONDS
    for note in decode_tokens(segments, starts, Vocabulary(velocity_bins), end=end):
        assert note.onset >= 0
        assert math.isfinite(note.offset)
        assert note.offset >= note.onset + 0.0099
        assert 0 <= note.pitch <= 127
        assert 0 <= note.program <= 127
        assert 1 <= note.velocity <= 127


def test_starts_are_floored_to_the_grid() -> None:
    tokens = [1134, 1133, 1263 + 38]
    assert [n.onset for n in decode_tokens([tokens, tokens], [0.0, 2.048])] == [0.0, 2.04]
    # 2.05 * 100 is a hair less than 205 in binary
    assert [n.onset for n in decode_tokens([tokens], [2.05])] == [2.05]


def test_a_segment_ends_where_the_next_begins() -> None:
    late = [1134, 1133, 3 + 300, 1263 + 38]
    assert decode_tokens([late, [1134]], [0.0, 2.048]) == []
    assert len(decode_tokens([[1134], late], [0.0, 2.048])) == 1  # the last one has no next


def test_tokens_of_any_integer_type() -> None:
    tokens = [1134, 1133, 1263 + 38]
    wanted = decode_tokens([tokens], [0.0])
    for kind in (np.int16, np.int32, np.int64):
        assert decode_tokens([np.array(tokens, kind)], [0.0]) == wanted
    assert decode_tokens([[2**62, -(2**62), *tokens]], [0.0]) == wanted
    assert decode_tokens([[]], [0.0]) == []


def test_skipped_events_are_counted() -> None:
    decoder = _engine.NoteDecoder()
    decoder.decode([1134, 1132, 1004 + 60, 1263 + 38, 1134, 0], 0.0)
    counts = {name: count for name, count in decoder.skipped.items() if count}
    assert counts == {"inactive_offset": 1, "silent_drum": 1, "stray_tie": 1, "unknown_token": 1}


def test_the_call_itself_can_be_wrong() -> None:
    with pytest.raises(UsageError, match="1 segments came with 2 start times"):
        decode_tokens([[]], [0.0, 1.0])
    with pytest.raises(ValueError, match="velocity_bins"):
        decode_tokens([[]], [0.0], Vocabulary(64))
    for start in (-1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="time"):
            decode_tokens([[]], [start])
