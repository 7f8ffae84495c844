"""``scorelane models``: bring models, fetch them, see which there are, remove them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scorelane.cli.console import messages, output
from scorelane.display import printable
from scorelane.errors import ModelError, UsageError

if TYPE_CHECKING:
    from scorelane.catalogue import Entry
    from scorelane.store import Record

_commands = typer.Typer(
    no_args_is_help=True, help="Bring models such as the published MT3, and see which there are."
)

_Catalogue = Annotated[
    Path | None,
    typer.Option("--catalogue", help="One more catalogue file (JSON).", exists=True),
]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a model of the same name.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to ``app``."""
    app.add_typer(_commands, name="models")


@_commands.command("import")
def import_(
    path: Annotated[
        Path,
        typer.Argument(
            help="A T5X checkpoint folder, or a PyTorch state dict in Hugging Face's T5 naming "
            "(.pt, .pth, .bin, .safetensors).",
            exists=True,
        ),
    ],
    name: Annotated[str, typer.Option("--name", help="What --model will call it.")],
    licence: Annotated[
        str, typer.Option("--licence", help="The licence that the weights came with.")
    ] = "not stated",
    overwrite: _Overwrite = False,
) -> None:
    """Import MT3's weights and export the archive that the engine runs.

    Both published configurations are known: `mt3` (multi-instrument) and `ismir2021` (piano).
    Every name and shape is checked; nothing in the files is run.
    """
    from scorelane.model.importing.install import install

    with messages().status("Importing"):
        record = install(path, name, licence=licence, overwrite=overwrite)
    _show(record)
    output().print(f"Use it with --model {name}.", markup=False)


@_commands.command("list")
def list_(catalogue: _Catalogue = None) -> None:
    """List the models that ship, those that you brought, and those of the catalogue."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from scorelane import store
    from scorelane.archives import shipped_models
    from scorelane.catalogue import entries

    table = Table(box=box.SIMPLE)
    for heading in ("name", "state", "licence", "size", "sha256", "origin"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "size" else "left")
    here = [*map(_shipped, shipped_models()), *store.records()]
    for record in here:
        state = "ships" if record.kind == _SHIPS else "imported"
        row = (record.licence, _megabytes(record.size), record.sha256[:12], record.origin)
        table.add_row(record.name, state, *map(printable, row))
    names = {record.name for record in here}
    for entry in entries(catalogue).values():
        if entry.name not in names:
            state = "can be fetched" if entry.files else "bring it yourself"
            size = _megabytes(entry.size) if entry.files else ""
            row = (entry.licence, size, entry.sha256[:12], entry.origin)
            table.add_row(entry.name, state, *map(printable, row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_FILE_WIDTH)
    console.print(table)


@_commands.command()
def info(
    name: Annotated[str, typer.Argument(help="A model's name.")], catalogue: _Catalogue = None
) -> None:
    """Show origin, licence, size and hashes of one model."""
    from scorelane import store
    from scorelane.archives import shipped_models
    from scorelane.catalogue import entries

    folder = store.find(name)
    if name in shipped_models():
        _show(_shipped(name))
    elif folder is not None:
        _show(store.read_record(folder))
        output().print(f"{'folder':<12} {printable(folder)}", markup=False)
    else:
        entry = entries(catalogue).get(name)
        if entry is None:
            raise UsageError(f"There is no model {name!r}; see `scorelane models list`.")
        _show_entry(entry)


@_commands.command()
def fetch(
    name: Annotated[str, typer.Argument(help="A name of the catalogue.")],
    catalogue: _Catalogue = None,
    overwrite: _Overwrite = False,
) -> None:
    """Fetch a model of the catalogue; interrupted, the same command goes on.

    This is the only command that uses the network. A file whose SHA-256 is not the catalogue's is
    deleted and never becomes a model.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from scorelane import store
    from scorelane.catalogue import entries
    from scorelane.fetch import fetch as fetch_files
    from scorelane.fetch import forget

    entry = entries(catalogue).get(name)
    if entry is None:
        raise UsageError(f"The catalogue holds no model {name!r}; see `scorelane models list`.")
    if store.find(name) is not None and not overwrite:
        raise UsageError(f"{name} is there already; use --overwrite to fetch it again.")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=messages(), transient=True) as progress:
        task = progress.add_task(f"fetching {name}", total=entry.size)
        folder = fetch_files(
            entry, lambda have, total: progress.update(task, completed=have, total=total)
        )
    from scorelane.model.importing.install import install

    try:
        with messages().status("Importing"):
            record = install(
                folder, name, origin=entry.origin, licence=entry.licence, overwrite=overwrite
            )
    finally:
        forget(entry)
    _show(record)


@_commands.command()
def remove(name: Annotated[str, typer.Argument(help="A model that you brought.")]) -> None:
    """Delete a model that you imported or fetched."""
    from scorelane import store
    from scorelane.archives import shipped_models

    if name in shipped_models():
        raise UsageError(f"{name} ships with Scorelane and stays.")
    store.remove(name)
    output().print(f"{name} is removed")


_SHIPS = "ships with Scorelane"
_FILE_WIDTH = 160


def _shipped(name: str) -> Record:
    """The record of a shipped model, made from its files."""
    from scorelane.archives import shipped_folder
    from scorelane.store import Record

    folder = shipped_folder(name)
    assert folder is not None
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = weights.stat().st_size
    except OSError as error:
        raise ModelError(f"{weights} cannot be read ({error.strerror}).") from error
    return Record(
        name=name,
        origin=_SHIPS,
        licence=_licence(folder),
        kind=_SHIPS,
        parameters=0,
        size=size,
        sha256=digest,
        fingerprint="",
    )


def _licence(folder: Path) -> str:
    import json

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return str(config.get("licence", "not stated"))


def _show(record: Record) -> None:
    rows = [
        ("model", record.name),
        ("kind", record.kind),
        ("origin", record.origin),
        ("licence", record.licence),
        ("parameters", f"{record.parameters:,}" if record.parameters else ""),
        ("size", _megabytes(record.size)),
        ("sha256", record.sha256),
        ("fingerprint", record.fingerprint),
    ]
    _print(rows)


def _show_entry(entry: Entry) -> None:
    rows = [("model", entry.name), ("origin", entry.origin), ("licence", entry.licence)]
    for file in entry.files:
        rows += [("file", file.path), ("size", _megabytes(file.size)), ("sha256", file.sha256)]
    _print([*rows, ("note", entry.note)])


def _print(rows: list[tuple[str, str]]) -> None:
    for name, value in rows:
        if value:
            output().print(f"{name:<12} {printable(value)}", markup=False)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
