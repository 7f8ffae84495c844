"""Train the network of ``scorelane.score.pulse`` on performed scores.

    python -m scorelane.train.pulse FOLDER=SHARE... --out pulse.npz [--guess FOLDER=SHARE]...
        [--from WEIGHTS] [--hold-out NAMES] [--steps N]

Each folder holds MusicXML scores, or MIDI files whose time signatures and bars are exact, and is
heard in its share of the examples; within it a piece weighs as the square root of its bars. Of a
folder of ``--guess`` the scores are MIDI files without time signatures: those count whose bars
are beyond doubt (``pulse_guess``). Works whose path holds a line of the file ``--hold-out`` are
neither trained nor judged on; of the others every eighth is judged on alone. Training goes on
from the weights ``--from``, or starts from nothing.
"""

from __future__ import annotations

import argparse
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset

from scorelane.files import atomic_path
from scorelane.score.pulse import FEATURES, FRAME, frame_features
from scorelane.train.pulse_data import SUFFIXES, Piece, read_pieces
from scorelane.train.pulse_guess import guess_piece
from scorelane.train.pulse_play import Heard, perform

CHANNELS, WIDTH, BLOCKS = 32, 5, 8
SECONDS = 60.0
BATCH = 8
_MOST_BARS = 200  # that a piece weighs by
_SCARCE = {"3/4": 1.3, "6/8": 2.0, "9/8": 2.0, "12/8": 2.0}  # what pieces of guessed bars weigh
_LOSSES = (1.0, 2.0, 0.3)  # weights of those of beat, bar and compound
_BLUR = 0.06  # seconds around a beat that count as it, less and less


class Convolution(nn.Module):
    """Along frames, which keep their number; as one product, which is fast on a processor."""

    def __init__(self, channels: int, outputs: int, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.width, self.dilation = width, dilation
        self.inner = nn.Linear(width * channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """``[batch, frames, channels]`` to ``[batch, frames, outputs]``."""
        if self.width == 1:
            same: Tensor = self.inner(x)
            return same
        reach = self.dilation * (self.width // 2)
        padded = F.pad(x, (0, 0, reach, reach))
        frames = x.shape[1]
        taps = [padded[:, i * self.dilation :][:, :frames] for i in range(self.width)]
        result: Tensor = self.inner(torch.cat(taps, dim=-1))
        return result


class Block(nn.Module):
    """A residual block of dilated convolutions."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.wide = Convolution(CHANNELS, CHANNELS, WIDTH, dilation)
        self.narrow = Convolution(CHANNELS, CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        """``[batch, frames, CHANNELS]`` to the same."""
        inner: Tensor = self.narrow(F.relu(self.wide(x)))
        return x + inner


class PulseNetwork(nn.Module):
    """Features ``[batch, frames, FEATURES]`` (an even number) to logits ``[batch, frames, 3]``.

    Two frames at a time: what changes slower than 80 ms needs no finer convolutions.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = Convolution(2 * FEATURES, CHANNELS, 3)
        self.blocks = nn.ModuleList(Block(2**number) for number in range(BLOCKS))
        self.last = Convolution(CHANNELS, 6, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Log odds of beat, bar and compound metre."""
        batch, frames, _ = features.shape
        x = F.relu(self.first(features.reshape(batch, frames // 2, 2 * FEATURES)))
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.last(F.relu(x))
        return logits.reshape(batch, frames, 3)


class Performances(IterableDataset[tuple[NDArray[np.float32], NDArray[np.float32]]]):
    """Features ``[frames, FEATURES]`` and targets ``[frames, 4]``; the last says what counts."""

    def __init__(self, pieces: list[Piece], weights: list[float], seed: int) -> None:
        self.pieces, self.seed = pieces, seed
        self.chances = np.array(weights) / sum(weights)

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        rng = np.random.default_rng(self.seed)
        while True:
            piece = self.pieces[int(rng.choice(len(self.pieces), p=self.chances))]
            yield example(perform(piece, rng, SECONDS), piece.metre.is_compound)


def example(heard: Heard, compound: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the network sees and should say, of a fixed number of frames."""
    frames = round(SECONDS / FRAME)
    features = np.zeros((frames, FEATURES), np.float32)
    seen = frame_features(heard.columns)[:frames]
    features[: len(seen)] = seen
    targets = np.zeros((frames, 4), np.float32)
    for column, events in enumerate((heard.beats, heard.bars)):
        for shift in (-2, -1, 0, 1, 2):
            frame = np.floor(events / FRAME).astype(np.int64) + shift
            near = np.maximum(0.0, 1.0 - np.abs(frame * FRAME - events) / _BLUR)
            inside = (frame >= 0) & (frame < frames)
            np.maximum.at(targets[:, column], frame[inside], near[inside])
    targets[:, 2] = compound
    targets[: len(seen), 3] = 1.0
    return features, targets


def loss_of(network: nn.Module, features: Tensor, targets: Tensor) -> Tensor:
    """Mean losses of beat, bar and compound, ``[3]``."""
    logits = network(features)
    each = F.binary_cross_entropy_with_logits(logits, targets[..., :3], reduction="none")
    counts = targets[..., 3:]
    # Whether beats have three parts is said where beats are.
    counts = torch.cat((counts, counts, counts * targets[..., :1]), dim=-1)
    return (each * counts).sum(dim=(0, 1)) / counts.sum(dim=(0, 1)).clamp(min=1.0)


def train(
    pieces: list[Piece],
    weights: list[float],
    judged: list[Piece],
    steps: int,
    out: Path,
    start: Path | None = None,
    seed: int = 0,
) -> None:
    """Train; every hundred steps the mean of the latest weights is judged and kept."""
    torch.manual_seed(seed)
    network = PulseNetwork()
    if start is not None:
        load(network, start)
    mean = torch.optim.swa_utils.AveragedModel(
        network,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99),  # type: ignore[no-untyped-call]
    )
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.02)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=100)
    cool = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, 1e-4)
    rng = np.random.default_rng(1)
    trial = [example(perform(p, rng, SECONDS), p.metre.is_compound) for p in judged]
    loader = DataLoader(Performances(pieces, weights, seed), BATCH, num_workers=1)
    total = torch.zeros(3)
    for step, (features, targets) in zip(range(1, steps + 1), loader, strict=False):
        losses = loss_of(network, features, targets)
        (losses * torch.tensor(_LOSSES)).sum().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        (warm_up if step <= 100 else cool).step()
        mean.update_parameters(network)
        total += losses.detach()
        if step % 100 == 0 or step == steps:
            with torch.no_grad():
                tried = [loss_of(mean.module, *(torch.tensor(x)[None] for x in o)) for o in trial]
            shown = torch.stack(tried).mean(dim=0) if tried else torch.zeros(3)
            print(step, "trained", total / 100, "judged", shown, flush=True)
            total.zero_()
            save(mean.module, out)


