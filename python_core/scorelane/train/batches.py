"""Examples drawn in the background and collected into batches of a few fixed shapes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from scorelane.data.targets import Example
from scorelane.vocabulary import PAD

LENGTHS = (96, 192, 352)
"""Token rows are padded to one of these, or to the model's longest, so that few shapes have to be
compiled."""

USUAL_LENGTH = 192

Draw = Callable[[np.random.Generator], Example]


@dataclass
class Batch:
    """Examples of similar token length.

    ``audio`` [batch, window] float32; ``tokens`` [batch, length] (targets, PAD behind EOS);
    ``pitched``, ``drums``, ``loudness`` and ``programs`` as of
    :class:`scorelane.data.targets.Example`, batch first.
    ``mixing_s`` is the time that drawing them took one worker, in seconds.
    """

    audio: Tensor
    tokens: Tensor
    pitched: Tensor
    drums: Tensor
    loudness: Tensor
    programs: Tensor
    mixing_s: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on ``device``."""
        moved = (getattr(self, f.name).to(device, non_blocking=True) for f in fields(self))
        return Batch(*moved)


class BatchStream(IterableDataset[Batch]):
    """An endless stream of batches; each worker of each process draws its own examples.

    Batches of ``batch_size`` examples of the usual length, of more shorter and fewer longer ones,
    so that every batch holds as many tokens. Examples of more than ``longest`` tokens, which the
    model cannot write, are left out.
    """

    def __init__(
        self, open_draw: Callable[[], Draw], batch_size: int, longest: int, seed: list[int]
    ) -> None:
        super().__init__()
        self._open_draw = open_draw
        self._batch_size = batch_size
        self._lengths = (*LENGTHS, *([longest] if longest > LENGTHS[-1] else []))
        self._seed = seed

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self._seed, worker.id if worker else 0])
        draw = self._open_draw()
        waiting: dict[int, list[Example]] = {length: [] for length in self._lengths}
        began = time.process_time()
        while True:
            example = draw(rng)
            length = next((n for n in self._lengths if len(example.tokens) <= n), None)
            if length is None:
                continue
            waiting[length].append(example)
            if len(waiting[length]) == max(1, self._batch_size * USUAL_LENGTH // length):
                batch = collate(waiting[length], length)
                batch.mixing_s = torch.tensor(time.process_time() - began)
                waiting[length] = []
                yield batch
                began = time.process_time()


def collate(examples: list[Example], length: int) -> Batch:
    """Stack ``examples``, their tokens padded to ``length``."""
    rows = len(examples)
    tokens = np.full((rows, length), PAD, np.int64)
    for row, example in enumerate(examples):
        tokens[row, : len(example.tokens)] = example.tokens
    return Batch(
        _stack([e.audio for e in examples]),
        torch.from_numpy(tokens),
        _stack([e.pitched for e in examples]),
        _stack([e.drums for e in examples]),
        _stack([e.loudness for e in examples]),
        _stack([e.programs for e in examples]),
        torch.zeros(()),
    )


def _stack(arrays: list[NDArray[np.float32]] | list[NDArray[np.uint8]]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))


def batch_loader(stream: BatchStream, workers: int) -> DataLoader[Batch]:
    """Batches of ``stream`` from ``workers`` processes, a few of them drawn ahead."""
    return DataLoader(
        stream,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=_one_thread,
        persistent_workers=workers > 0,
    )


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)
