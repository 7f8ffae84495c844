"""The catalogue: models that can be had, where from, under which licence, and their hashes.

It is a small JSON file. Scorelane brings one; the user's own adds to it:
``$XDG_CONFIG_HOME/scorelane/catalogue.json``. Nothing here reaches for the network.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from scorelane.errors import ModelError
from scorelane.store import check_name

FORMAT = 1

_OWN = Path(__file__).with_name("catalogue.json")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """One file of a model: its path inside the model's folder, address, bytes and hash."""

    path: str
    url: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Entry:
    """A model of the catalogue; without ``files`` it must be brought by hand, as ``note`` says."""

    name: str
    origin: str
    licence: str
    note: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def sha256(self) -> str:
        """Hash of the largest file, which holds the weights; empty without files."""
        return max(self.files, key=lambda file: file.size).sha256 if self.files else ""


def user_catalogue() -> Path:
    """The user's own catalogue; it need not exist."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    config = Path(home) if Path(home).is_absolute() else Path("~/.config").expanduser()
    return config / "scorelane" / "catalogue.json"


def entries(extra: Path | None = None) -> dict[str, Entry]:
    """All entries by name: Scorelane's, then the user's, then those of ``extra``.

    A later file replaces entries of an earlier one. Raises :class:`ModelError` naming the file
    and the entry that make no sense.
    """
    found: dict[str, Entry] = {}
    paths = [_OWN, user_catalogue()] if extra is None else [_OWN, user_catalogue(), extra]
    for path in paths:
        if path.is_file() or path == extra:
            found.update((entry.name, entry) for entry in _read(path))
    return found


def _read(path: Path) -> list[Entry]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ModelError(f"{path} is a catalogue of another version than {FORMAT}.")
        models = list(document["models"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as a catalogue of models: {error!r}") from error
    result = []
    for number, values in enumerate(models, start=1):
        try:
            result.append(_entry(values))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(f"{path}, model {number}: {error!r}") from error
    return result


def _entry(values: dict[str, Any]) -> Entry:
    origin = str(values["origin"])
    files = tuple(_file(file, origin) for file in values.get("files", []))
    return Entry(
        name=check_name(values["name"]),
        origin=origin,
        licence=str(values["licence"]),
        note=str(values.get("note", "")),
        files=files,
    )


def _file(values: dict[str, Any], origin: str) -> RemoteFile:
    path = str(values["path"])
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path or "\0" in path:
        raise ValueError(f"the path {path!r} leads out of the model's folder")
    sha256 = str(values["sha256"]).lower()
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"{path} has no sha256 of 64 hexadecimal digits")
    size = values["size"]
    if not isinstance(size, int) or size <= 0:
        raise ValueError(f"{path} has no size in bytes")
    url = str(values.get("url") or f"{origin.rstrip('/')}/{path}")
    return RemoteFile(path, url, size, sha256)
