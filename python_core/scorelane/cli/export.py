"""``scorelane export``: weights to the TorchScript archive that the engine and the plugin load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorelane.cli.console import output
from scorelane.errors import UsageError


def command(
    weights: Annotated[
        Path,
        typer.Argument(help="A weights folder: config.json and model.safetensors.", exists=True),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The archive to write, NAME.pt.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the archive if it exists.")
    ] = False,
) -> None:
    """Write one TorchScript archive: front end, encoder, decode step and configuration.

    The archive runs on CPU and CUDA, and without Python.
    """
    from scorelane.model.export import export_archive

    if out.exists() and not overwrite:
        raise UsageError(f"{out} exists; use --overwrite to replace it")
    export_archive(weights, out)
    output().print(f"{out} ({out.stat().st_size / 1e6:.1f} MB)")
