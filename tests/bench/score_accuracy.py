"""How well performances are written down: scores are played by a humaniser and transcribed back.

    python tests/bench/score_accuracy.py [--corpora FOLDER] [--peer] [--round-trip] [--sound]
        [--only NAME]

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
    lines     F measure of the bar lines, within 100 ms of where the performance has them

Where a page's bar lines fall in the score is told by the notes beside them, at whatever tempo the
page is written.

With --sound each performance is played by a soundfont (three take turns) and transcribed with the
model in models/scorelane; beats are found in that. Of it exact and lines are told. With --peer
MuseScore imports the very same MIDI files. With --round-trip every score that was written with the
true beats goes through MuseScore to MusicXML and to MIDI, and pitches and ticks are compared part
by part.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from score_humaniser import Performance, perform
from score_judging import (
    Page,
    bars_right,
    exactness,
    hands_right,
    lines_right,
    read_page,
)
from score_truth import Truth, load

from scorelane import engine, transcribe
from scorelane.data.render import SAMPLE_RATE, close_repeats, find_soundfont, render
from scorelane.midi import write_midi
from scorelane.score import (
    Beats,
    Metre,
    Played,
    Score,
    arrange,
    find_grid,
    from_lanes,
    write_musicxml,
)
from scorelane.score.engrave import EngraveError, convert
from scorelane.score.envelope import Envelope, onset_envelope
from scorelane.score.grid import TICKS
from scorelane.score.grid_midi import write_grid_midi

sys.path.insert(0, str(Path(__file__).parents[1]))
from score_reading import read_midi_tracks, read_musicxml

FIGURES = ("exact", "downbeat", "bars", "level", "key", "hands", "lines", "round trip")
_SOUNDFONTS = ("FluidR3_GM", "TimGM6mb", "MuseScore_General_Full")
Row = dict[str, object]


@cache
def model() -> engine.Engine:
    return engine.load(Path(__file__).parents[2] / "models" / "scorelane")


def hear(played: Performance, number: int, folder: Path) -> tuple[list[Played], Envelope]:
    """What is transcribed of the performance when a soundfont plays it, and how it begins."""
    soundfont = find_soundfont(_SOUNDFONTS[number % len(_SOUNDFONTS)])
    audio = render(close_repeats(sorted(played.notes, key=lambda note: note.onset)), soundfont)
    recording = folder / "played.wav"
    soundfile.write(recording, audio.T / max(float(np.abs(audio).max()), 1e-6), SAMPLE_RATE)
    lanes = transcribe(recording, model=model()).lanes
    return from_lanes(lanes), onset_envelope(recording)


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


def measure(
    truth: Truth, manner: str, number: int, folder: Path, options: argparse.Namespace
) -> list[Row]:
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
        row["lines"] = lines_right(truth, played, grid)
        row["hands"] = hands_right(truth, our_staves(score), [note.onset for note in played.notes])
        row["bpm"] = round(60 / float(np.median(np.diff(grid.times))))
        if options.round_trip and beats == "given" and manner == "steady":
            row["round trip"] = round_trip(score, folder)
        rows.append(row)
    if options.sound and truth.bars:
        parts, envelope = hear(played, number, folder)
        grid = find_grid(parts, envelope=envelope)
        write_grid_midi(arrange(parts, grid), folder / "heard.mid")
        row = about | {"who": "ours, heard", "metre": str(grid.metre)}
        row["exact"] = exactness(truth, read_page(folder / "heard.mid"))
        row["lines"] = lines_right(truth, played, grid)
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
    parser.add_argument("--sound", action="store_true", help="transcribe what a soundfont plays")
    parser.add_argument("--only", default="", help="pieces whose name holds this")
    parser.add_argument("--out", type=Path, help="write all rows as JSON")
    options = parser.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, truth in enumerate(load(options.corpora, options.cache, options.only)):
            for manner in ("steady", "drift"):
                new = measure(truth, manner, number, Path(folder), options)
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
    for who in ("ours, given", "ours, found", "ours, heard", "MuseScore"):
        for manner in ("steady", "drift"):
            some = [r for r in rows if r["who"] == who and r["manner"] == manner]
            if some:
                print(f"{who:12} {manner:7}" + " ".join(f"{shown(some, n):>14}" for n in FIGURES))


if __name__ == "__main__":
    main()
