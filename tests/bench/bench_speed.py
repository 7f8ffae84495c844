"""Times real time of the whole chain, file to MIDI file, beside Basic Pitch.

    python tests/bench/bench_speed.py [AUDIO...] [--peer-python .venv-peers/bin/python]

Without AUDIO the example is timed, and a song of three minutes, which is the example over and
over. Both run on the same processors, one after the other, each file several times. *Warm* is the
best run with the model loaded; *cold* is a whole process from its start, loading included.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from scorelane.audio import find_audio

HERE = Path(__file__).parent
EXAMPLE = HERE.parent.parent / "examples" / "example.flac"


@dataclass(frozen=True)
class Timing:
    """Seconds for one file: with the model loaded, and from the start of the process."""

    warm: float
    cold: float


@dataclass(frozen=True)
class Contender:
    """A transcriber as a command; files and ``--repeat N`` are added to it."""

    name: str
    command: list[str]

    def time(self, files: list[Path], repeat: int, processors: list[int]) -> dict[Path, Timing]:
        """Time every file warm and cold, on the given processors."""
        warm = self._run([*map(str, files), "--repeat", str(repeat)], processors)["runs"]
        timings = {}
        for path in files:
            began = time.perf_counter()
            self._run([str(path)], processors)
            timings[path] = Timing(min(warm[str(path)]), time.perf_counter() - began)
        return timings

    def _run(
        self, arguments: list[str], processors: list[int]
    ) -> dict[str, dict[str, list[float]]]:
        done = subprocess.run(
            [*self.command, *arguments],
            capture_output=True,
            text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, processors),
        )
        if done.returncode:
            sys.exit(f"{self.name} failed:\n{done.stderr[-2000:]}")
        result: dict[str, dict[str, list[float]]] = json.loads(done.stdout.splitlines()[-1])
        return result


def main() -> None:
    """Time both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="audio files or folders")
    parser.add_argument("--peer-python", help="Python of the peers' environment")
    parser.add_argument("--model", help="model archive, folder or name; default: as shipped")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        paths = arguments.paths or [EXAMPLE, long_song(Path(folder) / "three minutes.flac")]
        run(arguments, [f for p in paths for f in (find_audio(p) if p.is_dir() else [p])])


def long_song(path: Path, seconds: float = 180.0) -> Path:
    """Write the example over and over to ``path``."""
    audio, rate = soundfile.read(EXAMPLE)
    times = math.ceil(seconds * rate / len(audio))
    soundfile.write(path, np.tile(audio, (times, 1))[: int(seconds * rate)], rate)
    return path


def run(arguments: argparse.Namespace, files: list[Path]) -> None:
    """Time ``files`` with every contender."""
    processors = sorted(os.sched_getaffinity(0))[: arguments.cores]
    ours = [sys.executable, str(HERE / "run_scorelane.py"), "--device", arguments.device]
    ours += ["--threads", str(len(processors))]
    ours += ["--model", arguments.model] if arguments.model else []
    contenders = [Contender("Scorelane", ours)]
    if arguments.peer_python:
        peer = [arguments.peer_python, str(HERE / "run_basic_pitch.py")]
        contenders.append(Contender("Basic Pitch", peer))
    timings = {c.name: c.time(files, arguments.repeat, processors) for c in contenders}
    seconds = {path: soundfile.info(path).duration for path in files}
    Console(width=120).print(table(seconds, timings, len(processors)))
    if arguments.json:
        figures = {
            name: {str(path): asdict(timing) for path, timing in by_file.items()}
            for name, by_file in timings.items()
        }
        lengths = {str(path): length for path, length in seconds.items()}
        arguments.json.write_text(json.dumps({"seconds": lengths, **figures}, indent=1) + "\n")


def table(seconds: dict[Path, float], timings: dict[str, dict[Path, Timing]], cores: int) -> Table:
    """Times real time for every file and in all, and how much faster the first is."""
    names = list(timings)
    grid = Table(
        title=f"Times real time, file to MIDI file, {cores} cores of {processor()}",
        title_justify="left",
    )
    grid.add_column("file", overflow="fold")
    grid.add_column("s", justify="right")
    for how in ("warm", "cold"):
        for name in names:
            grid.add_column(f"{name}\n{how}", justify="right")
        if len(names) > 1:
            grid.add_column("ratio", justify="right", style="bold")
    for path, length in seconds.items():
        spent = {name: timings[name][path] for name in names}
        label = path.name if path.stem != "audio" else path.parent.name
        grid.add_row(label, f"{length:.1f}", *cells(length, spent))
    if len(seconds) > 1:
        total = {
            name: Timing(
                sum(timing.warm for timing in timings[name].values()),
                sum(timing.cold for timing in timings[name].values()),
            )
            for name in names
        }
        length = sum(seconds.values())
        grid.add_section()
        grid.add_row("all", f"{length:.1f}", *cells(length, total), style="bold")
    return grid


def cells(length: float, spent: dict[str, Timing]) -> list[str]:
    """Times real time of every contender, warm then cold, each with the ratio to the second."""
    row = []
    for how in ("warm", "cold"):
        speeds = [length / getattr(timing, how) for timing in spent.values()]
        row += [f"{speed:.1f}" for speed in speeds]
        if len(speeds) > 1:
            row.append(f"{speeds[0] / speeds[1]:.2f}")
    return row


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
