"""Which recordings become which files: found, named and checked before any work is done."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scorelane.audio import AUDIO_SUFFIXES, find_audio, open_audio
from scorelane.display import printable
from scorelane.errors import AudioError, ScorelaneError, UsageError
from scorelane.files import occupied

FORMATS = ("mid", "png", "csv", "json")
SCORE_FORMATS = ("musicxml", "mxl", "pdf", "svg", "grid")  # png is the piano roll
ENDINGS = {"grid": "grid.mid"}  # the rest end as they are named


class JobError(ScorelaneError):
    """A recording whose results would have no proper place."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recording and the files to make of it, by format."""

    source: Path
    targets: dict[str, Path]


@dataclass(frozen=True, slots=True)
class Plan:
    """The recordings to work on, and why others cannot be."""

    jobs: list[Job]
    problems: list[str]


def parse_formats(entries: Sequence[str]) -> list[str]:
    """Formats of ``--to``: repeated or separated by commas, in the order given.

    Raises:
        UsageError: for an unknown format or when none is named.
    """
    names = [name.strip().lower().lstrip(".") for entry in entries for name in entry.split(",")]
    formats = list(dict.fromkeys("mid" if name == "midi" else name for name in names if name))
    unknown = [name for name in formats if name not in FORMATS + SCORE_FORMATS]
    if unknown or not formats:
        what = f"Unknown format {unknown[0]!r}" if unknown else "No format was named"
        raise UsageError(
            f"{what}; --to takes {', '.join(FORMATS)} and, for scores, {', '.join(SCORE_FORMATS)}."
        )
    return formats


def make_plan(inputs: Sequence[Path], formats: Sequence[str], out: Path | None) -> Plan:
    """Expand files and folders into jobs.

    Results go beside their recording, or into ``out``, where a folder's recordings keep their
    places relative to that folder. Of two recordings that would write the same file the first
    is kept and the other is a problem.
    """
    plan = Plan([], [])
    taken: dict[Path, Path] = {}
    for source, relative in _expand(inputs, plan.problems):
        base = source.parent if out is None else out / relative.parent
        stem = source.stem if source.suffix.lower() in AUDIO_SUFFIXES else source.name
        targets = {kind: base / f"{stem}.{ENDINGS.get(kind, kind)}" for kind in formats}
        key = (base.resolve() / stem).absolute()
        if key not in taken:
            taken[key] = source
            plan.jobs.append(Job(source, targets))
        elif taken[key].resolve() != source.resolve():
            first = printable(next(iter(targets.values())))
            plan.problems.append(
                f"{printable(source)} would write {first}, as {printable(taken[key])} does;"
                " transcribe it with another --out."
            )
    return plan


def check(job: Job, overwrite: bool) -> None:
    """See that the recording opens and its results can be written; make their folder.

    Raises:
        AudioError: when the recording does not open.
        JobError: when a result exists and may not be replaced, or its folder is not writable.
    """
    with open_audio(job.source):
        pass
    if not overwrite:
        for kind, target in job.targets.items():
            if there := occupied(target, pages=kind == "svg"):
                raise JobError(f"{printable(there)} exists; replace it with --overwrite.")
    folder = next(iter(job.targets.values())).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise JobError(f"{printable(folder)} cannot be written to: {error.strerror}.") from error


def _expand(inputs: Sequence[Path], problems: list[str]) -> list[tuple[Path, Path]]:
    """Pairs of a recording and its place relative to the input that named it."""
    found: list[tuple[Path, Path]] = []
    for path in inputs:
        if not path.is_dir():
            found.append((path, Path(path.name)))
            continue
        try:
            found += [(file, file.relative_to(path)) for file in find_audio(path)]
        except (AudioError, OSError) as error:
            problems.append(str(error))
    return found
