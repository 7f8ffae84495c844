"""Downbeats that are given: what they make of tempo, metre and bars, and which are refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import scorelane
from scorelane.cli.app import app
from scorelane.errors import UsageError
from scorelane.midi import write_midi
from scorelane.notes import Note
from scorelane.score import Beats, Metre, Played, Wishes, find_grid, make_score
from scorelane.score.beats import track_bars
from scorelane.score.downbeats import begin_bars, check_downbeats, missed
from scorelane.score.grid import Grid
from scorelane.score.pulse import FRAME, Pulse
from stub_engine import StubEngine

BEAT = 0.5
BEATS = 0.5 + BEAT * np.arange(72)


def in_doubt(beats: np.ndarray, bars: np.ndarray | None = None) -> Pulse:
    """A network that hears ``beats``, and that bars begin at ``bars`` as likely as not."""
    frames = FRAME * np.arange(round((beats[-1] + 3.0) / FRAME))

    def near(times: np.ndarray) -> np.ndarray:
        return np.abs(frames[:, None] - times).min(axis=1) < FRAME

    bar = np.where(near(beats if bars is None else bars), -0.1, -4.0)
    return Pulse(0.0, np.where(near(beats), 3.0, -4.0), bar, -4.0)


def lines(grid: Grid) -> np.ndarray:
    return grid.times[grid.pickup :: grid.metre.beats]


def pulses(times: np.ndarray) -> Played:
    return Played("", 0, False, [Note(float(t), float(t) + 0.2, 60, 0) for t in times])


@pytest.mark.parametrize("first", [1, 2, 3])
def test_one_downbeat_tells_where_all_bars_begin(first: int) -> None:
    # The network hears the half of the bar as faintly as its beginning, and one of them first.
    pulse = in_doubt(BEATS, BEATS[first % 2 :: 2])
    downbeat = float(BEATS[first]) + 0.04
    grid = track_bars(BEATS, pulse, metre=Metre(4, 4), downbeats=[downbeat])
    assert np.abs(lines(grid)[:, None] - BEATS[first::4]).min(axis=0).max() < 0.05


@pytest.mark.parametrize(
    ("count", "metre", "beat"),
    [(3, "3/4", 0.5), (4, "4/4", 0.5), (3, "3/4", 0.8), (2, "2/4", 0.6)],
)
def test_two_downbeats_in_a_row_settle_tempo_and_metre(count: int, metre: str, beat: float) -> None:
    beats = 0.5 + beat * np.arange(72)
    given_here = [float(beats[count]) - 0.03, float(beats[2 * count]) + 0.03]
    grid = track_bars(beats, in_doubt(beats), downbeats=given_here)
    assert str(grid.metre) == metre
    assert np.abs(lines(grid)[:, None] - beats[::count][:-1]).min(axis=0).max() < 0.05


def test_downbeats_far_apart_leave_open_how_many_bars_lie_between() -> None:
    pulse = in_doubt(BEATS, BEATS[::3])
    grid = track_bars(BEATS, pulse, downbeats=[float(BEATS[3]), float(BEATS[30])])
    assert str(grid.metre) == "3/4"
    assert len(lines(grid)) == pytest.approx(len(BEATS) / 3, abs=1)


def test_a_bar_may_begin_after_the_last_onset() -> None:
    grid = track_bars(BEATS, in_doubt(BEATS), metre=Metre(4, 4), downbeats=[float(BEATS[-1]) + 1.0])
    assert not missed(grid, [float(BEATS[-1]) + 1.0])
    assert np.abs(lines(grid)[:, None] - BEATS[1::4]).min(axis=0).max() < 0.05


@pytest.mark.parametrize("first", [-1.0, -0.5])
def test_a_bar_may_begin_before_the_first_note(first: float) -> None:
    beats = 2.0 + BEAT * np.arange(40)
    downbeat = 2.0 + first
    grid = track_bars(beats, in_doubt(beats), metre=Metre(4, 4), downbeats=[downbeat])
    assert not missed(grid, [downbeat])


@settings(max_examples=20, deadline=None)
@given(shift=st.floats(-0.1, 0.1), at=st.integers(4, 60))
def test_a_bar_begins_on_the_beat_beside_the_downbeat(shift: float, at: int) -> None:
    grid = track_bars(BEATS, in_doubt(BEATS), metre=Metre(3, 4), downbeats=[BEATS[at] + shift])
    assert np.abs(lines(grid) - BEATS[at]).min() < 0.04


@pytest.mark.parametrize(
    ("downbeats", "message"),
    [
        ([-0.5], "from 0 on"),
        ([math.nan], "from 0 on"),
        ([math.inf], "from 0 on"),
        ([99.0], r"last note ends at 10\.00 s"),
        ([1.0, 1.2], "both at 1 and at 1.2 s"),
    ],
)
def test_times_that_make_no_sense_are_refused(downbeats: list[float], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_downbeats(downbeats, 10.0)


@given(st.lists(st.floats(0.0, 50.0), max_size=8), st.floats(0.0, 50.0))
def test_downbeats_are_refused_or_put_in_order(downbeats: list[float], end: float) -> None:
    try:
        kept = check_downbeats(downbeats, end)
    except UsageError:
        assert max(downbeats) > end or np.diff(np.unique(downbeats)).min() < 0.4
    else:
        assert list(kept) == sorted(set(downbeats))


def test_a_downbeat_tells_which_of_the_known_beats_begin_bars() -> None:
    plain = [(float(t), False) for t in BEATS]
    notes = [pulses(BEATS)]
    for downbeats in ([1.55, 3.04], [1.5, 3.0, 7.5]):
        grid = make_score(notes, Wishes(beats=plain, downbeats=downbeats)).grid
        assert grid.metre.beats == 3 and not missed(grid, downbeats)
    grid = make_score(notes, Wishes(meter="4/4", beats=plain, downbeats=[1.0])).grid
    assert grid.pickup == 1


def test_downbeats_that_contradict_the_known_beats_are_refused() -> None:
    counted = Beats(BEATS, 0, Metre(4, 4))
    assert begin_bars(counted, [2.5]) == counted
    with pytest.raises(UsageError, match="No bar begins at 1 s"):
        begin_bars(counted, [1.0])
    with pytest.raises(UsageError, match=r"nearest of the beats that are given is at 2\.50 s"):
        begin_bars(counted, [2.7])
    with pytest.raises(UsageError, match="No bar begins at 3 s in bars of 4 beats"):
        begin_bars(Beats(BEATS), [1.5, 3.0], Metre(4, 4))
    with pytest.raises(UsageError, match="No bar begins"):
        find_grid([pulses(BEATS)], beats=counted, downbeats=[1.0])


def test_a_transcription_takes_downbeats(
    engine: StubEngine, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    heard = scorelane.transcribe(make_wav("a.wav", seconds=12.0))
    score = heard.as_score(meter="3/4", downbeats=[2.0, 5.0])
    assert not missed(score.grid, [2.0, 5.0])
    heard.to_musicxml(tmp_path / "a.musicxml", downbeats=[2.0, 5.0], meter="3/4")
    assert "<beats>3</beats>" in (tmp_path / "a.musicxml").read_text()
    with pytest.raises(UsageError, match="from 0 on"):
        heard.to_musicxml(tmp_path / "a.musicxml", downbeats=[-1.0])


def test_the_commands_take_downbeats(tmp_path: Path) -> None:
    source = tmp_path / "a.mid"
    write_midi(pulses(BEATS).notes, source)

    def run(*downbeats: str) -> tuple[int, str, str]:
        out = tmp_path / "a.musicxml"
        options = [text for one in downbeats for text in ("--downbeat", one)]
        done = CliRunner().invoke(
            app, ["score", str(source), "-o", str(out), "--overwrite", *options]
        )
        return done.exit_code, done.output, out.read_text() if out.exists() else ""

    code, output, text = run("2.0", "3.5")
    assert code == 0, output
    assert "<beats>3</beats>" in text
    code, output, _ = run("-1")
    assert code != 0 and "from 0 on" in " ".join(output.split())
    code, output, _ = run("500")
    assert code != 0 and "last note ends" in " ".join(output.split())
