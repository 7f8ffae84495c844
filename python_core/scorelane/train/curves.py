"""Learning curves: what the logs of one or more runs say, over the examples seen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scorelane.display import printable
from scorelane.errors import UsageError
from scorelane.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOG_NAME = "log.jsonl"
LOSSES = {"loss": "loss of the next token", "frame": "loss of the evidence"}
ACCURACIES = {"shift": "shift", "pitch": "pitch", "program": "program", "drum": "drum"}
_COLOURS = {
    "loss": "#0536ff",
    "frame": "#9a5c04",
    "shift": "#267eab",
    "pitch": "#ab2f4d",
    "program": "#2b8a2b",
    "drum": "#4d4d4d",
}
# A report speaks of few examples and jumps about; this share of the whole picture calms it.
_SMOOTHED_OVER = 0.01
_DPI = 120


@dataclass(frozen=True, slots=True)
class Run:
    """One run's log. ``seen`` [reports] counts the run's own examples, rising.

    ``examples`` [reports] are those that each report speaks of, ``values`` its means by name.
    """

    name: str
    seen: NDArray[np.float64]
    examples: NDArray[np.float64]
    values: dict[str, NDArray[np.float64]]


def read_run(folder: Path) -> Run:
    """Read the log of a run folder (or a log file itself).

    A run that resumed from its checkpoint went on with weights that had not seen the reports
    after it; those are left out. Raises :class:`UsageError` where there is no log, or an odd one.
    """
    path = folder / LOG_NAME if folder.is_dir() else folder
    kept: list[dict[str, float]] = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            report = json.loads(line)
            row = {name: float(report[name]) for name in ("seen", *LOSSES, *ACCURACIES)}
            while kept and kept[-1]["seen"] >= row["seen"]:
                kept.pop()
            kept.append(row)
    except OSError:
        raise UsageError(f"{printable(folder)} holds no {LOG_NAME} of `scorelane train`.") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{printable(path)} is no log of `scorelane train`.") from None
    if not kept:
        raise UsageError(f"{printable(path)} is empty: the run has not reported yet.")
    seen = np.array([row["seen"] for row in kept])
    return Run(
        name=path.absolute().parent.name,
        seen=seen,
        examples=np.diff(seen, prepend=0.0),
        values={name: np.array([row[name] for row in kept]) for name in (*LOSSES, *ACCURACIES)},
    )


def smoothed(
    values: NDArray[np.float64], examples: NDArray[np.float64], horizon: float
) -> NDArray[np.float64]:
    """Mean of ``values`` [n], each a mean over ``examples`` [n], around every one of them.

    What lies ``horizon`` examples before or after counts 1/e as much.
    """
    weighted = np.stack([values * examples, examples])
    before = _faded(weighted, examples, horizon)
    after = _faded(weighted[:, ::-1], np.append(0.0, examples[:0:-1]), horizon)
    total, weight = before + after[:, ::-1] - weighted
    return np.asarray(total / weight)


def _faded(
    sums: NDArray[np.float64], examples: NDArray[np.float64], horizon: float
) -> NDArray[np.float64]:
    """Each column of ``sums`` [2, n] and all before it, fading with the examples between."""
    result = sums.copy()
    for i in range(1, len(examples)):
        result[:, i] += np.exp(-examples[i] / horizon) * result[:, i - 1]
    return result


def draw_curves(runs: Sequence[Run], path: Path) -> None:
    """Draw ``runs``, at least one, one after another; the suffix chooses PNG, SVG or PDF.

    Raises :class:`OSError` when the file cannot be written, :class:`ValueError` for a suffix that
    is no picture's.
    """
    figure = build_figure(runs)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=_DPI)


def build_figure(runs: Sequence[Run]) -> Figure:
    """The picture as a matplotlib figure; see :func:`draw_curves`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import StrMethodFormatter

    figure = Figure(figsize=(9, 8))
    loss, frame, right = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": (3, 2, 3), "hspace": 0.12}
    )
    figure.subplots_adjust(left=0.09, right=0.97, top=0.95, bottom=0.07)
    starts = np.concatenate([[0.0], np.cumsum([run.seen[-1] for run in runs])])
    horizon = _SMOOTHED_OVER * starts[-1]
    for axes, names in ((loss, ("loss",)), (frame, ("frame",)), (right, tuple(ACCURACIES))):
        for name in names:
            _draw(axes, name, runs, starts, horizon)
        axes.tick_params(labelsize=8, length=2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        for start in starts[1:-1]:
            axes.axvline(start, color="#d0d0d0", linewidth=0.8, zorder=0)
    loss.set_ylabel(LOSSES["loss"], fontsize=9)
    frame.set_ylabel(LOSSES["frame"], fontsize=9)
    right.set_ylabel("tokens right, teacher-forced", fontsize=9)
    right.set_xlim(0, starts[-1])
    right.set_xlabel("examples seen", fontsize=9)
    right.legend(loc="upper left", frameon=False, fontsize=9, ncols=len(ACCURACIES))
    right.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    if len(runs) > 1:
        for run, start in zip(runs, starts[:-1], strict=True):
            _name(loss, run.name, float(start))
    return figure


def _draw(
    axes: Axes,
    name: str,
    runs: Sequence[Run],
    starts: NDArray[np.float64],
    horizon: float,
) -> None:
    """One value: its reports pale, their running mean over them, anew for every run."""
    for index, (run, start) in enumerate(zip(runs, starts[:-1], strict=True)):
        there, values = start + run.seen, run.values[name]
        axes.plot(there, values, color=_COLOURS[name], linewidth=0.5, alpha=0.2)
        label = ACCURACIES.get(name) if index == 0 else None
        calm = smoothed(values, run.examples, horizon)
        axes.plot(there, calm, color=_COLOURS[name], linewidth=1.4, label=label)
    # The jumps of single reports must not push the curves to the foot of the picture.
    if name in LOSSES:
        everything = np.concatenate([run.values[name] for run in runs])
        low, high = np.quantile(everything, (0.0, 0.98))
        axes.set_ylim(max(0.0, low - 0.05 * (high - low)), high + 0.1 * (high - low) + 1e-6)
    else:
        axes.set_ylim(0.0, None)


def _name(axes: Axes, name: str, start: float) -> None:
    axes.annotate(
        name,
        (start, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(3, 2),
        textcoords="offset points",
        fontsize=8,
        parse_math=False,
    )
