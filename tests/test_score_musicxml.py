"""Any set of notes gives valid MusicXML that music21 and MuseScore read back as it was meant."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from score_reading import read_midi_tracks, read_musicxml
from scorelane.notes import Note
from scorelane.score import (
    Beats,
    Grid,
    Metre,
    Played,
    Score,
    arrange,
    find_grid,
    make_score,
    write_musicxml,
)
from scorelane.score.engrave import EngraveError, convert, find_musescore
from scorelane.score.grid import TICKS
from scorelane.score.musicxml import to_tree

lxml_etree = pytest.importorskip("lxml.etree", reason="the MusicXML schema is checked by lxml")

_XLINK = (
    """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
 targetNamespace="http://www.w3.org/1999/xlink">
"""
    + "".join(
        f'<xs:attribute name="{name}" type="xs:string"/>'
        for name in ("href", "type", "role", "title", "show", "actuate")
    )
    + "</xs:schema>"
)
_XML = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
 targetNamespace="http://www.w3.org/XML/1998/namespace">
<xs:attribute name="lang" type="xs:language"/><xs:attribute name="space" type="xs:NCName"/>
</xs:schema>"""


@cache
def _schema() -> object:
    """The MusicXML 3.1 schema that partitura brings, with what it imports from the web stubbed."""
    # Not imported: partitura would fetch a sound font.
    found = importlib.util.find_spec("partitura")
    if found is None or not found.submodule_search_locations:
        pytest.skip("the MusicXML schema is partitura's, which is not installed")
    source = Path(found.submodule_search_locations[0]) / "assets" / "musicxml.xsd"
    with tempfile.TemporaryDirectory() as folder:
        text = source.read_text(encoding="utf-8")
        for name, stub in (("xlink", _XLINK), ("xml", _XML)):
            (Path(folder) / f"{name}.xsd").write_text(stub, encoding="utf-8")
            text = re.sub(
                rf'schemaLocation="[^"]*/{name}\.xsd"', f'schemaLocation="{name}.xsd"', text
            )
        (Path(folder) / "musicxml.xsd").write_text(text, encoding="utf-8")
        return lxml_etree.XMLSchema(lxml_etree.parse(str(Path(folder) / "musicxml.xsd")))


def assert_valid(path: Path) -> None:
    schema = _schema()
    document = lxml_etree.parse(str(path))
    assert schema.validate(document), str(schema.error_log.last_error)  # type: ignore[attr-defined]


def drums(notes: Sequence[Note]) -> Played:
    return Played("", 0, True, notes)


def piano(*notes: tuple[float, float, int]) -> Played:
    return Played("", 0, False, [Note(*times, pitch, 0) for *times, pitch in notes])


def _noise(count: int, seconds: float, seed: int = 3) -> list[Note]:
    rng = np.random.default_rng(seed)
    onset = rng.uniform(0, seconds, count)
    length = rng.exponential(0.4, count) + 0.005
    pitch = rng.integers(0, 128, count)
    return [
        Note(float(o), float(o + d), int(p), 0)
        for o, d, p in zip(onset, length, pitch, strict=True)
    ]


