"""Beats that are known: a list, a text file, or the tempo map of a MIDI file."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from scorelane.errors import UsageError
from scorelane.score.grid import Metre

if TYPE_CHECKING:
    from mido import MidiFile

_MIDI_SUFFIXES = (".mid", ".midi", ".smf")
_MOST_BEATS = 200_000
_LONGEST_BAR = 12  # beats
_Event = TypeVar("_Event", int, Metre)


@dataclass(frozen=True)
class Beats:
    """Beats in time.

    Attributes:
        times: ``[n >= 2]`` seconds, increasing.
        downbeat: index of one that begins a bar; ``None``: not said.
        metre: the time signature; ``None``: not said.
        count: beats in a bar, where only that is said; ``None``: not said.
    """

    times: NDArray[np.float64]
    downbeat: int | None = None
    metre: Metre | None = None
    count: int | None = None


def as_beats(rows: Sequence[tuple[float, bool]]) -> Beats:
    """Beats from pairs of seconds and whether a bar begins there; most bars say the metre.

    Raises:
        UsageError: for fewer than two, or times that are not numbers that increase.
    """
    times = np.array([float(second) for second, _ in rows])
    if len(times) < 2:
        raise UsageError(f"{len(times)} beats were given; at least two are needed.")
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise UsageError("The times of the beats must be numbers that increase.")
    firsts = [i for i, (_, is_first) in enumerate(rows) if is_first]
    counts = Counter(b - a for a, b in pairwise(firsts) if 1 < b - a <= _LONGEST_BAR)
    count = counts.most_common(1)[0][0] if counts else None
    return Beats(times, firsts[0] if firsts else None, count=count)


def read_beats(path: str | os.PathLike[str]) -> Beats:
    """Read the beats of a file.

    A MIDI file gives the beats of its tempo map, and its time signature. Any other file is read
    as text, one beat per line: seconds, then (optional) its number in the bar, 1 for a downbeat;
    ``#`` begins a comment. That is the ``.beats`` format of Beat This! and most annotated corpora.

    Raises:
        UsageError: for a file that cannot be read, or that holds fewer than two increasing times.
    """
    if Path(path).suffix.lower() in _MIDI_SUFFIXES:
        return _tempo_map(Path(path))
    rows: list[tuple[float, bool]] = []
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read as a file of beats: {error}") from error
    for number, line in enumerate(lines, start=1):
        fields = line.split("#")[0].replace(",", " ").split()
        if not fields:
            continue
        try:
            time = float(fields[0])
            is_first = len(fields) > 1 and float(fields[1]) == 1
        except ValueError:
            raise UsageError(
                f"{path}, line {number}: {fields[0]!r} is no time in seconds"
            ) from None
        if not math.isfinite(time) or (rows and time <= rows[-1][0]):
            raise UsageError(f"{path}, line {number}: beat times must be numbers that increase")
        rows.append((time, is_first))
    if len(rows) < 2:
        raise UsageError(f"{path} holds {len(rows)} beats; at least two are needed")
    return as_beats(rows)


def _tempo_map(path: Path) -> Beats:
    """The beats of a MIDI file, in the time signature that rules most of it."""
    from mido import MidiFile

    try:
        midi = MidiFile(path, clip=True)
        if midi.type == 2 or not 0 < midi.ticks_per_beat < 2**15:
            raise ValueError("it counts no beats")
    except Exception as error:  # mido raises whatever its parser trips over
        raise UsageError(f"{path} cannot be read as a MIDI file: {error!r}") from error
    tempos, signatures, end = _conductor(midi)
    resolution = midi.ticks_per_beat
    spans = [
        (until - start, start, metre)
        for (start, metre), (until, _) in zip(
            signatures, [*signatures[1:], (end, Metre())], strict=True
        )
    ]
    _, first_bar, metre = max(spans, key=lambda span: span[0])
    step = resolution * metre.beat_ticks / 24
    before = int(first_bar // step)
    count = before + math.ceil((end - first_bar) / step) + 1
    if count > _MOST_BEATS:
        raise UsageError(f"{path} lasts {count} beats; a score may have {_MOST_BEATS}.")
    ticks = first_bar + step * np.arange(-before, max(count - before, 2 - before))
    return Beats(_seconds(ticks, tempos, resolution), before % metre.beats, metre)


def _conductor(
    midi: MidiFile,
) -> tuple[list[tuple[int, int]], list[tuple[int, Metre]], int]:
    """Tempos (tick, microseconds per quarter), time signatures, and the last note's tick."""
    tempos, signatures, end = [(0, 500_000)], [(0, Metre())], 0
    for track in midi.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "set_tempo":
                tempos.append((tick, max(message.tempo, 1)))
            elif message.type == "time_signature":
                text = f"{message.numerator}/{message.denominator}"
                signatures.append((tick, Metre.parse(text)))
            elif message.type in ("note_on", "note_off"):
                end = max(end, tick)
    return _last_of_each(tempos), _last_of_each(signatures), end


def _last_of_each(events: Sequence[tuple[int, _Event]]) -> list[tuple[int, _Event]]:
    """In the order of time, of several at one tick the last."""
    latest = dict(sorted(events, key=lambda event: event[0]))
    return sorted(latest.items(), key=lambda event: event[0])


def _seconds(
    ticks: NDArray[np.float64], tempos: Sequence[tuple[int, int]], resolution: int
) -> NDArray[np.float64]:
    starts = np.array([tick for tick, _ in tempos], np.float64)
    rates = np.array([tempo for _, tempo in tempos]) / 1e6 / resolution  # seconds per tick
    passed = np.concatenate(([0.0], np.cumsum(np.diff(starts) * rates[:-1])))
    piece = np.maximum(np.searchsorted(starts, ticks, side="right") - 1, 0)
    seconds: NDArray[np.float64] = passed[piece] + (ticks - starts[piece]) * rates[piece]
    return seconds
