"""Where models that the user brought are kept, and what is written down about each.

A model is a folder: ``config.json`` and ``model.safetensors``, the archive made from them, and
``model.json`` with its origin, licence, size and hashes. Folders appear and vanish whole.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from scorelane.errors import ModelError, UsageError

ARCHIVE = "model.pt"
RECORD = "model.json"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HIDDEN = "."
_FORSAKEN = 24 * 3600.0  # seconds; no import takes that long


@dataclass(frozen=True)
class Record:
    """What is known about a stored model.

    ``size`` and ``sha256`` are those of ``model.safetensors``, in bytes; ``fingerprint`` is that
    of its numbers (:func:`scorelane.model.importing.importer.fingerprint`).
    """

    name: str
    origin: str
    licence: str
    kind: str
    parameters: int
    size: int
    sha256: str
    fingerprint: str


def models_folder() -> Path:
    """The folder of the user's models; it need not exist."""
    home = os.environ.get("XDG_DATA_HOME", "")
    data = Path(home) if Path(home).is_absolute() else Path("~/.local/share").expanduser()
    return data / "scorelane" / "models"


def check_name(name: str) -> str:
    """``name`` if a model may be called so; raises :class:`UsageError`."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"A model cannot be called {name!r}: use up to 64 letters, digits, dots, hyphens and "
            "underscores, beginning with a letter or digit."
        )
    return name


def find(name: str) -> Path | None:
    """The folder of the stored model ``name``, or ``None``."""
    folder = models_folder() / name
    return folder if _NAME.fullmatch(name) and (folder / RECORD).is_file() else None


def records() -> list[Record]:
    """All stored models by name; folders without a readable record are passed over."""
    found = []
    for path in sorted(models_folder().glob(f"*/{RECORD}")):
        if _NAME.fullmatch(path.parent.name):
            try:
                found.append(read_record(path.parent))
            except ModelError:
                continue
    return found


def read_record(folder: Path) -> Record:
    """What is written down about the model in ``folder``; raises :class:`ModelError`."""
    path = folder / RECORD
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        kept = {field.name: values[field.name] for field in fields(Record)}
        if any(type(kept[field.name]).__name__ != field.type for field in fields(Record)):
            raise TypeError("a value of another type than it should have")
        return Record(**{**kept, "name": folder.name})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} cannot be understood ({error!r}); remove the model and import it again."
        ) from error


def write_record(record: Record, folder: Path) -> None:
    """Write ``record`` into ``folder``, which is not yet in place."""
    (folder / RECORD).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


@contextmanager
def new_model(name: str, *, overwrite: bool = False) -> Iterator[Path]:
    """Give an empty folder that becomes the model ``name`` when the block succeeds.

    On any exception it vanishes and what was there before stays. Raises :class:`UsageError` when
    the model exists and ``overwrite`` is not set.
    """
    target = models_folder() / check_name(name)
    if target.exists() and not overwrite:
        raise UsageError(
            f"There is a model {name} already; use --overwrite, another name, or `scorelane models "
            f"remove {name}`."
        )
    part = target.with_name(f"{_HIDDEN}{secrets.token_hex(6)}.part")
    _sweep()
    try:
        part.mkdir(parents=True)
        yield part
        _put_in_place(part, target)
    except OSError as error:
        raise ModelError(
            f"The model {name} cannot be written to {target.parent} ({error.strerror}); make room "
            "or set XDG_DATA_HOME."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def remove(name: str) -> None:
    """Delete the stored model ``name``; raises :class:`ModelError` when there is none."""
    folder = find(check_name(name))
    if folder is None:
        raise ModelError(f"There is no model {name} among those that you brought.")
    hidden = folder.with_name(f"{_HIDDEN}{secrets.token_hex(6)}.part")
    folder.replace(hidden)  # gone at once, even if deleting is interrupted
    shutil.rmtree(hidden, ignore_errors=True)


def _sweep() -> None:
    """Delete what imports left behind that were killed."""
    for part in models_folder().glob(f"{_HIDDEN}*.part"):
        with suppress(OSError):
            if part.stat().st_mtime < time.time() - _FORSAKEN:
                shutil.rmtree(part, ignore_errors=True)


def _put_in_place(part: Path, target: Path) -> None:
    if not target.exists():
        part.replace(target)
        return
    old = target.with_name(f"{_HIDDEN}{secrets.token_hex(6)}.part")
    target.replace(old)
    try:
        part.replace(target)
    except BaseException:
        old.replace(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
