"""The scripts in models/recipe: what is carried comes back, and what is missing is told."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import torch

from scorelane.data.bank import Bank
from scorelane.data.build_bank import build_bank
from scorelane.data.midi_files import NOTE_DTYPE
from scorelane.data.samples import DrumFolder
from scorelane.data.songs import INDEX_FILE, NOTES_FILE, build_songs
from scorelane.data.sources import Licence
from scorelane.model.config import scorelane_config
from scorelane.model.transformer import Transformer
from scorelane.model.weights import load_weights, save_weights

RECIPE = Path(__file__).parents[1] / "models" / "recipe"

# carry.py with a kit and a synthesiser instead of what happens to be installed.
PACK = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv.pop(1))
from scorelane.data import catalogue
from scorelane.data.samples import DrumFolder
from scorelane.data.sources import Licence
from scorelane.data.synthesis import Singers
kit = DrumFolder("hits", Path(sys.argv.pop(1)), Licence("a package", "CC0", "somebody"), weight=2.5)
catalogue.installed_sources = lambda: [kit, Singers()]
import carry
carry.main()
"""


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHON": sys.executable}
    return subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)


def write_songs(folder: Path) -> None:
    rng = np.random.default_rng(0)
    notes = np.zeros(1000, NOTE_DTYPE)
    notes["onset"] = np.sort(rng.uniform(0, 300, 1000))
    notes["onset"][500:] -= notes["onset"][500]  # another song
    notes["offset"] = notes["onset"] + rng.uniform(0, 4, 1000)
    for name in ("pitch", "program", "velocity", "stem"):
        notes[name] = rng.integers(0, 128, 1000)
    notes["is_drum"] = rng.random(1000) < 0.2
    folder.mkdir()
    np.save(folder / NOTES_FILE, notes)
    np.savez(folder / INDEX_FILE, bounds=np.array([0, 500, 1000]))


def write_tone(path: Path, frequency: float, seconds: float) -> None:
    time = np.arange(int(44_100 * seconds)) / 44_100
    path.parent.mkdir(parents=True, exist_ok=True)
    stereo = np.stack([np.sin(2 * np.pi * frequency * time)] * 2, axis=1)
    soundfile.write(path, 0.5 * stereo, 44_100)


def test_songs_and_sounds_come_back(tmp_path: Path) -> None:
    write_songs(tmp_path / "songs")
    write_tone(tmp_path / "kit" / "kick.wav", 60, 3.0)
    write_tone(tmp_path / "kit" / "guitar.wav", 300, 3.0)
    write_tone(tmp_path / "flute" / "A4.wav", 440, 9.0)
    (tmp_path / "flute" / "README.md").write_text("CC0")
    packed, samples = tmp_path / "packed", f"73={tmp_path / 'flute'}"
    options = ("--without", "singers", "--samples", samples)
    command = (sys.executable, "-c", PACK, RECIPE, tmp_path / "kit", "pack", packed)
    made = run(*command, tmp_path / "songs", *options)
    assert made.returncode == 0, made.stderr
    carried = {file.name for file in (packed / "sounds").rglob("*.*")}
    assert carried == {"kick.wav", "A4.wav"}
    (recording,) = packed.rglob("A4.wav")
    sound = soundfile.info(recording)
    assert (sound.channels, sound.samplerate, sound.duration) == (1, 32_000, 6.5)

    # Elsewhere, where the folders that it came from are unknown.
    for name in ("kit", "flute"):
        (tmp_path / name).rename(tmp_path / f"no {name}")
    for what in ("songs", "bank"):
        again = run(sys.executable, RECIPE / "carry.py", what, packed, tmp_path / f"new {what}")
        assert again.returncode == 0, again.stderr
    before, after = (np.load(tmp_path / name / NOTES_FILE) for name in ("songs", "new songs"))
    assert before.dtype == after.dtype
    for name in ("onset", "offset"):
        np.testing.assert_allclose(after[name], before[name], atol=0.0011)
    for name in ("pitch", "program", "velocity", "stem", "is_drum"):
        assert (after[name] == before[name]).all()
    bank = Bank.open(tmp_path / "new bank")
    assert bank.source_names == ["hits", "flute-73"]
    assert bank.source_packages == ["a package", "flute"]
    assert bank.voice_weight.tolist() == pytest.approx([2.5 * (0.2 + 0.8 / 11), 5.0])
    assert bank.note(1, 71, 90) is not None and not list((tmp_path / "new bank").glob("parts"))


def test_a_source_that_is_unknown_is_told(tmp_path: Path) -> None:
    write_songs(tmp_path / "songs")
    write_tone(tmp_path / "kit" / "kick.wav", 60, 1.0)
    command = (sys.executable, "-c", PACK, RECIPE, tmp_path / "kit", "pack", tmp_path / "packed")
    made = run(*command, tmp_path / "songs", "--without", "fluidr3")
    assert made.returncode == 1
    assert made.stderr == "carry.py: there is no source fluidr3; there are hits, singers\n"


def test_weights_leave_in_pieces_that_make_them_again(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).bytes(70 << 20)
    (tmp_path / "work" / "run").mkdir(parents=True)
    (tmp_path / "work" / "run" / "model.safetensors").write_bytes(weights)
    out = tmp_path / "out"
    for first in ("0", "4"):
        left = run(
            RECIPE / "on_gpu.sh", "leave", tmp_path / "work", out, "model.safetensors", first
        )
        assert left.returncode == 0, left.stderr
        assert all(piece.stat().st_size < 16 << 20 for piece in out.iterdir())
    assert len(list(out.glob("model.safetensors.[0-9][0-9]"))) == 5
    joined = "cat model.safetensors.[0-9][0-9] >model.safetensors"
    check = "sha256sum --check model.safetensors.sha256"
    assert run("bash", "-c", f"cd '{out}' && {joined} && {check}").returncode == 0
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["run"]


