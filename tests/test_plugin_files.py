"""Files, models and engines that the plugin is given: used, or refused in a sentence."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import threading
import time
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import scorelane
from plugin_tools import (
    EXAMPLE,
    clean_environment,
    noise,
    processor_module,
    record,
    shown_notes,
    state_of,
)
from tiny_archive import Failing, Stuck, save_archive

module = processor_module()
Processor, Transport = module.Processor, module.Transport

pytestmark = pytest.mark.usefixtures("data_home")


@pytest.fixture
def processor(tiny_path: Path) -> Any:
    made = Processor(44100, 512)
    made.choose_model(str(tiny_path), "cpu")
    made.sensitivity = 1.0
    return made


def loaded(processor: Any, path: Path | str) -> str:
    """Load a file and wait; the error, if any, which is one sentence or more."""
    processor.load_file(str(path))
    assert processor.wait(60)
    error: str = processor.status["error"]
    assert error == "" or ((error[0].isupper() or error[0] == '"') and error.endswith(".")), error
    return error


# Sound files


LOSSLESS = [
    ("a.wav", "PCM_16"), ("a.wav", "PCM_24"), ("a.wav", "FLOAT"), ("a.wav", "PCM_U8"),
    ("a.aiff", "PCM_16"), ("a.flac", "PCM_16"), ("a.flac", "PCM_24"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "subtype"), LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossless_files_give_the_notes_of_the_package(
    processor: Any, tiny_path: Path, tmp_path: Path, name: str, subtype: str, channels: int
) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(1.5, 22050, channels).T, 22050, subtype=subtype)
    assert loaded(processor, path) == ""
    expected = scorelane.transcribe(path, model=tiny_path, sensitivity=1)
    assert [n.pitch for n in shown_notes(processor)] == [n.pitch for n in expected.notes]
    assert shown_notes(processor) == expected.notes
    assert state_of(processor).duration == pytest.approx(1.5)
    assert state_of(processor).content["take"]["name"] == name


@pytest.mark.parametrize(
    ("name", "format", "subtype"), [("a.ogg", "OGG", "VORBIS"), ("a.mp3", "MP3", "MPEG_LAYER_III")]
)
def test_lossy_files_are_read(
    processor: Any, tmp_path: Path, name: str, format: str, subtype: str
) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(2, 44100).T, 44100, format=format, subtype=subtype)
    assert loaded(processor, path) == ""
    assert len(processor.notes) > 20
    assert state_of(processor).duration == pytest.approx(2.0, abs=0.1)


def test_many_channels_become_their_mean(processor: Any, tiny_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "six.wav"
    soundfile.write(path, noise(1, 16000, 6).T, 16000, subtype="FLOAT")
    assert loaded(processor, path) == ""
    expected = scorelane.transcribe(path, model=tiny_path, sensitivity=1)
    assert [n.onset for n in shown_notes(processor)] == [n.onset for n in expected.notes]


@pytest.mark.parametrize(
    "name",
    [
        "Für Elise, 1. Satz.wav",
        "夜に駆ける.wav",
        "a b%20c'\"&;$(x).wav",
        "🎹.wav",
        "x" * 200 + ".wav",
    ],
)
def test_any_file_name(processor: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(0.5, 16000).T, 16000)
    assert loaded(processor, path) == ""
    assert len(processor.notes) > 5
    title = state_of(processor).transcription().title
    assert unicodedata.normalize("NFC", title) == unicodedata.normalize("NFC", Path(name).stem)


def test_a_file_under_another_name_is_read_by_its_content(processor: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(0.5, 16000).T, 16000)
    for name in ("a.wav", "a.mp3", "a.xyz", "a"):
        other = path.with_name(name)
        shutil.copy(path, other)
        assert loaded(processor, other) == "", name
        assert len(processor.notes) > 5


def test_what_is_no_sound_is_refused(processor: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("do re mi " * 1000)
    (tmp_path / "random.mp3").write_bytes(np.random.default_rng(0).bytes(3000))
    (tmp_path / "folder.wav").mkdir()
    soundfile.write(tmp_path / "nothing.wav", np.zeros((0, 2)), 44100)
    for name in ("empty.wav", "text.wav", "random.mp3", "folder.wav", "nothing.wav", "missing.wav"):
        assert f'"{name}"' in loaded(processor, tmp_path / name)
        assert processor.status["stage"] == "empty"
        assert len(processor.notes) == 0


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.98])
def test_truncated_files_are_read_as_far_as_they_go_or_refused(
    processor: Any, tmp_path: Path, name: str, share: float
) -> None:
    path = tmp_path / name
    soundfile.write(path, noise(2, 44100).T, 44100)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    error = loaded(processor, path)
    if error:
        assert name in error
    else:
        assert state_of(processor).duration <= 2.1


def test_flipped_bytes_do_no_harm(processor: Any, tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    for name in ("a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"):
        path = tmp_path / name
        soundfile.write(path, noise(0.5, 22050).T, 22050)
        whole = np.frombuffer(path.read_bytes(), np.uint8)
        for _ in range(12):
            bad = whole.copy()
            where = chance.integers(0, min(len(bad), 600), 6)
            bad[where] = chance.integers(0, 256, 6)
            path.write_bytes(bad.tobytes())
            loaded(processor, path)


@pytest.mark.parametrize(("channels", "rate"), [(6000, 44100), (2, 999), (2, 400_000)])
def test_more_channels_and_other_rates_than_sound_has_are_refused(
    processor: Any, tmp_path: Path, channels: int, rate: int
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, noise(0.1, 44100).T, 44100)
    header = bytearray(path.read_bytes())
    header[22:28] = struct.pack("<HI", channels, rate)
    header[32:34] = struct.pack("<H", 2 * channels)
    path.write_bytes(header)
    error = loaded(processor, path)
    assert f"{channels} channels at {rate} Hz" in error


def test_samples_that_are_no_numbers(processor: Any, tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    audio = noise(1, 16000)
    audio[:, 3000:9000] = np.nan
    audio[0, 100] = np.inf
    soundfile.write(path, audio.T, 16000, subtype="FLOAT")
    loaded(processor, path)
    record(processor, np.full((2, 44100), np.nan, np.float32))
    record(processor, noise(0.5, 44100))
    assert len(processor.notes) > 5
    assert processor.status["error"] == ""


def test_a_bad_file_leaves_the_session_as_it_was(processor: Any, tmp_path: Path) -> None:
    record(processor, noise(1, 44100))
    before = shown_notes(processor)
    assert len(before) > 10
    (tmp_path / "text.wav").write_text("do re mi")
    assert "text.wav" in loaded(processor, tmp_path / "text.wav")
    assert shown_notes(processor) == before
    assert processor.status["stage"] == "ready"


def test_imports_leave_nothing_behind_in_a_bounce(
    processor: Any, tmp_path: Path, data_home: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", noise(0.5, 16000).T, 16000)
    for _ in range(3):
        loaded(processor, tmp_path / "a.wav")
    assert len(list((data_home / "scorelane" / "takes").glob("*"))) == 1
    processor.clear()
    assert list((data_home / "scorelane" / "takes").glob("*")) == []


def test_a_folder_that_cannot_be_written_is_said(
    processor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    record(processor, noise(0.5, 44100))
    assert "cannot be written" in processor.status["error"]
    soundfile.write(tmp_path / "a.wav", noise(0.5, 16000).T, 16000)
    assert "cannot be written" in loaded(processor, tmp_path / "a.wav")


# Models and engines


def test_models_that_cannot_be_used_are_said(
    processor: Any, tiny_path: Path, tmp_path: Path
) -> None:
    whole = tiny_path.read_bytes()
    (tmp_path / "text.pt").write_text("weights")
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.pt").touch()
    failing = save_archive(tmp_path / "failing.pt", Failing())
    future = save_archive(tmp_path / "future.pt", format=999)
    for path in (
        tmp_path / "text.pt", tmp_path / "cut.pt", tmp_path / "empty.pt", tmp_path / "none.pt",
        failing, future,
    ):  # fmt: skip
        processor.choose_model(str(path), "cpu")
        record(processor, noise(0.5, 44100))
        error = processor.status["error"]
        assert len(error) > 20, path
        assert error.endswith("."), error
        assert "\n" not in error
        assert len(processor.notes) == 0
    processor.choose_model(str(tiny_path), "cpu")
    record(processor, noise(0.5, 44100))
    assert processor.status["error"] == ""
    assert len(processor.notes) > 5


def test_a_device_that_is_not_there_is_said(processor: Any, tiny_path: Path) -> None:
    processor.choose_model(str(tiny_path), "cuda:99")
    record(processor, noise(0.5, 44100))
    assert "cuda" in processor.status["error"].lower()


WITHOUT_ENGINE = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from _processor import Processor
processor = Processor(44100, 512)
processor.record = True
audio = np.random.default_rng(0).uniform(-1, 1, (2, 44100)).astype(np.float32)
out, midi = processor.process(audio)
assert np.array_equal(out, audio)
processor.release()
processor.wait()
assert len(processor.state) > 16
print(processor.status["error"])
"""


