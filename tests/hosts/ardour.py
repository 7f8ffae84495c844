"""Ardour 7 without a window: a song is recorded by the plugin, the lanes by a MIDI track.

    python tests/hosts/ardour.py AUDIO [--plugin Scorelane.vst3] [--keep FOLDER]

An audio track plays the song through the plugin, first with "Record" on. Then the transport goes
back to the start and rolls once more, while a MIDI track records what comes out of the plugin. The
recorded file is compared with the notes that the plugin saved in Ardour's session.

Needs ardour 7 (Debian: ardour); takes twice the song's length and some 20 seconds.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import mido
import numpy as np
import soundfile

from scorelane.host import find_plugin, read_state
from scorelane.lanes import make_lanes
from scorelane.notes import Note

ARDOUR_LUA = "ardour7-lua"
SCANNER = Path("/usr/lib/ardour7/ardour-vst3-scanner")
RATE = 44_100

CREATE = """
local backend = AudioEngine:set_backend("None (Dummy)", "Unit-Test", "")
backend:set_sample_rate({rate})
local session = create_session("{folder}", "song", {rate})
session:new_audio_track(1, 1, nil, 1, "Song", ARDOUR.PresentationInfo.max_order,
                        ARDOUR.TrackMode.Normal, true)
session:save_state("")
close_session()
quit()
"""

RECORD = """
local backend = AudioEngine:set_backend("None (Dummy)", "Unit-Test", "")
backend:set_sample_rate({rate})
local session = load_session("{folder}", "song")
assert(session, "the session does not load")
local function pause(seconds) ARDOUR.LuaAPI.usleep(math.floor(seconds * 1e6)) end

local song = session:route_by_name("Song"):to_track()
song:set_strict_io(false)
local plugin = ARDOUR.LuaAPI.new_plugin(session, "Scorelane", ARDOUR.PluginType.VST3, "")
assert(not plugin:isnil(), "Ardour does not know the plugin")
assert(song:add_processor_by_index(plugin, 0, nil, true) == 0, "the plugin does not fit")

