"""The example that ships is what its script composes, and sounds where its notes say."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scorelane.evaluate.metrics import score
from scorelane.notes import read_csv

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_notes_are_those_that_the_script_composes() -> None:
    composed = runpy.run_path(str(EXAMPLES / "make_example.py"))["compose"]()
    written = read_csv(EXAMPLES / "example.csv")
    assert len({note.lane for note in written}) == 5
    scores = score(written, composed)
    assert scores.headline("multi_full") == scores.headline("drum_key") == 1
    assert scores.velocity == pytest.approx(1)


def test_sound_begins_and_ends_with_the_notes() -> None:
    audio, rate = soundfile.read(EXAMPLES / "example.flac", always_2d=True)
    notes = read_csv(EXAMPLES / "example.csv")
    assert (rate, audio.shape[1]) == (44_100, 2)
    assert len(audio) / rate >= max(note.offset for note in notes)
    loud = np.abs(audio).max(axis=1) > 0.01
    assert abs(np.argmax(loud) / rate - min(note.onset for note in notes)) < 0.03
