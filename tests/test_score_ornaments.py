"""Grace notes, rolled chords and the pedal: recognised, and not seen where there are none."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, arrange, write_musicxml
from scorelane.score.ornaments import find_ornaments
from scorelane.score.pedal import releases

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
