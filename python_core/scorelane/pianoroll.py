"""A transcription as a picture: a piano roll coloured by lane, wrapped onto rows like a score."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scorelane.colours import lane_colour
from scorelane.display import pitch_name
from scorelane.files import atomic_path
from scorelane.instruments import drum_name
from scorelane.lanes import Lane
from scorelane.notes import Note, total_duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

    from scorelane.transcription import Transcription

WIDTH = 14.0  # inches
DPI = 120
MAX_ROWS = 10
_ROW_SECONDS = (10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_TICK_SECONDS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_MIN_SEMITONES = 24  # a narrower range would make giants of a few notes
_LEGEND_COLUMNS = 5
_TITLE, _LEGEND_ROW, _GAP = 0.42, 0.22, 0.45  # inches
_MAX_PITCHED_HEIGHT = 3.4


@dataclass(frozen=True, slots=True)
class Layout:
    """What all rows of one picture share; heights in inches."""

    row_seconds: float
    rows: int
    low: int
    high: int
    drum_keys: tuple[int, ...]
    pitched_height: float
    drum_height: float
    header: float

    @property
    def row_height(self) -> float:
        """A row with the space below it."""
        return self.pitched_height + self.drum_height + _GAP

    @property
    def figure_height(self) -> float:
        """The whole picture."""
        return self.header + self.rows * self.row_height


def draw_pianoroll(
    transcription: Transcription,
    path: str | os.PathLike[str],
    *,
    truth: Sequence[Note] | None = None,
) -> None:
    """Draw the notes of ``transcription`` to ``path`` (its suffix chooses PNG, SVG or PDF).

    Each lane has its instrument's colour, louder notes are more opaque, drums have their own strip
    with the names of the drums. Long recordings are wrapped onto several rows.

    Args:
        transcription: what to draw.
        path: the file to write; it appears complete or not at all.
        truth: reference notes, outlined in black over the others.

    Raises:
        OSError: when the file cannot be written.
        ValueError: for a suffix that is no picture's.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a title may hold what no font here has
        figure = build_figure(transcription, truth or ())
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=DPI)


def build_figure(transcription: Transcription, truth: Sequence[Note] = ()) -> Figure:
    """The picture as a matplotlib figure; see :func:`draw_pianoroll`."""
    from matplotlib.figure import Figure

    layout = plan(transcription, truth)
    figure = Figure(figsize=(WIDTH, layout.figure_height))
    draw_on(figure, layout, transcription, truth)
    return figure


def plan(
    transcription: Transcription, truth: Sequence[Note] = (), max_rows: int = MAX_ROWS
) -> Layout:
    """Lay out a picture of at most ``max_rows`` rows, :data:`WIDTH` inches wide."""
    everything = [*transcription.notes, *truth]
    duration = max(transcription.duration, total_duration(everything))
    entries = len(transcription.lanes) + bool(truth)
    legend_rows = math.ceil(entries / _LEGEND_COLUMNS) or 1
    return _plan(everything, duration, legend_rows, max_rows)


def draw_on(
    figure: FigureBase, layout: Layout, transcription: Transcription, truth: Sequence[Note] = ()
) -> None:
    """Draw on a figure, or a part of one, that is as large as ``layout`` says."""
    lanes = transcription.lanes
    _draw_header(figure, layout, transcription, bool(truth))
    for row in range(layout.rows):
        pitched, drums = _add_axes(figure, layout, row)
        for lane in lanes:
            _draw_lane(drums if lane.is_drum else pitched, lane, layout, row)
        _outline(pitched, (note for note in truth if not note.is_drum), layout, row)
        _outline(drums, (note for note in truth if note.is_drum), layout, row)


def _plan(notes: Sequence[Note], duration: float, legend_rows: int, max_rows: int) -> Layout:
    row_seconds = float(
        next((s for s in _ROW_SECONDS if duration / s <= max_rows), math.ceil(duration / max_rows))
    )
    rows = max(1, math.ceil(duration / row_seconds - 1e-3))
    if rows == 1:
        row_seconds = max(duration, 1.0)
    pitches = [note.pitch for note in notes if not note.is_drum]
    low, high = (min(pitches), max(pitches)) if pitches else (60, 60)
    spare = max(0, _MIN_SEMITONES - (high - low))
    low, high = max(0, low - 1 - spare // 2), min(127, high + 1 + (spare + 1) // 2)
    drum_keys = tuple(sorted({note.pitch for note in notes if note.is_drum}))
    has_pitched = bool(pitches) or not drum_keys
    return Layout(
        row_seconds=row_seconds,
        rows=rows,
        low=low,
        high=high,
        drum_keys=drum_keys,
        pitched_height=min(_MAX_PITCHED_HEIGHT, 0.055 * (high - low)) if has_pitched else 0.0,
        drum_height=0.14 * len(drum_keys) + 0.08 if drum_keys else 0.0,
        header=_TITLE + (legend_rows + 0.5) * _LEGEND_ROW,
    )


def _draw_header(
    figure: FigureBase, layout: Layout, transcription: Transcription, with_truth: bool
) -> None:
    from matplotlib.patches import Patch

    lanes = transcription.lanes
    top = 1 - 0.12 / layout.figure_height
    figure.text(
        0.065,
        top,
        transcription.title,
        fontsize=13,
        fontweight="bold",
        verticalalignment="top",
        parse_math=False,  # a dollar sign in a file name is a dollar sign
    )
    handles = [
        Patch(color=lane_colour(lane.program, lane.is_drum), label=_lane_label(lane))
        for lane in lanes
    ]
    if with_truth:
        handles.append(Patch(facecolor="none", edgecolor="black", label="truth"))
    if not handles:
        handles.append(Patch(color="none", label="no notes"))
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.06, 1 - (_TITLE - 0.08) / layout.figure_height),
        ncols=min(_LEGEND_COLUMNS, len(handles)),
        frameon=False,
        fontsize=9,
        handlelength=1.2,
        columnspacing=1.4,
    )


