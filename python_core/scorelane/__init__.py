"""Scorelane: a recording in, one MIDI lane per instrument out.

    import scorelane

    result = scorelane.transcribe("song.mp3")
    result.to_midi("song.mid")

Importing this package costs neither torch nor matplotlib nor music21: what is imported here is
light, and the heavy libraries load in the functions that use them.
"""

from __future__ import annotations

from importlib import metadata

from scorelane.errors import (
    AudioError,
    Cancelled,
    EngineError,
    ModelError,
    NotesError,
    ScorelaneError,
    UsageError,
)
from scorelane.instruments import InstrumentMask, parse_instruments
from scorelane.lanes import Lane
from scorelane.midi import write_midi
from scorelane.notes import Note, read_csv, write_csv

# The function must be bound here: it takes the name of the module that it lives in.
from scorelane.transcribe import transcribe
from scorelane.transcription import Transcription

__all__ = [
    "AudioError",
    "Cancelled",
    "EngineError",
    "InstrumentMask",
    "Lane",
    "ModelError",
    "Note",
    "NotesError",
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

try:
    __version__ = metadata.version("scorelane")
except metadata.PackageNotFoundError:  # run from the source tree
    __version__ = "0.1.0"
