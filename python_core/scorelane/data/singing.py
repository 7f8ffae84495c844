"""Singing a melody: one voice through all of its notes.

A note bank holds notes one by one, but a singer slides from note to note, changes the vowel and
puts consonants before it, and breathes. Here a whole line is sung at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from scorelane.data.formants import COMPASS, VOWELS, formant_gain, partials

CONTROL_HZ = 200
SHORTEST = 0.05
LEGATO_S, BREATH_S = 0.06, 0.3
"""Gaps shorter than the first are slurred; in gaps longer than the second a singer breathes."""
_HIGHEST_HZ = 7600.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A melody, each [n]: ``onset`` and ``offset`` in seconds, ``pitch``, ``loudness`` to 1."""

    onset: Floats
    offset: Floats
    pitch: NDArray[np.int64]
    loudness: Floats


def as_line(
    onset: Floats, offset: Floats, pitch: NDArray[np.int64], loudness: Floats
) -> Line | None:
    """The notes as one voice can sing them, in its compass; None where several sound at once."""
    order = np.argsort(onset, kind="stable")
    onset, offset, pitch, loudness = onset[order], offset[order], pitch[order], loudness[order]
    length = offset - onset
    if not len(onset) or np.any(length[:-1] - np.diff(onset) > 0.15 + 0.25 * length[:-1]):
        return None
    if np.any(np.diff(onset) < SHORTEST):
        return None
    ends = np.minimum(offset, np.append(onset[1:], np.inf))
    return Line(onset, np.maximum(ends, onset + SHORTEST), pitch, loudness)


