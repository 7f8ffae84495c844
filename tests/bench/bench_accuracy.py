"""Scorelane's scores beside those of other transcribers, on the same clips by the same metrics.

    python tests/bench/bench_accuracy.py CLIPS... --peer-python .venv-peers/bin/python

``CLIPS`` are what ``scorelane evaluate`` takes. Basic Pitch hears every clip in which pitched notes
are annotated, Transkun those of piano alone. Neither tells instruments or drums. A peer has a
figure for a group only if it heard all of the group's clips that count.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from scorelane.evaluate import report
from scorelane.evaluate.clips import Clip, Recorded, find_clips, read_notes
from scorelane.evaluate.metrics import ONSET_TOLERANCE
from scorelane.evaluate.run import ROUGH_ONSET_TOLERANCE, ClipResult, Estimate, evaluate_clips
from scorelane.instruments import midi_class

HERE = Path(__file__).parent
OURS = "Scorelane"
PIANO_ALONE = "piano alone"
# The scores that a transcriber of pitches can have; of the others there is none beside ours.
SHARED = ("onset", "onset_offset", "frame", "rough_onset", "rough_onset_offset")
OURS_ONLY = ("multi_class", "drum_group", "drum_key", "velocity", "right_class")


def has_pitches(clip: Clip) -> bool:
    """Whether pitched notes of the clip are annotated."""
    return any(not note.is_drum for note in clip.notes())


def is_piano_alone(clip: Clip) -> bool:
    """Whether every true note is a piano's."""
    notes = clip.notes()
    return bool(notes) and all(not n.is_drum and midi_class(n.program) == 0 for n in notes)


@dataclass(frozen=True)
class Peer:
    """Another transcriber: the script that runs it, and the clips that it is made for."""

    name: str
    script: str
    hears: Callable[[Clip], bool]

    def transcribe(self, clips: Sequence[Clip], python: str, notes: Path) -> None:
        """Write the notes of ``clips`` to ``notes/NAME.csv`` unless they are there already."""
        missing = [clip for clip in clips if not _is_newer(notes / f"{clip.name}.csv", clip.audio)]
        if not missing:
            return
        done = subprocess.run(
            [
                *(python, str(HERE / self.script)),
                *("--notes", str(notes), *(clip.name for clip in missing), "--"),
                *(str(clip.audio) for clip in missing),
            ],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"{self.name} failed:\n{done.stderr[-2000:]}")


PEERS = (
    Peer("Basic Pitch 0.4.0", "run_basic_pitch.py", has_pitches),
    Peer("Transkun 2.0.1", "run_transkun.py", is_piano_alone),
)


@dataclass(frozen=True)
class Line:
    """A line of the table: a group of clips, by name."""

    name: str
    clips: frozenset[str]


