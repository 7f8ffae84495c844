"""What goes into the plugin comes out of it, to the bit and at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_tools import noise, processor_module

Processor = processor_module().Processor

RATES = (8000, 11025, 22050, 44100, 48000, 88200, 96000, 192_000)

pytestmark = pytest.mark.usefixtures("data_home")


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
def test_audio_passes_bit_exact_without_latency(rate: int, channels: int) -> None:
    processor = Processor(rate, 512, channels=channels)
    audio = noise(0.3, rate, channels)
    out, _ = processor.process(audio)
    assert processor.latency == 0
    assert out.dtype == np.float32
    assert np.array_equal(out.view(np.uint32), audio.view(np.uint32))


@pytest.mark.parametrize("block", [1, 2, 3, 17, 31, 64, 127, 441, 512, 1024, 4096, 8191, 8192])
def test_any_block_size(block: int) -> None:
    processor = Processor(44100, block)
    audio = noise(0.2 if block > 16 else 0.02, 44100)
    assert np.array_equal(processor.process(audio)[0], audio)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 700), min_size=1, max_size=12),
    st.sampled_from(RATES),
    st.sampled_from([1, 2]),
    st.booleans(),
    st.booleans(),
)
def test_blocks_of_changing_size(
    sizes: list[int], rate: int, channels: int, record: bool, realtime: bool
) -> None:
    processor = Processor(rate, 512, channels=channels, realtime=realtime)
    processor.record = record
    for seed, size in enumerate(sizes):
        audio = noise(size / rate, rate, channels, seed)
        assert np.array_equal(processor.process(audio)[0], audio)


def test_odd_samples_pass_too() -> None:
    odd = np.array([np.nan, np.inf, -np.inf, 1e-42, -0.0, 3e38, -5.0, 1.0], dtype=np.float32)
    processor = Processor(48000, 4)
    audio = np.stack([odd, odd[::-1]])
    for record in (False, True):
        processor.record = record
        out, _ = processor.process(audio)
        assert np.array_equal(out.view(np.uint32), audio.view(np.uint32))


@pytest.mark.parametrize("realtime", [False, True])
def test_bypass_passes_audio_and_ends_recording(tiny_path: Path, realtime: bool) -> None:
    processor = Processor(16000, 256, realtime=realtime)
    processor.choose_model(str(tiny_path))
    processor.mix = 1.0  # only the preview: the original must be back in bypass
    processor.bypass = True
    audio = noise(0.5, 16000)
    assert np.array_equal(processor.process(audio)[0], audio)
    processor.record = True
    processor.process(audio)
    assert processor.wait(10)
    assert processor.status["stage"] == "empty"


def test_recording_does_not_touch_what_passes(tiny_path: Path) -> None:
    processor = Processor(44100, 300)
    processor.choose_model(str(tiny_path))
    audio = noise(1.0, 44100)
    processor.record = True
    assert np.array_equal(processor.process(audio)[0], audio)
    processor.record = False
    assert np.array_equal(processor.process(audio)[0], audio)
    assert len(processor.notes) > 10
    processor.mix = 0.5
    assert np.isfinite(processor.process(audio)[0]).all()


def test_mix_fades_original_into_preview(tiny_path: Path) -> None:
    processor = Processor(44100, 512)
    processor.choose_model(str(tiny_path))
    audio = noise(1.0, 44100)
    processor.record = True
    processor.process(audio)
    processor.record = False

    def played(mix: float) -> Any:
        processor.prepare()
        processor.reset()
        processor.mix = mix
        return processor.process(np.zeros_like(audio))[0]

    assert np.array_equal(played(0.0), np.zeros_like(audio))
    assert np.abs(played(1.0)).max() > 0.01
    processor.reset()
    processor.process(audio[:, :4096])  # the fade takes a block
    alone = processor.process(np.full_like(audio, 1e-3))[0]
    processor.preview_level = -60.0
    silent = processor.process(np.full_like(audio, 1e-3))[0]
    assert np.abs(silent[:, 1024:]).max() < np.abs(alone).max()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((0.0, 512), "sample rate"),
        ((float("nan"), 512), "sample rate"),
        ((44100, 0), "block size"),
        ((44100, 1 << 20), "block size"),
    ],
)
def test_impossible_hosts_are_refused(arguments: tuple[float, int], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Processor(*arguments)


def test_audio_of_another_shape_is_refused() -> None:
    processor = Processor(44100, 512)
    with pytest.raises(ValueError, match="2 channels"):
        processor.process(np.zeros(100, np.float32))
    with pytest.raises(ValueError, match="must be"):
        processor.process(np.zeros((1, 2, 3), np.float32))


def test_parameters_are_attributes_and_checked() -> None:
    processor = Processor()
    assert "sensitivity" in processor.parameters
    processor.sensitivity = 0.25
    assert processor.sensitivity == pytest.approx(0.25)
    processor.quantise_grid = "1/16"
    assert processor.quantise_grid == "1/16"
    processor.allow_drums = False
    assert processor.allow_drums is False
    with pytest.raises(ValueError, match="between"):
        processor.sensitivity = 1.5
    with pytest.raises(ValueError, match="one of: Off, 1/4"):
        processor.quantise_grid = "1/5"
    with pytest.raises(ValueError, match="must be a number"):
        processor.sensitivity = "much"
    with pytest.raises(AttributeError):
        _ = processor.loudness
