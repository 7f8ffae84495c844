"""The synthetic test split is drawn from held-out songs alone, and can be made again."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from scorelane.data.render import find_soundfont
from scorelane.data.songs import SongSet, build_songs
from scorelane.data.testset import RECIPE, build_testset
from scorelane.errors import UsageError
from scorelane.evaluate.clips import find_clips, read_notes


@pytest.fixture(scope="module")
def soundfont() -> Path:
    pytest.importorskip("fluidsynth")
    try:
        return find_soundfont()
    except UsageError as error:
        pytest.skip(str(error))


def write_song(path: Path, seed: int) -> None:
    """Ten seconds of eighth notes for piano, with an unpitched noise now and then."""
    rng = np.random.default_rng(seed)
    file = mido.MidiFile(ticks_per_beat=480)
    track = file.add_track()
    track.append(mido.Message("program_change", program=122, channel=1))
    for step in range(40):
        pitch = int(rng.integers(50, 80))
        track.append(mido.Message("note_on", note=pitch, velocity=int(rng.integers(40, 110))))
        if step % 8 == 0:
            track.append(mido.Message("note_on", note=60, channel=1))
            track.append(mido.Message("note_off", note=60, channel=1, time=10))
        track.append(mido.Message("note_off", note=pitch, time=230))
    file.save(path)


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> SongSet:
    root = tmp_path_factory.mktemp("corpora")
    for corpus, count in {"big_one": 20, "small": 10, "tiny": 4}.items():
        (root / corpus).mkdir()
        for number in range(count):
            write_song(root / corpus / f"song {number:02d}.mid", number)
    build_songs([root / "big_one", root / "small", root / "tiny"], root / "songs", processes=1)
    return SongSet.open(root / "songs")


def test_clips_come_from_held_out_songs(songs: SongSet, soundfont: Path, tmp_path: Path) -> None:
    recipes = build_testset(songs, [soundfont], tmp_path / "set", clips=4, seconds=3)
    assert {recipe.song for recipe in recipes} <= {"song 09", "song 19"}
    assert {recipe.name.partition("_")[0] for recipe in recipes} == {"big-one", "small"}
    clips = find_clips([tmp_path / "set"])
    assert sorted(clip.name for clip in clips) == sorted(recipe.name for recipe in recipes)
    assert len(json.loads((tmp_path / "set" / RECIPE).read_text())) == len(recipes) == 4
    for clip in clips:
        assert clip.audio is not None
        audio, rate = soundfile.read(clip.audio, always_2d=True)
        assert audio.shape == (3 * rate, 2)
        assert 0.15 < np.abs(audio).max() < 0.9
        notes = read_notes(clip.reference)
        assert len(notes) >= 5
        assert all(0 <= n.onset < n.offset <= 3 and n.program == 0 for n in notes)


def test_the_same_arguments_give_the_same_clips(
    songs: SongSet, soundfont: Path, tmp_path: Path
) -> None:
    one = build_testset(songs, [soundfont], tmp_path / "one", clips=2, seconds=2)
    two = build_testset(songs, [soundfont], tmp_path / "two", clips=2, seconds=2)
    assert one == two
    for recipe in one:
        for name in ("audio.flac", "notes.csv"):
            assert (tmp_path / "one" / recipe.name / name).read_bytes() == (
                tmp_path / "two" / recipe.name / name
            ).read_bytes()
    other = build_testset(songs, [soundfont], tmp_path / "other", clips=2, seconds=2, seed=1)
    assert [recipe.start for recipe in other] != [recipe.start for recipe in one]


def test_an_existing_folder_is_left_alone(songs: SongSet, soundfont: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        build_testset(songs, [soundfont], tmp_path, clips=1)
