"""The built bundle in real hosts: pedalboard and minihost; and the bundle on its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mido
import pytest
import soundfile

import scorelane
from plugin_tools import EXAMPLE, clean_environment, expected_midi, plugin_bundle, sounded
from scorelane.host import BUNDLE, PLUGIN_VARIABLE, read_state
from scorelane.lanes import make_lanes

bundle = plugin_bundle()
BINARIES = bundle / "Contents" / "x86_64-linux"

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into ELF files")


def run(code: str, home: Path, *arguments: str | Path, plugin: Path = bundle) -> Any:
    """Run ``code`` in a fresh Python without a display; what it prints last is JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**clean_environment(home), PLUGIN_VARIABLE: str(plugin)},
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def expected() -> list[tuple[Any, ...]]:
    """The notes that the package hears in the example."""
    return [(n.onset, n.offset, n.pitch, n.program, n.velocity) for n in heard().notes]


def heard() -> scorelane.Transcription:
    return scorelane.transcribe(EXAMPLE)


IN_PEDALBOARD = """
import json, sys
import soundfile
from scorelane.host import load_plugin, read_state, restore_state, set_parameters
from scorelane.host import transcribe_with_plugin
audio, rate = soundfile.read(sys.argv[1], dtype="float32")
plugin = load_plugin()
result = transcribe_with_plugin(audio.T, rate, plugin=plugin)
notes = [(n.onset, n.offset, n.pitch, n.program, n.velocity) for n in result.notes]
set_parameters(plugin, {"transpose": 12, "allow_drums": False})
state = read_state(plugin.preset_data)
other = load_plugin()
restore_state(other, state)
again = read_state(other.preset_data)
assert again.notes == state.notes
assert again.shown == state.shown
assert again.parameters == state.parameters
assert again.parameters["transpose"] == 12
preset = plugin.preset_data
third = load_plugin()
third.preset_data = preset
assert read_state(third.preset_data).shown == state.shown
fourth = load_plugin()
fourth.raw_state = plugin.raw_state
assert read_state(fourth.preset_data).shown == state.shown
print(json.dumps({"notes": notes, "model": result.model, "seconds": result.duration,
                  "shown": len(state.shown), "drums": sum(n.is_drum for n in result.notes)}))
"""


