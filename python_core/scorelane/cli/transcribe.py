"""``scorelane transcribe``: recordings to MIDI files, pictures and tables."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorelane.cli.console import (
    SlowProgress,
    load_engine,
    messages,
    output,
    print_error,
    print_warning,
)
from scorelane.cli.jobs import Job, check, make_plan, parse_formats
from scorelane.cli.lane_table import lane_table
from scorelane.display import clock, printable
from scorelane.errors import ScorelaneError
from scorelane.held_notes import HeldNotes
from scorelane.instruments import InstrumentMask, parse_instruments
from scorelane.score.wishes import Wishes
from scorelane.tuning import CONCERT_PITCH, HIGHEST, LOWEST

if TYPE_CHECKING:
    from scorelane.engine import Engine
    from scorelane.score import Score
    from scorelane.transcription import Transcription


def command(
    inputs: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Recordings, and folders to search for recordings."),
    ],
    to: Annotated[
        list[str],
        typer.Option(
            metavar="FORMATS",
            help="Any of mid, png, csv, json; scores: musicxml, mxl, pdf, svg, and grid, a MIDI "
            "file on the score's beats with its tempo map.",
        ),
    ] = ["mid,png"],  # noqa: B006 - typer copies it
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to write; otherwise beside each recording."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that exist.")
    ] = False,
    instruments: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help="Who plays, and nobody else: names (violin), groups (strings), numbers (40), "
            "drums.",
        ),
    ] = None,
    sensitivity: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, metavar="X", help="From 0, only sure notes, to 1, all that was heard."
        ),
    ] = 0.5,
    min_note_ms: Annotated[
        float, typer.Option(min=0.0, metavar="MS", help="Drop pitched notes shorter than this.")
    ] = 0.0,
    tidy_lanes: Annotated[
        bool,
        typer.Option(
            help="Instruments that are hardly there give their notes to those that sound around "
            "them, kinds of one instrument are one, and stray drum hits go."
        ),
    ] = True,
    held_notes: Annotated[
        HeldNotes,
        typer.Option(
            help="Which notes go on from one 2 s segment into the next: what each hears (free, "
            "fastest), chosen among those that sound (linked), all of them (forced)."
        ),
    ] = HeldNotes.FREE,
    tuning: Annotated[
        float | None,
        typer.Option(
            min=LOWEST,
            max=HIGHEST,
            metavar="HZ",
            help="What A4 is tuned to, such as 415; otherwise as the first minute sounds.",
        ),
    ] = None,
    device: Annotated[
        str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda or cuda:N.")
    ] = "auto",
    threads: Annotated[int, typer.Option(min=0, metavar="N", help="CPU threads; 0 chooses.")] = 0,
    tempo: Annotated[
        float | None, typer.Option(metavar="BPM", help="Scores: look for beats near this tempo.")
    ] = None,
    meter: Annotated[
        str | None, typer.Option(metavar="N/N", help="Scores: the time signature, such as 3/4.")
    ] = None,
    beats: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Scores: beat times, a line each; a MIDI file with a tempo map; or beat-this.",
        ),
    ] = None,
    downbeats: Annotated[
        list[float] | None,
        typer.Option(
            "--downbeat",
            metavar="SECONDS",
            help="Scores: a bar begins here; again for more. Those of two bars in a row tell tempo"
            " and metre as well.",
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="A model archive, a weights folder, or a name of `scorelane models list`.",
        ),
    ] = None,
) -> None:
    """Turn recordings into MIDI, one track per instrument, and a picture.

    Any of WAV, FLAC, MP3, Ogg, Opus and AIFF, at any rate, with any channels.

    [bold]Examples[/bold]

    [cyan]scorelane transcribe song.mp3[/cyan]
        writes song.mid and song.png beside it
    [cyan]scorelane transcribe song.mp3 --instruments piano,bass,drums[/cyan]
        lets only these appear
    [cyan]scorelane transcribe album/ --to mid,csv --out lanes[/cyan]
        every recording in album/, results in lanes/
    [cyan]scorelane transcribe song.mp3 --sensitivity 0.8 --overwrite[/cyan]
        keeps more of the doubtful notes, replaces song.mid
    """
    formats = parse_formats(to)
    wishes = Wishes(tempo, meter, beats, downbeats=downbeats or ())
    mask = parse_instruments(instruments) if instruments else None
    plan = make_plan(inputs, formats, out)
    for problem in plan.problems:
        print_error(problem)
    failed = len(plan.problems)
    engine: Engine | None = None
    for job in plan.jobs:
        try:
            check(job, overwrite)
        except ScorelaneError as error:
            print_error(str(error))
            failed += 1
            continue
        if engine is None:  # an error here is every file's: it ends the run
            engine = load_engine(model, device, threads)
        failed += not _run(
            job, engine, mask, sensitivity, min_note_ms, tidy_lanes, held_notes, tuning, wishes
        )
    total = len(plan.jobs) + len(plan.problems)
    if total > 1:
        messages().print(
            f"{total - failed} of {total} done" + (f", {failed} failed" * bool(failed))
        )
    if failed:
        raise typer.Exit(1)


def _run(
    job: Job,
    engine: Engine,
    mask: InstrumentMask | None,
    sensitivity: float,
    min_note_ms: float,
    tidy_lanes: bool,
    held_notes: HeldNotes,
    tuning: float | None,
    wishes: Wishes,
) -> bool:
    """Transcribe one recording and write its files; a failure is reported, not raised."""
    from scorelane.transcribe import transcribe

    started = time.monotonic()
    try:
        with SlowProgress(printable(job.source.name)) as progress:
            result = transcribe(
                job.source,
                model=engine,
                instruments=mask,
                sensitivity=sensitivity,
                min_note_ms=min_note_ms,
                tidy_lanes=tidy_lanes,
                held_notes=held_notes,
                tuning=tuning,
                on_progress=progress,
            )
        elapsed = time.monotonic() - started
        for warning in result.warnings:
            print_warning(warning)
        written = _write(result, job, wishes)
    except ScorelaneError as error:
        print_error(str(error))
        return False
    except (OSError, MemoryError) as error:
        print_error(f"{printable(job.source)}: {error or type(error).__name__}")
        return False
    _report(job, result, elapsed, written)
    return True


def _write(result: Transcription, job: Job, wishes: Wishes) -> list[Path]:
    """The files written: of a score of many pages several."""
    from scorelane.score import save_score

    writers: dict[str, Callable[[Path], None]] = {
        "mid": result.to_midi,
        "png": result.to_pianoroll,
        "csv": result.to_csv,
        "json": result.to_json,
    }
    score: Score | None = None
    written = []
    for kind, target in job.targets.items():
        if kind in writers:
            writers[kind](target)
            written.append(target)
        else:
            score = score or _score(result, wishes)
            written += save_score(score, target)
    return written


def _score(result: Transcription, wishes: Wishes) -> Score:
    """What was heard as a score; what is in doubt is said."""
    from scorelane.score import remarks

    score = result.as_score(
        tempo=wishes.tempo, meter=wishes.meter, beats=wishes.beats, downbeats=wishes.downbeats
    )
    for line in remarks(score.grid, wishes.downbeats):
        print_warning(line)
    return score


def _report(job: Job, result: Transcription, elapsed: float, written: list[Path]) -> None:
    console = output()
    speed = result.duration / max(elapsed, 1e-3)
    console.print(
        f"{printable(job.source)}: {clock(result.duration)} at {speed:.1f}x real time", markup=False
    )
    if result.tuning != CONCERT_PITCH:
        console.print(f"A4 is tuned to {result.tuning:.0f} Hz")
    if result.lanes:
        console.print(lane_table(result.lanes))
    else:
        console.print("No notes were heard.")
    console.print(f"wrote {', '.join(printable(file) for file in written)}", markup=False)
