"""Fetching a catalogue's model: resumed where it stopped, believed only when the hash is right.

fsspec opens the addresses (https, gs, s3, file ...). Files are collected in a hidden folder beside
the user's models, so that an interrupted transfer goes on; only verified ones leave it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from scorelane.catalogue import Entry, RemoteFile
from scorelane.errors import ModelError
from scorelane.store import models_folder

# Called with the bytes that are there and the bytes in all.
Progress = Callable[[int, int], object]

_BLOCK = 1 << 20


def fetch(entry: Entry, on_progress: Progress) -> Path:
    """Fetch the files of ``entry`` and return the folder that holds them, verified.

    Call :func:`forget` once they have been used. Raises :class:`ModelError`; what was transferred
    is kept for the next try, unless its size or hash is wrong.
    """
    if not entry.files:
        raise ModelError(f"{entry.name} cannot be fetched. {entry.note}".rstrip())
    folder = _folder(entry)
    before = 0
    for file in entry.files:
        _Transfer(file, folder / file.path, before, entry.size, on_progress).run()
        before += file.size
    return folder


def forget(entry: Entry) -> None:
    """Delete what was fetched of ``entry``."""
    shutil.rmtree(_folder(entry), ignore_errors=True)


def _folder(entry: Entry) -> Path:
    return models_folder() / f".{entry.name}.fetch"


class _Transfer:
    """One file on its way; ``before`` bytes of ``total`` came with others."""

    def __init__(
        self, file: RemoteFile, target: Path, before: int, total: int, on_progress: Progress
    ) -> None:
        self._file = file
        self._target = target
        self._before = before
        self._total = total
        self._on_progress = on_progress

    def run(self) -> None:
        try:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            with self._target.open("ab") as local:
                if local.tell() < self._file.size:
                    self._receive(local)
        except (OSError, ValueError) as error:
            reason = error.__cause__ or error  # fsspec's own error only repeats the address
            raise ModelError(
                f"{self._file.url} could not be fetched ({reason}); try again, it goes on where it "
                "stopped."
            ) from error
        self._verify()

    def _receive(self, local: IO[bytes]) -> None:
        if local.tell():
            try:
                self._copy(local, resume=True)
                return
            except ValueError:  # a server that only sends whole files
                local.seek(0)
                local.truncate()
        self._copy(local, resume=False)

    def _copy(self, local: IO[bytes], resume: bool) -> None:
        with self._open_remote(resume) as remote:
            if resume:
                remote.seek(local.tell())
            self._report(local)
            # One byte more than expected tells a longer file, however long it is.
            while (wanted := self._file.size + 1 - local.tell()) > 0:
                block = self._read(remote, min(_BLOCK, wanted))
                if not block:
                    break
                local.write(block)
                self._report(local)

    def _open_remote(self, resume: bool) -> Any:
        import fsspec

        # Without blocks a web server is asked once for the whole file; with them, for ranges.
        whole = not resume and self._file.url.startswith(("http://", "https://"))
        options = {"block_size": 0} if whole else {}
        try:
            return fsspec.open(self._file.url, "rb", **options).open()
        except (ImportError, ValueError) as error:
            raise ModelError(
                f"{self._file.url} cannot be opened: {error}. Fetch it yourself and use `scorelane "
                "models import`."
            ) from error

    def _read(self, remote: Any, count: int) -> bytes:
        try:
            return bytes(remote.read(count))
        except (OSError, ValueError):
            raise
        except Exception as error:  # what a file system raises when a connection breaks
            raise OSError(f"{type(error).__name__}: {error}") from error

    def _report(self, local: IO[bytes]) -> None:
        self._on_progress(self._before + min(local.tell(), self._file.size), self._total)

    def _verify(self) -> None:
        size = self._target.stat().st_size
        if size < self._file.size:
            raise ModelError(
                f"{self._file.url} ended after {size} of {self._file.size} bytes; try again, it "
                "goes on where it stopped."
            )
        with self._target.open("rb") as local:
            digest = hashlib.file_digest(local, "sha256").hexdigest()
        if size != self._file.size or digest != self._file.sha256:
            self._target.unlink()
            raise ModelError(
                f"{self._file.url} is not the file that the catalogue describes (its SHA-256 is "
                f"{digest}, not {self._file.sha256}); it was deleted. Do not use it."
            )
