"""Clips are found in folders, scored, and reported by clip, group and overall."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import mido
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from scorelane.cli.app import app
from scorelane.errors import NotesError, UsageError
from scorelane.evaluate import report
from scorelane.evaluate.clips import Clip, find_clips, read_notes
from scorelane.evaluate.run import ClipResult, Estimate, evaluate_clips
from scorelane.notes import Note, write_csv
from stub_engine import StubEngine

PIANO = [Note(float(i), i + 0.9, 60 + i, 0) for i in range(4)]
DRUMS = [Note(i / 2, i / 2 + 0.1, 36, 0, True) for i in range(4)]


def make_clip(folder: Path, notes: list[Note], audio: str = "audio.flac") -> Path:
    folder.mkdir(parents=True)
    (folder / audio).write_bytes(b"")
    write_csv(notes, folder / "notes.csv")
    return folder


@pytest.fixture
def clip_folder(tmp_path: Path) -> Path:
    make_clip(tmp_path / "set" / "duo_1", PIANO)
    make_clip(tmp_path / "set" / "duo_2", PIANO, audio="audio.mp3")
    make_clip(tmp_path / "set" / "kit_1", DRUMS)
    (tmp_path / "set" / "README.md").write_text("clips")
    return tmp_path / "set"


def test_clips_are_found_below_a_folder(clip_folder: Path) -> None:
    clips = find_clips([clip_folder])
    assert [clip.name for clip in clips] == ["duo_1", "duo_2", "kit_1"]
    assert [clip.group for clip in clips] == ["duo", "duo", "kit"]
    assert [clip.audio and clip.audio.name for clip in clips] == [
        "audio.flac",
        "audio.mp3",
        "audio.flac",
    ]
    assert find_clips([clip_folder / "kit_1"]) == clips[2:]
    assert find_clips([clip_folder / "kit_1" / "notes.csv"])[0].audio == clips[2].audio


def test_audio_with_notes_beside_it_is_a_clip(tmp_path: Path) -> None:
    song, notes = tmp_path / "song.wav", tmp_path / "song.csv"
    song.write_bytes(b"")
    (tmp_path / "untold.wav").write_bytes(b"")
    write_csv(PIANO, notes)
    expected = [Clip("song", song, notes)]
    assert find_clips([song]) == find_clips([tmp_path]) == find_clips([notes]) == expected


def test_what_is_no_clip_is_named(tmp_path: Path, clip_folder: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"empty holds no clip"):
        find_clips([tmp_path / "empty"])
    with pytest.raises(UsageError, match="Two clips are called kit_1"):
        find_clips([clip_folder, clip_folder / "kit_1"])
    (tmp_path / "song.txt").write_text("la")
    with pytest.raises(UsageError, match=r"song\.txt is not a file of notes"):
        read_notes(tmp_path / "song.txt")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(NotesError, match=r"bad\.csv"):
        read_notes(tmp_path / "bad.csv")


def test_notes_are_read_from_midi(tmp_path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=500)
    track = file.add_track("violin")
    track.append(mido.Message("program_change", program=40))
    track.append(mido.Message("note_on", note=69, velocity=80, time=500))
    track.append(mido.Message("note_off", note=69, time=1000))
    file.save(tmp_path / "song.mid")
    (note,) = read_notes(tmp_path / "song.mid")
    assert (note.onset, note.offset) == pytest.approx((0.5, 1.5))
    assert (note.pitch, note.program, note.velocity) == (69, 40, 80)


def results(clip_folder: Path) -> list[ClipResult]:
    found = {"duo_1": PIANO, "duo_2": PIANO[:2], "kit_1": [*DRUMS, *PIANO]}
    return list(
        evaluate_clips(find_clips([clip_folder]), lambda clip: Estimate(found[clip.name], 4.0))
    )


def test_groups_and_all_are_means_over_clips(clip_folder: Path) -> None:
    lines = {(line.kind, line.name): line for line in report.rows(results(clip_folder))}
    assert [kind for kind, _ in lines] == ["clip"] * 3 + ["group"] * 2 + ["overall"]
    second = 2 * 1.0 * 0.5 / (1.0 + 0.5)
    assert lines["clip", "duo_2"].values["onset"] == pytest.approx(second)
    assert lines["group", "duo"].values["onset"] == pytest.approx((1 + second) / 2)
    # The drum clip has no pitched score, so it does not count in the pitched mean.
    assert lines["group", "kit"].values["onset"] is None
    assert lines["group", "kit"].values["drum_key"] == 1
    assert lines["overall", "all clips"].values["onset"] == pytest.approx((1 + second) / 2)
    assert lines["overall", "all clips"].reference_notes == 12


def printed(found: list[ClipResult], width: int) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(report.table(found, 0.05, width))
    return console.export_text()


def test_table_leaves_out_columns_without_values(clip_folder: Path) -> None:
    found = results(clip_folder)
    everything = printed(found, report.FULL_WIDTH)
    for word in ("onset", "frame", "drums", "duo_1", "duo (2)", "all clips (3)", "1.00", "0.83"):
        assert word in everything
    duos = printed([r for r in found if r.group == "duo"], report.FULL_WIDTH)
    assert "drums" not in duos and "duo (2)" not in duos and "all clips (2)" in duos
    assert "all clips" not in printed(found[:1], report.FULL_WIDTH)


def test_table_fits_a_narrow_terminal(clip_folder: Path) -> None:
    narrow = printed(results(clip_folder), 80)
    assert "frame" not in narrow
    assert "all clips (3)" in narrow and "0.83" in narrow


def test_json_and_csv_hold_the_scores(clip_folder: Path, tmp_path: Path) -> None:
    found = results(clip_folder)
    report.write_json(found, tmp_path / "scores.json", 0.05, {"model": "m"})
    document = json.loads((tmp_path / "scores.json").read_text())
    assert document["model"] == "m"
    assert document["clips"][1]["scores"]["onset"]["recall"] == 0.5
    assert document["groups"]["kit"]["onset"] is None
    assert document["overall"]["clips"] == 3
    report.write_csv(found, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open() as file:
        table = list(csv.DictReader(file))
    assert len(table) == 6
    assert table[1]["onset"] == "0.6667"
    assert table[2]["onset"] == ""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", *(str(argument) for argument in arguments)])


def test_command_scores_notes_made_by_anything(clip_folder: Path, tmp_path: Path) -> None:
    estimates = tmp_path / "estimates"
    estimates.mkdir()
    for name, notes in {"duo_1": PIANO, "duo_2": PIANO[:2], "kit_1": DRUMS[:2]}.items():
        write_csv(notes, estimates / f"{name}.csv")
    result = run(clip_folder, "--estimates", estimates, "--json", tmp_path / "scores.json")
    assert result.exit_code == 0, result.output
    assert "all clips (3)" in result.output
    assert "0.83" in result.output  # the mean of 1 and 2/3
    assert json.loads((tmp_path / "scores.json").read_text())["overall"]["onset"] == 0.8333


def test_command_compares_two_files_of_notes(clip_folder: Path, tmp_path: Path) -> None:
    write_csv(PIANO[:2], tmp_path / "mine.csv")
    result = run(clip_folder / "duo_1" / "notes.csv", "--estimates", tmp_path / "mine.csv")
    assert result.exit_code == 0, result.output
    assert "0.67" in result.output


def test_command_names_the_clip_without_estimate(clip_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "estimates").mkdir()
    result = run(clip_folder, "--estimates", tmp_path / "estimates")
    assert (result.exit_code, "no notes for duo_1" in result.stderr) == (2, True)
    write_csv(PIANO, tmp_path / "one.csv")
    result = run(clip_folder, "--estimates", tmp_path / "one.csv")
    assert (result.exit_code, "3 clips" in result.stderr) == (2, True)


def test_command_transcribes_scores_and_saves(
    engine: StubEngine, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    song = make_wav("solo_1/audio.wav", seconds=4.0)
    heard = [Note(float(i), i + 0.5, 60 + i, 0, velocity=90) for i in range(4)]
    write_csv([*heard, Note(3.5, 3.9, 72, 0)], song.with_name("notes.csv"))
    found = tmp_path / "found"
    options = ("--save", found, "--csv", tmp_path / "scores.csv", "--sensitivity", "1")
    result = run(song.parent, *options)
    assert result.exit_code == 0, result.output
    assert re.search(r"4 s of sound in \d", result.output)
    assert sorted(path.name for path in found.iterdir()) == [
        "solo_1.csv",
        "solo_1.mid",
        "solo_1.png",
    ]
    with (tmp_path / "scores.csv").open() as file:
        clip = next(csv.DictReader(file))
    assert float(clip["onset"]) == pytest.approx(8 / 9, abs=1e-4)  # 4 found, 5 true
    assert float(clip["multi_full"]) == pytest.approx(8 / 13, abs=1e-4)  # 4 stray drum hits
    assert float(clip["right_class"]) == pytest.approx(0.5)


def test_command_masks_instruments(
    engine: StubEngine, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    song = make_wav("solo_1/audio.wav", seconds=2.0)
    write_csv([Note(0.0, 0.5, 60, 0)], song.with_name("notes.csv"))
    run(song.parent, "--instruments", "piano", "--json", tmp_path / "scores.json")
    document = json.loads((tmp_path / "scores.json").read_text())
    assert document["clips"][0]["scores"]["right_class"] == 1
    assert document["model"] == "stub 1"
