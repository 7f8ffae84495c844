"""What a MusicXML or MIDI file sounds, read without the library that wrote it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import mido

from scorelane.score.grid import TICKS

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def read_musicxml(path: Path) -> list[tuple[int, int, int]]:
    """Part, start tick and sounding pitch of every note, sorted; of tied notes the first.

    Drums have the MIDI key of their instrument; grace notes are left out.
    """
    tree = ElementTree.parse(path).getroot()
    keys = {
        one.get("id"): int(one.findtext("midi-unpitched", "0")) - 1
        for one in tree.iter("midi-instrument")
    }
    found = []
    for number, part in enumerate(tree.findall("part")):
        divisions, up, bar_start = 1.0, 0, 0.0
        for measure in part.findall("measure"):
            now = longest = 0.0
            begin = 0.0
            for element in measure:
                if element.tag == "attributes":
                    divisions = float(element.findtext("divisions", str(divisions)))
                    change = element.find("transpose")
                    if change is not None:
                        octaves = int(change.findtext("octave-change", "0"))
                        up = int(change.findtext("chromatic", "0")) + 12 * octaves
                elif element.tag in ("backup", "forward"):
                    length = float(element.findtext("duration", "0")) / divisions
                    now += length if element.tag == "forward" else -length
                elif element.tag == "note" and element.find("grace") is None:
                    length = float(element.findtext("duration", "0")) / divisions
                    if element.find("chord") is None:
                        begin, now = now, now + length
                    tied = {tie.get("type") for tie in element.findall("tie")}
                    pitch = _pitch(element, up, keys)
                    if pitch is not None and "stop" not in tied:
                        found.append((number, round(TICKS * (bar_start + begin)), pitch))
                longest = max(longest, now)
            bar_start += longest
    return sorted(found)


def _pitch(note: ElementTree.Element, up: int, keys: dict[str | None, int]) -> int | None:
    pitch = note.find("pitch")
    if pitch is not None:
        octave, alter = int(pitch.findtext("octave", "4")), float(pitch.findtext("alter", "0"))
        return 12 * (octave + 1) + _STEPS[pitch.findtext("step", "C")] + round(alter) + up
    instrument = note.find("instrument")
    if note.find("unpitched") is not None and instrument is not None:
        return keys.get(instrument.get("id"))
    return None


def read_midi_tracks(path: Path) -> list[list[tuple[float, int]]]:
    """Quarter and pitch of every note of each track that has any."""
    midi = mido.MidiFile(path)
    tracks = []
    for track in midi.tracks:
        tick, notes = 0, []
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                notes.append((tick / midi.ticks_per_beat, message.note))
        if notes:
            tracks.append(notes)
    return tracks
