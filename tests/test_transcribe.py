from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scorelane
from scorelane.errors import AudioError, Cancelled, ModelError, UsageError
from scorelane.files import atomic_path
from scorelane.instruments import parse_instruments
from scorelane.notes import Note, read_csv
from scorelane.transcription import Transcription, confidence_threshold, filter_notes
from stub_engine import StubEngine

MakeWav = Callable[..., Path]
RATE = 16_000


def loud(seconds: float, channels: int = 1) -> np.ndarray:
    return np.full((channels, round(seconds * RATE)), 0.5, np.float32)


def test_a_file_becomes_notes_and_lanes(engine: StubEngine, make_wav: MakeWav) -> None:
    result = scorelane.transcribe(make_wav("my song.wav", seconds=3.0, rate=44_100))
    assert [(n.onset, n.pitch, n.is_drum) for n in result.notes] == [
        (0.0, 60, False),
        (0.25, 36, True),
        (1.0, 61, False),
        (1.25, 36, True),
        (2.0, 62, False),
        (2.25, 36, True),
    ]
    assert [(lane.name, len(lane.notes)) for lane in result.lanes] == [
        ("Acoustic Grand Piano", 3),
        ("Drums", 3),
    ]
    assert result.duration == 3.0
    assert result.title == "my song"
    assert result.model == "stub 1"
    assert engine.streams[0].rate == 44_100


def test_an_array_gives_the_same_as_its_file(engine: StubEngine, make_wav: MakeWav) -> None:
    from_file = scorelane.transcribe(make_wav(seconds=2.5))
    from_array = scorelane.transcribe(loud(2.5, channels=2).T, sample_rate=RATE)
    assert from_array.notes == from_file.notes
    assert from_array.duration == from_file.duration
    assert from_array.title == ""


def test_instruments_are_masked_in_the_engine(engine: StubEngine) -> None:
    result = scorelane.transcribe(loud(2), sample_rate=RATE, instruments=["drums"])
    assert engine.streams[0].mask == parse_instruments(["drums"])
    assert {note.is_drum for note in result.notes} == {True}
    assert scorelane.transcribe(loud(2), sample_rate=RATE, instruments="violin").notes == []


def test_sensitivity_is_a_view_that_can_widen_again(engine: StubEngine) -> None:
    result = scorelane.transcribe(loud(12), sample_rate=RATE, sensitivity=0.3)
    strict, normal, everything = (
        [n.onset for n in result.filter(sensitivity=s).notes if not n.is_drum] for s in (0, 0.5, 1)
    )
    assert strict == [0.0]  # the only one with confidence 1
    assert normal == [float(s) for s in range(7)]  # confidence 0.4 and up
    assert everything == [float(s) for s in range(12)]
    assert len(engine.streams) == 1


def test_filters_combine_and_stay(engine: StubEngine) -> None:
    result = scorelane.transcribe(loud(4), sample_rate=RATE).filter(instruments=["piano"])
    assert {note.is_drum for note in result.notes} == {False}
    assert result.filter(min_note_ms=600).notes == []
    assert len(result.filter(min_note_ms=500).notes) == 4
    assert result.filter(sensitivity=0.9).instruments == result.instruments


def test_tidy_lanes_are_a_view_that_the_model_asks_for() -> None:
    guitar = tuple(Note(t, t + 0.5, 60 + t % 7, 24) for t in range(40))
    heard = Transcription((*guitar, Note(39.2, 39.6, 64, 52)), 40.0, lane_share=0.1)
    assert [lane.program for lane in heard.lanes] == [24]
    assert len(heard.notes) == 41
    assert [lane.program for lane in heard.filter(tidy_lanes=False).lanes] == [24, 52]
    assert [lane.program for lane in replace(heard, lane_share=0.0).lanes] == [24, 52]


def test_who_was_named_keeps_a_lane_however_little_it_plays() -> None:
    guitar = tuple(Note(t, t + 0.5, 60 + t % 7, 24) for t in range(40))
    heard = Transcription((*guitar, Note(39.2, 39.6, 64, 52)), 40.0, lane_share=0.1)
    assert [lane.program for lane in heard.filter(instruments="guitar, choir").lanes] == [24, 52]
    both = replace(heard, all_notes=(*heard.all_notes, Note(39.3, 39.6, 50, 25)))
    assert [lane.program for lane in both.filter(instruments="guitar, choir").lanes] == [24, 52]
    assert [lane.program for lane in both.filter(instruments="24, 25, choir").lanes] == [24, 25, 52]


def test_a_lane_is_called_as_its_player_was_named() -> None:
    one_sax = tuple(65 if 64 <= p < 68 else p for p in range(128))
    heard = Transcription((Note(0, 1, 60, 65), Note(0, 1, 36, 0, True)), 1.0, program_map=one_sax)
    assert [lane.name for lane in heard.lanes] == ["Alto Sax", "Drums"]
    named = heard.filter(instruments="tenor sax, drums")
    assert [lane.name for lane in named.lanes] == ["Tenor Sax", "Drums"]