def _lane_label(lane: Lane) -> str:
    return f"{lane.name} ({len(lane.notes)})"


def _add_axes(figure: FigureBase, layout: Layout, row: int) -> tuple[Axes, Axes]:
    """Axes of one row: pitched notes above, drums below; one of them may have no height."""
    height = layout.figure_height
    top = height - layout.header - row * layout.row_height
    left, width = 0.065, 0.92
    axes = []
    for inches in (layout.pitched_height, layout.drum_height):
        rectangle = (left, (top - inches) / height, width, max(inches, 1e-3) / height)
        axes.append(figure.add_axes(rectangle, visible=inches > 0))
        top -= inches
    pitched, drums = axes
    start = row * layout.row_seconds
    for one in axes:
        one.set_xlim(start, start + layout.row_seconds)
        one.tick_params(labelsize=8, length=2)
        for side in ("top", "right"):
            one.spines[side].set_visible(False)
    _label_time(drums if layout.drum_height else pitched, start, layout.row_seconds)
    if layout.drum_height:
        pitched.tick_params(bottom=False, labelbottom=False)
    _label_pitches(pitched, layout)
    _label_drums(drums, layout)
    return pitched, drums


def _label_time(axes: Axes, start: float, seconds: float) -> None:
    step = next((s for s in _TICK_SECONDS if seconds / s <= 20), _TICK_SECONDS[-1])
    ticks = [start + i * step for i in range(int(seconds / step + 1e-6) + 1)]
    axes.set_xticks(ticks, [_minutes(tick, step) for tick in ticks])


def _minutes(seconds: float, step: float) -> str:
    whole = int(seconds)
    tenths = f".{round(seconds * 10) % 10}" if step < 1 else ""
    return f"{whole // 60}:{whole % 60:02d}{tenths}"


def _label_pitches(axes: Axes, layout: Layout) -> None:
    octaves = range(math.ceil(layout.low / 12) * 12, layout.high + 1, 12)
    axes.set_ylim(layout.low - 0.5, layout.high + 0.5)
    axes.set_yticks(list(octaves), [pitch_name(pitch) for pitch in octaves])
    for pitch in octaves:
        axes.axhline(pitch - 0.5, color="#d0d0d0", linewidth=0.6, zorder=0)
    for pitch in range(layout.low, layout.high + 1):
        if pitch % 12 in (1, 3, 6, 8, 10):  # the black keys
            axes.axhspan(pitch - 0.5, pitch + 0.5, color="#f4f4f4", zorder=-1)


def _label_drums(axes: Axes, layout: Layout) -> None:
    places = list(range(len(layout.drum_keys)))
    axes.set_ylim(-0.6, max(len(places), 1) - 0.4)
    axes.set_yticks(places, [drum_name(key) for key in layout.drum_keys])
    axes.tick_params(axis="y", labelsize=6)
    for place in places:
        axes.axhline(place, color="#e8e8e8", linewidth=0.6, zorder=0)


def _draw_lane(axes: Axes, lane: Lane, layout: Layout, row: int) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    notes = list(_in_row(lane.notes, layout, row))
    colour = to_rgb(lane_colour(lane.program, lane.is_drum))
    axes.add_collection(
        PolyCollection(
            [_box(note, layout) for note in notes],
            facecolors=[(*colour, 0.4 + 0.6 * note.velocity / 127) for note in notes],
            edgecolors=[(*colour, 1.0)] * len(notes),
            linewidths=0.4,
        ),
        autolim=False,
    )


def _outline(axes: Axes, notes: Iterable[Note], layout: Layout, row: int) -> None:
    from matplotlib.collections import PolyCollection

    boxes = [_box(note, layout) for note in _in_row(notes, layout, row)]
    axes.add_collection(
        PolyCollection(boxes, facecolors="none", edgecolors="black", linewidths=0.7), autolim=False
    )


def _in_row(notes: Iterable[Note], layout: Layout, row: int) -> Iterator[Note]:
    start = row * layout.row_seconds
    end = start + layout.row_seconds
    return (note for note in notes if note.onset < end and note.offset >= start)


def _box(note: Note, layout: Layout) -> list[Any]:
    """Corners of a note; wide enough to be seen, and drums all of one width."""
    narrowest = layout.row_seconds * 0.002
    if note.is_drum:
        middle, half, end = layout.drum_keys.index(note.pitch), 0.38, note.onset + 2 * narrowest
    else:
        middle, half, end = note.pitch, 0.46, max(note.offset, note.onset + narrowest)
    bottom, top = middle - half, middle + half
    return [(note.onset, bottom), (note.onset, top), (end, top), (end, bottom)]
