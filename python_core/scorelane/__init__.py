"""Scorelane: a recording in, one MIDI lane per instrument out.

    import scorelane

    result = scorelane.transcribe("song.mp3")
    result.to_midi("song.mid")

Public names load on first use, so ``import scorelane`` costs no torch, matplotlib or music21.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scorelane.errors import (
        AudioError,
        Cancelled,
        EngineError,
        ModelError,
        ScorelaneError,
        UsageError,
    )
    from scorelane.instruments import InstrumentMask, parse_instruments
    from scorelane.lanes import Lane
    from scorelane.midi import write_midi
    from scorelane.notes import Note, read_csv, write_csv
    from scorelane.transcribe import Transcription, transcribe

__all__ = [
    "AudioError",
    "Cancelled",
    "EngineError",
    "InstrumentMask",
    "Lane",
    "ModelError",
    "Note",
    "ScorelaneError",
    "Transcription",
    "UsageError",
    "__version__",
    "parse_instruments",
    "read_csv",
    "transcribe",
    "write_csv",
    "write_midi",
]

__version__: str

_HOMES = {
    "AudioError": "errors",
    "Cancelled": "errors",
    "EngineError": "errors",
    "InstrumentMask": "instruments",
    "Lane": "lanes",
    "ModelError": "errors",
    "Note": "notes",
    "ScorelaneError": "errors",
    "Transcription": "transcribe",
    "UsageError": "errors",
    "parse_instruments": "instruments",
    "read_csv": "notes",
    "transcribe": "transcribe",
    "write_csv": "notes",
    "write_midi": "midi",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _HOMES:
        value = getattr(import_module(f"scorelane.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'scorelane' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    try:
        return metadata.version("scorelane")
    except metadata.PackageNotFoundError:  # run from the source tree
        return "0.1.0"
