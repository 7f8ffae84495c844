"""Dynamics: what is played louder for good is marked, what sticks out or says nothing is not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelane.notes import Note
from scorelane.score import Played, Wishes, make_score
from scorelane.score.dynamics import dynamic_marks
from scorelane.score.musicxml import to_tree
from scorelane.score.quantise import Placed

BAR, QUARTER = 96, 24


def bars(count: int) -> list[tuple[int, int]]:
    return [(bar * BAR, (bar + 1) * BAR) for bar in range(count)]


def quarters(velocities: Sequence[int]) -> list[Placed]:
    return [
        Placed(tick, tick + QUARTER, Note(0.0, 1.0, 60, 0, velocity=velocity))
        for tick, velocity in zip(
            range(0, QUARTER * len(velocities), QUARTER), velocities, strict=True
        )
    ]


def test_what_changes_for_good_is_marked_where_it_begins() -> None:
    soft, loud = [47, 52, 44, 50], [97, 92, 99, 95]
    assert dynamic_marks(quarters(soft * 3 + loud * 3), bars(6)) == [(0, "p"), (3 * BAR, "f")]


def test_an_accent_is_no_change() -> None:
    notes = quarters([66, 62, 64, 61] * 2 + [100, 62, 64, 61] + [66, 62, 64, 61] * 2)
    assert dynamic_marks(notes, bars(5)) == [(0, "mp")]


def test_a_level_one_step_off_is_marked_where_it_lasts() -> None:
    usual, louder = [62, 66] * 8, [78, 82]
    short, long = usual + louder * 4 + usual, usual + louder * 8 + usual
    assert dynamic_marks(quarters(short), bars(10)) == [(0, "mp")]
    marks = dynamic_marks(quarters(long), bars(12))
    assert marks == [(0, "mp"), (4 * BAR, "mf"), (8 * BAR, "mp")]


def test_a_chord_is_as_loud_as_its_loudest_note() -> None:
    melody = quarters([95, 97] * 4)
    below = [Placed(one.start, one.end, Note(0.0, 1.0, 48, 0, velocity=40)) for one in melody]
    assert dynamic_marks(melody + below, bars(2)) == [(0, "f")]


def test_a_mark_stands_at_the_first_note_after_rests() -> None:
    late = [Placed(2 * BAR + 36, 2 * BAR + 60, Note(0.0, 1.0, 60, 0, velocity=v)) for v in (30, 34)]
    assert dynamic_marks(late, bars(4)) == [(2 * BAR + 36, "pp")]


def test_one_velocity_for_all_says_nothing() -> None:
    assert dynamic_marks(quarters([80] * 16), bars(4)) == []
    assert dynamic_marks([], bars(1)) == []


@given(st.lists(st.integers(1, 127), min_size=1, max_size=64))
def test_marks_are_at_onsets_and_each_says_something_new(velocities: list[int]) -> None:
    marks = dynamic_marks(quarters(velocities), bars(16))
    assert all(tick % QUARTER == 0 and tick < QUARTER * len(velocities) for tick, _ in marks)
    assert all(a[0] < b[0] and a[1] != b[1] for a, b in pairwise(marks))
    assert len(marks) <= 1 or len(velocities) > 4
    assert bool(marks) == (len(set(velocities)) > 1)


@pytest.mark.parametrize(
    ("program", "is_drum", "where"),
    [(0, False, ["below"]), (73, False, ["below"]), (53, False, ["above"]), (0, True, [])],
)
def test_marks_reach_the_page(program: int, is_drum: bool, where: list[str]) -> None:
    notes = [
        Note(i / 2, i / 2 + 0.5, (36 if is_drum else (48, 72)[i % 2]), program, is_drum, 95 + i % 2)
        for i in range(16)
    ]
    beats = [(i / 2, i % 4 == 0) for i in range(17)]
    score = make_score([Played("", program, is_drum, notes)], Wishes(beats=beats))
    directions = [
        one
        for one in to_tree(score).iter("direction")
        if one.find("direction-type/dynamics") is not None
    ]
    assert [one.get("placement") for one in directions] == where
    for one in directions:
        assert one.find("direction-type/dynamics/f") is not None
        sound = one.find("sound")
        assert sound is not None and float(sound.get("dynamics", "")) == pytest.approx(
            96 / 0.9, abs=0.01
        )
