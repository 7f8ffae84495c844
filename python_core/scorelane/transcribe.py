"""The one call that most people need: a recording in, notes and lanes out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scorelane.audio import open_audio
from scorelane.display import printable
from scorelane.errors import Cancelled, UsageError
from scorelane.files import atomic_path
from scorelane.held_notes import HeldNotes, check_held_notes
from scorelane.instruments import InstrumentMask, parse_instruments
from scorelane.lanes import Lane, make_lanes
from scorelane.midi import DEFAULT_TEMPO, write_midi
from scorelane.notes import Note, write_csv
from scorelane.tuning import CONCERT_PITCH, check_tuning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorelane.engine import Engine
    from scorelane.score import Score

    Source: TypeAlias = str | os.PathLike[str] | NDArray[Any]

# Called with the seconds done and the seconds expected (None: unknown); False cancels.
Progress: TypeAlias = Callable[[float, float | None], object]
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
            sensitivity=_checked_sensitivity(
                self.sensitivity if sensitivity is None else sensitivity
            ),
            min_note_ms=_checked_length(self.min_note_ms if min_note_ms is None else min_note_ms),
            instruments=self.instruments if instruments is None else _mask(instruments),
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


def transcribe(
    source: Source,
    *,
    sample_rate: int | None = None,
    model: str | os.PathLike[str] | Engine | None = None,
    instruments: Instruments | None = None,
    sensitivity: float = DEFAULT_SENSITIVITY,
    min_note_ms: float = 0.0,
    tidy_lanes: bool = True,
    held_notes: str = HeldNotes.FREE,
    tuning: float | None = None,
    device: str = "auto",
    threads: int = 0,
    on_progress: Progress | None = None,
) -> Transcription:
    """Transcribe a recording. It is streamed: memory grows with its notes, not its length.

    Args:
        source: path of an audio file, or samples ``[n]``, ``[channels, n]``, ``[n, channels]``.
        sample_rate: Hz; needed for samples, refused for a file.
        model: a model archive, a weights folder, a shipped model's name or a loaded
            :class:`scorelane.engine.Engine`; ``None`` is the shipped model.
        instruments: who plays, e.g. ``["piano", "violin", "drums"]``: the model is kept from
            writing others, and each is listened for. ``None`` allows all.
        sensitivity: 0 keeps only what the model is sure of, 1 everything that it wrote.
        min_note_ms: drop pitched notes shorter than this.
        tidy_lanes: let instruments that are hardly there give their notes to others, where the
            model asks for it; see :func:`scorelane.engine.settle_lanes`.
        held_notes: ``"free"``, ``"linked"`` or ``"forced"``, see
            :class:`scorelane.held_notes.HeldNotes`; ``"free"`` is the fastest.
        tuning: what A4 is tuned to, in Hz from 380 to 500; ``None`` takes it from how the first
            minute sounds. 415 writes the notes of a performance at baroque pitch as they are read.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: CPU threads; 0 chooses.
        on_progress: called with (seconds done, seconds expected or ``None``) at least every
            100 ms; returning ``False`` cancels.

    Raises:
        AudioError, ModelError, EngineError: see their messages.
        UsageError: for an unknown instrument or a value outside its range.
        Cancelled: when ``on_progress`` returned ``False``.
    """
    mask = None if instruments is None else _mask(instruments)
    sensitivity, min_note_ms = _checked_sensitivity(sensitivity), _checked_length(min_note_ms)
    held, tuning = check_held_notes(held_notes), check_tuning(tuning)
    with open_audio(source, sample_rate) as audio:
        engine = _engine(model, device, threads)
        guard = _Guard(on_progress, audio.expected_seconds)
        notes: list[Note] = []
        try:
            stream = engine.stream(
                audio.sample_rate,
                instruments=mask,
                held_notes=held,
                tuning=tuning,
                on_progress=guard,
            )
            for block in audio.blocks():
                notes += stream.push(block)
            notes += stream.flush()
        except Cancelled:
            if guard.raised is not None:
                raise guard.raised from None
            raise
        return Transcription(
            all_notes=tuple(sorted(notes)),
            duration=audio.seconds_read,
            title=printable(Path(source).stem) if isinstance(source, (str, os.PathLike)) else "",
            model=f"{engine.config.get('name', '')} {engine.config.get('version', '')}".strip(),
            default_confidence=engine.config.get("default_confidence", DEFAULT_CONFIDENCE),
            sensitivity=sensitivity,
            min_note_ms=min_note_ms,
            instruments=mask,
            tidy_lanes=tidy_lanes,
            lane_share=engine.config.get("lane_share", 0.0),
            program_map=tuple(engine.config.get("program_map", ())),
            tuning=stream.tuning,
            warnings=tuple(audio.warnings),
            recording=Path(source) if isinstance(source, (str, os.PathLike)) else None,
        )


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


class _Guard:
    """The engine's progress function around the caller's.

    The engine calls it from inside C++, where an exception (Ctrl-C among them) must not unwind:
    it is kept, the engine is told to cancel, and the exception is raised outside.
    """

    def __init__(self, report: Progress | None, expected: float | None) -> None:
        self.raised: BaseException | None = None
        self._report = report
        self._expected = expected

    def __call__(self, seconds_done: float) -> bool:
        try:
            return self._report is None or self._report(seconds_done, self._expected) is not False
        except BaseException as error:
            self.raised = error
            return False


def _engine(model: str | os.PathLike[str] | Engine | None, device: str, threads: int) -> Engine:
    from scorelane import engine

    if isinstance(model, os.PathLike):
        return engine.load(Path(model), device=device, threads=threads)
    if model is None or isinstance(model, str):
        return engine.load(model, device=device, threads=threads)
    return model


def _mask(instruments: Instruments) -> InstrumentMask:
    if isinstance(instruments, InstrumentMask):
        return instruments
    return parse_instruments([instruments] if isinstance(instruments, str) else instruments)


def _checked_sensitivity(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"The sensitivity must lie between 0 and 1, not {value:g}.")
    return value


def _checked_length(milliseconds: float) -> float:
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
