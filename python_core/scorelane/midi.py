"""Notes to a Standard MIDI File: type 1, a conductor track, then one named track per lane."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scorelane.errors import UsageError
from scorelane.files import atomic_path
from scorelane.lanes import Lane, make_lanes
from scorelane.notes import Note

if TYPE_CHECKING:
    from mido import MidiFile, MidiTrack

DEFAULT_TEMPO = 120.0
MIN_TEMPO, MAX_TEMPO = 4.0, 1000.0  # beats per minute; a file's 24 bits end at 3.6
_MIN_TICKS_PER_SECOND = 500  # rounding to a tick then moves nothing by more than 1 ms


@dataclass(slots=True)
class _Span:
    """A note in ticks."""

    lane: int
    start: int
    end: int
    pitch: int
    velocity: int


def write_midi(
    notes: Iterable[Note],
    path: str | os.PathLike[str],
    *,
    tempo: float = DEFAULT_TEMPO,
    title: str = "",
) -> None:
    """Write ``notes`` as a type-1 MIDI file, one named track per instrument.

    Every note keeps its time to within 1 ms. Two notes of one pitch cannot sound together on a
    channel: the earlier one ends where the later one begins, and of two that begin on the same
    tick in one lane the longer stays. Every note is at least one tick long.

    Args:
        notes: in any order.
        path: the file to write; it appears complete or not at all.
        tempo: beats per minute (4-1000) of the file's grid; it does not change when notes sound.
        title: name of the conductor track, usually the song's.

    Raises:
        UsageError: when the tempo lies outside its range.
        OSError: when the file cannot be written.
    """
    file = build_midi(make_lanes(notes), tempo=tempo, title=title)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        file.save(file=stream)


def build_midi(lanes: Sequence[Lane], *, tempo: float = DEFAULT_TEMPO, title: str = "") -> MidiFile:
    """The MIDI file of ``lanes`` in memory; arguments as for :func:`write_midi`."""
    import mido

    if not MIN_TEMPO <= tempo <= MAX_TEMPO:
        raise UsageError(
            f"The tempo must lie between {MIN_TEMPO:g} and {MAX_TEMPO:g} beats per minute,"
            f" not {tempo:g}."
        )
    # Ticks follow the tempo as the file stores it, in whole microseconds, else a long recording
    # would drift against its own grid.
    microseconds = mido.bpm2tempo(tempo)
    ticks_per_beat = 480
    while ticks_per_beat * 1e6 / microseconds < _MIN_TICKS_PER_SECOND:
        ticks_per_beat *= 2
    spans = _spans(lanes, ticks_per_beat * 1e6 / microseconds)
    programs = _channel_programs(lanes)
    file = mido.MidiFile(type=1, ticks_per_beat=ticks_per_beat, charset="utf-8")
    file.tracks.append(_conductor_track(microseconds, title))
    for index, lane in enumerate(lanes):
        file.tracks.append(_lane_track(lane, spans[index], programs[lane.channel]))
    return file


def _spans(lanes: Sequence[Lane], ticks_per_second: float) -> dict[int, list[_Span]]:
    """Notes in ticks per lane, none of which overlaps another of its channel and pitch."""
    together: dict[tuple[int, int], list[_Span]] = defaultdict(list)
    for index, lane in enumerate(lanes):
        for note in lane.notes:
            start = round(note.onset * ticks_per_second)
            end = max(start + 1, round(note.offset * ticks_per_second))
            velocity = min(127, max(1, note.velocity))
            span = _Span(index, start, end, note.pitch, velocity)
            together[lane.channel, note.pitch].append(span)
    by_lane: dict[int, list[_Span]] = defaultdict(list)
    for spans in together.values():
        for span in _without_overlap(spans):
            by_lane[span.lane].append(span)
    return by_lane


def _without_overlap(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Cut each of the spans of one pitch and channel where the next one begins.

    Lanes that share a channel may begin a pitch on the same tick: both stay and end together,
    since on the channel the first note-off would end both.
    """
    by_start: dict[int, dict[int, _Span]] = defaultdict(dict)
    for span in sorted(spans, key=lambda span: (span.start, span.end, span.velocity)):
        by_start[span.start][span.lane] = span  # the longer of two in one lane comes later
    starts = [*by_start, None]
    for twins, next_start in zip(by_start.values(), starts[1:], strict=True):
        end = max(span.end for span in twins.values())
        if next_start is not None:
            end = min(end, next_start)
        for span in twins.values():
            span.end = end
            yield span


def _channel_programs(lanes: Sequence[Lane]) -> dict[int, int]:
    """Program of each channel: that of the loudest of its lanes."""
    return {lane.channel: lane.program for lane in sorted(lanes, key=lambda lane: lane.loudness)}


def _conductor_track(microseconds: int, title: str) -> MidiTrack:
    from mido import MetaMessage, MidiTrack

    # A MIDI text holds any bytes; what cannot be encoded came from a file name that is no UTF-8.
    name = title.encode("utf-8", "replace").decode("utf-8")
    return MidiTrack(
        [
            MetaMessage("track_name", name=name, time=0),
            MetaMessage("set_tempo", tempo=microseconds, time=0),
            MetaMessage("time_signature", numerator=4, denominator=4, time=0),
            MetaMessage("end_of_track", time=0),
        ]
    )


def _lane_track(lane: Lane, spans: Sequence[_Span], program: int) -> MidiTrack:
    from mido import Message, MetaMessage, MidiTrack

    channel = lane.channel
    track = MidiTrack(
        [
            MetaMessage("track_name", name=lane.name, time=0),
            MetaMessage("channel_prefix", channel=channel, time=0),
            MetaMessage("instrument_name", name=lane.name, time=0),
            Message("program_change", channel=channel, program=program, time=0),
        ]
    )
    # (tick, is_on, pitch, velocity): offs sort before ons, so that a repeated note closes first.
    events = [(span.start, True, span.pitch, span.velocity) for span in spans]
    events += [(span.end, False, span.pitch, 0) for span in spans]
    now = 0
    for tick, is_on, pitch, velocity in sorted(events):
        kind = "note_on" if is_on else "note_off"
        track.append(Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - now))
        now = tick
    track.append(MetaMessage("end_of_track", time=0))
    return track
