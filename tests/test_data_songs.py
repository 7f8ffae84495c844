"""Folders of MIDI -> a song set, its splits, and imitating players."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from scorelane.data.humanise import humanise
from scorelane.data.midi_files import NOTE_DTYPE
from scorelane.data.songs import SongSet, Timing, build_songs, judge_timing
from scorelane.errors import UsageError


def write_song(path: Path, pitches: list[int]) -> None:
    midi = mido.MidiFile()
    track = mido.MidiTrack()
    for pitch in pitches:
        track.append(mido.Message("note_on", note=pitch, velocity=90))
        track.append(mido.Message("note_off", note=pitch, time=480))
    midi.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.save(path)


@pytest.fixture
def corpora(tmp_path: Path) -> list[Path]:
    for number in range(20):
        write_song(tmp_path / "alpha" / f"{number:02}.mid", [40 + number, 60])
    write_song(tmp_path / "beta" / "deep" / "only.MID", [70])
    return [tmp_path / "alpha", tmp_path / "beta"]


def test_songs_come_back_with_their_notes_and_corpus(corpora: list[Path], tmp_path: Path) -> None:
    report = build_songs(corpora, tmp_path / "set", processes=1)
    songs = SongSet.open(tmp_path / "set")
    assert report.songs == {"alpha": 20, "beta": 1} and report.rejected == []
    assert songs.corpora == ["alpha", "beta"] and len(songs) == 21
    assert songs.notes(3)["pitch"].tolist() == [43, 60]
    assert songs.notes(20)["pitch"].tolist() == [70]
    assert songs.duration[3] == pytest.approx(1.0)


def test_every_tenth_file_of_a_corpus_is_held_out(corpora: list[Path], tmp_path: Path) -> None:
    build_songs(corpora, tmp_path / "set", processes=1)
    songs = SongSet.open(tmp_path / "set")
    assert [songs.names[i] for i in songs.split("test")] == ["09", "19"]
    assert len(songs.split("train")) == 19
    with pytest.raises(UsageError, match="validation"):
        songs.split("validation")


def test_a_damaged_file_is_reported_and_does_not_move_the_split(
    corpora: list[Path], tmp_path: Path
) -> None:
    (corpora[0] / "04.mid").write_bytes(b"MThd, or is it?")
    report = build_songs(corpora, tmp_path / "set", processes=1)
    songs = SongSet.open(tmp_path / "set")
    assert len(report.rejected) == 1 and "04.mid" in report.rejected[0]
    assert [songs.names[i] for i in songs.split("test")] == ["09", "19"]


def test_a_given_timing_wins_and_a_misspelt_corpus_is_named(
    corpora: list[Path], tmp_path: Path
) -> None:
    build_songs(corpora, tmp_path / "set", timing={"beta": Timing.SCORE}, processes=1)
    assert SongSet.open(tmp_path / "set").song_timing(20) is Timing.SCORE
    with pytest.raises(UsageError, match="gamma"):
        build_songs(corpora, tmp_path / "set", timing={"gamma": Timing.SCORE}, processes=1)


def test_missing_and_empty_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        build_songs([tmp_path / "nowhere"], tmp_path / "set")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="empty"):
        build_songs([tmp_path / "empty"], tmp_path / "set")
    with pytest.raises(UsageError, match="data songs"):
        SongSet.open(tmp_path)


def chords(count: int, *, stems: int = 2, velocity: int = 80) -> NDArray[np.void]:
    """Three-note chords on every half second in each stem."""
    notes = np.zeros(count * 3 * stems, NOTE_DTYPE)
    at = np.arange(len(notes))
    notes["onset"] = at // (3 * stems) * 0.5
    notes["offset"] = notes["onset"] + 0.5
    notes["stem"] = at // 3 % stems
    notes["pitch"] = 48 + 12 * notes["stem"] + 4 * (at % 3)
    notes["velocity"] = velocity
    return notes


def test_timing_is_judged_by_coincidence_velocities_and_drums() -> None:
    score = chords(40)
    varied = score.copy()
    varied["velocity"] = 30 + np.random.default_rng(0).integers(0, 90, len(score))
    band = score.copy()
    band["is_drum"][::5] = True
    played = score.copy()
    played["onset"] += np.random.default_rng(1).uniform(0, 0.02, len(score))
    played.sort(order="onset")
    judged = [judge_timing([song] * 3) for song in (score, varied, band, played)]
    assert judged == [Timing.SCORE, Timing.SEQUENCED, Timing.SEQUENCED, Timing.PERFORMED]


@pytest.mark.parametrize("timing", list(Timing))
def test_a_performance_keeps_the_notes_in_order_and_in_range(timing: Timing) -> None:
    notes = chords(60)
    before = notes.copy()
    played = humanise(notes, np.random.default_rng(3), timing)
    assert (notes == before).all(), "the argument must be left alone"
    assert sorted(played["pitch"]) == sorted(notes["pitch"])
    assert (np.diff(played["onset"]) >= 0).all() and played["onset"][0] >= 0
    assert (played["offset"] > played["onset"]).all()
    assert ((played["velocity"] >= 1) & (played["velocity"] <= 127)).all()
    # A key is never struck while it still sounds.
    for pitch in np.unique(played["pitch"]):
        line = played[played["pitch"] == pitch]
        assert (line["onset"][1:] >= line["offset"][:-1] - 0.006).all()


def test_a_score_is_loosened_more_than_a_sequence() -> None:
    def spread(timing: Timing) -> float:
        widths = []
        for seed in range(20):
            played = humanise(chords(60), np.random.default_rng(seed), timing)
            beat = [played[played["pitch"] == pitch]["onset"] for pitch in (48, 52, 56, 60)]
            widths.append(np.ptp(np.array(beat), axis=0).mean())
        return float(np.mean(widths))

    score, sequence = spread(Timing.SCORE), spread(Timing.SEQUENCED)
    assert 0.005 < score < 0.06
    assert 0.0005 < sequence < score / 2
    assert spread(Timing.PERFORMED) < 1e-4


def test_the_same_seed_gives_the_same_performance() -> None:
    first = humanise(chords(10), np.random.default_rng(5))
    again = humanise(chords(10), np.random.default_rng(5))
    assert (first == again).all()
    assert len(humanise(chords(0), np.random.default_rng(0))) == 0