def sing(
    rng: np.random.Generator, line: Line, samples: int, rate: int
) -> tuple[NDArray[np.float32], Line]:
    """A random singer's sound of ``line`` [samples], and the notes as they are heard."""
    kind = "low" if rng.random() < 0.5 else "high"
    line = _in_compass(line, COMPASS[kind])
    control = np.arange(-(-samples * CONTROL_HZ // rate) + 1) / CONTROL_HZ
    hertz = _pitch_curve(rng, line, control)
    loudness, consonants = _loudness(rng, line, control)
    gains = _timbre(rng, line, control, hertz, loudness, kind)
    time = np.arange(samples) / rate
    voiced = _harmonics(np.interp(time, control, hertz), gains, control, time, rate)
    noise = rng.standard_normal(samples)
    hiss = lfilter([1.0, -1.0], [1.0, -rng.uniform(-0.3, 0.5)], noise)
    aspiration = rng.uniform(0.003, 0.05) * np.interp(time, control, loudness)
    sound = voiced / max(float(np.abs(voiced).max()), 1e-9)
    sound = sound + noise * aspiration * 0.3 + hiss * np.interp(time, control, consonants) * 0.3
    return np.asarray(0.5 * sound, np.float32), line


def _in_compass(line: Line, compass: range) -> Line:
    """``line`` moved by the octaves that let most of it be sung."""
    middle = (compass.start + compass.stop - 1) / 2
    octaves = round((middle - float(np.median(line.pitch))) / 12)
    return Line(line.onset, line.offset, line.pitch + 12 * octaves, line.loudness)


def _pitch_curve(rng: np.random.Generator, line: Line, control: Floats) -> Floats:
    """Hz at every control point: slides, scoops, vibrato that sets in, an unsteady hand."""
    note = np.clip(np.searchsorted(line.onset, control, side="right") - 1, 0, None)
    wanted = line.pitch[note] + rng.normal(0.0, 0.12, len(line.pitch))[note]
    since = control - line.onset[note]
    # Twice smoothed, a step becomes a slide that is half over when the note begins.
    slide_s = rng.uniform(0.006, 0.03)
    keep = np.exp(-1.0 / (slide_s * CONTROL_HZ))
    slid = wanted
    for _ in range(2):
        slid = lfilter([1.0 - keep], [1.0, -keep], slid, zi=[keep * slid[0]])[0]
    lag = round(1.5 * slide_s * CONTROL_HZ)
    slid = np.append(slid[lag:], np.full(lag, slid[-1]))
    scoop = rng.uniform(0.0, 2.0) * (rng.random(len(line.pitch)) < 0.4)[note]
    scooped = -scoop * np.exp(-np.maximum(since, 0.0) / rng.uniform(0.02, 0.07))
    depth = rng.choice([rng.uniform(0.0, 0.15), rng.uniform(0.2, 0.9)])
    sets_in = np.clip((since - rng.uniform(0.1, 0.5)) / 0.3, 0.0, 1.0)
    turn = 2 * np.pi * rng.uniform(4.5, 6.8) * control + rng.uniform(0, 6)
    unsteady = _slow_noise(rng, control, 3.0) * rng.uniform(0.02, 0.2)
    jitter = rng.normal(0.0, rng.uniform(0.0, 0.06), len(control))
    semitones = slid + scooped + depth * sets_in * np.sin(turn) + unsteady + jitter
    return np.asarray(440.0 * 2.0 ** ((semitones - 69) / 12.0))


def _loudness(rng: np.random.Generator, line: Line, control: Floats) -> tuple[Floats, Floats]:
    """Of the voice and of the noise of consonants and breaths, at every control point."""
    voice, noise = np.zeros_like(control), np.zeros_like(control)
    attack_s, release_s = rng.uniform(0.01, 0.05), rng.uniform(0.02, 0.1)
    spoken = rng.uniform(0.2, 0.9)
    before = -1.0
    for onset, offset, strength in zip(line.onset, line.offset, line.loudness, strict=True):
        gap = onset - before
        rise = np.clip((control - onset) / attack_s + 0.3, 0.0, 1.0)
        fall = np.exp(-np.maximum(control - offset, 0.0) / release_s)
        voice = np.maximum(voice, (0.25 + 0.75 * strength) * rise * fall * (control < offset + 0.5))
        if gap > BREATH_S and rng.random() < 0.7:
            _burst(noise, control, onset - rng.uniform(0.08, 0.2), rng.uniform(0.1, 0.3), 0.03)
        if gap > LEGATO_S or rng.random() < spoken:
            length = rng.uniform(0.02, 0.11)
            closed = np.abs(control - onset + 0.6 * length) < 0.6 * length
            voice[closed] *= rng.choice([0.02, 0.1, 0.4])
            if rng.random() < 0.7:
                level = 10 ** (rng.uniform(-30.0, -6.0) / 20)
                _burst(noise, control, onset, length, level)
        before = offset
    swell = 10 ** (rng.uniform(0.5, 3.0) * _slow_noise(rng, control, 2.0) / 20)
    return voice * swell, noise


def _burst(noise: Floats, control: Floats, end: float, length: float, level: float) -> None:
    """Add to ``noise`` a hump of ``length`` seconds that is over at ``end``."""
    place = (control - (end - length)) / length
    inside = (place > 0) & (place < 1)
    noise[inside] += level * np.sin(np.pi * place[inside])


def _timbre(
    rng: np.random.Generator,
    line: Line,
    control: Floats,
    hertz: Floats,
    loudness: Floats,
    kind: str,
) -> Floats:
    """Level of [harmonics, control points]: vowels change with the notes and within."""
    size, tilt = rng.uniform(0.88, 1.15), rng.uniform(0.6, 2.2)
    harmonic = np.arange(1, int(_HIGHEST_HZ / hertz.min()) + 1)[:, None]
    place = harmonic * hertz
    glides = rng.uniform(0.0, float(control[-1]), len(line.onset) // 2)
    changes = np.sort(np.append(line.onset, glides))
    sung = rng.integers(len(VOWELS[kind]), size=len(changes) + 1)
    sung = sung[np.searchsorted(changes, control, side="right")]
    gains = np.zeros_like(place)
    keep = np.exp(-1.0 / (rng.uniform(0.01, 0.06) * CONTROL_HZ))
    for vowel in np.unique(sung):
        share = lfilter([1.0 - keep], [1.0, -keep], (sung == vowel).astype(float))
        gains += share * formant_gain(place, VOWELS[kind][vowel], size)
    # A louder voice is a brighter one.
    gains *= harmonic ** -(tilt + 0.5 * (1.0 - np.clip(loudness, 0.0, 1.0))) * loudness
    gains[place > _HIGHEST_HZ] = 0.0
    return gains


def _harmonics(
    hertz: Floats, gains: Floats, control: Floats, time: Floats, rate: int
) -> NDArray[np.float32]:
    """The sum of all harmonics of a voice at ``hertz`` [samples]."""
    angle = 2 * np.pi * np.cumsum(hertz) / rate
    sound = np.zeros_like(angle)
    for level, partial in zip(gains, partials(angle), strict=False):
        sound += partial * np.interp(time, control, level)
    return np.asarray(sound, np.float32)


def _slow_noise(rng: np.random.Generator, control: Floats, hertz: float) -> Floats:
    """Noise of unit size that turns some ``hertz`` times a second."""
    points = np.arange(0.0, float(control[-1]) + 2.0 / hertz, 1.0 / hertz)
    return np.asarray(np.interp(control, points, rng.standard_normal(len(points))))
