"""The engine through its one door, with a model of a few lines (tiny_archive.py)."""

from __future__ import annotations

import gc
import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelane import _engine, engine
from scorelane.engine import Engine
from scorelane.errors import AudioError, Cancelled, EngineError, UsageError
from scorelane.instruments import InstrumentMask, parse_instruments
from scorelane.notes import Note
from scorelane.tuning import CONCERT_PITCH, HIGHEST, LOWEST
from tiny_archive import SAMPLE_RATE, SEGMENT, WINDOW, Stuck, save_archive

Samples = NDArray[np.float32]


@pytest.fixture(scope="module")
def tiny(tiny_path: Path) -> Engine:
    return engine.load(tiny_path, device="cpu")


def noise(seconds: float, rate: int, channels: int | None = None) -> Samples:
    shape = (round(seconds * rate),) if channels is None else (channels, round(seconds * rate))
    return np.random.default_rng(0).uniform(-0.4, 0.4, shape).astype(np.float32)


# What comes out


def test_notes_have_the_fields_of_the_contract(tiny: Engine) -> None:
    notes = tiny.transcribe(noise(3, SAMPLE_RATE), SAMPLE_RATE)
    assert len(notes) > 30
    assert notes == sorted(notes)
    assert {type(value) for n in notes for value in (n.onset, n.offset, n.confidence)} == {float}
    assert {type(value) for n in notes for value in (n.pitch, n.program, n.velocity)} == {int}
    assert {n.is_drum for n in notes} == {True, False}
    pitched = next(n for n in notes if not n.is_drum)
    token = 1004 + pitched.pitch  # what the model's heads say depends on the token
    assert pitched.velocity == max(1, min(127, round(127 * token / 2000)))
    assert pitched.confidence == pytest.approx(1 / (1 + np.exp(-(token - 1100) / 100)), abs=1e-6)


def test_config_and_device(tiny: Engine) -> None:
    assert tiny.config["name"] == "tiny"
    assert tiny.config["segment_samples"] == SEGMENT
    assert tiny.device == "cpu"
    assert repr(tiny) == "Engine('tiny', device='cpu')"


def test_channels_are_averaged(tiny: Engine) -> None:
    mono = noise(2, 22050)
    six = np.stack([mono * 6, *[np.zeros_like(mono)] * 5])
    assert tiny.transcribe(six, 22050) == tiny.transcribe(mono, 22050)
    assert tiny.transcribe(mono.astype(np.float64), 22050) == tiny.transcribe(mono, 22050)
    strided = np.repeat(mono, 2)[::2]
    assert tiny.transcribe(strided, 22050) == tiny.transcribe(mono, 22050)


@pytest.mark.parametrize("rate", [1000, 8000, 44100, 192000, 384000])
def test_any_rate(tiny: Engine, rate: int) -> None:
    notes = tiny.transcribe(noise(1.2, rate), rate)
    assert notes
    assert max(n.offset for n in notes) <= 1.2 + 0.011


def test_silence_and_next_to_nothing(tiny: Engine) -> None:
    assert tiny.transcribe(np.zeros(100_000, np.float32), 44100) == []
    assert tiny.transcribe(np.zeros(0, np.float32), 44100) == []
    one = tiny.transcribe(np.ones(1, np.float32), SAMPLE_RATE)
    assert all(n.offset <= 0.0201 for n in one)


def test_the_number_of_threads_changes_nothing(tiny: Engine, tiny_path: Path) -> None:
    samples = noise(9, SAMPLE_RATE)
    alone = engine.load(tiny_path, device="cpu", threads=1).transcribe(samples, SAMPLE_RATE)
    many = engine.load(tiny_path, device="cpu", threads=5).transcribe(samples, SAMPLE_RATE)
    assert alone == many == tiny.transcribe(samples, SAMPLE_RATE)
    assert torch.get_num_threads() >= 1


def test_torch_keeps_its_threads(tiny_path: Path) -> None:
    before = torch.get_num_threads()
    engine.load(tiny_path, device="cpu", threads=1).transcribe(noise(2, SAMPLE_RATE), SAMPLE_RATE)
    assert torch.get_num_threads() == before


def test_tokens_of_windows(tiny: Engine) -> None:
    windows = noise(WINDOW / SAMPLE_RATE, SAMPLE_RATE, channels=7)
    together = tiny.tokens(windows)
    assert [row[0] for row in together] == [1134] * 7
    for row, window in zip(together, windows, strict=True):
        assert np.array_equal(row, tiny.tokens(window[np.newaxis])[0])
    with pytest.raises(AudioError, match=str(WINDOW)):
        tiny.tokens(windows[:, 1:])


