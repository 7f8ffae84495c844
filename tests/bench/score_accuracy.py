"""How well performances are written down: scores are played by a humaniser and transcribed back.

    python tests/bench/score_accuracy.py [--corpora FOLDER] [--peer] [--only NAME]

Scores come from music21's corpus (metre, bars, keys and hands are known) and, with --corpora, from
folders of score-time MIDI (openscore-*: onsets alone; mma_pop909: 4/4 bars too). Each is played

    steady  one tempo
    drift   tempo wandering by 7 % (standard deviation) every 8 beats, at last slowing to 60 %

and in both cases with onsets scattered by 10, 20 or 30 ms (standard deviation, by piece, cut at
twice that), notes shortened to 70-100 % and random velocities. Printed for each piece and way of
playing: the share of onsets at their exact place, with the true beats given and with beats found,
after the one shift in time that suits best; whether the bar lines are right (four in five of
them, and not a tenth too many); the key signature at the start; the share of piano notes in the
right hand. With --peer MuseScore imports the very same MIDI files.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from scorelane.midi import write_midi
from scorelane.notes import Note
from scorelane.score import Metre, Played, Score, arrange, find_grid
from scorelane.score.engrave import EngraveError, convert
from scorelane.score.grid import TICKS
from scorelane.score.grid_midi import write_grid_midi

BARS = 32
CORPUS = {
    **{f"bach/bwv{n}": 84 for n in ("66.6", "253", "244.46", "1.6", "101.7", "140.7", "227.11")},
    "haydn/opus74no1/movement1": 126,
    "haydn/opus74no1/movement2": 80,
    "haydn/opus1no1/movement1": 100,
    "haydn/opus1no1/movement2": 120,
    "mozart/k155/movement1": 120,
    "mozart/k155/movement2": 60,
    "mozart/k156/movement1": 150,
    "mozart/k458/movement1": 130,
    "mozart/k458/movement2": 120,
    "beethoven/opus18no1/movement1": 140,
    "beethoven/opus18no1/movement3": 180,
    "mozart/k545/movement1_exposition": 130,
    "joplin/maple_leaf_rag": 90,
    "schumann_robert/opus48no2": 66,
}
QUARTET = (40, 40, 41, 42)
FOLDERS = {
    "openscore-string-quartets": 5,
    "openscore-lieder": 6,
    "openscore-orchestra": 3,
    "mma_pop909": 6,
}


@dataclass
class Truth:
    """A score: ``notes`` are (part, program, is_drum, pitch, quarter, quarters, hand)."""

    name: str
    notes: list[tuple[int, int, bool, int, float, float, int]]
    qpm: float
    metre: str = ""
    bars: list[float] = field(default_factory=list)
    fifths: int | None = None


def from_music21(name: str, qpm: float) -> Truth:
    from music21 import corpus, key, meter, stream

    score = corpus.parse(name).toSoundingPitch()
    parts = list(score.parts)
    first = list(parts[0].getElementsByClass(stream.Measure))[:BARS]
    end = float(first[-1].offset + first[-1].duration.quarterLength)
    is_piano = len(parts) == 2
    is_song = len(parts) == 3
    notes = []
    for number, part in enumerate(parts):
        hand = 0
        if is_piano or (is_song and number):
            hand = 1 + (number == len(parts) - 1)
        program = 0 if hand else 52 if is_song else QUARTET[min(number, 3)]
        whose = 1 if hand else number
        for one in part.stripTies().flatten().notes:
            at = float(one.offset)
            if at >= end or one.duration.isGrace:
                continue
            for pitch in one.pitches:
                length = max(float(one.quarterLength), 0.125)
                notes.append((whose, program, False, pitch.midi, at, length, hand))
    signature = next(iter(parts[0].recurse().getElementsByClass(key.KeySignature)), None)
    metre = next(iter(parts[0].recurse().getElementsByClass(meter.TimeSignature)))
    bars = [float(m.offset) for m in first]
    if first[0].paddingLeft or first[0].duration.quarterLength < metre.barDuration.quarterLength:
        bars = bars[1:]
    changes = {t.ratioString for m in first for t in m.getElementsByClass(meter.TimeSignature)}
    text = metre.ratioString if len(changes) == 1 else ""
    fifths = signature.sharps if signature and not any(n[1] in (71, 60) for n in notes) else None
    return Truth(name, notes, qpm, text, bars if text else [], fifths)


def from_midi(path: Path) -> Truth:
    midi = mido.MidiFile(path, clip=True)
    quarter = midi.ticks_per_beat
    notes = []
    programs: dict[tuple[int, int], int] = {}
    tempos = [m.tempo for t in midi.tracks for m in t if m.type == "set_tempo"]
    signatures = {
        (m.numerator, m.denominator) for t in midi.tracks for m in t if m.type == "time_signature"
    }
    for number, track in enumerate(midi.tracks):
        tick = 0
        sounding: dict[tuple[int, int], int] = {}
        for message in track:
            tick += message.time
            if message.type == "program_change":
                programs[number, message.channel] = message.program
            elif message.type == "note_on" and message.velocity:
                sounding[message.channel, message.note] = tick
            elif message.type in ("note_on", "note_off"):
                start = sounding.pop((message.channel, message.note), None)
                if start is None:
                    continue
                drum = message.channel == 9
                program = 0 if drum else programs.get((number, message.channel), 0)
                length = max(tick - start, 1) / quarter
                notes.append((number, program, drum, message.note, start / quarter, length, 0))
    if "pop909" in str(path):  # MMA scatters onsets by a few ticks: take the twelfth of a quarter
        notes = [(*n[:4], round(12 * n[4]) / 12, *n[5:]) for n in notes]
    notes.sort(key=lambda n: n[4])
    first, end = notes[0][4], notes[0][4] + 4 * BARS
    notes = [n for n in notes if n[4] < end]
    metre, bars = "", []
    if signatures == {(4, 4)} and "pop909" in str(path):
        metre, bars = "4/4", [4.0 * i for i in range(int(first // 4), int(end // 4))]
    qpm = float(np.clip(6e7 / tempos[0] if tempos else 120, 40, 200))
    return Truth(f"{path.parent.name}/{path.stem}", notes, qpm, metre, bars)


@dataclass
class Performance:
    parts: list[Played]
    notes: list[Note]
    beats: NDArray[np.float64]
    downbeat: int


def perform(truth: Truth, manner: str) -> Performance:
    """Play a score; see the head of this file."""
    seed = zlib.crc32(f"{truth.name} {manner}".encode())
    rng = np.random.default_rng(seed)
    jitter = (0.01, 0.02, 0.03)[zlib.crc32(truth.name.encode()) % 3]
    start = min(n[4] for n in truth.notes)
    end = max(n[4] + n[5] for n in truth.notes)
    fine = np.arange(start - 8, end + 8, 0.25)
    rate = np.full(len(fine), 60 / truth.qpm)
    if manner == "drift":
        knots = np.arange(start - 8, end + 16, 8)
        rate *= np.exp(np.interp(fine, knots, 0.07 * rng.standard_normal(len(knots))))
        rate *= np.interp(fine, (end - 6, end), (1.0, 1 / 0.6))
    seconds = np.concatenate(([0.0], np.cumsum(0.25 * rate)[:-1]))
    seconds -= np.interp(start, fine, seconds) - 0.5

    def at(quarter: float) -> float:
        return float(np.interp(quarter, fine, seconds))

    players: dict[int, list[Note]] = defaultdict(list)
    notes = []
    for part, program, drum, pitch, quarter, quarters, _ in truth.notes:
        shift = jitter * float(np.clip(rng.standard_normal(), -2, 2))
        onset = max(0.0, at(quarter) + shift)
        length = (at(quarter + quarters) - at(quarter)) * rng.uniform(0.7, 1.0)
        velocity = int(rng.integers(60, 100))
        note = Note(onset, onset + max(length, 0.02), pitch, program, drum, velocity)
        players[part].append(note)
        notes.append(note)
    parts = [Played("", p[0].program, p[0].is_drum, p) for p in players.values()]
    metre = Metre.parse(truth.metre or "4/4")
    unit = metre.beat_ticks / TICKS
    origin = truth.bars[0] if truth.bars else 0.0
    low = int(np.floor((start - origin) / unit))
    count = int(np.ceil((end - start) / unit)) + 2
    beats = np.array([at(origin + (low + i) * unit) for i in range(count)])
    return Performance(parts, notes, beats, (-low) % metre.beats)


@dataclass
class Page:
    """What came out: (quarter, pitch) of every note, bar lines in quarters, first signature."""

    notes: list[tuple[float, int]]
    bars: list[float]
    fifths: int | None


MAJOR = ("Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#")
MINOR = ("Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m")


def read_page(path: Path) -> Page:
    midi = mido.MidiFile(path)
    notes, signatures, fifths, end = [], [], None, 0.0
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            quarter = tick / midi.ticks_per_beat
            end = max(end, quarter)
            if message.type == "note_on" and message.velocity:
                notes.append((quarter, message.note))
            elif message.type == "time_signature":
                signatures.append((quarter, 4 * message.numerator / message.denominator))
            elif message.type == "key_signature" and fifths is None:
                name = message.key
                fifths = (
                    (MINOR.index(name) if name in MINOR else MAJOR.index(name)) - 6
                    if (name in MINOR or name in MAJOR)
                    else None
                )
    bars = []
    signatures.sort()
    for (begin, length), (until, _) in zip(signatures, [*signatures[1:], (end, 0.0)], strict=True):
        bars += list(np.arange(begin, until, length))
    return Page(notes, bars, fifths)


def exactness(truth: Truth, page: Page) -> tuple[float, float]:
    """Share of onsets at their exact place under the best shift, and that shift."""
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
    best, best_shift = 0, 0
    for shift, _ in shifts.most_common(20):
        hits = sum(min(n, wanted.get((t + shift, p), 0)) for (t, p), n in found.items())
        if hits > best:
            best, best_shift = hits, shift
    return best / max(len(truth.notes), 1), best_shift / tick


def bars_right(truth: Truth, page: Page, shift: float) -> bool | None:
    if len(truth.bars) < 3:
        return None
    lines = {round(bar + shift, 2) for bar in page.bars}
    hits = sum(round(bar, 2) in lines for bar in truth.bars)
    return hits >= 0.8 * len(truth.bars) and len(lines) <= 1.1 * len(truth.bars) + 2


def hands_right(truth: Truth, played: Performance, score: Score) -> float | None:
    """Share of piano notes on the staff of their hand; matched by part, pitch and order."""
    if not any(n[6] for n in truth.notes):
        return None
    meant: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for note, row in zip(played.notes, truth.notes, strict=True):
        if row[6]:
            meant[row[3]].append((note.onset, row[6]))
    unit = score.grid.metre.beat_ticks
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for part in score.parts:
        if len(part.staves) == 2:
            for hand, staff in enumerate(part.staves, start=1):
                for chord in (c for voice in staff.voices for c in voice):
                    second = float(score.grid.seconds_at(chord.start / unit))
                    for pitch in chord.pitches:
                        found[pitch].append((second, hand))
    right = total = 0
    for pitch, rows in meant.items():
        for onset, hand in rows:
            total += 1
            near = min(found.get(pitch, ()), key=lambda f: abs(f[0] - onset), default=None)
            right += near is not None and near[1] == hand
    return right / total


def measure(truth: Truth, manner: str, folder: Path, peer: bool) -> list[dict[str, object]]:
    played = perform(truth, manner)
    rows = []
    metre = Metre.parse(truth.metre) if truth.metre else None
    grids = {
        "given": lambda: find_grid(
            played.parts,
            metre=metre or Metre(4, 4),
            beats=played.beats,
            downbeat=played.downbeat,
        ),
        "found": lambda: find_grid(played.parts),
    }
    for beats, make in grids.items():
        score = arrange(played.parts, make())
        write_grid_midi(score, folder / "ours.mid")
        page = read_page(folder / "ours.mid")
        exact, shift = exactness(truth, page)
        row: dict[str, object] = {
            "piece": truth.name, "manner": manner, "who": f"ours, {beats}", "exact": exact,
            "metre": str(score.grid.metre), "true_metre": truth.metre,
            "bars": bars_right(truth, page, shift),
            "key": None if truth.fifths is None else page.fifths == truth.fifths,
            "fifths": (page.fifths, truth.fifths),
            "hands": hands_right(truth, played, score),
            "bpm": round(60 / float(np.median(np.diff(score.grid.times)))), "qpm": truth.qpm,
        }  # fmt: skip
        rows.append(row)
    if peer:
        write_midi(played.notes, folder / "played.mid")
        try:
            convert(folder / "played.mid", folder / "peer.mid")
            page = read_page(folder / "peer.mid")
            exact, shift = exactness(truth, page)
            rows.append(
                {
                    "piece": truth.name, "manner": manner, "who": "MuseScore", "exact": exact,
                    "bars": bars_right(truth, page, shift),
                    "key": None if truth.fifths is None else page.fifths == truth.fifths,
                    "fifths": (page.fifths, truth.fifths), "hands": None,
                }
            )  # fmt: skip
        except EngraveError as error:
            print(f"{truth.name}: {error}")
    return rows


def mean(rows: list[dict[str, object]], name: str) -> str:
    values = [float(row[name]) for row in rows if row.get(name) is not None]  # type: ignore[arg-type]
    return f"{100 * np.mean(values):5.1f} % ({len(values)})" if values else "-"


def load(corpora: Path | None, cache: Path, only: str) -> Iterator[Truth]:
    cache.mkdir(parents=True, exist_ok=True)
    for name, qpm in CORPUS.items():
        kept = cache / f"{name.replace('/', '_')}.json"
        if only not in name:
            continue
        if not kept.exists():  # music21 takes up to minutes for a long piece
            kept.write_text(json.dumps(vars(from_music21(name, qpm))))
        row = json.loads(kept.read_text())
        yield Truth(**{**row, "notes": [tuple(n) for n in row["notes"]]})
    for folder, count in FOLDERS.items() if corpora else ():
        files = sorted((corpora / folder).rglob("*.mid"))[9::10]  # type: ignore[operator]
        for file in files[:: max(1, len(files) // count)][:count]:
            if only in f"{folder}/{file.stem}":
                yield from_midi(file)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--corpora", type=Path, help="folder with the folders of score-time MIDI")
    parser.add_argument("--cache", type=Path, default=Path("build/score_truth"))
    parser.add_argument("--peer", action="store_true", help="run MuseScore's import too")
    parser.add_argument("--only", default="", help="pieces whose name holds this")
    parser.add_argument("--out", type=Path, help="write all rows as JSON")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for truth in load(options.corpora, options.cache, options.only):
            for manner in ("steady", "drift"):
                new = measure(truth, manner, Path(folder), options.peer)
                rows += new
                for row in new:
                    print(
                        f"{truth.name[:44]:44} {manner:7} {row['who']:12} {row['exact']:6.3f}"
                        f" bars {row['bars']!s:5} key {row['key']!s:5} {row['fifths']}"
                        f" hands {row['hands'] or 0:.2f}"
                        f" {row.get('metre', '')} {truth.metre}"
                        f" {row.get('bpm', '')}/{truth.qpm:.0f}",
                        flush=True,
                    )
    if options.out:
        options.out.write_text(json.dumps(rows))
    print(f"{'':22} {'exact onsets':>14} {'bar lines':>14} {'key':>14} {'hands':>14}")
    for who in ("ours, given", "ours, found", "MuseScore"):
        for manner in ("steady", "drift"):
            some = [r for r in rows if r["who"] == who and r["manner"] == manner]
            if some:
                figures = " ".join(
                    f"{mean(some, name):>14}" for name in ("exact", "bars", "key", "hands")
                )
                print(f"{who:14} {manner:7} {figures}")


if __name__ == "__main__":
    main()
