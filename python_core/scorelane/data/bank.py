"""A note bank: every note of every sound source, rendered once, to be looked up while mixing.

A bank is a folder of two files. ``bank.i16`` holds the samples of all notes one after another
(int16, mono, 16 kHz); ``index.npz`` says what they are. Each note begins at its audible onset and
is scaled to use all 16 bits; its ``gain`` brings it back to its own level, at which all voices
are about equally loud (loudest 0.1 s of the hardest notes: RMS 0.1).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorelane.data.measure import SAMPLE_RATE, attack_samples
from scorelane.data.programs import CANONICAL_PROGRAM, TRAINED_PROGRAMS
from scorelane.errors import UsageError

FORMAT = 1
AUDIO_FILE, INDEX_FILE = "bank.i16", "index.npz"
FULL_SCALE = 32768.0
_FULL_KIT = 40

ROW_FIELDS: dict[str, np.dtype[np.generic]] = {
    "voice": np.dtype(np.int32),
    "pitch": np.dtype(np.uint8),
    "velocity": np.dtype(np.uint8),
    "start": np.dtype(np.int64),
    "length": np.dtype(np.int32),
    "lead": np.dtype(np.int32),
    "gain": np.dtype(np.float32),
    "release_s": np.dtype(np.float32),
}
"""Per note: its voice, pitch, rendered velocity, first sample and number of samples in the audio,
silent samples that were cut before it, gain, and release time constant in seconds."""

VOICE_FIELDS: dict[str, np.dtype[np.generic]] = {
    "voice_source": np.dtype(np.int32),
    "voice_program": np.dtype(np.uint8),
    "voice_is_drum": np.dtype(np.bool_),
    "voice_weight": np.dtype(np.float32),
    "voice_exponent": np.dtype(np.float32),
}
"""Per voice: its source, original program, drum flag, drawing weight, and the exponent of
velocity that its loudness follows."""


@dataclass(frozen=True)
class BankNote:
    """Where one note lies and how to play it: ``audio[start:start + length] / 32768 * gain``."""

    start: int
    length: int
    gain: float
    release_s: float


class Bank:
    """A rendered bank, opened for reading. All attributes are NumPy arrays; see the fields above.

    ``audio`` is an ``[n]`` int16 memory map. ``table`` is ``[voices, 128, layers]`` int32: the row
    of each voice, pitch and velocity layer, -1 where the voice cannot play the pitch; a drum kit
    borrows what it lacks from a full kit, where the bank has one. ``layers``
    is ``[voices, layers]`` uint8: the velocities of the layers, ascending; a voice with fewer
    layers repeats its last one.
    """

    def __init__(
        self, audio: NDArray[np.int16], index: dict[str, NDArray[np.generic]], folder: Path
    ) -> None:
        self.folder = folder
        self.audio = audio
        self.voice: NDArray[np.int32] = index["voice"].astype(np.int32)
        self.pitch: NDArray[np.uint8] = index["pitch"].astype(np.uint8)
        self.velocity: NDArray[np.uint8] = index["velocity"].astype(np.uint8)
        self.start: NDArray[np.int64] = index["start"].astype(np.int64)
        self.length: NDArray[np.int32] = index["length"].astype(np.int32)
        self.lead: NDArray[np.int32] = index["lead"].astype(np.int32)
        self.gain: NDArray[np.float32] = index["gain"].astype(np.float32)
        self.release_s: NDArray[np.float32] = index["release_s"].astype(np.float32)
        self.voice_source: NDArray[np.int32] = index["voice_source"].astype(np.int32)
        self.voice_program: NDArray[np.uint8] = index["voice_program"].astype(np.uint8)
        self.voice_is_drum: NDArray[np.bool_] = index["voice_is_drum"].astype(np.bool_)
        self.voice_weight: NDArray[np.float32] = index["voice_weight"].astype(np.float32)
        self.voice_exponent: NDArray[np.float32] = index["voice_exponent"].astype(np.float32)
        self.voice_names = [str(name) for name in index["voice_name"]]
        self.source_names = [str(name) for name in index["source_name"]]
        self.source_packages = [str(name) for name in index["source_package"]]
        self.source_licences = [str(name) for name in index["source_licence"]]
        self.source_authors = [str(name) for name in index["source_author"]]
        self.layers, self.table = _lookup(self)
        self._attacks: dict[int, float] = {}

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Bank:
        """Open the bank in ``folder``. Raises :class:`UsageError` when it holds none."""
        folder = Path(folder)
        try:
            with np.load(folder / INDEX_FILE, allow_pickle=False) as file:
                index = {name: file[name] for name in file.files}
            audio = np.memmap(folder / AUDIO_FILE, np.int16, mode="r")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{folder} holds no note bank ({error}); build one with `scorelane data bank`"
            ) from error
        if int(index["format"]) != FORMAT or len(audio) != int(index["samples"]):
            raise UsageError(
                f"the note bank in {folder} is incomplete or of another version; build it again"
            )
        return cls(audio, index, folder)

    @cached_property
    def programs(self) -> tuple[int, ...]:
        """The trained programs that at least one voice can play, ascending."""
        return tuple(p for p in TRAINED_PROGRAMS if len(self._choices[p][0]))

    @cached_property
    def _choices(self) -> dict[int, tuple[NDArray[np.intp], NDArray[np.float64]]]:
        """Trained program (drums: -1) -> its voices and their cumulative probabilities."""
        canonical = np.where(self.voice_is_drum, -1, CANONICAL_PROGRAM[self.voice_program])
        choices = {}
        for program in (-1, *TRAINED_PROGRAMS):
            voices = np.flatnonzero(
                (canonical == program) & (self.voice_is_drum == (program == -1))
            )
            weights = self.voice_weight[voices].astype(np.float64)
            choices[program] = (voices, np.cumsum(weights) / max(weights.sum(), 1e-12))
        return choices

    def choose(self, rng: np.random.Generator, program: int, is_drum: bool = False) -> int:
        """Draw a voice that may stand for ``program``: -1 when the bank has none.

        All programs that sound alike (see :mod:`scorelane.data.programs`) and all sources take
        part, with their weights. Drums ignore ``program``.
        """
        canonical = -1 if is_drum else int(CANONICAL_PROGRAM[program])
        if canonical < 0 and not is_drum:
            return -1
        voices, cumulative = self._choices[canonical]
        if not len(voices):
            return -1
        at = int(np.searchsorted(cumulative, rng.random(), side="right"))
        return int(voices[min(at, len(voices) - 1)])

    def note(self, voice: int, pitch: int, velocity: int) -> BankNote | None:
        """Look up one note; None where the voice cannot play ``pitch``."""
        rows, gains = self.rows(voice, np.array([pitch]), np.array([velocity]))
        row = int(rows[0])
        if row < 0:
            return None
        return BankNote(
            int(self.start[row]), int(self.length[row]), float(gains[0]), float(self.release_s[row])
        )

    def rows(
        self,
        voice: int | NDArray[np.integer],
        pitch: NDArray[np.integer],
        velocity: NDArray[np.integer],
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Look up many notes: ``[n]`` rows (-1: cannot be played) and ``[n]`` gains.

        ``voice`` is one voice or ``[n]``. The layer nearest in velocity is taken and its gain
        moved to the velocity asked for.
        """
        layers = np.atleast_2d(self.layers[voice]).astype(np.int32)
        asked = np.asarray(velocity, np.int32)
        layer = np.abs(layers - asked[:, None]).argmin(axis=1)
        rows = self.table[voice, pitch, layer]
        exponent = self.voice_exponent[voice]
        step = np.maximum(asked, 1) / np.maximum(self.velocity[rows], 1)
        gains = np.where(rows >= 0, self.gain[rows] * step**exponent, 0.0)
        return rows, gains.astype(np.float32)

    def recorded(self, row: int) -> NDArray[np.float32]:
        """The sound of one row ``[n]``, before its gain."""
        start = int(self.start[row])
        stored = self.audio[start : start + int(self.length[row])]
        return np.asarray(stored, np.float32) / np.float32(FULL_SCALE)

    def attack(self, row: int) -> float:
        """Seconds after its start at which the sound of one row is heard."""
        if row not in self._attacks:
            heard = attack_samples(self.recorded(row)[:SAMPLE_RATE], SAMPLE_RATE)
            self._attacks[row] = heard / SAMPLE_RATE
        return self._attacks[row]

    def licence_table(self) -> str:
        """Return the sources as a Markdown table for a model card."""
        lines = ["| source | package | author | licence |", "|---|---|---|---|"]
        for row in zip(
            self.source_names,
            self.source_packages,
            self.source_authors,
            self.source_licences,
            strict=True,
        ):
            lines.append(f"| {' | '.join(row)} |")
        return "\n".join(lines)


