"""What rooms, microphones and recordings do to sound, at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

REVERB_SAMPLES = 8192
EQ_POINTS = 9
EQ_DECIBELS = (1.5, 5.5)
"""Standard deviation of an equalizer's points, from gentle to bold."""


def overdrive(sound: NDArray[np.float32], drive: float) -> NDArray[np.float32]:
    """``sound`` through an amplifier that is turned up ``drive`` times beyond its peak's reach."""
    peak = max(float(np.abs(sound).max()), 1e-9)
    return np.asarray(np.tanh(sound * (drive / peak)) * (peak / np.tanh(drive)), dtype=np.float32)


def compress(
    rng: np.random.Generator, sound: NDArray[np.float32], rate: int
) -> NDArray[np.float32]:
    """Turn down what is louder than a threshold, as published mixes are; at random."""
    step = rate // 250
    blocks = np.pad(np.abs(sound), (0, -len(sound) % step)).reshape(-1, step).max(axis=1)
    threshold = float(blocks.max()) * 10.0 ** (rng.uniform(-24.0, -6.0) / 20.0)
    if threshold <= 0:
        return sound
    above = np.log(np.maximum(blocks / threshold, 1.0)) * (1.0 - 1.0 / rng.uniform(2.0, 10.0))
    # It recovers in tens to hundreds of milliseconds; the attack is a block long.
    keep = np.exp(-step / (rate * rng.uniform(0.03, 0.3)))
    for index in range(1, len(above)):
        above[index] = max(above[index], above[index - 1] * keep)
    gain = np.exp(-np.interp(np.arange(len(sound)) / step - 0.5, np.arange(len(above)), above))
    return np.asarray(sound * gain, dtype=np.float32)


class Room:
    """One random room and recording chain, for all instruments of an example.

    Instruments are mixed as spectra, each with an equalizer and a distance to the microphone of
    its own; the room's echo is exponentially decaying noise.
    """

    def __init__(self, rng: np.random.Generator, samples: int, sample_rate: int) -> None:
        self._rng = rng
        self._samples = samples
        self._rate = sample_rate
        self._size = fft.next_fast_len(samples + REVERB_SAMPLES, real=True)
        self._bins = self._size // 2 + 1
        octaves = np.log2(np.maximum(np.arange(self._bins), 1) * sample_rate / self._size / 60.0)
        self._place = np.clip(octaves / 7.0, 0.0, 1.0) * (EQ_POINTS - 1)
        self._spectrum = np.zeros(self._bins, np.complex64)
        self._wet_spectrum = np.zeros(self._bins, np.complex64)
        self._has_echo = rng.random() < 0.6
        self._wetness = rng.uniform(0.02, 0.4) if self._has_echo else 0.0

    def add(self, sound: NDArray[np.float32], gain: float) -> None:
        """Put an instrument's ``sound`` [samples] into the room."""
        spectrum = fft.rfft(sound, self._size) * np.float32(gain)
        if self._rng.random() < 0.8:
            spectrum *= self._equalizer()
        self._spectrum += spectrum
        if self._has_echo:
            self._wet_spectrum += spectrum * np.float32(self._wetness * self._rng.uniform(0.4, 1.0))

    def record(self) -> NDArray[np.float32]:
        """What the microphone heard [samples]: echo, tone, noise, overload, level."""
        rng = self._rng
        spectrum = self._spectrum
        if self._has_echo:
            spectrum = spectrum + self._wet_spectrum * fft.rfft(self._echo(), self._size)
        if rng.random() < 0.5:
            spectrum = spectrum * self._equalizer()
        if rng.random() < 0.1:
            spectrum = spectrum * self._band()
        sound = fft.irfft(spectrum, self._size)[: self._samples].astype(np.float32)
        if rng.random() < 0.3:
            sound = compress(rng, sound, self._rate)
        if rng.random() < 0.15:
            sound = overdrive(sound, rng.uniform(0.5, 4.0))
        peak = float(np.abs(sound).max())
        if peak > 0:
            sound *= 1.0 / peak
        if rng.random() < 0.35:
            sound = sound + self._noise()
        level = 10.0 ** (rng.uniform(-24.0, 0.0) / 20.0)
        return np.asarray(sound * np.float32(level), dtype=np.float32)

    def _equalizer(self) -> NDArray[np.float32]:
        points = self._rng.normal(0.0, self._rng.uniform(*EQ_DECIBELS), EQ_POINTS)
        curve = np.interp(self._place, np.arange(EQ_POINTS), points)
        return np.asarray(10.0 ** (curve / 20.0), dtype=np.float32)

    def _echo(self) -> NDArray[np.float32]:
        rng = self._rng
        decay = rng.uniform(0.1, 1.2) * self._rate / 6.9
        noise = rng.standard_normal(REVERB_SAMPLES)
        # Walls swallow treble.
        dullness = rng.uniform(0.0, 0.7)
        noise = signal.lfilter([1.0], [1.0, -dullness], noise)
        echo = noise * np.exp(-np.arange(REVERB_SAMPLES) / decay)
        echo[: int(rng.uniform(0, 0.03) * self._rate)] = 0.0
        energy = np.sqrt(np.square(echo).sum())
        return np.asarray(echo / max(energy, 1e-9), dtype=np.float32)

    def _band(self) -> NDArray[np.float32]:
        hertz = np.arange(self._bins) * self._rate / self._size
        high = self._rng.uniform(3000.0, 7800.0)
        low = self._rng.uniform(20.0, 120.0)
        rolled = 1.0 / np.sqrt(1.0 + (hertz / high) ** 8) / np.sqrt(1.0 + (low / (hertz + 1)) ** 4)
        return np.asarray(rolled, dtype=np.float32)

    def _noise(self) -> NDArray[np.float32]:
        rng = self._rng
        white = rng.standard_normal(self._samples).astype(np.float32)
        if rng.random() < 0.5:
            # A running sum that leaks: noise that falls towards the treble, like hum and rooms.
            white = np.asarray(fft.irfft(fft.rfft(white) * self._fall(), self._samples))
        loudness = 10.0 ** (rng.uniform(-70.0, -32.0) / 20.0)
        return np.asarray(white / max(float(white.std()), 1e-9) * loudness, dtype=np.float32)

    def _fall(self) -> NDArray[np.float32]:
        bins = self._samples // 2 + 1
        return np.asarray(1.0 / np.sqrt(1.0 + np.arange(bins)), dtype=np.float32)
