"""Basic Pitch over audio files, in a process of its own; run by the peers' Python.

    .venv-peers/bin/python run_basic_pitch.py [--repeat N] [--notes FOLDER NAME...] -- AUDIO...

Prints one line of JSON: ``load`` (seconds to import and open the model) and ``runs`` (for every
file a list of seconds from file to MIDI file). With ``--notes`` the notes are also written as
``FOLDER/NAME.csv``, one name for every file. Needs nothing of Scorelane.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BEGAN = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--notes", nargs="+", default=[], metavar=("FOLDER", "NAME"))
    parser.add_argument("audio", nargs="+", type=Path)
    arguments = parser.parse_args()
    folder, names = Path((arguments.notes or ["."])[0]), arguments.notes[1:]

    logging.disable(logging.WARNING)  # it warns of every runtime that is not installed
    with contextlib.redirect_stdout(sys.stderr):
        from basic_pitch import ICASSP_2022_MODEL_PATH
        from basic_pitch.inference import Model, predict

        model = Model(ICASSP_2022_MODEL_PATH)
        load = time.perf_counter() - BEGAN
        runs: dict[str, list[float]] = {}
        for index, path in enumerate(arguments.audio):
            for _ in range(arguments.repeat):
                began = time.perf_counter()
                _, midi, events = predict(path, model)
                with tempfile.TemporaryDirectory() as scratch:
                    midi.write(str(Path(scratch) / "notes.mid"))
                runs.setdefault(str(path), []).append(time.perf_counter() - began)
            if names:
                write_notes(events, folder / f"{names[index]}.csv")
    print(json.dumps({"load": load, "runs": runs}))


def write_notes(events: list[Any], path: Path) -> None:
    """Write note events as Scorelane's CSV; Basic Pitch knows no instruments, so program 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("onset", "offset", "pitch", "program", "is_drum", "velocity"))
        for onset, offset, pitch, amplitude, _ in sorted(events, key=lambda event: event[:3]):
            velocity = min(127, max(1, round(127 * amplitude)))
            writer.writerow((f"{onset:.4f}", f"{offset:.4f}", int(pitch), 0, 0, velocity))


if __name__ == "__main__":
    main()
