"""Tempo marks: where the tempo changes for good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scorelane.score.grid import Grid

_MARK = 0.06  # of squared log tempo over bars: a mark is worth 3 bars of a tempo off by a seventh


def tempo_marks(grid: Grid, bars: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Bar numbers and beats per minute from there on, the first bar's included.

    The bars (start and end tick) are cut into stretches of one tempo each, so that what the bars
    differ from theirs and what the marks cost is least over the piece (exactly). Each stretch
    lasts in its tempo as long as it was played.
    """
    unit = grid.metre.beat_ticks
    edges = grid.seconds_at(np.array([start for start, _ in bars] + [bars[-1][1]]) / unit)
    beats = np.array([(end - start) / unit for start, end in bars])
    seconds = np.maximum(np.diff(edges), 1e-3)
    weight = beats / grid.metre.beats  # a pick-up counts as much as it lasts
    rate = np.log(beats / seconds)
    sums = np.concatenate(([0.0], np.cumsum(weight)))
    first = np.concatenate(([0.0], np.cumsum(weight * rate)))
    second = np.concatenate(([0.0], np.cumsum(weight * rate**2)))
    least = np.zeros(len(beats) + 1)
    begins = np.zeros(len(beats) + 1, np.int64)
    for end in range(1, len(beats) + 1):
        off = (
            second[end] - second[:end] - (first[end] - first[:end]) ** 2 / (sums[end] - sums[:end])
        )
        total = least[:end] + off + _MARK
        begins[end] = int(total.argmin())
        least[end] = total[begins[end]]
    marks = []
    end = len(beats)
    while end:
        begin = int(begins[end])
        tempo = 60.0 * beats[begin:end].sum() / seconds[begin:end].sum()
        marks.append((begin, int(np.clip(round(float(tempo)), 10, 400))))
        end = begin
    return marks[::-1]
