"""Spreading work over processes, or doing it here when one is enough."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


@contextmanager
def mapped(
    function: Callable[[_Task], _Result], tasks: Sequence[_Task], processes: int, chunk: int = 1
) -> Iterator[Iterator[_Result]]:
    """Give the results of ``function`` for ``tasks``, in order.

    ``processes`` 0 takes all processors, 1 works in this process. Workers end with the block.
    """
    count = min(processes or os.cpu_count() or 1, len(tasks))
    if count <= 1:
        yield map(function, tasks)
        return
    # Forking a process that has used threads (torch, FluidSynth) may hang; spawning does not.
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        yield pool.imap(function, tasks, chunksize=chunk)
