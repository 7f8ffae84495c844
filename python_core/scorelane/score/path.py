"""The cheapest way through states, one at each step (Viterbi)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def cheapest_path(cost: NDArray[np.float64], change: NDArray[np.float64]) -> list[int]:
    """The state of each step, so that states and changes together cost least.

    ``cost`` is [steps, states]. ``change`` is what going from the state of its row to that of its
    column costs: [states, states], or [steps - 1, states, states] where that differs.
    """
    changes = np.broadcast_to(change, (len(cost) - 1, *change.shape[-2:]))
    least = cost[0]
    came_from = []
    for here, between in zip(cost[1:], changes, strict=True):
        arrivals = least[:, None] + between
        came_from.append(arrivals.argmin(axis=0))
        least = arrivals.min(axis=0) + here
    path = [int(least.argmin())]
    for before in reversed(came_from):
        path.append(int(before[path[-1]]))
    return path[::-1]