ODD = {
    "empty": [],
    "no notes": [Played("Silence", 40, False, [])],
    "one note": [piano((1.0, 1.5, 60))],
    "one moment": [piano((0.0, 0.2, 60), (0.0, 0.2, 64))],
    "zero length": [Played("", 73, False, [Note(0.5, 0.5, 80, 73)])],
    "40 at once": [piano(*((2.0, 3.0, 40 + pitch) for pitch in range(40)))],
    "only drums": [
        drums([Note(0.25 * i, 0.25 * i + 0.05, 35 + i % 40, 0, True) for i in range(60)])
    ],
    "extreme pitches": [piano((0.0, 1.0, 0), (0.0, 1.0, 127), (1.0, 2.0, 1), (1.5, 2.0, 126))],
    "late": [piano((3600.0, 3601.0, 60), (3601.0, 3602.0, 62))],
    "noise": [Played("", 0, False, _noise(200, 20.0)), Played("", 60, False, _noise(50, 20.0, 4))],
    "20 parts": [
        Played("", 8 * i % 128, False, [Note(0.1 * i, 1.0 + i, 60, 0)]) for i in range(20)
    ],
    "odd names": [Played('<Flöte> & \x07 "Co"', 73, False, [Note(0.0, 1.0, 70, 73)])],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_notes_give_valid_musicxml(name: str, tmp_path: Path) -> None:
    write_musicxml(make_score(ODD[name], title=name), tmp_path / "odd.musicxml")
    assert_valid(tmp_path / "odd.musicxml")


@pytest.mark.slow
def test_ten_thousand_notes(tmp_path: Path) -> None:
    write_musicxml(
        make_score([Played("", 0, False, _noise(10_000, 600.0))]), tmp_path / "l.musicxml"
    )
    assert_valid(tmp_path / "l.musicxml")
    if shutil.which("musescore3"):
        assert convert(tmp_path / "l.musicxml", tmp_path / "l.pdf")


def test_names_sounds_and_channels(tmp_path: Path) -> None:
    parts = [
        Played("", 71, False, [Note(0.0, 1.0, 60, 71)]),
        drums([Note(0.0, 0.1, 38, 0, True), Note(0.5, 0.6, 42, 0, True)]),
    ]
    write_musicxml(make_score(parts), tmp_path / "a.musicxml")
    text = (tmp_path / "a.musicxml").read_text(encoding="utf-8")
    assert "<instrument-sound>wind.reed.clarinet</instrument-sound>" in text
    assert "<midi-program>72</midi-program>" in text
    assert "<midi-channel>10</midi-channel>" in text
    assert "<midi-unpitched>39</midi-unpitched>" in text and "Closed Hi-Hat" in text
    # Written pitch: a sounding C is the clarinet's D, and C major its D major.
    assert "<step>D</step>" in text and "<fifths>2</fifths>" in text
    assert "<chromatic>-2</chromatic>" in text


def test_a_singer_is_called_a_voice_and_sounds_as_one(tmp_path: Path) -> None:
    write_musicxml(
        make_score([Played("", 52, False, [Note(0.0, 1.0, 60, 52)])]), tmp_path / "a.xml"
    )
    text = (tmp_path / "a.xml").read_text(encoding="utf-8")
    assert "<part-name>Voice</part-name>" in text
    assert "<midi-program>53</midi-program>" in text


def test_more_parts_than_channels_are_no_trouble(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    players = [Played("", 40 + i, False, [Note(0.0, 1.0, 60 + i, 40 + i)]) for i in range(20)]
    score = arrange(players, Grid(np.array([0.0, 0.5]), Metre(4, 4)))
    write_musicxml(score, tmp_path / "many.musicxml")
    assert_valid(tmp_path / "many.musicxml")
    written = (tmp_path / "many.musicxml").read_text()
    channels = re.findall(r"<midi-channel>(\d+)</midi-channel>", written)
    assert [int(channel) for channel in channels] == [part.channel + 1 for part in score.parts]
    assert "channels" not in capfd.readouterr().err


@pytest.mark.parametrize(("players", "millimetres"), [(1, "7"), (4, "6"), (8, "5"), (20, "4")])
def test_the_more_staves_the_smaller(players: int, millimetres: str) -> None:
    clarinets = [Played("", 71, False, [Note(0.0, 1.0, 60, 71)])] * players
    tree = to_tree(arrange(clarinets, Grid(np.array([0.0, 0.5]), Metre(4, 4))))
    assert tree.findtext("defaults/scaling/millimeters") == millimetres


def test_mxl_holds_the_same_score(tmp_path: Path) -> None:
    score = make_score(ODD["one note"])
    write_musicxml(score, tmp_path / "a.musicxml")
    write_musicxml(score, tmp_path / "a.mxl")
    with zipfile.ZipFile(tmp_path / "a.mxl") as archive:
        assert archive.namelist()[0] == "META-INF/container.xml"
        assert archive.read("score.musicxml") == (tmp_path / "a.musicxml").read_bytes()


STEADY = Grid(np.arange(0.0, 33.0) * 0.5, Metre(4, 4))


def _sounding(score: Score) -> list[tuple[int, int, int]]:
    """Part, start tick and pitch of everything that the score holds."""
    return sorted(
        (number, chord.start, pitch)
        for number, part in enumerate(score.parts)
        for staff in part.staves
        for voice in staff.voices
        for chord in voice
        for pitch in chord.pitches
    )


def _read_back(path: Path) -> list[tuple[int, int, int]]:
    """The same of a MusicXML file, as music21 reads it: ties joined, at sounding pitch."""
    from music21 import converter

    score = converter.parse(path, forceSource=True).toSoundingPitch()
    identities: dict[str, int] = {}
    found = []
    for part in score.parts:
        number = identities.setdefault(str(part.id).split("-")[0], len(identities))
        for note in part.recurse().notes:
            for one in note.notes if note.isChord else [note]:
                if one.tie is None or one.tie.type == "start":
                    start = float(note.getOffsetInHierarchy(part)) * TICKS
                    found.append((number, round(start), one.pitch.midi))
    return sorted(found)


note_sets = st.lists(
    st.tuples(
        st.integers(0, 95), st.integers(1, 60), st.integers(24, 100), st.sampled_from([0, 40, 71])
    ),
    min_size=1,
    max_size=40,
)


def _score_of(notes: list[tuple[int, int, int, int]]) -> Score:
    """Notes at sixteenths of ``STEADY`` as the score of up to three players."""
    players: dict[int, list[Note]] = {}
    for start, length, pitch, program in notes:
        onset = start * 0.125
        players.setdefault(program, []).append(Note(onset, onset + length * 0.125, pitch, program))
    return arrange([Played("", p, False, players[p]) for p in sorted(players)], STEADY)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(note_sets)
def test_music21_reads_back_every_onset(
    tmp_path: Path, notes: list[tuple[int, int, int, int]]
) -> None:
    score = _score_of(notes)
    write_musicxml(score, tmp_path / "a.musicxml")
    assert_valid(tmp_path / "a.musicxml")
    assert _read_back(tmp_path / "a.musicxml") == _sounding(score)


@settings(max_examples=60, deadline=None)
@given(note_sets)
def test_every_note_keeps_its_place(notes: list[tuple[int, int, int, int]]) -> None:
    meant = {(program, start * 6, pitch) for start, _, pitch, program in notes}
    score = _score_of(notes)
    # Strings and clarinets that are too many for one staff have several.
    family = [40 if 40 <= part.program <= 43 else part.program for part in score.parts]
    assert {(family[number], start, pitch) for number, start, pitch in _sounding(score)} == meant


needs_musescore = pytest.mark.skipif(
    not any(shutil.which(name) for name in ("mscore", "musescore", "musescore3")),
    reason="MuseScore is not installed",
)


@needs_musescore
def test_musescore_plays_what_was_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    notes = [
        (int(rng.integers(0, 95)), int(rng.integers(1, 20)), int(rng.integers(40, 90)), program)
        for program in (0, 40, 71)
        for _ in range(40)
    ]
    assert_round_trip(_score_of(notes), tmp_path)


@needs_musescore
def test_a_band_with_drums_goes_through_musescore(tmp_path: Path) -> None:
    kit = [
        Note(0.25 * i, 0.25 * i + 0.1, key, 0, True)
        for i in range(64)
        for key in ((36, 42) if i % 4 == 0 else (38, 46) if i % 4 == 2 else (42,))
    ]
    bass = [Note(0.5 * i, 0.5 * i + 0.4, 36 + i % 5, 33) for i in range(32)]
    sax = [Note(0.75 * i, 0.75 * i + 0.7, 62 + i % 7, 65) for i in range(20)]
    parts = [Played("", 65, False, sax), Played("", 33, False, bass), drums(kit)]
    assert_round_trip(arrange(parts, STEADY), tmp_path)


@needs_musescore
def test_trills_go_through_musescore(tmp_path: Path) -> None:
    """Over a held bass and chords, with the signature's neighbour and another; one over a bar."""
    strokes = [
        Note(start + 0.075 * i, start + 0.075 * i + 0.07, low + upper * (i % 2), 0)
        for start, low, upper in ((0.5, 72, 2), (3.0, 76, 2), (5.0, 67, 2))
        for i in range(16)
    ]
    held = [Note(2.0 * bar, 2.0 * bar + 1.9, 48, 0) for bar in range(4)]
    chords = [Note(0.5 * i, 0.5 * i + 0.45, 79 + 3 * k, 0) for i in (1, 6, 14) for k in range(2)]
    score = arrange([Played("", 0, False, strokes + held + chords)], STEADY)
    assert_round_trip(score, tmp_path)
    assert_valid(tmp_path / "sent.musicxml")
    for name in ("sent", "back"):
        text = (tmp_path / f"{name}.musicxml").read_text(encoding="utf-8")
        assert text.count("<trill-mark") == 3
    (track,) = (t for t in read_midi_tracks(tmp_path / "back.mid") if len(t) > 40)
    assert sum(pitch in (76, 78) for _, pitch in track) > 8  # it plays the strokes


def assert_round_trip(score: Score, folder: Path) -> None:
    """MusicXML to MuseScore and back, and to MIDI, keeps each part's pitches and ticks."""
    write_musicxml(score, folder / "sent.musicxml")
    convert(folder / "sent.musicxml", folder / "back.musicxml")
    convert(folder / "sent.musicxml", folder / "back.mid")
    sent = read_musicxml(folder / "sent.musicxml")
    assert sent == _sounding(score)
    assert read_musicxml(folder / "back.musicxml") == sent
    if not _ornamented(score):  # grace notes, trills and rolled chords have ticks of their own
        tracks = read_midi_tracks(folder / "back.mid")
        played = {(round(TICKS * quarter), pitch) for track in tracks for quarter, pitch in track}
        assert played == {(tick, pitch) for _, tick, pitch in sent}


def _ornamented(score: Score) -> bool:
    voices = [voice for part in score.parts for staff in part.staves for voice in staff.voices]
    return any(chord.graces or chord.rolled or chord.trills for voice in voices for chord in voice)


@needs_musescore
@pytest.mark.slow
def test_scores_of_the_corpus_go_through_musescore(tmp_path: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent / "bench"))
    from score_humaniser import perform
    from score_truth import CORPUS, load

    count = 0
    for truth in load(None, Path("build/score_truth"), ""):
        played = perform(truth, "steady")
        beats = Beats(played.beats, played.downbeat, Metre.parse(truth.metre or "4/4"))
        assert_round_trip(arrange(played.parts, find_grid(played.parts, beats=beats)), tmp_path)
        count += 1
    assert count == len(CORPUS)


@needs_musescore
@pytest.mark.parametrize("name", ODD)
def test_musescore_opens_odd_scores(name: str, tmp_path: Path) -> None:
    write_musicxml(make_score(ODD[name]), tmp_path / "a.musicxml")
    pages = convert(tmp_path / "a.musicxml", tmp_path / "a.png")
    assert pages
    for page in pages:
        with Image.open(page) as image:
            # On paper: what is transparent cannot be read on a dark screen.
            assert (image.format, image.mode) == ("PNG", "RGB")
            assert image.getpixel((0, 0)) == (255, 255, 255)


def test_missing_musescore_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("SCORELANE_MUSESCORE", raising=False)
    with pytest.raises(EngraveError, match="apt-get install musescore3"):
        find_musescore()
