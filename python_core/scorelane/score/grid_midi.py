"""The score as a MIDI file: notes exactly on the grid, tempo map as it was played."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from scorelane.files import atomic_path
from scorelane.score.grid import TICKS, Grid
from scorelane.score.layout import Part, Score

_SCALE = 20  # 480 ticks per quarter
_STROKE = 0.08  # seconds of a stroke of a trill
_STROKES = (2, 3, 4, 6)  # ticks that it may last
_MAJOR_KEYS = ("Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#")


def write_grid_midi(score: Score, path: str | os.PathLike[str]) -> None:
    """Write a type-1 MIDI file whose bars are the score's and whose tempo follows every beat.

    A sequencer that loads it gets the tempo map, so its own grid lies on the recording from the
    first note on.
    """
    from mido import Message, MetaMessage, MidiFile

    file = MidiFile(type=1, ticks_per_beat=TICKS * _SCALE, charset="utf-8")
    metre, grid = score.grid.metre, score.grid
    head: list[tuple[int, MetaMessage]] = []
    if grid.pickup:
        short = MetaMessage(
            "time_signature",
            numerator=grid.pickup_ticks * metre.denominator // (4 * TICKS),
            denominator=metre.denominator,
        )
        head.append((0, short))
    head.append(
        (
            grid.pickup_ticks,
            MetaMessage("time_signature", numerator=metre.numerator, denominator=metre.denominator),
        )
    )
    for bar, (start, _) in enumerate(score.bars):
        if bar == 0 or score.signatures[bar] != score.signatures[bar - 1]:
            name = _MAJOR_KEYS[score.signatures[bar] + 6]
            head.append((start, MetaMessage("key_signature", key=name)))
    quarters = metre.beat_ticks / TICKS
    for beat, seconds in enumerate(np.diff(grid.times)):
        tempo = int(np.clip(round(seconds / quarters * 1e6), 1, 2**24 - 1))
        head.append((beat * metre.beat_ticks, MetaMessage("set_tempo", tempo=tempo)))
    head.sort(key=lambda event: event[0])
    file.tracks.append(_track(score.title, head))
    for part in score.parts:
        events: list[tuple[int, Message | MetaMessage]] = [
            (0, Message("program_change", channel=part.channel, program=part.program))
        ]
        for start, end, pitch in _sounding(part, grid):
            events.append((start, Message("note_on", channel=part.channel, note=pitch)))
            events.append((end, Message("note_off", channel=part.channel, note=pitch)))
        # At one tick: programs, then the ends, then the beginnings.
        order = {"program_change": 0, "note_off": 1, "note_on": 2}
        events.sort(key=lambda event: (event[0], order[event[1].type]))
        file.tracks.append(_track(part.name, events))
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        file.save(file=stream)


def _sounding(part: Part, grid: Grid) -> list[tuple[int, int, int]]:
    """Start, end and pitch of the part's notes; one pitch never sounds twice at a time."""
    by_pitch: dict[int, dict[int, int]] = {}

    def sound(pitch: int, start: int, end: int) -> None:
        same = by_pitch.setdefault(pitch, {})
        same[start] = max(same.get(start, 0), end)

    for chord in (c for staff in part.staves for voice in staff.voices for c in voice):
        trills = dict(chord.trills)
        for pitch in chord.pitches:
            if pitch not in trills:
                sound(pitch, chord.start, chord.end)
                continue
            step = _stroke(chord.start, chord.end, grid)
            for number, start in enumerate(range(chord.start, chord.end, step)):
                upper = min(pitch + trills[pitch] * (number % 2), 127)
                sound(upper, start, min(start + step, chord.end))
    result = []
    for pitch, same in by_pitch.items():
        starts = sorted(same)
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            end = same[start] if following is None else min(same[start], following)
            result.append((start, end, pitch))
    return result


def _stroke(start: int, end: int, grid: Grid) -> int:
    """Ticks of one stroke of a trill, near ``_STROKE`` seconds."""
    unit = grid.metre.beat_ticks
    seconds = float(grid.seconds_at(end / unit) - grid.seconds_at(start / unit)) / (end - start)
    return min(_STROKES, key=lambda ticks: abs(ticks * seconds - _STROKE))


def _track(name: str, events: Sequence[tuple[int, object]]) -> object:
    from mido import MetaMessage, MidiTrack

    track = MidiTrack([MetaMessage("track_name", name=name, time=0)])
    now = 0
    for tick, message in events:
        track.append(message.copy(time=(tick - now) * _SCALE))  # type: ignore[attr-defined]
        now = tick
    track.append(MetaMessage("end_of_track", time=0))
    return track
