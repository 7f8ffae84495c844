"""``scorelane curves``: how training went, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorelane.cli.console import output
from scorelane.cli.pictures import picture


def command(
    runs: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of `scorelane train`, each begun from the one before.", exists=True
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The picture (.png).", callback=picture)
    ] = Path("curves.png"),
) -> None:
    """Draw loss and token accuracies over the examples that a model has seen."""
    from scorelane.train.curves import draw_curves, read_run

    draw_curves([read_run(folder) for folder in runs], out)
    output().print(str(out), markup=False)
