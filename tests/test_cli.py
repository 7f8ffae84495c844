from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mido
import pytest
from typer.testing import CliRunner, Result

from scorelane.cli.app import app
from scorelane.midi import write_midi
from scorelane.notes import Note
from stub_engine import StubEngine
from tiny_archive import save_archive

MakeWav = Callable[..., Path]
STUB = Path(__file__).with_name("stub_engine.py")


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_results_land_beside_the_recording(engine: StubEngine, make_wav: MakeWav) -> None:
    song = make_wav("song.wav", seconds=3.0)
    result = run("transcribe", song)
    assert result.exit_code == 0
    assert names(song.parent) == ["song.mid", "song.png", "song.wav"]
    tracks = [track.name for track in mido.MidiFile(song.with_suffix(".mid")).tracks]
    assert tracks == ["song", "Acoustic Grand Piano", "Drums"]


def test_the_table_says_what_was_heard(engine: StubEngine, make_wav: MakeWav) -> None:
    song = make_wav("song.wav", seconds=62.0)
    output = run("transcribe", song, "--sensitivity", "1").stdout
    piano = next(line for line in output.splitlines() if "Piano" in line)
    assert re.split(r"\s{2,}", piano.strip()) == [
        "Acoustic Grand Piano",
        "62",
        "C4-B4",
        "0:00.0",
        "1:01.0",
        "0.17",
    ]
    assert re.search(r"Drums +62 +1 drum +0:00\.3 +1:01\.3 +0\.90", output)
    assert f"{song}: 1:02.0 at" in output
    assert f"wrote {song.with_suffix('.mid')}, {song.with_suffix('.png')}" in output


def test_another_tuning_is_told(engine: StubEngine, make_wav: MakeWav) -> None:
    song = make_wav()
    assert "tuned" not in run("transcribe", song).stdout
    output = run("transcribe", song, "--tuning", "415", "--overwrite").stdout
    assert "A4 is tuned to 415 Hz" in output
    assert run("transcribe", song, "--tuning", "44.1").exit_code == 2


def test_all_formats_into_another_folder(engine: StubEngine, make_wav: MakeWav) -> None:
    song = make_wav()
    out = song.parent / "new" / "deep"
    assert (
        run("transcribe", song, "--to", "mid,PNG", "--to", ".csv,json", "--out", out).exit_code == 0
    )
    assert names(out) == ["song.csv", "song.json", "song.mid", "song.png"]
    assert json.loads((out / "song.json").read_text())["title"] == "song"


def test_existing_files_are_kept(engine: StubEngine, make_wav: MakeWav) -> None:
    song = make_wav()
    song.with_suffix(".png").write_text("mine")
    result = run("transcribe", song)
    assert result.exit_code == 1
    assert f"{song.with_suffix('.png')} exists; replace it with --overwrite." in result.stderr
    assert song.with_suffix(".png").read_text() == "mine"
    assert engine.streams == []
    assert run("transcribe", song, "--overwrite").exit_code == 0
    assert song.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_folders_are_searched_and_mirrored(
    engine: StubEngine, make_wav: MakeWav, tmp_path: Path
) -> None:
    for name in ("album/1.wav", "album/cd2/1.wav", "album/.hidden/2.wav"):
        make_wav(name)
    (tmp_path / "album" / "cover.txt").write_text("x")
    result = run("transcribe", tmp_path / "album", "--out", tmp_path / "out", "--to", "mid")
    assert result.exit_code == 0
    assert names(tmp_path / "out") == ["1.mid", "cd2/1.mid"]
    assert "2 of 2 done" in result.stderr


def test_one_bad_file_does_not_stop_the_rest(
    engine: StubEngine, make_wav: MakeWav, tmp_path: Path
) -> None:
    (tmp_path / "b.wav").write_text("no sound")
    result = run(
        "transcribe", make_wav("a.wav"), tmp_path / "b.wav", tmp_path / "no.wav", make_wav("c.wav")
    )
    assert result.exit_code == 1
    assert names(tmp_path) == ["a.mid", "a.png", "a.wav", "b.wav", "c.mid", "c.png", "c.wav"]
    assert "b.wav is not an audio file" in result.stderr
    assert "no.wav does not exist" in result.stderr
    assert "2 of 4 done, 2 failed" in result.stderr


def test_two_recordings_never_share_a_result(
    engine: StubEngine, make_wav: MakeWav, tmp_path: Path
) -> None:
    first, second = make_wav("song.wav"), make_wav("song.aiff")
    result = run("transcribe", first, second, first)
    assert result.exit_code == 1
    assert f"{second} would write {first.with_suffix('.mid')}, as {first} does" in result.stderr
    assert len(engine.streams) == 1
    other = make_wav("sub/song.wav")
    result = run("transcribe", first, other, "--out", tmp_path / "out")
    assert f"{other} would write" in result.stderr


def test_instruments_reach_the_engine(
    engine: StubEngine, make_wav: MakeWav, tmp_path: Path
) -> None:
    run("transcribe", make_wav(), "--instruments", "drums, violin", "--instruments", "24")
    mask = engine.streams[0].mask
    assert (mask.programs, mask.drums) == ({24, 40}, True)
    tracks = mido.MidiFile(tmp_path / "song.mid").tracks
    assert [track.name for track in tracks[1:]] == ["Drums"]


