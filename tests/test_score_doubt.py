"""Doubt: how sure a reading of beats and bars is, and when that is said."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from scorelane.cli.app import app
from scorelane.midi import write_midi
from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, Wishes, find_grid, make_score, remarks
from scorelane.score.chain import Chain
from scorelane.score.doubt import DOUBTFUL, Reading, certainty, others
from scorelane.score.metre import Choice
from stub_engine import StubEngine


def reading(worth: float, metre: str = "4/4", shift: float = 0.0, pickup: int = 0) -> Reading:
    chain = Chain(shift + 0.5 * np.arange(61), pickup, worth)
    return Reading(worth, Choice(Metre.parse(metre)), 0.5, chain)


def test_a_reading_alone_is_certain() -> None:
    assert certainty(reading(10.0), [reading(10.0)]) == pytest.approx(1.0)


def test_others_count_by_their_worth_and_by_where_their_bars_are() -> None:
    best = reading(100.0)
    elsewhere = [certainty(best, [best, reading(100.0 - less, pickup=2)]) for less in (0, 10, 99)]
    assert elsewhere[0] == pytest.approx(0.5)
    assert elsewhere == sorted(elsewhere) and elsewhere[-1] > 0.99
    assert certainty(best, [best, reading(100.0, "12/8", shift=0.03)]) == pytest.approx(1.0)
    half = certainty(best, [best, reading(100.0, "2/4")])
    assert 0.5 < half < 1.0


@given(
    st.lists(
        st.tuples(
            st.floats(-500.0, 500.0),
            st.sampled_from(["4/4", "3/4", "2/4", "6/8"]),
            st.floats(0.0, 0.5),
            st.integers(0, 1),
        ),
        min_size=1,
    )
)
def test_certainty_is_a_share(some: list[tuple[float, str, float, int]]) -> None:
    readings = [reading(*one) for one in some]
    best = max(readings, key=lambda one: one.worth)
    assert 0.0 < certainty(best, readings) <= 1.0 + 1e-9


def test_others_are_the_likeliest_in_another_metre_or_tempo() -> None:
    best, same_beats = reading(100.0), reading(99.0, pickup=2)
    twice = Reading(90.0, best.choice, 0.25, Chain(0.25 * np.arange(121), 0, 90.0))
    third, least, same_bars = reading(95.0, "3/4"), reading(10.0, "6/8"), reading(98.0, "12/8")
    named = others(best, [least, twice, best, third, same_beats, same_bars])
    assert [(str(metre), tempo) for metre, tempo in named] == [
        ("3/4", pytest.approx(120.0)),
        ("4/4", pytest.approx(240.0)),
    ]
    assert others(best, [best]) == ()


def test_another_is_what_comes_of_its_options() -> None:
    rng = np.random.default_rng(5)
    when = np.sort(rng.uniform(0.0, 32.0, 90))
    part = Played("", 0, False, [Note(t, t + 0.3, int(rng.integers(40, 80)), 0) for t in when])
    grid = find_grid([part])
    assert len(grid.others) == 2
    for metre, tempo in grid.others:
        again = find_grid([part], tempo=round(tempo), metre=metre)
        assert again.metre == metre
        assert 60.0 / np.median(np.diff(again.times)) == pytest.approx(tempo, rel=0.15)


def test_what_is_known_is_not_in_doubt() -> None:
    part = Played("", 0, False, [Note(t, t + 0.2, 60, 0) for t in np.arange(12.0)])
    known = [(float(i), i % 3 == 0) for i in range(14)]
    assert make_score([part], Wishes(beats=known)).grid.certainty == 1.0
    assert make_score([part], Wishes(beats=known)).grid.others == ()


def test_even_bars_are_surer_than_notes_at_random() -> None:
    rng = np.random.default_rng(3)
    even = [
        Note(0.5 * i, 0.5 * i + 0.4, pitch, 0)
        for i in range(64)
        for pitch in ((36, 60, 64, 67) if i % 4 == 0 else (60 + i % 4,))
    ]
    when = np.sort(rng.uniform(0.0, 32.0, 90))
    random = [Note(t, t + 0.3, int(rng.integers(40, 80)), 0) for t in when]
    sure, unsure = (find_grid([Played("", 0, False, notes)]).certainty for notes in (even, random))
    assert unsure < sure and sure > DOUBTFUL


def test_doubt_is_said_with_what_to_do() -> None:
    grid = Grid(1.0 + 0.5 * np.arange(40), Metre(3, 4), 1, certainty=0.4)
    (line,) = remarks(grid)
    assert "3/4" in line and "1.50, 3.00, 4.50 s" in line and "--downbeat" in line
    assert line.endswith("two in a row: --downbeat SECONDS --downbeat SECONDS")
    twice = replace(grid, others=((Metre(6, 8), 80.4), (Metre(2, 4), 160.0)))
    assert remarks(twice)[0] == f"{line}; or try --meter 6/8 --tempo 80 or --meter 2/4 --tempo 160"
    (line,) = remarks(grid, [1.5])
    assert line.endswith("one more: --downbeat SECONDS")
    assert remarks(Grid(grid.times, grid.metre, 1, certainty=0.9)) == []
    (line,) = remarks(Grid(grid.times, grid.metre, 1), [1.5, 3.7])
    assert "No bar begins at 3.7 s" in line


@pytest.mark.parametrize("command", ["score", "transcribe"])
def test_the_commands_say_it_once_and_beside_the_results(
    command: str,
    engine: StubEngine,
    make_wav: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.modules["scorelane.score.beats"], "certainty", lambda *_: 0.3)
    if command == "score":
        source = tmp_path / "a.mid"
        write_midi([Note(t, t + 0.3, 60, 0) for t in np.arange(0.0, 8.0, 0.5)], source)
        arguments = ["score", str(source), "-o", str(tmp_path / "a.musicxml")]
    else:
        source = make_wav("a.wav", seconds=4.0)
        arguments = ["transcribe", str(source), "--to", "musicxml,grid"]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0, run.output
    assert run.stderr.count("in doubt") == 1
    assert "in doubt" not in run.stdout
