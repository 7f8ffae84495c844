"""Basic Pitch over audio files, in a process of its own; run by the peers' Python.

    .venv-peers/bin/python run_basic_pitch.py [--repeat N] [--notes FOLDER NAME...] -- AUDIO...

Prints one line of JSON: ``load`` (seconds to import and open the model) and ``runs`` (for every
file a list of seconds from file to MIDI file). With ``--notes`` the notes are also written as
``FOLDER/NAME.csv``, one name for every file. Needs nothing of Scorelane.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from pathlib import Path

from peer_process import PeerNote, Predict, run

BEGAN = time.perf_counter()


def load() -> Predict:
    logging.disable(logging.WARNING)  # it warns of every runtime that is not installed
    from basic_pitch import ICASSP_2022_MODEL_PATH
    from basic_pitch.inference import Model
    from basic_pitch.inference import predict as basic_pitch

    model = Model(ICASSP_2022_MODEL_PATH)

    def predict(path: Path, midi_path: Path) -> Iterable[PeerNote]:
        _, midi, events = basic_pitch(path, model)
        midi.write(str(midi_path))
        return [
            (onset, offset, int(pitch), round(127 * amplitude))
            for onset, offset, pitch, amplitude, _ in events
        ]

    return predict


if __name__ == "__main__":
    run(__doc__, BEGAN, load)
