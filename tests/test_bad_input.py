"""What people really feed it: every input either works or ends in one clear line.

All of it runs through the command line and the real engine, with a tiny model that writes notes
into every segment which is not silent.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner, Result

from scorelane.cli.app import app
from scorelane.notes import Note, read_csv
from tiny_archive import save_archive

RATE = 44_100


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_archive(tmp_path_factory.mktemp("model") / "tiny.pt")


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(app, ["transcribe", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(*arguments: object) -> str:
    """The one line that a run fails with."""
    result = run(*arguments)
    assert result.exit_code == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    assert result.stdout == ""
    return lines[0]


def transcribed(path: Path, model: Path, *arguments: object) -> list[Note]:
    """The notes of a run that succeeds and says nothing about errors."""
    result = run(path, "--model", model, "--to", "csv,mid,png", "--overwrite", *arguments)
    assert result.exit_code == 0, result.stderr
    assert "error" not in result.stderr
    for suffix in (".mid", ".png"):
        assert path.with_suffix(suffix).stat().st_size > 0
    mido.MidiFile(path.with_suffix(".mid"))
    return read_csv(path.with_suffix(".csv"))


def tone(seconds: float = 2.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def write(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str | None = None) -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def test_empty_file(tmp_path: Path, model: Path) -> None:
    (tmp_path / "a.wav").touch()
    assert "a.wav is empty" in refused(tmp_path / "a.wav", "--model", model)


def test_file_without_a_single_sample(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.wav", tone(0))
    assert "no samples" in refused(path, "--model", model)


def test_silence(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros(3 * RATE, np.float32))
    assert transcribed(path, model) == []


def test_one_sample(tmp_path: Path, model: Path) -> None:
    notes = transcribed(write(tmp_path / "a.wav", np.full(1, 0.5, np.float32)), model)
    assert all(note.offset <= 0.02 for note in notes)


def test_not_a_number(tmp_path: Path, model: Path) -> None:
    broken = tone()
    broken[1000:1100] = np.nan
    broken[5000] = -np.inf
    path = write(tmp_path / "a.wav", broken, subtype="FLOAT")
    result = run(path, "--model", model, "--to", "csv")
    assert result.exit_code == 0
    assert "warning:" in result.stderr
    assert "not numbers" in result.stderr
    assert len(read_csv(path.with_suffix(".csv"))) > 0


def test_nothing_but_not_a_number(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.wav", np.full(RATE, np.nan, np.float32), subtype="FLOAT")
    assert transcribed(path, model) == []


@pytest.mark.parametrize("gain", [100.0, 1e30])
def test_clipped_and_far_beyond(tmp_path: Path, model: Path, gain: float) -> None:
    path = write(tmp_path / "a.wav", tone() * np.float32(gain), subtype="FLOAT")
    transcribed(path, model)
    clipped = write(tmp_path / "b.wav", np.clip(tone() * 100, -1, 1))
    assert len(transcribed(clipped, model)) > 0


@pytest.mark.parametrize("rate", [1_000, 8_000, 192_000, 384_000])
def test_extreme_rates(tmp_path: Path, model: Path, rate: int) -> None:
    notes = transcribed(write(tmp_path / "a.wav", tone(2.0, rate), rate), model)
    assert notes[-1].onset == pytest.approx(2.0, abs=0.3)


@pytest.mark.parametrize("rate", [100, 1_000_000])
def test_rates_beyond_the_extreme(tmp_path: Path, model: Path, rate: int) -> None:
    path = write(tmp_path / "a.wav", tone(0.1), rate)
    assert f"sample rate of {rate} Hz" in refused(path, "--model", model)


@pytest.mark.parametrize("channels", [6, 300])
def test_many_channels(tmp_path: Path, model: Path, channels: int) -> None:
    mono = transcribed(write(tmp_path / "a.wav", tone()), model)
    many = np.repeat(tone()[:, None], channels, axis=1)
    assert transcribed(write(tmp_path / "b.wav", many), model) == mono


def test_truncated_mp3(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.mp3", tone(8.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    result = run(path, "--model", model, "--to", "csv")
    assert result.exit_code == 0
    assert "cut off: it should last 0:08.0 but ends after 0:0" in result.stderr
    assert 3.0 < read_csv(path.with_suffix(".csv"))[-1].onset < 5.0


def test_text_named_wav(tmp_path: Path, model: Path) -> None:
    (tmp_path / "a.wav").write_text("Dear diary,\n" * 100)
    assert "a.wav is not an audio file" in refused(tmp_path / "a.wav", "--model", model)


@pytest.mark.parametrize("name", ["🎸 solo 🔥.wav", "Ünïcode ñ.wav", "曲.wav", "[red]x[dim].wav"])
def test_names_of_all_kinds(tmp_path: Path, model: Path, name: str) -> None:
    path = write(tmp_path / name, tone())
    assert len(transcribed(path, model)) > 0
    assert path.stem in run(path, "--model", model, "--overwrite").stdout


def test_a_name_that_is_no_utf8(tmp_path: Path, model: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    write(tmp_path / "a.wav", tone()).rename(path)
    assert len(transcribed(path, model)) > 0


def test_folder_without_audio(tmp_path: Path, model: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    assert "No audio file was found in" in refused(tmp_path, "--model", model)


def unwritable(tmp_path: Path) -> Path:
    if os.geteuid() == 0:  # whom no permission stops: a folder of the kernel's does
        return Path("/proc/self/fdinfo")
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    return folder


def test_read_only_output_folder(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    folder = unwritable(tmp_path)
    assert f"{folder} cannot be written to" in refused(path, "--model", model, "--out", folder)


def test_output_folder_that_is_a_file(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    assert "cannot be written to" in refused(path, "--model", model, "--out", path)
    assert path.stat().st_size > 1000


def corrupt_models(folder: Path, model: Path) -> dict[str, Path]:
    good = model.read_bytes()
    quarter = len(good) // 4
    contents = {
        "empty.pt": b"",
        "noise.pt": os.urandom(5000),
        "text.pt": b"not a model\n" * 50,
        "truncated.pt": good[: len(good) // 2],
        "damaged.pt": good[:quarter] + bytes(2 * quarter) + good[3 * quarter :],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    (folder / "empty-folder.pt").mkdir()
    return {name: folder / name for name in (*contents, "empty-folder.pt", "missing.pt")}


def test_corrupt_model_archive(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    for name, bad in corrupt_models(tmp_path, model).items():
        assert name in refused(path, "--model", bad, "--to", "mid")
    assert not path.with_suffix(".mid").exists()


@pytest.mark.parametrize("changes", [{"format": 2}, {"sample_rate": None}, {"vocabulary_size": 7}])
def test_model_of_another_version(tmp_path: Path, changes: dict[str, object]) -> None:
    path = write(tmp_path / "a.wav", tone())
    wrong = save_archive(tmp_path / "wrong.pt", **changes)
    message = refused(path, "--model", wrong)
    assert "model's configuration" in message
    assert next(iter(changes)) in message


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.jit is what is shipped
def test_model_of_the_wrong_kind(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    other = save_archive(tmp_path / "other.pt", torch.nn.Linear(2, 2))
    assert "other.pt" in refused(path, "--model", other)
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "bare.pt")
    assert "bare.pt" in refused(path, "--model", tmp_path / "bare.pt")
    torch.save({"weights": torch.zeros(3)}, tmp_path / "pickle.pt")
    assert "pickle.pt" in refused(path, "--model", tmp_path / "pickle.pt")


def test_a_recording_as_the_model(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    assert "a.wav" in refused(path, "--model", path)


def test_no_such_device(tmp_path: Path, model: Path) -> None:
    path = write(tmp_path / "a.wav", tone())
    assert "toaster" in refused(path, "--model", model, "--device", "toaster")


@pytest.mark.slow
def test_three_hours_within_two_gigabytes(tmp_path: Path, model: Path) -> None:
    """44.1 kHz stereo; twenty seconds of sound every ten minutes, notes in each."""
    path = tmp_path / "long.flac"
    sound = np.stack([tone(20.0)] * 2, axis=1)
    silence = np.zeros((RATE * 20, 2), np.float32)
    with soundfile.SoundFile(path, "w", RATE, 2) as file:
        for block in range(3 * 180):
            file.write(sound if block % 30 == 0 else silence)
    program = (
        "import resource\nfrom scorelane.cli.app import main\ntry:\n    main()\nfinally:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", program, "transcribe", str(path), "--model", str(model)]
    done = subprocess.run(
        [*command, "--to", "mid,png,csv,json"], check=True, capture_output=True, text=True
    )
    kibibytes = int(done.stdout.split()[-1])  # Linux counts in KiB
    assert kibibytes * 1024 < 2 << 30
    notes = read_csv(path.with_suffix(".csv"))
    assert notes[-1].onset > 3 * 3600 - 600