@given(st.floats(0.01, 0.99), st.floats(0, 1), st.floats(0, 1))
def test_threshold_falls_with_sensitivity(default: float, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert confidence_threshold(low, default) >= confidence_threshold(high, default) - 1e-12
    assert confidence_threshold(0.5, default) == pytest.approx(default)
    assert confidence_threshold(1.0, default) == 0.0
    assert confidence_threshold(0.0, default) >= 0.95


def test_short_drums_are_not_dropped() -> None:
    notes = [Note(0, 0.01, 36, 0, True), Note(0, 0.01, 60, 0), Note(0, 0.05, 61, 0)]
    kept = filter_notes(notes, min_note_ms=50)
    assert [note.pitch for note in kept] == [36, 61]


@pytest.mark.parametrize(
    "wrong",
    [
        {"sensitivity": -0.1},
        {"sensitivity": 1.1},
        {"sensitivity": float("nan")},
        {"min_note_ms": -1},
        {"min_note_ms": float("nan")},
        {"instruments": ["kazoo"]},
    ],
)
def test_wrong_values_are_refused_before_any_work(engine: StubEngine, wrong: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError):
        scorelane.transcribe(loud(1), sample_rate=RATE, **wrong)
    assert engine.streams == []
    with pytest.raises(UsageError):
        Transcription((), 1.0).filter(**wrong)


def test_the_tuning_reaches_the_engine_and_is_told(engine: StubEngine) -> None:
    assert scorelane.transcribe(loud(1), sample_rate=RATE).tuning == 440.0
    assert scorelane.transcribe(loud(1), sample_rate=RATE, tuning=415).tuning == 415
    for wrong in (300.0, 600.0, float("nan")):
        with pytest.raises(UsageError, match="380"):
            scorelane.transcribe(loud(1), sample_rate=RATE, tuning=wrong)


def test_progress_is_told_and_can_cancel(engine: StubEngine) -> None:
    told: list[tuple[float, float | None]] = []
    scorelane.transcribe(
        loud(3), sample_rate=RATE, on_progress=lambda *at: told.append(at)
    )  # returns None
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (3.0, 3.0)
    with pytest.raises(Cancelled):
        scorelane.transcribe(loud(3), sample_rate=RATE, on_progress=lambda done, _: done < 1)
    assert engine.streams[1].second <= 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_the_progress_function_raises_comes_out(
    engine: StubEngine, error: type[BaseException]
) -> None:
    def raise_it(*_: object) -> None:
        raise error

    with pytest.raises(error):
        scorelane.transcribe(loud(3), sample_rate=RATE, on_progress=raise_it)


def test_a_loaded_engine_serves_many_calls(engine: StubEngine) -> None:
    own = StubEngine()
    for _ in range(2):
        scorelane.transcribe(loud(1), sample_rate=RATE, model=own)  # type: ignore[arg-type]
    assert len(own.streams) == 2
    assert engine.streams == []


def test_errors_pass_through(engine: StubEngine, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        scorelane.transcribe(loud(1), sample_rate=RATE, model=tmp_path / "no model")
    with pytest.raises(AudioError):
        scorelane.transcribe(tmp_path / "nothing.wav")


def test_csv_has_the_promised_header_and_reads_back(engine: StubEngine, tmp_path: Path) -> None:
    result = scorelane.transcribe(loud(3), sample_rate=RATE)
    result.to_csv(tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    header = "onset,offset,pitch,program,is_drum,velocity,confidence,instrument"
    assert rows[0] == header.split(",")
    assert rows[1][-1] == "Acoustic Grand Piano"
    assert read_csv(tmp_path / "a.csv") == result.notes


def test_json_holds_everything(engine: StubEngine, tmp_path: Path) -> None:
    result = replace(scorelane.transcribe(loud(2), sample_rate=RATE), title="Ólafur 🎹")
    result.to_json(tmp_path / "a.json")
    found = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert (found["format"], found["version"]) == ("scorelane-notes", 1)
    assert (found["title"], found["duration"], found["model"]) == ("Ólafur 🎹", 2.0, "stub 1")
    piano, drums = found["lanes"]
    assert (piano["name"], piano["program"], piano["is_drum"]) == ("Acoustic Grand Piano", 0, False)
    assert (drums["is_drum"], drums["channel"]) == (True, 9)
    assert piano["notes"][1] == {
        "onset": 1.0,
        "offset": 1.5,
        "pitch": 61,
        "velocity": 90,
        "confidence": 0.9,
    }


def test_midi_carries_the_title(engine: StubEngine, make_wav: MakeWav, tmp_path: Path) -> None:
    scorelane.transcribe(make_wav("Ólafur.wav")).to_midi(tmp_path / "a.mid", tempo=90)
    assert mido.MidiFile(tmp_path / "a.mid", charset="utf-8").tracks[0].name == "Ólafur"


def test_atomic_path_keeps_the_old_file_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "🎹.mid"
    target.write_text("old")

    def fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert target.read_text() == "old"
    with atomic_path(target) as temporary:
        assert temporary.suffix == ".mid"
        temporary.write_text("new")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_path_with_the_longest_name_there_can_be(tmp_path: Path) -> None:
    target = tmp_path / ("x" * 251 + ".mid")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


def test_importing_is_light() -> None:
    heavy = "torch", "matplotlib", "music21", "numpy", "mido", "pedalboard", "soundfile"
    program = f"import sys, scorelane; print([m for m in {heavy!r} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_the_function_keeps_its_name_whatever_is_imported() -> None:
    import scorelane.transcribe as shadow

    assert callable(scorelane.transcribe)
    assert callable(shadow)
    assert set(scorelane.__all__) <= set(dir(scorelane))
