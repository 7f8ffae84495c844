"""Grace notes, rolled chords and the pedal: recognised, and not seen where there are none."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import mido
import numpy as np
import pytest

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, arrange, write_musicxml
from scorelane.score.glissandi import find_glissandi
from scorelane.score.grid_midi import write_grid_midi
from scorelane.score.ornaments import find_ornaments, without_ornaments
from scorelane.score.pedal import releases
from scorelane.score.performance import read_performance
from scorelane.score.trills import find_trills

GRID = Grid(np.arange(0.0, 17.0) * 0.6, Metre(4, 4))


def note(onset: float, offset: float, pitch: int) -> Note:
    return Note(onset, offset, pitch, 0)


def test_a_short_note_before_its_neighbour_is_a_grace_note(tmp_path: Path) -> None:
    notes = [note(0.6 * i, 0.6 * i + 0.55, p) for i, p in enumerate((72, 74, 76, 77, 79))]
    notes.append(note(1.2 - 0.07, 1.22, 77))
    assert find_ornaments(notes).graces == {5: 2}
    score = arrange([Played("", 73, False, notes)], GRID)
    (voice,) = score.parts[0].staves[0].voices
    assert [c.graces for c in voice] == [(), (), (77,), (), ()]
    assert [c.start for c in voice] == [0, 24, 48, 72, 96]
    write_musicxml(score, tmp_path / "a.musicxml")
    written = ElementTree.parse(tmp_path / "a.musicxml").getroot().findall(".//note[grace]")
    assert [one.findtext("pitch/step") for one in written] == ["F"]


def test_runs_and_trills_hold_no_grace_notes() -> None:
    run = [note(0.08 * i, 0.08 * i + 0.08, 60 + 2 * i) for i in range(8)]
    run[-1] = note(0.56, 1.5, 74)
    trill = [note(2 + 0.07 * i, 2.07 + 0.07 * i, 72 + 2 * (i % 2)) for i in range(12)]
    trill[-1] = note(2.77, 3.5, 74)
    assert find_ornaments(run + trill).graces == {}


def test_a_rolled_chord_is_one_chord(tmp_path: Path) -> None:
    rolled = [note(1.2 + 0.04 * i, 2.3, p) for i, p in enumerate((48, 55, 64, 72))]
    plain = [note(0.0, 1.1, p) for p in (48, 52, 67)] + [note(2.4, 3.5, p) for p in (50, 65, 69)]
    assert find_ornaments(plain + rolled).rolls == [[6, 7, 8, 9]]
    score = arrange([Played("", 0, False, plain + rolled)], GRID)
    chords = [c for staff in score.parts[0].staves for voice in staff.voices for c in voice]
    assert {c.start for c in chords} == {0, 48, 96}
    assert {c.start for c in chords if c.rolled} == {48}
    write_musicxml(score, tmp_path / "a.musicxml")
    assert "<arpeggiate" in (tmp_path / "a.musicxml").read_text()


def test_a_fast_run_is_no_rolled_chord() -> None:
    run = [note(0.06 * i, 0.06 * i + 0.06, 60 + 2 * i) for i in range(6)]
    assert find_ornaments(run).rolls == []


def test_what_the_pedal_holds_is_written_as_played() -> None:
    # Broken chords of four quavers, the pedal up at the end of every half bar, and a melody.
    notes = [
        note(1.2 * half + 0.3 * i, 1.2 * (half + 1) - 0.05, (36, 43, 48, 43)[i] + (i == 3))
        for half in range(4)
        for i in range(4)
    ]
    notes += [note(1.2 * half, 1.2 * half + 1.1, 79 + half) for half in range(4)]
    assert len(releases(notes)) == 4
    score = arrange([Played("", 0, False, notes)], GRID)
    upper, lower = score.parts[0].staves
    assert [c.end - c.start for c in upper.voices[0]] == [48] * 4
    (voice,) = lower.voices
    assert [c.end - c.start for c in voice] == [12] * 16


def test_fingers_that_hold_are_no_pedal() -> None:
    notes = [note(0.0, 2.3, 48), *(note(0.6 * i, 0.6 * i + 0.55, 72 + i) for i in range(4))]
    assert len(releases(notes)) == 0


def trilled(start: float, end: float, pitch: int, upper: int, step: float = 0.08) -> list[Note]:
    """A trill from its upper note, ended by the note below and its own."""
    strokes = [
        note(at, at + step, pitch + upper * (number % 2 == 0))
        for number, at in enumerate(np.arange(start, end - 3.5 * step, step).tolist())
    ]
    last = strokes[-1].onset
    if strokes[-1].pitch == pitch:
        strokes.append(note(last + step, last + 2 * step, pitch + upper))
        last += step
    strokes.append(note(last + step, last + 2 * step, pitch - 1))
    strokes.append(note(last + 2 * step, end, pitch))
    return strokes


def test_a_trill_is_one_note_to_the_end_of_its_turn() -> None:
    notes = [note(0.0, 0.55, 72), *trilled(0.6, 1.8, 74, 2), note(1.8, 3.0, 72)]
    (trill,) = find_trills(notes)
    assert trill.strokes == tuple(range(1, len(notes) - 1)) and trill.pitch == 74
    plain = without_ornaments(notes)
    assert [(n.onset, n.pitch) for n in plain.notes] == [(0.0, 72), (1.8, 72), (0.6, 74)]
    assert plain.notes[2].offset == pytest.approx(1.8) and plain.trills == {2: 2}


def test_a_missed_stroke_does_not_part_a_trill() -> None:
    strokes = [note(0.07 * i, 0.07 * i + 0.06, 72 + i % 2) for i in range(14) if i != 6]
    (trill,) = find_trills(strokes)
    assert len(trill.strokes) == 13


def test_a_trill_on_the_leading_note_ends_before_the_note_that_it_leads_to() -> None:
    notes = [note(0.08 * i, 0.08 * i + 0.08, 71 + i % 2) for i in range(7)]
    notes.append(note(0.56, 1.5, 72))
    (trill,) = find_trills(notes)
    assert trill.strokes == tuple(range(7))


def test_a_trill_is_one_over_notes_that_move_more_slowly_and_beside_another() -> None:
    trill = trilled(0.0, 1.6, 74, 2)
    slower = [note(0.16 * i, 0.16 * i + 0.15, 48 + 4 * i) for i in range(10)]
    assert [one.pitch for one in find_trills(trill + slower)] == [74]
    below = trilled(0.0, 1.6, 70, 2)
    assert {one.pitch for one in find_trills(trill + below)} == {70, 74}


@pytest.mark.parametrize(
    "notes",
    [
        [note(0.125 * i, 0.125 * i + 0.12, 72 + 2 * (i % 2)) for i in range(6)],  # semiquavers
        [note(0.08 * i, 0.08 * i + 0.08, 60 + i) for i in range(12)],  # a chromatic run
        [note(0.08 * i, 0.08 * i + 0.08, 60) for i in range(12)],  # a repeated note
        [note(0.08 * i, 0.08 * i + 0.08, 60 + 12 * (i % 2)) for i in range(12)],  # octaves
        [note(0.08 * i, 0.08 * i + 0.08, (72, 74, 72)[i]) for i in range(3)],  # a mordent
        [  # double notes in turn
            note(0.08 * i, 0.08 * i + 0.08, pitch)
            for i in range(12)
            for pitch in ((64, 72), (65, 69))[i % 2]
        ],
    ],
)
def test_what_is_no_trill(notes: list[Note]) -> None:
    assert find_trills(notes) == []


def test_a_trill_is_marked_and_played(tmp_path: Path) -> None:
    notes = [note(0.6 * i, 0.6 * i + 0.55, p) for i, p in enumerate((72, 74, 76))]
    notes += [*trilled(1.8, 3.0, 74, 1), note(3.0, 4.2, 72)]
    score = arrange([Played("", 73, False, notes)], GRID)
    (voice,) = score.parts[0].staves[0].voices
    assert [(c.start, c.end, c.trills) for c in voice][3] == (72, 120, ((74, 1),))
    write_musicxml(score, tmp_path / "a.musicxml")
    root = ElementTree.parse(tmp_path / "a.musicxml").getroot()
    marked = [one for one in root.iter("note") if one.find(".//trill-mark") is not None]
    assert [one.findtext("pitch/step") for one in marked] == ["D"]  # of tied notes the first
    # C major has no flat above D.
    assert marked[0].findtext(".//ornaments/accidental-mark") == "flat"
    write_grid_midi(score, tmp_path / "a.mid")
    track = mido.MidiFile(tmp_path / "a.mid").tracks[1]
    played = [m.note for m in track if m.type == "note_on"]
    assert played[3:7] == [74, 75, 74, 75] and played[-1] == 72


WHITE = [48 + 12 * (i // 7) + (0, 2, 4, 5, 7, 9, 11)[i % 7] for i in range(22)]


def slid(start: float, pitches: list[int], step: float = 0.025) -> list[Note]:
    times = start + step * np.arange(len(pitches))
    return [note(at, at + 0.02, pitch) for at, pitch in zip(times.tolist(), pitches, strict=True)]


def test_a_glissando_is_a_line_between_its_ends_and_what_sounds_beside_it_stays(
    tmp_path: Path,
) -> None:
    chord = [note(0.6, 1.1, 38), note(0.6, 1.1, 43)]
    notes = [*chord, *slid(0.6, WHITE), note(1.25, 1.8, 86), *slid(1.8, WHITE[::-1])]
    (up, down) = find_glissandi(notes)
    assert (up, down) == (tuple(range(2, 24)), tuple(range(25, 47)))
    plain = without_ornaments(notes)
    assert [n.pitch for n in plain.notes] == [38, 43, 48, 84, 86, 84, 48]
    assert plain.slides == {2: (1,), 3: (-1,), 5: (2,), 6: (-2,)}
    score = arrange([Played("", 0, False, notes)], GRID)
    write_musicxml(score, tmp_path / "a.musicxml")
    root = ElementTree.parse(tmp_path / "a.musicxml").getroot()
    lines = [
        (n.findtext("pitch/octave"), e.get("type"))
        for n in root.iter("note")
        for e in n.iter("glissando")
    ]
    assert sorted(lines) == [("3", "start"), ("3", "stop"), ("6", "start"), ("6", "stop")]


@pytest.mark.parametrize(
    "notes",
    [
        slid(0.0, WHITE, 0.06),  # a scale
        slid(0.0, WHITE[:7]),  # a short run
        slid(0.0, WHITE, 0.003),  # a cluster
        slid(0.0, [36, 43, 48, 52, 55, 60, 64, 67, 72]),  # a rolled chord
    ],
)
def test_what_is_no_glissando(notes: list[Note]) -> None:
    assert find_glissandi(notes) == []


def test_what_the_pedal_holds_ends_where_its_player_goes_on(tmp_path: Path) -> None:
    track = mido.MidiTrack([mido.Message("control_change", control=64, value=127)])
    for pitch, held, rest in ((48, 240, 240), (60, 720, 0), (72, 0, 0)):
        track.append(mido.Message("note_on", note=pitch, velocity=80))
        track.append(mido.Message("note_off", note=pitch, time=held))
        track.append(mido.Message("control_change", control=1, value=0, time=rest))
    track.append(mido.Message("control_change", control=64, value=0, time=480))
    midi = mido.MidiFile(ticks_per_beat=480)
    midi.tracks.append(track)
    midi.save(tmp_path / "a.mid")
    (player,) = read_performance(tmp_path / "a.mid")
    found = [(note.pitch, note.onset, note.offset) for note in player.notes]
    assert found == [(48, 0.0, 0.5), (60, 0.5, 1.25), (72, 1.25, 1.75)]
