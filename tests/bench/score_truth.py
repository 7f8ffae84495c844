"""Scores to measure with: what is written, where its bars are, its key, whose hand plays what."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mido
import numpy as np

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
    "bach/bwv846": 72,
    "cpebach/h186": 84,
    "schubert/Lindenbaum": 54,
    "schumann_clara/polonaise_op1n2": 92,
    "schumann_clara/polonaise_op1n4": 92,
    "weber/concertino_clarinet": 96,
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
    if "mma" in str(path):  # MMA scatters onsets by a few ticks: take the twelfth of a quarter
        notes = [(*n[:4], round(12 * n[4]) / 12, *n[5:]) for n in notes]
    notes.sort(key=lambda n: n[4])
    first, end = notes[0][4], notes[0][4] + 4 * BARS
    notes = [n for n in notes if n[4] < end]
    metre, bars = "", []
    if len(signatures) == 1 and "mma" in str(path):
        ((numerator, denominator),) = signatures
        metre, length = f"{numerator}/{denominator}", 4 * numerator / denominator
        bars = [length * i for i in range(int(first // length), int(end // length))]
    qpm = float(np.clip(6e7 / tempos[0] if tempos else 120, 40, 200))
    return Truth(f"{path.parent.name}/{path.stem}", notes, qpm, metre, bars)


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
    for file in score_files(corpora) if corpora else ():
        if only in f"{file.parent.name}/{file.stem}":
            yield from_midi(file)


def score_files(corpora: Path) -> Iterator[Path]:
    for folder, count in FOLDERS.items():
        files = sorted((corpora / folder).rglob("*.mid"))[9::10]
        yield from files[:: max(1, len(files) // count)][:count]


if __name__ == "__main__":  # what must not be trained on, for `scorelane.train.pulse --hold-out`
    print("\n".join([*CORPUS, "dichterliebe_no2"]))
    for file in score_files(Path(sys.argv[1])) if len(sys.argv) > 1 else ():
        # Of a song every arrangement.
        is_song = file.parent.name == "mma_pop909"
        print(f"/{file.stem.split('_')[0]}_" if is_song else file.stem)
