"""The one door to the C++ engine: a model and sound in, notes out.

    engine = scorelane.engine.load()
    notes = engine.transcribe(samples, 44100)

docs/ENGINE-API.md describes the engine; `scorelane.transcribe` is the same with files and filters.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scorelane.archives import load_archive
from scorelane.errors import AudioError, EngineError, ModelError, UsageError
from scorelane.held_notes import HeldNotes, check_held_notes
from scorelane.instruments import InstrumentMask
from scorelane.notes import Note
from scorelane.tuning import check_tuning
from scorelane.vocabulary import Vocabulary

# torch's libraries are found without torch's Python package, whose import costs more than loading
# a model. Where that fails (a CUDA build keeps libraries in other packages) it is asked for help.
try:
    from scorelane import _engine
except ImportError:
    import torch

    try:
        from scorelane import _engine
    except ImportError as error:
        raise EngineError(
            f"The engine does not fit torch {torch.__version__}, or was not built; install "
            f"Scorelane again in this environment. ({error})"
        ) from error

_NOTE = _engine.NoteDecoder().take_notes().dtype

# Called with the seconds of the recording that are done, at most every 50 ms; False cancels.
Progress: TypeAlias = Callable[[float], object]


def load(
    model: str | os.PathLike[str] | None = None, device: str = "auto", threads: int = 0
) -> Engine:
    """Load a model.

    Args:
        model: a TorchScript archive, a folder with config.json and model.safetensors, or the name
            of a model that ships with Scorelane; ``None`` is Scorelane's own.
        device: ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:N"``.
        threads: CPU threads, 0 for torch's choice.

    Raises:
        ModelError: the model is missing, damaged or of the wrong kind.
        EngineError: there is no such device.
    """

    def open_archive(path: Path) -> Engine:
        return Engine(_engine.Model.load(str(path), device, threads))

    return load_archive(model, open_archive)


class Engine:
    """A loaded model. May be used by several threads at once.

    Attributes:
        config: the model's config.json.
        device: where it runs, such as ``"cpu"`` or ``"cuda:0"``.
    """

    def __init__(self, model: _engine.Model) -> None:
        self.config: dict[str, Any] = json.loads(model.config)
        self.device: str = model.device
        self._model = model
        self._program_map = _program_map(self.config)

    def __repr__(self) -> str:
        return f"Engine({self.config.get('name', '')!r}, device={self.device!r})"

    def stream(
        self,
        sample_rate: float,
        *,
        instruments: InstrumentMask | None = None,
        batch_size: int = 0,
        held_notes: str = HeldNotes.FREE,
        tuning: float | None = None,
        on_progress: Progress | None = None,
    ) -> Stream:
        """Begin to transcribe a recording of ``sample_rate`` Hz (1000 to 384000).

        ``instruments`` are the only ones that may appear. ``batch_size`` segments go through the
        network together (0 chooses by device): notes come out in groups of that many segments.
        ``held_notes`` is one of :class:`scorelane.held_notes.HeldNotes`; other than ``"free"``,
        segments go through one by one. ``tuning`` is what A4 is tuned to, in Hz; ``None`` takes it
        from the first minute, which is kept until it is complete.
        """
        programs = self._programs(instruments)
        return Stream(
            _engine.Transcriber(
                self._model,
                sample_rate,
                programs=programs,
                drums=instruments is None or instruments.drums,
                players=self._players(instruments, programs),
                batch_size=batch_size,
                held_notes=check_held_notes(held_notes),
                tuning=check_tuning(tuning) or 0.0,
                on_progress=on_progress,
            )
        )

    def transcribe(
        self,
        samples: ArrayLike,
        sample_rate: float,
        *,
        instruments: InstrumentMask | None = None,
        batch_size: int = 0,
        held_notes: str = HeldNotes.FREE,
        tuning: float | None = None,
        on_progress: Progress | None = None,
    ) -> list[Note]:
        """Notes of a whole recording, in order of onset; arguments as in :meth:`stream`.

        ``samples`` are floats in -1..1, [n] or [channels, n].
        """
        stream = self.stream(
            sample_rate,
            instruments=instruments,
            batch_size=batch_size,
            held_notes=held_notes,
            tuning=tuning,
            on_progress=on_progress,
        )
        return sorted(stream.push(samples) + stream.flush())

    def tokens(
        self, windows: ArrayLike, *, instruments: InstrumentMask | None = None
    ) -> list[NDArray[np.int32]]:
        """Tokens, EOS left out, of windows [batch, window samples] at the model's own rate.

        A window is the segment and its context on both sides; see docs/ENGINE-API.md.
        """
        drums = instruments is None or instruments.drums
        return self._model.tokens(_floats(windows), self._programs(instruments), drums)

    def _programs(self, instruments: InstrumentMask | None) -> list[int] | None:
        """The programs that the model writes for the chosen ones; ``None`` for all."""
        if instruments is None:
            return None
        return sorted(instruments.as_written(self._program_map).programs)

    def _players(
        self, instruments: InstrumentMask | None, programs: Sequence[int] | None
    ) -> list[int]:
        """Whose of the named players each of the model's ``programs`` is; empty: nobody named."""
        if instruments is None or programs is None:
            return []
        written = instruments.as_written(self._program_map)
        return [written.player_of(program) for program in programs] if written.players else []


