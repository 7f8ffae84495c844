"""The ``scorelane`` command and what all its subcommands share: names, errors, exit status."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scorelane import __version__, cli
from scorelane.cli.console import print_error
from scorelane.errors import ScorelaneError, UsageError

# The order of the help page; one that is not installed is left out.
_COMMANDS = (
    "transcribe",
    "score",
    "info",
    "evaluate",
    "models",
    "export",
    "train",
    "curves",
    "calibrate",
    "data",
)

EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


class _Commands(TyperGroup):
    """Turns the errors that users can meet into one line and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except UsageError as error:
            print_error(str(error))
            raise typer.Exit(EXIT_USAGE) from None
        except ScorelaneError as error:
            print_error(str(error))
            raise typer.Exit(EXIT_FAILED) from None
        except KeyboardInterrupt:
            print_error("interrupted")
            raise typer.Exit(EXIT_INTERRUPTED) from None


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scorelane {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Turn recordings into lanes: one MIDI track per instrument.

    [cyan]scorelane transcribe song.mp3[/cyan]   writes song.mid and song.png beside it
    [cyan]scorelane info[/cyan]                  shows versions, the model and its device
    """


def _add_commands() -> None:
    present = {module.name for module in iter_modules(cli.__path__)}
    for name in _COMMANDS:
        if name in present:
            module = import_module(f"scorelane.cli.{name}")
            if hasattr(module, "register"):
                module.register(app)
            else:
                app.command(name)(module.command)


_add_commands()


def main() -> None:
    """Run the command line; the process exits with its status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show is no error
            stream.reconfigure(errors="replace")
    app(prog_name="scorelane")
