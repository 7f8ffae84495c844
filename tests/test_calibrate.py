"""Confidence is fitted to what the model gets right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from scorelane.cli.app import app
from scorelane.errors import ModelError
from scorelane.evaluate.clips import find_clips
from scorelane.model.config import mt3_config
from scorelane.model.transformer import Transformer
from scorelane.model.weights import load_weights, save_weights
from scorelane.train.calibrate import BELIEF, DYNAMICS, calibrate, fit_curve, fit_line

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "example.flac"


def test_a_curve_finds_the_chances_that_made_the_data() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.normal(0.0, 3.0, 20_000)
    right = rng.random(20_000) < 1 / (1 + np.exp(-(0.7 * evidence - 1.2)))
    assert fit_curve(evidence, right) == pytest.approx((0.7, -1.2), abs=0.08)


def test_a_curve_of_notes_that_are_all_right_stays_finite() -> None:
    factor, offset = fit_curve(np.linspace(-3, 3, 60), np.ones(60, bool))
    assert np.isfinite([factor, offset]).all() and offset > 0


def test_a_line_spreads_timid_velocities_whatever_the_level_of_a_clip() -> None:
    rng = np.random.default_rng(0)
    clips = []
    for level in (-2.0, 0.5, 1.5):
        played = rng.normal(0.0, 1.0, 400)
        heard = 0.4 * (played + rng.normal(0.0, 0.1, 400)) + 0.3
        clips.append(np.stack([heard, played + level], axis=1))
    factor, offset = fit_line(clips)
    assert factor == pytest.approx(2.5, abs=0.1)
    assert factor * 0.3 + offset == pytest.approx(0.0, abs=0.1)
    assert fit_line([np.array([[0.2, 1.0], [0.2, 2.0]])]) == pytest.approx((1.0, 1.3))


def test_the_shipped_model_is_calibrated_in_place(tmp_path: Path) -> None:
    model, config = load_weights(ROOT / "models" / "scorelane")
    tensors = model.state_dict()
    tensors[BELIEF] = torch.tensor([[1.0, 4.0], [1.0, 4.0]])  # sure of everything
    tensors[DYNAMICS] = torch.tensor([[9.0, 9.0], [1.0, 0.0]])  # everything as loud as can be
    save_weights(tensors, config, tmp_path / "model", torch.float16)
    result = CliRunner().invoke(app, ["calibrate", str(tmp_path / "model"), str(EXAMPLE)])
    assert result.exit_code == 0, result.output
    after, config = load_weights(tmp_path / "model")
    pitched, drums = after.state_dict()[BELIEF].tolist()
    assert pitched[0] > 0 and pitched[1] < 4.0 and drums[1] < 4.0
    factor, offset = after.state_dict()[DYNAMICS].tolist()[0]
    assert 0.0 < factor < 9.0 and offset < 9.0
    assert 0.0 <= config.default_confidence <= 0.6


def test_a_model_without_confidence_cannot_be_calibrated(tmp_path: Path) -> None:
    config = mt3_config()
    save_weights(Transformer(config).state_dict(), config, tmp_path, torch.float16)
    with pytest.raises(ModelError, match="no evidence"):
        calibrate(tmp_path, find_clips([EXAMPLE]), lambda _: None)
