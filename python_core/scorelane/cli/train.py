"""``scorelane train``: weights from a song set and a note bank, or from recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorelane.cli.console import messages, output
from scorelane.errors import UsageError

if TYPE_CHECKING:
    from scorelane.model.config import ModelConfig
    from scorelane.train.batches import Draw
    from scorelane.train.loop import Report


def command(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder for checkpoint, log and weights; resumed from."),
    ],
    songs: Annotated[
        Path | None, typer.Argument(help="A song set, from `scorelane data songs`.")
    ] = None,
    bank: Annotated[
        Path | None, typer.Argument(help="A note bank, from `scorelane data bank`.")
    ] = None,
    recordings: Annotated[
        list[Path] | None,
        typer.Option(
            help="Instead of songs and bank: the folder of MAESTRO v3, Slakh2100 (which is also "
            "Cerberus4), GuitarSet, MusicNet-EM or URMP; repeat it for several.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    begin_from: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="Learn on from this weights folder, or name of `scorelane models list`; its "
            "network is kept, unless it gets more encoder layers. Weights from before 0.11 get "
            "the network for what is struck.",
        ),
    ] = None,
    segments: Annotated[
        int, typer.Option(min=1, help="Examples of the whole run; the schedule ends there.")
    ] = 400_000,
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="Instead of --segments: train for so long, with a schedule that follows the "
            "clock and ends in time; interruptions do not count.",
        ),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Usual number of examples a step on each device.")
    ] = 16,
    learning_rate: Annotated[float, typer.Option(help="Peak of the schedule.")] = 2e-3,
    decoder_every: Annotated[
        int,
        typer.Option(
            min=1,
            help="Let the decoder learn in one of so many batches only, the encoder in all: "
            "quicker once the decoder is good. For Scorelane's own network.",
        ),
    ] = 1,
    width: Annotated[int, typer.Option(help="Width of a new network, a multiple of 64.")] = 256,
    encoder_layers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Of a new network, 4 unless given; or of the one to learn on from, a multiple of "
            "those that it has: the new ones begin by adding nothing.",
        ),
    ] = None,
    decoder_layers: Annotated[int, typer.Option(min=1, help="Of a new network.")] = 3,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that mix examples, for each device.")
    ] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    compiled: Annotated[
        bool,
        typer.Option("--compile/--no-compile", help="Use torch.compile; slower only to begin."),
    ] = True,
    checkpoint_minutes: Annotated[
        float, typer.Option(min=0.1, help="How often the run is saved.")
    ] = 5.0,
    seed: Annotated[int, typer.Option(help="Other seeds draw other examples.")] = 0,
) -> None:
    """Train a model; interrupted, the same command goes on from the last checkpoint.

    The folder always holds the averaged weights of the last checkpoint as model.safetensors with
    config.json, ready for `scorelane evaluate --model` and `scorelane export`. On several devices:

    torchrun --nproc-per-node 4 -m scorelane train SONGS BANK -o FOLDER

    Recordings are drawn from the training splits of their corpora, as MT3 mixed them.
    """
    from scorelane.archives import weights_folder
    from scorelane.train.loop import Plan, train

    known = None if begin_from is None else weights_folder(begin_from)
    config = _config(known, width, encoder_layers, decoder_layers)
    open_draw = _open_draw(songs, bank, recordings or [], config)
    plan = Plan(
        folder=out,
        segments=segments,
        minutes=minutes,
        batch_size=batch_size,
        learning_rate=learning_rate,
        decoder_every=decoder_every,
        workers=workers,
        device=device,
        compiled=compiled,
        begin_from=known,
        seed=seed,
        checkpoint_seconds=60.0 * checkpoint_minutes,
    )
    train(config, open_draw, plan, _show)
    output().print(f"weights in {out}")


def _config(known: Path | None, width: int, encoders: int | None, decoders: int) -> ModelConfig:
    """The configuration of the weights in ``known``, perhaps deeper, or of a new network."""
    from scorelane.data.programs import CANONICAL_PROGRAM
    from scorelane.model.config import DRUM_WIDTH, ModelConfig, scorelane_config
    from scorelane.model.weights import CONFIG_NAME

    if known is None:
        new = scorelane_config(width=width, encoder_layers=encoders or 4, decoder_layers=decoders)
        return replace(new, program_map=CANONICAL_PROGRAM.tolist())
    config = ModelConfig.read(known / CONFIG_NAME)
    layers = encoders or config.network.encoder_layers
    drums = config.network.drum_width or (DRUM_WIDTH if config.kind == "scorelane" else 0)
    return replace(config, network=replace(config.network, encoder_layers=layers, drum_width=drums))


def _open_draw(
    songs: Path | None, bank: Path | None, recordings: list[Path], config: ModelConfig
) -> Callable[[], Draw]:
    """What every worker opens; opened once here, so that what is missing is told at once."""
    if recordings:
        if songs is not None:
            raise UsageError("Name a song set and a note bank, or --recordings, but not both.")
        from scorelane.data.datasets.recordings import open_recordings

        for name, tracks, share in open_recordings(recordings, config).shares():
            messages().print(f"{name}: {tracks:,} tracks, {share:.1%} of the examples")
        return partial(open_recordings, recordings, config)
    if songs is None or bank is None:
        raise UsageError("Name a song set and a note bank, or --recordings with a corpus.")
    from scorelane.data.mixer import open_mixer

    open_mixer(songs, bank, config)
    return partial(open_mixer, songs, bank, config)


def _show(report: Report) -> None:
    remaining = max(0, report.segments - report.seen) / max(report.segments_per_s, 1e-9)
    messages().print(
        f"{report.seen:>9,} of {report.segments:,}  loss {report.loss:.3f}  "
        f"right: shift {report.shift:.2f} pitch {report.pitch:.2f} program {report.program:.2f} "
        f"drum {report.drum:.2f}  {report.segments_per_s:.1f}/s on {report.device}, "
        f"{report.generator_per_s:.0f}/s mixed, {report.waited:.0%} waiting, "
        f"{remaining / 3600:.1f} h left"
    )
