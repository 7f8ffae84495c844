"""A page of piano rolls: what was found in a few clips, the truth outlined over it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scorelane.evaluate.run import ClipResult
from scorelane.files import atomic_path
from scorelane.notes import Note, total_duration
from scorelane.pianoroll import WIDTH, draw_on, plan
from scorelane.transcription import Transcription

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLIPS = 5
SECONDS = 20.0
_DPI = 100
_MAX_PITCHED_HEIGHT = 2.1  # inches; five clips of quartets then fill a page of A4's proportions
_NAMES = (
    ("onset", "onset"),
    ("onset_offset", "onset + offset"),
    ("multi_class", "by class"),
    ("drum_group", "drums"),
)


def draw_page(results: Sequence[ClipResult], path: Path) -> None:
    """Draw the beginnings of :data:`CLIPS` clips, best first, one below the other.

    Of more clips the best and the worst are taken, and others at even ranks between. The suffix of
    ``path`` chooses PNG, SVG or PDF. Raises :class:`OSError` when the file cannot be written,
    :class:`ValueError` for a suffix that is no picture's.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a title may hold what no font here has
        figure = build_page(chosen(results))
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=_DPI)


def chosen(results: Sequence[ClipResult], clips: int = CLIPS) -> list[ClipResult]:
    """At most ``clips`` of ``results`` from best to worst, at even ranks."""
    ranked = sorted(results, key=_quality, reverse=True)
    if len(ranked) <= clips:
        return ranked
    return [ranked[round(i * (len(ranked) - 1) / max(clips - 1, 1))] for i in range(clips)]


def build_page(results: Sequence[ClipResult]) -> Figure:
    """The page as a matplotlib figure, at least one clip; see :func:`draw_page`."""
    from matplotlib.figure import Figure

    songs = [_beginning(result) for result in results]
    layouts = []
    for song, truth in songs:
        layout = plan(song, truth, max_rows=1)
        height = min(layout.pitched_height, _MAX_PITCHED_HEIGHT)
        layouts.append(replace(layout, pitched_height=height))
    heights = [layout.figure_height for layout in layouts]
    figure = Figure(figsize=(WIDTH, sum(heights)))
    parts = figure.subfigures(len(songs), 1, height_ratios=heights, squeeze=False)[:, 0]
    for part, layout, (song, truth) in zip(parts, layouts, songs, strict=True):
        draw_on(part, layout, song, truth)
    return figure


def _quality(result: ClipResult) -> float:
    scores = result.scores
    values = [s.f1 for s in (scores.onset, scores.drum_group) if s is not None]
    return sum(values) / len(values)


def _beginning(result: ClipResult) -> tuple[Transcription, list[Note]]:
    # Where drums alone are annotated, nobody knows which of the other notes are right.
    only_drums = {note.is_drum for note in result.reference} == {True}
    found = _until([n for n in result.estimate if n.is_drum or not only_drums], SECONDS)
    truth = _until(result.reference, SECONDS)
    duration = min(SECONDS, result.seconds or total_duration([*found, *truth]))
    title = f"{result.name}   {_figures(result)}"
    return Transcription(tuple(found), duration, title, sensitivity=1.0), truth


def _until(notes: Sequence[Note], end: float) -> list[Note]:
    return [replace(n, offset=min(n.offset, end)) for n in notes if n.onset < end]


def _figures(result: ClipResult) -> str:
    values = [(label, result.scores.headline(name)) for name, label in _NAMES]
    return ", ".join(f"{label} {value:.2f}" for label, value in values if value is not None)