def test_a_row_without_eos_keeps_its_tokens(tmp_path: Path) -> None:
    stuck = engine.load(save_archive(tmp_path / "stuck.pt", Stuck()), device="cpu")
    (row,) = stuck.tokens(np.ones((1, WINDOW), np.float32))
    assert row.tolist() == [1134] + [1064] * 63


# Streaming


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_stream_equals_the_file_whatever_the_pieces(tiny: Engine, data: st.DataObject) -> None:
    rate = data.draw(st.sampled_from([SAMPLE_RATE, 44100, 8000]))
    batch_size = data.draw(st.sampled_from([1, 3, 32]))
    samples = noise(data.draw(st.floats(0.01, 4.0)), rate, channels=2)
    size = st.one_of(st.integers(0, 300), st.integers(1000, 60_000))
    sizes = itertools.cycle([*data.draw(st.lists(size, max_size=8)), 2000])
    whole = tiny.transcribe(samples, rate, batch_size=batch_size)
    stream = tiny.stream(rate, batch_size=batch_size)
    notes: list[Note] = []
    at = 0
    while at < samples.shape[1]:
        piece = samples[:, at : at + next(sizes)]
        notes += stream.push(piece)
        at += piece.shape[1]
    notes += stream.flush()
    assert sorted(notes) == whole


def test_the_engine_takes_the_tunings_that_are_said_to_be_possible(tiny: Engine) -> None:
    for possible in (LOWEST, HIGHEST):
        assert tiny.stream(SAMPLE_RATE, tuning=possible).tuning == pytest.approx(possible)
    for impossible in (LOWEST - 1.0, HIGHEST + 1.0):
        with pytest.raises(UsageError, match="380 and 500"):
            tiny.stream(SAMPLE_RATE, tuning=impossible)
        with pytest.raises(EngineError, match="380 and 500"):
            _engine.Transcriber(tiny._model, SAMPLE_RATE, tuning=impossible)
    assert tiny.stream(SAMPLE_RATE).tuning == CONCERT_PITCH


def test_notes_come_while_the_recording_goes_on(tiny: Engine) -> None:
    stream = tiny.stream(SAMPLE_RATE, batch_size=2, tuning=440)
    first = stream.push(noise(1.0, SAMPLE_RATE))
    assert first
    assert stream.flush()


def test_a_stream_ends(tiny: Engine) -> None:
    stream = tiny.stream(SAMPLE_RATE)
    stream.push(noise(0.5, SAMPLE_RATE))
    stream.flush()
    with pytest.raises(EngineError, match="has ended"):
        stream.push(noise(0.5, SAMPLE_RATE))
    with pytest.raises(EngineError, match="has ended"):
        stream.flush()


def test_skipped_events_are_counted(tiny: Engine) -> None:
    stream = tiny.stream(SAMPLE_RATE)
    stream.push(noise(2.0, SAMPLE_RATE))
    stream.flush()
    assert stream.skipped.keys() >= {"inactive_offset", "past_limit"}


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    config = {"segment_samples": 32768, "context_samples": 4096}
    model = engine.load(save_archive(tmp_path / "long.pt", **config), device="cpu")
    block = noise(30, 44100, channels=2)

    def resident() -> int:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    stream = model.stream(44100)
    notes = 0
    for _ in range(10):
        notes += len(stream.push(block))
    before = resident()
    for _ in range(350):  # three hours in all
        notes += len(stream.push(block))
    notes += len(stream.flush())
    assert notes > 10_000
    assert resident() - before < 64 * 2**20


# Instruments


def test_only_these_instruments(tiny: Engine) -> None:
    samples = noise(6, SAMPLE_RATE)
    mask = InstrumentMask(frozenset({5, 90}), drums=False)
    notes = tiny.transcribe(samples, SAMPLE_RATE, instruments=mask)
    assert notes
    assert {n.program for n in notes} <= {5, 90}
    assert not any(n.is_drum for n in notes)


def test_who_plays_is_said_by_name(tiny: Engine) -> None:
    """The tiny model does not tell players apart, but takes them."""
    mask = parse_instruments(["strings", "sax"])
    notes = tiny.transcribe(noise(6, SAMPLE_RATE), SAMPLE_RATE, instruments=mask)
    assert notes and {n.program for n in notes} <= mask.programs
    model = tiny._model
    for players in ([0], [0, 2], [-1, 0]):
        with pytest.raises(EngineError, match="players"):
            _engine.Transcriber(model, SAMPLE_RATE, programs=[40, 65], players=players)


