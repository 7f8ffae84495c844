"""The networks of ``scorelane.score`` learn from scores; here these are named, read and played.

    python -m scorelane.train.NETWORK FOLDER=SHARE... --out WEIGHTS.npz [--guess FOLDER=SHARE]...
        [--from WEIGHTS] [--hold-out NAMES] [--steps N]

Each folder holds MusicXML scores, or MIDI files whose time signatures and bars are exact, and is
heard in its share of the examples; within it a piece weighs as the square root of its bars. Of a
folder of ``--guess`` the scores are MIDI files without time signatures: what has bars that are
beyond doubt counts (``pulse_guess``). Works whose path holds a line of the file ``--hold-out`` are
neither trained nor judged on; of the others every eighth is judged on alone. Training goes on
from the weights ``--from``, or starts from nothing.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import IterableDataset

from scorelane.train.convolutions import Example, LossesOf, fit, load
from scorelane.train.pulse_data import SUFFIXES, Piece, read_pieces
from scorelane.train.pulse_guess import guess_pieces

Play = Callable[[Piece, np.random.Generator], Example]
"""A performance of a piece: what a network sees of it and should say."""
_MOST_BARS = 200  # that a piece weighs by
_SCARCE = {"3/4": 1.3, "6/8": 2.0, "9/8": 2.0, "12/8": 2.0}  # what pieces of guessed bars weigh


@dataclass
class Collection:
    """Pieces to train on with what they weigh, and pieces to judge by."""

    held_out: list[str]
    pieces: list[Piece] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    judged: list[Piece] = field(default_factory=list)

    def drawn(self, rng: np.random.Generator) -> Piece:
        """A piece to train on, as often as it weighs."""
        return self.pieces[int(rng.choice(len(self.pieces), p=self._chances))]

    @cached_property
    def _chances(self) -> NDArray[np.float64]:
        return np.array(self.weights) / sum(self.weights)

    def add(
        self, item: str, suffixes: tuple[str, ...], read: Callable[[Path], list[Piece]]
    ) -> None:
        """Read ``FOLDER=SHARE``."""
        folder, _, share = item.rpartition("=")
        first = len(self.pieces)
        for path in sorted(Path(folder).rglob("*")):
            work = path.relative_to(folder).with_suffix("").as_posix()
            held = any(name in path.as_posix() for name in self.held_out)
            if held or path.suffix not in suffixes:
                continue
            alone = zlib.crc32(work.encode()) % 8 == 0
            (self.judged if alone else self.pieces).extend(read(path))
        own = np.sqrt([min(len(piece.bars), _MOST_BARS) for piece in self.pieces[first:]])
        self.weights += list(float(share) * own / own.sum())

    def add_guessed(self, item: str) -> None:
        """Read ``FOLDER=SHARE`` of MIDI files without time signatures."""
        first = len(self.pieces)
        self.add(item, (".mid",), guess_pieces)
        for number, piece in enumerate(self.pieces[first:], start=first):
            self.weights[number] *= _SCARCE.get(str(piece.metre), 1.0)


class Performances(IterableDataset[Example]):
    """What ``play`` makes of pieces, each drawn as often as it weighs."""

    def __init__(self, scores: Collection, play: Play) -> None:
        self.scores, self.play = scores, play

    def __iter__(self) -> Iterator[Example]:
        rng = np.random.default_rng(0)
        while True:
            yield self.play(self.scores.drawn(rng), rng)


def teach(
    network: nn.Module,
    play: Play,
    losses_of: LossesOf,
    *,
    judge_by: Play | None = None,
    weights: Sequence[float],
    batch: int,
    steps: int,
    description: str,
    arguments: list[str] | None,
) -> None:
    """Read the scores that ``arguments`` name, train ``network`` on what ``play`` makes of them.

    What it is judged by is played by ``judge_by``, or by ``play`` too.
    The rest is as :func:`scorelane.train.convolutions.fit` has it; ``steps`` unless the arguments
    say otherwise.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folders", nargs="+", metavar="FOLDER=SHARE")
    parser.add_argument("--guess", nargs="*", default=[], metavar="FOLDER=SHARE")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path, help="weights to go on from")
    parser.add_argument("--hold-out", type=Path, help="a file with a part of a path on each line")
    parser.add_argument("--steps", type=int, default=steps)
    options = parser.parse_args(arguments)
    scores = Collection(options.hold_out.read_text().split() if options.hold_out else [])
    for item in options.folders:
        scores.add(item, SUFFIXES, read_pieces)
    for item in options.guess:
        scores.add_guessed(item)
    print(f"{len(scores.pieces)} pieces to train on, {len(scores.judged)} to judge by", flush=True)
    if options.start is not None:
        load(network, options.start)
    rng = np.random.default_rng(1)
    fit(
        network,
        Performances(scores, play),
        [(judge_by or play)(piece, rng) for piece in scores.judged],
        losses_of,
        weights=weights,
        batch=batch,
        steps=options.steps,
        out=options.out,
    )
