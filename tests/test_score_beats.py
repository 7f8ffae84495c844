"""Beats that are known or heard: lists, files, tempo maps, trackers, the recording's onsets."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from typer.testing import CliRunner

from scorelane.cli.app import app
from scorelane.errors import UsageError
from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, TrackerError, Wishes, arrange, make_score
from scorelane.score.beats import track_bars
from scorelane.score.envelope import onset_envelope
from scorelane.score.given_beats import read_beats
from scorelane.score.grid_midi import write_grid_midi
from scorelane.score.onsets import find_onsets
from scorelane.score.pulse import FRAME, Pulse, hear_pulse


def pulses(times: np.ndarray) -> Played:
    return Played("", 0, False, [Note(float(t), float(t) + 0.2, 60, 0) for t in times])


def sequence(path: Path, *events: tuple[int, mido.MetaMessage | mido.Message]) -> None:
    """A MIDI file of 480 ticks per quarter; events are (tick, message)."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = file.add_track()
    now = 0
    for tick, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    file.save(path)


def test_a_tempo_map_gives_beats_and_metre(tmp_path: Path) -> None:
    sequence(
        tmp_path / "a.mid",
        (0, mido.MetaMessage("time_signature", numerator=3, denominator=4)),
        (0, mido.MetaMessage("set_tempo", tempo=500_000)),
        (1440, mido.MetaMessage("set_tempo", tempo=1_000_000)),
        (0 + 1440, mido.Message("note_on", note=60)),
        (2880, mido.Message("note_off", note=60)),
    )
    beats = read_beats(tmp_path / "a.mid")
    assert str(beats.metre) == "3/4" and beats.downbeat == 0
    assert list(beats.times[:7]) == pytest.approx([0, 0.5, 1.0, 1.5, 2.5, 3.5, 4.5])


def test_compound_metres_count_dotted_quarters(tmp_path: Path) -> None:
    sequence(
        tmp_path / "a.mid",
        (0, mido.MetaMessage("time_signature", numerator=6, denominator=8)),
        (0, mido.Message("note_on", note=60)),
        (1440, mido.Message("note_off", note=60)),
    )
    beats = read_beats(tmp_path / "a.mid")
    assert list(beats.times[:3]) == pytest.approx([0, 0.75, 1.5])


def test_a_pickup_before_the_ruling_metre(tmp_path: Path) -> None:
    sequence(
        tmp_path / "a.mid",
        (0, mido.MetaMessage("time_signature", numerator=1, denominator=4)),
        (480, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
        (0 + 480, mido.Message("note_on", note=60)),
        (4800, mido.Message("note_off", note=60)),
    )
    beats = read_beats(tmp_path / "a.mid")
    assert (str(beats.metre), beats.downbeat) == ("4/4", 1)


def test_a_score_keeps_the_tempo_map_of_a_file(tmp_path: Path) -> None:
    # Six quavers to a bar at a crawling, changing tempo: nothing that a search would find.
    times = np.cumsum([0.0, *np.linspace(1.0, 2.0, 12)])
    part = pulses(times[:-1])
    write_grid_midi(arrange([part], Grid(times, Metre(5, 4))), tmp_path / "a.mid")
    score = make_score([part], Wishes(beats=tmp_path / "a.mid"))
    assert str(score.grid.metre) == "5/4"
    starts = [chord.start for chord in score.parts[0].staves[0].voices[0]]
    assert starts == [24 * i for i in range(12)]


def test_beats_may_be_a_list() -> None:
    score = make_score(
        [pulses(np.arange(12.0))],
        Wishes(meter="3/4", beats=[(float(i), i % 3 == 1) for i in range(14)]),
    )
    assert (str(score.grid.metre), score.grid.pickup) == ("3/4", 1)
    for wrong in ([(0.0, True)], [(1.0, True), (0.5, False)], [(0.0, True), (float("nan"), False)]):
        with pytest.raises(UsageError, match="beats"):
            make_score([pulses(np.arange(4.0))], Wishes(beats=wrong))


@pytest.mark.parametrize("content", [b"", b"MThd", b"MThd\0\0\0\6\0\0\0\1\0\0MTrk\0\0\0\0"])
def test_a_damaged_tempo_map_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(content)
    with pytest.raises(UsageError, match="MIDI"):
        read_beats(tmp_path / "a.mid")


def test_a_tracker_that_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, make_wav: Callable[..., Path]
) -> None:
    monkeypatch.setitem(sys.modules, "beat_this.inference", None)
    wishes = Wishes(beats="beat-this", recording=make_wav("a.wav", seconds=1.0))
    with pytest.raises(TrackerError, match=r"pip install 'scorelane\[beats\]'"):
        make_score([pulses(np.arange(4.0))], wishes)
    with pytest.raises(UsageError, match="scorelane transcribe"):
        make_score([pulses(np.arange(4.0))], Wishes(beats="beat-this"))


