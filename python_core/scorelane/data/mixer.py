"""Mixing training examples from a song set and a note bank, faster than any network learns.

Each part of an excerpt gets a voice of the bank: often another instrument than the song's own,
transposed, detuned, sometimes with vibrato, at a level of its own. Effects follow in
:mod:`scorelane.data.effects`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorelane.data.bank import FULL_SCALE, Bank
from scorelane.data.effects import Room, overdrive
from scorelane.data.excerpts import ExcerptDrawer, Part
from scorelane.data.kits import play_drums
from scorelane.data.playing import strum
from scorelane.data.programs import CANONICAL_PROGRAM
from scorelane.data.singing import as_line, sing
from scorelane.data.songs import SongSet
from scorelane.data.targets import PHASES, Example, make_example
from scorelane.model.config import ModelConfig
from scorelane.model.frontend import HIGHEST_PITCH, LOWEST_PITCH
from scorelane.notes import Note

KEEP_PROGRAM = 0.65
TRANSPOSE = 6
FAVOURED = {
    **{
        0: 3.0,
        24: 3.0,
        25: 6.0,
        27: 4.0,
        30: 3.0,
        33: 2.0,
        40: 5.0,
        42: 3.0,
        52: 8.0,
        56: 2.0,
        60: 2.0,
    },
    **{65: 4.0, 70: 3.0, 71: 4.0, 73: 4.0},
}
"""How much more often than others the instruments that people record are drawn at random."""
SUSTAINED_PROGRAMS = (range(16, 24), range(40, 45), range(48, 80), range(80, 104))
GUITARS = range(24, 32)
STRUMMED = 0.4
"""How often a guitar's chords are strummed."""
CLEAN_GUITAR, DRIVEN_GUITAR = 27, 30
OVERDRIVEN = 0.3
"""How often a clean electric guitar goes through an amplifier that makes it a distorted one."""
DECIBELS, DRUM_DECIBELS, LOUDER = -5.0, -1.5, 5.0
"""The usual levels of parts and of drums, and how much louder or softer they are mixed."""
VELOCITY_DECIBELS = 40.0
"""MIDI's usual law: a velocity ten times as high sounds by so many decibels louder."""
RELEASE_TABLE = 48
LONGEST_RELEASE = 16000
SINGING = 52
SUNG = 0.75
"""How often a melody for a voice is sung as one line, not put together from notes of the bank."""
SLURRED, SLUR_GAP, SLUR_FADE = 0.35, 0.05, 0.03
"""How often a sustained part is slurred: notes after gaps of at most so many seconds then come in
without their attack, over so many."""
SLURRED_RELEASE = 0.4
"""How much shorter notes ring in a slurred part, where the next takes over bow or breath."""
SWELLING = 0.4
"""How often the loudness of a sustained part wanders."""
SHIFTED, SHIFT = 0.5, 3.0
"""How often a part is played on the recordings of other pitches, moved to its own, and how far in
semitones (standard deviation): a larger or smaller instrument of the same kind."""
SHORTEST = 0.02
"""Seconds: a slow attack never makes a note shorter than this."""


