"""Corpora of a few seconds, laid out on disk as the real ones are."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import mido
import numpy as np
import soundfile

RATE = 8000
Struck = tuple[float, float, int]  # onset and offset in seconds, key


def write_sound(path: Path, seconds: float = 2.0, level: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tone = level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)
    soundfile.write(path, tone, RATE)
    return path


def write_midi(
    path: Path,
    notes: Sequence[Struck],
    *,
    channel: int = 0,
    program: int = 0,
    pedal: tuple[float, float] | None = None,
) -> Path:
    """One track in which one tick is one millisecond; ``pedal`` is held between two times."""
    events = [(0.0, mido.Message("program_change", channel=channel, program=program))]
    for onset, offset, key in notes:
        events.append((onset, mido.Message("note_on", channel=channel, note=key, velocity=80)))
        events.append((offset, mido.Message("note_off", channel=channel, note=key)))
    for time, value in zip(pedal or (), (127, 0), strict=False):
        control = mido.Message("control_change", channel=channel, control=64, value=value)
        events.append((time, control))
    midi = mido.MidiFile(ticks_per_beat=500)  # at 120 beats a minute
    track = midi.add_track()
    last = 0
    for time, message in sorted(events, key=lambda event: event[0]):
        tick = round(1000 * time)
        track.append(message.copy(time=tick - last))
        last = tick
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.save(path)
    return path


def write_maestro(root: Path, rows: Sequence[tuple[str, str]]) -> Path:
    """``rows`` are (split, name); every performance has a pedalled note."""
    root.mkdir(parents=True, exist_ok=True)
    columns = "canonical_composer canonical_title split year midi_filename audio_filename duration"
    with (root / "maestro-v3.0.0.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(columns.split())
        for split, name in rows:
            table.writerow(
                ("Bach", "Fugue, a", split, 2018, f"2018/{name}.midi", f"2018/{name}.wav", 2.0)
            )
            write_sound(root / "2018" / f"{name}.wav")
            write_midi(root / "2018" / f"{name}.midi", [(0.0, 0.5, 60)], pedal=(0.25, 1.0))
    return root


def write_slakh_song(
    folder: Path, stems: Sequence[tuple[str, int, bool, Sequence[Struck]]], **options: object
) -> Path:
    """``stems`` are (Slakh's class, program, drums, notes), called S00, S01 ..."""
    described = {}
    for index, (family, program, is_drum, notes) in enumerate(stems):
        name = f"S{index:02d}"
        described[name] = {
            "audio_rendered": True,
            "inst_class": family,
            "is_drum": is_drum,
            "midi_saved": True,
            "plugin_name": "a.nkm",
            "program_num": program,
        }
        write_sound(folder / "stems" / f"{name}.flac")
        channel = 9 if is_drum else 0
        write_midi(
            folder / "MIDI" / f"{name}.mid",
            notes,
            channel=channel,
            program=min(program, 127),
            **options,
        )
    write_sound(folder / "mix.flac")
    # JSON is YAML.
    (folder / "metadata.yaml").write_text(json.dumps({"UUID": "x", "stems": described}))
    return folder


def write_guitarset(root: Path, names: Sequence[str]) -> Path:
    """Every annotation has two notes, each on a string of its own."""
    played = {0: (0.5, 0.25, 59.6), 3: (1.0, 0.5, 64.2)}
    for name in names:
        annotations: list[dict[str, object]] = [{"namespace": "key_mode", "data": []}]
        for string in range(6):
            source = {"annotation_metadata": {"data_source": str(string)}}
            contour = {"time": [], "duration": [], "value": [], "confidence": []}
            annotations.append({"namespace": "pitch_contour", "data": contour, **source})
            notes = [
                {"time": time, "duration": duration, "value": value, "confidence": None}
                for time, duration, value in ([played[string]] if string in played else [])
            ]
            annotations.append({"namespace": "note_midi", "data": notes, **source})
        path = root / "annotation" / f"{name}.jams"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"annotations": annotations}))
        write_sound(root / "audio_mono-mic" / f"{name}_mic.wav")
        write_sound(root / "audio_mono-pickup_mix" / f"{name}_mix.wav")
    return root


def write_musicnet(root: Path, numbers: Sequence[int]) -> Path:
    for number in numbers:
        write_midi(root / "musicnet_em" / f"{number}.mid", [(0.0, 0.5, 60)], program=40)
        folder = "test_data" if number == 1759 else "train_data"
        write_sound(root / folder / f"{number}.wav")
    return root


def write_urmp_piece(folder: Path) -> Path:
    """A duo of violin and cello: A4 for 0.5 s, and D3, 30 cents sharp, for 0.25 s."""
    number, title = folder.name.split("_")[:2]
    write_sound(folder / f"AuMix_{folder.name}.wav")
    (folder / f"Notes_1_vn_{number}_{title}.txt").write_text("0.100\t\t440.000\t\t0.500\n\n")
    (folder / f"Notes_2_vc_{number}_{title}.txt").write_text("0.700\t\t149.395\t\t0.250\n")
    return folder
