"""Rendering sources into a note bank, one part per source, so that a build can be resumed."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from scorelane.data.bank import (
    AUDIO_FILE,
    FORMAT,
    FULL_SCALE,
    INDEX_FILE,
    ROW_FIELDS,
    VOICE_FIELDS,
    Bank,
)
from scorelane.data.measure import (
    SAMPLE_RATE,
    Audio,
    lead_samples,
    loudness,
    sounding_samples,
)
from scorelane.data.programs import CANONICAL_PROGRAM
from scorelane.data.sources import RenderedNote, Source, VoiceKey, held_samples
from scorelane.data.workers import mapped
from scorelane.errors import UsageError
from scorelane.files import atomic_path

_LEVEL = 0.1
_DEFAULT_EXPONENT = 1.6
_FADE = int(0.03 * SAMPLE_RATE)
_PARTS = "parts"
_COMMON_KEYS = (36, 37, 38, 42, 44, 45, 46, 47, 49, 50, 51)

Rows = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class _PackedVoice:
    key: VoiceKey
    audio: NDArray[np.int16]
    rows: Rows
    exponent: float


def build_bank(
    out: str | os.PathLike[str],
    sources: Sequence[Source],
    *,
    processes: int = 0,
    parts: str | os.PathLike[str] | None = None,
    keep_parts: bool = False,
) -> Bank:
    """Render ``sources`` into a bank in the folder ``out`` and open it.

    Shows progress on the terminal. ``processes`` 0 takes all processors. Every finished source
    is kept in ``parts`` (by default a folder in ``out``) and not rendered again when a build is
    resumed; parts of the folder in ``out`` go when the bank is complete, unless ``keep_parts``.
    Raises :class:`UsageError` when a source cannot be opened or two have one name.
    """
    if not sources:
        raise UsageError("a note bank needs at least one source of sounds")
    if len({source.name for source in sources}) < len(sources):
        raise UsageError("two sources of the note bank have the same name")
    out = Path(out)
    part_folder = Path(parts) if parts is not None else out / _PARTS
    out.mkdir(parents=True, exist_ok=True)
    part_folder.mkdir(parents=True, exist_ok=True)
    with Progress() as progress:
        stems = [_build_part(part_folder, source, processes, progress) for source in sources]
    _assemble(out, sources, stems)
    if parts is None and not keep_parts:
        shutil.rmtree(part_folder)
    return Bank.open(out)


def _build_part(folder: Path, source: Source, processes: int, progress: Progress) -> Path:
    """Render one source into ``<stem>.i16`` and ``<stem>.npz`` unless they exist."""
    keys = list(source.voices())
    digest = hashlib.sha256(repr((source, keys)).encode()).hexdigest()[:12]
    stem = folder / f"{source.name}-{digest}"
    if stem.with_suffix(".npz").exists():
        return stem
    task = progress.add_task(source.name, total=len(keys))
    rows: list[Rows] = []
    kept: list[_PackedVoice] = []
    start = 0
    with (
        atomic_path(stem.with_suffix(".i16")) as audio_path,
        audio_path.open("wb") as audio,
        mapped(_render_voice, [(source, key) for key in keys], processes) as voices,
    ):
        for voice in voices:
            progress.advance(task)
            if voice is None:
                continue
            voice.audio.tofile(audio)
            voice.rows["start"] = voice.rows["start"] + start
            voice.rows["voice"] = np.full(len(voice.rows["pitch"]), len(kept), np.int32)
            start += len(voice.audio)
            rows.append(voice.rows)
            kept.append(voice)
    _save_part(stem.with_suffix(".npz"), source, kept, rows, start)
    return stem


def _save_part(
    path: Path, source: Source, voices: list[_PackedVoice], rows: list[Rows], samples: int
) -> None:
    index: dict[str, Any] = {
        name: np.concatenate([row[name] for row in rows] or [np.empty(0)]).astype(dtype)
        for name, dtype in ROW_FIELDS.items()
    }
    index["voice_source"] = np.zeros(len(voices), np.int32)
    index["voice_program"] = np.array([v.key.program for v in voices], np.uint8)
    index["voice_is_drum"] = np.array([v.key.is_drum for v in voices], np.bool_)
    index["voice_exponent"] = np.array([v.exponent for v in voices], np.float32)
    names = [f"{source.name}: {v.key.name}" for v in voices]
    index["voice_name"] = np.array(names, dtype=np.str_)
    index["samples"] = np.array(samples)
    with atomic_path(path) as temporary:
        np.savez(temporary, **index)


def _assemble(out: Path, sources: Sequence[Source], stems: Sequence[Path]) -> None:
    """Join the parts of all sources into one bank."""
    parts: list[Rows] = []
    samples = voices = 0
    with atomic_path(out / AUDIO_FILE) as audio_path, audio_path.open("wb") as audio:
        for number, stem in enumerate(stems):
            with np.load(stem.with_suffix(".npz"), allow_pickle=False) as file:
                part: Rows = {name: file[name] for name in file.files}
            with stem.with_suffix(".i16").open("rb") as piece:
                shutil.copyfileobj(piece, audio, 1 << 22)
            part["voice_weight"] = _weights(part, sources[number].weight)
            part["voice_source"] = np.full(len(part["voice_program"]), number, np.int32)
            part["start"] = np.add(part["start"], samples)
            part["voice"] = np.add(part["voice"], voices)
            samples += int(part.pop("samples"))
            voices += len(part["voice_program"])
            parts.append(part)
    index: dict[str, Any] = {
        name: np.concatenate([part[name] for part in parts]) for name in parts[0]
    }
    for name, dtype in (ROW_FIELDS | VOICE_FIELDS).items():
        index[name] = index[name].astype(dtype)
    index["format"] = np.array(FORMAT)
    index["samples"] = np.array(samples)
    index["source_name"] = np.array([s.name for s in sources])
    index["source_package"] = np.array([s.licence.package for s in sources])
    index["source_licence"] = np.array([s.licence.licence for s in sources])
    index["source_author"] = np.array([s.licence.author for s in sources])
    with atomic_path(out / INDEX_FILE) as temporary:
        np.savez(temporary, **index)


def _weights(part: Rows, weight: float) -> NDArray[np.float32]:
    """Share the weight of a source among those of its voices that stand for the same program.

    So a font with four pianos is drawn no more often than a recorded one. Every kit keeps the
    weight, less the more of a common kit it must borrow from others.
    """
    program = CANONICAL_PROGRAM[part["voice_program"].astype(np.int64)]
    is_drum = part["voice_is_drum"].astype(np.bool_)
    weights = np.zeros(len(program), np.float32)
    for voice in range(len(program)):
        if is_drum[voice]:
            keys = np.unique(part["pitch"][part["voice"] == voice])
            weights[voice] = weight * (0.2 + 0.8 * np.isin(_COMMON_KEYS, keys).mean())
        else:
            weights[voice] = weight / (~is_drum & (program == program[voice])).sum()
    return weights


def _render_voice(task: tuple[Source, VoiceKey]) -> _PackedVoice | None:
    """Render one voice and pack it; None when nothing of it sounds (runs in a worker)."""
    source, key = task
    trimmed = [
        (note, lead, audio)
        for note in source.render(key)
        for lead, audio in [_trim(note, key.is_drum)]
        if len(audio)
    ]
    if not trimmed:
        return None
    levels = np.array([loudness(audio) for _, _, audio in trimmed])
    voice_gain = _LEVEL / _voice_level([note for note, _, _ in trimmed], levels, key.is_drum)
    rows: dict[str, list[float]] = {name: [] for name in ROW_FIELDS if name != "voice"}
    packed = []
    start = 0
    for note, lead, audio in trimmed:
        peak = float(np.abs(audio).max())
        packed.append(np.round(audio * ((FULL_SCALE - 1) / peak)).astype(np.int16))
        for name, value in (
            ("pitch", note.pitch),
            ("velocity", note.velocity),
            ("start", start),
            ("length", len(audio)),
            ("lead", lead),
            ("gain", peak * voice_gain),
            ("release_s", note.release_s),
        ):
            rows[name].append(value)
        start += len(audio)
    exponent = _velocity_exponent([note for note, _, _ in trimmed], levels)
    columns: Rows = {name: np.array(values) for name, values in rows.items()}
    return _PackedVoice(key, np.concatenate(packed), columns, exponent)


def _trim(note: RenderedNote, is_drum: bool) -> tuple[int, Audio]:
    """Cut the silence before the onset and after the end; fade out where a sound is cut off."""
    lead = lead_samples(note.audio)
    audio = note.audio[lead:][: held_samples(is_drum)]
    audio = audio[: sounding_samples(audio)].copy()
    if len(audio) > 2 * _FADE:
        audio[-_FADE:] *= np.linspace(1.0, 0.0, _FADE, dtype=np.float32)
    return lead, audio


def _voice_level(
    notes: Sequence[RenderedNote], levels: NDArray[np.float64], is_drum: bool
) -> float:
    """The loudness that stands for a voice: the median over pitches of the hardest layer.

    A drum kit is judged by its bass and snare drum, where it has them.
    """
    loudest: dict[int, tuple[int, float]] = {}
    for note, level in zip(notes, levels, strict=True):
        loudest[note.pitch] = max(loudest.get(note.pitch, (0, 0.0)), (note.velocity, float(level)))
    drums: list[int] = [key for key in (36, 38) if is_drum and key in loudest]
    core = drums or list(loudest)
    return max(float(np.median([loudest[pitch][1] for pitch in core])), 1e-6)


def _velocity_exponent(notes: Sequence[RenderedNote], levels: NDArray[np.float64]) -> float:
    """How loudness grows with velocity: the slope between the layers, both as logarithms."""
    velocity = np.array([note.velocity for note in notes], np.float64)
    x = np.log(np.maximum(velocity, 1.0))
    if np.ptp(x) == 0:
        return _DEFAULT_EXPONENT
    # Within one pitch only: the layers of a voice need not share one range.
    y = np.log(np.maximum(levels, 1e-9))
    pitch = np.array([note.pitch for note in notes])
    for value in np.unique(pitch):
        at = pitch == value
        x[at] -= x[at].mean()
        y[at] -= y[at].mean()
    spread = float((x * x).sum())
    slope = float((x * y).sum()) / spread if spread else _DEFAULT_EXPONENT
    return float(np.clip(slope, 0.5, 2.5))
