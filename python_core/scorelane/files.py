"""Writing output files so that nobody ever meets half of one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it onto ``path`` when the block succeeds.

    On any exception, Ctrl-C included, the temporary file is removed and ``path`` is untouched.
    The temporary name keeps the suffix of ``path``, since writers choose their format by it.
    """
    target = Path(path)
    # Short and ASCII: a name close to the file system's limit must not overflow it here.
    temporary = target.with_name(f".{secrets.token_hex(6)}.part{target.suffix}")
    try:
        yield temporary
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def page_path(path: Path, number: int) -> Path:
    """Where page ``number`` of a drawing goes that has several: ``name-1.png`` is the first."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def occupied(path: Path, *, pages: bool) -> Path | None:
    """What writing ``path`` would replace: the file or, of a drawing in ``pages``, the first."""
    candidates = (path, page_path(path, 1)) if pages else (path,)
    return next((file for file in candidates if file.exists()), None)
