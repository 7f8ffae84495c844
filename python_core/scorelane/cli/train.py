"""``scorelane train``: weights from a song set and a note bank."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorelane.cli.console import messages, output

if TYPE_CHECKING:
    from scorelane.train.loop import Report


def command(
    songs: Annotated[Path, typer.Argument(help="A song set, from `scorelane data songs`.")],
    bank: Annotated[Path, typer.Argument(help="A note bank, from `scorelane data bank`.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for checkpoint, log and weights; resumed from."),
    ],
    begin_from: Annotated[
        Path | None,
        typer.Option(
            help="Weights folder of the same network to begin with, such as models/scorelane."
        ),
    ] = None,
    segments: Annotated[
        int, typer.Option(min=1, help="Examples of the whole run; the schedule ends there.")
    ] = 400_000,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Usual number of examples a step on each device.")
    ] = 16,
    learning_rate: Annotated[float, typer.Option(help="Peak of the schedule.")] = 2e-3,
    width: Annotated[int, typer.Option(help="Width of the network, a multiple of 64.")] = 256,
    encoder_layers: Annotated[int, typer.Option(min=1)] = 4,
    decoder_layers: Annotated[int, typer.Option(min=1)] = 3,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that mix examples, for each device.")
    ] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    compiled: Annotated[
        bool,
        typer.Option("--compile/--no-compile", help="Use torch.compile; slower only to begin."),
    ] = True,
    checkpoint_minutes: Annotated[float, typer.Option(min=0.1)] = 5.0,
    seed: int = 0,
) -> None:
    """Train a model; interrupted, the same command goes on from the last checkpoint.

    The folder always holds the averaged weights of the last checkpoint as model.safetensors with
    config.json, ready for `scorelane evaluate --model` and `scorelane export`. On several devices:

    torchrun --nproc-per-node 4 -m scorelane train SONGS BANK -o FOLDER
    """
    from scorelane.data.mixer import open_mixer
    from scorelane.data.programs import CANONICAL_PROGRAM
    from scorelane.model.config import scorelane_config
    from scorelane.train.loop import Plan, train

    config = replace(
        scorelane_config(width=width, encoder_layers=encoder_layers, decoder_layers=decoder_layers),
        program_map=CANONICAL_PROGRAM.tolist(),
    )
    open_mixer(songs, bank, config)  # a missing folder is told here, not by a worker
    plan = Plan(
        folder=out,
        segments=segments,
        batch_size=batch_size,
        learning_rate=learning_rate,
        workers=workers,
        device=device,
        compiled=compiled,
        begin_from=begin_from,
        seed=seed,
        checkpoint_seconds=60.0 * checkpoint_minutes,
    )
    train(config, partial(open_mixer, songs, bank, config), plan, _show)
    output().print(f"weights in {out}")


def _show(report: Report) -> None:
    remaining = (report.segments - report.seen) / max(report.segments_per_s, 1e-9)
    messages().print(
        f"{report.seen:>9,} of {report.segments:,}  loss {report.loss:.3f}  "
        f"right: shift {report.shift:.2f} pitch {report.pitch:.2f} program {report.program:.2f} "
        f"drum {report.drum:.2f}  {report.segments_per_s:.1f}/s on {report.device}, "
        f"{report.generator_per_s:.0f}/s mixed, {report.waited:.0%} waiting, "
        f"{remaining / 3600:.1f} h left"
    )
