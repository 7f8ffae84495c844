"""Bars that are heard beat by beat: features, what is heard, and how that is learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, arrange, convolutions, find_grid, write_musicxml
from scorelane.score.barlines import HeardBeats, hear_beats, share_right
from scorelane.score.beat_features import (
    COUNTS,
    FEATURES,
    PARTS,
    READING_FEATURES,
    beat_features,
    reading_features,
)
from scorelane.score.metre import find_metre
from scorelane.score.pulse import FRAME, Pulse, note_columns
from scorelane.train.barlines import BEATS, BarNetwork, example, main
from scorelane.train.convolutions import load, save
from scorelane.train.pulse_data import Piece
from scorelane.train.pulse_play import as_transcribed

WALTZ = Metre(3, 4)


def waltz(bars: int, beats: np.ndarray) -> list[Note]:
    """A bass note and two chords to each bar of three ``beats``, and a melody of dotted halves."""
    notes = []
    for bar in range(bars):
        first, second, third, end = beats[3 * bar : 3 * bar + 4]
        root = (36, 41, 43, 36)[bar % 4]
        notes += [Note(first, second, root, 0), Note(first, end, 72, 0)]
        for at in (second, third):
            notes += [Note(at, at + 0.3, root + 12 + step, 0) for step in (4, 7)]
    return notes


def uneven(count: int, seed: int) -> np.ndarray:
    """Beats of 0.3 to 0.9 seconds."""
    return np.cumsum(np.random.default_rng(seed).uniform(0.3, 0.9, count))


@given(st.integers(0, 10_000))
def test_features_are_those_of_the_beats_at_any_tempo(seed: int) -> None:
    rng = np.random.default_rng(seed)
    onset = rng.uniform(0.0, 15.0, 30)
    rows = np.stack((onset, rng.uniform(0.05, 3.0, 30), rng.integers(30, 90, 30), rng.random(30)))
    columns = rows.T.copy()
    columns[:, 3] = columns[:, 3] < 0.2
    beats = np.arange(0.0, 17.0)
    played = columns.copy()
    uneven_beats = uneven(40, seed)
    begin = np.interp(columns[:, 0], np.arange(40.0), uneven_beats)
    end = np.interp(columns[:, 0] + columns[:, 1], np.arange(40.0), uneven_beats)
    played[:, 0], played[:, 1] = begin, end - begin
    even = beat_features(columns, beats)
    free = beat_features(played, uneven_beats[:17])
    # What ends with the last beat or after it lasts as long as is seen.
    assert free[:, :-1] == pytest.approx(even[:, :-1], abs=2e-3)


def test_a_note_is_seen_in_its_part_of_the_beat_and_goes_on() -> None:
    columns = note_columns([Note(1.26, 3.5, 64, 0), Note(0.0, 0.2, 42, 0, True)])
    features = beat_features(columns, np.arange(6.0))
    parts = np.expm1(features[:, : PARTS * 35].reshape(5, PARTS, 35))
    assert parts[1, 1, 0] == pytest.approx(1.0)
    assert parts[..., 0].sum() == pytest.approx(1.0)
    assert list(np.flatnonzero(features[:, -13:-1].sum(axis=1))) == [2, 3]
    assert parts[0, 0, 27:].sum() == pytest.approx(1.0)


def test_numpy_computes_what_the_network_was_trained_as(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(3)
    network = BarNetwork().eval()
    save(network, tmp_path / "barlines.npz")
    load(network, tmp_path / "barlines.npz")
    monkeypatch.setattr("scorelane.score.convolutions.resources.files", lambda _: tmp_path)
    features = np.random.default_rng(0).random((77, FEATURES), np.float32)
    convolutions.weights_of.cache_clear()
    try:
        heard = convolutions.listen("barlines.npz", features)
    finally:
        convolutions.weights_of.cache_clear()
    with torch.no_grad():
        expected = network(torch.tensor(features)[None])[0].numpy()
    assert heard == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_bars_are_heard_however_the_tempo_wavers(seed: int) -> None:
    beats = uneven(50, seed)
    odds = hear_beats(note_columns(waltz(16, beats)), beats).begins[3:45]
    assert np.median(odds[::3]) > 1.0
    assert max(np.median(odds[1::3]), np.median(odds[2::3])) < -1.0


@pytest.mark.parametrize("seed", range(3))
def test_beats_that_are_none_do_not_fit(seed: int) -> None:
    beats = uneven(50, seed)
    columns = note_columns(waltz(16, beats))
    others = np.interp(np.arange(0.0, 48.0, 1.5), np.arange(50.0), beats)
    right, wrong = (hear_beats(columns, each).fits.mean() for each in (beats, others))
    assert right > wrong + 1.0


@pytest.mark.parametrize("seed", range(3))
def test_bars_that_are_right_are_taken_for_that(seed: int) -> None:
    beats = uneven(50, seed)
    columns = note_columns(waltz(16, beats))
    shares = {
        (count, pickup): share_right(columns, beats, Metre(count, 4), pickup)
        for count in COUNTS
        for pickup in range(count)
    }
    assert max(shares, key=lambda one: shares[one]) == (3, 0)
    others = np.interp(np.arange(0.0, 48.0, 1.5), np.arange(50.0), beats)
    assert shares[3, 0] > 0.2 + share_right(columns, others, Metre(4, 4), 0)


def test_onsets_of_a_reading_are_seen_at_their_places() -> None:
    notes = [Note(at, at + 0.1, 60, 0) for at in (0.0, 1.5, 2.0 + 1 / 3, 3.25 + 1 / 48)]
    features = reading_features(note_columns(notes), np.arange(6.0), Metre(6, 8), 1)
    places = np.expm1(features[:, FEATURES : FEATURES + 24])
    seen = {(int(b), int(p)): places[b, p] for b, p in np.argwhere(places > 1e-3)}
    assert seen == pytest.approx({(0, 3): 1, (1, 15): 1, (2, 11): 1, (3, 9): 0.5, (3, 10): 0.5})
    lines, counts, compound = features[:, -5], features[:, -4:-1], features[:, -1]
    assert list(lines) == [0, 1, 0, 1, 0]
    assert (counts == [1, 0, 0]).all() and compound.all()
    untold = reading_features(note_columns(notes), np.arange(6.0))
    assert untold.shape == (5, READING_FEATURES) and not untold[:, -5:].any()
    assert (untold[:, :-5] == features[:, :-5]).all()


def test_metre_and_bars_of_given_beats_are_heard_beat_by_beat() -> None:
    beats = uneven(50, 1)
    notes = [Note(beats[0], beats[1], 67, 0), *waltz(15, beats[1:])]
    onsets = np.unique([note.onset for note in notes])
    nothing = np.zeros(round(beats[-1] / FRAME))
    deaf = Pulse(0.0, nothing, nothing, -6.0)
    assert find_metre(beats, onsets, deaf, notes=notes) == (WALTZ, 1)


def test_a_half_bar_that_the_frames_take_for_a_bar_is_put_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    beats = 0.5 + 0.5 * np.arange(60)
    notes = [Note(at, at + 0.45, 60 + number % 4, 0) for number, at in enumerate(beats)]
    first = find_grid([Played("", 0, False, notes)], metre=Metre(4, 4))

    def two_later(_: np.ndarray, heard_beats: np.ndarray) -> HeardBeats:
        number = np.round((heard_beats[:-1] - first.times[first.pickup]) / 0.5)
        return HeardBeats(np.where(number % 4 == 2, 3.0, -3.0), np.zeros(len(number)))

    monkeypatch.setattr("scorelane.score.beats.hear_beats", two_later)
    second = find_grid([Played("", 0, False, notes)], metre=Metre(4, 4))
    bars = [grid.times[grid.pickup :: 4] for grid in (first, second)]
    assert (bars[1][0] - bars[0][0]) % 2.0 == pytest.approx(1.0, abs=0.05)


def test_what_is_transcribed_is_missed_or_a_partial() -> None:
    notes = note_columns([Note(0.1 * i, 0.1 * i + 0.2, 40 + i % 30, 0) for i in range(200)])
    rng = np.random.default_rng(0)
    counts = set()
    for _ in range(20):
        heard = as_transcribed(notes, rng)
        counts.add(len(heard))
        for onset, _, pitch, _ in heard:
            (own,) = notes[np.isclose(notes[:, 0], onset), 2]
            assert pitch - own in (0, 12, -12, 19, 7)
    assert min(counts) < 200 < max(counts)


def test_examples_say_where_bars_begin_at_any_level() -> None:
    quarters = np.arange(0.0, 96.0, 0.5)
    rows = [(q, 0.5, 48.0 + 12 * (q % 4 == 0), 0.0, 0.0, 0.0) for q in quarters]
    piece = Piece("a", np.array(rows), np.arange(0.0, 96.0, 4.0), Metre(4, 4), 100.0)
    between = set()
    for seed in range(30):
        features, targets = example(piece, np.random.default_rng(seed))
        assert features.shape == (BEATS, FEATURES)
        begins = np.flatnonzero(targets[:, 0])
        between |= set(np.diff(begins))
        assert targets[begins, 1].all()
    assert between == {2, 4, 8}


def test_training_writes_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = Played("", 0, False, waltz(12, 0.5 + 0.5 * np.arange(40)))
    score = arrange([part], Grid(0.5 + 0.5 * np.arange(40), WALTZ))
    for name in ("one", "two"):
        write_musicxml(score, tmp_path / f"{name}.musicxml")
    out = tmp_path / "barlines.npz"
    main([f"{tmp_path}=1", "--out", str(out), "--steps", "1"])
    assert "to train on" in capsys.readouterr().out
    assert np.load(out)["first.inner.weight"].shape == (64, 3 * FEATURES)
