"""Scores in figures of piano music: what is kept of them, and what hands play."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scorelane.score import Metre
from scorelane.train.pulse_data import Piece
from scorelane.train.pulse_figure import figured


def chorale(metre: Metre, drums: bool = False) -> Piece:
    """Forty bars: a melody on the beats over chords that last a bar."""
    beat = 1.5 if metre.is_compound else 1.0
    bar = beat * metre.beats
    rows = []
    for number in range(40):
        root = (48.0, 53.0, 55.0, 50.0)[number % 4]
        rows += [(bar * number, bar, root + up, 0.0, 1.0, 0.0) for up in (0, 4, 7)]
        for place in range(metre.beats):
            at = bar * number + beat * place
            rows.append((at, beat, root + 24 + 2 * place, 0.0, 0.0, 0.0))
    rows += [(0.0, 0.1, 36.0, 1.0, 2.0, 0.0)] * drums
    return Piece("chorale", np.array(sorted(rows)), bar * np.arange(40.0), metre, 90.0)


METRES = [Metre.parse(one) for one in ("4/4", "3/4", "2/4", "6/8", "9/8")]


@given(st.sampled_from(METRES), st.integers(0, 10_000))
def test_bars_and_beats_stay_and_figures_divide_beats_evenly(metre: Metre, seed: int) -> None:
    piece = chorale(metre)
    other = figured(piece, np.random.default_rng(seed))
    assert other.metre == metre and (other.bars == piece.bars).all() and other.qpm == piece.qpm
    onset, length, pitch = other.notes[:, :3].T
    assert (np.diff(onset) >= 0).all() and (length > 0).all()
    assert pitch.min() >= 30 and pitch.max() <= 100
    assert onset.min() >= 0 and onset.max() < 40 * metre.beats * piece.beat
    parts = onset / piece.beat * 24
    assert np.abs(parts - np.round(parts)).max() < 1e-6


@given(st.integers(0, 10_000))
def test_what_hands_play_are_tones_that_sound_or_the_scale(seed: int) -> None:
    piece = chorale(METRES[0])
    other = figured(piece, np.random.default_rng(seed))
    left = other.notes[other.notes[:, 5] == 2]
    for onset, _, pitch, *_ in left:
        at = np.floor(onset + 1e-6)
        ends = piece.notes[:, :2].sum(axis=1)
        sounding = piece.notes[(piece.notes[:, 0] <= at + 0.5) & (ends > at), 2]
        assert pitch % 12 in set(sounding % 12)


def test_every_figure_is_drawn() -> None:
    piece = chorale(METRES[0])
    drawn = [figured(piece, np.random.default_rng(seed)).notes for seed in range(20)]
    beats = {len(notes) // 160 for notes in drawn}
    assert len(beats) >= 4
    melody = {(row[0], row[2]) for row in piece.notes.tolist() if row[4] == 0}
    kept = [len(melody & {(row[0], row[2]) for row in n.tolist()}) / len(melody) for n in drawn]
    assert min(kept) < 0.7 < max(kept)


def test_bands_keep_their_parts() -> None:
    piece = chorale(METRES[0], drums=True)
    assert figured(piece, np.random.default_rng(0)) is piece
