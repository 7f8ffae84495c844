"""The plugin's MIDI port plays what the plugin shows, where it shows it, and ends what it began."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_tools import (
    Midi,
    expected_midi,
    noise,
    processor_module,
    record,
    shown_notes,
    sounded,
    state_with_notes,
)
from scorelane.notes import Note

module = processor_module()
Processor, Transport = module.Processor, module.Transport

RATE = 16000
CHORD = [
    Note(0.50, 2.00, 60, 0, False, 90),
    Note(0.50, 1.00, 64, 0, False, 80),
    Note(0.75, 2.50, 55, 40, False, 70),
    Note(1.00, 1.05, 36, 0, True, 127),
    Note(1.00, 3.00, 60, 40, False, 60),
    Note(1.50, 1.60, 38, 0, True, 1),
]

pytestmark = pytest.mark.usefixtures("data_home")


class Desk:
    """A host with a transport and a processor that holds :data:`CHORD`; it keeps all MIDI."""

    def __init__(self, notes: list[Note] | None = None, block: int = 128) -> None:
        self.processor = Processor(RATE, block, realtime=True)
        self.processor.state = state_with_notes(self.processor, CHORD if notes is None else notes)
        self.processor.transport = Transport(False)
        self.midi: list[tuple[int, bytes]] = []
        self.samples = 0

    def run(self, seconds: float) -> Midi:
        """Process silence for so long; returns what came out, from the stretch's first sample."""
        count = round(seconds * RATE)
        _, midi = self.processor.process(np.zeros((2, count), np.float32))
        self.midi += [(self.samples + sample, message) for sample, message in midi]
        self.samples += count
        return list(midi)

    def play(self, seconds: float, start: float | None = None) -> Midi:
        """Let the transport roll, from ``start`` or from where it stands."""
        here = self.processor.transport.seconds if start is None else start
        self.processor.transport = Transport(True, here)
        return self.run(seconds)

    def stop(self, seconds: float = 0.1) -> Midi:
        self.processor.transport = Transport(False, self.processor.transport.seconds)
        return self.run(seconds)


def channels_of(processor: Any) -> dict[tuple[bool, int], int]:
    return {(lane["is_drum"], lane["program"]): lane["channel"] for lane in processor.lanes}


def kinds(midi: Midi) -> list[int]:
    return [message[0] & 0xF0 for _, message in midi]


def test_midi_is_what_is_shown(tiny_path: Path) -> None:
    processor = Processor(RATE, 480)
    processor.choose_model(str(tiny_path), "cpu")
    processor.sensitivity = 1.0
    record(processor, noise(4, RATE))
    _, midi = processor.process(np.zeros((2, 5 * RATE), np.float32))
    expected = expected_midi(shown_notes(processor), processor.lanes, RATE)
    assert len(expected) > 60
    assert {note.channel for note in expected} >= {0, 9, 10, 15}  # more than 16 instruments
    assert sounded(midi) == expected


@pytest.mark.parametrize("rate", [8000, 44100, 192_000])
@pytest.mark.parametrize("block", [1, 333, 8192])
def test_onsets_are_on_their_sample_at_any_rate_and_block(rate: int, block: int) -> None:
    processor = Processor(rate, block)
    processor.state = state_with_notes(processor, CHORD)
    _, midi = processor.process(np.zeros((2, round(3.2 * rate)), np.float32))
    assert sounded(midi) == expected_midi(CHORD, processor.lanes, rate)


def test_every_channel_names_its_program_first() -> None:
    desk = Desk()
    midi = desk.play(3.5)
    for channel in set(channels_of(desk.processor).values()):
        own = [message for _, message in midi if message[0] & 0x0F == channel]
        assert own[0][0] & 0xF0 == 0xC0
        assert kinds([(0, message) for message in own]).count(0xC0) == 1


def test_a_take_keeps_its_place_on_the_timeline(tiny_path: Path) -> None:
    processor = Processor(RATE, 480)
    processor.choose_model(str(tiny_path), "cpu")
    processor.sensitivity = 1.0
    processor.transport = Transport(True, 10.0)
    processor.record = True
    processor.process(noise(2, RATE))
    processor.record = False
    processor.transport = Transport(True, 9.5)
    _, midi = processor.process(np.zeros((2, 3 * RATE), np.float32))
    assert len(midi) > 40
    assert sounded(midi) == expected_midi(shown_notes(processor), processor.lanes, RATE, 0.5)


def test_stop_ends_all_at_once() -> None:
    desk = Desk()
    desk.play(0.9)
    stopped = desk.stop()
    assert kinds(stopped) == [0x80] * 3
    assert {sample for sample, _ in stopped} == {0}
    assert desk.stop(3.0) == []
    sounded(desk.midi)


