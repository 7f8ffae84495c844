"""SoundFonts as a source of notes, played by FluidSynth."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from scorelane.data.measure import SAMPLE_RATE, Audio, release_time
from scorelane.data.programs import PITCH_RANGE, TRAINED_PROGRAMS, sounding_programs
from scorelane.data.sources import (
    DRUM_SECONDS,
    HELD_SECONDS,
    NO_RELEASE,
    Licence,
    RenderedNote,
    VoiceKey,
)
from scorelane.errors import UsageError

DRUM_KITS: tuple[int, ...] = (0, 8, 16, 24, 25, 32, 40, 48)
"""The standard kits of bank 128."""

_DRUM_BANK = 128
_ORCHESTRA_KIT, _BRUSH_KIT = 48, 40
_DRUM_KEYS = range(27, 88)
_RENDER_RATE = 48_000
_RELEASE_AT = 1.0
_RELEASE_SECONDS = 0.6
# Without dithering or limiting the synthesiser is linear: this only keeps numbers small.
_GAIN = 0.5


@dataclass(frozen=True)
class SoundFont:
    """A General MIDI SoundFont; ``velocities`` are the layers to render of pitched programs.

    ``banks`` are the melodic banks to take (0 is General MIDI itself, others hold variations) and
    ``without`` the programs to leave out, because the font plays them out of tune. ``kit_keys``,
    where given, is the drum map of a font that has one kit and no programs.
    """

    name: str
    path: Path
    licence: Licence = field(repr=False)
    weight: float = field(default=1.0, repr=False)
    velocities: tuple[int, ...] = (45, 80, 115)
    banks: tuple[int, ...] = (0,)
    without: tuple[int, ...] = ()
    kit_keys: tuple[int, ...] = ()

    def voices(self) -> list[VoiceKey]:
        """Return the programs and kits that the font has."""
        player = _player(str(self.path))
        if self.kit_keys:
            return [VoiceKey(0, True, -1, player.preset(0, 0) or self.name)]
        keys = []
        for canonical in TRAINED_PROGRAMS:
            for program in sounding_programs(canonical):
                if program in self.without:
                    continue
                for bank in self.banks:
                    title = player.preset(bank, program)
                    if title:
                        keys.append(VoiceKey(program, False, bank, title))
        for kit in DRUM_KITS:
            title = player.preset(_DRUM_BANK, kit)
            if title:
                keys.append(VoiceKey(0, True, kit, title))
        return keys

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        """Render all notes of a program or kit."""
        player = _player(str(self.path))
        if key.is_drum:
            return self._render_kit(player, key)
        player.select(key.variant, key.program)
        low, high = PITCH_RANGE[key.program]
        releases = _releases(player, low, high, self.velocities[-1])
        notes = []
        for pitch in range(low, high + 1):
            release = float(np.interp(pitch, releases[0], releases[1]))
            for velocity in self.velocities:
                audio = player.held(pitch, velocity, HELD_SECONDS)
                notes.append(RenderedNote(pitch, velocity, audio, release))
        return notes

    def _render_kit(self, player: _Player, key: VoiceKey) -> list[RenderedNote]:
        if key.variant < 0:
            player.select(0, 0)
        else:
            player.select(_DRUM_BANK, key.variant)
        keys = self.kit_keys or _standard_keys(key.variant)
        return [
            RenderedNote(pitch, velocity, player.held(pitch, velocity, DRUM_SECONDS), NO_RELEASE)
            for pitch in keys
            for velocity in (60, 110)
        ]


def _standard_keys(kit: int) -> Sequence[int]:
    if kit == _ORCHESTRA_KIT:  # its other keys are timpani and castanets
        return (35, 36, 38, 57)
    if kit == _BRUSH_KIT:  # 39 and 40 are a slap and a swirl there
        return [key for key in _DRUM_KEYS if key not in (39, 40)]
    return _DRUM_KEYS


def _releases(player: _Player, low: int, high: int, velocity: int) -> tuple[list[int], list[float]]:
    """Measure the release in the middle of each third of the range."""
    pitches = [low + (high - low) * part // 6 for part in (1, 3, 5)]
    off = int(_RELEASE_AT * SAMPLE_RATE)
    times = []
    for pitch in pitches:
        held = player.held(pitch, velocity, _RELEASE_AT + _RELEASE_SECONDS)
        let_go = player.held(pitch, velocity, _RELEASE_AT, _RELEASE_SECONDS)
        times.append(release_time(held[off:], let_go[off:]))
    return pitches, times


@lru_cache(maxsize=2)
def _player(path: str) -> _Player:
    return _Player(path)


class _Player:
    """One FluidSynth synthesiser with one font, dry; plays one note at a time."""

    def __init__(self, path: str) -> None:
        # Imported here: it needs the FluidSynth library, which only building a bank requires.
        try:
            import fluidsynth
        except ImportError as error:
            raise UsageError(
                "rendering a SoundFont needs FluidSynth: install libfluidsynth3 and pyfluidsynth"
            ) from error
        settings: dict[str, Any] = {
            "synth.reverb.active": 0,
            "synth.chorus.active": 0,
            "synth.dynamic-sample-loading": 1,
            "synth.polyphony": 64,
        }
        self._synth = fluidsynth.Synth(gain=_GAIN, samplerate=float(_RENDER_RATE), **settings)
        self._font = self._synth.sfload(path)
        if self._font < 0:
            raise UsageError(f"{path} cannot be opened as a SoundFont")
        self._write = fluidsynth.cfunc(
            "fluid_synth_write_float",
            ctypes.c_int,
            ("synth", ctypes.c_void_p, 1),
            ("len", ctypes.c_int, 1),
            ("lout", ctypes.c_void_p, 1),
            ("loff", ctypes.c_int, 1),
            ("lincr", ctypes.c_int, 1),
            ("rout", ctypes.c_void_p, 1),
            ("roff", ctypes.c_int, 1),
            ("rincr", ctypes.c_int, 1),
        )

    def preset(self, bank: int, program: int) -> str | None:
        """Return the name of a preset, or None where the font has none."""
        name = self._synth.sfpreset_name(self._font, bank, program)
        return name.decode("utf-8", "replace") if isinstance(name, bytes) else name

    def select(self, bank: int, program: int) -> None:
        self._synth.program_select(0, self._font, bank, program)

    def held(self, pitch: int, velocity: int, seconds: float, tail: float = 0.0) -> Audio:
        """Render one note held for ``seconds`` and ``tail`` seconds after its note-off."""
        self._synth.noteon(0, pitch, velocity)
        parts = [self._frames(int(seconds * _RENDER_RATE))]
        if tail:
            self._synth.noteoff(0, pitch)
            parts.append(self._frames(int(tail * _RENDER_RATE)))
        self._synth.all_sounds_off(0)
        self._frames(256)
        mono = np.concatenate(parts)
        resampled: Audio = soxr.resample(mono, _RENDER_RATE, SAMPLE_RATE, quality="VHQ")
        return resampled

    def _frames(self, count: int) -> Audio:
        left, right = np.empty((2, count), np.float32)
        self._write(
            self._synth.synth,
            count,
            left.ctypes.data_as(ctypes.c_void_p),
            0,
            1,
            right.ctypes.data_as(ctypes.c_void_p),
            0,
            1,
        )
        mono: Audio = (left + right) * np.float32(0.5)
        return mono
