"""The network that hears beats and bars: its features, its arithmetic, what it was trained on."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
import torch

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, arrange, convolutions, find_grid, write_musicxml
from scorelane.score import pulse as inference
from scorelane.score.grid_midi import write_grid_midi
from scorelane.score.metre import find_metre
from scorelane.score.pulse import note_columns
from scorelane.train.convolutions import load, save
from scorelane.train.pulse import PulseNetwork, example, main
from scorelane.train.pulse_data import Piece, read_pieces
from scorelane.train.pulse_guess import guess_pieces
from scorelane.train.pulse_play import perform

WALTZ = Metre(3, 4)


def waltz(bars: int) -> list[Note]:
    """A bass note and two chords to each bar of 1.5 s, and a melody of dotted halves."""
    notes = []
    for bar in range(bars):
        start, root = 0.5 + 1.5 * bar, (36, 41, 43, 36)[bar % 4]
        notes.append(Note(start, start + 0.5, root, 0))
        notes.append(Note(start, start + 1.4, 72, 0))
        for beat in (1, 2):
            at = start + 0.5 * beat
            notes += [Note(at, at + 0.3, root + 12 + step, 0) for step in (4, 7)]
    return notes


def test_an_onset_is_shared_by_the_frames_around_it() -> None:
    features = np.expm1(inference.frame_features(np.array([[0.41, 0.2, 60.0, 0.0]])))
    frame = int(0.41 / inference.FRAME)
    band = (60 - 24) // 8
    assert features[frame : frame + 2, band] == pytest.approx([0.75, 0.25], abs=1e-3)
    assert features[:, band].sum() == pytest.approx(1.0, abs=1e-3)


def test_frames_are_heard_two_by_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    network = PulseNetwork().eval()
    save(network, tmp_path / "pulse.npz")
    load(network, tmp_path / "pulse.npz")
    monkeypatch.setattr("scorelane.score.convolutions.resources.files", lambda _: tmp_path)
    columns = note_columns(waltz(5), -inference.FRAME)
    features = inference.frame_features(columns)
    assert len(features) % 2 == 1
    convolutions.weights_of.cache_clear()
    try:
        heard = inference.listen(columns)
    finally:
        convolutions.weights_of.cache_clear()
    with torch.no_grad():
        padded = torch.tensor(np.pad(features, ((0, 1), (0, 0))))
        expected = network(padded[None])[0].numpy()
    assert heard == pytest.approx(expected, abs=1e-4)


def test_bars_are_heard_where_they_begin() -> None:
    pulse = inference.hear_pulse(waltz(16))
    bars = 0.5 + 1.5 * np.arange(1, 15)
    on_bar = pulse.at(pulse.bar, bars)
    others = np.concatenate([pulse.at(pulse.bar, bars + 0.5), pulse.at(pulse.bar, bars + 1.0)])
    assert np.median(on_bar) > np.median(others) + 2.0
    assert np.median(pulse.at(pulse.beat, bars + 0.25)) < np.median(pulse.at(pulse.beat, bars))


@pytest.mark.parametrize(("halfway", "metre"), [(1.5, "4/4"), (4.0, "2/4")])
def test_the_half_of_a_bar_begins_one_only_when_it_is_heard_clearly(
    halfway: float, metre: str
) -> None:
    beats = np.arange(0.0, 20.0, 0.5)
    frames = np.arange(int(beats[-1] / inference.FRAME) + 30)
    near = [abs(frames * inference.FRAME - at) < inference.FRAME for at in beats]
    bar = np.full(len(frames), -6.0)
    for number, where in enumerate(near):
        bar[where] = (4.0, -6.0, halfway, -6.0)[number % 4]
    beat = np.where(np.any(near, axis=0), 6.0, -6.0)
    heard = inference.Pulse(0.0, beat, bar, -6.0)
    assert find_metre(beats, beats, heard) == (Metre.parse(metre), 0)


def test_a_pickup_is_found() -> None:
    notes = [Note(0.0, 0.45, 67, 0), *waltz(12)]
    grid = find_grid([Played("", 0, False, notes)])
    assert (str(grid.metre), grid.pickup) == ("3/4", 1)


def test_scores_are_read_with_their_bars(tmp_path: Path) -> None:
    notes = [Note(0.0, 0.45, 67, 0), *waltz(12)]
    score = arrange([Played("", 0, False, notes)], Grid(0.5 * np.arange(40), WALTZ, 1))
    write_musicxml(score, tmp_path / "a.musicxml")
    (piece,) = read_pieces(tmp_path / "a.musicxml")
    assert piece.metre == WALTZ and len(piece.notes) == len(notes)
    assert list(piece.bars[:3]) == [1.0, 4.0, 7.0]
    assert {int(hand) for hand in piece.notes[:, 5]} == {1, 2}
    write_grid_midi(score, tmp_path / "a.mid")
    assert all(one.metre == WALTZ for one in read_pieces(tmp_path / "a.mid"))


def test_bars_of_files_that_tell_none_are_guessed(tmp_path: Path) -> None:
    notes = [Note(0.0, 0.45, 67, 0), *waltz(40)]
    score = arrange([Played("", 0, False, notes)], Grid(0.5 * np.arange(124), WALTZ, 1))
    write_grid_midi(score, tmp_path / "a.mid")
    midi = mido.MidiFile(tmp_path / "a.mid")
    for track in midi.tracks:
        track[:] = [message for message in track if message.type != "time_signature"]
    midi.save(tmp_path / "a.mid")
    (piece,) = guess_pieces(tmp_path / "a.mid")
    assert piece.metre == WALTZ and list(piece.bars[:3]) == [1.0, 4.0, 7.0]
    # Nothing tells the bars of one note again and again.
    track[:] = [
        mido.Message(kind, note=60, time=480 * (kind == "note_off"))
        for _ in range(200)
        for kind in ("note_on", "note_off")
    ]
    midi.tracks = [track]
    midi.save(tmp_path / "b.mid")
    assert guess_pieces(tmp_path / "b.mid") == []


def test_where_the_metre_changes_the_stretches_that_are_clear_are_guessed(tmp_path: Path) -> None:
    beats = 0.5 * np.arange(400)
    pairs = []  # a march of as many bars: bass and chord, bass and chord
    for bar in range(40):
        start, root = 61.0 + 2.0 * bar, (36, 41, 43, 36)[bar % 4]
        pairs += [Note(start, start + 0.5, root, 0), Note(start, start + 1.9, 72, 0)]
        pairs += [Note(start + 1.0, start + 1.5, root - 5 + 12 * (root < 40), 0)]
        for late in (0.5, 1.5):
            at = start + late
            pairs += [Note(at, at + 0.3, root + 12 + step, 0) for step in (4, 7)]
    score = arrange([Played("", 0, False, [*waltz(40), *pairs])], Grid(beats, Metre(4, 4)))
    write_grid_midi(score, tmp_path / "a.mid")
    pieces = guess_pieces(tmp_path / "a.mid")
    assert [str(piece.metre) for piece in pieces] == ["3/4", "4/4"]
    assert {bar % 3 for bar in pieces[0].bars} == {1.0}
    assert {(bar - 122) % 4 for bar in pieces[1].bars} == {0.0}
    assert pieces[0].notes[-1, 0] < 125 and pieces[1].notes[0, 0] > 115


def test_a_performance_keeps_notes_by_their_beats() -> None:
    quarters = np.arange(48.0)
    rows = [(q, 1.0, 48.0 + 12 * (q % 3 == 0), 0.0, 0.0, 0.0) for q in quarters]
    piece = Piece("a", np.array(rows), np.arange(0.0, 48.0, 3.0), WALTZ, 100.0)
    for seed in range(5):
        heard = perform(piece, np.random.default_rng(seed), 20.0)
        near = np.abs(heard.columns[:, :1] - heard.beats).min(axis=1)
        # The left hand may come early, by as much as the notes of a chord are scattered by.
        assert near.max() < 0.12
        features, targets = example(heard, False)
        assert features.shape[1] == inference.FEATURES
        assert targets[:, 1].sum() < targets[:, 0].sum() * 0.5


def test_singers_are_missing_more_often_than_who_accompanies_them() -> None:
    singer, pianist = 84.0, 36.0
    rows = [(float(quarter), 1.0, singer, 0.0, 0.0, 0.0) for quarter in range(60)]
    rows += [(eighth / 2, 0.5, pianist, 0.0, 1.0, 0.0) for eighth in range(120)]
    song = Piece("a song", np.array(sorted(rows)), np.arange(0.0, 60.0, 4.0), Metre(4, 4), 96.0)
    heard = [perform(song, np.random.default_rng(seed), 12.0).columns[:, 2] for seed in range(80)]
    singers = [bool((pitches > 60).any()) for pitches in heard]
    pianists = [bool((pitches < 60).any()) for pitches in heard]
    assert 0.35 < singers.count(False) / 80 < 0.65
    assert pianists.count(False) / 80 < 0.15


def test_training_writes_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    score = arrange([Played("", 0, False, waltz(12))], Grid(0.5 + 0.5 * np.arange(40), WALTZ))
    for name in ("one", "two", "held"):
        write_musicxml(score, tmp_path / f"{name}.musicxml")
    held = tmp_path / "hold-out"
    held.write_text("held.\n")
    out = tmp_path / "pulse.npz"
    main([f"{tmp_path}=1", "--out", str(out), "--hold-out", str(held), "--steps", "1"])
    assert "2 pieces" in capsys.readouterr().out
    first = np.load(out)["first.inner.weight"]
    assert first.dtype == np.float16
    # Training goes on from what there is: after one step, little has changed.
    later = tmp_path / "later.npz"
    again = [f"{tmp_path}=1", "--from", str(out), "--out", str(later), "--steps", "1"]
    main([*again, "--hold-out", str(held)])
    assert np.abs(np.load(later)["first.inner.weight"] - first).max() < 0.01
