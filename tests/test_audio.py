from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from scorelane.audio import find_audio, open_audio
from scorelane.display import clock, pitch_name, printable
from scorelane.errors import AudioError, UsageError

RATE = 44_100


def tone(seconds: float = 3.0, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def read_all(source: Any, sample_rate: int | None = None) -> tuple[np.ndarray, int, list[str]]:
    with open_audio(source, sample_rate) as audio:
        blocks = list(audio.blocks())
        assert all(b.dtype == np.float32 and b.shape[0] == audio.channels for b in blocks)
        assert all(0 < b.shape[1] <= 8192 for b in blocks)
        assert audio.frames_read == sum(b.shape[1] for b in blocks)
        return np.concatenate(blocks, axis=1), audio.sample_rate, audio.warnings


def write(path: Path, samples: np.ndarray, rate: int = RATE, **options: Any) -> Path:
    """Write in pieces: libsndfile's Vorbis and Opus encoders crash on long single calls."""
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    with soundfile.SoundFile(path, "w", rate, channels, **options) as file:
        for start in range(0, len(samples), 8192):
            file.write(samples[start : start + 8192])
    return path


OPUS = {"format": "OGG", "subtype": "OPUS"}
FORMATS = [
    ("a.wav", RATE, {}, 1e-3),
    ("a.flac", RATE, {}, 1e-3),
    ("a.aiff", RATE, {}, 1e-3),
    ("a.caf", RATE, {}, 1e-3),
    ("a.mp3", RATE, {}, 0.05),
    ("a.ogg", RATE, {}, 0.05),
    ("a.opus", 48_000, OPUS, 0.05),
    ("f64.wav", RATE, {"subtype": "DOUBLE"}, 1e-6),
    ("u8.wav", RATE, {"subtype": "PCM_U8"}, 0.01),
]


@pytest.mark.parametrize(("name", "rate", "options", "error"), FORMATS, ids=[f[0] for f in FORMATS])
def test_formats_keep_length_level_and_channels(
    tmp_path: Path, name: str, rate: int, options: dict[str, str], error: float
) -> None:
    left = tone(1.0, rate)
    stereo = np.stack([left, 0.5 * left], axis=1)
    samples, got_rate, warnings = read_all(write(tmp_path / name, stereo, rate, **options))
    assert got_rate == rate
    assert samples.shape == (2, rate)
    # The last frames are the encoder's own affair (libsndfile's Opus ends with a click).
    assert np.abs(samples - stereo.T)[:, :-2000].max() < error
    assert warnings == []


@pytest.mark.parametrize(("name", "rate", "options"), [f[:3] for f in FORMATS[4:7]])
def test_lossy_formats_do_not_shift_time(
    tmp_path: Path, name: str, rate: int, options: dict[str, str]
) -> None:
    """An MP3 decoder that plays its encoder's delay would put every note 25 ms late."""
    click = np.zeros(2 * rate, np.float32)
    click[rate : rate + 400] = np.sin(np.arange(400) * 0.3) * np.hanning(400)
    samples, *_ = read_all(write(tmp_path / name, click, rate, **options))
    near = samples[0, rate - 3000 : rate + 3400]
    shift = int(np.argmax(np.correlate(near, click[rate : rate + 400]))) - 3000
    assert abs(shift) <= 2


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 96_000, 192_000, 384_000])
def test_any_rate(tmp_path: Path, rate: int) -> None:
    samples, got_rate, _ = read_all(write(tmp_path / "a.wav", tone(0.5, rate), rate))
    assert (got_rate, samples.shape) == (rate, (1, rate // 2))


@pytest.mark.parametrize("channels", [1, 2, 6, 40, 300])
def test_any_channel_count(tmp_path: Path, channels: int) -> None:
    samples, *_ = read_all(write(tmp_path / "a.wav", np.repeat(tone(0.3)[:, None], channels, 1)))
    assert samples.shape == (channels, round(0.3 * RATE))


@pytest.mark.parametrize("rate", [1, 999, 384_001, 2_000_000])
def test_absurd_rate_is_refused(tmp_path: Path, rate: int) -> None:
    path = write(tmp_path / "a.wav", tone(0.1), rate)
    with pytest.raises(AudioError, match=f"sample rate of {rate} Hz"):
        open_audio(path)


def test_memory_is_bounded_by_the_block(tmp_path: Path) -> None:
    with open_audio(write(tmp_path / "a.wav", np.zeros((9000, 1000), np.float32))) as audio:
        largest = max(block.nbytes for block in audio.blocks())
    assert largest <= 1 << 20


@pytest.mark.parametrize(
    ("dtype", "scale"), [("int16", 2**15), ("int32", 2**31), ("int8", 128), ("float64", 1)]
)
def test_arrays_of_any_type(dtype: str, scale: int) -> None:
    wave = (tone(0.2) * scale).astype(dtype)
    samples, *_ = read_all(wave, RATE)
    assert np.abs(samples[0] - tone(0.2)).max() < 1.01 / min(scale, 2**15) + (scale == 1) * 1e-7


def test_unsigned_arrays_are_centred() -> None:
    samples, *_ = read_all(np.array([0, 128, 255], np.uint8), RATE)
    assert samples[0] == pytest.approx([-1.0, 0.0, 127 / 128])


@pytest.mark.parametrize("layout", ["[n]", "[channels, n]", "[n, channels]"])
def test_array_layouts(layout: str) -> None:
    left = tone(0.2)
    stereo = np.stack([left, -left])
    given = {"[n]": left, "[channels, n]": stereo, "[n, channels]": stereo.T}[layout]
    samples, *_ = read_all(given, RATE)
    assert np.array_equal(samples, stereo[:1] if layout == "[n]" else stereo)


@pytest.mark.parametrize("shape", [(100, 200), (2, 3, 100), ()])
def test_ambiguous_arrays_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioError, match=r"neither \[n\]"):
        open_audio(np.zeros(shape, np.float32), RATE)


@pytest.mark.parametrize("samples", [np.zeros(9, bool), np.zeros(9, complex), np.array(["a"] * 9)])
def test_arrays_of_other_things_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(AudioError, match="integers or floats"):
        open_audio(samples, RATE)


def test_empty_array_holds_no_sound() -> None:
    with pytest.raises(AudioError, match="no samples"):
        read_all(np.zeros(0, np.float32), RATE)


def test_sample_rate_goes_with_arrays_only(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="sample_rate"):
        open_audio(np.zeros(100, np.float32))
    with pytest.raises(UsageError, match="sample_rate"):
        open_audio(write(tmp_path / "a.wav", tone(0.1)), RATE)


def test_values_that_are_no_numbers_become_silence(tmp_path: Path) -> None:
    wave = tone(0.5)
    wave[100:110], wave[20_000] = np.nan, np.inf
    samples, _, warnings = read_all(write(tmp_path / "nan.wav", wave, subtype="FLOAT"))
    assert np.isfinite(samples).all()
    assert not samples[0, 100:110].any()
    assert np.array_equal(samples[0, 110:20_000], wave[110:20_000])
    assert len(warnings) == 1
    assert "not numbers" in warnings[0]


def test_overflowing_float64_is_silence_too() -> None:
    samples, _, warnings = read_all(np.array([0.5, 1e300, -0.5]), RATE)
    assert samples[0].tolist() == [0.5, 0.0, -0.5]
    assert len(warnings) == 1


def cut(path: Path, share: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def test_truncated_mp3_is_read_to_where_it_ends(tmp_path: Path) -> None:
    samples, _, warnings = read_all(cut(write(tmp_path / "a.mp3", tone(6.0))))
    assert samples.shape[1] / RATE == pytest.approx(3.0, abs=0.2)
    assert np.abs(samples[0, -4000:-2500]).max() > 0.2  # sound to the end, no silence filled in
    assert len(warnings) == 1
    assert "cut off" in warnings[0]
    assert "0:06.0" in warnings[0]


def test_truncated_flac_is_read_to_where_it_breaks(tmp_path: Path) -> None:
    samples, _, warnings = read_all(cut(write(tmp_path / "a.flac", tone(6.0))))
    assert 1.5 < samples.shape[1] / RATE <= 4.0
    assert len(warnings) == 1
    assert "damaged after" in warnings[0] or "cut off" in warnings[0]


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.ogg", "a.opus"])
def test_other_truncated_files_give_what_they_have(tmp_path: Path, name: str) -> None:
    options = OPUS if name == "a.opus" else {}
    noise = 0.1 * np.random.default_rng(0).standard_normal(48_000 * 8).astype(np.float32)
    samples, *_ = read_all(cut(write(tmp_path / name, noise, 48_000, **options)))
    assert 2.5 < samples.shape[1] / 48_000 < 5.0


def test_flac_of_unknown_length(tmp_path: Path) -> None:
    """A FLAC that was written to a pipe says 0 for its number of samples."""
    path = write(tmp_path / "a.flac", tone(1.0))
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # STREAMINFO: the low 36 bits of bytes 18-25
    data[22:26] = bytes(4)
    path.write_bytes(data)
    samples, _, warnings = read_all(path)
    assert samples.shape == (1, RATE)
    with open_audio(path) as audio:
        assert audio.expected_seconds is None
    assert warnings == []


def test_second_reader_takes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise soundfile.LibsndfileError(1)

    path = write(tmp_path / "a.wav", tone(1.0))
    monkeypatch.setattr(soundfile, "SoundFile", refuse)
    samples, rate, _ = read_all(path)
    assert (rate, samples.shape) == (RATE, (1, RATE))
    assert np.abs(samples[0] - tone(1.0)).max() < 1e-3


BAD = {
    "empty.wav": (b"", "is empty"),
    "text.wav": (b"I am a text, not a sound.\n" * 99, "not an audio file"),
    "text.mp3": (b"I am a text, not a sound.\n" * 99, "not an audio file"),
    "noise.flac": (bytes(range(256)) * 20, "not an audio file"),
    "noise.raw": (bytes(range(256)) * 20, "not an audio file"),
    "noise": (bytes(range(256)) * 20, "not an audio file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_audio_says_so(tmp_path: Path, name: str) -> None:
    content, message = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AudioError, match=message) as caught:
        open_audio(tmp_path / name)
    assert name in str(caught.value)


def test_zero_frames(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no samples"):
        read_all(write(tmp_path / "a.wav", tone(0)))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="does not exist"):
        open_audio(tmp_path / "nothing.wav")
    with pytest.raises(AudioError, match="is a folder"):
        open_audio(tmp_path)


def test_find_audio_looks_deep_and_leaves_the_hidden(tmp_path: Path) -> None:
    for name in ("b.FLAC", "sub/deep/a.mp3", "notes.txt", ".hidden.wav", ".cache/x.wav", "z.mid"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.wav").mkdir()
    found = [str(path.relative_to(tmp_path)) for path in find_audio(tmp_path)]
    assert found == ["b.FLAC", "sub/deep/a.mp3"]


def test_folder_without_audio(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(AudioError, match="No audio file"):
        find_audio(tmp_path)


def test_times_and_pitches_are_worded() -> None:
    assert [clock(s) for s in (0, 59.94, 59.96, 61.26, 3600, 10_799.99)] == [
        "0:00.0",
        "0:59.9",
        "1:00.0",
        "1:01.3",
        "1:00:00.0",
        "3:00:00.0",
    ]
    assert [pitch_name(p) for p in (0, 21, 60, 61, 127)] == ["C-1", "A0", "C4", "C#4", "G9"]
    assert printable("caf\udce9.wav") == "caf\ufffd.wav"
