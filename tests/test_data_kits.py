"""Random drum kits: what is labelled was struck, and every drum keeps its own sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scorelane.data.bank import Bank
from scorelane.data.build_bank import build_bank
from scorelane.data.kits import Drum, play_drums
from scorelane.data.measure import SAMPLE_RATE
from scorelane.data.sources import RenderedNote, VoiceKey
from test_data_bank import Sines

FIELDS = [("onset", "f4"), ("offset", "f4"), ("pitch", "u1"), ("velocity", "u1")]
SECONDS = 3


@dataclass(frozen=True)
class Bursts(Sines):
    """Two kits of kick, snare and hi-hat: noise that dies away at once."""

    def voices(self) -> list[VoiceKey]:
        return [VoiceKey(0, True, variant, f"kit {variant}") for variant in range(2)]

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        rng = np.random.default_rng(key.variant)
        fall = np.exp(-np.arange(SAMPLE_RATE // 2) / 800)
        hits = [0.3 * rng.standard_normal(len(fall)) * fall for _ in range(3)]
        return [
            RenderedNote(pitch, 100, hit.astype(np.float32), 9.0)
            for pitch, hit in zip((36, 38, 42), hits, strict=True)
        ]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    folder = tmp_path_factory.mktemp("kits")
    build_bank(folder, [Bursts()], processes=1)
    return Bank.open(folder)


def beat(*keys: int, step: float = 0.5) -> NDArray[np.void]:
    return np.array([(0.25 + i * step, 0.35 + i * step, k, 90) for i, k in enumerate(keys)], FIELDS)


def hits(sound: NDArray[np.float32], count: int) -> list[NDArray[np.float32]]:
    """The sound of each of ``count`` hits half a second apart."""
    first, step = SAMPLE_RATE // 4, SAMPLE_RATE // 2
    return [sound[first + i * step :][:1600] for i in range(count)]


@pytest.mark.parametrize("seed", range(10))
def test_what_is_labelled_is_heard_and_the_rest_is_silent(bank: Bank, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sound, struck = play_drums(rng, bank, beat(36, 38, 42, 36), SECONDS * SAMPLE_RATE)
    assert len(sound) == SECONDS * SAMPLE_RATE
    assert not sound[: SAMPLE_RATE // 4 - 1].any()
    for hit, note in zip(hits(sound, 4), (0.25, 0.75, 1.25, 1.75), strict=True):
        labelled = any(abs(n.onset - note) < 0.02 for n in struck)
        assert labelled == (float(np.abs(hit).max()) > 1e-4)
    assert all(n.is_drum and n.velocity == 90 for n in struck)


def test_a_drum_sounds_the_same_whenever_it_is_struck(bank: Bank) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        sound, struck = play_drums(rng, bank, beat(36, 36, 36), SECONDS * SAMPLE_RATE)
        one, other, last = hits(sound, 3)
        assert len(struck) == 3
        # A compressor hears what came before.
        scale = float(np.dot(one, other) / np.dot(one, one))
        assert np.corrcoef(one, other)[0, 1] > 0.9 and 0.3 < scale < 3.0
        assert np.corrcoef(one, last)[0, 1] > 0.9


def test_kits_differ_and_mix(bank: Bank) -> None:
    kicks, borrowed = set(), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        sound, _ = play_drums(rng, bank, beat(36), SECONDS * SAMPLE_RATE)
        kicks.add(sound.tobytes())
        borrowed += _voices(rng, bank) > 1
    assert len(kicks) == 40
    assert 5 < borrowed < 35


def _voices(rng: np.random.Generator, bank: Bank) -> int:
    """How many of the bank's kits the drums of one part come from."""
    asked: set[int] = set()
    rows = bank.rows

    class Listening:
        def __getattr__(self, name: str) -> object:
            return getattr(bank, name)

        def rows(self, voice: NDArray[np.int64], *rest: NDArray[np.integer]) -> object:
            asked.update(np.asarray(voice).tolist())
            return rows(voice, *rest)

    play_drums(rng, Listening(), beat(36, 38, 42), SAMPLE_RATE)  # type: ignore[arg-type]
    return len(asked)


def test_tuning_damping_and_tilt_do_what_they_say() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    hit = np.sin(2 * np.pi * 200 * time).astype(np.float32)
    plain = Drum(0, 1.0, None, 0.0, 1.0)
    assert np.allclose(plain.shape(hit), hit[:-1], atol=1e-6)
    low = Drum(0, 0.5, None, 0.0, 1.0).shape(hit)
    assert len(low) == pytest.approx(2 * len(hit), abs=4)
    assert np.abs(np.fft.rfft(low[:SAMPLE_RATE])).argmax() == 100
    damped = Drum(0, 1.0, 0.05, 0.0, 1.0).shape(hit)
    assert np.abs(damped[-1000:]).max() < 1e-6 < np.abs(damped[:800]).max()
    noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32)
    dull, bright = (Drum(0, 1.0, None, tilt, 1.0).shape(noise) for tilt in (0.5, -0.5))
    treble = [float(np.abs(np.fft.rfft(x))[4000:].mean()) for x in (dull, bright)]
    bass = [float(np.abs(np.fft.rfft(x))[:2000].mean()) for x in (dull, bright)]
    assert treble[0] < treble[1] and bass[0] > bass[1]


def test_hits_before_and_at_the_end_of_the_window_are_cut_not_lost(bank: Bank) -> None:
    notes = beat(36, 36)
    notes["onset"] = (-0.02, 0.99)
    notes["offset"] = notes["onset"] + 0.1
    sound, struck = play_drums(np.random.default_rng(1), bank, notes, SAMPLE_RATE)
    assert len(struck) == 2
    assert np.abs(sound[:100]).max() > 0 and np.abs(sound[-100:]).max() > 0


def test_a_bank_without_kits_stays_silent(tmp_path: Path) -> None:
    build_bank(tmp_path, [Sines()], processes=1)
    sound, struck = play_drums(np.random.default_rng(0), Bank.open(tmp_path), beat(36), 1000)
    assert not sound.any() and not struck
