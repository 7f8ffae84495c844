"""``scorelane evaluate``: how well recordings with known notes are transcribed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorelane.cli.console import load_engine, messages
from scorelane.cli.pictures import picture
from scorelane.errors import UsageError
from scorelane.held_notes import HeldNotes
from scorelane.tuning import HIGHEST, LOWEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scorelane.evaluate.clips import Recorded
    from scorelane.evaluate.run import ClipResult, Estimate, Transcribe


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("evaluate")(evaluate)


def evaluate(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Clip folders (audio.* and notes.csv or notes.mid), folders of them, audio files "
            "with their notes beside them (song.flac and song.csv), or the folder of a corpus: "
            "MAESTRO v3, Slakh2100, GuitarSet, MusicNet-EM, URMP.",
            exists=True,
            show_default=False,
        ),
    ],
    estimates: Annotated[
        Path | None,
        typer.Option(
            help="Score these notes instead of transcribing: a folder with NAME.csv or NAME.mid "
            "for every clip, or one such file for one clip.",
            exists=True,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Archive, weights folder, or a name of `scorelane models list`."),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 chooses.")] = 0,
    instruments: Annotated[
        list[str] | None,
        typer.Option(help="Who plays, and nobody else: names or programs, by commas or repeated."),
    ] = None,
    sensitivity: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="0: surest notes only; 1: every note.")
    ] = 0.5,
    held_notes: Annotated[
        HeldNotes,
        typer.Option(help="Notes that go on into the next segment; see `scorelane transcribe`."),
    ] = HeldNotes.FREE,
    tuning: Annotated[
        float | None,
        typer.Option(
            min=LOWEST, max=HIGHEST, help="What A4 is tuned to, in Hz; see `scorelane transcribe`."
        ),
    ] = None,
    onset_tolerance: Annotated[
        float, typer.Option(min=0.001, help="How far off an onset may be, in seconds.")
    ] = 0.05,
    dataset: Annotated[
        str | None,
        typer.Option(help="Read the folder as this corpus: cerberus4 lies in Slakh2100's folder."),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Split of a corpus: train, validation or test; MT3's own if not given."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Folder for what was found: MIDI, CSV and a piano roll for each clip."),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            help="Draw up to five clips, best to worst, truth over what was found (.png).",
            callback=picture,
        ),
    ] = None,
    reliability: Annotated[
        Path | None,
        typer.Option(
            help="Draw how many notes of each confidence are right (.png).", callback=picture
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write all scores to this file.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
) -> None:
    """Transcribe recordings whose notes are known and print MT3's scores.

    A reference with nothing but drums scores drums alone. Groups are named by what precedes the
    first underscore of a clip's name. A corpus is read as it lies on disk, with MT3's splits.
    """
    from rich.console import Console
    from rich.progress import track

    from scorelane.evaluate import report
    from scorelane.evaluate.clips import find_recorded
    from scorelane.evaluate.run import evaluate_clips

    clips = find_recorded(paths, dataset, split)
    if estimates is None:
        transcribe, about = _engine(
            model, device, threads, sensitivity, instruments, held_notes, tuning, save
        )
    else:
        if save is not None:
            raise UsageError("--save is for transcribed notes; --estimates has them already.")
        transcribe, about = _files(estimates, clips), {"estimates": estimates.name}
    console = Console()
    results = list(
        track(
            evaluate_clips(clips, transcribe, onset_tolerance),
            description="Evaluating",
            total=len(clips),
            console=messages(),
            transient=True,
        )
    )
    if not console.is_terminal:  # a file has no width: give it every column
        console = Console(width=report.FULL_WIDTH)
    console.print(report.table(results, onset_tolerance, console.width))
    if estimates is None:
        console.print(_speed(results))
    _draw(results, onset_tolerance, page, reliability)
    if json is not None:
        report.write_json(results, json, onset_tolerance, about)
    if csv is not None:
        report.write_csv(results, csv)


def _engine(
    model: str | None,
    device: str,
    threads: int,
    sensitivity: float,
    instruments: list[str] | None,
    held_notes: HeldNotes,
    tuning: float | None,
    save: Path | None,
) -> tuple[Transcribe, dict[str, object]]:
    from scorelane.evaluate.run import Estimate
    from scorelane.transcribe import transcribe

    loaded = load_engine(model, device, threads)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)

    def run(clip: Recorded) -> Estimate:
        source, rate = _sound(clip)
        found = transcribe(
            source,
            sample_rate=rate,
            model=loaded,
            sensitivity=sensitivity,
            instruments=instruments,
            held_notes=held_notes,
            tuning=tuning,
        )
        if save is not None:
            found.to_midi(save / f"{clip.name}.mid")
            found.to_csv(save / f"{clip.name}.csv")
            found.to_pianoroll(save / f"{clip.name}.png")
        return Estimate(found.notes, found.duration)

    about = {
        "model": f"{loaded.config.get('name', '')} {loaded.config.get('version', '')}".strip(),
        "device": loaded.device,
        "sensitivity": sensitivity,
        "instruments": instruments,
        "held_notes": str(held_notes),
        "tuning": tuning,
    }
    return run, about


def _sound(clip: Recorded) -> tuple[Path | NDArray[np.float32], int | None]:
    """A file to be streamed, or the mix of several and its rate."""
    from scorelane.data.datasets.sound import mixed

    if not clip.recordings:
        raise UsageError(f"{clip.name} has notes but no audio to transcribe.")
    return (clip.recordings[0], None) if len(clip.recordings) == 1 else mixed(clip.recordings)


def _files(estimates: Path, clips: list[Recorded]) -> Transcribe:
    from scorelane.evaluate.clips import find_notes, read_notes
    from scorelane.evaluate.run import Estimate

    if estimates.is_file() and len(clips) != 1:
        raise UsageError(
            f"{estimates.name} is one file of notes, but there are {len(clips)} clips."
        )

    def read(clip: Recorded) -> Estimate:
        path = estimates if estimates.is_file() else find_notes(estimates, clip.name)
        if path is None:
            raise UsageError(f"{estimates} holds no notes for {clip.name} (.csv or .mid).")
        return Estimate(read_notes(path))

    return read


def _draw(
    results: list[ClipResult], onset_tolerance: float, page: Path | None, reliability: Path | None
) -> None:
    if page is not None:
        from scorelane.evaluate.page import draw_page

        draw_page(results, page)
    if reliability is not None:
        from scorelane.evaluate.reliability import draw_reliability
        from scorelane.evaluate.reliability import reliability as measure

        found = measure(results, onset_tolerance)
        if found is None:
            raise UsageError("These notes have no confidence; --reliability needs some that do.")
        draw_reliability(found, reliability)


def _speed(results: list[ClipResult]) -> str:
    seconds = sum(result.seconds for result in results)
    elapsed = sum(result.elapsed for result in results)
    return (
        f"{seconds:.0f} s of sound in {elapsed:.1f} s: {seconds / max(elapsed, 1e-9):.1f} times "
        "real time, reading and resampling included, loading the model excluded"
    )
