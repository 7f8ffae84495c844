"""scorelane.host without a host: where the plugin lies, and its state as bytes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_tools import signed
from scorelane import host
from scorelane.errors import EngineError, NotesError, UsageError
from scorelane.host import PluginState, read_state, write_state
from scorelane.notes import Note

CONTENT: dict[str, Any] = {
    "format": "scorelane-plugin",
    "parameters": {"sensitivity": 0.5, "record": 0.0},
    "notes": [[0.5, 1.0, 60, 40, False, 90, 0.75, False], [1.0, 1.5, 36, 0, True, 80, 0.5, True]],
    "shown": [[0.5, 1.0, 62, 40, False, 90, 0.75, False]],
    "take": {"name": "Song.flac", "seconds": 12.5},
    "model": {"name": "scorelane 0.1.0", "default_confidence": 0.4},
    "error": "",
}


class HostedPlugin:
    """What :mod:`scorelane.host` needs of a plugin in pedalboard."""

    def __init__(self, content: dict[str, Any] | None = None) -> None:
        self.preset_data = preset(write_state(PluginState(content or CONTENT)))
        self.parameters = {"record": None, "min_length_ms": None, "transpose_st": None}
        self.record = False
        self.heard: list[tuple[tuple[int, ...], float]] = []

    def process(self, audio: Any, sample_rate: float, reset: bool) -> Any:
        assert self.record is True
        assert reset
        assert audio.dtype == np.float32
        self.heard.append((audio.shape, sample_rate))
        return audio

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "transpose_st" and not -24 <= value <= 24:
            raise ValueError("not in range")
        object.__setattr__(self, name, value)


def preset(own: bytes, controller: bytes = b"abc") -> bytes:
    """A .vstpreset as the VST 3 SDK lays it out."""
    start = 48
    places = start + len(own) + len(controller)
    return (
        struct.pack("<4si32sq", b"VST3", 1, b"0" * 32, places)
        + own
        + controller
        + struct.pack("<4si", b"List", 2)
        + struct.pack("<4sqq", b"Comp", start, len(own))
        + struct.pack("<4sqq", b"Cont", start + len(own), len(controller))
    )


def test_a_state_reads_back() -> None:
    state = read_state(write_state(PluginState(CONTENT)))
    assert state.content == CONTENT
    assert state.notes == [
        Note(0.5, 1.0, 60, 40, False, 90, 0.75),
        Note(1.0, 1.5, 36, 0, True, 80, 0.5),
    ]
    assert state.shown == [Note(0.5, 1.0, 62, 40, False, 90, 0.75)]
    assert state.parameters["sensitivity"] == 0.5
    result = state.transcription()
    assert (result.title, result.duration, result.model) == ("Song", 12.5, "scorelane 0.1.0")
    assert result.notes == state.shown


def test_the_header_is_as_documented() -> None:
    data = write_state(PluginState(CONTENT))
    body = json.dumps(CONTENT, ensure_ascii=False, separators=(",", ":")).encode()
    assert data == signed(body)


def test_a_preset_holds_a_state() -> None:
    own = write_state(PluginState(CONTENT))
    assert read_state(preset(own + b"trailer")).content == CONTENT


def test_restoring_keeps_the_rest_of_the_preset() -> None:
    plugin = HostedPlugin()
    changed = PluginState({**CONTENT, "parameters": {"sensitivity": 0.9, "record": 0.0}})
    host.restore_state(plugin, changed)  # type: ignore[arg-type]
    assert read_state(plugin.preset_data) == changed
    assert b"abc" in plugin.preset_data
    assert plugin.preset_data == preset(write_state(changed))


def test_no_take_means_no_title_and_no_length() -> None:
    state = PluginState({**CONTENT, "take": None})
    assert (state.duration, state.transcription().title) == (0.0, "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "too short"),
        (b"SCLN", "too short"),
        (b"VC2!" + bytes(40), "no state"),
        (signed(b"{}", version=2), "newer version"),
        (signed(b"{}"), "damaged"),
        (signed(b"[" * 500_000), "damaged"),
        (signed(b"\xff"), "damaged"),
        (signed(b'{"notes": 3}'), "damaged"),
        (write_state(PluginState(CONTENT))[:-1], "damaged"),
        (write_state(PluginState(CONTENT))[:-1] + b"?", "damaged"),
        (b"VST3", "damaged"),
        (b"VST3" + bytes(60), "no VST 3 preset"),
        (preset(b"")[:48] + b"zz", "damaged"),
        (preset(b"").replace(b"Comp", b"Prog"), "no state"),
    ],
)
def test_what_is_no_state_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(NotesError, match=reason):
        read_state(data)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_damage_is_a_sentence(data: st.DataObject) -> None:
    whole = bytearray(preset(write_state(PluginState(CONTENT))))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        whole[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        read_state(bytes(whole[:cut]))
    except NotesError as error:
        assert str(error).endswith(".")


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["parameters", "notes", "shown", "take", "model", "error"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
)
def test_wrong_values_are_refused(key: str, value: Any) -> None:
    try:
        state = read_state(write_state(PluginState({**CONTENT, key: value})))
    except NotesError:
        return
    _ = state.transcription(), state.parameters, state.notes


def test_a_plugin_is_looked_for_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "My.vst3"
    monkeypatch.setenv(host.PLUGIN_VARIABLE, str(bundle))
    with pytest.raises(UsageError, match=r"My\.vst3, where nothing is"):
        host.find_plugin()
    bundle.mkdir()
    assert host.find_plugin() == bundle


def test_a_plugin_is_found_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(host.PLUGIN_VARIABLE, raising=False)
    monkeypatch.setattr(host, "_plugin_folders", lambda: [tmp_path / "a", tmp_path / "b"])
    with pytest.raises(UsageError, match="make plugin"):
        host.find_plugin()
    (tmp_path / "b" / host.BUNDLE).mkdir(parents=True)
    assert host.find_plugin() == tmp_path / "b" / host.BUNDLE


def test_what_does_not_load_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no plugin at"):
        host.load_plugin(tmp_path / "None.vst3")
    (tmp_path / "Bad.vst3").write_text("no library")
    with pytest.raises(EngineError, match="does not load"):
        host.load_plugin(tmp_path / "Bad.vst3")


@pytest.mark.parametrize(
    ("shape", "seen"), [((100,), (1, 100)), ((2, 100), (2, 100)), ((6, 100), (1, 100))]
)
def test_audio_of_any_shape_is_played(shape: tuple[int, ...], seen: tuple[int, ...]) -> None:
    plugin: Any = HostedPlugin()
    result = host.transcribe_with_plugin(np.zeros(shape), 22050, plugin=plugin, min_length=20)
    assert plugin.heard == [(seen, 22050)]
    assert plugin.min_length_ms == 20
    assert plugin.record is False
    assert [n.pitch for n in result.notes] == [62]


def test_what_the_plugin_complains_of_is_raised() -> None:
    plugin: Any = HostedPlugin({**CONTENT, "error": "There is no model at x; choose another."})
    with pytest.raises(EngineError, match="There is no model"):
        host.transcribe_with_plugin(np.zeros(100), 22050, plugin=plugin)


def test_unknown_parameters_and_values_are_refused() -> None:
    plugin: Any = HostedPlugin()
    with pytest.raises(UsageError, match=r"no 'loudness'\. It has: min_length, record, transpose"):
        host.set_parameters(plugin, {"loudness": 1.0})
    with pytest.raises(UsageError, match="transpose cannot be 99"):
        host.set_parameters(plugin, {"transpose": 99})
    with pytest.raises(UsageError, match="Audio must be"):
        host.transcribe_with_plugin(np.zeros((1, 2, 3)), 22050, plugin=plugin)
