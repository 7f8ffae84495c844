"""The table of lanes that ends a transcription."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scorelane.display import clock, pitch_name
from scorelane.lanes import Lane

if TYPE_CHECKING:
    from rich.table import Table


def lane_table(lanes: Sequence[Lane], *, with_confidence: bool = True) -> Table:
    """One row per lane: instrument, notes, range, first and last onset, mean confidence."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("instrument", no_wrap=True)
    for name in ("notes", "range", "first", "last"):
        table.add_column(name, justify="right", no_wrap=True)
    if with_confidence:
        table.add_column("confidence", justify="right", no_wrap=True)
    for lane in lanes:
        cells = [
            lane.name,
            str(len(lane.notes)),
            _range(lane),
            clock(lane.first_onset),
            clock(lane.last_onset),
        ]
        if with_confidence:
            cells.append(f"{lane.mean_confidence:.2f}")
        table.add_row(*cells)
    return table


def _range(lane: Lane) -> str:
    if lane.is_drum:
        kinds = len({note.pitch for note in lane.notes})
        return f"{kinds} drum{'s' * (kinds != 1)}"
    return f"{pitch_name(lane.lowest)}-{pitch_name(lane.highest)}"
