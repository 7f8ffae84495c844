"""Songs rendered with FluidSynth sound what their notes say."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from scorelane.data.render import Place, close_repeats, find_soundfont, render
from scorelane.errors import UsageError
from scorelane.notes import Note

RATE = 16_000


@pytest.fixture(scope="module")
def soundfont() -> Path:
    pytest.importorskip("fluidsynth")
    try:
        return find_soundfont()
    except UsageError as error:
        pytest.skip(str(error))


def loudness(audio: np.ndarray, start: float, stop: float, rate: int = RATE) -> float:
    part = audio[..., round(start * rate) : round(stop * rate)]
    return float(np.sqrt(np.mean(np.square(part, dtype=np.float64))))


def pitch_of(audio: np.ndarray, start: float, stop: float, pitches: list[int]) -> int:
    """Which of ``pitches`` has most energy at its fundamental."""
    part = audio[:, round(start * RATE) : round(stop * RATE)].mean(axis=0)
    times = np.arange(part.size) / RATE

    def energy(pitch: int) -> float:
        frequency = 440 * 2 ** ((pitch - 69) / 12)
        return float(abs(np.dot(part, np.exp(-2j * np.pi * frequency * times))))

    return max(pitches, key=energy)


def test_notes_sound_when_and_where_they_are_written(soundfont: Path) -> None:
    notes = [Note(0.5, 1.0, 69, 73), Note(1.5, 2.0, 76, 73)]
    audio = render(notes, soundfont, sample_rate=RATE, seconds=3, effects=False)
    assert audio.dtype == np.float32
    assert audio.shape == (2, 3 * RATE)
    assert loudness(audio, 0.0, 0.49) == pytest.approx(0, abs=1e-4)
    assert loudness(audio, 0.6, 1.0) > 0.01
    assert loudness(audio, 2.7, 3.0) < 0.01 * loudness(audio, 0.6, 1.0)
    candidates = list(range(60, 85))
    assert pitch_of(audio, 0.6, 1.0, candidates) == 69
    assert pitch_of(audio, 1.6, 2.0, candidates) == 76


def test_rendering_twice_gives_the_same_samples(soundfont: Path) -> None:
    notes = [Note(0.1, 0.5, 60, 0), Note(0.1, 0.2, 38, 0, True)]
    np.testing.assert_array_equal(render(notes, soundfont), render(notes, soundfont))


def test_twenty_programs_and_drums_each_get_their_own_sound(soundfont: Path) -> None:
    programs = [*range(0, 120, 6)]
    together = [Note(0.2, 0.8, 60, p, velocity=90) for p in programs]
    drums = [Note(0.2, 0.3, 38, 0, True, 90)]
    play = partial(render, soundfont=soundfont, sample_rate=RATE, seconds=1.5, effects=False)
    mix = play([*together, *drums])
    parts = [play([n]) for n in (*together, *drums)]
    assert all(loudness(part, 0.2, 0.6) > 1e-4 for part in parts)
    # A linear synthesiser: the mix is the sum of its lanes, unless lanes shared a channel.
    total = np.sum(parts, axis=0)
    if np.abs(total).max() > 0.99:
        total *= loudness(mix, 0, 1.5) / loudness(total, 0, 1.5)
    assert loudness(mix - total, 0, 1.5) < 0.05 * loudness(mix, 0, 1.5)


def test_dense_songs_do_not_clip(soundfont: Path) -> None:
    crowd = [Note(0.0, 1.0, pitch, 61, velocity=127) for pitch in range(36, 96)]
    assert 0.1 < np.abs(render(crowd, soundfont)).max() < 1


def test_pan_and_volume(soundfont: Path) -> None:
    notes = [Note(0.0, 1.0, 60, 73)]
    play = partial(render, notes, soundfont, sample_rate=RATE, seconds=1, effects=False)
    left, right = (play(places={(False, 73): Place(pan=pan)}) for pan in (0, 127))
    assert loudness(left[0], 0, 1) > 1.5 * loudness(left[1], 0, 1)
    assert loudness(right[1], 0, 1) > 1.5 * loudness(right[0], 0, 1)
    soft = play(places={(False, 73): Place(volume=50, pan=0)})
    assert loudness(soft, 0, 1) < 0.5 * loudness(left, 0, 1)


def test_reverb_lengthens_the_sound(soundfont: Path) -> None:
    notes = [Note(0.0, 0.2, 72, 73)]
    dry = render(notes, soundfont, sample_rate=RATE, seconds=2, effects=False)
    wet = render(notes, soundfont, sample_rate=RATE, seconds=2, effects=True)
    assert loudness(wet, 0.9, 1.2) > 3 * loudness(dry, 0.9, 1.2)


def test_a_note_struck_again_ends_there() -> None:
    notes = [Note(0, 3, 60, 0), Note(1, 2, 60, 0), Note(1, 2, 60, 1), Note(2, 4, 62, 0)]
    assert close_repeats(notes) == [
        Note(0, 1, 60, 0),
        Note(1, 2, 60, 0),
        Note(1, 2, 60, 1),
        Note(2, 4, 62, 0),
    ]
    twice = [Note(0, 1, 60, 0), Note(0, 2, 60, 0)]
    assert close_repeats(twice) == [Note(0, 2, 60, 0)]


def test_an_unreadable_soundfont_is_named(tmp_path: Path) -> None:
    pytest.importorskip("fluidsynth")
    bad = tmp_path / "bad.sf2"
    bad.write_bytes(b"not a soundfont")
    with pytest.raises(UsageError, match=r"bad\.sf2"):
        render([Note(0, 1, 60, 0)], bad)
