"""Voices of one staff, what is held and where a line changes voices; how many staves there are."""

from __future__ import annotations

import numpy as np

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, arrange
from scorelane.score.quantise import Placed
from scorelane.score.voices import separate


def placed(*spans: tuple[int, int, int]) -> list[Placed]:
    return [Placed(start, end, Note(0.0, 1.0, pitch, 0)) for start, end, pitch in spans]


def spans(notes: list[Placed]) -> list[list[tuple[int, int]]]:
    voices = separate(notes, polyphonic=True)
    return [[(chord.start, chord.end) for chord in voice] for voice in voices]


def test_what_is_cut_before_it_was_held_for_long_ends_at_once() -> None:
    assert spans(placed((0, 20, 60), (6, 12, 48), (12, 24, 62))) == [[(0, 6), (6, 12), (12, 24)]]


def test_a_line_that_goes_on_in_the_other_voice_leaves_a_rest() -> None:
    upper, lower = spans(placed((0, 6, 64), (6, 24, 48), (12, 24, 64)))
    assert upper == [(0, 6), (12, 24)] and lower == [(6, 24)]


def test_a_voice_is_drawn_out_over_one_that_moves_beside_it() -> None:
    upper, lower = spans(placed((0, 24, 48), (12, 24, 72), (24, 48, 50), (36, 48, 74)))
    assert upper == [(12, 36), (36, 48)] and lower == [(0, 24), (24, 48)]


def test_a_keyboard_beside_others_needs_one_staff_for_what_one_hand_plays_high() -> None:
    def staves(lowest: int, others: int) -> int:
        keys = [
            Note(0.5 * i, 0.5 * i + 0.5, lowest + step + i % 5, 0)
            for i in range(16)
            for step in (0, 12)
        ]
        line = [Note(0.5 * i, 0.5 * i + 0.5, 60 + i % 5, 73) for i in range(16)]
        parts = [Played("", 0, False, keys), *[Played("", 73, False, line)] * others]
        grid = Grid(0.5 * np.arange(17), Metre(4, 4))
        return len(arrange(parts, grid).parts[0].staves)

    assert [staves(67, 1), staves(48, 1), staves(67, 0)] == [1, 2, 2]
