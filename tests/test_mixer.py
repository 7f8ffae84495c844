"""Songs and a bank -> training examples: what is labelled is what sounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import scorelane.data.mixer as mixer_module
from scorelane.data import excerpts
from scorelane.data.build_bank import build_bank
from scorelane.data.effects import Room, overdrive
from scorelane.data.measure import SAMPLE_RATE
from scorelane.data.mixer import Mixer, as_loud, open_mixer
from scorelane.data.songs import build_songs
from scorelane.data.sources import RenderedNote, VoiceKey
from scorelane.data.targets import Example, make_example
from scorelane.model.config import scorelane_config
from scorelane.model.frontend import HARMONICS, LOWEST_PITCH, HarmonicFrames
from scorelane.notes import Note
from test_data_bank import Sines
from test_data_songs import write_song

CONFIG = scorelane_config()
V = CONFIG.vocabulary


@pytest.fixture(scope="module")
def mixer(tmp_path_factory: pytest.TempPathFactory) -> Mixer:
    folder = tmp_path_factory.mktemp("mixer")
    for number in range(10):
        # The tenth song is held out: it alone has the highest pitches.
        pitches = [60, 64, 67, 72] if number < 9 else [100]
        write_song(folder / "corpus" / f"{number}.mid", pitches * 4)
    build_songs([folder / "corpus"], folder / "songs", processes=1)
    build_bank(folder / "bank", [Sines(pitches=tuple(range(40, 104)))], processes=1)
    return open_mixer(folder / "songs", folder / "bank", CONFIG, "train")


class Swells(Sines):
    """Sines that take 0.1 s to reach their level, as bowed and blown notes do."""

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        notes = super().render(key)
        sounding = np.arange(len(notes[0].audio)) / SAMPLE_RATE - self.lead
        swell = np.clip(sounding / 0.1, 0.0, 1.0).astype(np.float32)
        return [replace(note, audio=note.audio * swell) for note in notes]


def test_a_slow_note_is_labelled_where_it_is_heard(tmp_path: Path) -> None:
    write_song(tmp_path / "corpus" / "1.mid", [60, 64, 67, 72] * 4)
    build_songs([tmp_path / "corpus"], tmp_path / "songs", processes=1)
    onsets = []
    for kind in (Sines, Swells):
        source = kind(pitches=tuple(range(40, 104)))
        build_bank(tmp_path / kind.__name__, [source], processes=1)
        mixer = open_mixer(tmp_path / "songs", tmp_path / kind.__name__, CONFIG, "train")
        onsets.append(mixer(np.random.default_rng(3)).pitched[:, :, 0].argmax(axis=0).max())
    assert onsets[1] - onsets[0] in (1, 2)


def test_half_a_minute_is_played_to_its_end(tmp_path: Path) -> None:
    write_song(tmp_path / "corpus" / "1.mid", [60, 64, 67, 72] * 80)
    build_songs([tmp_path / "corpus"], tmp_path / "songs", processes=1)
    build_bank(tmp_path / "bank", [Sines(pitches=tuple(range(40, 104)))], processes=1)
    mixer = open_mixer(tmp_path / "songs", tmp_path / "bank", CONFIG, segments=12)
    rng = np.random.default_rng(0)
    ends = []
    for _ in range(4):
        audio, notes = mixer.play(rng)
        assert len(audio) == 12 * CONFIG.segment_samples + 2 * CONFIG.context_samples
        onsets = sorted(note.onset for note in notes)
        assert np.diff(onsets).max() < 2.0
        ends.append(onsets[-1] * CONFIG.sample_rate / len(audio))
    assert max(ends) > 0.9


def examples(mixer: Mixer, count: int) -> list[Example]:
    rng = np.random.default_rng(0)
    return [mixer(rng) for _ in range(count)]


@pytest.mark.parametrize("shifted", [0.0, 1.0])
def test_labelled_onsets_are_heard_in_the_audio(
    mixer: Mixer, shifted: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mixer_module, "SHIFTED", shifted)
    hear = HarmonicFrames(CONFIG.frontend, CONFIG.sample_rate)
    heard, labelled = 0, 0
    for example in examples(mixer, 12):
        views, _ = hear(torch.from_numpy(example.audio)[None])
        fundamental = views[0, :, :, 3 * HARMONICS.index(1.0) + 1].numpy()
        for frame, pitch in np.argwhere(example.pitched[:, :, 0] == 255):
            if 12 < frame < CONFIG.frames - 12:
                labelled += 1
                after = fundamental[frame + 5 : frame + 9].mean(0)
                heard += int(abs(int(after[pitch - 2 : pitch + 3].argmax()) - 2) <= 1)
    assert labelled > 20
    assert heard > 0.9 * labelled


def test_examples_are_finite_and_in_range_with_tokens_that_end(mixer: Mixer) -> None:
    for example in examples(mixer, 30):
        assert example.audio.shape == (CONFIG.window_samples,)
        assert np.isfinite(example.audio).all()
        assert np.abs(example.audio).max() <= 1.5
        assert example.tokens[-1] == 1 and example.tokens.count(V.tie) == 1
        begins = np.concatenate([example.pitched[..., 0], example.drums], axis=1) == 255
        assert ((example.loudness > 0) == begins).all()


def test_only_songs_of_the_split_are_drawn(mixer: Mixer) -> None:
    # 72 transposed by at most 6 lies far below the held-out song's 100 - 6.
    sounding = np.max([example.pitched[..., 2] for example in examples(mixer, 30)], axis=0)
    assert sounding[:, 79 - LOWEST_PITCH :].max() == 0


def test_the_same_generator_draws_the_same_example(mixer: Mixer) -> None:
    first, again = (mixer(np.random.default_rng(7)) for _ in range(2))
    assert first.tokens == again.tokens
    np.testing.assert_array_equal(first.audio, again.audio)


def test_velocities_tell_how_loud_parts_are_beside_each_other(
    mixer: Mixer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def velocities() -> list[list[int]]:
        return [example.loudness[example.loudness > 0].tolist() for example in examples(mixer, 40)]

    with_others = velocities()
    monkeypatch.setattr(excerpts, "SOLO", 1.0)
    alone = velocities()
    monkeypatch.setattr(mixer_module, "LOUDER", 0.0)
    assert alone == velocities()
    monkeypatch.undo()
    monkeypatch.setattr(mixer_module, "LOUDER", 0.0)
    assert with_others != velocities()


@pytest.mark.parametrize(("velocity", "decibels", "heard"), [(40, 12.04, 80), (100, 20, 127)])
def test_twelve_decibels_are_twice_the_velocity(velocity: int, decibels: float, heard: int) -> None:
    note = Note(0.0, 1.0, 60, 0, False, velocity)
    assert [n.velocity for n in as_loud([note], decibels)] == [heard]


def silence() -> NDArray[np.float32]:
    return np.zeros(CONFIG.window_samples, np.float32)


def test_targets_lie_at_the_notes_times() -> None:
    note = Note(0.256 + 1.0, 0.256 + 1.5, 60, 0)
    drum = Note(0.256 + 0.5, 0.256 + 0.51, 38, 0, is_drum=True)
    example = make_example(silence(), [note, drum], CONFIG, phase=0)
    frame = round(1.256 * 62.5)
    begins, ends, sounds = example.pitched[:, 60 - LOWEST_PITCH].T
    assert begins[frame - 1 : frame + 2].tolist() == [128, 255, 128]
    last = round(1.756 * 62.5)
    assert ends[last - 1 : last + 2].tolist() == [128, 255, 128]
    assert np.flatnonzero(sounds)[[0, -1]].tolist() == [frame, last - 1]
    assert np.flatnonzero(example.programs[:, 60 - LOWEST_PITCH])[0] == frame // 2
    assert example.drums[round(0.756 * 62.5), 38 - 27] == 255
    assert V.shift + 100 in example.tokens and V.shift + 50 in example.tokens


def test_a_note_from_before_the_segment_is_tied() -> None:
    example = make_example(silence(), [Note(-1.0, 1.0, 60, 0)], CONFIG, phase=3)
    assert example.tokens[:3] == [V.program, V.pitch + 60, V.tie]


def test_an_overdriven_chord_is_level_and_has_overtones_of_no_note() -> None:
    time = np.arange(16000) / 16000
    swell = np.linspace(0.2, 1.0, 16000)
    chord = (swell * (np.sin(2 * np.pi * 400 * time) + np.sin(2 * np.pi * 500 * time))).astype("f4")
    driven = overdrive(chord, 20.0)
    assert np.abs(driven).max() == pytest.approx(np.abs(chord).max(), rel=1e-3)
    assert np.std(driven[:4000]) > 0.8 * np.std(driven[-4000:])
    before, after = (np.abs(np.fft.rfft(sound))[300] for sound in (chord, driven))
    assert after > 20 * before


@pytest.mark.parametrize("seed", range(8))
def test_a_room_records_sound_and_silence(seed: int) -> None:
    rng = np.random.default_rng(seed)
    room = Room(rng, 4000, 16000)
    room.add(np.sin(np.arange(4000) * 0.3).astype(np.float32), 0.5)
    recorded = room.record()
    assert recorded.shape == (4000,) and np.isfinite(recorded).all()
    assert 1e-3 < np.abs(recorded).max() < 2
    empty = Room(rng, 4000, 16000).record()
    assert np.isfinite(empty).all() and np.abs(empty).max() < 0.5
