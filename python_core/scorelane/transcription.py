"""What was heard in one recording: its notes through filters, its lanes, and the ways out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scorelane.errors import UsageError
from scorelane.files import atomic_path
from scorelane.instruments import InstrumentMask, parse_instruments
from scorelane.lanes import Lane, make_lanes
from scorelane.midi import DEFAULT_TEMPO, write_midi
from scorelane.notes import Note, write_csv
from scorelane.tuning import CONCERT_PITCH

if TYPE_CHECKING:
    from scorelane.score import Score

Instruments: TypeAlias = InstrumentMask | Iterable[str | int] | str

DEFAULT_SENSITIVITY = 0.5
DEFAULT_CONFIDENCE = 0.3  # for models that do not state their own
JSON_FORMAT, JSON_VERSION = "scorelane-notes", 1
_STRICTEST = 0.99  # confidence asked for at sensitivity 0


@dataclass(frozen=True)
class Transcription:
    """What was heard in one recording.

    The filters (sensitivity, shortest note, instruments, tidy lanes) act on ``all_notes`` without
    running the network again, so :meth:`filter` can widen them as well as narrow them.

    Attributes:
        all_notes: every note that the model wrote, ordered by onset.
        duration: length of the recording in seconds.
        title: the recording's name without its suffix; empty for an array.
        model: name and version of the model, e.g. ``"scorelane 0.1.0"``.
        default_confidence: the confidence that sensitivity 0.5 asks for.
        sensitivity: 0-1.
        min_note_ms: shortest pitched note in milliseconds.
        instruments: mask, or ``None`` for all.
        tidy_lanes: whether instruments that are hardly there give their notes to others; where
            several were named, among what one name allows.
        lane_share: the share of what sounds around a note that its instrument then needs, 0-1;
            the model's own.
        program_map: for each program the one that the model writes for it; empty: itself.
        tuning: what A4 was taken to be tuned to, in Hz.
        warnings: what was odd about the recording, one sentence each.
        recording: where it lies; ``None`` for an array. Scores listen to it for their beats.
    """

    all_notes: tuple[Note, ...]
    duration: float
    title: str = ""
    model: str = ""
    default_confidence: float = DEFAULT_CONFIDENCE
    sensitivity: float = DEFAULT_SENSITIVITY
    min_note_ms: float = 0.0
    instruments: InstrumentMask | None = None
    tidy_lanes: bool = True
    lane_share: float = 0.0
    program_map: tuple[int, ...] = ()
    tuning: float = CONCERT_PITCH
    warnings: tuple[str, ...] = ()
    recording: Path | None = None

    @cached_property
    def notes(self) -> list[Note]:
        """The notes that pass the filters, ordered by onset."""
        named = self.instruments
        written = None if named is None else named.as_written(self.program_map)
        kept = filter_notes(
            self.all_notes,
            min_confidence=confidence_threshold(self.sensitivity, self.default_confidence),
            min_note_ms=self.min_note_ms,
            instruments=written,
        )
        if self.tidy_lanes and self.lane_share > 0:
            from scorelane.engine import settle_lanes

            kept = settle_lanes(kept, self.lane_share, written)
        if named is None:
            return kept
        return sorted(
            n if n.is_drum else replace(n, program=named.as_named(n.program, self.program_map))
            for n in kept
        )

    @cached_property
    def lanes(self) -> list[Lane]:
        """The notes by instrument, in score order, drums last."""
        return make_lanes(self.notes)

    def filter(
        self,
        *,
        sensitivity: float | None = None,
        min_note_ms: float | None = None,
        instruments: Instruments | None = None,
        tidy_lanes: bool | None = None,
    ) -> Transcription:
        """The same recording seen through other filters; ``None`` leaves one as it is.

        Raises:
            UsageError: for a value outside its range or an unknown instrument.
        """
        return replace(
            self,
            sensitivity=check_sensitivity(self.sensitivity if sensitivity is None else sensitivity),
            min_note_ms=check_length(self.min_note_ms if min_note_ms is None else min_note_ms),
            instruments=self.instruments if instruments is None else as_mask(instruments),
            tidy_lanes=self.tidy_lanes if tidy_lanes is None else tidy_lanes,
        )

    def to_midi(self, path: str | os.PathLike[str], *, tempo: float = DEFAULT_TEMPO) -> None:
        """Write a type-1 MIDI file with one track per lane; see :func:`scorelane.write_midi`."""
        write_midi(self.notes, path, tempo=tempo, title=self.title)

    def as_score(
        self,
        *,
        tempo: float | None = None,
        meter: str | None = None,
        beats: str | os.PathLike[str] | Sequence[tuple[float, bool]] | None = None,
        downbeats: Sequence[float] = (),
    ) -> Score:
        """The score, to be saved by :func:`scorelane.score.save_score`.

        Beats, bars and keys are found; ``tempo`` (beats per minute), ``meter`` (``"3/4"``),
        ``beats`` (pairs of seconds and whether a bar begins there, a file of beat times, a MIDI
        file with a tempo map, or ``"beat-this"``) and ``downbeats`` (seconds where bars begin; of
        two within six seconds the second begins the bar after the first's) say what is known
        better. :func:`scorelane.score.remarks` says whether its ``grid`` is in doubt.

        Raises:
            UsageError: for a value that makes no sense.
            scorelane.score.TrackerError: when ``"beat-this"`` is not installed or fails.
        """
        from scorelane.score import Wishes, from_lanes, make_score

        heard = self.recording if self.recording and self.recording.exists() else None
        wishes = Wishes(tempo, meter, beats, heard, downbeats)
        return make_score(from_lanes(self.lanes), wishes, title=self.title)

    def to_score(
        self,
        path: str | os.PathLike[str],
        *,
        tempo: float | None = None,
        meter: str | None = None,
        beats: str | os.PathLike[str] | Sequence[tuple[float, bool]] | None = None,
        downbeats: Sequence[float] = (),
    ) -> list[Path]:
        """Write a score; the suffix chooses ``.musicxml``, ``.mxl``, ``.mid``, ``.pdf``, ...

        Arguments and errors as for :meth:`as_score`. Pages (``.pdf``, ``.png``, ``.svg``) are
        drawn by MuseScore. Returns the files written.

        Raises:
            UsageError: for an unknown suffix.
            scorelane.score.EngraveError: when MuseScore is needed and missing, or fails.
        """
        from scorelane.score import save_score

        score = self.as_score(tempo=tempo, meter=meter, beats=beats, downbeats=downbeats)
        return save_score(score, path)

    def to_musicxml(
        self,
        path: str | os.PathLike[str],
        *,
        tempo: float | None = None,
        meter: str | None = None,
        beats: str | os.PathLike[str] | Sequence[tuple[float, bool]] | None = None,
        downbeats: Sequence[float] = (),
    ) -> None:
        """Write MusicXML, one part per lane, compressed if ``path`` ends in ``.mxl``.

        Arguments as for :meth:`to_score`, which also raises the errors.
        """
        suffix = Path(path).suffix.lower()
        if suffix not in (".musicxml", ".xml", ".mxl"):
            raise UsageError(f"MusicXML ends in .musicxml, .xml or .mxl, not {suffix!r}.")
        self.to_score(path, tempo=tempo, meter=meter, beats=beats, downbeats=downbeats)

    def to_pianoroll(
        self, path: str | os.PathLike[str], *, truth: Sequence[Note] | None = None
    ) -> None:
        """Draw a piano roll, coloured by lane; ``truth`` notes are outlined over it."""
        from scorelane.pianoroll import draw_pianoroll

        draw_pianoroll(self, path, truth=truth)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write ``onset,offset,pitch,program,is_drum,velocity,confidence,instrument`` rows."""
        write_csv(self.notes, Path(path))

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the notes by lane as JSON.

        ``{"format": "scorelane-notes", "version": 1, "title", "duration", "tuning", "model",
        "lanes": [{"name", "program", "is_drum", "channel", "notes": [{"onset", "offset", "pitch",
        "velocity", "confidence"}]}]}``: seconds, 0-based programs and channels. Readers refuse a
        ``version`` that they do not know; new keys may appear within a version.
        """
        with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as file:
            json.dump(_as_json(self), file, ensure_ascii=False, indent=1)
            file.write("\n")


def filter_notes(
    notes: Iterable[Note],
    *,
    min_confidence: float = 0.0,
    min_note_ms: float = 0.0,
    instruments: InstrumentMask | None = None,
) -> list[Note]:
    """Keep the notes that are sure enough, long enough (pitched ones) and of an allowed kind."""
    shortest = min_note_ms / 1000 - 1e-6  # times are multiples of 10 ms, give or take a rounding
    return [
        note
        for note in notes
        if note.confidence >= min_confidence
        and (note.is_drum or note.duration >= shortest)
        and (instruments is None or instruments.allows(note.program, note.is_drum))
    ]


def confidence_threshold(sensitivity: float, default_confidence: float) -> float:
    """Least confidence to keep: 0.99 at sensitivity 0, the model's own at 0.5, 0 at 1."""
    if sensitivity >= 0.5:
        return 2 * (1 - sensitivity) * default_confidence
    return _STRICTEST + 2 * sensitivity * (default_confidence - _STRICTEST)


def as_mask(instruments: Instruments) -> InstrumentMask:
    """The mask that is meant; raises :class:`UsageError` for an unknown instrument."""
    if isinstance(instruments, InstrumentMask):
        return instruments
    return parse_instruments([instruments] if isinstance(instruments, str) else instruments)


def check_sensitivity(value: float) -> float:
    """``value``, where it lies in 0-1; raises :class:`UsageError` elsewhere."""
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"The sensitivity must lie between 0 and 1, not {value:g}.")
    return value


def check_length(milliseconds: float) -> float:
    """``milliseconds``, 0 or more; raises :class:`UsageError` for less."""
    if not 0.0 <= milliseconds < float("inf"):
        raise UsageError(f"The shortest note must be 0 ms or more, not {milliseconds:g}.")
    return milliseconds


def _as_json(result: Transcription) -> dict[str, Any]:
    return {
        "format": JSON_FORMAT,
        "version": JSON_VERSION,
        "title": result.title,
        "duration": round(result.duration, 4),
        "tuning": round(result.tuning, 2),
        "model": result.model,
        "lanes": [
            {
                "name": lane.name,
                "program": lane.program,
                "is_drum": lane.is_drum,
                "channel": lane.channel,
                "notes": [
                    {
                        "onset": round(note.onset, 4),
                        "offset": round(note.offset, 4),
                        "pitch": note.pitch,
                        "velocity": note.velocity,
                        "confidence": round(note.confidence, 3),
                    }
                    for note in lane.notes
                ],
            }
            for lane in result.lanes
        ],
    }
