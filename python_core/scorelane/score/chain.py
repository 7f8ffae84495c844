"""The best chain of beats in bars: a semi-Markov Viterbi.

Its states are the beginning of a beat, its length and its place in the bar (after the bar-pointer
model of Krebs, Boeck and Widmer, ISMIR 2015). Beats and bars are found together: a beat too many
or too few puts all bars off that follow, and costs what they are worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.score.lattice import EARLY, Lattice

STIFF, SUPPLE = 0.08, 0.14
"""Standard deviations of the log ratio of neighbouring beats, as far as it is normal.

Of supple beats every metre can be made: metres are told apart by stiff ones, and who plays alone
is followed by supple ones once the metre is known.
"""
_NORMAL = 0.2  # log ratio beyond which the cost of a change grows evenly: players do wait
_PICKUP = 1.0  # cost of each beat of a pick-up: most pieces have none or a short one


@dataclass(frozen=True)
class Chain:
    """Beats in bars.

    Attributes:
        times: ``[n >= 2]`` seconds where beats begin, and where the last one ends.
        pickup: beats before the first bar.
        worth: what all of it is worth.
    """

    times: NDArray[np.float64]
    pickup: int
    worth: float


def best_chain(lattice: Lattice, count: int, bar_cost: float = 0.0, change: float = STIFF) -> Chain:
    """The chain of the highest worth in bars of ``count`` beats; each bar line has its cost.

    Neighbouring beats differ by about ``change``, in log length.
    """
    gain, lengths, pad = lattice.gain, lattice.lengths, lattice.pad
    frames, columns = gain.shape
    before = int(lengths[-1])
    # Worth of the best chain up to and with each beat; rows before the first frame are empty.
    costs = change_costs(columns, lattice.step, change)
    near = costs[: int(_NORMAL / lattice.step) + 1].astype(np.float32)
    far = (_slope(lattice.step, change) * np.arange(columns)).astype(np.float32)
    best = np.full((count, before + frames, columns), -np.inf, np.float32)
    flat = best.reshape(count, -1)
    place = np.repeat(lattice.other[None], count, axis=0)
    place[0] = lattice.bar - bar_cost
    begins = -_PICKUP * ((count - np.arange(count)) % count).astype(np.float32)
    # No beat is shorter than a block, so the frames of a block do not depend on one another.
    block = int(lengths[0])
    from_end = (before - lengths) * columns + np.arange(columns)
    from_block = np.arange(block)[:, None] * columns + from_end
    last_place = np.arange(-1, count - 1)[:, None, None]
    for begin in range(0, frames, block):
        t = np.arange(begin, min(begin + block, frames))
        worth = flat[last_place, from_block[: len(t)] + begin * columns]
        arrived = _changed(worth, near, far)
        if begin <= 2 * pad:
            may_begin = _holds(t[:, None], lengths, pad)
            first = np.maximum(arrived, begins[:, None, None])
            arrived = np.where(may_begin, first, arrived)
        arrived += gain[t]
        arrived += place[:, t, None]
        best[:, before + t] = arrived
    holds_last = _holds(np.arange(frames)[:, None], lengths, frames - 1 - pad)
    total = np.where(holds_last, best[:, before:], -np.inf)
    last = np.unravel_index(int(total.argmax()), total.shape)
    times, at_first = _traced(
        best, lattice, costs, begins, (int(last[0]), int(last[1]), int(last[2]))
    )
    seconds = lattice.start + lattice.frame * times.astype(np.float64)
    return Chain(seconds, -at_first % count, float(total[last]))


def _holds(begin: NDArray[np.int64], lengths: NDArray[np.int64], onset: int) -> NDArray[np.bool_]:
    """Whether beats hold the onset at that frame, which may come a little before its beat."""
    late = onset + np.round(EARLY * lengths).astype(np.int64)
    result: NDArray[np.bool_] = (begin <= late) & (begin + lengths > late)
    return result


def change_costs(count: int, step: float, change: float = STIFF) -> NDArray[np.float64]:
    """Of beats that differ by 0, 1, ... columns of lengths: quadratic while small, then linear."""
    columns = np.arange(count)
    normal = np.minimum(columns, int(_NORMAL / step))
    beyond = _slope(step, change) * (columns - normal)
    costs: NDArray[np.float64] = 0.5 * (normal * step / change) ** 2 + beyond
    return costs


def _slope(step: float, change: float) -> float:
    """What each column more costs, of a change that is not normal."""
    return _NORMAL / change**2 * step


def _changed(
    worth: NDArray[np.float32], near: NDArray[np.float32], far: NDArray[np.float32]
) -> NDArray[np.float32]:
    """``[..., lengths]``: the best of going on from any length.

    A change by 0, 1, ... columns costs what ``near`` says, and what is beyond these the sum of its
    steps, whose costs ``far`` adds up.
    """
    best = worth.copy()
    for columns in range(1, min(len(near), len(far))):
        later, sooner = worth[..., columns:], worth[..., :-columns]
        np.maximum(best[..., columns:], sooner - near[columns], out=best[..., columns:])
        np.maximum(best[..., :-columns], later - near[columns], out=best[..., :-columns])
    # Beyond, the cost of a change is that of its steps, and all lengths are tried at once.
    longer = np.maximum.accumulate(best + far, axis=-1) - far
    shorter = np.maximum.accumulate((best - far)[..., ::-1], axis=-1)[..., ::-1] + far
    result: NDArray[np.float32] = np.maximum(longer, shorter)
    return result


def _traced(
    best: NDArray[np.float32],
    lattice: Lattice,
    costs: NDArray[np.float64],
    begins: NDArray[np.float32],
    last: tuple[int, int, int],
) -> tuple[NDArray[np.int64], int]:
    """Frames of the chain that ends with the beat ``last``, and its first one's place."""
    lengths, count = lattice.lengths, len(best)
    columns = np.arange(len(lengths))
    before = int(lengths[-1])
    place, at, column = last
    chain = [at + int(lengths[column]), at]
    while True:
        before_it = best[place - 1, before + at - lengths, columns]
        arrived = before_it - costs[np.abs(columns - column)]
        if bool(_holds(np.array(at), lengths[column], lattice.pad)) and (
            arrived.max() <= begins[place]
        ):
            return np.array(chain[::-1], np.int64), place
        column = int(arrived.argmax())
        at -= int(lengths[column])
        place = (place - 1) % count
        chain.append(at)