def test_a_tracker_without_weights_is_said(
    monkeypatch: pytest.MonkeyPatch, make_wav: Callable[..., Path]
) -> None:
    def tracker(**_: object) -> None:
        raise ValueError("Could not load the checkpoint given the provided name", "final0")

    module = types.ModuleType("beat_this.inference")
    module.Audio2Beats = tracker  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "beat_this.inference", module)
    wishes = Wishes(beats="beat-this", recording=make_wav("a.wav", seconds=1.0))
    with pytest.raises(TrackerError, match=r"could not fetch its weights.*network"):
        make_score([pulses(np.arange(4.0))], wishes)


def test_a_tracker_that_cannot_be_loaded_is_said(
    monkeypatch: pytest.MonkeyPatch, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    package = tmp_path / "beat_this"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "inference.py").write_text("raise OSError('Could not load this library')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("beat_this", "beat_this.inference"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    wishes = Wishes(beats="beat-this", recording=make_wav("a.wav", seconds=1.0))
    with pytest.raises(TrackerError, match="torchaudio that belongs to your torch"):
        make_score([pulses(np.arange(4.0))], wishes)


def test_a_tracker_is_listened_to(
    monkeypatch: pytest.MonkeyPatch, make_wav: Callable[..., Path]
) -> None:
    class Audio2Beats:
        def __init__(self, checkpoint_path: str, device: str) -> None:
            assert (checkpoint_path, device) == ("final0", "cpu")

        def __call__(self, signal: np.ndarray, rate: int) -> tuple[np.ndarray, np.ndarray]:
            assert signal.ndim == 1 and len(signal) == rate
            times = np.arange(0.2, 9.0, 0.7)
            return times, times[1::3]

    module = types.ModuleType("beat_this.inference")
    module.Audio2Beats = Audio2Beats  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "beat_this.inference", module)
    recording = make_wav("a.wav", seconds=1.0)
    part = pulses(np.arange(0.2, 8.0, 0.7))
    score = make_score([part], Wishes(meter="3/4", beats="beat-this", recording=recording))
    assert score.grid.pickup == 1
    assert np.diff(score.grid.times) == pytest.approx(0.7)


def test_the_envelope_rises_where_sound_begins(tmp_path: Path) -> None:
    import soundfile

    rate = 22050
    clicks = np.arange(0.5, 4.0, 0.5)
    signal = np.zeros(4 * rate)
    time = np.arange(rate // 5) / rate
    for click in clicks:
        at = round(click * rate)
        signal[at : at + len(time)] += 0.5 * np.sin(2 * np.pi * 440 * time) * np.exp(-20 * time)
    soundfile.write(tmp_path / "a.wav", signal, rate)
    envelope = onset_envelope(tmp_path / "a.wav")
    assert len(envelope.strength) / envelope.rate == pytest.approx(4.0, abs=0.1)
    near = np.array([envelope.at(click + np.linspace(-0.03, 0.03, 13)).max() for click in clicks])
    between = envelope.at(clicks[:-1] + 0.3)
    assert near.min() > between.max() + 1.0


def test_the_recording_tells_of_beats_that_no_note_has(tmp_path: Path) -> None:
    import soundfile

    rng = np.random.default_rng(4)
    rate, beats = 16000, np.arange(0.5, 20.0, 0.6)
    signal = 0.001 * rng.standard_normal(21 * rate)
    for beat in beats:
        at = round(beat * rate)
        signal[at : at + 400] += 0.5 * rng.standard_normal(400)
    soundfile.write(tmp_path / "a.wav", signal, rate)
    # Of the notes only a few were heard, and those between the beats.
    notes = [Note(b + 0.3, b + 0.5, 60, 0) for b in beats[::3]]
    notes.append(Note(float(beats[-1]), float(beats[-1]) + 0.2, 60, 0))
    onsets = find_onsets(notes)
    envelope = onset_envelope(tmp_path / "a.wav")
    found = track_bars(onsets, hear_pulse(notes), envelope=envelope).times
    off = np.abs(beats[2:-2, None] - found[None, :]).min(axis=1)
    assert (off < 0.05).mean() > 0.9


def test_score_command_takes_a_tempo_map(tmp_path: Path) -> None:
    part = pulses(np.arange(0.0, 8.0, 0.8))
    source = tmp_path / "a.mid"
    write_grid_midi(arrange([part], Grid(np.arange(0, 9.6, 0.8), Metre(5, 4))), source)
    out = tmp_path / "a.musicxml"
    run = CliRunner().invoke(app, ["score", str(source), "-o", str(out), "--beats", str(source)])
    assert run.exit_code == 0, run.output
    text = out.read_text()
    assert "<beats>5</beats>" in text and "<per-minute>75</per-minute>" in text


def test_a_passage_with_beats_on_every_half_keeps_the_level_of_the_piece() -> None:
    onsets = np.concatenate((0.6 * np.arange(40), 24.0 + 0.3 * np.arange(20)))
    frames = np.arange(round(31.0 / FRAME)) * FRAME
    near = np.abs(frames[:, None] - onsets).min(axis=1) < FRAME
    odds = np.where(near, 4.0, -4.0)
    lengths = np.diff(track_bars(onsets, Pulse(0.0, odds, odds, -6.0)).times)
    assert np.abs(lengths - 0.6).max() < 0.1
