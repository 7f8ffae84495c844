"""How far what was written is what was meant: places, bars, hands; see ``score_accuracy.py``."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray
from score_humaniser import Performance
from score_truth import Truth

from scorelane.score import Grid, Metre
from scorelane.score.grid import TICKS

sys.path.insert(0, str(Path(__file__).parents[1]))
from score_reading import read_midi_tracks

MAJOR = ("Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#")
MINOR = ("Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m")
_NEAR = 0.2  # quarters: a bar line that near stands on the score's
_NEAR_SECONDS = 0.1  # and of a performance


@dataclass
class Page:
    """What came out: (quarter, pitch) of every note, bar lines in quarters, first signature."""

    notes: list[tuple[float, int]]
    bars: list[float]
    fifths: int | None


def read_page(path: Path) -> Page:
    signatures, fifths, end = [], None, 0.0
    midi = mido.MidiFile(path)
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            quarter = tick / midi.ticks_per_beat
            end = max(end, quarter)
            if message.type == "time_signature":
                signatures.append((quarter, 4 * message.numerator / message.denominator))
            elif message.type == "key_signature" and fifths is None:
                name = message.key
                names = MINOR if name in MINOR else MAJOR
                fifths = names.index(name) - 6 if name in names else None
    bars = []
    signatures.sort()
    for (begin, length), (until, _) in zip(signatures, [*signatures[1:], (end, 0.0)], strict=True):
        bars += list(np.arange(begin, until, length))
    return Page([note for track in read_midi_tracks(path) for note in track], bars, fifths)


def exactness(truth: Truth, page: Page) -> float:
    """Share of onsets at their exact place under the best shift."""
    tick = TICKS * 4
    meant: dict[int, list[int]] = defaultdict(list)
    for _, _, _, pitch, quarter, _, _ in truth.notes:
        meant[pitch].append(round(quarter * tick))
    shifts: Counter[int] = Counter()
    for quarter, pitch in page.notes:
        for there in meant.get(pitch, ()):
            shifts[there - round(quarter * tick)] += 1
    found = Counter((round(q * tick), p) for q, p in page.notes)
    wanted = Counter((t, p) for p, ts in meant.items() for t in ts)
    best = 0
    for shift, _ in shifts.most_common(20):
        hits = sum(min(n, wanted.get((t + shift, p), 0)) for (t, p), n in found.items())
        best = max(best, hits)
    return best / max(len(truth.notes), 1)


def in_score(truth: Truth, page: Page) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Quarters of the page, increasing, and the score's quarters there, told by the notes.

    Of a pitch that both have equally often, the first is the first, the second the second...
    """
    meant: dict[int, list[float]] = defaultdict(list)
    found: dict[int, list[float]] = defaultdict(list)
    for _, _, _, pitch, quarter, _, _ in truth.notes:
        meant[pitch].append(quarter)
    for quarter, pitch in page.notes:
        found[pitch].append(quarter)
    pairs: dict[float, list[float]] = defaultdict(list)
    for pitch, there in meant.items():
        if len(found[pitch]) == len(there):
            for at, quarter in zip(sorted(found[pitch]), sorted(there), strict=True):
                pairs[round(at, 3)].append(quarter)
    at = np.array(sorted(pairs))
    return at, np.maximum.accumulate([np.median(pairs[one]) for one in at])


def bars_right(truth: Truth, page: Page) -> dict[str, bool | None]:
    """``downbeat``, ``bars`` and ``level``, as the head of this file says."""
    at, quarter = in_score(truth, page)
    if len(at) < 8:
        return {"downbeat": False, "bars": False, "level": False}
    slope = (quarter[-1] - quarter[0]) / (at[-1] - at[0])
    level = bool(0.8 < slope < 1.25)
    if len(truth.bars) < 3:
        return {"downbeat": None, "bars": None, "level": level}
    # Beyond the outer notes the page goes on as it was on the whole.
    bars = np.array(page.bars)
    lines = np.interp(bars, at, quarter)
    lines += slope * (np.minimum(bars - at[0], 0.0) + np.maximum(bars - at[-1], 0.0))
    lines = lines[(lines > min(truth.bars) - 0.3) & (lines < max(truth.bars) + 0.3)]
    meant = np.array(truth.bars)
    off = np.abs(meant[:, None] - lines) if len(lines) else np.full((len(meant), 1), np.inf)
    found = (off.min(axis=1) < _NEAR).mean()
    placed = (off.min(axis=0) < _NEAR).mean()
    complete = found >= 0.8
    right = complete and len(lines) <= 1.1 * len(meant) + 2
    halved = complete and len(lines) <= 2.1 * len(meant) + 2
    doubled = placed >= 0.8 and len(lines) >= 0.45 * len(meant)
    return {"downbeat": bool(halved or doubled), "bars": bool(right), "level": level}


def lines_right(truth: Truth, played: Performance, grid: Grid) -> float | None:
    """F measure of the bar lines of ``grid`` between the first onset and the last."""
    if not truth.bars:
        return None
    onsets = [note.onset for note in played.notes]
    first, last = min(onsets) - _NEAR_SECONDS, max(onsets) + _NEAR_SECONDS
    metre = Metre.parse(truth.metre or "4/4")
    meant = played.beats[played.downbeat :: metre.beats]
    found = grid.times[grid.pickup :: grid.metre.beats]
    meant, found = (lines[(lines > first) & (lines < last)] for lines in (meant, found))
    if not len(meant) or not len(found):
        return 0.0
    near = np.abs(meant[:, None] - found) < _NEAR_SECONDS
    recall, precision = near.any(axis=1).mean(), near.any(axis=0).mean()
    return float(2 * recall * precision / max(recall + precision, 1e-9))


def hands_right(
    truth: Truth, staves: list[list[list[tuple[float, int]]]], meant_at: list[float]
) -> float | None:
    """Share of piano notes on the staff of their hand.

    ``staves`` holds candidates, each the (time, pitch) of two staves; of the peer it is not known
    which of its staves are the piano's, so the best counts. ``meant_at`` are the times of the
    score's notes on the same scale.
    """
    if not any(n[6] for n in truth.notes):
        return None
    shares = [0.0]
    for pair in staves:
        found: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for hand, notes in enumerate(pair, start=1):
            for at, pitch in notes:
                found[pitch].append((at, hand))
        right = total = 0
        for row, at in zip(truth.notes, meant_at, strict=True):
            if row[6]:
                near = min(found.get(row[3], ()), key=lambda f: abs(f[0] - at), default=None)
                right += near is not None and near[1] == row[6]
                total += 1
        shares.append(right / total)
    return max(shares)
