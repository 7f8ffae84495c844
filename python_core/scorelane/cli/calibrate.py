"""``scorelane calibrate``: confidences that mean what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scorelane.cli.console import output


def command(
    weights: Annotated[
        Path, typer.Argument(help="A weights folder; it is changed in place.", exists=True)
    ],
    clips: Annotated[
        list[Path],
        typer.Argument(
            help="Clips with known notes, as for `scorelane evaluate`; not those of a test.",
            exists=True,
        ),
    ],
) -> None:
    """Transcribe clips and fit the model's trust in its evidence, and its confidence.

    A note of confidence 0.8 is then right about eight times in ten, on sound like that of the
    clips, and the default sensitivity leaves out the notes that do more harm than good.
    Make clips with `scorelane data testset --split train`.
    """
    from rich.progress import Progress

    from scorelane.evaluate.clips import find_clips
    from scorelane.train.calibrate import calibrate

    found = find_clips(clips)
    with Progress(console=output(), transient=True) as progress:
        task = progress.add_task("Transcribing", total=1.0)
        best = calibrate(weights, found, lambda done: progress.update(task, completed=done))
    output().print(
        f"Trust {best.trust:g}. Evidence to logit: {_curve(best.belief[0])} for pitches, "
        f"{_curve(best.belief[1])} for drums; velocities: {_curve(best.dynamics[0])} and "
        f"{_curve(best.dynamics[1])}. Notes below a confidence of "
        f"{best.default_confidence:.2f} are left out by default: F1 {best.f1:.3f} on these clips."
    )


def _curve(curve: tuple[float, float]) -> str:
    return f"{curve[0]:.2f} x {curve[1]:+.2f}"
