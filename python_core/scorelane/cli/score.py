"""``scorelane score``: a performance as MIDI to a written score."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorelane.cli.console import output, print_warning
from scorelane.display import printable
from scorelane.errors import UsageError
from scorelane.files import occupied


def command(
    performance: Annotated[
        Path,
        typer.Argument(metavar="NOTES", help="A MIDI file, or a .csv of notes.", exists=True),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="What to write: .musicxml, .mxl, .mid on the grid, or by MuseScore .pdf, .png,"
            " .svg.",
        ),
    ],
    tempo: Annotated[
        float | None, typer.Option(metavar="BPM", help="Look for beats near this tempo.")
    ] = None,
    meter: Annotated[
        str | None, typer.Option(metavar="N/N", help="The time signature, such as 3/4 or 6/8.")
    ] = None,
    beats: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Beat times: a line each, seconds and optional number in the bar; or a MIDI file"
            " (NOTES too) whose tempo map is followed; or beat-this, a tracker that needs"
            " --recording.",
        ),
    ] = None,
    downbeats: Annotated[
        list[float] | None,
        typer.Option(
            "--downbeat",
            metavar="SECONDS",
            help="A bar begins here; again for more. Those of two bars in a row tell tempo and"
            " metre as well.",
        ),
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option(
            metavar="AUDIO", help="What the notes come from; it helps to find beats.", exists=True
        ),
    ] = None,
    parts: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help="Write only these instruments, as in transcribe."),
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Heading; otherwise the file's name.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write a performance down as a score: beats, bars, keys, voices and hands are found.

    [bold]Examples[/bold]

    [cyan]scorelane score notes.mid -o score.musicxml[/cyan]
        opens in MuseScore and other notation programs
    [cyan]scorelane score notes.mid -o score.pdf --meter 3/4[/cyan]
        pages drawn by MuseScore, bars of three
    [cyan]scorelane score notes.mid -o score.pdf --downbeat 2.1 --downbeat 4.5[/cyan]
        one bar begins 2.1 seconds from the start, the next at 4.5
    [cyan]scorelane score session.mid -o score.musicxml --beats session.mid[/cyan]
        keeps the tempo map and time signature that a sequencer wrote into the file
    [cyan]scorelane score band.mid -o lead.musicxml --parts trumpet[/cyan]
        one instrument's part alone
    """
    from scorelane.instruments import parse_instruments
    from scorelane.score import Wishes, make_score, read_performance, remarks, save_score

    pages = out.suffix.lower() in (".png", ".svg")
    if not overwrite and (there := occupied(out, pages=pages)):
        raise UsageError(f"{printable(there)} exists; use --overwrite to replace it")
    players = read_performance(performance)
    wishes = Wishes(tempo, meter, beats, recording, downbeats or ())
    heading = printable(performance.stem.replace("_", " ")) if title is None else title
    score = make_score(players, wishes, title=heading)
    for line in remarks(score.grid, wishes.downbeats):
        print_warning(line)
    if parts:  # the beats come from everybody, the page is one player's
        mask = parse_instruments(parts)
        score = score.only(lambda part: mask.allows(part.program, part.is_drum))
    for file in save_score(score, out):
        output().print(f"wrote {printable(file)}", markup=False)
