"""Scores against answers worked out by hand, and laws that every score obeys."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelane.evaluate.metrics import Score, Scores, drum_group, frame_score, pair_notes, score
from scorelane.notes import Note

PITCHED = ("onset", "onset_offset", "frame", "multi_flat", "multi_class", "multi_full")
DRUMS = ("drum_key", "drum_group", "drum_any")


def note(
    onset: float,
    offset: float,
    pitch: int = 60,
    program: int = 0,
    is_drum: bool = False,
    velocity: int = 100,
) -> Note:
    return Note(onset, offset, pitch, program, is_drum, velocity)


def hit(onset: float, key: int = 36, velocity: int = 100) -> Note:
    return note(onset, onset + 0.05, key, is_drum=True, velocity=velocity)


def check(value: Score | None, precision: float, recall: float) -> None:
    assert value is not None
    mean = 2 * precision * recall / (precision + recall)
    assert astuple(value) == pytest.approx((precision, recall, mean))


def f1(scores: Scores, name: str) -> float:
    value = scores.headline(name)
    assert value is not None
    return value


# By hand: violin 40 and viola 41 are one MIDI class (strings), the piano is another.
REFERENCE = [
    note(0.0, 1.0, 60, program=40),  # estimate: 40 ms late, right otherwise
    note(1.0, 2.0, 62, program=40),  # estimate: written for the viola
    note(2.0, 3.0, 64, program=0),  # estimate: ends 300 ms early (allowed: 200)
    note(3.0, 3.1, 65, program=0),  # estimate: 60 ms late
    hit(0.0, 36),
    hit(1.0, 38),
]
ESTIMATE = [
    note(0.04, 1.0, 60, program=40),
    note(1.0, 2.0, 62, program=41),
    note(2.0, 2.7, 64, program=0),
    note(3.06, 3.16, 65, program=0),
    note(3.5, 3.6, 70, program=0),
    hit(0.0, 36),
    hit(1.0, 40),
    hit(1.5, 42),
]


@pytest.mark.parametrize(
    ("name", "pairs", "estimated", "referenced"),
    [
        ("onset", 3, 5, 4),
        ("onset_offset", 2, 5, 4),
        ("multi_flat", 2 + 1, 8, 6),
        ("multi_class", 2 + 1, 8, 6),
        ("multi_full", 1 + 1, 8, 6),
        ("drum_key", 1, 3, 2),
        ("drum_group", 2, 3, 2),
        ("drum_any", 2, 3, 2),
    ],
)
def test_scores_by_hand(name: str, pairs: int, estimated: int, referenced: int) -> None:
    value = getattr(score(REFERENCE, ESTIMATE), name)
    check(value, pairs / estimated, pairs / referenced)


def test_wider_onset_tolerance_takes_the_late_note() -> None:
    scores = score(REFERENCE, ESTIMATE, onset_tolerance=0.1)
    check(scores.onset, 4 / 5, 1.0)
    check(scores.onset_offset, 3 / 5, 3 / 4)


def test_multi_instrument_score_weighs_tracks_by_their_counts() -> None:
    # Piano: 1 of 4 estimated notes right, its only reference note found. Flute: 1 of 1 estimated,
    # 1 of 3 referenced. Weighted precision (1/4*4 + 1*1)/5, recall (1*1 + 1/3*3)/4.
    reference = [note(0, 1, 60), *(note(i, i + 0.5, 72, program=73) for i in range(3))]
    estimate = [*(note(i, i + 1, 60) for i in range(0, 8, 2)), note(0, 0.5, 72, program=73)]
    value = score(reference, estimate).multi_full
    check(value, 2 / 5, 2 / 4)


def test_drums_never_count_as_pitched_notes() -> None:
    with_drums = [*REFERENCE, *(hit(i / 4, 60) for i in range(16))]
    for name in ("onset", "onset_offset", "frame"):
        assert getattr(score(with_drums, ESTIMATE), name) == getattr(
            score(REFERENCE, ESTIMATE), name
        )


def test_each_note_is_paired_once() -> None:
    reference = [note(0, 1), note(0.06, 1)]
    # A greedy pairing of the first reference note with the nearer estimate loses a pair.
    estimate = [note(0.03, 1), note(0.1, 1)]
    pairs = pair_notes(reference, estimate, lambda n: n.pitch)
    assert sorted(pairs) == [(reference[0], estimate[0]), (reference[1], estimate[1])]
    assert len(pair_notes(reference[:1], [note(0, 1), note(0.01, 1)], lambda n: n.pitch)) == 1


def test_frames_by_hand() -> None:
    # 16 ms frames: the reference fills 0-9, the estimate 5-14 of one pitch and 0-4 of another.
    reference = [note(0.0, 0.16, 60)]
    estimate = [note(0.08, 0.24, 60), note(0.0, 0.08, 61)]
    check(frame_score(reference, estimate), 5 / 15, 5 / 10)


def test_frames_ignore_the_instrument() -> None:
    assert frame_score([note(0, 1, program=0)], [note(0, 1, program=73)]).f1 == 1


def test_velocity_correlation_of_paired_notes() -> None:
    reference = [note(i, i + 1, velocity=20 + 10 * i) for i in range(5)]
    louder = [replace(n, velocity=n.velocity + 30) for n in reference]
    backwards = [replace(n, velocity=100 - n.velocity) for n in reference]
    assert score(reference, louder).velocity == pytest.approx(1)
    assert score(reference, [*backwards, note(9, 10, 30)]).velocity == pytest.approx(-1)
    assert score(reference, [replace(n, velocity=100) for n in reference]).velocity is None
    assert score(reference, louder[:1]).velocity is None


def test_right_class_on_a_single_instrument() -> None:
    reference = [note(i, i + 1, program=40) for i in range(2)]
    estimate = [note(0, 1, program=40), note(1, 2, program=42), note(0, 1, 50, program=0), hit(0)]
    assert score(reference, estimate).right_class == pytest.approx(2 / 4)
    assert score(reference, []).right_class is None
    assert score([*reference, note(0, 1, program=0)], estimate).right_class is None
    assert score([hit(0)], estimate).right_class is None


def test_drums_only_reference_scores_only_drums() -> None:
    scores = score([hit(0), hit(1)], [hit(0), note(0, 1)])
    assert [getattr(scores, name) for name in PITCHED] == [None] * len(PITCHED)
    check(scores.drum_key, 1.0, 0.5)


def test_reference_without_drums_has_no_drum_scores_but_stray_drums_cost() -> None:
    scores = score([note(0, 1)], [note(0, 1), hit(0)])
    assert [getattr(scores, name) for name in DRUMS] == [None] * len(DRUMS)
    assert f1(scores, "onset") == 1
    check(scores.multi_flat, 0.5, 1.0)


def test_empty_lists() -> None:
    nothing = score([], [])
    missed = score([note(0, 1), hit(0)], [])
    invented = score([], [note(0, 1)])
    for name in PITCHED:
        assert f1(nothing, name) == 1
        assert f1(missed, name) == 0
        assert f1(invented, name) == 0
    for name in DRUMS:
        assert getattr(nothing, name) is None
        assert f1(missed, name) == 0


def test_notes_without_length_can_be_scored() -> None:
    assert f1(score([note(1, 1)], [note(1, 1)]), "onset_offset") == 1


def test_drum_groups() -> None:
    assert drum_group(35) == drum_group(36) == "kick"
    assert drum_group(38) == drum_group(40) != drum_group(36)
    assert drum_group(42) == drum_group(46)
    assert drum_group(54) != drum_group(56)


def test_memory_stays_small_for_a_long_recording() -> None:
    # One 40 000 x 40 000 distance matrix would take 12.8 GB.
    long = [note(i * 0.25, i * 0.25 + 0.2, 40 + i % 40) for i in range(40_000)]
    assert len(pair_notes(long, long, lambda n: n.pitch, offsets=True)) == len(long)


@st.composite
def notes(draw: st.DrawFn) -> Note:
    onset = draw(st.integers(0, 400)) / 100
    length = draw(st.integers(2, 200)) / 100
    is_drum = draw(st.booleans())
    return Note(
        onset=onset,
        offset=onset + length,
        pitch=draw(st.integers(50, 54)),
        program=0 if is_drum else draw(st.sampled_from([0, 1, 40, 127])),
        is_drum=is_drum,
        velocity=draw(st.integers(1, 127)),
    )


note_lists = st.lists(notes(), max_size=30)


@given(note_lists)
def test_a_transcription_equal_to_its_reference_is_perfect(reference: list[Note]) -> None:
    scores = score(reference, reference)
    for name in (*PITCHED, *DRUMS):
        assert scores.headline(name) in (None, 1.0), name
    assert scores.velocity is None or scores.velocity == pytest.approx(1)


@given(note_lists, note_lists)
def test_onset_scores_swap_precision_and_recall(one: list[Note], other: list[Note]) -> None:
    forth, back = score(one, other), score(other, one)
    for name in ("onset", "frame", *DRUMS):
        a, b = getattr(forth, name), getattr(back, name)
        if a is not None and b is not None:
            assert (a.precision, a.recall, a.f1) == pytest.approx((b.recall, b.precision, b.f1))


@given(note_lists, note_lists, st.integers(1, 50))
def test_a_shift_of_both_changes_nothing(one: list[Note], other: list[Note], frames: int) -> None:
    def later(notes: list[Note]) -> list[Note]:
        by = frames * 0.016
        return [replace(n, onset=n.onset + by, offset=n.offset + by) for n in notes]

    assert score(later(one), later(other)) == score(one, other)


@given(note_lists, note_lists)
def test_stricter_scores_are_never_higher(one: list[Note], other: list[Note]) -> None:
    scores, wide = score(one, other), score(one, other, onset_tolerance=0.1)
    ladders = [
        ("onset_offset", "onset"),
        ("multi_full", "multi_class"),
        ("multi_class", "multi_flat"),
        ("drum_key", "drum_group"),
        ("drum_group", "drum_any"),
    ]
    for strict, loose in ladders:
        low, high = scores.headline(strict), scores.headline(loose)
        assert low is None or high is None or low <= high
    for name in ("onset", "onset_offset", *DRUMS):
        low, high = scores.headline(name), wide.headline(name)
        assert low is None or high is None or low <= high
