"""Sounds -> a note bank: recorded samples, drum kits, trimming, levels, looking notes up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scorelane.data.bank import AUDIO_FILE, Bank
from scorelane.data.build_bank import build_bank
from scorelane.data.catalogue import named_sample_folder, sample_folder
from scorelane.data.measure import (
    SAMPLE_RATE,
    Audio,
    attack_samples,
    lead_samples,
    loudness,
    release_time,
    sounding_samples,
)
from scorelane.data.samples import DrumFolder, HydrogenKit, drum_keys, note_name_to_pitch
from scorelane.data.sources import Licence, RenderedNote, VoiceKey
from scorelane.errors import UsageError

TERMS = Licence("a package", "CC0", "somebody")


def tone(pitch: float, seconds: float, *, rate: int = SAMPLE_RATE, level: float = 0.5) -> Audio:
    t = np.arange(int(seconds * rate)) / rate
    wave: Audio = (level * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * t)).astype(
        np.float32
    )
    return wave


def dominant_pitch(audio: Audio) -> float:
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio)), 1 << 18))
    frequency = np.argmax(spectrum) * SAMPLE_RATE / (1 << 18)
    return float(69 + 12 * np.log2(frequency / 440))


def played(bank: Bank, voice: int, pitch: int, velocity: int) -> Audio:
    note = bank.note(voice, pitch, velocity)
    assert note is not None
    samples = bank.audio[note.start : note.start + note.length].astype(np.float32)
    return samples / np.float32(32768) * np.float32(note.gain)


@dataclass(frozen=True)
class Sines:
    """A source without files: each note is a sine after some silence."""

    name: str = "sines"
    programs: tuple[int, ...] = (0, 40)
    pitches: tuple[int, ...] = (60, 61, 62)
    velocities: tuple[int, ...] = (40, 80, 120)
    lead: float = 0.05
    weight: float = field(default=1.0, repr=False)
    licence: Licence = field(default=TERMS, repr=False)
    log: Path | None = field(default=None, repr=False)

    def voices(self) -> list[VoiceKey]:
        return [VoiceKey(program, False, 0, f"sine {program}") for program in self.programs]

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{key.program}\n")
        silence = np.zeros(int(self.lead * SAMPLE_RATE), np.float32)
        return [
            RenderedNote(
                pitch,
                velocity,
                np.concatenate([silence, tone(pitch, 1.0, level=0.3 * (velocity / 127) ** 2)]),
                0.1,
            )
            for pitch in self.pitches
            for velocity in self.velocities
        ]


def test_the_lead_is_the_silence_before_the_sound_less_two_milliseconds() -> None:
    audio = np.concatenate([np.zeros(800, np.float32), tone(69, 0.5)])
    assert lead_samples(audio) == pytest.approx(800 - 32, abs=2)
    swelling = tone(69, 0.5) * np.linspace(0, 1, 8000, dtype=np.float32)
    assert lead_samples(swelling) < 0.02 * SAMPLE_RATE
    assert lead_samples(np.zeros(1000, np.float32)) == 0


def test_an_onset_is_heard_where_the_attack_nears_its_peak() -> None:
    assert attack_samples(tone(69, 0.5)) == 0
    swelling = tone(69, 0.5)
    swelling[:1600] *= np.linspace(0, 1, 1600, dtype=np.float32)
    # A fifth of the peak, after a fifth of the swell.
    assert attack_samples(swelling) == pytest.approx(320, abs=80)
    assert attack_samples(np.zeros(0, np.float32)) == 0


def test_a_sound_ends_when_it_stays_quiet() -> None:
    audio = np.concatenate([tone(69, 0.25), np.zeros(8000, np.float32)])
    assert sounding_samples(audio) == pytest.approx(4000, abs=160)
    assert sounding_samples(np.zeros(500, np.float32)) == 0


@pytest.mark.parametrize("tau", [0.02, 0.1, 0.5])
def test_release_is_measured_against_the_held_note(tau: float) -> None:
    t = np.arange(int(0.6 * SAMPLE_RATE)) / SAMPLE_RATE
    held = tone(60, 0.6) * np.exp(-t / 1.5).astype(np.float32)
    released = held * np.exp(-t / tau).astype(np.float32)
    assert release_time(held, released) == pytest.approx(tau, rel=0.1)
    assert release_time(held, held) == 2.0


def test_a_bank_note_begins_at_once_at_the_right_pitch_and_level(tmp_path: Path) -> None:
    bank = build_bank(tmp_path, [Sines()], processes=1)
    assert bank.programs == (0, 40)
    audio = played(bank, 0, 61, 120)
    assert np.abs(audio[: int(0.005 * SAMPLE_RATE)]).max() > 0.01
    assert dominant_pitch(audio[1000:9000]) == pytest.approx(61, abs=0.05)
    assert loudness(audio) == pytest.approx(0.1, rel=0.05)
    assert bank.lead[0] == pytest.approx(0.05 * SAMPLE_RATE, abs=40)
    assert bank.release_s[0] == pytest.approx(0.1)


def test_level_follows_velocity_between_the_layers(tmp_path: Path) -> None:
    bank = build_bank(tmp_path, [Sines()], processes=1)
    assert bank.voice_exponent[0] == pytest.approx(2.0, abs=0.05)
    for velocity in (20, 55, 80, 100, 127):
        expected = 0.1 * (velocity / 120) ** 2
        assert loudness(played(bank, 0, 60, velocity)) == pytest.approx(expected, rel=0.05)


def test_many_notes_are_looked_up_at_once_and_missing_ones_marked(tmp_path: Path) -> None:
    bank = build_bank(tmp_path, [Sines(), Sines("more", (73,), velocities=(90,))], processes=1)
    rows, gains = bank.rows(np.array([0, 1, 2, 2]), np.array([60, 62, 61, 99]), np.full(4, 70))
    assert bank.voice[rows[:3]].tolist() == [0, 1, 2]
    assert bank.pitch[rows[:3]].tolist() == [60, 62, 61]
    assert bank.velocity[rows[:3]].tolist() == [80, 80, 90]
    assert rows[3] == -1 and gains[3] == 0 and (gains[:3] > 0).all()
    assert bank.note(2, 99, 70) is None


def test_voices_are_drawn_by_weight_and_sources_share_theirs(tmp_path: Path) -> None:
    sources = [Sines("four", (0, 1, 2, 3)), Sines("one", (0,)), Sines("rare", (0,), weight=0.0)]
    bank = build_bank(tmp_path, sources, processes=1)
    rng = np.random.default_rng(0)
    drawn = bank.voice_source[[bank.choose(rng, 2) for _ in range(2000)]]
    assert (drawn == 0).mean() == pytest.approx(0.5, abs=0.05)
    assert (drawn == 2).sum() == 0
    assert bank.choose(rng, 56) == -1
    assert bank.choose(rng, 125) == -1
    assert bank.choose(rng, 0, is_drum=True) == -1


def test_a_build_goes_on_with_the_sources_that_are_done(tmp_path: Path) -> None:
    log = tmp_path / "log"
    first = Sines("first", log=log)
    build_bank(tmp_path / "bank", [first], processes=1, keep_parts=True)
    both = build_bank(tmp_path / "bank", [first, Sines("second", log=log)], processes=1)
    assert log.read_text().split() == ["0", "40", "0", "40"]
    assert both.source_names == ["first", "second"]
    assert sorted(path.name for path in (tmp_path / "bank").iterdir()) == ["bank.i16", "index.npz"]
    third = loudness(played(both, 3, 60, 120))
    assert third == pytest.approx(0.1, rel=0.05)


def test_a_cut_bank_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="data bank"):
        Bank.open(tmp_path)
    build_bank(tmp_path, [Sines()], processes=1)
    with (tmp_path / AUDIO_FILE).open("r+b") as file:
        file.truncate(1000)
    with pytest.raises(UsageError, match="incomplete"):
        Bank.open(tmp_path)


def test_licences_are_listed_for_the_model_card(tmp_path: Path) -> None:
    bank = build_bank(tmp_path, [Sines()], processes=1)
    assert "| sines | a package | somebody | CC0 |" in bank.licence_table()


@pytest.mark.parametrize(
    ("name", "pitch"),
    [("A4", 69), ("Cs4", 61), ("C#4v8", 61), ("Bb3", 58), ("C-1", 0), ("A0v10", 21)],
)
def test_note_names_are_read(name: str, pitch: int) -> None:
    assert note_name_to_pitch(name) == pitch


@pytest.mark.parametrize("name", ["readme", "H4", "A", "4A", "G#99"])
def test_other_names_are_not_notes(name: str) -> None:
    assert note_name_to_pitch(name) is None


def test_recordings_fill_the_pitches_within_reach(tmp_path: Path) -> None:
    folder = tmp_path / "flute"
    folder.mkdir()
    for name, pitch, level in (("A4", 69, 0.5), ("A5", 81, 0.1)):
        stereo = np.repeat(tone(pitch, 1.0, rate=44_100, level=level)[:, None], 2, axis=1)
        soundfile.write(folder / f"{name}.wav", stereo, 44_100)
    (folder / "notes.txt").write_text("not a sample")
    bank = build_bank(tmp_path / "bank", [sample_folder(folder, 73)], processes=1)
    assert np.unique(bank.pitch).tolist() == [*range(65, 74), *range(77, 86)]
    for pitch in (66, 69, 72, 80):
        assert dominant_pitch(played(bank, 0, pitch, 90)[800:8800]) == pytest.approx(
            pitch, abs=0.05
        )
    # The recordist's uneven levels are evened out, and nobody plays longer than was recorded.
    levels = [loudness(played(bank, 0, pitch, 90)) for pitch in (69, 81)]
    assert levels[0] == pytest.approx(levels[1], rel=0.1)
    assert bank.length.max() <= 1.27 * SAMPLE_RATE


def test_folders_without_usable_samples_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        sample_folder(tmp_path / "nowhere", 0)
    with pytest.raises(UsageError, match="named after their notes"):
        build_bank(tmp_path / "bank", [sample_folder(tmp_path, 0)], processes=1)


@pytest.mark.parametrize("named", ["violin", "violin=here", "-1=here", "128=.", "=."])
def test_a_program_is_asked_for_that_is_one(named: str) -> None:
    with pytest.raises(UsageError, match="127"):
        named_sample_folder(named)


def test_a_folder_is_named_with_its_program(tmp_path: Path) -> None:
    source = named_sample_folder(f"40={tmp_path}")
    assert (source.program, source.path) == (40, tmp_path)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Kick Hard 1", 36),
        ("Rim Click (Maple)", 37),
        ("Side Stick", 37),
        ("Pearl Snare Rimshot", 40),
        ("Snare Jazz", 38),
        ("Closed HH", 42),
        ("hi-hat pedal", 44),
        ("Hat 1 Op", 46),
        ("Floor Tom", 41),
        ("Tom Low", 45),
        ("ride bell", 53),
        ("Crash Left", 49),
        ("bassdrum acoustic", 36),
        ("drum cymbal closed", 42),
        ("shaker", 70),
    ],
)
def test_drums_are_known_by_their_names(name: str, key: int) -> None:
    assert drum_keys(name)[0] == key


def test_names_that_say_nothing_are_left_out() -> None:
    assert drum_keys("Snare Roll") == drum_keys("17") == drum_keys("Crash Choke") == ()


def write_kit(folder: Path) -> None:
    folder.mkdir()
    hit = tone(40, 0.2, rate=48_000) * np.linspace(1, 0, 9600, dtype=np.float32)
    for name in ("soft", "hard", "other", "snare"):
        soundfile.write(folder / f"{name}.wav", hit * (0.1 if name == "soft" else 1.0), 48_000)
    (folder / "drumkit.xml").write_text(
        """<drumkit_info xmlns="urn:kit"><instrumentList>
        <instrument><name>Kick</name><volume>1</volume>
          <layer><filename>soft.wav</filename><min>0</min><max>0.5</max><gain>1</gain></layer>
          <layer><filename>hard.wav</filename><min>0.5</min><max>1</max><gain>1</gain></layer>
        </instrument>
        <instrument><name>Kick 2</name><volume>1</volume>
          <layer><filename>other.wav</filename><min>0</min><max>1</max></layer></instrument>
        <instrument><name>Snare</name><filename>snare.wav</filename></instrument>
        <instrument><name>Mystery</name><filename>snare.wav</filename></instrument>
        <instrument><name>Ride</name><filename>gone.wav</filename></instrument>
        </instrumentList></drumkit_info>"""
    )


def test_a_hydrogen_kit_lands_on_general_midi_keys(tmp_path: Path) -> None:
    write_kit(tmp_path / "kit")
    bank = build_bank(tmp_path / "bank", [HydrogenKit("kit", tmp_path / "kit", TERMS)], processes=1)
    assert bank.voice_is_drum.tolist() == [True, True]
    first, second = ((bank.voice == voice) for voice in (0, 1))
    assert sorted(set(bank.pitch[first].tolist())) == [35, 36, 38, 40]
    assert sorted(bank.velocity[first & (bank.pitch == 36)].tolist()) == [21, 107]
    assert bank.velocity[second & (bank.pitch == 36)].tolist() == [107]
    assert loudness(played(bank, 0, 36, 30)) < 0.2 * loudness(played(bank, 0, 36, 110))
    assert bank.choose(np.random.default_rng(0), 0, is_drum=True) in (0, 1)


def test_a_folder_of_hits_makes_a_kit_of_each_choice(tmp_path: Path) -> None:
    write_kit(tmp_path / "kit")
    for old, new in (("soft", "bassdrum01"), ("hard", "bassdrum02"), ("other", "zap01")):
        (tmp_path / "kit" / f"{old}.wav").rename(tmp_path / "kit" / f"{new}.wav")
    hits = DrumFolder("hits", tmp_path / "kit", TERMS)
    assert [key.name for key in hits.voices()] == ["hits 1", "hits 2"]
    first, second = (
        {key: layers[0].file.stem for key, layers in hits.placed(variant).items()}
        for variant in (0, 1)
    )
    assert first == {36: "bassdrum01", 35: "bassdrum02", 38: "snare", 40: "snare"}
    assert second == {36: "bassdrum02", 35: "bassdrum01", 38: "snare", 40: "snare"}
    assert len(hits.render(hits.voices()[0])) == 4


@dataclass(frozen=True)
class FullKit(Sines):
    """A source with a drum on each of the General MIDI keys."""

    def voices(self) -> list[VoiceKey]:
        return [VoiceKey(0, True, 0, "full")]


def test_a_kit_borrows_the_drums_that_it_lacks(tmp_path: Path) -> None:
    write_kit(tmp_path / "kit")
    kit = HydrogenKit("kit", tmp_path / "kit", TERMS)
    full = FullKit("full", pitches=tuple(range(35, 82)), velocities=(60, 110))
    bank = build_bank(tmp_path / "bank", [kit, full], processes=1)
    rows, gains = bank.rows(0, np.array([36, 49, 90]), np.array([100, 100, 100]))
    assert bank.voice[rows[:2]].tolist() == [0, 2]
    assert bank.pitch[rows[1]] == 49 and bank.velocity[rows[1]] == 110
    assert rows[2] == -1 and gains[1] > 0


def test_a_folder_that_is_no_kit_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a Hydrogen drum kit"):
        build_bank(tmp_path / "bank", [HydrogenKit("kit", tmp_path, TERMS)], processes=1)