def main() -> None:
    """Transcribe with all of them, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--peer-python", required=True, help="Python of the peers' environment")
    parser.add_argument("--model", help="model archive, folder or name; default: as shipped")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--onset-tolerance", type=float, default=ONSET_TOLERANCE)
    parser.add_argument(
        "--peer-notes",
        type=Path,
        help="folder where the peers' notes are kept; those that are there are not made again",
    )
    parser.add_argument("--json", type=Path, help="also write all scores here")
    arguments = parser.parse_args()
    clips = [clip for clip in find_clips(arguments.paths) if clip.audio is not None]
    with tempfile.TemporaryDirectory() as folder:
        kept = arguments.peer_notes or Path(folder)
        everything, about = compare(clips, arguments, kept)
    Console(width=180).print(table(everything, lines(clips), arguments.onset_tolerance))
    if arguments.json:
        write_json(everything, about, arguments.onset_tolerance, arguments.json)


def compare(
    clips: Sequence[Clip], arguments: argparse.Namespace, notes: Path
) -> tuple[dict[str, list[ClipResult]], dict[str, object]]:
    """Results by transcriber, ours first, and what is to be said of ours."""
    from scorelane import engine
    from scorelane.transcribe import transcribe

    results: dict[str, list[ClipResult]] = {}
    for peer in PEERS:
        heard = [clip for clip in clips if peer.hears(clip)]
        folder = notes / peer.name.replace(" ", "-").lower()
        peer.transcribe(heard, arguments.peer_python, folder)
        read = notes_in(folder)
        results[peer.name] = list(evaluate_clips(heard, read, arguments.onset_tolerance))
    model = engine.load(arguments.model, device=arguments.device, threads=arguments.threads)

    def run(clip: Recorded) -> Estimate:
        found = transcribe(clip.recordings[0], model=model)
        return Estimate(found.notes, found.duration)

    ours = list(evaluate_clips(clips, run, arguments.onset_tolerance))
    about = {"model": f"{model.config.get('name', '')} {model.config.get('version', '')}".strip()}
    return {OURS: ours, **results}, about


def notes_in(folder: Path) -> Callable[[Recorded], Estimate]:
    """A transcriber that reads its notes."""
    return lambda clip: Estimate(read_notes(folder / f"{clip.name}.csv"))


def lines(clips: Sequence[Clip]) -> list[Line]:
    """Every group; all clips of piano alone, if some others are there; and all clips."""
    groups: dict[str, set[str]] = {}
    for clip in clips:
        groups.setdefault(clip.group, set()).add(clip.name)
    found = [Line(name, frozenset(names)) for name, names in groups.items()]
    everything = frozenset(clip.name for clip in clips)
    piano = frozenset(clip.name for clip in clips if is_piano_alone(clip))
    if piano and piano != everything and piano not in (line.clips for line in found):
        found.append(Line(PIANO_ALONE, piano))
    if len(found) > 1:
        found.append(Line(report.OVERALL, everything))
    return found


def table(
    everything: dict[str, list[ClipResult]], shown: Sequence[Line], onset_tolerance: float
) -> Table:
    """All transcribers side by side, score by score."""
    title = (
        f"F1 at {1000 * onset_tolerance:.0f} ms "
        f"(rough: {1000 * max(onset_tolerance, ROUGH_ONSET_TOLERANCE):.0f} ms), means over clips"
    )
    grid = Table(box=box.SIMPLE, title=title, title_justify="left")
    grid.add_column("score")
    grid.add_column("clips")
    for name in everything:
        grid.add_column(name, justify="right")
    columns = {column.name: column for column in report.COLUMNS}
    for name in (*SHARED, *OURS_ONLY):
        for line in shown:
            values, count = figures(everything, line, columns[name])
            if count:
                heading = columns[name].heading.replace("-\n", "").replace("\n", " ")
                grid.add_row(heading, f"{line.name} ({count})", *map(_cell, values))
        grid.add_section()
    return grid


def figures(
    everything: dict[str, list[ClipResult]], line: Line, column: report.Column
) -> tuple[list[float | None], int]:
    """Each transcriber's mean over the clips of ``line`` that have the score, and their number."""
    values: list[float | None] = []
    count = 0
    for name, results in everything.items():
        members = [column.value(result) for result in results if result.name in line.clips]
        known = [value for value in members if value is not None]
        count = len(known) if name == OURS else count
        comparable = known and len(known) == count and (name == OURS or column.name in SHARED)
        values.append(sum(known) / len(known) if comparable else None)
    return values, count


def write_json(
    everything: dict[str, list[ClipResult]],
    about: dict[str, object],
    onset_tolerance: float,
    path: Path,
) -> None:
    """Write what ``scorelane evaluate --json`` does for each, by name."""
    found = {name: report.document(r, onset_tolerance) for name, r in everything.items()}
    path.write_text(json.dumps({**about, **found}, indent=1) + "\n", encoding="utf-8")


def _is_newer(path: Path, than: Path | None) -> bool:
    return path.exists() and than is not None and path.stat().st_mtime >= than.stat().st_mtime


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    main()
