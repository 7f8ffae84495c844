"""Weights of any kind -> a model in the user's store, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from scorelane import store
from scorelane.archives import shipped_models
from scorelane.errors import UsageError
from scorelane.model.config import ModelConfig
from scorelane.model.export import export_archive
from scorelane.model.importing.importer import Imported, fingerprint, import_weights
from scorelane.model.weights import CONFIG_NAME, WEIGHTS_NAME, load_weights, save_weights

UNSTATED = "not stated"


def install(
    path: Path,
    name: str,
    *,
    origin: str = "",
    licence: str = UNSTATED,
    overwrite: bool = False,
    configurations: Sequence[ModelConfig] | None = None,
) -> store.Record:
    """Import the weights at ``path`` as the model ``name`` and export its archive.

    ``path`` is what :func:`import_weights` reads, or a folder that Scorelane itself wrote.
    ``origin`` says where they came from (``path``, if empty). Raises :class:`ModelError` and
    :class:`UsageError`; then nothing has changed.
    """
    if store.check_name(name) in shipped_models():
        raise UsageError(
            f"{name} is the name of a model that ships with Scorelane; choose another."
        )
    with store.new_model(name, overwrite=overwrite) as folder:
        imported = _read(path, configurations)
        config = replace(imported.config, name=name, licence=licence)
        save_weights(imported.tensors, config, folder, torch.float32)
        export_archive(folder, folder / store.ARCHIVE)
        weights = folder / WEIGHTS_NAME
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        record = store.Record(
            name=name,
            origin=origin or str(path),
            licence=licence,
            kind=imported.kind,
            parameters=imported.numbers,
            size=weights.stat().st_size,
            sha256=digest,
            fingerprint=imported.fingerprint,
        )
        store.write_record(record, folder)
    return record


def _read(path: Path, configurations: Sequence[ModelConfig] | None) -> Imported:
    if not ((path / CONFIG_NAME).is_file() and (path / WEIGHTS_NAME).is_file()):
        return import_weights(path, configurations)
    model, config = load_weights(path)
    tensors = model.state_dict()
    return Imported(tensors, config, "Scorelane weights", fingerprint(tensors))
