from __future__ import annotations

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from scorelane.colours import lane_colour
from scorelane.notes import Note
from scorelane.pianoroll import build_figure
from scorelane.transcription import Transcription

PIANO = Note(0.5, 2.0, 60, 0, velocity=127)
VIOLIN = Note(1.0, 3.0, 76, 40, velocity=127)
DRUM = Note(1.0, 1.01, 38, 0, True, velocity=127)


def song(*notes: Note, duration: float = 4.0, title: str = "song") -> Transcription:
    return Transcription(tuple(sorted(notes)), duration, title)


def pixels(path: Path) -> np.ndarray:
    return np.asarray(imread(path))[..., :3].reshape(-1, 3)


def count_of(colour: str, image: np.ndarray) -> int:
    return int((np.abs(image - np.array(to_rgb(colour))).max(axis=1) < 0.02).sum())


def visible_axes(transcription: Transcription, truth: tuple[Note, ...] = ()) -> list[Axes]:
    return [axes for axes in build_figure(transcription, truth).axes if axes.get_visible()]


def labels(axes: Axes, which: str) -> list[str]:
    ticks = axes.get_xticklabels() if which == "x" else axes.get_yticklabels()
    return [tick.get_text() for tick in ticks]


def test_each_lane_is_drawn_in_its_colour(tmp_path: Path) -> None:
    song(PIANO, VIOLIN, DRUM).to_pianoroll(tmp_path / "a.png")
    image = pixels(tmp_path / "a.png")
    for colour in (lane_colour(0), lane_colour(40), lane_colour(0, True)):
        assert count_of(colour, image) > 100
    assert count_of(lane_colour(56), image) == 0


def test_soft_notes_are_paler(tmp_path: Path) -> None:
    song(Note(0, 4, 60, 0, velocity=10)).to_pianoroll(tmp_path / "soft.png")
    song(Note(0, 4, 60, 0, velocity=127)).to_pianoroll(tmp_path / "loud.png")
    soft, loud = (count_of(lane_colour(0), pixels(tmp_path / f"{n}.png")) for n in ("soft", "loud"))
    assert soft < loud / 2


def test_legend_names_the_lanes_in_order() -> None:
    [legend] = build_figure(song(PIANO, VIOLIN, DRUM)).legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "Acoustic Grand Piano (1)",
        "Violin (1)",
        "Drums (1)",
    ]


def test_axes_speak_of_notes_drums_and_minutes() -> None:
    pitched, drums = visible_axes(song(PIANO, DRUM, duration=75.0))[:2]
    assert "C4" in labels(pitched, "y")
    assert labels(drums, "y") == ["Acoustic Snare"]
    last = visible_axes(song(PIANO, DRUM, duration=75.0))[-1]
    assert "1:14.0" in labels(last, "x")


def test_no_drums_no_drum_strip_and_the_other_way_round() -> None:
    assert len(visible_axes(song(PIANO))) == 1
    [only] = visible_axes(song(DRUM))
    assert labels(only, "y") == ["Acoustic Snare"]


def test_long_recordings_wrap_and_every_note_is_on_its_row() -> None:
    notes = [Note(second, second + 0.5, 60, 0) for second in range(200)]
    rows = visible_axes(song(*notes, duration=200.0))
    assert 8 <= len(rows) <= 10
    drawn = [len(axes.collections[0].get_paths()) for axes in rows]
    assert sum(drawn) == 200
    edges = [axes.get_xlim() for axes in rows]
    assert edges[0][0] == 0
    assert all(a[1] == b[0] for a, b in pairwise(edges))
    assert edges[-1][1] >= 200


def test_a_note_across_a_row_end_is_drawn_on_both() -> None:
    rows = visible_axes(song(Note(5, 15, 60, 0), duration=40))
    assert [len(axes.collections[0].get_paths()) for axes in rows] == [1, 1, 0, 0]


@pytest.mark.parametrize("hours", [1, 3, 30])
def test_very_long_recordings_stay_on_few_rows(hours: int) -> None:
    assert len(visible_axes(song(PIANO, duration=hours * 3600.0))) <= 10


def test_truth_is_outlined_where_it_is(tmp_path: Path) -> None:
    without, with_truth = tmp_path / "without.png", tmp_path / "with.png"
    song(PIANO, VIOLIN).to_pianoroll(without)
    song(PIANO, VIOLIN).to_pianoroll(with_truth, truth=[Note(0.5, 3.5, 70, 0), DRUM])
    black = [count_of("#000000", pixels(path)) for path in (without, with_truth)]
    assert black[1] > black[0] + 200


@pytest.mark.parametrize("title", ["Ke$ha $x_1$", "🎸 ñandú", "曲", "{\\frac", ""])
def test_any_title(tmp_path: Path, title: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        song(PIANO, title=title).to_pianoroll(tmp_path / "a.png")
    assert len(pixels(tmp_path / "a.png")) > 10_000


def test_nothing_heard_is_said(tmp_path: Path) -> None:
    [legend] = build_figure(song()).legends
    assert [text.get_text() for text in legend.get_texts()] == ["no notes"]
    song(duration=0.0).to_pianoroll(tmp_path / "a.png")


def test_extreme_notes(tmp_path: Path) -> None:
    notes = [Note(0, 0.01, 0, 0), Note(0, 9, 127, 127), Note(1, 1, 0, 0, True, velocity=1)]
    song(*notes).to_pianoroll(tmp_path / "a.png")
    pitched = visible_axes(song(*notes))[0]
    assert pitched.get_ylim() == (-0.5, 127.5)
    assert pitched.get_xlim()[1] >= 9


def test_all_instruments_at_once_fit_the_legend(tmp_path: Path) -> None:
    figure = build_figure(song(*(Note(0, 1, 60, program) for program in range(128))))
    figure.savefig(tmp_path / "a.png")
    [legend] = figure.legends
    box = legend.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    top_axes = next(axes for axes in figure.axes if axes.get_visible())
    assert box.y0 >= top_axes.get_window_extent().y1


def test_the_suffix_chooses_the_format(tmp_path: Path) -> None:
    song(PIANO).to_pianoroll(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
    with pytest.raises(ValueError, match="xyz"):
        song(PIANO).to_pianoroll(tmp_path / "a.xyz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]
