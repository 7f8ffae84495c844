"""The plugin in a pedalboard chain: a recording in, MIDI and a picture out.

    python examples/plugin_in_pedalboard.py [AUDIO] [--out FOLDER]

pedalboard hosts the built VST3 (`make plugin`) between its own effects, without a window. It drops
a plugin's MIDI, so the notes are read back from the state that the plugin saves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pedalboard import HighpassFilter, NoiseGate, Pedalboard, Reverb
from pedalboard.io import AudioFile

from scorelane import Transcription
from scorelane.host import load_plugin, read_state, set_parameters

EXAMPLE = Path(__file__).parent / "example.flac"


def transcribe_in_chain(source: Path, rendered: Path) -> Transcription:
    """Run ``source`` through effects and the plugin; the sound goes on to ``rendered``."""
    plugin = load_plugin()
    set_parameters(plugin, {"record": True, "sensitivity": 0.6, "min_length": 40})
    board = Pedalboard(
        [NoiseGate(threshold_db=-60), HighpassFilter(30.0), plugin, Reverb(wet_level=0.15)]
    )
    with AudioFile(str(source)) as file:
        audio, rate = file.read(file.frames), file.samplerate
    with AudioFile(str(rendered), "w", rate, audio.shape[0]) as file:
        file.write(board(audio, rate))  # offline: returns when the notes are complete, too
    return read_state(plugin.preset_data).transcription()


def main() -> None:
    """Read the arguments, transcribe, write three files and print the lanes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--out", type=Path, default=Path.cwd())
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    base = options.out / f"{options.audio.stem}-in-pedalboard"

    result = transcribe_in_chain(options.audio, base.with_suffix(".wav"))
    result.to_midi(base.with_suffix(".mid"))
    result.to_pianoroll(base.with_suffix(".png"))
    for lane in result.lanes:
        print(f"{lane.channel + 1:3}  {lane.name:28} {len(lane.notes):5} notes")
    print(f"wrote {base}.wav, .mid and .png")


if __name__ == "__main__":
    main()
