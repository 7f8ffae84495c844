"""MT3's ids and the encoder's order of events, against answers written by hand."""

from __future__ import annotations

import pytest

from scorelane.notes import Note
from scorelane.vocabulary import EOS, Vocabulary, encode_segment, segment_steps, to_grid

V = Vocabulary()
TIE = 1134


def shift(steps: int) -> int:
    return 3 + steps


def pitch(value: int) -> int:
    return 1004 + value


def velocity(value: int) -> int:
    return 1132 + value


def program(value: int) -> int:
    return 1135 + value


def drum(value: int) -> int:
    return 1263 + value


def encode(notes: list[Note], start: int = 0, end: int = 204, **options: str) -> list[int]:
    grid = to_grid(notes, V, **options)  # type: ignore[arg-type]
    return encode_segment(grid, start, end, V, **options)  # type: ignore[arg-type]


def test_ids_are_those_of_the_reference_implementation() -> None:
    assert (V.shift, V.pitch, V.velocity, V.tie) == (3, 1004, 1132, 1134)
    assert (V.program, V.drum) == (1135, 1263)
    assert V.used == 1391
    assert V.size == 1536


def test_piano_model_has_127_velocity_bins() -> None:
    piano = Vocabulary(velocity_bins=127)
    assert piano.tie == piano.velocity + 128
    assert piano.used == 1391 + 126
    assert [piano.velocity_bin(v) for v in (0, 1, 64, 127)] == [0, 1, 64, 127]
    assert [V.velocity_bin(v) for v in (0, 1, 64, 127)] == [0, 1, 1, 1]


def test_a_note_is_shift_program_velocity_pitch_then_its_end() -> None:
    tokens = encode([Note(0.5, 1.0, 60, 40)])
    assert tokens == [
        TIE, shift(50), program(40), velocity(1), pitch(60),
        shift(100), velocity(0), pitch(60), EOS,
    ]  # fmt: skip


def test_time_zero_needs_no_shift() -> None:
    assert encode([Note(0.0, 3.0, 60, 0)]) == [TIE, program(0), velocity(1), pitch(60), EOS]


def test_state_is_written_only_when_it_changes() -> None:
    tokens = encode([Note(0.1, 3.0, 60, 5), Note(0.2, 3.0, 62, 5)])
    assert tokens == [
        TIE, shift(10), program(5), velocity(1), pitch(60), shift(20), pitch(62), EOS,
    ]  # fmt: skip


def test_offsets_come_before_onsets_and_drums_last() -> None:
    notes = [Note(0.1, 0.5, 70, 2), Note(0.5, 3.0, 40, 1), Note(0.5, 0.6, 36, 0, is_drum=True)]
    tokens = encode(notes)
    assert tokens == [
        TIE, shift(10), program(2), velocity(1), pitch(70),
        shift(50), velocity(0), pitch(70), program(1), velocity(1), pitch(40), drum(36), EOS,
    ]  # fmt: skip


def test_simultaneous_onsets_are_sorted_by_program_then_pitch() -> None:
    notes = [Note(0.1, 3.0, 50, 9), Note(0.1, 3.0, 80, 3), Note(0.1, 3.0, 40, 9)]
    tokens = encode(notes)
    assert tokens == [
        TIE, shift(10), program(3), velocity(1), pitch(80), program(9), pitch(40), pitch(50), EOS,
    ]  # fmt: skip


def test_tie_section_names_what_sounds_and_its_program_carries_over() -> None:
    notes = [Note(0.0, 5.0, 64, 7), Note(0.5, 5.0, 60, 7), Note(1.0, 5.0, 50, 3)]
    notes.append(Note(2.5, 5.0, 52, 7))
    tokens = encode(notes, 204, 409)
    assert tokens == [
        program(3), pitch(50), program(7), pitch(60), pitch(64), TIE,
        shift(46), velocity(1), pitch(52), EOS,
    ]  # fmt: skip


def test_a_note_that_ends_with_the_segment_is_tied_and_ended_in_the_next() -> None:
    notes = [Note(1.0, 2.04, 60, 0)]
    assert encode(notes, 0, 204)[-2:] == [pitch(60), EOS]
    assert encode(notes, 204, 409) == [program(0), pitch(60), TIE, velocity(0), pitch(60), EOS]


def test_drums_have_no_end_and_no_tie() -> None:
    notes = [Note(1.0, 9.0, 38, 0, is_drum=True)]
    assert encode(notes) == [TIE, shift(100), velocity(1), drum(38), EOS]
    assert encode(notes, 204, 409) == [TIE, EOS]


def test_granularity_flat_writes_no_programs_and_class_the_first_of_eight() -> None:
    notes = [Note(0.1, 3.0, 60, 42), Note(0.1, 3.0, 61, 127)]
    assert encode(notes, granularity="flat") == [
        TIE, shift(10), velocity(1), pitch(60), pitch(61), EOS,
    ]  # fmt: skip
    assert [t for t in encode(notes, granularity="class") if t >= 1135] == [
        program(40), program(120),
    ]  # fmt: skip


def test_long_shifts_add_up() -> None:
    tokens = encode([Note(12.34, 30.0, 60, 0)], 0, 2000)
    assert tokens[1:3] == [shift(1000), shift(234)]


def test_a_note_lasts_a_step_and_a_repeat_ends_the_note_before() -> None:
    grid = to_grid([Note(0.1, 0.1, 60, 0), Note(1.0, 2.0, 62, 0), Note(1.5, 1.7, 62, 0)], V)
    assert [(n.onset, n.offset) for n in grid] == [(10, 11), (100, 150), (150, 170)]


@pytest.mark.parametrize(("index", "steps"), [(0, (0, 204)), (1, (204, 409)), (5, (1024, 1228))])
def test_segments_begin_at_floored_steps(index: int, steps: tuple[int, int]) -> None:
    assert segment_steps(index, 2.048, 100) == steps
