from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorelane.errors import UsageError
from scorelane.instruments import midi_class
from scorelane.lanes import DRUM_CHANNEL, make_lanes
from scorelane.midi import build_midi, write_midi
from scorelane.notes import Note

Heard = tuple[float, float, int, int, int, str]  # onset, offset, pitch, velocity, channel, track


def hear(path: Path) -> list[Heard]:
    """Play a MIDI file track by track; fails when a note-on lacks its note-off."""
    file = mido.MidiFile(path, charset="utf-8")
    assert file.type == 1
    tempo = next(m.tempo for m in file.tracks[0] if m.type == "set_tempo")
    heard: list[Heard] = []
    for track in file.tracks[1:]:
        tick, sounding = 0, {}
        for message in track:
            tick += message.time
            now = mido.tick2second(tick, file.ticks_per_beat, tempo)
            if message.type == "note_on":
                assert 1 <= message.velocity <= 127
                assert message.note not in sounding, "opened twice"
                sounding[message.note] = (now, message)
            elif message.type == "note_off":
                start, on = sounding.pop(message.note)
                assert now > start, "no length"
                assert message.channel == on.channel
                heard.append((start, now, on.note, on.velocity, on.channel, track.name))
        assert not sounding, "left open"
    return sorted(heard)


def notes_strategy(max_programs: int = 128) -> st.SearchStrategy[list[Note]]:
    def build(
        onset: int, length: int, pitch: int, program: int, is_drum: bool, velocity: int
    ) -> Note:
        start = onset / 100
        return Note(
            start, start + length / 100, pitch, 0 if is_drum else program, is_drum, velocity
        )

    return st.lists(
        st.builds(
            build,
            st.integers(0, 40_000),
            st.integers(1, 3000),
            st.integers(0, 127),
            st.integers(0, max_programs - 1),
            st.booleans(),
            st.integers(1, 127),
        ),
        max_size=60,
    )


def without_overlap(notes: list[Note]) -> list[Note]:
    """The notes that one instrument can play: of one pitch, each ends before the next."""
    by_key: dict[tuple[object, int], list[Note]] = defaultdict(list)
    for note in sorted(notes):
        mine = by_key[note.lane, note.pitch]
        if not mine or note.onset >= mine[-1].offset:
            mine.append(note)
    return sorted(note for mine in by_key.values() for note in mine)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(notes=notes_strategy(max_programs=14), tempo=st.floats(4, 1000))
def test_notes_come_back_within_two_milliseconds(
    tmp_path: Path, notes: list[Note], tempo: float
) -> None:
    notes = without_overlap(notes)
    write_midi(notes, tmp_path / "a.mid", tempo=tempo)
    heard = hear(tmp_path / "a.mid")
    names = {(lane.is_drum, lane.program): lane.name for lane in make_lanes(notes)}
    expected = sorted((names[n.lane], n.pitch, n.velocity, n.onset, n.offset) for n in notes)
    actual = sorted((track, pitch, vel, on, off) for on, off, pitch, vel, _, track in heard)
    assert len(expected) == len(actual)
    for wanted, got in zip(expected, actual, strict=True):
        assert wanted[:3] == got[:3]
        assert got[3] == pytest.approx(wanted[3], abs=0.002)
        assert got[4] == pytest.approx(wanted[4], abs=0.002)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(notes=notes_strategy())
def test_any_notes_make_a_sound_file(tmp_path: Path, notes: list[Note]) -> None:
    """Overlaps, repeats and up to 128 instruments: every note-on has its off, channels fit."""
    write_midi(notes, tmp_path / "a.mid")
    heard = hear(tmp_path / "a.mid")
    onsets = {(round(n.onset, 2), n.pitch, n.lane) for n in notes}
    assert len(heard) == len(onsets)  # nothing is lost but exact repeats
    drums = {name for *_, channel, name in heard if channel == DRUM_CHANNEL}
    assert drums <= {"Drums"}
    assert all(channel != DRUM_CHANNEL for *_, channel, name in heard if name != "Drums")