class Mixer:
    """Draws examples; call it with a random generator.

    What it plays lasts so many ``segments``, with the context at both ends.
    """

    def __init__(
        self, songs: SongSet, bank: Bank, config: ModelConfig, split: str, segments: int = 1
    ) -> None:
        self._bank = bank
        self._config = config
        self._samples = segments * config.segment_samples + 2 * config.context_samples
        self._rate = config.sample_rate
        self._excerpts = ExcerptDrawer(songs, split, self._samples / config.sample_rate)
        self._releases = _release_table(self._rate)
        odds = np.array([FAVOURED.get(program, 1.0) for program in bank.programs])
        self._odds = odds / odds.sum()

    def __call__(self, rng: np.random.Generator) -> Example:
        """Draw one example, of one segment."""
        return make_example(*self.play(rng), self._config, int(rng.integers(PHASES)))

    def play(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], list[Note]]:
        """Draw what is played: its sound [samples], and notes in seconds from where that begins."""
        room = Room(rng, self._samples, self._rate)
        key = int(rng.integers(-TRANSPOSE, TRANSPOSE + 1))
        parts = self._excerpts.draw(rng)
        louder = [rng.uniform(-LOUDER, LOUDER) for _ in parts]
        # The recording's level tells nothing of how loud the players are, only beside each other.
        usual = sum(louder) / max(1, len(louder))
        notes: list[Note] = []
        for part, decibels in zip(parts, louder, strict=True):
            played = self._play(rng, room, part, key, decibels)
            notes += as_loud(played, decibels - usual)
        return room.record(), notes

    def _play(
        self, rng: np.random.Generator, room: Room, part: Part, key: int, decibels: float
    ) -> list[Note]:
        """Sound one part in the ``room``, louder than usual by ``decibels``; returns its notes."""
        if part.is_drum:
            sound, struck = play_drums(rng, self._bank, part.notes, self._samples)
            room.add(sound, 10.0 ** ((decibels + DRUM_DECIBELS) / 20.0))
            return struck
        voice = self._voice(rng, part)
        if voice < 0:
            return []
        level = 10.0 ** ((decibels + DECIBELS) / 20.0)
        notes = part.notes
        if self._bank.voice_program[voice] in GUITARS and rng.random() < STRUMMED:
            notes = strum(rng, notes)
        pitches = self._fit(voice, notes["pitch"].astype(np.int64) + key)
        playable = (pitches >= LOWEST_PITCH) & (pitches <= HIGHEST_PITCH)
        notes, pitches = notes[playable], pitches[playable]
        recorded = self._recorded(rng, voice, pitches)
        speeds = 2.0 ** ((pitches - recorded) / 12)
        rows, gains = self._bank.rows(voice, recorded, notes["velocity"])
        program = int(CANONICAL_PROGRAM[self._bank.voice_program[voice]])
        if program == SINGING and rng.random() < SUNG:
            sung = self._sing(rng, room, notes, pitches, level)
            if sung:
                return sung
        bend = self._bend(rng, program)
        sound = np.zeros(self._samples, np.float32)
        release = float(np.exp(rng.normal(0.0, 0.4)))
        overdriven = program == CLEAN_GUITAR and rng.random() < OVERDRIVEN
        program = DRIVEN_GUITAR if overdriven else program
        sustained = _is_sustained(program)
        slurs = sustained and rng.random() < SLURRED
        release *= SLURRED_RELEASE if slurs else 1.0
        played = []
        before = -math.inf
        for note, pitch, row, gain, speed in zip(
            notes, pitches, rows, gains, speeds.tolist(), strict=True
        ):
            if row < 0:
                continue
            onset = float(note["onset"])
            slurred = slurs and abs(onset - before) <= SLUR_GAP
            before = float(note["offset"])
            later = rng.uniform(0.1, 0.4) if slurred else 0.0
            offset = self._sound(sound, note, int(row), float(gain), speed, bend, release, later)
            attack = 0.3 * SLUR_FADE if slurred else self._bank.attack(int(row)) / speed
            played.append(
                Note(
                    min(onset + attack, max(onset, offset - SHORTEST)),
                    offset,
                    int(pitch),
                    program,
                    False,
                    int(note["velocity"]),
                )
            )
        if sustained and rng.random() < SWELLING:
            sound *= _swell(rng, self._samples, self._rate)
        if overdriven:
            sound = overdrive(sound, math.exp(rng.uniform(1.0, 3.5)))
        room.add(sound, level)
        return played

    def _sing(
        self,
        rng: np.random.Generator,
        room: Room,
        notes: NDArray[np.void],
        pitches: NDArray[np.int64],
        level: float,
    ) -> list[Note]:
        """Sing a melody in the ``room``; returns its notes, none where it is no melody."""
        loudness = notes["velocity"].astype(np.float64) / 127.0
        onsets = notes["onset"].astype(np.float64)
        line = as_line(onsets, notes["offset"].astype(np.float64), pitches, loudness)
        if line is None:
            return []
        sound, line = sing(rng, line, self._samples, self._rate)
        room.add(sound, level)
        return [
            Note(float(onset), float(offset), int(pitch), SINGING, False, round(127 * strength))
            for onset, offset, pitch, strength in zip(
                line.onset, line.offset, line.pitch, line.loudness, strict=True
            )
        ]

    def _voice(self, rng: np.random.Generator, part: Part) -> int:
        if rng.random() < KEEP_PROGRAM:
            return self._bank.choose(rng, part.program)
        return self._bank.choose(rng, int(rng.choice(self._bank.programs, p=self._odds)))

    def _fit(self, voice: int, pitches: NDArray[np.int64]) -> NDArray[np.int64]:
        """Move ``pitches`` by the octaves that let ``voice`` play most of them."""
        playable = self._bank.table[voice, :, 0] >= 0
        best, most = pitches, -1
        for octaves in (0, -12, 12, -24, 24):
            moved = pitches + octaves
            count = int(playable[np.clip(moved, 0, 127)].sum())
            if count > most:
                best, most = moved, count
        return best

    def _recorded(
        self, rng: np.random.Generator, voice: int, pitches: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """The pitches whose recordings stand for ``pitches``, mostly the same."""
        if rng.random() >= SHIFTED:
            return pitches
        others = np.clip(pitches + round(rng.normal(0.0, SHIFT)), 0, 127)
        return np.where(self._bank.table[voice, others, 0] >= 0, others, pitches)

    def _bend(
        self, rng: np.random.Generator, program: int
    ) -> Callable[[int, int], NDArray[np.float32]] | None:
        """Where to read a note of ``n`` samples from: detuned, or with vibrato; or None."""
        detune = rng.normal(0.0, 0.006)
        depth = 0.0
        if _is_sustained(program) and rng.random() < 0.3:
            depth = rng.uniform(0.002, 0.02)
        elif rng.random() < 0.5:
            return None
        turn = 2 * math.pi * rng.uniform(4.0, 7.0) / self._rate
        phase = rng.uniform(0.0, 2 * math.pi)

        def positions(start: int, count: int) -> NDArray[np.float32]:
            time = np.arange(start, start + count, dtype=np.float32)
            swing = depth / turn * np.sin(turn * time + phase)
            return np.asarray(time * (1.0 + detune) + swing - swing[0], dtype=np.float32)

        return positions

    def _sound(
        self,
        sound: NDArray[np.float32],
        note: np.void,
        row: int,
        gain: float,
        speed: float,
        bend: Callable[[int, int], NDArray[np.float32]] | None,
        release: float,
        later: float,
    ) -> float:
        """Add one note to ``sound``, read from ``later`` seconds of it on where it is slurred.

        The recording runs at ``speed`` times its own.

        Returns its offset in seconds, cut to what really sounds.
        """
        bank = self._bank
        length = int(bank.length[row] / speed)
        onset = round(float(note["onset"]) * self._rate)
        held = round(float(note["offset"]) * self._rate) - onset
        first = max(0, onset)
        slur = min(round(later * self._rate), length // 2)
        skip = first - onset + slur
        tail = self._releases[self._release_index(float(bank.release_s[row]) * release)]
        last = min(len(sound), onset + held + len(tail))
        # A sound held longer than the bank's note goes on from an earlier place of it.
        held_whole = int(bank.length[row]) >= HELD_SECONDS * self._rate
        if held_whole:
            skip = max(0, min(skip, length - (last - first)))
        count = min(last - first, length - skip)
        if count <= 0:
            return float(note["offset"]) if held_whole else onset / self._rate + 0.01
        start = int(bank.start[row])
        stored = bank.audio[start : start + int(bank.length[row])]
        if bend is None and speed == 1.0:
            piece = stored[skip : skip + count].astype(np.float32)
        else:
            place = bend(skip, count) if bend else np.arange(skip, skip + count, dtype=np.float32)
            piece = _read(stored, np.clip(place * np.float32(speed), 0, len(stored) - 1))
        piece *= gain / FULL_SCALE
        if slur and first == onset:
            fade = min(count, round(SLUR_FADE * self._rate))
            piece[:fade] *= np.linspace(0.0, 1.0, fade, dtype=np.float32)
        released = onset + held - first
        if released < count:
            fade = max(0, released)
            late = fade - released
            piece[fade:] *= tail[late : late + count - fade]
        sound[first : first + count] += piece
        if held_whole:
            return float(note["offset"])
        return min(float(note["offset"]), (onset + length - slur) / self._rate)

    def _release_index(self, seconds: float) -> int:
        place = math.log(max(seconds, 0.005) / 0.005) / math.log(200.0) * (RELEASE_TABLE - 1)
        return max(0, min(RELEASE_TABLE - 1, round(place)))


HELD_SECONDS = 3.9
"""Notes of the bank at least this long were still sounding where they were cut."""


def as_loud(notes: list[Note], decibels: float) -> list[Note]:
    """``notes`` with the velocities of a part that is louder than the others by ``decibels``.

    Nobody can hear whether a player was soft or far from the microphone.
    """
    factor = 10.0 ** (decibels / VELOCITY_DECIBELS)
    return [
        replace(note, velocity=min(127, max(1, round(note.velocity * factor)))) for note in notes
    ]


def _is_sustained(program: int) -> bool:
    return any(program in programs for programs in SUSTAINED_PROGRAMS)


def _swell(rng: np.random.Generator, samples: int, rate: int) -> NDArray[np.float32]:
    """Gains [samples] that wander by some decibels, as bows and breaths do."""
    points = np.arange(0.0, samples / rate + 1.0, rng.uniform(0.1, 0.5))
    decibels = np.interp(
        np.arange(samples) / rate, points, rng.normal(0.0, rng.uniform(0.5, 4.0), len(points))
    )
    return np.asarray(10.0 ** (decibels / 20.0), dtype=np.float32)


def _release_table(rate: int) -> list[NDArray[np.float32]]:
    """Exponential decays with time constants from 5 ms to 1 s, down to -60 dB or 1 s."""
    tails = []
    for index in range(RELEASE_TABLE):
        constant = 0.005 * 200.0 ** (index / (RELEASE_TABLE - 1)) * rate
        count = min(LONGEST_RELEASE, int(6.9 * constant))
        tails.append(np.exp(-np.arange(count, dtype=np.float32) / np.float32(constant)))
    return tails


def _read(stored: NDArray[np.int16], place: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples of ``stored`` between its samples, linearly."""
    low = place.astype(np.int32)
    high = np.minimum(low + 1, len(stored) - 1)
    share = place - low
    return np.asarray(stored[low] * (1.0 - share) + stored[high] * share, dtype=np.float32)


def open_mixer(
    songs: Path, bank: Path, config: ModelConfig, split: str = "train", segments: int = 1
) -> Mixer:
    """A mixer over the song set and bank in two folders; each worker opens its own."""
    return Mixer(SongSet.open(songs), Bank.open(bank), config, split, segments)
