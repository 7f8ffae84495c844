"""The plugin inside pedalboard, and its notes back out of its state.

pedalboard returns a plugin's audio and throws its MIDI away, so the notes are read from the state
that the plugin saves. ``scorelane._processor`` is the same processor without a host; there the MIDI
is to be had, too. See docs/PLUGIN.md.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorelane.archives import load_archive
from scorelane.errors import EngineError, NotesError, UsageError
from scorelane.instruments import instrument_name, parse_instruments
from scorelane.notes import Note
from scorelane.transcription import Transcription

if TYPE_CHECKING:
    import pedalboard
    from numpy.typing import NDArray

BUNDLE = "Scorelane.vst3"
PLUGIN_VARIABLE = "SCORELANE_PLUGIN"
"""The environment variable that names a bundle to use before all others."""

_MAGIC, _VERSION = b"SCLN", 1
_HEADER = struct.Struct("<4sIII")  # magic, version, length and CRC-32 of the JSON that follows
_LARGEST = 256 << 20
_PRESET = struct.Struct("<4si32sq")  # VST 3: magic, version, class, place of the list of chunks
_CHUNK = struct.Struct("<4sqq")  # name, place, size
_UNITS = ("_ms", "_st", "_bpm", "_db")  # pedalboard adds a parameter's unit to its name


@dataclass(frozen=True)
class PluginState:
    """What the plugin keeps in a session; the layout of ``content`` is in docs/PLUGIN.md.

    Change a copy of ``content`` and hand it to a new object to change a state.
    """

    content: dict[str, Any]

    @property
    def notes(self) -> list[Note]:
        """All notes of the take, with the user's edits, before filters and quantise."""
        return _notes(self.content["notes"])

    @property
    def shown(self) -> list[Note]:
        """The notes that the plugin shows and plays: filtered, quantised, transposed."""
        return _notes(self.content["shown"])

    @property
    def parameters(self) -> dict[str, float]:
        """The host parameters by id; switches are 0 or 1, choices count from 0."""
        return dict(self.content["parameters"])

    @property
    def duration(self) -> float:
        """Length of the take in seconds; 0 where there is none."""
        take = self.content["take"]
        return 0.0 if take is None else float(take["seconds"])

    @property
    def error(self) -> str:
        """What went wrong in the plugin last, as a sentence; empty where nothing did."""
        return str(self.content.get("error", ""))

    def transcription(self) -> Transcription:
        """The notes that the plugin shows; its filters have been applied."""
        take = self.content["take"]
        model = self.content["model"]
        return Transcription(
            all_notes=tuple(sorted(self.shown)),
            duration=self.duration,
            title="" if take is None else Path(take["name"]).stem,
            model=str(model["name"]),
            default_confidence=float(model["default_confidence"]),
            sensitivity=1.0,
        )


def find_plugin() -> Path:
    """Where the plugin's bundle lies.

    Looked for in: the environment variable ``SCORELANE_PLUGIN``, the build folder of a source tree,
    the user's folder for VST 3 plugins, the system's.

    Raises:
        UsageError: when it is nowhere; the message says how to get it.
    """
    chosen = os.environ.get(PLUGIN_VARIABLE)
    if chosen:
        if not Path(chosen).exists():
            raise UsageError(f"{PLUGIN_VARIABLE} names {chosen}, where nothing is.")
        return Path(chosen)
    for folder in _plugin_folders():
        if (folder / BUNDLE).exists():
            return folder / BUNDLE
    raise UsageError(
        "The plugin is not installed. Build it with `make plugin`, or set "
        f"{PLUGIN_VARIABLE} to the place of {BUNDLE}."
    )


def load_plugin(path: str | os.PathLike[str] | None = None) -> pedalboard.VST3Plugin:
    """Open the plugin in pedalboard, ready for a ``Pedalboard`` chain.

    ``path`` is a bundle; by default :func:`find_plugin` finds it.

    Raises:
        UsageError: when there is no bundle.
        EngineError: when it does not load; the message holds the host's reason.
    """
    import pedalboard

    bundle = find_plugin() if path is None else Path(path)
    if not bundle.exists():
        raise UsageError(f"There is no plugin at {bundle}.")
    try:
        return pedalboard.VST3Plugin(str(bundle))
    except (ImportError, RuntimeError, ValueError) as error:
        raise EngineError(
            f"The plugin {bundle} does not load: {error}. Build it again with `make plugin`."
        ) from error


