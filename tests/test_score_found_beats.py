"""Beats that a search finds: what is learned from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, arrange, write_musicxml
from scorelane.score.barlines import FEATURES
from scorelane.score.pulse import note_columns
from scorelane.train.found_beats import BEATS, Searches, example, found, main, played, search
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
    features, targets = example(heard.columns, beats, heard)
    assert features.shape == (BEATS, FEATURES) and targets.shape == (BEATS, 3)
    assert targets[:, 2].sum() == len(beats) - 1
    assert targets[:, 1].sum() / (len(beats) - 1) == pytest.approx(share, abs=0.02)


def test_what_is_played_has_right_beats_and_others() -> None:
    shares = []
    for seed in range(40):
        _, targets = played(march(), np.random.default_rng(seed))
        shares.append(targets[:, 1].sum() / targets[:, 2].sum())
    assert min(shares) == 0.0 and max(shares) == 1.0
    assert any(0.1 < share < 0.9 for share in shares)


def test_readings_of_a_search_are_kept_and_drawn() -> None:
    rng = np.random.default_rng(0)
    one = search(march(), rng)
    assert len({str(reading.choice.metre) for reading in one.readings}) == 6
    right = [found(one, rng)[1][:, 1].sum() for _ in range(30)]
    assert max(right) > 10 and min(right) < max(right)
    searches = Searches()
    examples = [searches(march(), rng) for _ in range(12)]
    assert len(searches.kept) == 1
    assert all(features.shape == (BEATS, FEATURES) for features, _ in examples)


def test_training_writes_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes = [
        Note(0.5 + 0.5 * i, 0.9 + 0.5 * i, 48 + 12 * (i % 3 > 0) + step, 0)
        for i in range(36)
        for step in (0, 4)
    ]
    score = arrange([Played("", 0, False, notes)], Grid(0.5 + 0.5 * np.arange(40), Metre(3, 4)))
    for name in ("one", "two"):
        write_musicxml(score, tmp_path / f"{name}.musicxml")
    out = tmp_path / "found_beats.npz"
    main([f"{tmp_path}=1", "--out", str(out), "--steps", "1"])
    assert "to train on" in capsys.readouterr().out
    assert np.load(out)["last.inner.weight"].shape == (2, 96)