def test_timing_does_not_drift_over_three_hours(tmp_path: Path) -> None:
    last = Note(10_799.995, 10_800.0, 60, 0)
    for tempo in (97.3, 141.7, 61.0):
        write_midi([last], tmp_path / "long.mid", tempo=tempo)
        [(onset, offset, *_)] = hear(tmp_path / "long.mid")
        assert onset == pytest.approx(last.onset, abs=0.002)
        assert offset == pytest.approx(last.offset, abs=0.002)


def test_tracks_are_named_and_headed(tmp_path: Path) -> None:
    notes = [Note(0, 1, 60, 40), Note(0, 1, 48, 0), Note(0, 0.1, 38, 0, True)]
    write_midi(notes, tmp_path / "a.mid", tempo=90, title="Ólafur 🎹")
    file = mido.MidiFile(tmp_path / "a.mid", charset="utf-8")
    assert file.ticks_per_beat >= 480
    assert file.tracks[0].name == "Ólafur 🎹"
    conductor = {m.type: m for m in file.tracks[0]}
    assert conductor["set_tempo"].tempo == round(60e6 / 90)
    assert conductor["time_signature"].numerator == 4
    assert not any(m.type == "note_on" for m in file.tracks[0])
    assert [track.name for track in file.tracks[1:]] == ["Acoustic Grand Piano", "Violin", "Drums"]
    for track, program, channel in zip(file.tracks[1:], (0, 40, 0), (0, 1, 9), strict=True):
        kinds = [m.type for m in track]
        assert kinds.index("channel_prefix") < kinds.index("program_change")
        assert kinds.index("program_change") < kinds.index("note_on")
        change = track[kinds.index("program_change")]
        assert (change.program, change.channel, change.time) == (program, channel, 0)
        assert track[kinds.index("channel_prefix")].channel == channel


def test_repeated_note_closes_before_it_reopens(tmp_path: Path) -> None:
    write_midi([Note(0, 1, 60, 0), Note(1, 2, 60, 0)], tmp_path / "a.mid")
    kinds = [m.type for m in mido.MidiFile(tmp_path / "a.mid").tracks[1] if "note" in m.type]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


def test_overlap_ends_where_the_next_begins(tmp_path: Path) -> None:
    write_midi([Note(0, 5, 60, 0), Note(1, 2, 60, 0), Note(0.5, 3, 61, 0)], tmp_path / "a.mid")
    assert [(h[0], h[1], h[2]) for h in hear(tmp_path / "a.mid")] == [
        (0.0, 1.0, 60),
        (0.5, 3.0, 61),
        (1.0, 2.0, 60),
    ]


def test_same_start_keeps_the_longer(tmp_path: Path) -> None:
    write_midi([Note(0, 2, 60, 0, velocity=50), Note(0, 1, 60, 0)], tmp_path / "a.mid")
    assert [h[:4] for h in hear(tmp_path / "a.mid")] == [(0.0, 2.0, 60, 50)]


def test_a_note_without_length_gets_one(tmp_path: Path) -> None:
    write_midi([Note(1, 1, 60, 0), Note(2, 2, 36, 0, True)], tmp_path / "a.mid")
    assert len(hear(tmp_path / "a.mid")) == 2


def test_no_notes_is_still_a_midi_file(tmp_path: Path) -> None:
    write_midi([], tmp_path / "a.mid")
    assert [track.name for track in mido.MidiFile(tmp_path / "a.mid").tracks] == [""]


@pytest.mark.parametrize("tempo", [3.9, 1001, float("nan"), 0, -120])
def test_impossible_tempo_is_refused(tmp_path: Path, tempo: float) -> None:
    with pytest.raises(UsageError, match="tempo"):
        write_midi([], tmp_path / "a.mid", tempo=tempo)
    assert list(tmp_path.iterdir()) == []


def test_fifteen_pitched_lanes_each_have_a_channel() -> None:
    notes = [Note(0, 1, 60, program) for program in range(15)] + [Note(0, 1, 36, 0, True)]
    channels = [lane.channel for lane in make_lanes(notes)]
    assert sorted(channels) == list(range(16))
    assert channels[-1] == DRUM_CHANNEL


