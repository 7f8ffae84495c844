"""What the scripts that run peers share: their arguments, timing, and notes as Scorelane's CSV.

Run by the peers' Python; needs nothing of Scorelane.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

PeerNote: TypeAlias = tuple[float, float, int, int]
"""Onset and offset in seconds, MIDI pitch, velocity 1-127."""
Predict: TypeAlias = Callable[[Path, Path], Iterable[PeerNote]]
"""Transcribes the file at the first path, writes MIDI to the second, gives the notes."""


def run(about: str | None, began: float, load: Callable[[], Predict]) -> None:
    """Transcribe the files of the command line; ``load`` imports and opens the model.

    ``began`` is when the process did, by :func:`time.perf_counter`. The command line and what is
    printed are told in ``run_basic_pitch.py``.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--notes", nargs="+", default=[], metavar=("FOLDER", "NAME"))
    parser.add_argument("audio", nargs="+", type=Path)
    arguments = parser.parse_args()
    folder, names = Path((arguments.notes or ["."])[0]), arguments.notes[1:]
    runs: dict[str, list[float]] = {}
    with contextlib.redirect_stdout(sys.stderr), tempfile.TemporaryDirectory() as scratch:
        predict = load()
        loaded = time.perf_counter() - began
        for index, path in enumerate(arguments.audio):
            for _ in range(arguments.repeat):
                start = time.perf_counter()
                notes = predict(path, Path(scratch) / "notes.mid")
                runs.setdefault(str(path), []).append(time.perf_counter() - start)
            if names:
                write_notes(notes, folder / f"{names[index]}.csv")
    print(json.dumps({"load": loaded, "runs": runs}))


def write_notes(notes: Iterable[PeerNote], path: Path) -> None:
    """Write notes as Scorelane's CSV; a peer tells no instruments, so program 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("onset", "offset", "pitch", "program", "is_drum", "velocity"))
        for onset, offset, pitch, velocity in sorted(notes):
            row = (f"{onset:.4f}", f"{offset:.4f}", pitch, 0, 0, min(127, max(1, velocity)))
            writer.writerow(row)
    temporary.replace(path)  # a run that was stopped leaves no half of a file
