"""Scores with known bars, to train ``scorelane.score.pulse`` on."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import mido
import numpy as np
from numpy.typing import NDArray

from scorelane.score.grid import TICKS, Metre

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FEWEST = 8  # bars of one metre that are kept
_IRREGULAR = 0.05  # part of the bars that may have another length
_DEFAULT = 120.0  # beats per minute: what programs write where no tempo is
_SLOWEST, _FASTEST = 40.0, 210.0  # beats per minute that are believed
SUFFIXES = (".mxl", ".xml", ".musicxml", ".mid")


@dataclass
class Piece:
    """Music in one metre.

    Attributes:
        notes: ``[n, 6]``: quarter where it begins, quarters it lasts, pitch, is drum, number of
            the part, hand (1 right, 2 left, 0 not known); sorted.
        bars: ``[n]`` quarters where bars begin.
        qpm: quarters per minute; 0 where none are written.
    """

    name: str
    notes: NDArray[np.float64]
    bars: NDArray[np.float64]
    metre: Metre
    qpm: float

    @property
    def beat(self) -> float:
        """Quarters of a counted beat; half notes are counted in quarters."""
        ticks = self.metre.beat_ticks
        return (ticks if self.metre.is_compound else min(ticks, TICKS)) / TICKS


def read_pieces(path: Path) -> list[Piece]:
    """The spans of one metre of a MusicXML score or of a MIDI file whose time signature holds."""
    pieces = []
    for piece in _read_midi(path) if path.suffix == ".mid" else _read_musicxml(path):
        off = np.abs(np.diff(piece.bars) - piece.metre.bar_ticks / TICKS) > 1e-3
        if piece.qpm == _DEFAULT or not _SLOWEST < piece.qpm / piece.beat < _FASTEST:
            piece.qpm = 0.0
        if off.mean() <= _IRREGULAR:
            pieces.append(piece)
    return pieces


def _read_midi(path: Path) -> Iterator[Piece]:
    midi = mido.MidiFile(path, clip=True)
    metres = {
        f"{m.numerator}/{m.denominator}"
        for track in midi.tracks
        for m in track
        if m.type == "time_signature"
    }
    tempos = [m.tempo for track in midi.tracks for m in track if m.type == "set_tempo"]
    rows = midi_rows(midi)
    if len(metres) != 1 or len(rows) < 32:
        return
    notes = np.array(sorted(rows), np.float64)
    # Arrangers such as MMA scatter onsets by a few ticks: a twelfth of a quarter is meant.
    notes[:, 0] = np.round(12 * notes[:, 0]) / 12
    metre = Metre.parse(metres.pop())
    bars = np.arange(0.0, notes[-1, 0] + 1e-6, metre.bar_ticks / TICKS)
    yield Piece(path.stem, notes, bars, metre, 6e7 / tempos[0] if tempos else 0.0)


def midi_rows(midi: mido.MidiFile) -> list[tuple[float, float, int, bool, int, int]]:
    """Rows as ``Piece.notes`` holds them, in the order in which the tracks' notes end."""
    rows = []
    for number, track in enumerate(midi.tracks):
        tick = 0
        sounding: dict[tuple[int, int], int] = {}
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = message.channel, message.note
            begun = sounding.pop(key, None)
            if begun is not None:
                length = max(tick - begun, 1) / midi.ticks_per_beat
                at = begun / midi.ticks_per_beat
                rows.append((at, length, message.note, message.channel == 9, number, 0))
            if message.type == "note_on" and message.velocity:
                sounding[key] = tick
    return rows


def _read_musicxml(path: Path) -> Iterator[Piece]:
    if path.suffix == ".mxl":
        with zipfile.ZipFile(path) as archive:
            names = [n for n in archive.namelist() if n.endswith(("xml", "musicxml"))]
            inner = next(name for name in names if not name.startswith("META"))
            root = ElementTree.fromstring(archive.read(inner))
    else:
        root = ElementTree.parse(path).getroot()
    parts = root.findall("part")
    if not parts:
        return
    bars = _bars(parts[0])
    rows = [row for number, part in enumerate(parts) for row in _notes(part, number, bars)]
    if not rows:
        return
    notes = np.array(sorted(rows), np.float64)
    staves = [len({row[5] for row in rows if row[4] == number}) for number in range(len(parts))]
    if len(parts) == 2 and staves == [1, 1] and "piano" in _names(root):
        notes[:, 5], notes[:, 4] = 1 + notes[:, 4], 0
    else:
        two = np.array(staves) == 2
        notes[:, 5] *= two[notes[:, 4].astype(np.int64)]
    for first, last in _runs(bars):
        begin, end = bars[first][0], bars[last][0] + bars[last][1]
        inside = notes[(notes[:, 0] >= begin - 1e-6) & (notes[:, 0] < end - 1e-6)]
        metre = bars[first][2]
        if metre is None or len(inside) < 16:
            continue
        lines = np.array([at for at, _, _, begins, _ in bars[first : last + 1] if begins])
        qpm = next((bar[4] for bar in bars[first::-1] if bar[4]), 0.0)
        yield Piece(f"{path.stem}#{first}", inside, lines, metre, qpm)