def test_start_in_the_middle_plays_what_begins_from_there() -> None:
    desk = Desk()
    desk.play(3.0, start=0.9)
    assert [(n.channel, n.pitch) for n in sounded(desk.midi)] == [(9, 36), (1, 60), (9, 38)]


def test_seek_ends_what_sounds_and_names_the_programs_again() -> None:
    desk = Desk()
    desk.play(1.2)
    after = desk.play(1.0, start=0.4)
    assert kinds(after)[:3] == [0x80] * 3
    assert kinds(after).count(0xC0) == 3
    desk.stop()
    sounded(desk.midi)


def test_bypass_ends_what_sounds() -> None:
    desk = Desk()
    desk.play(1.2)
    desk.processor.bypass = True
    assert kinds(desk.run(0.5)) == [0x80] * 3
    desk.processor.bypass = False
    desk.run(1.5)
    desk.stop()
    sounded(desk.midi)


@pytest.mark.parametrize("call", ["reset", "prepare"])
def test_reset_and_prepare_leave_no_note_hanging(call: str) -> None:
    desk = Desk()
    desk.play(1.2)
    getattr(desk.processor, call)()
    desk.stop()
    assert len(sounded(desk.midi)) == 5


def test_midi_out_off_ends_what_sounds_and_on_goes_on() -> None:
    desk = Desk()
    desk.play(1.2)
    desk.processor.midi_out = False
    off = desk.run(0.2)
    assert kinds(off) == [0x80] * 3
    assert {sample for sample, _ in off} == {0}
    desk.processor.midi_out = True
    assert (9, 38) in {(m[0] & 0x0F, m[1]) for _, m in desk.run(0.5) if m[0] & 0xF0 == 0x90}
    desk.stop()
    sounded(desk.midi)


def test_muted_lanes_are_silent() -> None:
    desk = Desk()
    lane = {"program": 40, "is_drum": False, "solo": False, "mute": True, "channel": -1}
    desk.processor.state = state_with_notes(desk.processor, CHORD, lanes=[lane])
    desk.play(3.5)
    assert {n.program for n in sounded(desk.midi)} == {0}


def test_a_view_that_changes_while_it_plays_is_heard_from_the_next_block() -> None:
    desk = Desk()
    desk.play(1.2)
    desk.processor.transpose = 3
    _ = desk.processor.notes
    desk.run(2.3)
    notes = sounded(desk.midi)
    late = [n for n in notes if n.onset > 1.2 * RATE]
    assert [n.pitch for n in late] == [38]
    moved = [n for n in notes if n.channel != 9 and n.offset == round(1.2 * RATE)]
    assert len(moved) == 3  # their pitch is no longer there


def test_midi_that_comes_in_goes_nowhere() -> None:
    processor = Processor(RATE, 128)
    _, midi = processor.process(noise(0.1, RATE), [(5, bytes([0x90, 60, 100]))])
    assert midi == []


actions = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.floats(0.0, 3.5), st.floats(0.0, 0.8)),
        st.tuples(st.just("run"), st.floats(0.0, 0.5)),
        st.tuples(st.just("stop"), st.floats(0.0, 0.05)),
        st.tuples(st.just("bypass"), st.booleans()),
        st.tuples(st.just("midi_out"), st.booleans()),
        st.tuples(st.just("transpose"), st.integers(-24, 24)),
        st.tuples(st.just("quantise_grid"), st.sampled_from(["Off", "1/4", "1/16 triplet"])),
        st.tuples(st.just("allow_strings"), st.booleans()),
        st.tuples(st.just("prepare"), st.sampled_from([1, 100, 4096])),
        st.tuples(st.just("reset")),
        st.tuples(st.just("load"), st.integers(0, 5)),
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(actions)
def test_whatever_a_host_does_every_note_on_gets_its_note_off(steps: list[tuple[Any, ...]]) -> None:
    desk = Desk()
    for name, *values in steps:
        if name == "play":
            desk.play(values[1], start=values[0])
        elif name == "run":
            desk.run(values[0])
        elif name == "stop":
            desk.stop(values[0])
        elif name == "prepare":
            desk.processor.prepare(values[0])
        elif name == "reset":
            desk.processor.reset()
        elif name == "load":
            desk.processor.state = state_with_notes(desk.processor, CHORD[values[0] :])
            desk.processor.transport = Transport(True, 0.6)
        else:
            setattr(desk.processor, name, values[0])
            _ = desk.processor.notes  # or it would be heard up to 20 ms later
    desk.processor.bypass = False
    desk.stop()
    sounded(desk.midi)
