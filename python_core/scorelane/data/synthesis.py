"""Sounds that soundfonts do badly, made from what is known of the instrument.

General MIDI fonts hold one guitar and one choir each, while recordings hold thousands of guitars
and voices. A voice of these sources is one random instrument or singer; each of its notes is
plucked or sung a little differently.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from scorelane.data.formants import COMPASS, VOWELS, formant_gain, partials
from scorelane.data.measure import SAMPLE_RATE, Audio
from scorelane.data.sources import Licence, RenderedNote, VoiceKey, held_samples

_HIGHEST_HZ = 7600.0
_TERMS = Licence("scorelane", "CC0", "synthesised by Scorelane")
_NYLON, _STEEL, _ELECTRIC, _VOICE = 24, 25, 27, 52
_GUITARS = {_NYLON: 6, _STEEL: 8, _ELECTRIC: 6}
_GUITAR_PITCHES = range(38, 89)
_STROKES = (50, 105)
_SINGERS = 12


@dataclass(frozen=True)
class PluckedStrings:
    """Nylon, steel and electric guitars: decaying partials of a string, a body and a pick."""

    name: str = "plucked"
    weight: float = field(default=3.0, repr=False)
    licence: Licence = field(default=_TERMS, repr=False)

    def voices(self) -> list[VoiceKey]:
        """Return the guitars."""
        return [
            VoiceKey(program, False, variant, f"guitar {program} {variant + 1}")
            for program, count in _GUITARS.items()
            for variant in range(count)
        ]

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        """Return every note of one guitar, plucked softly and hard."""
        rng = np.random.default_rng([key.program, key.variant])
        guitar = _Guitar(rng, is_electric=key.program == _ELECTRIC, is_nylon=key.program == _NYLON)
        return [
            RenderedNote(pitch, velocity, guitar.pluck(rng, pitch, velocity), guitar.release_s)
            for pitch in _GUITAR_PITCHES
            for velocity in _STROKES
        ]


@dataclass(frozen=True)
class Singers:
    """Men and women who sing vowels, with vibrato, and slide into their notes."""

    name: str = "singers"
    weight: float = field(default=5.0, repr=False)
    licence: Licence = field(default=_TERMS, repr=False)

    def voices(self) -> list[VoiceKey]:
        """Return the singers."""
        return [VoiceKey(_VOICE, False, v, f"singer {v + 1}") for v in range(_SINGERS)]

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        """Return every note of one singer."""
        rng = np.random.default_rng([key.program, key.variant])
        singer = _Singer(rng, "low" if key.variant % 2 else "high")
        return [
            RenderedNote(pitch, 90, singer.sing(rng, pitch), singer.release_s)
            for pitch in singer.compass
        ]


class _Guitar:
    """One guitar: what does not change from note to note."""

    def __init__(self, rng: np.random.Generator, *, is_electric: bool, is_nylon: bool) -> None:
        self._inharmonicity = rng.uniform(1e-5, 5e-5) if is_nylon else rng.uniform(3e-5, 2e-4)
        self._slope = rng.uniform(1.1, 1.8) if is_nylon else rng.uniform(0.7, 1.4)
        self._pluck = rng.uniform(0.1, 0.35)
        self._decay_s = rng.uniform(0.6, 1.6) if is_nylon else rng.uniform(1.0, 4.0)
        self._damping_hz = rng.uniform(1000, 2500) if is_nylon else rng.uniform(1800, 5000)
        self._pickup = rng.uniform(0.08, 0.25) if is_electric else 0.0
        bodies = 0 if is_electric else 7
        self._body_hz = np.sort(rng.uniform(85, 1400, bodies))
        self._body_gain = rng.uniform(0.3, 2.5, bodies)
        self._noise = 0.02 if is_electric else rng.uniform(0.03, 0.2)
        self.release_s = float(rng.uniform(0.02, 0.12))

    def pluck(self, rng: np.random.Generator, pitch: int, velocity: int) -> Audio:
        """One note [4 s]: each partial is the ringing of a resonator."""
        hertz = 440.0 * 2.0 ** ((pitch - 69) / 12)
        count = max(1, int(_HIGHEST_HZ / hertz))
        partial = np.arange(1, count + 1)
        frequency = partial * hertz * np.sqrt(1.0 + self._inharmonicity * partial**2)
        softness = 0.5 * (1.0 - velocity / 127.0)
        level = partial ** -(self._slope + softness)
        level *= np.abs(np.sin(np.pi * partial * (self._pluck * rng.uniform(0.8, 1.2)))) + 0.03
        if self._pickup:
            level *= np.abs(np.sin(np.pi * partial * self._pickup)) + 0.05
        level *= self._body(frequency)
        decay = self._decay_s * (hertz / 110.0) ** -0.4 / (1 + (frequency / self._damping_hz) ** 2)
        sound = np.zeros(held_samples(False))
        # A string swings in two planes, one of which the bridge damps sooner.
        for share, damping, detune in ((0.7, 0.45, 0.0), (0.3, 1.1, rng.uniform(0.1, 0.8))):
            for f, a, d in zip(frequency + detune, level * share, decay * damping, strict=True):
                if f < _HIGHEST_HZ:
                    _ring(sound, float(f), float(a), float(d))
        return self._with_pick(rng, sound, velocity)

    def _body(self, frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        gain = np.ones_like(frequency)
        for centre, height in zip(self._body_hz, self._body_gain, strict=True):
            gain += height / (1.0 + ((frequency - centre) / (0.06 * centre)) ** 2)
        return gain

    def _with_pick(
        self, rng: np.random.Generator, sound: NDArray[np.float64], velocity: int
    ) -> Audio:
        peak = float(np.abs(sound).max())
        length = int(rng.uniform(0.004, 0.02) * SAMPLE_RATE)
        burst = rng.standard_normal(6 * length) * np.exp(-np.arange(6 * length) / length)
        colour = lfilter([1.0], [1.0, -rng.uniform(0.3, 0.9)], burst)
        sound[: 6 * length] += colour / np.abs(colour).max() * peak * self._noise
        return np.asarray(sound / peak * (velocity / 127.0) ** 1.5, np.float32)


class _Singer:
    """One singer: compass, vibrato, habits."""

    def __init__(self, rng: np.random.Generator, kind: str) -> None:
        self.compass = COMPASS[kind]
        self._vowels = VOWELS[kind]
        self._size = rng.uniform(0.92, 1.08)
        self._tilt = rng.uniform(0.6, 1.5)
        self._vibrato_hz = rng.uniform(4.5, 6.5)
        self._vibrato_cents = rng.choice([rng.uniform(0, 15), rng.uniform(20, 80)])
        self._breath = rng.uniform(0.002, 0.03)
        self._slide_cents = rng.uniform(0, 200)
        self.release_s = float(rng.uniform(0.03, 0.1))

    def sing(self, rng: np.random.Generator, pitch: int) -> Audio:
        """One note [4 s]: harmonics of a moving pitch under the formants of a vowel."""
        hertz = self._glide(rng, pitch)
        angle = 2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE
        formants = self._vowels[int(rng.integers(len(self._vowels)))]
        grid = np.arange(0.0, SAMPLE_RATE / 2, 20.0)
        gain = formant_gain(grid, formants, self._size)
        sound = np.zeros_like(angle)
        count = int(_HIGHEST_HZ / hertz.max())
        for number, partial in zip(range(1, count + 1), partials(angle), strict=False):
            sound += partial * np.interp(number * hertz, grid, gain) * number**-self._tilt
        noise = rng.standard_normal(len(sound)) * float(np.abs(sound).max()) * self._breath
        time = np.arange(len(sound)) / SAMPLE_RATE
        attack = 1.0 - np.exp(-time / rng.uniform(0.01, 0.05))
        swell = 1.0 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.2, 0.8) * time + rng.uniform(0, 6))
        sung = (sound + noise) * attack * swell
        return np.asarray(0.5 * sung / np.abs(sung).max(), np.float32)

    def _glide(self, rng: np.random.Generator, pitch: int) -> NDArray[np.float64]:
        """Frequency in Hz at every sample: slide, vibrato that sets in, a slow wander."""
        time = np.arange(held_samples(False)) / SAMPLE_RATE
        slide = -self._slide_cents * rng.random() * np.exp(-time / rng.uniform(0.02, 0.06))
        sets_in = np.clip((time - rng.uniform(0.1, 0.5)) / 0.4, 0.0, 1.0)
        turn = 2 * np.pi * self._vibrato_hz * rng.uniform(0.9, 1.1) * time + rng.uniform(0, 6)
        vibrato = self._vibrato_cents * sets_in * np.sin(turn)
        wander = 8.0 * np.sin(2 * np.pi * rng.uniform(0.3, 1.2) * time + rng.uniform(0, 6))
        cents = 100.0 * (pitch - 69) + rng.normal(0, 8) + slide + vibrato + wander
        return np.asarray(440.0 * 2.0 ** (cents / 1200.0))


def _ring(sound: NDArray[np.float64], hertz: float, level: float, decay_s: float) -> None:
    """Add to ``sound`` a partial that dies with time constant ``decay_s``."""
    last = min(len(sound), int(9.0 * decay_s * SAMPLE_RATE) + 1)
    radius = np.exp(-1.0 / (decay_s * SAMPLE_RATE))
    turn = 2 * np.pi * hertz / SAMPLE_RATE
    struck = np.zeros(last)
    struck[0] = level * np.sin(turn)
    sound[:last] += lfilter([1.0], [1.0, -2 * radius * np.cos(turn), radius**2], struck)