def _names(root: ElementTree.Element) -> str:
    return " ".join(name.text or "" for name in root.iter("part-name")).lower()


_Bar = tuple[float, float, Metre | None, bool, float]


def _bars(part: ElementTree.Element) -> list[_Bar]:
    """Quarter, length, metre, whether a bar begins (not its second half), tempo of each."""
    bars: list[_Bar] = []
    at, metre, divisions, open_length = 0.0, None, 1.0, 0.0
    for measure in part.findall("measure"):
        for time in measure.iter("time"):
            beats, unit = time.findtext("beats"), time.findtext("beat-type")
            known = beats and unit and beats.isdigit() and unit in ("2", "4", "8", "16")
            metre = Metre(int(beats), int(unit)) if known and beats and unit else None
        length = 0.0
        position = 0.0
        for one in measure:
            if one.tag == "attributes":
                divisions = float(one.findtext("divisions") or divisions)
            elif one.tag in ("note", "forward", "backup"):
                step = float(one.findtext("duration") or 0.0) / divisions
                if one.tag == "backup":
                    position -= step
                elif one.find("chord") is None:
                    position += step
                length = max(length, position)
        whole = metre.bar_ticks / TICKS if metre else length
        if not length or (length < whole and measure.get("implicit") != "yes" and bars):
            length = whole if abs(length - whole) > 1e-6 and not open_length else length
        sound = measure.find(".//sound[@tempo]")
        tempo = float(sound.get("tempo") or 0.0) if sound is not None else 0.0
        begins = not open_length and not (not bars and length < whole - 1e-6)
        short = length < whole - 1e-6
        if open_length and abs(open_length + length - whole) < 1e-6:
            open_length = 0.0
        elif open_length and not short:  # a short bar, then whole ones
            begins, open_length = True, 0.0
        elif short and bars:
            open_length = length
        bars.append((at, length, metre, begins, tempo))
        at += length
    return bars


def _runs(bars: list[_Bar]) -> Iterator[tuple[int, int]]:
    """First and last bar of each long enough run of one metre."""
    first = 0
    for number in range(1, len(bars) + 1):
        if number == len(bars) or bars[number][2] != bars[first][2]:
            if number - first >= _FEWEST:
                yield first, number - 1
            first = number


def _notes(
    part: ElementTree.Element, number: int, bars: list[_Bar]
) -> Iterator[tuple[float, float, int, bool, int, int]]:
    divisions, transpose = 1.0, 0
    tied: dict[tuple[int, int], tuple[float, float]] = {}
    for measure, bar in zip(part.findall("measure"), bars, strict=False):
        at = last = bar[0]
        for one in measure:
            if one.tag == "attributes":
                divisions = float(one.findtext("divisions") or divisions)
                change = one.find("transpose")
                if change is not None:
                    octaves = int(change.findtext("octave-change") or 0)
                    transpose = int(float(change.findtext("chromatic") or 0)) + 12 * octaves
            step = float(one.findtext("duration") or 0.0) / divisions
            if one.tag == "backup":
                at -= step
            elif one.tag == "forward":
                at += step
            elif one.tag == "note":
                begin = last if one.find("chord") is not None else at
                pitch = one.find("pitch")
                if pitch is not None and one.find("grace") is None:
                    key = (
                        12 * (int(pitch.findtext("octave") or 4) + 1)
                        + _STEPS[pitch.findtext("step") or "C"]
                        + round(float(pitch.findtext("alter") or 0))
                        + transpose
                    )
                    staff = int(one.findtext("staff") or 1)
                    ties = {tie.get("type") for tie in one.findall("tie")}
                    start, length = tied.pop((key, staff), (begin, 0.0))
                    if "stop" not in ties or abs(start + length - begin) > 1e-6:
                        start, length = begin, 0.0
                    if "start" in ties:
                        tied[key, staff] = (start, length + step)
                    elif 0 < key < 128:
                        yield start, length + step, key, False, number, staff
                if one.find("chord") is None and one.find("grace") is None:
                    last, at = at, at + step
