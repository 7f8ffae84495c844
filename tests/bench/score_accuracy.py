"""How well performances are written down: scores are played by a humaniser and transcribed back.

    python tests/bench/score_accuracy.py [--corpora FOLDER] [--peer] [--round-trip] [--only NAME]

Scores come from music21's corpus (metre, bars, keys and hands are known) and, with --corpora, from
folders of score-time MIDI (openscore-*: onsets alone; mma_pop909: 4/4 bars too). Each is played

    steady  one tempo
    drift   tempo wandering by 7 % (standard deviation) every 8 beats, at last slowing to 60 %

and in both cases with onsets scattered by 10, 20 or 30 ms (standard deviation, by piece, cut at
twice that), notes shortened to 70-100 %, random velocities, and swung by bands that have hardly a
sixteenth (the second eighth of a quarter at 60, 63 or 66 %). Printed for each piece and way of
playing, with the true beats given and with beats found, after the one shift in time that suits
best:

    exact     share of onsets at their exact place, in quarters
    downbeat  whether four in five bar lines stand on bar lines of the score; bars may be of half
              or of double length
    bars      whether four in five of the score's bar lines are there, and not a tenth too many
    level     whether a quarter is written as a quarter, not as a half or an eighth
    key       the key signature at the start
    hands     share of piano notes in the right hand, over the notes of all pieces

Where a page's bar lines fall in the score is told by the notes beside them, at whatever tempo the
page is written.

With --peer MuseScore imports the very same MIDI files. With --round-trip every score that was
written with the true beats goes through MuseScore to MusicXML and to MIDI, and pitches and ticks
are compared part by part.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray
from score_humaniser import Performance, perform
from score_truth import Truth, load

from scorelane.midi import write_midi
from scorelane.score import Beats, Metre, Score, arrange, find_grid, write_musicxml
from scorelane.score.engrave import EngraveError, convert
from scorelane.score.grid import TICKS
from scorelane.score.grid_midi import write_grid_midi

sys.path.insert(0, str(Path(__file__).parents[1]))
from score_reading import read_midi_tracks, read_musicxml

FIGURES = ("exact", "downbeat", "bars", "level", "key", "hands", "round trip")
MAJOR = ("Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#")
MINOR = ("Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m")
_NEAR = 0.2  # quarters: a bar line that near stands on the score's
Row = dict[str, object]


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


def our_staves(score: Score) -> list[list[list[tuple[float, int]]]]:
    unit = score.grid.metre.beat_ticks
    return [
        [
            [
                (float(score.grid.seconds_at(chord.start / unit)), pitch)
                for voice in staff.voices
                for chord in voice
                for pitch in chord.pitches
            ]
            for staff in part.staves
        ]
        for part in score.parts
        if len(part.staves) == 2
    ]


def peer_hands(truth: Truth, path: Path) -> float | None:
    """Of MuseScore's MIDI, which has a track for each staff; its beats are its own."""
    tracks = read_midi_tracks(path)
    low = min(q for track in tracks for q, _ in track)
    high = max(q for track in tracks for q, _ in track)
    scaled = [[((q - low) / (high - low), pitch) for q, pitch in track] for track in tracks]
    start = min(n[4] for n in truth.notes)
    end = max(n[4] for n in truth.notes)
    meant_at = [(n[4] - start) / (end - start) for n in truth.notes]
    pairs = [scaled[i : i + 2] for i in range(len(scaled) - 1)]
    return hands_right(truth, pairs or [scaled], meant_at)


def round_trip(score: Score, folder: Path) -> bool:
    """Whether MuseScore gives back each part's pitches at their ticks, and plays them there."""
    write_musicxml(score, folder / "sent.musicxml")
    convert(folder / "sent.musicxml", folder / "back.musicxml")
    convert(folder / "sent.musicxml", folder / "back.mid")
    sent = read_musicxml(folder / "sent.musicxml")
    ornamented = any(
        c.rolled or c.graces or c.trills
        for p in score.parts
        for s in p.staves
        for v in s.voices
        for c in v
    )
    played = {(round(TICKS * q), p) for t in read_midi_tracks(folder / "back.mid") for q, p in t}
    return sent == read_musicxml(folder / "back.musicxml") and (
        ornamented or played == {(tick, pitch) for _, tick, pitch in sent}
    )


