"""Whether confidence means what it says: of notes that are sure to 0.7, seven in ten are right.

A pitched note is right when a true note of its pitch begins within the tolerance, a drum hit when
one of its part of the kit does (pairs as in :mod:`scorelane.evaluate.metrics`). As there, clips
whose reference holds drums alone say nothing of pitched notes, and clips without annotated drums
nothing of drums.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scorelane.evaluate.metrics import ONSET_TOLERANCE, drum_group, pair_notes
from scorelane.files import atomic_path
from scorelane.notes import Note

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from scorelane.evaluate.run import ClipResult

BINS = 10
FEW_NOTES = 20
_DPI = 120
_COLOURS = {"pitched": "#0536ff", "drums": "#4d4d4d"}


@dataclass(frozen=True, slots=True)
class Bin:
    """Notes whose confidence lies in ``[low, high)`` (1 belongs to the last).

    ``confidence`` is their mean; ``right`` of the ``notes`` were right.
    """

    low: float
    high: float
    notes: int
    right: int
    confidence: float

    @property
    def share(self) -> float:
        """Share of the notes that were right."""
        return self.right / self.notes


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins that hold notes, from the lowest confidence up; pitched notes and drum hits."""

    pitched: tuple[Bin, ...]
    drums: tuple[Bin, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain values, ready for JSON; ``error`` is :func:`calibration_error`."""
        return {
            kind: {
                "error": _rounded(calibration_error(bins)),
                "bins": [
                    {
                        "from": round(one.low, 2),
                        "to": round(one.high, 2),
                        "notes": one.notes,
                        "right": one.right,
                        "confidence": _rounded(one.confidence),
                        "share": _rounded(one.share),
                    }
                    for one in bins
                ],
            }
            for kind, bins in (("pitched", self.pitched), ("drums", self.drums))
        }


def reliability(
    results: Iterable[ClipResult], onset_tolerance: float = ONSET_TOLERANCE
) -> Reliability | None:
    """Sort the notes found in all clips by confidence; ``None`` where every note says 1.

    That is so for notes from files that hold no confidence. ``onset_tolerance`` is in seconds.
    """
    verdicts: dict[bool, list[tuple[float, bool]]] = {False: [], True: []}
    for result in results:
        for is_drum, known in verdicts.items():
            known += _verdicts(result.reference, result.estimate, is_drum, onset_tolerance)
    if all(confidence == 1.0 for known in verdicts.values() for confidence, _ in known):
        return None
    return Reliability(_bins(verdicts[False]), _bins(verdicts[True]))


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """How far confidence is from the share that was right, mean over notes; ``None``: no notes."""
    notes = sum(one.notes for one in bins)
    if not notes:
        return None
    return sum(one.notes * abs(one.confidence - one.share) for one in bins) / notes


def draw_reliability(found: Reliability, path: Path) -> None:
    """Draw confidence against the share that was right; the suffix chooses PNG, SVG or PDF.

    Bins with fewer than :data:`FEW_NOTES` notes are drawn hollow. Raises :class:`OSError` when the
    file cannot be written, :class:`ValueError` for a suffix that is no picture's.
    """
    figure = build_figure(found)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=_DPI)


def build_figure(found: Reliability) -> Figure:
    """The picture as a matplotlib figure; see :func:`draw_reliability`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 6.4))
    shares, counts = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": (4, 1), "hspace": 0.08}
    )
    figure.subplots_adjust(left=0.13, right=0.96, top=0.97, bottom=0.09)
    shares.plot((0, 1), (0, 1), color="#b0b0b0", linewidth=0.8, linestyle="--", zorder=0)
    for place, (kind, bins) in enumerate((("pitched", found.pitched), ("drums", found.drums))):
        if bins:
            _draw_shares(shares, kind, bins)
            _draw_counts(counts, kind, bins, place)
    shares.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of notes that are right")
    counts.set(xlabel="confidence", ylabel="notes", xticks=np.linspace(0, 1, BINS + 1))
    for axes in (shares, counts):
        axes.tick_params(labelsize=8, length=2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    shares.legend(loc="upper left", frameon=False, fontsize=9)
    return figure


def _verdicts(
    reference: Sequence[Note], estimate: Sequence[Note], is_drum: bool, onset_tolerance: float
) -> list[tuple[float, bool]]:
    """Confidence of each note of a kind and whether it is right; none where nobody can say."""
    truth = [note for note in reference if note.is_drum == is_drum]
    if not truth and (is_drum or reference):
        return []
    notes = [note for note in estimate if note.is_drum == is_drum]
    pairs = pair_notes(
        truth,
        notes,
        (lambda note: drum_group(note.pitch)) if is_drum else (lambda note: note.pitch),
        onset_tolerance=onset_tolerance,
    )
    right = {id(note) for _, note in pairs}
    return [(note.confidence, id(note) in right) for note in notes]


def _bins(verdicts: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    members: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for confidence, right in verdicts:
        # Rounded first: 0.3 times 10 must not fall short of 3 by a float's last bit.
        members[min(int(round(confidence * BINS, 6)), BINS - 1)].append((confidence, right))
    return tuple(
        Bin(
            low=index / BINS,
            high=(index + 1) / BINS,
            notes=len(those),
            right=sum(right for _, right in those),
            confidence=sum(confidence for confidence, _ in those) / len(those),
        )
        for index, those in enumerate(members)
        if those
    )


def _draw_shares(axes: Axes, kind: str, bins: Sequence[Bin]) -> None:
    colour, error = _COLOURS[kind], calibration_error(bins)
    said, was = [one.confidence for one in bins], [one.share for one in bins]
    axes.plot(said, was, color=colour, linewidth=1.2, label=f"{kind} (off by {error:.2f})")
    axes.scatter(
        said,
        was,
        s=22,
        facecolors=["white" if one.notes < FEW_NOTES else colour for one in bins],
        edgecolors=colour,
        zorder=3,
        clip_on=False,
    )


def _draw_counts(axes: Axes, kind: str, bins: Sequence[Bin], place: int) -> None:
    width = 0.4 / BINS
    left = [one.low + 0.1 / BINS + place * width for one in bins]
    notes = [one.notes for one in bins]
    bars = axes.bar(left, notes, width, align="edge", color=_COLOURS[kind])
    axes.bar_label(bars, fontsize=5.5, padding=1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
