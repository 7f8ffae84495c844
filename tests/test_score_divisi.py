"""Divisi: several players where one cannot play it all, and nothing lost on the way."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelane.notes import Note
from scorelane.score.divisi import divided
from scorelane.score.grid import TICKS
from scorelane.score.layout import Played
from scorelane.score.quantise import Placed

VIOLIN, VIOLA, CELLO, ALTO_SAX, FLUTE, PIANO, GUITAR = 40, 41, 42, 65, 73, 0, 25
# The end of a chorale: soprano, alto, tenor and bass.
CHORALE = ((72, 67, 64, 48), (74, 67, 62, 47), (76, 67, 60, 48), (74, 65, 62, 50), (72, 64, 60, 48))


def placed(start: int, end: int, pitch: int, program: int) -> Placed:
    note = Note(start / TICKS, end / TICKS, pitch, program, False, 80)
    return Placed(start, end, note)


def chords(*pitches: tuple[int, ...], program: int) -> list[Placed]:
    return [
        placed(TICKS * i, TICKS * (i + 1), pitch, program)
        for i, chord in enumerate(pitches)
        for pitch in sorted(chord)
    ]


def divide(notes: list[Placed], program: int, name: str = "") -> tuple[list[Played], list]:
    return divided([Played(name, program, False, [one.note for one in notes])], [notes])


def test_the_voices_of_a_chorale_get_staves_of_their_own() -> None:
    players, shares = divide(chords(*CHORALE, program=VIOLA), VIOLA)
    lines = [tuple(one.note.pitch for one in share) for share in shares]
    assert lines == list(zip(*CHORALE, strict=True))
    assert [player.program for player in players] == [VIOLIN, VIOLIN, VIOLIN, CELLO]
    assert all(note.program == player.program for player in players for note in player.notes)


def test_saxophones_become_lower_ones_but_no_higher() -> None:
    players, _ = divide(chords(*CHORALE, program=ALTO_SAX), ALTO_SAX)
    assert [player.program for player in players] == [65, 65, 65, 66]


def test_who_rests_comes_back_to_the_same_staff() -> None:
    chorus = chords(*CHORALE, program=FLUTE)
    alone = [placed(one.start + 200, one.end + 200, one.note.pitch, FLUTE) for one in chorus]
    soprano = [one for one in alone if one.note.pitch >= 72]
    _, shares = divide(chorus + soprano, FLUTE)
    assert [len(share) for share in shares] == [10, 5, 5, 5]


@pytest.mark.parametrize("program", [PIANO, GUITAR, 48, 61])
def test_who_plays_chords_or_is_many_anyway_stays_one(program: int) -> None:
    notes = chords(*CHORALE, program=program)
    assert divide(notes, program, "x")[1] == [notes]


def test_double_stops_and_now_and_then_a_chord_are_one_violin() -> None:
    notes = chords((67, 76), (62, 69), (55, 62, 71, 79), (66, 74), (67, 76), program=VIOLIN)
    players, shares = divide(notes, VIOLIN)
    assert shares == [notes] and players[0].program == VIOLIN


notes_of_flutes = st.lists(
    st.builds(
        lambda start, length, pitch: placed(start, start + length, pitch, FLUTE),
        st.integers(0, 400),
        st.integers(1, 200),
        st.integers(0, 127),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(notes_of_flutes)
def test_every_note_has_one_player_and_no_chord_is_crossed(notes: list[Placed]) -> None:
    notes.sort(key=lambda one: (one.start, one.note.pitch))
    players, shares = divide(notes, FLUTE, "Flutes")
    assert 1 <= len(shares) <= 6 and all(shares)
    assert Counter(one for share in shares for one in share) == Counter(notes)
    assert {player.name for player in players} == {"Flutes"}
    for share in shares:
        assert [one.start for one in share] == sorted(one.start for one in share)
    for upper, lower in pairwise(shares):
        lowest = {one.start: one.note.pitch for one in sorted(upper, key=lambda x: -x.note.pitch)}
        assert all(one.note.pitch <= lowest.get(one.start, 127) for one in lower)
