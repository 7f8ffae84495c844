"""`scorelane evaluate` on a corpus gives MT3's scores; training draws from its recordings."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from scorelane import store
from scorelane.cli.app import app
from scorelane.data.datasets.recordings import Recordings, open_recordings
from scorelane.data.datasets.registry import named
from scorelane.data.programs import CANONICAL_PROGRAM
from scorelane.errors import UsageError
from scorelane.evaluate.metrics import frame_score
from scorelane.model.config import mt3_config, scorelane_config
from scorelane.model.importing.install import install
from scorelane.model.weights import load_weights
from scorelane.notes import Note, write_csv
from stub_engine import StubEngine
from tiny_checkpoint import t5x_tree, tiny_config, tiny_model, write_t5x
from tiny_corpora import write_guitarset, write_maestro, write_slakh_song

SONG = [
    ("Piano", 0, False, [(0.0, 0.8, 60)]),
    ("Strings (continued)", 44, False, [(1.0, 1.8, 64)]),
    ("Drums", 128, True, [(0.5, 0.6, 36), (1.5, 1.6, 38)]),
    ("Bass", 33, False, []),
    ("Guitar", 24, False, []),
]
# Tremolo strings (44) count as a string ensemble (48); the estimate says another of that class.
FOUND = [
    Note(0.02, 0.8, 60, 0),
    Note(1.0, 1.2, 64, 50),  # ends too early
    Note(0.5, 0.55, 36, 0, True),
    Note(1.0, 1.05, 42, 0, True),  # was never hit
]


def evaluate(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", *(str(argument) for argument in arguments)])


def scores(root: Path, folder: Path, *arguments: object) -> dict[str, dict[str, float]]:
    """Headline scores by clip, with ``FOUND`` as the estimate of each."""
    out = folder / "scores.json"
    result = evaluate(root, "--estimates", folder, "--json", out, *arguments)
    assert result.exit_code == 0, result.output
    clips = json.loads(out.read_text())["clips"]
    return {
        clip["name"]: {
            name: value["f1"] for name, value in clip["scores"].items() if isinstance(value, dict)
        }
        for clip in clips
    }


@pytest.fixture
def estimates(tmp_path: Path) -> Path:
    folder = tmp_path / "found"
    folder.mkdir()
    return folder


def test_slakh_is_scored_by_mt3s_protocol(tmp_path: Path, estimates: Path) -> None:
    write_slakh_song(tmp_path / "slakh" / "test" / "Track01876", SONG)
    write_slakh_song(tmp_path / "slakh" / "train" / "Track00001", SONG)
    write_csv(FOUND, estimates / "slakh2100_Track01876.csv")
    found = scores(tmp_path / "slakh", estimates)
    assert list(found) == ["slakh2100_Track01876"]
    expected = {
        "onset": 1.0,  # both pitched notes, drums apart
        "onset_offset": 0.5,
        "frame": 2 * 62 / (62 + 100),  # 49 of 50 frames, and 13 of 50
        "multi_flat": 0.5,  # the piano's note and the kick, of four and four
        "multi_class": 0.5,
        "multi_full": 0.5,
        "drum_key": 0.5,
    }
    for name, value in expected.items():
        assert found["slakh2100_Track01876"][name] == pytest.approx(value), name


def test_granularities_tell_instruments_apart(tmp_path: Path, estimates: Path) -> None:
    write_slakh_song(tmp_path / "slakh" / "test" / "Track01876", SONG)
    write_csv(
        [Note(0.0, 0.8, 60, 4), Note(1.0, 1.8, 64, 40)], estimates / "slakh2100_Track01876.csv"
    )
    found = scores(tmp_path / "slakh", estimates)["slakh2100_Track01876"]
    assert found["multi_flat"] == pytest.approx(2 / 3)  # two of two, and of four
    assert found["multi_class"] == pytest.approx(1 / 3)  # strings (40) are no ensemble (48)
    assert found["multi_full"] == 0.0  # an electric piano is no acoustic one


def test_cerberus_is_asked_for_by_name(tmp_path: Path, estimates: Path) -> None:
    write_slakh_song(tmp_path / "slakh" / "test" / "Track01876", SONG)
    name = "cerberus4_Track01876_S03-S02-S04-S00"
    write_csv(FOUND, estimates / f"{name}.csv")
    found = scores(tmp_path / "slakh", estimates, "--dataset", "cerberus4")[name]
    assert found["onset"] == pytest.approx(2 / 3)  # one of one, and of two found
    assert found["multi_class"] == pytest.approx(2 * 2 / (4 + 3))


def test_the_pedal_counts_in_the_offsets(tmp_path: Path, estimates: Path) -> None:
    write_maestro(tmp_path / "maestro", [("test", "a"), ("validation", "b")])
    write_csv([Note(0.0, 1.0, 60, 0)], estimates / "maestro_a.csv")
    write_csv([Note(0.0, 0.5, 60, 0)], estimates / "maestro_b.csv")
    assert scores(tmp_path / "maestro", estimates)["maestro_a"]["onset_offset"] == 1.0
    validation = scores(tmp_path / "maestro", estimates, "--split", "validation")
    assert validation["maestro_b"]["onset_offset"] == 0.0
    assert validation["maestro_b"]["frame"] == pytest.approx(2 * 31 / (31 + 62))


def test_several_corpora_make_one_table(tmp_path: Path, estimates: Path) -> None:
    write_maestro(tmp_path / "maestro", [("test", "a")])
    write_guitarset(tmp_path / "guitarset", ["00_BN3-129-Eb_comp"])
    for name in (
        "maestro_a",
        "guitarset_00_BN3-129-Eb_comp_mic",
        "guitarset_00_BN3-129-Eb_comp_mix",
    ):
        write_csv([Note(0.5, 0.75, 60, 24)], estimates / f"{name}.csv")
    paths = (tmp_path / "maestro", tmp_path / "guitarset")
    result = evaluate(*paths, "--estimates", estimates)
    assert result.exit_code == 0, result.output
    assert "guitarset (2)" in result.output
    assert "maestro (1)" in result.output


def test_what_is_mixed_from_stems_is_transcribed(tmp_path: Path, engine: StubEngine) -> None:
    write_slakh_song(tmp_path / "slakh" / "test" / "Track01876", SONG)
    out = tmp_path / "scores.json"
    result = evaluate(tmp_path / "slakh", "--dataset", "cerberus4", "--json", out)
    assert result.exit_code == 0, result.output
    (clip,) = json.loads(out.read_text())["clips"]
    assert clip["seconds"] == pytest.approx(2.0)


def test_wrong_names_are_told(tmp_path: Path) -> None:
    write_maestro(tmp_path / "maestro", [("test", "a")])
    (tmp_path / "empty").mkdir()
    for reason, arguments in {
        "splits train, validation, test; not dev": ("maestro", "--split", "dev"),
        "no data set 'piano'": ("maestro", "--dataset", "piano"),
        "has no splits": ("empty", "--split", "test"),
    }.items():
        result = evaluate(tmp_path / arguments[0], *arguments[1:])
        assert result.exit_code == 2
        assert reason in " ".join(result.output.split())


def test_frames_are_drawn_as_mt3_draws_them() -> None:
    short = [Note(0.0, 0.01, 60, 0)]
    # A short note fills 50 ms, three frames of 16 ms; 0.064 s are four.
    assert frame_score(short, [Note(0.0, 0.064, 60, 0)]).precision == pytest.approx(3 / 4)
    soft = [Note(0.0, 1.0, 60, 0, velocity=30), Note(0.0, 1.0, 62, 0, velocity=31)]
    assert frame_score(soft, [Note(0.0, 1.0, 62, 0, velocity=1)], 30).f1 == 1.0
    assert frame_score(soft, soft).f1 == 1.0
    together = [Note(0.0, 1.0, 60, 0, velocity=20), Note(0.0, 1.0, 60, 40, velocity=20)]
    assert frame_score(together, [Note(0.0, 1.0, 60, 0)], 30).f1 == 1.0


# Training -----------------------------------------------------------------------------------------


def test_examples_are_drawn_from_recordings(tmp_path: Path) -> None:
    write_slakh_song(tmp_path / "slakh" / "train" / "Track00001", SONG)
    write_guitarset(tmp_path / "guitarset", ["00_BN1-129-Eb_comp"])
    config = scorelane_config()
    recordings = open_recordings([tmp_path / "slakh", tmp_path / "guitarset"], config)
    rng = np.random.default_rng(0)
    vocabulary = config.vocabulary
    programs = set()
    for _ in range(30):
        example = recordings(rng)
        assert example.audio.shape == (config.window_samples,)
        assert 0.05 < np.abs(example.audio).max() < 0.6
        spoken = np.array(example.tokens)
        spoken = spoken[(spoken >= vocabulary.program) & (spoken < vocabulary.drum)]
        programs.update((spoken - vocabulary.program).tolist())
    assert programs <= {0, 24, 48}
    assert {0, 24} <= programs


def test_programs_are_those_that_the_model_writes(tmp_path: Path) -> None:
    root = write_guitarset(tmp_path, ["00_BN1-129-Eb_comp"])
    guitarset = named("guitarset")
    corpora = [(guitarset, guitarset.training_tracks(root))]
    for written, expected in ((26, {26}), (-1, set())):
        table = [written if program == 24 else program for program in range(128)]
        config = dataclasses.replace(scorelane_config(), program_map=table)
        example = Recordings(corpora, config)(np.random.default_rng(0))
        first = config.vocabulary.program
        assert {t - first for t in example.tokens if first <= t < first + 128} == expected


def test_the_piano_models_rows_have_no_tie_section(tmp_path: Path) -> None:
    root = write_maestro(tmp_path / "maestro", [("train", "a")])
    piano = mt3_config(piano=True)
    v = piano.vocabulary
    for config, ties in ((piano, 0), (dataclasses.replace(piano, ties=True), 1)):
        draw = open_recordings([root], config)
        examples = [draw(np.random.default_rng(seed)) for seed in range(5)]
        assert all(example.tokens.count(v.tie) == ties for example in examples)
        assert any(v.pitch <= t < v.velocity for example in examples for t in example.tokens)
        assert not any(v.program <= t < v.drum for example in examples for t in example.tokens)


def train(*arguments: object) -> Result:
    sizes = ("--width", 64, "--encoder-layers", 1, "--decoder-layers", 1)
    network = () if "--begin-from" in arguments else sizes
    run = ("--segments", 2, "--batch-size", 1, "--workers", 0, "--device", "cpu", "--no-compile")
    words = ["train", *map(str, (*arguments, *network, *run))]
    return CliRunner().invoke(app, words)


def test_one_command_trains_on_recordings_and_another_learns_on(tmp_path: Path) -> None:
    write_maestro(tmp_path / "maestro", [("train", "a"), ("test", "b")])
    write_slakh_song(tmp_path / "slakh" / "train" / "Track00001", SONG)
    folders = ("--recordings", tmp_path / "maestro", "--recordings", tmp_path / "slakh")
    result = train(*folders, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    # Hours to the power of 0.3: 4.89 of MAESTRO, 7.87 of Slakh2100, 6.61 of Cerberus4.
    assert "maestro: 1 tracks, 25.3% of the examples" in result.output
    assert "slakh2100: 10 tracks, 40.6% of the examples" in result.output
    _, config = load_weights(tmp_path / "run")
    assert config.network.width == 64 and config.program_map == CANONICAL_PROGRAM.tolist()
    result = train(*folders[:2], "--begin-from", tmp_path / "run", "--out", tmp_path / "second")
    assert result.exit_code == 0, result.output
    assert load_weights(tmp_path / "second")[1] == config


def test_an_imported_model_learns_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    small = tiny_config()
    write_t5x(t5x_tree(tiny_model(small)), tmp_path / "checkpoint")
    install(tmp_path / "checkpoint", "mine", configurations=[small])
    write_maestro(tmp_path / "maestro", [("train", "a")])
    source = ("--recordings", tmp_path / "maestro")
    result = train(*source, "--begin-from", "mine", "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    learned, config = load_weights(tmp_path / "run")
    assert (config.kind, config.network) == ("mt3", small.network)
    before, _ = load_weights(store.models_folder() / "mine")
    name = "decoder.logits.weight"
    moved = (learned.state_dict()[name] - before.state_dict()[name]).abs().max()
    assert 0 < moved < 0.1
    result = train(*source, "--begin-from", "unheard", "--out", tmp_path / "other")
    assert result.exit_code == 1 and "There is no model 'unheard'" in result.output


def test_what_to_train_on_must_be_said_once(tmp_path: Path) -> None:
    for words in ((), ("songs",), ("songs", "bank", "--recordings", tmp_path)):
        result = train(*words, "--out", tmp_path / "run")
        assert result.exit_code == 2
        assert "--recordings" in result.output
    assert not (tmp_path / "run").exists()


def test_a_folder_without_a_corpus_is_told(tmp_path: Path) -> None:
    result = train("--recordings", tmp_path / "nowhere", "--out", tmp_path / "run")
    # The message is in a box, whose lines break where the path's length has it.
    told = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == 2 and "does not exist" in told
    with pytest.raises(UsageError, match="nothing to train on"):
        open_recordings([tmp_path], scorelane_config())
