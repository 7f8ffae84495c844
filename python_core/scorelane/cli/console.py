"""What goes to the terminal: messages and progress on stderr, results on stdout."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from scorelane.display import clock

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from scorelane.engine import Engine

SHOW_AFTER_SECONDS = 2.0


def output() -> Console:
    """The console for results."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def messages() -> Console:
    """The console for errors, warnings and progress."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def print_error(text: str) -> None:
    """One line on stderr, marked as an error."""
    messages().print("[bold red]error:[/] ", end="")
    messages().print(_one_line(text), markup=False)


def print_warning(text: str) -> None:
    """One line on stderr, marked as a warning."""
    messages().print("[yellow]warning:[/] ", end="")
    messages().print(_one_line(text), markup=False)


def load_engine(model: str | None, device: str, threads: int) -> Engine:
    """:func:`scorelane.engine.load`, with a sign of life on a terminal."""
    console = messages()
    if not console.is_terminal:
        return _load(model, device, threads)
    with console.status("Loading the model"):
        return _load(model, device, threads)


def _load(model: str | None, device: str, threads: int) -> Engine:
    from scorelane import engine

    return engine.load(model, device=device, threads=threads)


def _one_line(text: str) -> str:
    return " ".join(text.split())


class SlowProgress:
    """A progress bar for what turns out to take more than two seconds, on a terminal only.

    Use as a context manager and as the ``on_progress`` of :func:`scorelane.transcribe`.
    """

    def __init__(self, label: str) -> None:
        self._label = label
        self._console = messages()
        self._started = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> SlowProgress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, seconds_done: float, seconds_expected: float | None) -> None:
        """Show how far the work is; the expected length may be unknown (``None``)."""
        elapsed = time.monotonic() - self._started
        if not self._console.is_terminal or elapsed < SHOW_AFTER_SECONDS:
            return
        speed = seconds_done / elapsed
        remaining = ""
        if seconds_expected and speed > 0:
            remaining = f"{clock(max(0.0, seconds_expected - seconds_done) / speed)} left"
        progress, task = self._shown(seconds_expected)
        progress.update(task, completed=seconds_done, speed=f"{speed:.1f}x", remaining=remaining)

    def _shown(self, expected: float | None) -> tuple[Progress, TaskID]:
        if self._progress is None or self._task is None:
            from rich.markup import escape
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[speed]} real time"),
                TextColumn("{task.fields[remaining]}"),
                console=self._console,
                transient=True,
            )
            self._task = self._progress.add_task(
                escape(self._label), total=expected, speed="", remaining=""
            )
            self._progress.start()
        return self._progress, self._task
