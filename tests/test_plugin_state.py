"""What the plugin saves comes back whole, and what is damaged changes nothing."""

from __future__ import annotations

import json
import math
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugin_tools import (
    noise,
    processor_module,
    record,
    shown_notes,
    signed,
    state_of,
    state_with_notes,
)
from scorelane.host import PluginState, read_state, write_state
from scorelane.notes import Note

Processor = processor_module().Processor

NOTES = [Note(k / 10, k / 10 + 0.5, 40 + k, k % 60, k % 7 == 0) for k in range(50)]
NOTES = [Note(n.onset, n.offset, n.pitch, *n.lane[::-1]) for n in NOTES]

pytestmark = pytest.mark.usefixtures("data_home")


@pytest.fixture(scope="module")
def holder() -> Any:
    """A processor that hostile states are given to."""
    return Processor()


@pytest.fixture(scope="module")
def good(holder: Any) -> bytes:
    """A valid state with notes, lanes and parameters off their defaults."""
    lane = {"program": 1, "is_drum": False, "solo": False, "mute": True, "channel": 3}
    parameters = state_of(holder).parameters | {"transpose": 5.0, "sensitivity": 0.75, "mix": 0.5}
    holder.state = state_with_notes(holder, NOTES, lanes=[lane], parameters=parameters)
    assert holder.status["error"] == ""
    state: bytes = holder.state
    return state


def contents(processor: Any) -> dict[str, Any]:
    """What a refused state must leave alone: everything but the complaint."""
    return {**state_of(processor).content, "error": None}


def refused(holder: Any, good: bytes, bad: bytes) -> str:
    """Give ``bad`` to a processor that holds ``good``; the sentence it answers with."""
    holder.state = good
    before = contents(holder)
    holder.state = bad
    assert contents(holder) == before
    error: str = holder.status["error"]
    assert error.startswith("The saved state was not used: ")
    assert error.endswith(".")
    return error


def test_everything_comes_back(tiny_path: Path) -> None:
    first = Processor(16000, 480, realtime=True)
    first.choose_model(str(tiny_path), "cpu")
    first.transport = processor_module().Transport(True, 12.5, 98.0)
    first.record = True
    first.process(noise(2, 16000))
    first.transport = None
    first.process(noise(0.1, 16000))
    assert first.wait(60)
    first.quantise_grid, first.swing, first.transpose = "1/16", 0.6, -3
    first.allow_brass, first.mix, first.sensitivity = False, 0.25, 1.0
    first.choose_players([71, 40], drums=True)
    saved = first.state
    second = Processor(48000, 64)
    second.state = saved
    assert len(second.notes) > 20
    assert shown_notes(second) == shown_notes(first)
    assert second.lanes == first.lanes
    for name in first.parameters:
        assert getattr(second, name) == getattr(first, name), name
    assert read_state(second.state).content == read_state(saved).content
    take = read_state(saved).content["take"]
    assert take["start"] == pytest.approx(12.5)
    assert take["tempo"]["changes"] == [[0.0, 98.0]]
    players = read_state(saved).content["players"]
    assert [(p["program"], p["is_drum"]) for p in players] == [(71, False), (40, False), (0, True)]
    second.choose_players()
    # The recording is there again, too.
    del first
    second.transcribe()
    assert second.wait(60)
    assert second.status["error"] == ""
    assert shown_notes(second) == sorted(read_state(saved).shown)


def test_the_state_names_its_model_and_take(tiny_path: Path, data_home: Path) -> None:
    processor = Processor(16000, 480, realtime=True)
    processor.choose_model(str(tiny_path), "cpu")
    processor.record = True
    processor.transport = processor_module().Transport(True)
    processor.process(noise(1, 16000))
    processor.record = False
    processor.process(noise(0.1, 16000))
    assert processor.wait(60)
    content = state_of(processor).content
    assert content["model"]["name"] == "tiny 0.1.0"
    assert content["model"]["file"] == str(tiny_path)
    assert content["take"]["seconds"] == pytest.approx(1.0, abs=0.02)
    assert Path(content["take"]["file"]).parent == data_home / "scorelane" / "takes"
    assert Path(content["take"]["file"]).exists()


def test_a_lost_recording_is_said_and_its_notes_stay(holder: Any) -> None:
    take = {
        "file": "/nowhere/Take.wav", "name": "Guitar", "sample_rate": 44100.0, "channels": 2,
        "start": 3.0, "seconds": 8.0,
        "tempo": {"first_quarter": 0.0, "meter": [4, 4], "changes": [[0.0, 120.0]]},
    }  # fmt: skip
    holder.state = state_with_notes(holder, NOTES, take=take)
    assert holder.status["error"] == ""
    assert '"Guitar" has gone' in holder.status["notice"]
    assert len(holder.notes) == len(NOTES)
    assert state_of(holder).content["take"] == take
    holder.transcribe()
    assert "nothing to transcribe" in holder.status["error"]
    assert len(holder.notes) == len(NOTES)


