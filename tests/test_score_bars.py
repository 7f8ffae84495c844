"""Beats and bars found together: the chain, and what it makes of playing that is not even."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest

from scorelane.notes import Note
from scorelane.score import Grid, Metre, Played, find_grid
from scorelane.score.beats import track_bars
from scorelane.score.chain import STIFF, SUPPLE, best_chain, change_costs
from scorelane.score.lattice import Lattice
from scorelane.score.pulse import FRAME, Pulse


def heard(
    beats: np.ndarray, bars: np.ndarray, compound: float = -4.0, *, sure: float = 1.0
) -> Pulse:
    """What a network says that is so ``sure`` of ``beats`` and of ``bars``."""
    frames = FRAME * np.arange(round((beats[-1] + 3.0) / FRAME))

    def odds(times: np.ndarray) -> np.ndarray:
        near = np.abs(frames[:, None] - times).min(axis=1) < FRAME
        return sure * np.where(near, 3.0, -4.0)

    return Pulse(0.0, odds(beats), odds(bars), compound)


def small_lattice(rng: np.random.Generator) -> Lattice:
    """A few frames between a first and a last onset, and beats of three lengths."""
    gain = rng.normal(0.0, 2.0, (20, 3)).astype(np.float32)
    bar, other = rng.normal(-1.0, 1.0, (2, 20)).astype(np.float32)
    return Lattice(0.0, 0.01, 5, np.array([3, 4, 5]), gain, bar, other)


def all_worths(lattice: Lattice, count: int, change: float) -> float:
    """The highest worth among all chains, tried one by one."""
    first, last = lattice.pad, len(lattice.gain) - 1 - lattice.pad
    costs = change_costs(len(lattice.lengths), lattice.step, change)
    best = -np.inf

    def go_on(at: int, place: int, before: int | None, worth: float) -> None:
        nonlocal best
        for column, length in enumerate(lattice.lengths):
            late = round(0.1 * length)
            if before is None and not at <= first + late < at + length:
                continue
            if at >= len(lattice.gain):
                continue
            own = lattice.gain[at, column] + (lattice.other if place else lattice.bar)[at]
            if before is not None:
                own -= costs[abs(column - before)]
            if at <= last + late < at + length:
                best = max(best, float(worth + own))
            go_on(at + int(length), (place + 1) % count, column, float(worth + own))

    for at, place in itertools.product(range(first + 1), range(count)):
        go_on(at, place, None, -float((count - place) % count))
    return best


@pytest.mark.parametrize("change", [STIFF, SUPPLE])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_chain_is_worth_more_than_the_best(count: int, change: float) -> None:
    for seed in range(8):
        lattice = small_lattice(np.random.default_rng(seed))
        chain = best_chain(lattice, count, change=change)
        assert chain.worth == pytest.approx(all_worths(lattice, count, change), abs=1e-3)
        assert 0 <= chain.pickup < count
        frames = np.round(chain.times / lattice.frame).astype(int)
        assert set(np.diff(frames)) <= {3, 4, 5}


def test_bars_go_on_after_a_beat_that_waits() -> None:
    # The last beat of the fourth bar is held for nearly two: no bar is lost by it.
    lengths = np.full(48, 0.6)
    lengths[11] = 1.15
    beats = 0.5 + np.concatenate(([0.0], np.cumsum(lengths)))[:-1]
    grid = track_bars(beats, heard(beats, beats[::3]))
    assert str(grid.metre) == "3/4"
    off = np.abs(grid.times[grid.pickup :: 3, None] - beats[::3]).min(axis=0)
    assert (off > 0.1).sum() <= 1  # the bar line after it, at most
    assert off[6:].max() < 0.05


def test_who_plays_alone_is_followed_through_beats_that_come_and_go() -> None:
    # Neighbouring beats differ by a fourth, and the network is in doubt.
    right = []
    for seed in range(4):
        lengths = 0.6 * np.exp(0.2 * np.random.default_rng(seed).standard_normal(64))
        edges = 0.5 + np.concatenate(([0.0], np.cumsum(lengths)))
        beats = edges[:-1]
        eighths = np.sort(np.concatenate((beats, beats + lengths / 2)))
        grid = track_bars(eighths, heard(beats, beats[::3], sure=0.5), alone=True)
        assert str(grid.metre) == "3/4"
        lines = grid.times[grid.pickup :: 3]
        right.append((np.abs(lines[:, None] - beats[::3]).min(axis=0) < 0.06).mean())
    assert np.mean(right) > 0.88


def test_only_who_plays_alone_is_followed_so(monkeypatch: pytest.MonkeyPatch) -> None:
    followed = []

    def track(*arguments: object, alone: bool, **wishes: object) -> Grid:
        followed.append(alone)
        return Grid(np.arange(10.0), Metre(4, 4))

    monkeypatch.setattr(sys.modules["scorelane.score.arrange"], "track_bars", track)
    piano, drums, silent = (
        Played("", 0, is_drum, [Note(0.0, 0.5, 40, 0, is_drum)] * count)
        for is_drum, count in ((False, 1), (True, 1), (False, 0))
    )
    for parts in ([piano], [piano, silent], [piano, drums], [drums]):
        find_grid(parts)
    assert followed == [True, True, False, False]


def test_a_beat_that_is_not_heard_moves_no_bar() -> None:
    # Where nothing sounds for a while, beats alone could be one more or one fewer.
    beats = 0.5 + 0.5 * np.arange(64)
    sounding = np.delete(beats, slice(21, 26))
    grid = track_bars(sounding, heard(sounding, np.intersect1d(sounding, beats[::4])))
    assert str(grid.metre) == "4/4"
    lines = grid.times[grid.pickup :: 4]
    assert np.abs(lines[:, None] - beats[::4][:-1]).min(axis=0).max() < 0.1


def test_beats_of_three_parts_make_6_8() -> None:
    eighths = 0.5 + 0.25 * np.arange(96)
    grid = track_bars(eighths, heard(eighths[::3], eighths[::6], compound=1.0))
    assert str(grid.metre) == "6/8"
    assert np.diff(grid.times) == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize("metre", ["5/4", "7/8", "3/8", "9/8", "16/4"])
def test_a_metre_that_is_asked_for_is_kept(metre: str) -> None:
    asked = Metre.parse(metre)
    beats = 0.5 + 0.5 * np.arange(80)
    bars = beats[2 :: asked.beats]
    grid = track_bars(beats, heard(beats, bars), metre=asked)
    assert grid.metre == asked
    assert np.abs(grid.times[grid.pickup] - bars).min() < 0.05
    assert grid.pickup < asked.beats


def test_hours_are_listened_to_in_frames_that_are_no_more() -> None:
    beats = 0.5 + 0.5 * np.arange(15_000)
    grid = track_bars(beats, heard_of_long(beats))
    assert str(grid.metre) == "3/4"
    assert len(grid.times) == pytest.approx(len(beats), rel=0.01)


def heard_of_long(beats: np.ndarray) -> Pulse:
    """As :func:`heard`, of bars of three, in memory that does not grow with its square."""
    frames = round((beats[-1] + 3.0) / FRAME)
    beat, bar = np.full(frames, -4.0), np.full(frames, -4.0)
    at = np.round(beats / FRAME).astype(int)
    beat[at], bar[at[::3]] = 3.0, 3.0
    return Pulse(0.0, beat, bar, -4.0)
