"""Scorelane over audio files, in a process of its own: the counterpart of run_basic_pitch.py.

Prints the same line of JSON: ``load`` and ``runs`` from file to MIDI file, in seconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

BEGAN = time.perf_counter()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--model")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("audio", nargs="+", type=Path)
    arguments = parser.parse_args()

    from scorelane import engine
    from scorelane.transcribe import transcribe

    model = engine.load(arguments.model, device=arguments.device, threads=arguments.threads)
    load = time.perf_counter() - BEGAN
    runs: dict[str, list[float]] = {}
    for path in arguments.audio:
        for _ in range(arguments.repeat):
            began = time.perf_counter()
            with tempfile.TemporaryDirectory() as scratch:
                transcribe(path, model=model).to_midi(Path(scratch) / "notes.mid")
            runs.setdefault(str(path), []).append(time.perf_counter() - began)
    print(json.dumps({"load": load, "runs": runs}))


if __name__ == "__main__":
    main()
