"""What the plugin's tests share: the processor and the bundle, or a reason to skip; MIDI as notes.

Import it before ``scorelane._processor``; a build without the plugin then skips the tests.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scorelane.errors import UsageError
from scorelane.host import PluginState, find_plugin, read_state, write_state
from scorelane.notes import Note

EXAMPLE = Path(__file__).parent.parent / "examples" / "example.flac"
NOT_BUILT = "the plugin is not built; `make plugin` builds it"

Midi = Sequence[tuple[int, bytes]]
Samples = NDArray[np.float32]


def processor_module() -> Any:
    """The compiled module ``scorelane._processor``; a build without the plugin skips the tests."""
    return pytest.importorskip("scorelane._processor", reason=NOT_BUILT)


def plugin_bundle() -> Path:
    """The built VST3; a build without the plugin skips the tests."""
    try:
        return find_plugin()
    except UsageError:
        pytest.skip(NOT_BUILT, allow_module_level=True)


def noise(seconds: float, rate: float, channels: int = 2, seed: int = 0) -> Samples:
    """White noise ``[channels, n]`` at half of full scale."""
    shape = (channels, round(seconds * rate))
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def shown_notes(processor: Any) -> list[Note]:
    """The notes that a processor shows, in order."""
    return sorted(
        Note(
            float(n["onset"]), float(n["offset"]), int(n["pitch"]), int(n["program"]),
            bool(n["is_drum"]), int(n["velocity"]), float(n["confidence"]),
        )
        for n in processor.notes
    )  # fmt: skip


def record(processor: Any, audio: Samples) -> None:
    """Record ``audio`` as one take and wait for its notes; the clock stands at 0 again after it."""
    processor.record = True
    processor.process(audio)
    processor.record = False
    processor.release()
    assert processor.wait(120)
    processor.prepare()
    processor.reset()


def state_of(processor: Any) -> PluginState:
    """What the processor would save."""
    return read_state(processor.state)


def state_with_notes(processor: Any, notes: Iterable[Note], **changes: Any) -> bytes:
    """The processor's state with other notes in it; ``changes`` replace whole keys."""
    rows = [
        [n.onset, n.offset, n.pitch, n.program, n.is_drum, n.velocity, n.confidence, False]
        for n in notes
    ]
    return write_state(PluginState({**state_of(processor).content, "notes": rows, **changes}))


def signed(body: bytes, *, version: int = 1) -> bytes:
    """``body`` behind a state's header, whose length and sum fit."""
    return struct.pack("<4sIII", b"SCLN", version, len(body), zlib.crc32(body)) + body


@dataclass(frozen=True, order=True)
class Sounded:
    """One note as it came out of the MIDI port; times in samples."""

    onset: int
    offset: int
    channel: int
    pitch: int
    velocity: int
    program: int | None


def sounded(midi: Midi) -> list[Sounded]:
    """Pair note-ons and note-offs.

    Fails where a note-on repeats one that still sounds, where a note never ends or a note-off has
    nothing to end, and where messages run backwards.
    """
    notes: list[Sounded] = []
    programs: dict[int, int] = {}
    held: dict[tuple[int, int], tuple[int, int, int | None]] = {}
    last = 0
    for sample, message in midi:
        assert sample >= last, "messages run backwards"
        last = sample
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        key = (channel, message[1])
        if kind == 0xC0:
            programs[channel] = message[1]
        elif kind == 0x90 and message[2] > 0:
            assert key not in held, f"{key} begins again before it ends"
            held[key] = (sample, message[2], programs.get(channel))
        elif kind in (0x80, 0x90):
            assert key in held, f"{key} ends but does not sound"
            onset, velocity, program = held.pop(key)
            notes.append(Sounded(onset, sample, *key, velocity, program))
        else:
            assert kind == 0xB0, f"an unexpected message: {message.hex()}"
    assert not held, f"{len(held)} notes never end"
    return sorted(notes)


def expected_midi(
    notes: Iterable[Note], lanes: Sequence[dict[str, Any]], rate: float, start: float = 0.0
) -> list[Sounded]:
    """What ``notes`` should sound like where each lane has its channel.

    A channel has the program of its loudest lane. A pitch of a channel ends where it begins again;
    of those that begin together the first lane's is heard, as long as the longest.
    """
    order = {(lane["is_drum"], lane["program"]): place for place, lane in enumerate(lanes)}
    channels = {(lane["is_drum"], lane["program"]): lane["channel"] for lane in lanes}
    loudness: dict[int, dict[tuple[bool, int], int]] = defaultdict(lambda: defaultdict(int))
    struck: dict[tuple[int, int], dict[float, list[Note]]] = defaultdict(lambda: defaultdict(list))
    for note in notes:
        channel = channels[note.lane]
        loudness[channel][note.lane] += note.velocity
        struck[channel, note.pitch][note.onset].append(note)
    programs = {
        channel: max(sums, key=lambda lane: (sums[lane], order[lane]))[1]
        for channel, sums in loudness.items()
    }
    result = []
    for (channel, pitch), by_onset in struck.items():
        onsets = sorted(by_onset)
        for onset, following in zip(onsets, [*onsets[1:], np.inf], strict=True):
            together = by_onset[onset]
            heard = min(together, key=lambda n: (order[n.lane], -n.offset, -n.velocity))
            end = min(max(n.offset for n in together), following)
            result.append(
                Sounded(
                    round((start + onset) * rate), round((start + end) * rate),
                    channel, pitch, heard.velocity, programs[channel],
                )
            )  # fmt: skip
    return sorted(result)


def clean_environment(home: Path) -> dict[str, str]:
    """An environment with nothing of a build in it."""
    return {"HOME": str(home), "PATH": os.defpath, "LANG": "C.UTF-8"}