def run_beside(folder: Path, home: Path) -> str:
    """What the processor complains of when it lives in ``folder``."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ENGINE, str(folder)],
        env=clean_environment(home), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_missing_or_broken_engine_is_a_sentence(tiny_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    shutil.copy(tiny_path, folder / "scorelane.pt")
    shutil.copy(module.__file__, folder / Path(module.__file__).name)
    assert "libscorelane_engine.so) is missing" in run_beside(folder, tmp_path)
    engine = folder / "libscorelane_engine.so"
    engine.write_bytes(b"\x7fELF but not really")
    assert "could not be loaded" in run_beside(folder, tmp_path)
    shutil.copy(module.__file__, engine)  # a library, but another
    assert "lacks scorelane_abi_version" in run_beside(folder, tmp_path)


def test_an_engine_without_its_model_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    folder.mkdir()
    home = Path(module.__file__).parent
    for name in (Path(module.__file__).name, "libscorelane_engine.so"):
        shutil.copy(home / name, folder / name)
    assert "There is no model at" in run_beside(folder, tmp_path)


# Cancelling


def test_cancel_ends_within_100_ms(tmp_path: Path) -> None:
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    path = tmp_path / "long.wav"
    soundfile.write(path, np.tile(audio, (8, 1)), rate)
    processor = Processor(rate, 512, realtime=True)
    waits = []
    for delay in (0.0, 0.4, 1.1):
        processor.load_file(str(path))
        give_up = time.monotonic() + 60
        while processor.status["seconds_done"] <= 0 or processor.status["stage"] != "transcribing":
            assert time.monotonic() < give_up, processor.status
            time.sleep(0.005)
        time.sleep(delay)
        start = time.perf_counter()
        processor.cancel()
        said = time.perf_counter() - start
        assert processor.status["stage"] == "ready"
        assert "Cancelled" in processor.status["notice"]
        assert processor.wait(10)
        waits.append((said, time.perf_counter() - start))
        kept = len(processor.notes)
        time.sleep(0.1)
        assert len(processor.notes) == kept
    # A busy machine may hold one of them up.
    assert sorted(said for said, _ in waits)[1] < 0.1, waits
    assert min(ended for _, ended in waits) < 0.1, waits


def test_a_model_that_never_ends_can_be_cancelled(tmp_path: Path) -> None:
    stuck = save_archive(tmp_path / "stuck.pt", Stuck(), max_tokens=100_000)
    processor = Processor(16000, 512, realtime=True)
    processor.choose_model(str(stuck), "cpu")
    soundfile.write(tmp_path / "a.wav", noise(2, 16000).T, 16000)
    processor.load_file(str(tmp_path / "a.wav"))
    assert processor.wait(1.0) is False
    start = time.perf_counter()
    processor.cancel()
    assert processor.wait(5)
    assert time.perf_counter() - start < 0.5
    assert processor.status["error"] == ""


def test_deleting_while_it_transcribes_ends_at_once(tmp_path: Path) -> None:
    stuck = save_archive(tmp_path / "stuck.pt", Stuck(), max_tokens=100_000)
    soundfile.write(tmp_path / "a.wav", noise(2, 16000).T, 16000)
    for delay in (0.0, 0.05, 0.5):
        processor = Processor(16000, 512, realtime=True)
        processor.choose_model(str(stuck), "cpu")
        processor.load_file(str(tmp_path / "a.wav"))
        time.sleep(delay)
        start = time.perf_counter()
        del processor
        assert time.perf_counter() - start < 3


def test_calls_from_many_threads_at_once(tiny_path: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(0.6, 16000).T, 16000)
    processor = Processor(16000, 256, realtime=True)
    processor.choose_model(str(tiny_path), "cpu")
    processor.transport = Transport(True)
    over = threading.Event()
    failures: list[BaseException] = []

    def repeat(act: Any) -> None:
        try:
            while not over.is_set():
                act()
        except BaseException as error:
            failures.append(error)

    def jiggle() -> None:
        processor.record = not processor.record
        processor.transpose = int(processor.transpose) % 12 + 1
        time.sleep(0.01)

    acts = [
        lambda: processor.process(noise(0.05, 16000)),
        lambda: (processor.load_file(str(tmp_path / "a.wav")), time.sleep(0.03)),
        lambda: (processor.transcribe(), time.sleep(0.02), processor.cancel()),
        lambda: setattr(processor, "state", processor.state),
        lambda: (processor.notes, processor.lanes, processor.status, processor.undo()),
        jiggle,
    ]
    threads = [threading.Thread(target=repeat, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    time.sleep(3)
    over.set()
    for thread in threads:
        thread.join(30)
    assert not failures
    processor.record = False
    processor.process(noise(0.1, 16000))
    assert processor.wait(30)