def test_drums_alone(tiny: Engine) -> None:
    samples = noise(6, SAMPLE_RATE)
    notes = tiny.transcribe(
        samples, SAMPLE_RATE, instruments=InstrumentMask(frozenset(), drums=True)
    )
    assert notes
    assert all(n.is_drum for n in notes)


# Progress, cancelling, threads


def test_lanes_that_are_hardly_there_are_settled() -> None:
    guitar = [Note(t, t + 0.5, 60 + t % 7, 24) for t in range(40)]
    drum, stray, twin = Note(3, 3.1, 36, 0, True), Note(7.2, 7.6, 64, 52), Note(9.02, 9.4, 62, 16)
    settled = engine.settle_lanes([stray, twin, drum, *reversed(guitar)], 0.1)
    assert settled == sorted([*guitar, drum, replace(stray, program=24)])
    assert engine.settle_lanes([stray, twin, *guitar], 0.0) == sorted([stray, twin, *guitar])
    assert engine.settle_lanes([], 0.1) == []


def test_progress_grows_to_the_end(tiny: Engine) -> None:
    seen: list[float] = []
    tiny.transcribe(noise(20, SAMPLE_RATE), SAMPLE_RATE, batch_size=4, on_progress=seen.append)
    assert seen
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 20.0


def test_false_cancels_soon(tiny: Engine) -> None:
    start = time.perf_counter()
    with pytest.raises(Cancelled):
        tiny.transcribe(noise(600, SAMPLE_RATE), SAMPLE_RATE, on_progress=lambda done: done < 2)
    assert time.perf_counter() - start < 5


def test_none_does_not_cancel(tiny: Engine) -> None:
    assert tiny.transcribe(noise(1, SAMPLE_RATE), SAMPLE_RATE, on_progress=lambda done: None)


def test_what_the_callback_raises_comes_through(tiny: Engine) -> None:
    def broken(done: float) -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tiny.transcribe(noise(1, SAMPLE_RATE), SAMPLE_RATE, on_progress=broken)


@pytest.fixture
def uncollected() -> Iterator[None]:
    """No garbage collections: Hypothesis watches them, and what is raised meanwhile is lost."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_ctrl_c_stops_it(tiny: Engine) -> None:
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(1000):
            tiny.transcribe(noise(60, SAMPLE_RATE), SAMPLE_RATE)
    assert time.perf_counter() - start < 10


def test_python_goes_on_meanwhile(tiny: Engine) -> None:
    samples = noise(60, SAMPLE_RATE)
    turns = 0
    done = threading.Event()

    def transcribe() -> None:
        tiny.transcribe(samples, SAMPLE_RATE)
        done.set()

    worker = threading.Thread(target=transcribe)
    worker.start()
    while not done.is_set():
        turns += 1
        time.sleep(0.001)
    worker.join()
    assert turns > 10


def test_one_model_serves_several_threads(tiny: Engine) -> None:
    samples = noise(5, SAMPLE_RATE)
    wanted = tiny.transcribe(samples, SAMPLE_RATE)
    results: list[list[Note]] = []

    def transcribe() -> None:
        results.append(tiny.transcribe(samples, SAMPLE_RATE))

    workers = [threading.Thread(target=transcribe) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert results == [wanted] * 4


# Bad sound


@pytest.mark.parametrize(("value", "word"), [(np.nan, "not a number"), (-np.inf, "infinite")])
def test_values_that_are_not_finite(tiny: Engine, value: float, word: str) -> None:
    samples = noise(2, 44100, channels=2)
    samples[1, 44100] = value
    with pytest.raises(AudioError, match=rf"{word}.* sample 44100 \(1.000 s\)"):
        tiny.transcribe(samples, 44100)


@pytest.mark.parametrize("rate", [0, 999, 384_001, -44100, float("nan")])
def test_impossible_rates(tiny: Engine, rate: float) -> None:
    with pytest.raises(AudioError, match="between 1000 and 384000"):
        tiny.stream(rate)


def test_arrays_of_the_wrong_kind(tiny: Engine) -> None:
    with pytest.raises(AudioError, match="int16"):
        tiny.transcribe(np.zeros(100, np.int16), 44100)
    with pytest.raises(AudioError, match="3 dimensions"):
        tiny.transcribe(np.zeros((1, 2, 3), np.float32), 44100)
    with pytest.raises(AudioError, match="no channel"):
        tiny.transcribe(np.zeros((0, 3), np.float32), 44100)
