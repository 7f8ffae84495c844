"""Any Standard MIDI File -> notes in seconds.

The file is taken to be hostile: whatever cannot be understood raises :class:`MidiError`, and
whatever can be understood gives notes with positive lengths and values in range.
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from scorelane.errors import ScorelaneError
from scorelane.notes import Note

NOTE_DTYPE = np.dtype(
    [
        ("onset", "<f4"),
        ("offset", "<f4"),
        ("pitch", "u1"),
        ("program", "u1"),
        ("is_drum", "?"),
        ("velocity", "u1"),
        ("stem", "u1"),
    ]
)
"""One note in columns; ``stem`` numbers the (track, channel, program) that it came from."""

MIN_LENGTH = 0.005
"""Seconds: shorter notes (many drum tracks have zero lengths) are made this long."""

MAX_SECONDS = 24 * 3600.0
"""A file that lasts longer is refused as damaged."""

_DRUM_CHANNEL = 9
_DRUM_BANKS = frozenset({120, 127})  # General MIDI 2 and XG rhythm banks (controller 0)
# Electronic kits tell a hi-hat struck at its edge from one struck at its bow, General MIDI not.
_DRUM_KEYS = {22: 42, 26: 46}
_DEFAULT_TEMPO = 500_000


class MidiError(ScorelaneError):
    """A file that is not a Standard MIDI File, or is damaged beyond reading."""


def read_midi(path: str | os.PathLike[str]) -> list[Note]:
    """Return the notes of the MIDI file at ``path``, sorted; times are seconds.

    Raises :class:`MidiError` when the file cannot be read.
    """
    return notes_of(read_midi_columns(path))


def notes_of(columns: NDArray[np.void]) -> list[Note]:
    """``columns`` (structured, of ``NOTE_DTYPE``) as notes."""
    return [
        Note(
            onset=float(row["onset"]),
            offset=float(row["offset"]),
            pitch=int(row["pitch"]),
            program=int(row["program"]),
            is_drum=bool(row["is_drum"]),
            velocity=int(row["velocity"]),
        )
        for row in columns
    ]


def read_midi_columns(path: str | os.PathLike[str], *, pedal: bool = True) -> NDArray[np.void]:
    """Return the notes of the MIDI file at ``path`` as a ``[n]`` array of ``NOTE_DTYPE``.

    Sorted by onset, drum flag, program and pitch. The sustain ``pedal`` lengthens notes, unless
    they are wanted as the keys were held; a note struck again while it sounds ends where the new
    one begins. Raises :class:`MidiError`.
    """
    midi = _parse(Path(path))
    reader = _Reader(pedal)
    for tick, _, track, message in _merged(midi):
        reader.take(tick, track, message)
    reader.finish()
    try:
        return _columns(reader, midi.ticks_per_beat)
    except OverflowError as error:
        raise MidiError(f"{path} has times that are out of range; it is damaged") from error


def _parse(path: Path) -> mido.MidiFile:
    try:
        midi = mido.MidiFile(path, clip=True)
    except OSError as error:
        raise MidiError(f"{path} cannot be read as a MIDI file: {error or 'not MIDI'}") from error
    except Exception as error:
        # mido raises whatever its parser trips over (IndexError, KeyError, ValueError, ...).
        raise MidiError(f"{path} is not a valid MIDI file: {error!r}") from error
    if midi.ticks_per_beat == 0:
        raise MidiError(f"{path} has no time resolution; it is damaged")
    return midi


def _merged(midi: mido.MidiFile) -> list[tuple[int, int, int, mido.Message]]:
    """All messages as (tick, order, track, message) in the order in which they happen."""
    events = []
    order = 0
    for track_index, track in enumerate(midi.tracks):
        tick = 0
        for message in track:
            tick += message.time
            events.append((tick, order, track_index, message))
            order += 1
    events.sort(key=lambda event: event[:2])
    return events


class _Reader:
    """Follows channels, programs and pedals; collects notes in ticks."""

    def __init__(self, pedal: bool) -> None:
        self._pedal = pedal
        self.tempos: list[tuple[int, int]] = [(0, _DEFAULT_TEMPO)]
        # onset tick, offset tick, pitch, program, is_drum, velocity, stem
        self.notes: list[list[int]] = []
        self._last_tick = 0
        self._sounding: dict[tuple[int, int, int], deque[list[int]]] = defaultdict(deque)
        self._pedalled: dict[int, list[list[int]]] = defaultdict(list)
        self._pedal_down: set[int] = set()
        self._channel_program: dict[int, int] = {}
        self._track_program: dict[tuple[int, int], int] = {}
        self._drum_bank: set[int] = set()
        self._stems: dict[tuple[int, int, int, int], int] = {}

    def take(self, tick: int, track: int, message: mido.Message) -> None:
        self._last_tick = tick
        kind = message.type
        if kind == "note_on" and message.velocity > 0:
            self._note_on(tick, track, message.channel, message.note, message.velocity)
        elif kind in ("note_off", "note_on"):
            self._note_off(tick, track, message.channel, message.note)
        elif kind == "control_change":
            self._control(tick, message.channel, message.control, message.value)
        elif kind == "program_change":
            self._channel_program[message.channel] = message.program
            self._track_program[track, message.channel] = message.program
        elif kind == "set_tempo":
            self.tempos.append((tick, message.tempo))

    def finish(self) -> None:
        """End what still sounds where the file ends."""
        for channel in range(16):
            self._release_all(self._last_tick, channel)

    def _note_on(self, tick: int, track: int, channel: int, pitch: int, velocity: int) -> None:
        is_drum = channel == _DRUM_CHANNEL or channel in self._drum_bank
        # Several tracks may share a channel, each with a program of its own.
        program = self._track_program.get((track, channel), self._channel_program.get(channel, 0))
        program = 0 if is_drum else program
        named = _DRUM_KEYS.get(pitch, pitch) if is_drum else pitch
        key = (track, channel, program, int(is_drum))
        stem = self._stems.setdefault(key, len(self._stems))
        note = [tick, -1, named, program, int(is_drum), velocity, min(stem, 255)]
        self.notes.append(note)
        self._sounding[track, channel, pitch].append(note)

    def _note_off(self, tick: int, track: int, channel: int, pitch: int) -> None:
        waiting = self._sounding.get((track, channel, pitch))
        if not waiting:
            return
        note = waiting.popleft()
        note[1] = tick
        if channel in self._pedal_down and not note[4]:
            self._pedalled[channel].append(note)

    def _control(self, tick: int, channel: int, control: int, value: int) -> None:
        if control == 64 and self._pedal:
            if value >= 64:
                self._pedal_down.add(channel)
            else:
                self._pedal_up(tick, channel)
        elif control == 0:
            if value in _DRUM_BANKS:
                self._drum_bank.add(channel)
            else:
                self._drum_bank.discard(channel)
        elif control in (120, 123):
            self._release_all(tick, channel)
        elif control == 121:
            self._pedal_up(tick, channel)

    def _pedal_up(self, tick: int, channel: int) -> None:
        self._pedal_down.discard(channel)
        for note in self._pedalled.pop(channel, ()):
            note[1] = tick

    def _release_all(self, tick: int, channel: int) -> None:
        for (_, note_channel, _), waiting in self._sounding.items():
            if note_channel == channel:
                for note in waiting:
                    note[1] = tick
                waiting.clear()
        self._pedal_up(tick, channel)


def _columns(reader: _Reader, ticks_per_beat: int) -> NDArray[np.void]:
    raw = np.array(reader.notes, np.int64).reshape(-1, 7)
    clock = _Clock(reader.tempos, ticks_per_beat)
    notes = np.empty(len(raw), NOTE_DTYPE)
    onset, offset = clock.seconds(raw[:, 0]), clock.seconds(raw[:, 1])
    if len(raw) and (not np.isfinite(offset).all() or offset.max() > MAX_SECONDS):
        raise OverflowError
    for column, name in enumerate(("pitch", "program", "is_drum", "velocity", "stem"), start=2):
        notes[name] = raw[:, column]
    offset = _end_at_next(notes, onset, offset)
    notes["onset"] = onset
    # In float32 a tiny length can vanish late in a long file: add it after rounding.
    notes["offset"] = np.maximum(offset.astype(np.float32), notes["onset"] + np.float32(MIN_LENGTH))
    order = np.lexsort((notes["pitch"], notes["program"], notes["is_drum"], onset))
    return notes[order][_distinct(notes[order])]


class _Clock:
    """Ticks -> seconds by the tempo map; an SMPTE resolution has a fixed rate."""

    def __init__(self, tempos: list[tuple[int, int]], ticks_per_beat: int) -> None:
        if ticks_per_beat < 0:  # SMPTE: minus frames per second, then ticks per frame
            frames, per_frame = -(ticks_per_beat >> 8), ticks_per_beat & 0xFF
            rate = (30000 / 1001 if frames == 29 else frames) * max(per_frame, 1)
            tempos, seconds_per_tick = [(0, 0)], np.array([1.0 / rate])
        else:
            seconds_per_tick = np.array([tempo for _, tempo in tempos]) / 1e6 / ticks_per_beat
        self._ticks = np.array([tick for tick, _ in tempos], np.int64)
        self._rates = seconds_per_tick
        steps = np.diff(self._ticks) * self._rates[:-1]
        self._starts = np.concatenate(([0.0], np.cumsum(steps)))

    def seconds(self, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
        at = np.searchsorted(self._ticks, ticks, side="right") - 1
        at = np.maximum(at, 0)
        result: NDArray[np.float64] = self._starts[at] + (ticks - self._ticks[at]) * self._rates[at]
        return result


def _end_at_next(
    notes: NDArray[np.void], onset: NDArray[np.float64], offset: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cut each note where the same key of the same stem is struck again."""
    order = np.lexsort((onset, notes["pitch"], notes["stem"]))
    following = order[1:]
    this = order[:-1]
    same = (notes["stem"][this] == notes["stem"][following]) & (
        notes["pitch"][this] == notes["pitch"][following]
    )
    cut = offset.copy()
    cut[this[same]] = np.minimum(cut[this[same]], onset[following[same]])
    return cut


def _distinct(notes: NDArray[np.void]) -> NDArray[np.bool_]:
    """Drop a second copy of a note: same onset, pitch, program and drum flag.

    ``notes`` is sorted by those fields; of several copies the last is kept, whose length was
    not cut to nothing by the other's onset.
    """
    keep = np.ones(len(notes), np.bool_)
    if len(notes) > 1:
        same = np.ones(len(notes) - 1, np.bool_)
        for name in ("onset", "pitch", "program", "is_drum"):
            same &= notes[name][1:] == notes[name][:-1]
        keep[:-1] = ~same
    return keep
