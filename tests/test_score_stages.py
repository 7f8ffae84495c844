"""The stages of writing a score, each by itself, in the order of computation."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from scorelane.cli.app import app
from scorelane.errors import UsageError
from scorelane.midi import write_midi
from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, Wishes, arrange, find_grid, make_score
from scorelane.score.beats import track_bars
from scorelane.score.drums import drum_voices
from scorelane.score.given_beats import read_beats
from scorelane.score.grid_midi import write_grid_midi
from scorelane.score.hands import split_hands
from scorelane.score.keys import signatures, spell_pitches
from scorelane.score.lattice import _SIMPLE, _fit
from scorelane.score.onsets import find_onsets
from scorelane.score.performance import read_performance
from scorelane.score.pulse import hear_pulse
from scorelane.score.quantise import Placed, place_notes
from scorelane.score.rhythm import bars, spell, tuplet_beats
from scorelane.score.tempo import tempo_marks
from scorelane.score.voices import separate
from stub_engine import StubEngine

COMMON, WALTZ, JIG = Metre(4, 4), Metre(3, 4), Metre(6, 8)


def note(onset: float, offset: float, pitch: int = 60, program: int = 0) -> Note:
    return Note(onset, offset, pitch, program)


def placed(*spans: tuple[int, int, int]) -> list[Placed]:
    return [Placed(start, end, note(0.0, 1.0, pitch)) for start, end, pitch in spans]


def test_metres_are_read_and_refused() -> None:
    assert (Metre.parse(" 6/8 ").beats, Metre.parse("6/8").beat_ticks) == (2, 36)
    assert (Metre.parse("7/8").beats, Metre.parse("7/8").bar_ticks) == (7, 84)
    for wrong in ("", "4", "0/4", "4/3", "x/4", "99/4"):
        with pytest.raises(UsageError, match="metre"):
            Metre.parse(wrong)


@given(st.lists(st.floats(0.1, 2.0), min_size=1, max_size=30), st.floats(-5, 40))
def test_grid_times_and_beats_are_inverse(steps: list[float], beat: float) -> None:
    grid = Grid(np.concatenate(([0.5], 0.5 + np.cumsum(steps))), COMMON)
    assert grid.beat_at(grid.seconds_at(beat)) == pytest.approx(beat, abs=1e-6)


def _march(tempo: np.ndarray, rng: np.random.Generator) -> tuple[list[Note], np.ndarray]:
    """Quarters with some eighths; ``tempo`` holds the seconds of every beat."""
    beats = 1.0 + np.concatenate(([0.0], np.cumsum(tempo)))
    notes = []
    for i, (start, end) in enumerate(itertools.pairwise(beats)):
        jitter = rng.normal(0, 0.01, 3)
        notes.append(note(start + jitter[0], end, 48 if i % 4 == 0 else 60))
        if i % 2:
            middle = (start + end) / 2 + jitter[1]
            notes.append(note(middle, end, 64))
    return notes, beats


@pytest.mark.parametrize("period", [0.45, 0.6, 0.75])
def test_steady_beats_are_found(period: float) -> None:
    notes, beats = _march(np.full(40, period), np.random.default_rng(1))
    found = track_bars(find_onsets(notes), hear_pulse(notes)).times
    nearest = np.abs(found[:, None] - beats[None, :]).min(axis=1)
    assert len(found) == pytest.approx(len(beats), abs=2)
    assert np.median(nearest) < 0.02


def test_beats_follow_a_ritardando() -> None:
    notes, beats = _march(np.geomspace(0.45, 0.8, 48), np.random.default_rng(2))
    found = track_bars(find_onsets(notes), hear_pulse(notes)).times
    nearest = np.abs(beats[:, None] - found[None, :]).min(axis=1)
    assert (nearest < 0.05).mean() > 0.95


def test_a_beat_is_divided_one_way_or_the_other() -> None:
    def fit(*places: float) -> float:
        onsets = 1.0 + 0.8 * np.array(places)
        return float(_fit(onsets, np.ones(len(onsets)), 0.01, np.array([80]), _SIMPLE)[100, 0])

    sixteenths, triplets = fit(0, 1 / 4, 1 / 2, 3 / 4), fit(0, 1 / 3, 2 / 3)
    assert sixteenths > fit(0, 1 / 4, 1 / 3, 3 / 4) + 2.0
    assert triplets > fit(0, 1 / 3, 3 / 4) + 1.5


def test_a_tempo_that_is_asked_for_is_kept() -> None:
    notes, _ = _march(np.full(40, 0.6), np.random.default_rng(1))
    found = track_bars(find_onsets(notes), hear_pulse(notes), tempo=200.0).times
    assert np.median(np.diff(found)) == pytest.approx(0.3, rel=0.05)


def test_bars_of_a_waltz() -> None:
    notes = []
    for bar in range(12):
        start = 0.5 + 1.5 * bar
        root = (36, 41, 43, 36)[bar % 4]
        notes.append(note(start, start + 0.5, root))
        for beat in (1, 2):
            at = start + 0.5 * beat
            notes += [note(at, at + 0.3, root + 12 + step) for step in (4, 7)]
        notes.append(note(start, start + 1.4, 72))
    grid = find_grid([Played("", 0, False, notes)])
    assert (str(grid.metre), grid.pickup) == ("3/4", 0)


def test_a_player_who_is_late_in_slow_music_plays_no_32nds() -> None:
    times = [0.6 * i + (0.1 if i // 2 == 4 else 0.0) for i in range(16)]
    grid = Grid(np.arange(10) * 1.2, COMMON, 0)
    (notes,) = place_notes([[note(at, at + 0.4) for at in times]], grid)
    assert [one.start for one in notes] == [12 * i for i in range(16)]


@pytest.mark.parametrize("freedom", [0.0, 0.1])
def test_the_freer_the_playing_the_simpler_the_page(freedom: float) -> None:
    """One chord a sixteenth late is meant by those who keep the beat, not by those who do not."""
    grid = Grid(0.8 * np.arange(30), COMMON)
    free = np.random.default_rng(4).uniform(-freedom, freedom, 24)
    free[10] = 0.19
    part = [note(0.8 * (i + 1) + late, 0.8 * (i + 1) + 0.7) for i, late in enumerate(free)]
    (result,) = place_notes([part], grid)
    off = {i for i, one in enumerate(result) if one.start != 24 * (i + 1)}
    assert off == (set() if freedom else {10})


def test_triplets_and_sixteenths_are_told_apart() -> None:
    grid = Grid(np.arange(9.0), COMMON)
    onsets = [0, 1 / 3, 2 / 3, 1, 1.25, 1.5, 1.75, 2, 2.5, 3]
    rng = np.random.default_rng(3)
    part = [
        note(o + 0.02 * rng.uniform(-1, 1) + 0.02, o + 0.2, 60 + i) for i, o in enumerate(onsets)
    ]
    (result,) = place_notes([part], grid)
    assert [p.start for p in result] == [round(24 * o) for o in onsets]


note_lists = st.lists(
    st.tuples(st.floats(0, 30), st.floats(0, 5), st.integers(0, 127)), max_size=60
)


@settings(max_examples=80, deadline=None)
@given(note_lists, st.sampled_from([COMMON, WALTZ, JIG, Metre(5, 4), Metre(7, 8)]))
def test_placed_notes_have_length_and_never_collide(
    rows: list[tuple[float, float, int]], metre: Metre
) -> None:
    grid = Grid(np.arange(0.0, 30.0, 0.5), metre)
    (result,) = place_notes([[note(o, o + d, p) for o, d, p in rows]], grid)
    sounding: dict[int, int] = {}
    for one in result:
        assert one.end > one.start >= 0
        assert one.start >= sounding.get(one.note.pitch, 0)
        sounding[one.note.pitch] = one.end
    for voice in separate(result, polyphonic=True):
        for before, after in itertools.pairwise(voice):
            assert before.start < before.end <= after.start
    assert len(separate(result, polyphonic=True)) <= 2


metres = st.sampled_from([COMMON, WALTZ, Metre(2, 4), JIG, Metre(9, 8), Metre(5, 4), Metre(7, 8)])


@given(metres, st.data())
def test_written_values_fill_their_span(metre: Metre, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, metre.bar_ticks - 1))
    end = data.draw(st.integers(start + 1, metre.bar_ticks))
    tuplets = tuplet_beats([start, end], 0, metre)
    values = {"whole": 96, "half": 48, "quarter": 24, "eighth": 12, "16th": 6, "32nd": 3}
    for rest in (False, True):
        pieces = spell(start, end, 0, metre, tuplets, rest=rest)
        assert pieces[0].start == start and pieces[-1].end == end
        for before, after in itertools.pairwise(pieces):
            assert before.end == after.start
        for piece in pieces:
            if not piece.tuplet:
                assert values[piece.type] * (1.5 if piece.dots else 1) == piece.end - piece.start


def _types(start: int, end: int, metre: Metre = COMMON, *, rest: bool = False) -> list[str]:
    return [p.type + "." * p.dots for p in spell(start, end, 0, metre, {}, rest=rest)]


def test_values_as_engravers_write_them() -> None:
    assert _types(0, 72) == ["half."]
    assert _types(24, 72) == ["half"]
    assert _types(12, 36) == ["quarter"]  # eighth quarter eighth
    assert _types(36, 60) == ["eighth", "eighth"]  # shows the middle of the bar
    assert _types(24, 96) == ["quarter", "half"]
    assert _types(24, 72, rest=True) == ["quarter", "quarter"]
    assert _types(0, 36, JIG) == ["quarter."]
    assert _types(12, 48, JIG) == ["quarter", "eighth"]
    assert [p.tuplet for p in spell(0, 8, 0, COMMON, {0: 3})] == [3]


def test_bars_begin_with_the_pickup() -> None:
    assert bars(100, COMMON, 24) == [(0, 24), (24, 120)]
    assert bars(0, WALTZ, 0) == [(0, 72)]


def _scale(tonic: int, steps: tuple[int, ...]) -> list[Placed]:
    degrees = [tonic + s for s in (*steps, 12, *steps[::-1])] + [tonic + s for s in (0, 4, 7, 0)]
    return placed(*((24 * i, 24 * i + 24, 48 + d) for i, d in enumerate(degrees * 3)))


@pytest.mark.parametrize(("tonic", "fifths"), [(0, 0), (7, 1), (2, 2), (9, 3), (5, -1), (3, -3)])
def test_key_signatures_of_major_scales(tonic: int, fifths: int) -> None:
    notes = _scale(tonic, (0, 2, 4, 5, 7, 9, 11))
    bar_list = bars(notes[-1].end, COMMON, 0)
    assert set(signatures(notes, bar_list)) == {fifths}
    spelled = spell_pitches(notes, [(0, fifths)])
    assert all(fifths - 1 <= s.fifths <= fifths + 5 for s in spelled.values())


@given(st.lists(st.integers(12, 119), min_size=1, max_size=30), st.integers(-6, 5))
def test_a_spelling_sounds_its_pitch(pitches: list[int], fifths: int) -> None:
    notes = placed(*((12 * i, 12 * i + 12, p) for i, p in enumerate(pitches)))
    naturals = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    for (_, pitch), s in spell_pitches(notes, [(0, fifths)]).items():
        assert 12 * (s.octave + 1) + naturals[s.step] + s.alter == pitch
        assert abs(s.alter) <= 2


def test_hands_follow_the_music_across_a_fixed_split() -> None:
    # Both hands high, as in a music box: a split at middle C would give all to the right.
    rows = []
    for i in range(16):
        rows += [(24 * i, 24 * i + 24, 62 + i % 3), (24 * i, 24 * i + 24, 84 + i % 4)]
        rows.append((24 * i, 24 * i + 24, 66 + i % 3))
    right, left = split_hands(placed(*rows))
    assert {n.note.pitch >= 80 for n in right} == {True}
    assert {n.note.pitch < 80 for n in left} == {True}


def test_a_hand_that_holds_a_fifth_leaves_the_chords_above_it_to_the_other() -> None:
    held = [(0, 192, 48), (0, 192, 55)]
    chords = [(12 * i, 12 * i + 10, pitch) for i in range(16) for pitch in (60, 63)]
    right, left = split_hands(placed(*sorted(held + chords)))
    assert {n.note.pitch for n in right} == {60, 63}
    assert {n.note.pitch for n in left} == {48, 55}


def test_a_held_note_gets_its_own_voice() -> None:
    notes = placed((0, 96, 48), (0, 24, 72), (24, 48, 74), (48, 72, 76), (72, 96, 77))
    upper, lower = separate(notes, polyphonic=True)
    assert [c.pitches for c in upper] == [(72,), (74,), (76,), (77,)]
    assert [(c.start, c.end, c.pitches) for c in lower] == [(0, 96, (48,))]


def test_short_overlaps_of_legato_are_no_second_voice() -> None:
    (voice,) = separate(placed((0, 27, 60), (24, 50, 62), (48, 72, 64)), polyphonic=True)
    assert [(c.start, c.end) for c in voice] == [(0, 24), (24, 48), (48, 72)]


def test_drums_have_hands_and_feet() -> None:
    rows = placed((0, 1, 36), (0, 1, 42), (12, 13, 42), (24, 25, 38), (24, 25, 42))
    hands, feet = drum_voices(rows, COMMON)
    assert [(c.start, c.end, c.pitches) for c in hands] == [
        (0, 12, (42,)),
        (12, 24, (42,)),
        (24, 48, (38, 42)),
    ]
    assert [(c.start, c.end, c.pitches) for c in feet] == [(0, 24, (36,))]


def test_grid_midi_keeps_the_time_of_the_performance(tmp_path: Path) -> None:
    times = np.concatenate(([0.0], np.cumsum(np.linspace(0.4, 0.8, 16))))
    part = Played("Flute", 73, False, [note(t, t + 0.3, 72) for t in times[:-1]])
    write_grid_midi(arrange([part], Grid(times, COMMON)), tmp_path / "a.mid")
    (read,) = read_performance(tmp_path / "a.mid")
    assert read.name == "Flute"
    assert [n.onset for n in read.notes] == pytest.approx(list(times[:-1]), abs=2e-3)


def test_tempo_marks_stand_where_the_tempo_changes_for_good() -> None:
    rng = np.random.default_rng(0)
    beats = np.concatenate((np.full(64, 0.5), np.full(64, 0.4)))  # 120, then 150
    beats *= np.exp(0.03 * rng.standard_normal(128))
    grid = Grid(np.concatenate(([0.0], np.cumsum(beats))), COMMON, 0)
    lines = bars(128 * 24, COMMON, 0)
    (first, slow), (second, fast) = tempo_marks(grid, lines)
    assert (first, second) == (0, 16)
    assert slow == pytest.approx(120, abs=2)
    assert fast == pytest.approx(150, abs=2)


def test_parts_of_one_instrument_are_told_apart_by_their_short_names() -> None:
    programs = (40, 40, 27, 114)
    players = [Played("", program, False, (note(0.0, 1.0, 60, program),)) for program in programs]
    score = arrange(players, Grid(np.array([0.0, 0.5]), COMMON, 0))
    short = [part.abbreviation for part in score.parts]
    assert short == ["Vln. 1", "Vln. 2", "E.Gtr.", "Ste.Dru."]


def test_beats_files(tmp_path: Path) -> None:
    good = tmp_path / "a.beats"
    good.write_text("# beats\n0.5 4\n1.0 1\n1.5\t2\n")
    read = read_beats(good)
    assert (list(read.times), read.downbeat, read.metre) == ([0.5, 1.0, 1.5], 1, None)
    for text, says in (
        ("0.5\n", "two"),
        ("1\n0.5\n", "line 2"),
        ("x\n", "no time"),
        ("nan\n1", "1"),
    ):
        good.write_text(text)
        with pytest.raises(UsageError, match=says):
            read_beats(good)
    with pytest.raises(UsageError, match="cannot be read"):
        read_beats(tmp_path / "none")


@pytest.mark.parametrize("count", [3, 5])
def test_beats_that_are_numbered_say_the_metre(count: int, tmp_path: Path) -> None:
    numbers = [(i - 1) % count + 1 for i in range(4 * count)]  # a pick-up, then bars
    lines = [f"{0.5 + 0.5 * i} {number}" for i, number in enumerate(numbers)]
    (tmp_path / "a.beats").write_text("\n".join(lines))
    # What is played sounds like bars of four.
    players = [
        Played("", 0, False, [note(0.5 + i, 1.3 + i, 36 + 12 * (i % 2)) for i in range(2 * count)])
    ]
    grid = make_score(players, Wishes(beats=tmp_path / "a.beats")).grid
    assert (grid.metre, grid.pickup) == (Metre(count, 4), 1)


def test_wishes_are_kept(tmp_path: Path) -> None:
    beats = tmp_path / "a.beats"
    beats.write_text("".join(f"{0.5 * i} {i % 3 + 1}\n" for i in range(20)))
    part = Played("", 0, False, [note(0.25 * i, 0.25 * i + 0.2) for i in range(30)])
    score = make_score([part], Wishes(meter="3/4", beats=beats))
    assert str(score.grid.metre) == "3/4"
    assert score.tempos[0][1] == 120
    with pytest.raises(UsageError, match="tempo"):
        make_score([part], Wishes(tempo=1e6))


def test_score_command(tmp_path: Path) -> None:
    write_midi([note(0.5 * i, 0.5 * i + 0.4, 60 + i) for i in range(8)], tmp_path / "a.mid")
    out = tmp_path / "a.musicxml"
    run = CliRunner().invoke(app, ["score", str(tmp_path / "a.mid"), "-o", str(out)])
    assert run.exit_code == 0, run.output
    assert len(re.findall(r"<step>", out.read_text())) >= 8
    again = CliRunner().invoke(app, ["score", str(tmp_path / "a.mid"), "-o", str(out)])
    assert again.exit_code == 2 and "--overwrite" in again.output
    odd = CliRunner().invoke(app, ["score", str(tmp_path / "a.mid"), "-o", str(tmp_path / "a.doc")])
    assert odd.exit_code == 2 and ".musicxml" in odd.output


def test_pages_that_exist_are_not_replaced_unasked(tmp_path: Path) -> None:
    write_midi([note(0.0, 0.5)], tmp_path / "song.mid")
    (tmp_path / "song-1.png").write_text("kept")
    run = CliRunner().invoke(app, ["score", f"{tmp_path}/song.mid", "-o", f"{tmp_path}/song.png"])
    assert run.exit_code == 2
    assert "song-1.png exists" in run.output
    assert (tmp_path / "song-1.png").read_text() == "kept"


def test_transcribe_writes_scores(engine: StubEngine, make_wav: Callable[..., Path]) -> None:
    song = make_wav("song.wav", seconds=2.0)
    run = CliRunner().invoke(app, ["transcribe", str(song), "--to", "csv,MusicXML,.mxl,grid"])
    assert run.exit_code == 0, run.output
    assert all(
        song.with_suffix(s).stat().st_size for s in (".csv", ".musicxml", ".mxl", ".grid.mid")
    )
    assert any(event.type == "set_tempo" for event in mido.MidiFile(song.with_suffix(".grid.mid")))
    assert not song.with_suffix(".mid").exists()


def test_what_the_pedal_holds_at_the_end_is_not_written_out() -> None:
    grid = Grid(np.arange(0.0, 5.0, 0.5), COMMON)
    score = arrange([Played("", 0, False, [note(0.0, 0.5), note(0.5, 60.0, 64)])], grid)
    assert score.bars == [(0, 96), (96, 192)]
    ends = [c.end for staff in score.parts[0].staves for v in staff.voices for c in v]
    assert max(ends) <= 192


@pytest.mark.parametrize(("pitch", "following", "step"), [(70, 71, "A"), (70, 69, "B")])
def test_chromatic_notes_follow_where_they_lead(pitch: int, following: int, step: str) -> None:
    # In G major: A sharp below B, but B flat above A.
    rows = [(24 * i, 24 * i + 24, p) for i, p in enumerate((67, 71, 74, 72, 69, 66, 67, 74))]
    rows += [(192, 216, pitch), (216, 240, following), (240, 288, 67)]
    assert spell_pitches(placed(*rows), [(0, 1)])[192, pitch].step == step


def test_a_melody_on_a_piano_needs_one_staff() -> None:
    grid = Grid(np.arange(0.0, 9.0), COMMON)
    line = [note(float(i), i + 0.9, 60 + 2 * i) for i in range(8)]
    chords = [*line, *(note(float(i), i + 0.9, 36 + i) for i in range(8))]
    for notes, staves in ((line, 1), (chords, 2)):
        assert len(arrange([Played("", 0, False, notes)], grid).parts[0].staves) == staves
