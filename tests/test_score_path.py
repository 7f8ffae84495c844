"""The cheapest path: as cheap as the best of all."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelane.score.path import cheapest_path


def price(path: tuple[int, ...], cost: NDArray[np.float64], changes: NDArray[np.float64]) -> float:
    stays = sum(cost[i, state] for i, state in enumerate(path))
    return float(stays + sum(changes[i][pair] for i, pair in enumerate(pairwise(path))))


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 3))
def test_no_path_is_cheaper(seed: int, steps: int, states: int) -> None:
    chance = np.random.default_rng(seed)
    cost = chance.normal(size=(steps, states))
    for change in (chance.normal(size=(states, states)), chance.normal(size=(5, states, states))):
        changes = np.broadcast_to(change, (5, states, states))[: steps - 1]
        given_change = change if change.ndim == 2 else changes
        found = tuple(cheapest_path(cost, given_change))
        best = min(price(path, cost, changes) for path in product(range(states), repeat=steps))
        assert price(found, cost, changes) == pytest.approx(best)


def test_what_is_forbidden_is_not_done() -> None:
    cost = np.array([[0.0, 5.0], [6.0, 0.0], [6.0, 0.0]])
    free, shut = np.zeros((2, 2)), np.array([[0.0, np.inf], [np.inf, 0.0]])
    assert cheapest_path(cost, np.stack([shut, free])) == [1, 1, 1]
    assert cheapest_path(cost, np.stack([free, shut])) == [0, 1, 1]
