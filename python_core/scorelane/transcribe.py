"""The one call that most people need: a recording in, notes and lanes out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scorelane.audio import open_audio
from scorelane.display import printable
from scorelane.errors import Cancelled
from scorelane.held_notes import HeldNotes, check_held_notes
from scorelane.notes import Note
from scorelane.transcription import (
    DEFAULT_CONFIDENCE,
    DEFAULT_SENSITIVITY,
    Instruments,
    Transcription,
    as_mask,
    check_length,
    check_sensitivity,
)
from scorelane.tuning import check_tuning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scorelane.engine import Engine

    Source: TypeAlias = str | os.PathLike[str] | NDArray[Any]

# Called with the seconds done and the seconds expected (None: unknown); False cancels.
Progress: TypeAlias = Callable[[float, float | None], object]


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
    mask = None if instruments is None else as_mask(instruments)
    sensitivity, min_note_ms = check_sensitivity(sensitivity), check_length(min_note_ms)
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
