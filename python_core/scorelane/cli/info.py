"""``scorelane info``: what is installed, what a model is, what a file holds."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer

from scorelane import __version__, store
from scorelane.archives import SHIPPED, shipped_folder
from scorelane.audio import open_audio
from scorelane.cli.console import load_engine, output
from scorelane.cli.lane_table import lane_table
from scorelane.display import clock, printable
from scorelane.lanes import make_lanes
from scorelane.notes import total_duration

_LIBRARIES = ("torch", "numpy", "mido", "soundfile", "pedalboard", "matplotlib")
_MIDI_SUFFIXES = frozenset({".mid", ".midi", ".smf"})
_CARDS = ("README.md", "MODEL_CARD.md")


def command(
    target: Annotated[
        str | None,
        typer.Argument(metavar="WHAT", help="A model or its name, a recording or a MIDI file."),
    ] = None,
    device: Annotated[
        str,
        typer.Option(metavar="DEVICE", help="Where to load the model: auto, cpu, cuda, cuda:N."),
    ] = "auto",
) -> None:
    """Show versions and the model, or what a model or file is.

    [bold]Examples[/bold]

    [cyan]scorelane info[/cyan]            versions, the shipped model, the device it runs on
    [cyan]scorelane info model.pt[/cyan]   what a model can do
    [cyan]scorelane info song.mp3[/cyan]   how long, what rate, how many channels
    [cyan]scorelane info song.mid[/cyan]   its lanes
    """
    path = Path(target or "")
    if target is None:
        _show_versions()
        _show_model(SHIPPED, device)
    elif _is_model(target):
        _show_model(target, device)
    elif path.suffix.lower() in _MIDI_SUFFIXES:
        _show_midi(path)
    else:
        _show_audio(path)


def _is_model(target: str) -> bool:
    """A known name, a folder or an archive; a file that is there is rather what it looks like."""
    path = Path(target)
    if path.is_dir() or path.suffix.lower() == ".pt":
        return True
    return not path.exists() and bool(shipped_folder(target) or store.find(target))


def _show_versions() -> None:
    rows = [("scorelane", __version__), ("Python", platform.python_version())]
    for name in _LIBRARIES:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            rows.append((name, "not installed"))
    _print_rows(rows)


def _show_model(model: str, device: str) -> None:
    engine = load_engine(model, device, 0)
    config: dict[str, Any] = engine.config
    segment = config["segment_samples"] / config["sample_rate"]
    programs = config.get("programs") or []
    rows = [
        ("model", f"{config.get('name', '')} {config.get('version', '')}".strip()),
        ("kind", str(config.get("kind", ""))),
        ("licence", str(config.get("licence", "not stated"))),
        ("hears", f"{segment:.2f} s at a time, {config['sample_rate']} Hz"),
        ("instruments", f"{len(programs) or 128} programs, {config.get('granularity', 'full')}"),
        ("velocity", _velocity(config)),
        ("runs on", engine.device),
    ]
    folder = store.find(model) or shipped_folder(model) or Path(model)
    card = next((folder / name for name in _CARDS if (folder / name).is_file()), None)
    if card is not None:
        rows.append(("card", printable(card)))
    _print_rows(rows)


def _velocity(config: dict[str, Any]) -> str:
    if config.get("has_note_heads"):
        return "estimated, with a confidence for every note"
    return "estimated" if config.get("velocity_bins") == 127 else "the same for every note"


def _show_midi(path: Path) -> None:
    from scorelane.data.midi_files import read_midi

    notes = read_midi(path)
    rows = [("file", printable(path)), ("duration", clock(total_duration(notes)))]
    _print_rows([*rows, ("notes", str(len(notes)))])
    output().print(lane_table(make_lanes(notes), with_confidence=False))


def _show_audio(path: Path) -> None:
    with open_audio(path) as audio:
        seconds = audio.expected_seconds
        _print_rows(
            [
                ("file", audio.name),
                ("duration", "unknown" if seconds is None else clock(seconds)),
                ("rate", f"{audio.sample_rate} Hz"),
                ("channels", str(audio.channels)),
            ]
        )


def _print_rows(rows: list[tuple[str, str]]) -> None:
    console = output()
    for name, value in rows:
        console.print(f"{name:<12} {value}", markup=False)