def test_a_state_that_names_some_other_file_does_not_harm_it(holder: Any, tmp_path: Path) -> None:
    other = tmp_path / "thesis.txt"
    other.write_text("three years of work")
    take = {
        "file": str(other), "name": "x", "sample_rate": 44100.0, "channels": 2, "start": 0.0,
        "seconds": 8.0,
        "tempo": {"first_quarter": 0.0, "meter": [4, 4], "changes": [[0.0, 120.0]]},
    }  # fmt: skip
    holder.state = state_with_notes(holder, NOTES, take=take)
    assert "has gone" in holder.status["notice"]
    holder.clear()
    assert other.read_text() == "three years of work"


def test_bytes_of_the_host_behind_the_state_are_ignored(holder: Any, good: bytes) -> None:
    holder.clear()
    holder.state = good + bytes(40)
    assert holder.status["error"] == ""
    assert len(holder.notes) > 30


@pytest.mark.parametrize("keep", [0, 1, 4, 15, 16, 17, 0.3, 0.9, 0.999])
def test_truncated_states_are_refused(holder: Any, good: bytes, keep: float) -> None:
    refused(holder, good, good[: int(keep if keep in (0, 1) or keep > 1 else keep * len(good))])


def test_newer_foreign_and_huge_states_are_refused(holder: Any, good: bytes) -> None:
    body = good[16:]
    assert "newer version" in refused(holder, good, signed(body, version=2))
    assert "newer version" in refused(holder, good, signed(b"", version=0xFFFFFFFF))
    assert "not Scorelane's" in refused(holder, good, b"VC2!" + good[4:])
    assert "missing" in refused(holder, good, good[:8] + struct.pack("<I", 0xFFFFFFFF) + good[12:])
    assert "damaged" in refused(holder, good, good[:-20] + bytes(20))
    assert "damaged" in refused(holder, good, signed(b""))
    assert "damaged" in refused(holder, good, signed(body, version=0))


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"parameters":[', b"[{},"])
def test_deep_json_is_refused(holder: Any, good: bytes, opening: bytes) -> None:
    refused(holder, good, signed(opening * 2_000_000))
    closing = {b"[": b"]", b'{"a":': b"1}"}.get(opening)
    if closing == b"]":
        refused(holder, good, signed(opening * 1_000_000 + closing * 1_000_000))


def test_more_notes_than_any_music_has_are_refused(holder: Any, good: bytes) -> None:
    content = read_state(good).content
    marker = json.dumps({**content, "notes": "here"}).encode()
    row = b"[0,1,60,0,false,100,1,false]"
    many = b"[" + b",".join([row] * 2_000_001) + b"]"
    assert "too many" in refused(holder, good, signed(marker.replace(b'"here"', many)))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bits_are_refused(holder: Any, good: bytes, data: st.DataObject) -> None:
    flips = data.draw(st.sets(st.integers(0, 8 * len(good) - 1), min_size=1, max_size=6))
    bad = bytearray(good)
    for bit in flips:
        bad[bit // 8] ^= 1 << (bit % 8)
    refused(holder, good, bytes(bad))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(holder: Any, good: bytes, bad: bytes) -> None:
    refused(holder, good, bad)
    refused(holder, good, signed(bad))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in a JSON document."""
    if isinstance(value, dict):
        inner = [p for key, item in value.items() for p in places(item, (*path, key))]
    elif isinstance(value, list):
        inner = [p for i, item in enumerate(value[:3]) for p in places(item, (*path, i))]
    else:
        inner = []
    return [path, *inner]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False), json_values)
@example(random.Random(1), {"a": []})
def test_a_state_with_wrong_values_is_refused_or_made_sound(
    holder: Any, good: bytes, chance: random.Random, value: Any
) -> None:
    content = read_state(good).content
    bad = signed(json.dumps(replaced(content, chance.choice(places(content)), value)).encode())
    holder.state = good
    before = contents(holder)
    holder.state = bad
    if holder.status["error"].startswith("The saved state was not used"):
        assert contents(holder) == before
    for note in shown_notes(holder):
        assert 0 <= note.onset < note.offset
        assert math.isfinite(note.offset)
        assert 0 <= note.pitch <= 127 and 0 <= note.program <= 127 and 1 <= note.velocity <= 127
    assert all(0 <= lane["channel"] <= 15 for lane in holder.lanes)
    assert np.isfinite(list(state_of(holder).parameters.values())).all()
    holder.process(noise(0.02, 44100))
    assert state_of(holder).shown == [n for n in state_of(holder).shown if n.velocity > 0]


def test_what_went_wrong_does_not_come_back(holder: Any, good: bytes) -> None:
    content = read_state(good).content | {"error": "The disk was full."}
    holder.state = write_state(PluginState(content))
    assert holder.status["error"] == ""


def test_a_state_may_come_while_it_records_and_transcribes(tiny_path: Path, good: bytes) -> None:
    processor = Processor(16000, 256, realtime=True)
    processor.choose_model(str(tiny_path), "cpu")
    processor.transport = processor_module().Transport(True)
    for seed in range(8):
        processor.record = True
        processor.process(noise(0.7, 16000, seed=seed))
        processor.state = good
        processor.process(noise(0.1, 16000))
    processor.record = False
    processor.process(noise(0.1, 16000))
    assert processor.wait(60)
    record_free = Processor(16000, 256)
    record_free.state = processor.state
    assert shown_notes(record_free) == shown_notes(processor)
    record(record_free, noise(0.3, 16000))
