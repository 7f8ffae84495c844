"""Basic Pitch's scores on clips with known notes, by Scorelane's metrics.

    python tests/bench/evaluate_peer.py CLIPS... --peer-python .venv-peers/bin/python

``CLIPS`` are what ``scorelane evaluate`` takes. Basic Pitch knows neither drums nor instruments;
of its scores onset, onset+offset and frame mean something.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from scorelane.cli.evaluate import evaluate
from scorelane.evaluate.clips import find_clips

HERE = Path(__file__).parent


def main() -> None:
    """Transcribe with the peer, then score its notes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--json", type=Path, help="also write the scores here")
    arguments = parser.parse_args()
    clips = [clip for clip in find_clips(arguments.paths) if clip.audio is not None]
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "basic-pitch-0.4.0"
        subprocess.run(
            [
                *(arguments.peer_python, str(HERE / "run_basic_pitch.py")),
                *("--notes", str(notes), *(clip.name for clip in clips), "--"),
                *(str(clip.audio) for clip in clips),
            ],
            check=True,
            capture_output=True,
        )
        evaluate(arguments.paths, estimates=notes, json=arguments.json)


if __name__ == "__main__":
    main()