def measure(truth: Truth, manner: str, folder: Path, options: argparse.Namespace) -> list[Row]:
    played = perform(truth, manner)
    about: Row = {"piece": truth.name, "manner": manner, "true metre": truth.metre}
    about["piano notes"] = sum(bool(note[6]) for note in truth.notes)
    rows = []
    for beats in ("given", "found"):
        known = Beats(played.beats, played.downbeat, Metre.parse(truth.metre or "4/4"))
        grid = find_grid(played.parts, beats=known if beats == "given" else None)
        score = arrange(played.parts, grid)
        write_grid_midi(score, folder / "ours.mid")
        row = about | {"who": f"ours, {beats}", "metre": str(grid.metre)}
        row |= judge(truth, read_page(folder / "ours.mid"))
        row["hands"] = hands_right(truth, our_staves(score), [note.onset for note in played.notes])
        row["bpm"] = round(60 / float(np.median(np.diff(grid.times))))
        if options.round_trip and beats == "given" and manner == "steady":
            row["round trip"] = round_trip(score, folder)
        rows.append(row)
    if options.peer:
        rows += peer(truth, played, folder, about)
    return rows


def peer(truth: Truth, played: Performance, folder: Path, about: Row) -> list[Row]:
    write_midi(played.notes, folder / "played.mid")
    try:
        convert(folder / "played.mid", folder / "peer.mid")
    except EngraveError as error:
        print(f"{truth.name}: {error}")
        return []
    row = about | {"who": "MuseScore"} | judge(truth, read_page(folder / "peer.mid"))
    return [row | {"hands": peer_hands(truth, folder / "peer.mid")}]


def judge(truth: Truth, page: Page) -> Row:
    key = None if truth.fifths is None else page.fifths == truth.fifths
    return {"exact": exactness(truth, page), "key": key, **bars_right(truth, page)}


def shown(rows: list[Row], name: str) -> str:
    some = [row for row in rows if row.get(name) is not None]
    values = [float(row[name]) for row in some]  # type: ignore[arg-type]
    weights = [int(row["piano notes"]) if name == "hands" else 1 for row in some]  # type: ignore[call-overload]
    return f"{100 * np.average(values, weights=weights):.1f} % ({len(values)})" if values else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpora", type=Path, help="folder with the folders of score-time MIDI")
    parser.add_argument("--cache", type=Path, default=Path("build/score_truth"))
    parser.add_argument("--peer", action="store_true", help="run MuseScore's import too")
    parser.add_argument("--round-trip", action="store_true", help="send scores through MuseScore")
    parser.add_argument("--only", default="", help="pieces whose name holds this")
    parser.add_argument("--out", type=Path, help="write all rows as JSON")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for truth in load(options.corpora, options.cache, options.only):
            for manner in ("steady", "drift"):
                new = measure(truth, manner, Path(folder), options)
                rows += new
                for row in new:
                    figures = " ".join(f"{row.get(name)!s:6.6}" for name in FIGURES)
                    print(
                        f"{truth.name[:40]:40} {manner:6} {row['who']:11} {figures}"
                        f" {row.get('metre', '')} of {truth.metre}",
                        flush=True,
                    )
    if options.out:
        options.out.write_text(json.dumps(rows))
    print(f"{'':20}" + " ".join(f"{name:>14}" for name in FIGURES))
    for who in ("ours, given", "ours, found", "MuseScore"):
        for manner in ("steady", "drift"):
            some = [r for r in rows if r["who"] == who and r["manner"] == manner]
            if some:
                print(f"{who:12} {manner:7}" + " ".join(f"{shown(some, n):>14}" for n in FIGURES))


if __name__ == "__main__":
    main()
