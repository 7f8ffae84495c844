"""The notes that the plugin shows are those of the package, however it is fed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import scorelane
from plugin_tools import (
    EXAMPLE,
    noise,
    processor_module,
    record,
    shown_notes,
    state_of,
    state_with_notes,
)
from scorelane.lanes import make_lanes
from scorelane.notes import Note
from scorelane.transcription import confidence_threshold
from tiny_archive import save_archive

Processor = processor_module().Processor

pytestmark = pytest.mark.usefixtures("data_home")


@pytest.fixture
def ready(tiny_path: Path) -> Any:
    """A processor with three seconds of noise in it, and the notes that the tiny model hears."""
    processor = Processor(16000, 480)
    processor.choose_model(str(tiny_path), "cpu")
    processor.sensitivity = 1.0
    record(processor, noise(3, 16000))
    return processor


@pytest.fixture(scope="module")
def example() -> tuple[Any, int]:
    audio, rate = soundfile.read(EXAMPLE, dtype="float32", always_2d=True)
    return np.ascontiguousarray(audio.T), rate


def plain(notes: list[Note]) -> list[tuple[Any, ...]]:
    """Notes without their confidence, whose last digits depend on the batch."""
    return [(n.onset, n.offset, n.pitch, n.program, n.is_drum, n.velocity) for n in notes]


def test_the_example_gives_the_notes_of_the_package(example: tuple[Any, int]) -> None:
    audio, rate = example
    expected = scorelane.transcribe(EXAMPLE)
    processor = Processor(rate, 512)
    record(processor, audio)
    assert processor.status["error"] == ""
    assert len(expected.notes) > 100
    notes = shown_notes(processor)
    assert plain(notes) == plain(expected.notes)
    assert [n.confidence for n in notes] == pytest.approx(
        [n.confidence for n in expected.notes], abs=1e-4
    )
    assert processor.status["model"] == expected.model
    assert state_of(processor).transcription().lanes == make_lanes(notes)


@pytest.mark.parametrize(("rate", "block"), [(8000, 1), (22050, 64), (44100, 8192), (192_000, 777)])
def test_capture_at_any_rate_and_block_is_what_the_package_hears(
    tiny_path: Path, rate: int, block: int
) -> None:
    audio = noise(1.3, rate)
    expected = scorelane.transcribe(audio, sample_rate=rate, model=tiny_path, sensitivity=1)
    processor = Processor(rate, block)
    processor.choose_model(str(tiny_path), "cpu")
    processor.sensitivity = 1.0
    record(processor, audio)
    assert plain(shown_notes(processor)) == plain(expected.notes)


def test_players_are_the_packages(tiny_path: Path) -> None:
    audio = noise(6, 16000)
    processor = Processor(16000, 480)
    processor.choose_model(str(tiny_path), "cpu")
    processor.sensitivity = 1.0
    heard = []
    for programs, drums in (((40, 71), False), ((5,), True), ((), True), ((), False)):
        processor.choose_players(programs, drums)
        record(processor, audio)
        names = [*programs, *(["drums"] if drums else [])]
        expected = scorelane.transcribe(
            audio, sample_rate=16000, model=tiny_path, sensitivity=1, instruments=names or None
        )
        assert plain(shown_notes(processor)) == plain(expected.notes)
        heard.append({(lane["program"], lane["is_drum"]) for lane in processor.lanes})
    assert heard[:3] == [{(40, False), (71, False)}, {(5, False), (0, True)}, {(0, True)}]
    assert len(heard[3]) > 2
    with pytest.raises(ValueError, match="0 to 127"):
        processor.choose_players([128])


def test_a_lane_of_the_plugin_is_called_as_its_player_was_named(tmp_path: Path) -> None:
    one_sax = [66 if 64 <= p < 68 else p for p in range(128)]
    path = save_archive(tmp_path / "merging.pt", program_map=one_sax, lane_share=0.5)
    processor = Processor(16000, 480)
    processor.choose_model(str(path), "cpu")
    processor.sensitivity = 1.0
    processor.choose_players([64, 40])
    record(processor, noise(6, 16000))
    assert {lane["name"] for lane in processor.lanes} == {"Soprano Sax", "Violin"}
    # Each is there however little it plays: half of all that sounds is not asked of them.
    assert state_of(processor).content["model"]["lane_share"] == 0.0
    processor.choose_players([64], True)
    processor.transcribe()
    assert processor.wait(60)
    assert state_of(processor).content["model"]["lane_share"] == 0.5


@pytest.mark.parametrize("told", [[0], [128] * 128, 7])
def test_a_damaged_program_map_is_said(tmp_path: Path, told: object) -> None:
    path = save_archive(tmp_path / "damaged.pt", program_map=told)
    processor = Processor(16000, 480)
    processor.choose_model(str(path), "cpu")
    record(processor, noise(1, 16000))
    assert "program_map is damaged" in processor.status["error"]


@pytest.mark.parametrize("sensitivity", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_sensitivity_is_the_packages(tiny_path: Path, ready: Any, sensitivity: float) -> None:
    expected = scorelane.transcribe(
        noise(3, 16000), sample_rate=16000, model=tiny_path, sensitivity=sensitivity
    )
    ready.sensitivity = sensitivity
    assert plain(shown_notes(ready)) == plain(expected.notes)
    least = confidence_threshold(sensitivity, expected.default_confidence)
    assert all(n.confidence >= least - 1e-6 for n in shown_notes(ready))


def test_filters_and_quantise_do_not_run_the_network(tiny_path: Path, ready: Any) -> None:
    gone = tiny_path.with_name("gone.pt")
    ready.choose_model(str(gone))  # any run of the network would now be an error
    everything = shown_notes(ready)

    ready.min_length = 60.0
    assert [n for n in everything if n.is_drum or n.duration >= 0.06 - 1e-6] == shown_notes(ready)
    ready.min_length = 0.0

    ready.lowest_pitch, ready.highest_pitch = 40, 70
    kept = [n for n in everything if n.is_drum or 40 <= n.pitch <= 70]
    assert kept == shown_notes(ready)
    ready.lowest_pitch, ready.highest_pitch = 0, 127

    ready.allow_drums = False
    assert [n for n in everything if not n.is_drum] == shown_notes(ready)
    ready.allow_drums = True
    ready.allow_piano = False
    assert [n for n in everything if n.is_drum or n.program >= 8] == shown_notes(ready)
    ready.allow_piano = True

    ready.transpose = 12
    up = [n for n in shown_notes(ready) if not n.is_drum]
    below = [n for n in everything if not n.is_drum and n.pitch <= 115]
    assert sorted(n.pitch for n in up) == sorted(n.pitch + 12 for n in below)
    assert [n for n in shown_notes(ready) if n.is_drum] == [n for n in everything if n.is_drum]
    ready.transpose = 0

    ready.scale = "Major"
    assert all(n.is_drum or n.pitch % 12 in {0, 2, 4, 5, 7, 9, 11} for n in shown_notes(ready))
    ready.scale = "Chromatic"

    ready.quantise_grid = "1/16"  # 125 ms at 120 quarters a minute
    onsets = np.array([n.onset for n in shown_notes(ready)]) / 0.125
    assert np.abs(onsets - onsets.round()).max() < 1e-9
    ready.quantise_grid = "Off"

    assert shown_notes(ready) == everything
    assert ready.status["error"] == ""
    ready.transcribe()
    ready.wait()
    assert "gone.pt" in ready.status["error"]


def test_the_tempo_parameter_moves_the_grid(ready: Any) -> None:
    ready.quantise_grid = "1/4"
    ready.tempo = 90.0
    onsets = np.array([n.onset for n in shown_notes(ready)]) * 90 / 60
    assert np.abs(onsets - onsets.round()).max() < 1e-9
    assert len(set(onsets.round())) > 3


def test_the_same_take_gives_the_same_notes_again(ready: Any) -> None:
    before = shown_notes(ready)
    ready.transcribe()
    assert ready.wait(60)
    assert shown_notes(ready) == before


def test_a_new_recording_replaces_the_old(tiny_path: Path, ready: Any) -> None:
    other = noise(1, 16000, seed=5)
    record(ready, other)
    expected = scorelane.transcribe(other, sample_rate=16000, model=tiny_path, sensitivity=1)
    assert plain(shown_notes(ready)) == plain(expected.notes)


def test_a_bounce_leaves_no_recordings_behind(data_home: Path, tiny_path: Path) -> None:
    for _ in range(3):
        processor = Processor(16000, 512)
        processor.choose_model(str(tiny_path))
        record(processor, noise(0.5, 16000))
        assert len(processor.notes)
        _ = processor.state
        del processor
    assert list((data_home / "scorelane" / "takes").glob("*")) == []


def test_clear_forgets_everything(ready: Any, data_home: Path) -> None:
    ready.clear()
    assert len(ready.notes) == 0
    assert ready.status["stage"] == "empty"
    assert state_of(ready).content["take"] is None
    assert list((data_home / "scorelane" / "takes").glob("*")) == []


def test_undo_of_nothing_does_nothing(ready: Any) -> None:
    before = shown_notes(ready)
    assert ready.undo() is False
    assert ready.redo() is False
    assert shown_notes(ready) == before


notes_for_lanes = st.lists(
    st.builds(
        lambda onset, pitch, program, drum, velocity: Note(
            onset / 100, onset / 100 + 0.1, pitch, 0 if drum else program, drum, velocity, 1.0
        ),
        st.integers(0, 3000),
        st.integers(0, 127),
        st.integers(0, 127),
        st.booleans(),
        st.integers(1, 127),
    ),
    max_size=80,
)


@pytest.fixture(scope="module")
def one() -> Any:
    return Processor()


@settings(max_examples=60, deadline=None)
@given(notes=notes_for_lanes)
def test_lanes_are_the_packages(one: Any, notes: list[Note]) -> None:
    one.state = state_with_notes(one, notes)
    assert one.status["error"] == ""
    expected = make_lanes(notes)
    assert [
        (lane["name"], lane["program"], lane["is_drum"], lane["channel"], lane["count"])
        for lane in one.lanes
    ] == [
        (lane.name, lane.program, lane.is_drum, lane.channel, len(lane.notes)) for lane in expected
    ]


def test_solo_mute_and_channel_come_from_the_state(one: Any) -> None:
    notes = [Note(0.0, 1.0, 60, program) for program in (0, 40, 73)]
    lane = {"is_drum": False, "solo": False, "mute": False, "channel": -1}
    settings_of = [
        {**lane, "program": 0, "mute": True},
        {**lane, "program": 40, "channel": 12},
    ]
    one.state = state_with_notes(one, notes, lanes=settings_of)
    by_program = {lane["program"]: lane for lane in one.lanes}
    assert by_program[40]["channel"] == 12
    assert [by_program[p]["audible"] for p in (0, 40, 73)] == [False, True, True]
    one.state = state_with_notes(one, notes, lanes=[{**lane, "program": 73, "solo": True}])
    assert {lane["program"] for lane in one.lanes if lane["audible"]} == {73}