def test_pedalboard_gives_the_notes_of_the_package(
    expected: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    result = run(IN_PEDALBOARD, tmp_path, EXAMPLE)
    assert [tuple(note) for note in result["notes"]] == expected
    assert result["model"] == heard().model
    assert result["seconds"] == pytest.approx(heard().duration)
    assert result["shown"] == len(expected) - result["drums"]


IN_A_CHAIN = """
import json
import numpy as np
from pedalboard import Gain, Pedalboard
from scorelane.host import load_plugin, read_state, set_parameters
plugin = load_plugin()
board = Pedalboard([Gain(-6.0), plugin, Gain(6.0)])
alone = Pedalboard([Gain(-6.0), Gain(6.0)])
audio = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 30000)).astype(np.float32)
same = []
for rate in (8000, 44100, 192000):
    for buffer in (1, 77, 512, 8192):
        part = audio[:, :300] if buffer == 1 else audio
        for channels in (1, 2):
            passed, want = (
                chain(part[:channels], rate, buffer_size=buffer) for chain in (board, alone)
            )
            same.append(bool(np.array_equal(passed, want)))
print(json.dumps({"same": same, "latency": plugin.reported_latency_samples}))
"""


def test_audio_passes_bit_exact_in_a_chain(tmp_path: Path) -> None:
    result = run(IN_A_CHAIN, tmp_path)
    assert all(result["same"]), result["same"]
    assert result["latency"] == 0


AGAIN_AND_AGAIN = """
import gc, json, resource
import numpy as np
from scorelane.host import load_plugin, transcribe_with_plugin
audio = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 4410)).astype(np.float32)
threads = lambda: len(__import__("os").listdir("/proc/self/task"))
counts = []
for turn in range(20):
    plugin = load_plugin()
    if turn % 5 == 0:
        transcribe_with_plugin(audio, 44100, plugin=plugin)
    else:
        plugin.process(audio, 44100)
    del plugin
    gc.collect()
    counts.append(threads())
print(json.dumps({"threads": counts}))
"""


@linux
def test_loads_and_unloads_20_times_in_one_process(tmp_path: Path) -> None:
    threads = run(AGAIN_AND_AGAIN, tmp_path)["threads"]
    assert threads[-1] <= threads[4] + 1, threads


IN_MINIHOST = """
import json, sys
import minihost
import numpy as np
import soundfile
audio, rate = soundfile.read(sys.argv[1], dtype="float32")
block = 512
plugin = minihost.Plugin(sys.argv[2], rate, block)
plugin.non_realtime = True
def play(sound, clock):
    midi = []
    for start in range(0, sound.shape[1], block):
        piece = np.zeros((2, block), np.float32)
        part = sound[:, start : start + block]
        piece[:, : part.shape[1]] = part
        out = np.empty_like(piece)
        plugin.set_transport(120.0, position_samples=clock + start, is_playing=True)
        events = plugin.process_midi(piece, out, [], 4096)
        assert np.array_equal(out, piece)
        midi += [(clock + start + event[0], *event[1:4]) for event in events]
    return midi
sound = np.ascontiguousarray(audio.T)
sound = sound[:, : sound.shape[1] // block * block]
plugin.set_param_by_name("Record", 1.0)
play(sound, 0)
plugin.set_param_by_name("Record", 0.0)
midi = play(np.zeros((2, sound.shape[1] + 5 * rate), np.float32), 0)
state = plugin.get_state()
saved = bytes(state)
again = minihost.Plugin(sys.argv[2], 48000, 64)
again.set_state(saved)
print(json.dumps({
    "midi": midi, "rate": rate, "latency": plugin.latency_samples,
    "same": bytes(again.get_state()) == saved,
    "samples": sound.shape[1], "dropped": plugin.midi_out_dropped, "state": saved.hex(),
}))
"""


def test_a_processor_may_live_until_python_exits(tmp_path: Path) -> None:
    code = "from scorelane._processor import Processor\nkept = Processor()\nprint(kept.block_size)"
    assert run(code, tmp_path) == 512


@pytest.mark.skipif(find_spec("minihost") is None, reason="minihost is not installed (test extra)")
def test_minihost_records_the_midi_that_is_shown(tmp_path: Path) -> None:
    result = run(IN_MINIHOST, tmp_path, EXAMPLE, bundle)
    audio, rate = soundfile.read(EXAMPLE, dtype="float32")
    own = bytes.fromhex(result["state"])
    shown = read_state(own[own.index(b"SCLN") :]).shown if b"SCLN" in own else None
    whole = scorelane.transcribe(audio[: result["samples"]].T, sample_rate=rate).notes
    if shown is not None:
        assert shown == whole
    lanes = [
        {"is_drum": lane.is_drum, "program": lane.program, "channel": lane.channel}
        for lane in make_lanes(whole)
    ]
    midi = [
        (sample, bytes(message[: 2 if message[0] & 0xF0 == 0xC0 else 3]))
        for sample, *message in result["midi"]
    ]
    assert result["latency"] == 0
    assert result["dropped"] == 0
    assert len(whole) > 100
    assert sounded(midi) == expected_midi(whole, lanes, rate)


# The bundle


@linux
def test_no_executable_stack_and_no_torch_in_the_plugin_itself() -> None:
    plugin = BINARIES / "Scorelane.so"
    readelf = shutil.which("readelf")
    assert readelf is not None
    sections = subprocess.run([readelf, "-lW", plugin], capture_output=True, text=True).stdout
    stack = next(line for line in sections.splitlines() if "GNU_STACK" in line)
    assert re.search(r"\bRW\b", stack), stack
    assert "RWE" not in stack
    dynamic = subprocess.run([readelf, "-dW", plugin], capture_output=True, text=True).stdout
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    assert needed
    assert not [name for name in needed if re.search(r"torch|c10|gomp|mkl", name)]
    for binary in BINARIES.glob("*.so*"):
        paths = re.findall(
            r"R(?:UN)?PATH.*\[(.*)\]",
            subprocess.run([readelf, "-dW", binary], capture_output=True, text=True).stdout,
        )
        assert all(part == "$ORIGIN" for path in paths for part in path.split(":")), binary


@linux
def test_every_library_that_it_needs_is_inside_or_the_systems() -> None:
    inside = {path.name for path in BINARIES.iterdir()}
    assert {"libscorelane_engine.so", "libtorch_cpu.so", "libc10.so"} <= inside
    done = subprocess.run(
        ["ldd", BINARIES / "libscorelane_engine.so"],
        env=clean_environment(Path("/")), capture_output=True, text=True,
    )  # fmt: skip
    assert "not found" not in done.stdout
    outside = re.findall(r"=> (/\S+)", done.stdout)
    assert outside
    for library in outside:
        resolved = Path(library).resolve()
        if resolved.parent != BINARIES.resolve():
            assert re.search(r"/lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)\.so", library), library


ALONE = """
import json, sys
import numpy as np, pedalboard, soundfile
audio, rate = soundfile.read(sys.argv[2], dtype="float32")
plugin = pedalboard.VST3Plugin(sys.argv[1])
plugin.record = True
plugin.process(audio.T[:, : 6 * rate], rate)
state = plugin.preset_data
start = state.index(b"SCLN")
length = int.from_bytes(state[start + 8 : start + 12], "little")
content = json.loads(state[start + 16 : start + 16 + length])
maps = open("/proc/self/maps").read().split()
print(json.dumps({"notes": len(content["shown"]), "error": content["error"],
                  "torch": sorted({m for m in maps if "libtorch_cpu" in m})}))
"""


@linux
def test_a_copy_of_the_bundle_works_where_nothing_else_is(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / BUNDLE
    shutil.copytree(bundle, copy, copy_function=link_or_copy)
    result = run(ALONE, tmp_path, copy, EXAMPLE, plugin=copy)
    assert result["error"] == ""
    assert result["notes"] > 30
    assert [Path(path) for path in result["torch"]] == [
        copy / "Contents" / "x86_64-linux" / "libtorch_cpu.so"
    ]


def link_or_copy(source: str, target: str) -> None:
    """Hard links: the bundle is large."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy(source, target)


@linux
@pytest.mark.parametrize("lacking", ["libtorch_cpu.so", "libscorelane_engine.so", "scorelane.pt"])
def test_a_bundle_with_a_part_missing_loads_and_says_so(tmp_path: Path, lacking: str) -> None:
    copy = tmp_path / BUNDLE
    shutil.copytree(bundle, copy, copy_function=link_or_copy)
    next(copy.rglob(lacking)).unlink()
    result = run(ALONE, tmp_path, copy, EXAMPLE, plugin=copy)
    assert result["notes"] == 0
    assert lacking in result["error"]


def test_it_says_which_parameters_it_has(tmp_path: Path) -> None:
    names = run(
        "import json\nfrom scorelane.host import load_plugin, read_state\n"
        "print(json.dumps(list(read_state(load_plugin().preset_data).parameters)))",
        tmp_path,
    )
    assert {"record", "sensitivity", "min_length", "quantise_grid", "mix", "preview_level"} <= set(
        names
    )
    assert len([name for name in names if name.startswith("allow_")]) == 17
    text = (Path(__file__).parent.parent / "docs" / "PLUGIN.md").read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in text and "allow_" not in name] == []


def test_the_example_script_writes_midi_and_a_picture(tmp_path: Path) -> None:
    script = EXAMPLE.with_name("plugin_in_pedalboard.py")
    done = subprocess.run(
        [sys.executable, script, "--out", tmp_path],
        env={**clean_environment(tmp_path), PLUGIN_VARIABLE: str(bundle)},
        capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.search(r"^ 10  Drums +\d+ notes$", done.stdout, re.MULTILINE)
    midi = mido.MidiFile(tmp_path / "example-in-pedalboard.mid")
    assert midi.type == 1
    notes = [m for track in midi.tracks for m in track if m.type == "note_on" and m.velocity]
    assert len(notes) > 100
    assert (tmp_path / "example-in-pedalboard.png").stat().st_size > 10_000
    sound, rate = soundfile.read(tmp_path / "example-in-pedalboard.wav")
    assert len(sound) / rate == pytest.approx(18.5, abs=0.1)
