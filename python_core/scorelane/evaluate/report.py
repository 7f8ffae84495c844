"""Results of an evaluation as a table, JSON and CSV: each clip, each group, all clips."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.table import Table

from scorelane.evaluate.reliability import reliability
from scorelane.evaluate.run import ROUGH_ONSET_TOLERANCE, ClipResult
from scorelane.files import atomic_path

OVERALL = "all clips"
FULL_WIDTH = 170


@dataclass(frozen=True, slots=True)
class Column:
    """A score in a table: its heading, its name in files, and where it is found.

    Where the terminal is narrow, only ``essential`` columns are shown.
    """

    heading: str
    name: str
    value: Callable[[ClipResult], float | None]
    essential: bool = False


def _strict(name: str) -> Callable[[ClipResult], float | None]:
    return lambda result: result.scores.headline(name)


def _rough(name: str) -> Callable[[ClipResult], float | None]:
    return lambda result: result.rough.headline(name)


COLUMNS = (
    Column("onset", "onset", _strict("onset"), essential=True),
    Column("onset\n+offset", "onset_offset", _strict("onset_offset"), essential=True),
    Column("frame", "frame", _strict("frame")),
    Column("multi\nflat", "multi_flat", _strict("multi_flat")),
    Column("multi\nclass", "multi_class", _strict("multi_class"), essential=True),
    Column("multi\nfull", "multi_full", _strict("multi_full")),
    Column("drums\nkey", "drum_key", _strict("drum_key")),
    Column("drums\ngroup", "drum_group", _strict("drum_group"), essential=True),
    Column("drums\nany", "drum_any", _strict("drum_any")),
    Column("velo-\ncity r", "velocity", _strict("velocity")),
    Column("right\nclass", "right_class", _strict("right_class")),
    Column("rough\nonset", "rough_onset", _rough("onset")),
    Column("rough\n+offset", "rough_onset_offset", _rough("onset_offset")),
    Column("rough\ndrums", "rough_drum_group", _rough("drum_group")),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a report: ``kind`` is clip, group or overall; values are by column name."""

    kind: str
    name: str
    clips: int
    reference_notes: int
    estimated_notes: int
    values: dict[str, float | None]


def rows(results: Sequence[ClipResult]) -> list[Row]:
    """Every clip, then every group, then all; groups and all are means over their clips.

    A clip that has no value for a score (no drums, say) does not count in that score's mean.
    """
    groups: dict[str, list[ClipResult]] = {}
    for result in results:
        groups.setdefault(result.group, []).append(result)
    table = [_row("clip", result.name, [result]) for result in results]
    table += [_row("group", name, members) for name, members in groups.items()]
    if results:
        table.append(_row("overall", OVERALL, results))
    return table


def table(results: Sequence[ClipResult], onset_tolerance: float, width: int) -> Table:
    """A table for a terminal of ``width`` characters; what would say nothing is left out."""
    lines = rows(results)
    if len({result.group for result in results}) == 1:
        lines = [line for line in lines if line.kind != "group"]
    if len(results) == 1:
        lines = lines[:1]
    shown = [
        column
        for column in COLUMNS
        if (column.essential or width >= FULL_WIDTH)
        and any(line.values[column.name] is not None for line in lines)
    ]
    title = (
        f"F1 at {1000 * onset_tolerance:.0f} ms "
        f"(rough: {1000 * max(onset_tolerance, ROUGH_ONSET_TOLERANCE):.0f} ms)"
    )
    grid = Table(title=title, title_justify="left", box=box.SIMPLE)
    grid.add_column("clip", overflow="fold")
    grid.add_column("notes\ntrue", justify="right")
    grid.add_column("notes\nfound", justify="right")
    for column in shown:
        grid.add_column(column.heading, justify="right", no_wrap=True)
    kind = "clip"
    for line in lines:
        if line.kind != kind:
            grid.add_section()
            kind = line.kind
        name = line.name if line.kind == "clip" else f"{line.name} ({line.clips})"
        grid.add_row(
            name,
            str(line.reference_notes),
            str(line.estimated_notes),
            *(_cell(line.values[column.name]) for column in shown),
            style="" if line.kind == "clip" else "bold",
        )
    return grid


def write_json(
    results: Sequence[ClipResult],
    path: Path,
    onset_tolerance: float,
    about: dict[str, object],
) -> None:
    """Write what :func:`document` holds; ``about`` goes on top."""
    everything = {**about, **document(results, onset_tolerance)}
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")


def document(results: Sequence[ClipResult], onset_tolerance: float) -> dict[str, object]:
    """Everything as plain values, precision and recall of every clip included."""
    lines = rows(results)
    sure = reliability(results, onset_tolerance)
    return {
        "onset_tolerance": onset_tolerance,
        "rough_onset_tolerance": max(onset_tolerance, ROUGH_ONSET_TOLERANCE),
        "clips": [
            {
                "name": result.name,
                "group": result.group,
                "reference_notes": len(result.reference),
                "estimated_notes": len(result.estimate),
                "seconds": round(result.seconds, 3),
                "elapsed": round(result.elapsed, 3),
                "scores": result.scores.as_dict(),
                "rough": result.rough.as_dict(),
            }
            for result in results
        ],
        "groups": {line.name: _summary(line) for line in lines if line.kind == "group"},
        "overall": next((_summary(line) for line in lines if line.kind == "overall"), None),
        "reliability": sure and sure.as_dict(),
    }


def write_csv(results: Sequence[ClipResult], path: Path) -> None:
    """Write the lines of the table, one value a column, four digits, empty where undefined."""
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        header = ("kind", "name", "clips", "reference_notes", "estimated_notes")
        writer.writerow((*header, *(column.name for column in COLUMNS)))
        for line in rows(results):
            values = (line.values[column.name] for column in COLUMNS)
            writer.writerow(
                (
                    line.kind,
                    line.name,
                    line.clips,
                    line.reference_notes,
                    line.estimated_notes,
                    *("" if value is None else f"{value:.4f}" for value in values),
                )
            )


def _row(kind: str, name: str, results: Sequence[ClipResult]) -> Row:
    return Row(
        kind=kind,
        name=name,
        clips=len(results),
        reference_notes=sum(len(result.reference) for result in results),
        estimated_notes=sum(len(result.estimate) for result in results),
        values={c.name: _mean(c.value(result) for result in results) for c in COLUMNS},
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _summary(line: Row) -> dict[str, object]:
    return {
        "clips": line.clips,
        **{name: None if value is None else round(value, 4) for name, value in line.values.items()},
    }
