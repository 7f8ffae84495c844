"""8va lines: over what is high for long, never beginning or ending within a note."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scorelane.notes import Note
from scorelane.score import Played, Wishes, make_score
from scorelane.score.musicxml import to_tree
from scorelane.score.ottavas import high_passages
from scorelane.score.voices import Chord

EIGHTH = 12


def eighths(*pitches: int) -> list[Chord]:
    return [Chord(i * EIGHTH, (i + 1) * EIGHTH, (pitch,)) for i, pitch in enumerate(pitches)]


def test_a_high_passage_is_under_a_line_from_its_first_to_its_last_note() -> None:
    low, high = (67, 72, 76, 72), (91, 96, 98, 100, 103, 100, 98, 96, 91)
    voice = eighths(*low, *high, *low)
    assert high_passages([voice], beat=EIGHTH) == [(4 * EIGHTH, 13 * EIGHTH)]
    assert high_passages([voice], up=-12) == []


def test_a_line_begins_on_the_beat_before() -> None:
    low, high = (67, 72, 76, 79, 86), (96, 98, 100, 103, 100, 98, 96)
    voice = eighths(*low, *high, 86, *reversed(low))
    assert high_passages([voice], beat=2 * EIGHTH) == [(4 * EIGHTH, 12 * EIGHTH)]
    assert high_passages([voice], beat=EIGHTH) == [(5 * EIGHTH, 12 * EIGHTH)]


def test_a_few_high_notes_are_read_as_they_are() -> None:
    assert high_passages([eighths(76, 79, 84, 88, 91, 96, 91, 88, 84, 79)]) == []
    assert high_passages([[]]) == []


def test_a_short_way_down_does_not_interrupt_a_line_and_a_long_one_does() -> None:
    high = (98, 100, 103, 100, 98, 100)
    assert len(high_passages([eighths(*high, 84, 79, 84, *high)])) == 1
    assert len(high_passages([eighths(*high, *(72, 67, 64, 67), *high)])) == 2


voices = st.lists(
    st.lists(
        st.tuples(st.integers(0, 24), st.integers(1, 48), st.integers(60, 108), st.integers(0, 12)),
        max_size=30,
    ),
    min_size=1,
    max_size=2,
)


@given(voices)
def test_no_line_begins_or_ends_within_a_note(steps: list[list[tuple[int, int, int, int]]]) -> None:
    written: list[list[Chord]] = []
    for voice in steps:
        tick, chords = 0, []
        for rest, length, pitch, above in voice:
            tick += rest
            pitches = tuple(sorted({pitch, min(108, pitch + above)}))
            chords.append(Chord(tick, tick + length, pitches))
            tick += length
        written.append(chords)
    passages = high_passages(written)
    assert all(start < end for start, end in passages)
    assert all(before[1] <= after[0] for before, after in pairwise(passages))
    for start, end in passages:
        for chord in (chord for voice in written for chord in voice):
            assert (
                chord.end <= start or chord.start >= end or start <= chord.start < chord.end <= end
            )


def test_lines_reach_the_page_of_a_keyboard_and_of_nobody_else() -> None:
    high = [Note(i / 4, i / 4 + 0.25, 98 + i % 5, 0) for i in range(16)]
    low = [Note(i / 2, i / 2 + 0.5, 48 + i % 3, 0) for i in range(12)]
    wishes = Wishes(beats=[(i / 2, i % 4 == 0) for i in range(13)])
    for program, shifts in ((0, ["down", "stop"]), (73, [])):
        tree = to_tree(make_score([Played("", program, False, sorted(high + low))], wishes))
        found = [one.get("type") for one in tree.iter("octave-shift")]
        assert found == shifts
        octaves = [int(one.text or "") for one in tree.iter("octave")]
        assert octaves.count(7) + octaves.count(6) == len(high)  # what sounds is written
