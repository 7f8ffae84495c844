"""Confidence against what was right, and truth over estimate on one page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.image import imread
from typer.testing import CliRunner, Result

from scorelane.cli.app import app
from scorelane.evaluate import page, reliability
from scorelane.evaluate.metrics import score
from scorelane.evaluate.reliability import calibration_error
from scorelane.evaluate.run import ClipResult
from scorelane.notes import Note, write_csv
from stub_engine import StubEngine


def note(onset: float, confidence: float = 1.0, pitch: int = 60) -> Note:
    return Note(onset, onset + 0.5, pitch, 0, confidence=confidence)


def hit(onset: float, confidence: float = 1.0, key: int = 36) -> Note:
    return Note(onset, onset + 0.01, key, 0, True, confidence=confidence)


def result(
    name: str, reference: list[Note], estimate: list[Note], seconds: float = 4
) -> ClipResult:
    scores = score(reference, estimate)
    return ClipResult(name, "g", reference, estimate, seconds, 0.1, scores, scores)


def test_notes_are_sorted_by_confidence_and_judged() -> None:
    truth = [note(0), note(1), note(2), hit(0), hit(1)]
    found = [
        note(0.04, 0.31),
        note(1, 0.39, pitch=61),  # another pitch
        note(2.06, 0.3),  # too late
        note(2, 1.0),
        hit(0, 0.55, key=35),  # the other kick
        hit(1, 0.55, key=38),  # a snare
    ]
    sure = reliability.reliability([result("a", truth, found)])
    assert sure is not None
    low, high = sure.pitched
    assert (low.low, low.high, low.notes, low.right) == (0.3, 0.4, 3, 1)
    assert low.confidence == pytest.approx(1 / 3)
    assert (high.low, high.high, high.notes, high.right) == (0.9, 1.0, 1, 1)
    [drums] = sure.drums
    assert (drums.low, drums.notes, drums.right, drums.share) == (0.5, 2, 1, 0.5)
    wider = reliability.reliability([result("a", truth, found)], onset_tolerance=0.1)
    assert wider is not None and wider.pitched[0].right == 2


def test_a_true_note_makes_only_one_found_note_right() -> None:
    sure = reliability.reliability([result("a", [note(0)], [note(0, 0.8), note(0.01, 0.8)])])
    assert sure is not None
    assert (sure.pitched[0].notes, sure.pitched[0].right) == (2, 1)


def test_what_nobody_annotated_is_not_judged() -> None:
    drums_only = result("drums", [hit(0)], [hit(0, 0.9), note(0, 0.2)])
    no_drums = result("piano", [note(0)], [note(0, 0.7), hit(0, 0.1)])
    silence = result("silence", [], [note(0, 0.4), hit(0, 0.4)])
    sure = reliability.reliability([drums_only, no_drums, silence])
    assert sure is not None
    assert [(one.low, one.right) for one in sure.pitched] == [(0.4, 0), (0.7, 1)]
    assert [(one.low, one.right) for one in sure.drums] == [(0.9, 1)]


def test_error_is_the_mean_distance_over_notes() -> None:
    truth = [note(i) for i in range(8)]
    right = [note(i, 0.75) for i in range(4)]
    wrong = [note(20 + i, 0.75) for i in range(4)]
    sure = reliability.reliability([result("a", truth, [*right, *wrong, note(5, 0.95)])])
    assert sure is not None
    assert calibration_error(sure.pitched) == pytest.approx((8 * 0.25 + 1 * 0.05) / 9)
    assert calibration_error(sure.drums) is None


def test_notes_without_confidence_say_nothing() -> None:
    assert reliability.reliability([result("a", [note(0)], [note(0)])]) is None


def test_the_plot_shows_shares_and_counts(tmp_path: Path) -> None:
    truth = [note(i) for i in range(30)]
    found = [note(i, 0.95) for i in range(30)] + [note(50, 0.25), note(3.01, 0.25)]
    sure = reliability.reliability([result("a", truth, found)])
    assert sure is not None
    shares, counts = reliability.build_figure(sure).axes
    points = shares.collections[0]
    assert points.get_offsets().ravel().tolist() == pytest.approx([0.25, 0, 0.95, 1])
    few, many = points.get_facecolors()
    assert few.tolist() == [1, 1, 1, 1] and many.tolist() != [1, 1, 1, 1]
    assert [patch.get_height() for patch in counts.patches] == [2, 30]
    reliability.draw_reliability(sure, tmp_path / "sure.png")
    assert imread(tmp_path / "sure.png").shape[2] == 4


def clips(count: int) -> list[ClipResult]:
    """From the second on each finds one note more of the ten."""
    truth = [note(i, pitch=60 + i) for i in range(10)]
    return [result(f"clip{i}", truth, truth[:i], seconds=10) for i in range(count)]


def test_a_page_has_the_best_the_worst_and_others_between() -> None:
    assert [r.name for r in page.chosen(clips(9))] == ["clip8", "clip6", "clip4", "clip2", "clip0"]
    assert [r.name for r in page.chosen(clips(3))] == ["clip2", "clip1", "clip0"]


def test_a_page_draws_each_clip_with_its_scores_and_the_truth_over_it() -> None:
    figure = page.build_page(page.chosen(clips(3)))
    first, _, last = figure.subfigs
    assert "clip2" in first.texts[0].get_text() and "onset 0.33" in first.texts[0].get_text()
    assert "clip0" in last.texts[0].get_text() and "onset 0.00" in last.texts[0].get_text()
    found, truth = first.axes[0].collections[:2]
    assert [len(c.get_paths()) for c in (found, truth)] == [2, 10]
    assert [text.get_text() for text in last.legends[0].get_texts()] == ["truth"]


def test_a_page_shows_beginnings_and_leaves_out_what_nobody_annotated() -> None:
    late = [hit(1), hit(page.SECONDS + 1)]
    figure = page.build_page([result("drums", late, [*late, note(2)], seconds=60)])
    [part] = figure.subfigs
    [drums] = [axes for axes in part.axes if axes.get_visible()]
    assert drums.get_xlim() == (0, page.SECONDS)
    assert [text.get_text() for text in part.legends[0].get_texts()] == ["Drums (1)", "truth"]


def test_a_page_of_dense_clips_is_a_small_file_of_a_page_like_shape(tmp_path: Path) -> None:
    truth = [note(i / 20, pitch=40 + i * 7 % 50) for i in range(400)]
    found = [Note(n.onset, n.offset, n.pitch, i % 9 * 8) for i, n in enumerate(truth)]
    page.draw_page([result(f"c{i}", truth, found, 20) for i in range(7)], tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size < 400_000
    height, width = imread(tmp_path / "page.png").shape[:2]
    assert 1.1 < height / width < 1.6


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", *(str(argument) for argument in arguments)])


def test_command_draws_both_and_counts_in_json(
    engine: StubEngine, make_wav: Callable[..., Path], tmp_path: Path
) -> None:
    song = make_wav("solo_1/audio.wav", seconds=4.0)
    # The stub's confidence falls by a tenth with every note; the last is another here.
    write_csv([note(i, pitch=60 + i) for i in range(3)], song.with_name("notes.csv"))
    pictures = ("--page", tmp_path / "page.png", "--reliability", tmp_path / "sure.png")
    result = run(song.parent, "--sensitivity", "1", *pictures, "--json", tmp_path / "s.json")
    assert result.exit_code == 0, result.output
    assert imread(tmp_path / "page.png").size and imread(tmp_path / "sure.png").size
    sure = json.loads((tmp_path / "s.json").read_text())["reliability"]
    bins = [(one["from"], one["notes"], one["right"]) for one in sure["pitched"]["bins"]]
    assert bins == [(0.7, 1, 0), (0.8, 1, 1), (0.9, 2, 2)]
    assert sure["drums"] == {"error": None, "bins": []}


def test_command_refuses_pictures_before_it_works(tmp_path: Path) -> None:
    write_csv([note(0)], tmp_path / "song.csv")
    same = (tmp_path / "song.csv", "--estimates", tmp_path / "song.csv")
    result = run(*same, "--page", tmp_path / "page.txt")
    assert (result.exit_code, "is no picture" in result.stderr) == (2, True)
    result = run(*same, "--reliability", tmp_path / "nowhere" / "sure.png")
    assert (result.exit_code, "no folder" in result.stderr) == (2, True)
    result = run(*same, "--reliability", tmp_path / "sure.png")
    assert (result.exit_code, "have no confidence" in result.stderr) == (2, True)