def _lookup(bank: Bank) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Build ``layers`` and ``table`` of a bank; see there."""
    voices = len(bank.voice_program)
    per_voice = [np.unique(bank.velocity[bank.voice == voice]) for voice in range(voices)]
    count = max((len(layers) for layers in per_voice), default=1)
    layers = np.zeros((voices, count), np.uint8)
    for voice, velocities in enumerate(per_voice):
        if len(velocities):
            layers[voice] = np.pad(velocities, (0, count - len(velocities)), mode="edge")
    table = np.full((voices, 128, count), -1, np.int32)
    # Every repeat of a layer gets the row, so that argmin over layers may return any of them.
    of_row = layers[bank.voice] == bank.velocity[:, None]
    row, layer = np.nonzero(of_row)
    table[bank.voice[row], bank.pitch[row], layer] = row
    _fill_layers(table)
    _borrow_drums(table, layers, np.flatnonzero(bank.voice_is_drum))
    return layers, table


def _borrow_drums(
    table: NDArray[np.int32], layers: NDArray[np.uint8], kits: NDArray[np.intp]
) -> None:
    """Let a kit that lacks a drum play that of a full kit, so that no hit stays unheard."""
    full = [kit for kit in kits if (table[kit, :, 0] >= 0).sum() >= _FULL_KIT]
    for kit in kits:
        if not full:
            break
        lender = full[int(kit) % len(full)]
        missing = np.flatnonzero(table[kit, :, 0] < 0)
        distance = np.abs(layers[kit].astype(int)[:, None] - layers[lender].astype(int)[None, :])
        table[kit, missing] = table[lender][missing][:, distance.argmin(axis=1)]


def _fill_layers(table: NDArray[np.int32]) -> None:
    """Give a pitch that lacks a layer the row of the nearest lower one, else of the next higher."""
    count = table.shape[2]
    steps = [(layer, layer - 1) for layer in range(1, count)]
    steps += [(layer, layer + 1) for layer in range(count - 2, -1, -1)]
    for layer, neighbour in steps:
        missing = table[:, :, layer] < 0
        table[:, :, layer][missing] = table[:, :, neighbour][missing]