def transcribe_with_plugin(
    audio: NDArray[Any],
    sample_rate: float,
    *,
    plugin: pedalboard.VST3Plugin | None = None,
    model: str | os.PathLike[str] | None = None,
    players: Sequence[str | int] | None = None,
    **parameters: float | bool | str,
) -> Transcription:
    """Transcribe by playing ``audio`` through the plugin, as a host does when it bounces a track.

    Args:
        audio: ``[n]`` or ``[channels, n]``, -1 to 1. More than two channels are averaged.
        sample_rate: Hz.
        plugin: one that :func:`load_plugin` returned; by default a fresh one.
        model: another model than the plugin's present one; see :func:`choose_model`.
        players: who plays, instead of whom the plugin has been told; see :func:`choose_players`.
        parameters: the plugin's host parameters by id, e.g. ``sensitivity=0.7``,
            ``quantise_grid="1/16"``, ``allow_drums=False``.

    Returns:
        The notes that the plugin shows.

    Raises:
        UsageError: for an unknown parameter or a value that it cannot have, or an unknown player.
        EngineError: when the plugin could not transcribe; the message is the plugin's.
    """
    plugin = load_plugin() if plugin is None else plugin
    if model is not None:
        choose_model(plugin, model)
    if players is not None:
        choose_players(plugin, players)
    set_parameters(plugin, {**parameters, "record": True})
    plugin.process(_stereo(audio), sample_rate, reset=True)
    state = read_state(plugin.preset_data)
    set_parameters(plugin, {"record": False})
    if state.error:
        raise EngineError(state.error)
    return state.transcription()


def choose_model(plugin: pedalboard.VST3Plugin, model: str | os.PathLike[str]) -> None:
    """Let a plugin in pedalboard use ``model`` from now on: a name, an archive or a weights folder.

    Raises:
        ModelError: when there is no such model.
    """
    archive = load_archive(model, lambda path: path)
    content = dict(read_state(plugin.preset_data).content)
    content["model"] = {**content["model"], "file": str(archive.resolve())}
    restore_state(plugin, PluginState(content))


def choose_players(plugin: pedalboard.VST3Plugin, players: Sequence[str | int]) -> None:
    """Tell a plugin in pedalboard who plays in what it will transcribe from now on.

    Nobody else may appear, and each is listened for. ``players`` are names or General MIDI numbers
    of single instruments, and ``"drums"``; empty: as heard.

    Raises:
        UsageError: for an unknown name, or one of several instruments, such as "strings".
    """
    mask = parse_instruments(players) if players else None
    chosen = []
    for programs in () if mask is None else mask.players:
        if len(programs) > 1:
            names = ", ".join(f"{p} {instrument_name(p)}" for p in sorted(programs))
            raise UsageError(f"A player has one instrument, not any of these; name one: {names}.")
        chosen.append({"program": min(programs), "is_drum": False})
    if mask is not None and mask.drums:
        chosen.append({"program": 0, "is_drum": True})
    content = {**read_state(plugin.preset_data).content, "players": chosen}
    restore_state(plugin, PluginState(content))


def set_parameters(plugin: pedalboard.VST3Plugin, values: dict[str, float | bool | str]) -> None:
    """Set host parameters by id (docs/PLUGIN.md lists them).

    Raises:
        UsageError: for an unknown parameter, which the message answers with the known ones, or for
            a value that the parameter cannot have.
    """
    hosted: Any = plugin  # its type does not tell of what the plugin itself brings
    names = {_parameter_id(name): name for name in hosted.parameters}
    for key, value in values.items():
        if key not in names:
            raise UsageError(f"The plugin has no {key!r}. It has: {', '.join(sorted(names))}.")
        try:
            setattr(hosted, names[key], value)
        except (TypeError, ValueError) as error:
            raise UsageError(f"{key} cannot be {value!r}: {error}") from error