def test_a_piece_that_is_missing_is_told(tmp_path: Path) -> None:
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    (pieces / "pack.sha256").write_text(f"{'0' * 64}  pack.00\n")
    told = run(RECIPE / "on_gpu.sh", "prepare", pieces, tmp_path / "work")
    assert told.returncode == 1 and "lacks whole pieces" in told.stderr and "pack.00" in told.stderr
    told = run(RECIPE / "on_gpu.sh", "train", tmp_path / "work", tmp_path / "out", "1")
    assert told.returncode == 1 and "on_gpu.sh prepare" in told.stderr


def write_beats(folder: Path) -> None:
    midi = mido.MidiFile()
    track = mido.MidiTrack()
    for _ in range(32):
        track.append(mido.Message("note_on", channel=9, note=36, velocity=90))
        track.append(mido.Message("note_off", channel=9, note=36, time=240))
    midi.tracks.append(track)
    folder.mkdir()
    midi.save(folder / "beats.mid")


def play_beats(folder: Path) -> None:
    """A song set and a note bank of one drum in ``folder``."""
    write_beats(folder / "midi")
    build_songs([folder / "midi"], folder / "songs", processes=1)
    write_tone(folder / "kit" / "kick.wav", 60, 1.0)
    kit = DrumFolder("hits", folder / "kit", Licence("a package", "CC0", "somebody"))
    build_bank(folder / "bank", [kit], processes=1)


def test_drums_are_taught_alone(tmp_path: Path) -> None:
    play_beats(tmp_path)
    whole = scorelane_config(width=64, encoder_layers=1, decoder_layers=1)
    network = dataclasses.replace(whole.network, kit_layers=0, texture_layers=0)
    small = dataclasses.replace(whole, network=network)
    old = dataclasses.replace(small, network=dataclasses.replace(small.network, drum_width=0))
    before = Transformer(old).state_dict()
    save_weights(before, old, tmp_path / "old", torch.float32)
    paths = [tmp_path / name for name in ("songs", "bank", "old", "new")]
    brief = ("--minutes", "0.1")
    made = run(sys.executable, RECIPE / "drums.py", *paths, *brief)
    assert made.returncode == 0, made.stderr
    model, config = load_weights(tmp_path / "new")
    assert config == small
    after = model.state_dict()
    assert after["encoder.percussion.hits.weight"].abs().max() > 0.0
    # The encoder has not learned to listen, so it is told nothing.
    assert after["encoder.percussion.told.weight"].abs().max() == 0.0
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, atol=1e-4, rtol=1e-3)

    made = run(
        sys.executable, RECIPE / "drums.py", *paths[:2], paths[3], tmp_path / "newer", *brief
    )
    assert made.returncode == 0, made.stderr
    newer = load_weights(tmp_path / "newer")[0].state_dict()
    learned = {name for name, value in newer.items() if not torch.equal(value, after[name])}
    assert learned and all(name.startswith("encoder.percussion.") for name in learned)
    told = run(sys.executable, RECIPE / "drums.py", tmp_path / "midi", *paths[1:])
    assert told.returncode == 1 and told.stderr.count("\n") == 1 and "no song set" in told.stderr


def test_what_is_played_together_is_taught_alone(tmp_path: Path) -> None:
    play_beats(tmp_path)
    whole = scorelane_config(width=64, encoder_layers=1, decoder_layers=1)
    network = dataclasses.replace(whole.network, kit_layers=0, texture_layers=0)
    bare = dataclasses.replace(whole, network=network)
    before = Transformer(bare).state_dict()
    before["encoder.heads.drums.bias"] += 4.0  # something may be struck everywhere
    before["encoder.heads.own.bias"] += 3.0
    save_weights(before, bare, tmp_path / "old", torch.float32)
    paths = [tmp_path / name for name in ("songs", "bank", "old", "new")]
    made = run(sys.executable, RECIPE / "together.py", *paths, "--minutes", "0.3")
    assert made.returncode == 0, made.stderr
    model, config = load_weights(tmp_path / "new")
    assert config == whole
    after = model.state_dict()
    new = after.keys() - before.keys()
    assert all(name.startswith(("decoder.hints.kit.", "decoder.hints.texture.")) for name in new)
    for part in ("kit", "texture"):
        assert after[f"decoder.hints.{part}.gain.weight"].abs().max() > 0.0
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, atol=1e-3, rtol=1e-3)
    # The same again goes on from there: in a moment it learns next to nothing.
    again = [*paths[:2], paths[3], tmp_path / "newer"]
    made = run(sys.executable, RECIPE / "together.py", *again, "--minutes", "0.02")
    assert made.returncode == 0, made.stderr
    newer = load_weights(tmp_path / "newer")[0].state_dict()
    for name in new:
        torch.testing.assert_close(newer[name], after[name], atol=0.02, rtol=0.02)
    told = run(sys.executable, RECIPE / "together.py", tmp_path / "midi", *paths[1:])
    assert told.returncode == 1 and told.stderr.count("\n") == 1 and "no song set" in told.stderr


@pytest.mark.parametrize("script", ["sounds.sh", "pack.sh", "on_gpu.sh"])
def test_wrong_arguments_show_the_usage(script: str) -> None:
    told = run(RECIPE / script)
    assert told.returncode == 2 and told.stderr.startswith(f"usage: models/recipe/{script} ")