def test_more_lanes_share_within_a_class_the_quietest_first() -> None:
    programs = [0, 1, 8, 16, 24, 25, 26, 32, 40, 48, 56, 57, 64, 72, 80, 88]  # 16 lanes
    loud = {24: 9, 25: 2, 26: 3, 56: 4, 57: 4, 0: 5, 1: 5}
    notes = [
        Note(float(i), i + 0.5, 60, program, velocity=100)
        for program in programs
        for i in range(loud.get(program, 1))
    ]
    lanes = make_lanes(notes)
    by_channel: dict[int, list[int]] = defaultdict(list)
    for lane in lanes:
        by_channel[lane.channel].append(lane.program)
    shared = [sorted(group) for group in by_channel.values() if len(group) > 1]
    assert shared == [[25, 26]]  # 5 notes together; the trumpets and pianos have more
    changes = {
        message.program
        for track in build_midi(lanes).tracks[1:]
        for message in track
        if message.type == "program_change" and message.channel in _channels(lanes, 25)
    }
    assert changes == {26}  # the louder of the two


def _channels(lanes: list, program: int) -> set[int]:  # type: ignore[type-arg]
    return {lane.channel for lane in lanes if lane.program == program}


def test_sixteen_classes_still_fit() -> None:
    lanes = make_lanes(Note(0, 1, 60, program) for program in range(0, 128, 8))
    assert len({lane.channel for lane in lanes}) == 15


def test_all_programs_fit_and_share_by_class() -> None:
    lanes = make_lanes(Note(0, 1, 60, program) for program in range(128))
    by_channel: dict[int, set[int]] = defaultdict(set)
    for lane in lanes:
        by_channel[lane.channel].add(midi_class(lane.program))
    assert len(by_channel) == 15
    assert sorted(len(classes) for classes in by_channel.values()) == [1] * 14 + [2]


def test_lanes_that_share_a_channel_end_a_pitch_together() -> None:
    """A note-off silences the pitch on its whole channel, so none may be meant to sound on."""
    rng = random.Random(1)
    notes = []
    for program in range(128):
        for _ in range(3):
            onset = rng.randrange(0, 200) / 100
            notes.append(Note(onset, onset + rng.randrange(1, 100) / 100, 60, program))
    offs: dict[tuple[int, int], int] = defaultdict(int)  # by (tick, channel)
    ons: dict[tuple[int, int], int] = defaultdict(int)
    for track in build_midi(make_lanes(notes)).tracks[1:]:
        tick = 0
        for message in track:
            tick += message.time
            if message.type in ("note_on", "note_off"):
                (ons if message.type == "note_on" else offs)[tick, message.channel] += 1
    sounding: dict[int, int] = defaultdict(int)
    for tick, channel in sorted({*ons, *offs}):
        sounding[channel] -= offs[tick, channel]
        if offs[tick, channel]:
            assert sounding[channel] == 0
        sounding[channel] += ons[tick, channel]
    assert sum(ons.values()) == sum(offs.values()) > 300


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "a.mid"
    target.mkdir()
    with pytest.raises(OSError):
        write_midi([Note(0, 1, 60, 0)], target)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mid"]


def test_lane_statistics_and_order() -> None:
    notes = [
        Note(3, 4, 50, 33, confidence=0.5),
        Note(1, 2, 40, 33, confidence=1.0),
        Note(0, 1, 74, 73),
        Note(0, 0.1, 36, 0, True),
    ]
    flute, bass, drums = make_lanes(notes)
    assert (flute.name, bass.name, drums.name) == ("Flute", "Electric Bass (finger)", "Drums")
    assert (bass.lowest, bass.highest) == (40, 50)
    assert (bass.first_onset, bass.last_onset) == (1, 3)
    assert bass.mean_confidence == pytest.approx(0.75)
    assert drums.is_drum and drums.channel == DRUM_CHANNEL
