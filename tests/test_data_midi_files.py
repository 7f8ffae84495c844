"""MIDI files -> notes: tempo, pedal, repeated notes, programs, and files that are damaged."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorelane.data.midi_files import NOTE_DTYPE, MidiError, read_midi, read_midi_columns

BEAT = 480


def save(path: Path, *tracks: list[mido.Message], ticks_per_beat: int = BEAT) -> Path:
    midi = mido.MidiFile(ticks_per_beat=ticks_per_beat)
    for messages in tracks:
        midi.tracks.append(mido.MidiTrack(messages))
    midi.save(path)
    return path


def on(note: int, time: int = 0, velocity: int = 80, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=note, velocity=velocity, time=time, channel=channel)


def off(note: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("note_off", note=note, time=time, channel=channel)


def control(number: int, value: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", control=number, value=value, time=time, channel=channel)


def program(number: int, time: int = 0, channel: int = 0) -> mido.Message:
    return mido.Message("program_change", program=number, time=time, channel=channel)


def tempo(value: int, time: int = 0) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=value, time=time)


def spans(path: Path) -> list[tuple[int, float, float]]:
    return [(n.pitch, round(n.onset, 4), round(n.offset, 4)) for n in read_midi(path)]


def test_seconds_follow_the_tempo_map(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [tempo(500_000), tempo(1_000_000, time=BEAT)],
        [on(60), off(60, time=2 * BEAT), on(62), off(62, time=BEAT)],
    )
    assert spans(path) == [(60, 0.0, 1.5), (62, 1.5, 2.5)]


def test_smpte_resolution_has_a_fixed_rate(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", [on(60, time=500), off(60, time=500)])
    data = bytearray(path.read_bytes())
    data[12:14] = bytes([256 - 25, 40])  # 25 frames of 40 ticks: 1000 ticks a second
    path.write_bytes(data)
    assert spans(path) == [(60, 0.5, 1.0)]


def test_the_pedal_lengthens_notes_until_it_is_released(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [
            control(64, 127),
            on(60),
            off(60, time=BEAT),
            on(64),
            control(64, 0, time=BEAT),
            off(64, time=BEAT),
        ],
    )
    assert spans(path) == [(60, 0.0, 1.0), (64, 0.5, 1.5)]


def test_notes_as_the_keys_were_held_know_no_pedal(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid", [control(64, 127), on(60), off(60, time=BEAT), control(64, 0, BEAT)]
    )
    (row,) = read_midi_columns(path, pedal=False)
    assert float(row["offset"]) == 0.5


def test_a_pedalled_note_ends_where_its_key_is_struck_again(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [control(64, 127), on(60), off(60, time=100), on(60, time=380), off(60, time=BEAT)],
    )
    assert spans(path) == [(60, 0.0, 0.5), (60, 0.5, 1.0)]


def test_the_pedal_leaves_drums_alone(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [control(64, 127, channel=9), on(36, channel=9), off(36, BEAT, channel=9), tempo(1, BEAT)],
    )
    assert spans(path) == [(36, 0.0, 0.5)]


def test_overlapping_notes_of_one_pitch_are_paired_in_order(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [on(60), on(60, time=BEAT), off(60, time=BEAT), off(60, time=BEAT)],
    )
    assert spans(path) == [(60, 0.0, 0.5), (60, 0.5, 1.5)]


def test_velocity_zero_ends_a_note_and_the_end_of_the_file_ends_the_rest(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid", [on(60), on(67), on(60, time=BEAT, velocity=0), tempo(1, time=BEAT)]
    )
    assert spans(path) == [(60, 0.0, 0.5), (67, 0.0, 1.0)]


@pytest.mark.parametrize("number", [120, 123])
def test_all_notes_off_ends_the_notes_of_its_channel_only(tmp_path: Path, number: int) -> None:
    path = save(
        tmp_path / "a.mid",
        [
            on(60),
            on(72, channel=1),
            control(number, 0, time=BEAT),
            off(60, time=BEAT),
            off(72, channel=1),
        ],
    )
    assert spans(path) == [(60, 0.0, 0.5), (72, 0.0, 1.0)]


def test_the_program_may_change_in_mid_track_and_is_kept_by_sounding_notes(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [program(40), on(60), program(73, time=BEAT), off(60), on(60), off(60, time=BEAT)],
    )
    assert [(n.program, n.onset) for n in read_midi(path)] == [(40, 0.0), (73, 0.5)]


def test_tracks_that_share_a_channel_keep_their_own_programs(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [program(40), on(60), off(60, time=BEAT)],
        [program(42), on(48), off(48, time=BEAT)],
    )
    notes = read_midi_columns(path)
    assert dict(zip(notes["pitch"], notes["program"], strict=True)) == {60: 40, 48: 42}
    assert len(set(notes["stem"])) == 2


def test_channel_10_and_rhythm_banks_are_drums(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [
            program(16, channel=9),
            on(38, channel=9),
            off(38, channel=9),
            control(0, 120, channel=2),
            on(42, channel=2),
            off(42, BEAT, channel=2),
            control(0, 0, channel=2),
            on(50, channel=2),
            off(50, BEAT, channel=2),
        ],
    )
    notes = read_midi(path)
    assert [(n.pitch, n.is_drum, n.program) for n in sorted(notes, key=lambda n: n.pitch)] == [
        (38, True, 0),
        (42, True, 0),
        (50, False, 0),
    ]
    assert all(note.duration > 0 for note in notes)


def test_a_hi_hat_struck_at_its_edge_is_a_hi_hat(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.mid",
        [on(22, channel=9), off(22, BEAT, channel=9), on(26, channel=9), off(26, BEAT, channel=9)],
    )
    assert spans(path) == [(42, 0.0, 0.5), (46, 0.5, 1.0)]


def test_doubled_notes_become_one(tmp_path: Path) -> None:
    notes = [on(60), off(60, time=BEAT)]
    assert spans(save(tmp_path / "a.mid", notes, notes)) == [(60, 0.0, 0.5)]


def test_a_file_without_notes_gives_none(tmp_path: Path) -> None:
    notes = read_midi_columns(save(tmp_path / "a.mid", [tempo(400_000)]))
    assert notes.dtype == NOTE_DTYPE and len(notes) == 0


def test_what_is_not_midi_is_named(tmp_path: Path) -> None:
    path = tmp_path / "not.mid"
    path.write_text("these are words")
    with pytest.raises(MidiError, match=r"not\.mid"):
        read_midi(path)
    with pytest.raises(MidiError, match=r"missing\.mid"):
        read_midi(tmp_path / "missing.mid")


def _valid_bytes(folder: Path) -> bytes:
    return save(
        folder / "valid.mid",
        [tempo(300_000), control(64, 100), program(5), on(60), off(60, 90), on(64, 3), off(64, 9)],
        [on(36, channel=9), off(36, 50, channel=9), control(123, 0), tempo(9, 70)],
    ).read_bytes()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8),
    length=st.integers(0, 400),
)
def test_damage_is_refused_or_gives_sound_notes(
    tmp_path: Path, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(_valid_bytes(tmp_path))
    for position, value in changes:
        data[position % len(data)] = value
    path = tmp_path / "damaged.mid"
    path.write_bytes(data[: max(0, len(data) - length % 97)])
    try:
        notes = read_midi_columns(path)
    except MidiError:
        return
    assert np.isfinite(notes["onset"]).all() and (notes["onset"] >= 0).all()
    assert (notes["offset"] > notes["onset"]).all()
    assert (notes["pitch"] < 128).all() and (notes["program"] < 128).all()
    assert ((notes["velocity"] > 0) & (notes["velocity"] < 128)).all()


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=200))
def test_noise_behind_a_valid_header_never_escapes(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "noise.mid"
    head = b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x01\xe0MTrk" + len(body).to_bytes(4, "big")
    path.write_bytes(head + body)
    try:
        read_midi(path)
    except MidiError as error:
        assert "noise.mid" in str(error)
