"""Logs of training are read, smoothed and drawn one after another."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner

from scorelane.cli.app import app
from scorelane.errors import UsageError
from scorelane.train.curves import build_figure, read_run, smoothed


def make_run(folder: Path, seen: list[int], loss: float = 2.0) -> Path:
    folder.mkdir()
    lines = [
        {"seen": n, "segments": 100, "loss": loss + i, "frame": 9.0}
        | {"shift": 0.4, "pitch": 0.1 * i, "program": 0.3, "drum": 0.2, "device": "cpu"}
        for i, n in enumerate(seen)
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def test_a_log_says_how_many_examples_each_report_speaks_of(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "first", [16, 48, 64]))
    assert run.name == "first"
    assert run.examples.tolist() == [16, 32, 16]
    assert run.values["loss"].tolist() == [2, 3, 4]


def test_what_a_resumed_run_lost_is_left_out(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "run", [10, 20, 30, 40, 20, 30]))
    assert run.seen.tolist() == [10, 20, 30]
    assert run.values["loss"].tolist() == [2, 6, 7]
    assert run.examples.tolist() == [10, 10, 10]


def test_smoothing_weighs_by_examples_and_looks_both_ways() -> None:
    values, examples = np.array([0.0, 1.0, 0.0]), np.array([10.0, 10.0, 10.0])
    near = np.exp(-1.0)
    calm = smoothed(values, examples, horizon=10.0)
    assert calm[1] == pytest.approx(1 / (1 + 2 * near))
    assert calm[0] == calm[2] == pytest.approx(near / (1 + near + near**2))
    heavy = smoothed(values, np.array([10.0, 1000.0, 10.0]), horizon=1e9)
    assert heavy == pytest.approx([1000 / 1020] * 3, abs=1e-3)
    assert smoothed(np.full(5, 0.7), np.arange(1.0, 6.0), 3.0) == pytest.approx(0.7)


def test_runs_are_drawn_one_after_another(tmp_path: Path) -> None:
    runs = [
        read_run(make_run(tmp_path / "one", [10, 60])),
        read_run(make_run(tmp_path / "two", [20, 40], loss=1.0)),
    ]
    loss, frame, right = build_figure(runs).axes
    raw_one, _, raw_two, _ = (line.get_xydata() for line in loss.lines[:4])
    assert raw_one.tolist() == [[10, 2], [60, 3]]
    assert raw_two.tolist() == [[80, 1], [100, 2]]
    assert [text.get_text() for text in loss.texts] == ["one", "two"]
    assert right.get_xlim() == (0, 100)
    assert frame.get_ylabel() == "loss of the evidence"
    legend = [text.get_text() for text in right.get_legend().get_texts()]
    assert legend == ["shift", "pitch", "program", "drum"]


def test_a_folder_without_a_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no log\.jsonl"):
        read_run(tmp_path)
    (tmp_path / "log.jsonl").write_text("")
    with pytest.raises(UsageError, match="has not reported yet"):
        read_run(tmp_path)
    (tmp_path / "log.jsonl").write_text('{"seen": 3}\n')
    with pytest.raises(UsageError, match="is no log"):
        read_run(tmp_path)


def test_the_command_draws_a_picture_or_says_why_not(tmp_path: Path) -> None:
    run, out = make_run(tmp_path / "run", [10, 20]), tmp_path / "curves.png"
    result = CliRunner().invoke(app, ["curves", str(run), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert imread(out).shape[2] == 4
    result = CliRunner().invoke(app, ["curves", str(run), "-o", str(tmp_path / "curves.txt")])
    assert (result.exit_code, "is no picture" in result.stderr) == (2, True)