local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
session:new_midi_track(midi, midi, true, ARDOUR.PluginInfo(), nil, nil, 1, "Lanes",
                       ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
local lanes = session:route_by_name("Lanes"):to_track()
song:output():midi(0):connect(lanes:input():midi(0):name())

local inside = plugin:to_insert():plugin(0)
local record = nil
for index = 0, inside:parameter_count() - 1 do
  if inside:parameter_label(index) == "Record" then record = index end
end
assert(record, "the plugin has no switch to record")

local function roll(seconds)
  session:goto_start()
  pause(1)
  session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
  pause(seconds)
  session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
  pause(1)
end

assert(ARDOUR.LuaAPI.set_processor_param(plugin, record, 1))
roll({seconds})
pause({wait})
ARDOUR.LuaAPI.set_processor_param(plugin, record, 0)

lanes:rec_enable_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
session:maybe_enable_record()
roll({seconds})
session:save_state("")
close_session()
quit()
"""


@dataclass(frozen=True)
class Result:
    """What the plugin had, and what Ardour recorded of it; times in seconds."""

    notes: list[Note]
    channels: dict[tuple[bool, int], int]
    recorded: list[tuple[float, float, int, int, int]]
    """Onset, offset, channel, pitch, velocity."""


def record_in_ardour(audio: Path, plugin: Path, folder: Path, *, wait: float = 20.0) -> Result:
    """Let Ardour record the lanes of ``audio`` into a session in ``folder``.

    ``wait`` is how many seconds the plugin may take for its last notes.
    """
    home = folder / "home"
    (home / ".vst3").mkdir(parents=True)
    (home / ".vst3" / plugin.name).symlink_to(plugin.resolve())
    environment = {**os.environ, "HOME": str(home), "LANG": "C.UTF-8"}
    environment.pop("XDG_CONFIG_HOME", None)
    libraries = {**environment, "LD_LIBRARY_PATH": str(SCANNER.parent)}
    subprocess.run([SCANNER, "-f", home / ".vst3" / plugin.name], env=libraries, check=True)

    session = folder / "song"  # Ardour names folders inside after this one
    _run_lua(CREATE.format(rate=RATE, folder=session), folder, environment)
    seconds = _place_audio(audio, session)
    code = RECORD.format(rate=RATE, folder=session, seconds=seconds + 2.0, wait=wait)
    _run_lua(code, folder, environment, timeout=2 * seconds + wait + 120)
    notes = _notes_in_session(session / "song.ardour")
    files = sorted((session / "interchange" / "song" / "midifiles").glob("*.mid"))
    recorded = [note for file in files for note in _notes_in_file(file)]
    channels = {(lane.is_drum, lane.program): lane.channel for lane in make_lanes(notes)}
    return Result(notes, channels, sorted(recorded))


def _run_lua(code: str, folder: Path, environment: dict[str, str], timeout: float = 120) -> None:
    script = folder / "script.lua"
    script.write_text(code)
    done = subprocess.run(
        [ARDOUR_LUA, script], env=environment, capture_output=True, text=True, timeout=timeout
    )
    output = done.stdout + done.stderr
    failed = re.search(r"script\.lua:\d+: .*", output)
    if done.returncode != 0 or failed:
        raise RuntimeError(failed[0] if failed else output[-2000:])


def _place_audio(audio: Path, session: Path) -> float:
    """Put ``audio``, mixed to mono, at the start of the session's track; returns its seconds."""
    samples, rate = soundfile.read(audio, dtype="float32", always_2d=True)
    if rate != RATE:
        raise RuntimeError(f"{audio} has {rate} Hz; this script takes {RATE}.")
    mono = samples.mean(axis=1)
    target = session / "interchange" / "song" / "audiofiles" / "song.wav"
    soundfile.write(target, mono, RATE, subtype="FLOAT")

    path = session / "song.ardour"
    tree = ElementTree.parse(path)
    root = tree.getroot()
    source = {"name": "song.wav", "type": "audio", "id": "9001", "flags": "CanRename",
              "channel": "0", "origin": "", "gain": "1"}  # fmt: skip
    ticks = len(mono) * int(_child(root, "TempoMap").get("superclocks-per-second", "0")) // RATE
    region = {"name": "song", "type": "audio", "start": "a0", "length": f"a{ticks}@a0",
              "opaque": "1", "muted": "0", "layering-index": "0", "channels": "1",
              "source-0": "9001", "master-source-0": "9001"}  # fmt: skip
    _child(root, "Sources").append(ElementTree.Element("Source", source))
    whole = {**region, "id": "9002", "whole-file": "1"}
    _child(root, "Regions").append(ElementTree.Element("Region", whole))
    playlist = _child(root, "Playlists")[0]
    playlist.append(ElementTree.Element("Region", {**region, "id": "9003", "whole-file": "0"}))
    root.set("id-counter", "9100")
    tree.write(path, encoding="UTF-8", xml_declaration=True)
    return len(mono) / RATE


def _child(root: ElementTree.Element, name: str) -> ElementTree.Element:
    found = root.find(name)
    if found is None:
        raise RuntimeError(f"Ardour's session has no {name}.")
    return found


def _notes_in_session(path: Path) -> list[Note]:
    """The notes in the plugin's state, which Ardour keeps as base64."""
    for element in ElementTree.parse(path).iter():
        text = (element.text or "").strip()
        if len(text) < 64:
            continue
        try:
            data = base64.b64decode(text)
        except ValueError:
            continue
        if b"SCLN" in data:
            return sorted(read_state(data[data.index(b"SCLN") :]).shown)
    raise RuntimeError("Ardour's session holds no state of the plugin.")


def _notes_in_file(path: Path) -> list[tuple[float, float, int, int, int]]:
    notes = []
    held: dict[tuple[int, int], tuple[float, int]] = {}
    now = 0.0
    for message in mido.MidiFile(path):
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = (message.channel, message.note)
        if message.type == "note_on" and message.velocity > 0:
            held[key] = (now, message.velocity)
        elif key in held:
            onset, velocity = held.pop(key)
            notes.append((onset, now, *key, velocity))
    if held:
        raise RuntimeError(f"{path} has {len(held)} notes without an end.")
    return notes


def compare(result: Result) -> dict[str, Any]:
    """How many notes were recorded, and how far their times lie from the plugin's own."""
    expected = sorted((result.channels[n.lane], n.pitch, n.onset, n.offset) for n in result.notes)
    recorded = sorted((channel, pitch, a, b) for a, b, channel, pitch, _ in result.recorded)
    same = [e[:2] for e in expected] == [r[:2] for r in recorded]
    shifts = np.array([r[2] - e[2] for e, r in zip(expected, recorded, strict=False)])
    return {
        "notes": len(expected),
        "recorded": len(recorded),
        "same pitches and channels": same,
        "onsets off by, mean ms": float(shifts.mean() * 1000) if len(shifts) else None,
        "onsets off by, spread ms": float(np.ptp(shifts) * 1000) if len(shifts) else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", type=Path)
    parser.add_argument("--plugin", type=Path)
    parser.add_argument("--keep", type=Path, help="keep Ardour's session in this folder")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp()) if options.keep is None else options.keep
    folder.mkdir(parents=True, exist_ok=True)
    try:
        result = record_in_ardour(options.audio, options.plugin or find_plugin(), folder)
        for name, value in compare(result).items():
            print(f"{name}: {value}")
    finally:
        if options.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
