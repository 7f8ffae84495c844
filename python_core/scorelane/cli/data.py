"""``scorelane data``: what training needs, made from folders of MIDI and soundfonts."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from scorelane.cli.console import output

_commands = typer.Typer(
    no_args_is_help=True, help="Prepare training data from MIDI files and soundfonts."
)


class Split(Enum):
    """Which songs of a song set."""

    test = "test"
    train = "train"


def register(app: typer.Typer) -> None:
    """Add the group of commands to ``app``."""
    app.add_typer(_commands, name="data")


@_commands.command()
def songs(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of MIDI files; each is one corpus.", exists=True)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the song set.")],
) -> None:
    """Read folders of MIDI files into one song set; every tenth file is kept for testing."""
    from scorelane.data.songs import build_songs

    report = build_songs(folders, out)
    for name, count in report.songs.items():
        timing = report.timing[name].name.lower()
        output().print(f"{name}: {count} songs, {report.notes[name]:,} notes, {timing}")
    for problem in report.rejected:
        output().print(f"left out: {problem}", markup=False)


@_commands.command()
def bank(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the note bank.")],
    soundfonts: Annotated[
        list[Path] | None,
        typer.Option("--soundfont", help="A General MIDI soundfont more; may be repeated."),
    ] = None,
    samples: Annotated[
        list[str] | None,
        typer.Option(
            help="A folder of recordings named after their notes, as 40=FOLDER with the General "
            "MIDI program from 0; may be repeated.",
            metavar="PROGRAM=FOLDER",
        ),
    ] = None,
    installed: Annotated[
        bool, typer.Option(help="Use the soundfonts and drum kits that Debian packages.")
    ] = True,
) -> None:
    """Render every note of every instrument once, about 7 GB; resumed when interrupted."""
    from scorelane.data.build_bank import build_bank
    from scorelane.data.catalogue import installed_sources, named_sample_folder, soundfont

    sources = installed_sources() if installed else []
    sources += [soundfont(path) for path in soundfonts or []]
    sources += [named_sample_folder(named) for named in samples or []]
    built = build_bank(out, sources)
    output().print(built.licence_table(), markup=False)


@_commands.command()
def testset(
    song_set: Annotated[Path, typer.Argument(help="A song set, from `scorelane data songs`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the clips.")],
    soundfonts: Annotated[
        list[Path] | None,
        typer.Option("--soundfont", help="A General MIDI soundfont; may be repeated."),
    ] = None,
    split: Annotated[
        Split, typer.Option(help="test: songs never trained on; train: the others, to calibrate.")
    ] = Split.test,
    clips: Annotated[int, typer.Option(min=1)] = 60,
    seconds: Annotated[float, typer.Option(min=1.0)] = 20.0,
    seed: int = 0,
) -> None:
    """Render clips of songs, for `scorelane evaluate` and `scorelane calibrate`."""
    from scorelane.data.render import GENERAL_MIDI_SOUNDFONTS, find_soundfont
    from scorelane.data.songs import SongSet
    from scorelane.data.testset import build_testset

    fonts = soundfonts or [find_soundfont(name) for name in GENERAL_MIDI_SOUNDFONTS[:3]]
    recipes = build_testset(
        SongSet.open(song_set),
        fonts,
        out,
        split=split.value,
        clips=clips,
        seconds=seconds,
        seed=seed,
    )
    output().print(f"{len(recipes)} clips in {out}")