def test_filters_reach_the_notes(engine: StubEngine, make_wav: MakeWav, tmp_path: Path) -> None:
    song = make_wav(seconds=10.0)
    run("transcribe", song, "--to", "csv", "--min-note-ms", "600", "--overwrite")
    assert "Piano" not in (tmp_path / "song.csv").read_text()
    run("transcribe", song, "--to", "csv", "--sensitivity", "0", "--overwrite")
    assert (tmp_path / "song.csv").read_text().count("Piano") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--to", "mid,xyz"],
            "Unknown format 'xyz'; --to takes mid, png, csv, json and, for scores, musicxml, mxl,"
            " pdf, svg, grid.",
        ),
        (["--to", ","], "No format was named"),
        (["--instruments", "kazoo"], "Unknown instrument 'kazoo'"),
        (["--sensitivity", "1.5"], "--sensitivity"),
        (["--min-note-ms", "-1"], "--min-note-ms"),
        (["--frobnicate"], "--frobnicate"),
    ],
)
def test_wrong_usage_is_status_2(
    engine: StubEngine, make_wav: MakeWav, arguments: list[str], message: str
) -> None:
    song = make_wav()
    result = run("transcribe", song, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert names(song.parent) == ["song.wav"]


def test_no_file_at_all_is_wrong_usage() -> None:
    assert run("transcribe").exit_code == 2


def test_silence_is_no_error(engine: StubEngine, make_wav: MakeWav, tmp_path: Path) -> None:
    result = run("transcribe", make_wav(), "--instruments", "tuba")
    assert result.exit_code == 0
    assert "No notes were heard." in result.stdout
    assert names(tmp_path) == ["song.mid", "song.png", "song.wav"]


def test_help_names_commands_and_shows_examples() -> None:
    assert "transcribe" in run("--help").stdout
    page = run("transcribe", "--help").stdout
    assert "scorelane transcribe song.mp3 --instruments piano,bass,drums" in page
    assert run("--version").stdout.startswith("scorelane 0.")


def test_help_needs_no_torch() -> None:
    program = (
        "import sys; sys.modules['torch'] = None; sys.argv = ['scorelane', '--help'];"
        "from scorelane.cli.app import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0
    assert "transcribe" in done.stdout


def test_info_about_files(make_wav: MakeWav, tmp_path: Path) -> None:
    page = run("info", make_wav(seconds=61.0, rate=8000, channels=2)).stdout
    assert re.search(r"duration +1:01\.0\n", page)
    assert re.search(r"rate +8000 Hz\n", page)
    assert re.search(r"channels +2\n", page)
    write_midi([Note(1, 2, 40, 42), Note(1, 1.1, 36, 0, True)], tmp_path / "a.mid")
    page = run("info", tmp_path / "a.mid").stdout
    assert re.search(r"Cello +1 +E2-E2 +0:01\.0", page)
    missing = run("info", tmp_path / "none.mp3")
    assert (missing.exit_code, "does not exist" in missing.stderr) == (1, True)


def stub_process(delay: float, *arguments: object, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(STUB), str(delay), *map(str, arguments)]
    return subprocess.Popen(command, **options)  # type: ignore[call-overload, no-any-return]


def test_ctrl_c_leaves_no_half_written_file(make_wav: MakeWav, tmp_path: Path) -> None:
    song, out = make_wav(seconds=120.0), tmp_path / "out"
    process = stub_process(
        0.05, "transcribe", song, "--out", out, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    while not out.exists():  # made just before the work begins
        time.sleep(0.05)
        assert process.poll() is None
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.decode().strip() == "error: interrupted"
    assert list(out.iterdir()) == []


def test_progress_shows_on_a_terminal_and_nowhere_else(make_wav: MakeWav, tmp_path: Path) -> None:
    song = make_wav(seconds=28.0)
    reader, writer = pty.openpty()
    process = stub_process(
        0.05,
        *("transcribe", song, "--to", "csv"),
        stderr=writer,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(writer)
    shown = b""
    while True:
        try:
            data = os.read(reader, 4096)
        except OSError:  # Linux: the other end has closed
            break
        if not data:
            break
        shown += data
    os.close(reader)
    assert process.wait(timeout=30) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"song\.wav .*%.*\d+\.\dx real time.*\d:\d\d\.\d left", text)
    assert (tmp_path / "song.csv").exists()
    quiet = stub_process(
        0.05,
        *("transcribe", song, "--to", "csv", "--overwrite"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert quiet.communicate(timeout=60)[1] == b""


def test_info_about_a_model(tmp_path: Path) -> None:
    page = run("info", save_archive(tmp_path / "tiny.pt"), "--device", "cpu").stdout
    assert re.search(r"model +tiny 0\.1\.0\n", page)
    assert re.search(r"hears +0\.20 s at a time, 16000 Hz\n", page)
    assert re.search(r"instruments +128 programs, full\n", page)
    assert re.search(r"runs on +cpu\n", page)
