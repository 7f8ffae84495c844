"""Beats that a search finds: what is learned from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, arrange, write_musicxml
from scorelane.score.beat_features import COUNTS, FEATURES, READING_FEATURES
from scorelane.score.pulse import note_columns
from scorelane.train import readings
from scorelane.train.found_beats import (
    BEATS,
    Found,
    Searches,
    example,
    found,
    main,
    played,
    search,
)
from scorelane.train.pulse_data import Piece
from scorelane.train.pulse_play import Heard

TRUE = 0.5 * np.arange(60)


def march() -> Piece:
    """Forty bars of 4/4: a bass note on one and three, chords between."""
    rows = []
    for quarter in range(160):
        pitches = (40.0,) if quarter % 2 == 0 else (60.0, 64.0, 67.0)
        length = 4.0 if quarter % 4 == 0 else 0.9
        rows += [(float(quarter), length, pitch, 0.0, 0.0, 0.0) for pitch in pitches]
    return Piece("march", np.array(rows), np.arange(0.0, 160.0, 4.0), Metre(4, 4), 100.0)


@pytest.mark.parametrize(
    ("beats", "share"),
    [
        (TRUE, 1.0),
        (TRUE + 0.05, 1.0),
        (TRUE[:-1] + 0.25, 0.0),
        (np.arange(0.0, 29.0, 0.25), 0.0),
        (TRUE[::2], 0.0),
        (np.arange(0.0, 29.0, 0.75), 0.0),
        (np.concatenate((TRUE[:30], TRUE[30:-1] + 0.25)), 29 / 58),
    ],
)
def test_beats_are_right_that_are_those_of_the_score(beats: np.ndarray, share: float) -> None:
    heard = Heard(note_columns([Note(1.0, 2.0, 60, 0)]), TRUE, TRUE[::4])
    features, targets = example(Found(heard.columns, beats, heard), np.random.default_rng(0))
    assert features.shape == (BEATS, FEATURES) and targets.shape == (BEATS, 3)
    assert targets[:, 2].sum() == len(beats) - 1
    assert targets[:, 1].sum() / (len(beats) - 1) == pytest.approx(share, abs=0.02)


def test_what_is_played_has_right_beats_and_others() -> None:
    shares = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        _, targets = example(played(march(), rng), rng)
        shares.append(targets[:, 1].sum() / targets[:, 2].sum())
    assert min(shares) == 0.0 and max(shares) == 1.0
    assert any(0.1 < share < 0.9 for share in shares)


def test_readings_of_a_search_are_kept_and_drawn() -> None:
    rng = np.random.default_rng(0)
    one = search(march(), rng)
    assert len({str(reading.choice.metre) for reading in one.readings}) == 6
    right = [example(found(one, rng), rng)[1][:, 1].sum() for _ in range(30)]
    assert max(right) > 10 and min(right) < max(right)
    searches = Searches(example)
    examples = [searches(march(), rng) for _ in range(12)]
    assert len(searches.kept) == 1
    assert all(features.shape == (BEATS, FEATURES) for features, _ in examples)


def test_readings_are_told_with_their_bars_or_with_others_or_none() -> None:
    rng = np.random.default_rng(0)
    one = search(march(), rng)
    reading = found(one, rng)
    assert reading.bars is not None
    metre, pickup = reading.bars
    lines = [np.flatnonzero(readings.example(reading, rng)[0][:, -5]) for _ in range(30)]
    begins = np.arange(pickup, len(reading.beats) - 1, metre.beats)
    assert {len(each) for each in lines} == {0, len(begins)}
    assert all((each == begins).all() for each in lines if len(each))
    told = set()
    for seed in range(40):
        features, targets = readings.example(played(march(), rng), np.random.default_rng(seed))
        assert features.shape == (BEATS, READING_FEATURES) and targets.shape == (BEATS, 3)
        made_up = np.flatnonzero(features[:, -5])
        told.add(int(np.diff(made_up).max()) if len(made_up) > 1 else 0)
    assert told == {0, *COUNTS}


@pytest.mark.parametrize(
    ("main", "features"), [(main, FEATURES), (readings.main, READING_FEATURES)]
)
def test_training_writes_weights(
    main: Callable[[list[str]], None],
    features: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notes = [
        Note(0.5 + 0.5 * i, 0.9 + 0.5 * i, 48 + 12 * (i % 3 > 0) + step, 0)
        for i in range(36)
        for step in (0, 4)
    ]
    score = arrange([Played("", 0, False, notes)], Grid(0.5 + 0.5 * np.arange(40), Metre(3, 4)))
    for name in ("one", "two"):
        write_musicxml(score, tmp_path / f"{name}.musicxml")
    out = tmp_path / "weights.npz"
    main([f"{tmp_path}=1", "--out", str(out), "--steps", "1"])
    assert "to train on" in capsys.readouterr().out
    assert np.load(out)["last.inner.weight"].shape == (2, 96)
    assert np.load(out)["first.inner.weight"].shape == (96, 3 * features)