def save(network: nn.Module, path: Path) -> None:
    """Write the weights in half precision, as ``scorelane.score.pulse`` reads them."""
    kept = {name: value.half().numpy() for name, value in network.state_dict().items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **kept)
    with atomic_path(path) as part:
        part.write_bytes(buffer.getvalue())


def load(network: nn.Module, path: Path) -> None:
    """Read what :func:`save` wrote."""
    kept = np.load(path)
    weights = {name: torch.tensor(kept[name].astype(np.float32)) for name in kept.files}
    network.load_state_dict(weights)


@dataclass
class _Collection:
    """Pieces to train on with what they weigh, and pieces to judge by."""

    held_out: list[str]
    pieces: list[Piece] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    judged: list[Piece] = field(default_factory=list)

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
        self.add(item, (".mid",), lambda path: [p for p in [guess_piece(path)] if p])
        for number, piece in enumerate(self.pieces[first:], start=first):
            self.weights[number] *= _SCARCE.get(str(piece.metre), 1.0)


def main(arguments: list[str] | None = None) -> None:
    """Read the scores, train, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER=SHARE")
    parser.add_argument("--guess", nargs="*", default=[], metavar="FOLDER=SHARE")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path, help="weights to go on from")
    parser.add_argument("--hold-out", type=Path, help="a file with a part of a path on each line")
    parser.add_argument("--steps", type=int, default=4000)
    options = parser.parse_args(arguments)
    all_of = _Collection(options.hold_out.read_text().split() if options.hold_out else [])
    for item in options.folders:
        all_of.add(item, SUFFIXES, read_pieces)
    for item in options.guess:
        all_of.add_guessed(item)
    print(f"{len(all_of.pieces)} pieces to train on, {len(all_of.judged)} to judge by", flush=True)
    train(all_of.pieces, all_of.weights, all_of.judged, options.steps, options.out, options.start)


if __name__ == "__main__":
    main()