def read_state(data: bytes) -> PluginState:
    """Read what the plugin saved: its own bytes, or the ``.vstpreset`` that holds them.

    Raises:
        NotesError: when ``data`` is neither, or is damaged.
    """
    if data[:4] == b"VST3":
        data = _component(data)
    if len(data) < _HEADER.size:
        raise NotesError("This is no state of the Scorelane plugin: it is too short.")
    magic, version, length, checksum = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise NotesError("This is no state of the Scorelane plugin.")
    if version > _VERSION:
        raise NotesError("This state was written by a newer version of Scorelane; install that.")
    body = data[_HEADER.size : _HEADER.size + length]
    # A host may add bytes of its own behind the plugin's.
    if length > _LARGEST or len(body) < length or zlib.crc32(body) != checksum:
        raise NotesError("This state of the Scorelane plugin is damaged.")
    try:
        content = json.loads(body)
        state = PluginState(content)
        _ = state.notes, state.shown, state.parameters, state.transcription()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NotesError(f"This state of the Scorelane plugin is damaged ({error}).") from error
    return state


def write_state(state: PluginState) -> bytes:
    """The bytes that the plugin takes as its state; the reverse of :func:`read_state`."""
    body = json.dumps(state.content, ensure_ascii=False, separators=(",", ":")).encode()
    return _HEADER.pack(_MAGIC, _VERSION, len(body), zlib.crc32(body)) + body


def restore_state(plugin: pedalboard.VST3Plugin, state: PluginState) -> None:
    """Give ``state`` to a plugin in pedalboard."""
    preset = plugin.preset_data
    own = write_state(state)
    chunks = [
        (name, own if name == b"Comp" else preset[start : start + size])
        for name, start, size in _chunks(preset)
    ]
    plugin.preset_data = _preset(preset, chunks)


def _plugin_folders() -> list[Path]:
    source = Path(__file__).parents[2] / "build"
    built = [source / part / "plugin" for part in ("python", "release", "debug")]
    folders = [b / "Scorelane_artefacts" / kind / "VST3" for b in built for kind in _BUILD_TYPES]
    home = Path.home()
    if sys.platform == "darwin":
        places = [home / "Library/Audio/Plug-Ins/VST3", Path("/Library/Audio/Plug-Ins/VST3")]
    elif sys.platform == "win32":
        places = [Path(os.environ.get("COMMONPROGRAMFILES", r"C:\Program Files\Common Files"))]
        places = [place / "VST3" for place in places]
    else:
        places = [home / ".vst3", Path("/usr/local/lib/vst3"), Path("/usr/lib/vst3")]
    return folders + places


_BUILD_TYPES = ("Release", "RelWithDebInfo", "Debug")


def _parameter_id(name: str) -> str:
    return next((name.removesuffix(unit) for unit in _UNITS if name.endswith(unit)), name)


def _stereo(audio: NDArray[Any]) -> NDArray[Any]:
    """``audio`` as float32 ``[1 or 2, n]``."""
    import numpy as np

    samples = np.atleast_2d(np.asarray(audio, dtype=np.float32))
    if samples.ndim != 2:
        raise UsageError("Audio must be [n] or [channels, n].")
    if samples.shape[0] > 2:
        samples = samples.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
    return samples


def _notes(rows: Sequence[Sequence[Any]]) -> list[Note]:
    return [
        Note(
            float(onset), float(offset), int(pitch), int(program), bool(drum), int(velocity),
            float(confidence),
        )
        for onset, offset, pitch, program, drum, velocity, confidence, _edited in rows
    ]  # fmt: skip


def _component(preset: bytes) -> bytes:
    for name, start, size in _chunks(preset):
        if name == b"Comp":
            return preset[start : start + size]
    raise NotesError("This preset holds no state of a plugin.")


def _chunks(preset: bytes) -> list[tuple[bytes, int, int]]:
    """Name, place and size of each part of a ``.vstpreset``."""
    try:
        _, _, _, place = _PRESET.unpack_from(preset)
        magic, count = struct.unpack_from("<4si", preset, place)
        if magic != b"List" or not 0 <= count <= 16:
            raise NotesError("This is no VST 3 preset.")
        return [_CHUNK.unpack_from(preset, place + 8 + i * _CHUNK.size) for i in range(count)]
    except struct.error as error:
        raise NotesError("This VST 3 preset is damaged.") from error


def _preset(old: bytes, chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A ``.vstpreset`` of the same plugin as ``old`` with other chunks."""
    magic, version, plugin, _ = _PRESET.unpack_from(old)
    body, entries = b"", b""
    for name, data in chunks:
        entries += _CHUNK.pack(name, _PRESET.size + len(body), len(data))
        body += data
    head = _PRESET.pack(magic, version, plugin, _PRESET.size + len(body))
    return head + body + struct.pack("<4si", b"List", len(chunks)) + entries
