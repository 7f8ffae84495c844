"""From what a user calls a model to the TorchScript archive that the engine reads.

Weights folders are exported once and the archive is kept in the user's cache. Its name holds a hash
of all that it was made from, so a stale one is never read.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from scorelane import store
from scorelane.errors import ModelError

SHIPPED = "scorelane"

_CONFIG = "config.json"
_WEIGHTS = "model.safetensors"
_PACKAGE = Path(__file__).parent
# A source tree keeps its models beside the packages; an installed package holds them.
_MODEL_FOLDERS = (_PACKAGE.parents[1] / "models", _PACKAGE / "models")

_Loaded = TypeVar("_Loaded")


def load_archive(model: str | os.PathLike[str] | None, load: Callable[[Path], _Loaded]) -> _Loaded:
    """Call ``load`` with the archive of ``model`` and return what it returns.

    ``model`` is an archive, a folder with config.json and model.safetensors, the name of a model
    that ships or that the user brought, or ``None`` for the model that ships. ``load`` raises
    :class:`ModelError` for an archive that it cannot read; one that was made from weights that are
    still there is then made again.
    """
    path = _find(model)
    if not path.is_dir():
        return load(path)
    brought = path / store.ARCHIVE
    if brought.is_file():
        try:
            return load(brought)
        except ModelError:
            pass  # damaged, or by another version: the weights beside it are what counts
    cached = _cache_path(path)
    if cached.exists():
        try:
            return load(cached)
        except ModelError:
            pass  # damaged, or by a torch that this one does not understand
    with _writable(cached) as archive:
        _export(path, archive)
        return load(archive)


def shipped_models() -> list[str]:
    """Names of the models that come with Scorelane."""
    found = {config.parent.name for f in _MODEL_FOLDERS for config in f.glob(f"*/{_CONFIG}")}
    return sorted(found)


def weights_folder(model: str) -> Path:
    """The folder with config.json and model.safetensors of ``model``: its path, or a known name.

    Raises :class:`ModelError` when there is none, or only an archive.
    """
    path = _find(model)
    if not path.is_dir():
        raise ModelError(
            f"{model} is an archive, from which nothing can be learned on; name a folder with "
            f"{_CONFIG} and {_WEIGHTS}, or a model that ships with Scorelane or that you imported."
        )
    return path


def _find(model: str | os.PathLike[str] | None) -> Path:
    name = SHIPPED if model is None else os.fspath(model)
    path = Path(name)
    found = (shipped_folder(name) or store.find(name)) if path.name == name else None
    if model is not None and path.exists():
        if not path.is_dir() or (path / _CONFIG).is_file():
            return path
        if found is None:
            raise ModelError(
                f"The folder {name} holds no model: {_CONFIG} is missing; name a folder with "
                f"{_CONFIG} and {_WEIGHTS}, or an archive made by `scorelane export`."
            )
    if found is not None:  # also where a folder of that name, a checkpoint perhaps, is no model
        return found
    known = ", ".join([*shipped_models(), *(record.name for record in store.records())]) or "none"
    raise ModelError(
        f"There is no model {name!r}; give the path of a model archive or of a weights folder, or "
        f"the name of a model that ships with Scorelane or that you imported ({known})."
    )


def shipped_folder(name: str) -> Path | None:
    """The folder of the shipped model ``name``, or ``None``."""
    folders = (folder / name for folder in _MODEL_FOLDERS)
    return next((folder for folder in folders if (folder / _CONFIG).is_file()), None)


def _cache_path(weights: Path) -> Path:
    digest = hashlib.sha256(f"{metadata.version('torch')}\n".encode())
    sources = sorted((_PACKAGE / "model").glob("*.py"))
    for path in [weights / _CONFIG, weights / _WEIGHTS, *sources]:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise ModelError(
                f"The model's file {path} cannot be read ({error.strerror}); copy the model's "
                "folder again."
            ) from error
    home = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(home) if Path(home).is_absolute() else Path("~/.cache").expanduser()
    return cache / "scorelane" / f"{digest.hexdigest()[:32]}.pt"


@contextmanager
def _writable(cached: Path) -> Iterator[Path]:
    """``cached``, or a path that lasts as long as the block where nothing can be kept there."""
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cached.parent):
            pass
    except OSError:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder) / cached.name
        return
    yield cached


def _export(weights: Path, archive: Path) -> None:
    # Imports torch, which costs seconds: only where an archive has to be made.
    from scorelane.model.export import export_archive

    export_archive(weights, archive)
