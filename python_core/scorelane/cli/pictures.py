"""Pictures that a command is asked for: checked before the work, not after it."""

from __future__ import annotations

from pathlib import Path

from scorelane.display import printable
from scorelane.errors import UsageError

SUFFIXES = (".png", ".svg", ".pdf")


def picture(path: Path | None) -> Path | None:
    """``path`` as it is, if a picture can be written there; a callback for typer.

    Raises :class:`UsageError` for another suffix and for a folder that is not there.
    """
    if path is None:
        return None
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{printable(path)} is no picture; those end in {', '.join(SUFFIXES)}.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder for {printable(path)}; make it first.")
    return path
