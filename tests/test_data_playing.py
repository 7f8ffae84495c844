"""What players do with what is written."""

import numpy as np
import pytest

from scorelane.data.playing import (
    DOUBLED_SECONDS,
    STRING_SECONDS,
    join_percussion,
    strum,
    take_other_drums,
)

FIELDS = [("onset", "f4"), ("offset", "f4"), ("pitch", "u1"), ("velocity", "u1")]
HATS, SNARES = (42, 44), (38, 40)


def chords(*at: float) -> np.ndarray:
    rows = [(t, t + 4.0, pitch, 80) for t in at for pitch in (60, 52, 64, 55)]
    return np.array(rows, FIELDS)


@pytest.mark.parametrize("seed", range(8))
def test_a_strummed_chord_passes_over_the_strings_in_order(seed: int) -> None:
    played = strum(np.random.default_rng(seed), chords(1.0))
    by_pitch = played[np.argsort(played["pitch"])]["onset"]
    steps = np.diff(by_pitch)
    assert (steps > 0).all() or (steps < 0).all()
    assert played["onset"].min() == 1.0
    assert np.abs(steps).max() <= 1.2 * STRING_SECONDS[1] + 1e-6


def test_both_directions_occur() -> None:
    strums = [strum(np.random.default_rng(seed), chords(1.0)) for seed in range(20)]
    assert {bool(p["onset"][p["pitch"].argmin()] == 1.0) for p in strums} == {True, False}


def test_the_next_chord_stops_the_strings() -> None:
    played = strum(np.random.default_rng(0), chords(1.0, 1.5))
    early = played[played["onset"] < 1.3]
    assert (early["offset"] <= 1.5).all()
    assert (played["offset"] > played["onset"]).all()


def test_a_melody_keeps_its_onsets_and_nothing_is_lost() -> None:
    melody = np.array([(t, t + 0.2, 60 + i, 70) for i, t in enumerate((0.0, 0.3, 0.6))], FIELDS)
    played = strum(np.random.default_rng(0), melody)
    assert np.array_equal(played["onset"], melody["onset"])
    assert np.array_equal(played["pitch"], melody["pitch"])


def test_what_was_written_stays_as_it_was() -> None:
    written = chords(1.0)
    before = written.copy()
    strum(np.random.default_rng(0), written)
    join_percussion(np.random.default_rng(0), written)
    keys = np.array([36, 38, 42])
    take_other_drums(np.random.default_rng(0), keys)
    assert np.array_equal(written, before)
    assert keys.tolist() == [36, 38, 42]


def test_now_and_then_hats_are_another_cymbal_and_snares_other_drums() -> None:
    written = np.array([36, 42, 38, 42, 40, 44, 38, 42])
    hats, snares = set(), 0
    for seed in range(200):
        played = take_other_drums(np.random.default_rng(seed), written)
        assert (played[written == 36] == 36).all()
        struck = set(played[np.isin(written, HATS)].tolist())
        assert len(struck) == 1 or struck == set(HATS)
        hats |= struck
        snares += not np.isin(played[np.isin(written, SNARES)], SNARES).any()
    assert len(hats) > 4
    assert 20 < snares < 90


def test_who_joins_in_strikes_with_the_drummer() -> None:
    beat = [(t / 2, t / 2 + 0.1, key, 80) for t, key in enumerate((36, 42, 38, 42) * 6)]
    written = np.array(beat, FIELDS)
    joined = set()
    for seed in range(200):
        played = join_percussion(np.random.default_rng(seed), written)
        assert (np.diff(played["onset"]) >= 0).all()
        along = played[~np.isin(played["pitch"], written["pitch"])]
        assert len(played) == len(written) + len(along)
        assert len(set(along["pitch"])) <= 4
        nearest = np.abs(along["onset"][:, None] - written["onset"]).min(axis=1)
        assert (nearest < 6 * DOUBLED_SECONDS).all()
        assert ((along["velocity"] >= 1) & (along["velocity"] <= 127)).all()
        joined |= set(along["pitch"].tolist()) or {0}
    assert joined == {0, 39, 49, 54, 57, *range(60, 65), 69, 70, 80, 81, 82}