class Stream:
    """One recording on its way through the engine, for one thread at a time.

    The notes do not depend on how the audio is cut into pieces, and memory does not grow with its
    length. After any error the stream is over.
    """

    def __init__(self, transcriber: _engine.Transcriber) -> None:
        self._transcriber = transcriber

    def push(self, samples: ArrayLike) -> list[Note]:
        """Take samples (floats in -1..1), [n] or [channels, n]; return the notes that have ended.

        Raises:
            AudioError: a sample is not finite, or the array has another shape or type.
            Cancelled: the progress function returned ``False``.
            EngineError: the model failed, or the stream has ended.
        """
        return _notes(self._transcriber.push(_floats(samples)))

    def flush(self) -> list[Note]:
        """Transcribe what is left and return the last notes; ends the stream."""
        return _notes(self._transcriber.flush())

    @property
    def tuning(self) -> float:
        """What A4 is taken to be tuned to, in Hz: 440 where the recording is nearly there.

        Known once a minute has been pushed, or at the end.
        """
        return self._transcriber.tuning

    @property
    def skipped(self) -> dict[str, int]:
        """How many of the network's events made no sense and were left out, by kind."""
        return self._transcriber.skipped


def decode_tokens(
    segments: Sequence[ArrayLike],
    starts: Iterable[float],
    vocabulary: Vocabulary | None = None,
    *,
    end: float | None = None,
) -> list[Note]:
    """Notes written by the tokens of consecutive segments that begin at ``starts`` seconds.

    Each segment ends where the next begins; notes that still sound after the last one end at
    ``end`` seconds, or at the last event where that is not given. Start times are floored to the
    vocabulary's grid. ``None`` is MT3's vocabulary with one velocity.
    """
    vocabulary = vocabulary or Vocabulary()
    times = list(starts)
    if len(times) != len(segments):
        raise UsageError(f"{len(segments)} segments came with {len(times)} start times.")
    decoder = _engine.NoteDecoder(
        vocabulary.velocity_bins, vocabulary.max_shift, vocabulary.steps_per_second
    )
    for index, tokens in enumerate(segments):
        limit = times[index + 1] if index + 1 < len(times) else None
        decoder.decode(tokens, times[index], limit)
    decoder.finish(end)
    return _notes(decoder.take_notes())


def settle_lanes(
    notes: Sequence[Note], least_share: float, instruments: InstrumentMask | None = None
) -> list[Note]:
    """The notes, in order of onset, after instruments that are hardly there gave theirs away.

    The network hears two seconds at a time and now and then takes a few notes for another
    instrument. Where an instrument has less than ``least_share`` (0-1) of what sounds within some
    20 s, its note goes to the one, among those that have more, that sounds closest in time and
    pitch; what its lane has already is dropped. Of kinds of one instrument, such as a nylon and a
    steel guitar, the one that plays more plays all. Drums that hardly play are dropped too, but for
    the surest hits: they are picks, bows and consonants.

    Where ``instruments`` names several players, each is there however little it plays, and this is
    done among the programs of each. They are those of a mask as the model writes it.
    """
    by_player: dict[int, list[Note]] = defaultdict(list)
    for note in sorted(notes):
        by_player[_player(note, instruments)].append(note)
    return sorted(n for own in by_player.values() for n in _settled(own, least_share))


def _player(note: Note, instruments: InstrumentMask | None) -> int:
    if instruments is None or len(instruments.players) < 2:
        return 0
    return -1 if note.is_drum else instruments.player_of(note.program)


def _settled(notes: Sequence[Note], least_share: float) -> Iterator[Note]:
    rows = np.array([astuple(note) for note in notes], _NOTE)
    programs = _engine.settled_programs(rows, least_share).tolist()
    for note, program in zip(notes, programs, strict=True):
        if program >= 0:
            yield replace(note, program=program)


def _program_map(config: dict[str, Any]) -> Sequence[int]:
    """What the model writes for each program, -1 for none; empty where nothing is said."""
    told: Sequence[int] = config.get("program_map") or ()
    if told and (len(told) != 128 or not all(isinstance(p, int) and -1 <= p < 128 for p in told)):
        raise ModelError(
            "The model's program_map is not a list of 128 programs; its archive is damaged, export "
            "it again."
        )
    return told


def _floats(samples: ArrayLike) -> NDArray[np.floating[Any]]:
    array = np.asarray(samples)
    if not np.issubdtype(array.dtype, np.floating):
        raise AudioError(
            f"The samples are of type {array.dtype}; give floating-point numbers between -1 and 1."
        )
    return array


def _notes(array: NDArray[np.void]) -> list[Note]:
    return [Note(*fields) for fields in array.tolist()]
