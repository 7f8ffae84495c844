"""The corpora are read as they lie on disk, with MT3's splits, instruments and pedal rule."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scorelane.data.datasets.guitarset import GUITARSET
from scorelane.data.datasets.maestro import MAESTRO
from scorelane.data.datasets.musicnet import MUSICNET
from scorelane.data.datasets.registry import DATASETS, named, odds, recognised
from scorelane.data.datasets.slakh import CERBERUS4, SLAKH2100, class_program
from scorelane.data.datasets.sound import mixed, window
from scorelane.data.datasets.track import Track
from scorelane.data.datasets.urmp import URMP
from scorelane.errors import AudioError, NotesError, UsageError
from scorelane.notes import Note
from tiny_corpora import (
    write_guitarset,
    write_maestro,
    write_musicnet,
    write_slakh_song,
    write_sound,
    write_urmp_piece,
)

NOTE = (0.0, 0.5, 60)


def names(tracks: list[Track]) -> list[str]:
    return [track.name for track in tracks]


def rounded(notes: list[Note]) -> list[tuple[float, float, int, int, bool]]:
    return [(round(n.onset, 3), round(n.offset, 3), n.pitch, n.program, n.is_drum) for n in notes]


def test_maestro(tmp_path: Path) -> None:
    rows = [("train", "a"), ("validation", "b"), ("test", "c"), ("test", "d"), ("test", "gone")]
    root = write_maestro(tmp_path / "maestro", rows)
    (root / "2018" / "gone.wav").unlink()
    tracks = MAESTRO.tracks(root)
    assert names(tracks) == ["maestro_c", "maestro_d"]
    assert tracks[0].recordings == (root / "2018" / "c.wav",)
    assert rounded(tracks[0].notes()) == [(0.0, 1.0, 60, 0, False)]  # the pedal holds it
    assert names(MAESTRO.tracks(root, "validation")) == ["maestro_b"]
    assert names(MAESTRO.training_tracks(root)) == ["maestro_a"]


def test_maestros_table_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    root = write_maestro(tmp_path / "maestro", [("test", "../../outside")])
    with pytest.raises(UsageError, match="holds no recording"):
        MAESTRO.tracks(root)


@pytest.fixture
def slakh(tmp_path: Path) -> Path:
    root = tmp_path / "slakh2100"
    for folder in ("train/Track00001", "validation/Track01501", "test/Track02100"):
        write_slakh_song(root / folder, [("Piano", 0, False, [NOTE])])
    band = [
        ("Piano", 1, False, [NOTE]),
        ("Guitar", 30, False, [(0.5, 1.0, 50)]),
        ("Drums", 128, True, [(0.25, 0.3, 36)]),
        ("Bass", 39, False, [(0.5, 0.75, 40)]),
        ("Guitar", 25, False, [(1.0, 1.5, 52)]),
        ("Strings (continued)", 45, False, [(1.0, 1.5, 70)]),
    ]
    write_slakh_song(root / "test" / "Track01876", band)
    # The later edition keeps repeated songs apart; this one is of the training split.
    write_slakh_song(root / "omitted" / "Track00002", band)
    return root


def test_slakh_keeps_the_splits_by_number(slakh: Path) -> None:
    assert names(SLAKH2100.tracks(slakh, "train")) == [
        "slakh2100_Track00001",
        "slakh2100_Track00002",
    ]
    assert names(SLAKH2100.tracks(slakh, "validation")) == ["slakh2100_Track01501"]
    assert names(SLAKH2100.tracks(slakh)) == ["slakh2100_Track01876", "slakh2100_Track02100"]


def test_slakhs_instruments_are_mt3s_classes(slakh: Path) -> None:
    track = SLAKH2100.tracks(slakh)[0]
    assert track.recordings == (slakh / "test" / "Track01876" / "mix.flac",)
    assert rounded(track.notes()) == [
        (0.0, 0.5, 60, 0, False),
        (0.25, 0.3, 36, 0, True),
        (0.5, 0.75, 40, 33, False),  # synth bass: electric bass
        (0.5, 1.0, 50, 29, False),  # distorted guitar
        (1.0, 1.5, 52, 24, False),  # steel guitar: acoustic guitar
        (1.0, 1.5, 70, 48, False),  # pizzicato: string ensemble
    ]


def test_stems_without_sound_or_notes_are_left_out(slakh: Path) -> None:
    song = slakh / "test" / "Track01876"
    (song / "stems" / "S03.flac").unlink()
    (song / "MIDI" / "S05.mid").unlink()
    assert len(SLAKH2100.tracks(slakh)[0].notes()) == 4


def test_the_pedal_lengthens_slakhs_notes(tmp_path: Path) -> None:
    stems = [("Piano", 0, False, [NOTE])]
    write_slakh_song(tmp_path / "test" / "Track01876", stems, pedal=(0.25, 1.25))
    assert rounded(SLAKH2100.tracks(tmp_path)[0].notes()) == [(0.0, 1.25, 60, 0, False)]


def test_cerberus_is_every_quartet(slakh: Path) -> None:
    tracks = CERBERUS4.tracks(slakh)
    assert names(tracks) == [
        "cerberus4_Track01876_S03-S02-S01-S00",
        "cerberus4_Track01876_S03-S02-S04-S00",
    ]
    assert [path.name for path in tracks[1].recordings] == [
        "S03.flac",
        "S02.flac",
        "S04.flac",
        "S00.flac",
    ]
    assert rounded(tracks[1].notes()) == [
        (0.0, 0.5, 60, 0, False),
        (0.25, 0.3, 36, 0, True),
        (0.5, 0.75, 40, 32, False),
        (1.0, 1.5, 52, 24, False),
    ]


def test_slakh_is_trained_on_ten_subsets_of_at_least_four_stems(slakh: Path) -> None:
    tracks = SLAKH2100.training_tracks(slakh)
    band = [track for track in tracks if "Track00002" in track.name]
    assert len(band) == 10
    sizes = {len(track.recordings) for track in band}
    assert sizes <= {4, 5, 6}
    assert len({track.recordings for track in band}) > 1
    assert all(len(track.notes()) == len(track.recordings) for track in band)
    again = {track.name: track.recordings for track in SLAKH2100.training_tracks(slakh)}
    assert again == {track.name: track.recordings for track in tracks}
    alone = [track for track in tracks if "Track00001" in track.name]
    assert {len(track.recordings) for track in alone} == {1}


@pytest.mark.parametrize(
    "text", ["{", "[]", "stems: 5", "stems: {S00: {program_num: x, is_drum: 0}}", "a: !!python/x"]
)
def test_damaged_metadata_is_told(slakh: Path, text: str) -> None:
    song = slakh / "test" / "Track01876"
    (song / "metadata.yaml").write_text(text)
    with pytest.raises(NotesError, match=r"metadata\.yaml"):
        SLAKH2100.tracks(slakh)[0].notes()


def test_every_program_has_a_class() -> None:
    classes = {program: class_program(program) for program in range(128)}
    assert len({classes[program] for program in range(96)}) == 34
    assert all(classes[standing] == standing for standing in classes.values())
    assert [classes[p] for p in (3, 7, 31, 35, 59, 65, 72, 79, 95, 110)] == [
        *(0, 0, 29, 32, 56, 64, 73, 73, 88, 110)
    ]


def test_guitarset_holds_out_the_third_progression(tmp_path: Path) -> None:
    root = write_guitarset(tmp_path, ["00_BN1-129-Eb_comp", "05_Jazz3-137-Eb_solo"])
    tracks = GUITARSET.tracks(root)
    assert names(tracks) == [
        "guitarset_05_Jazz3-137-Eb_solo_mic",
        "guitarset_05_Jazz3-137-Eb_solo_mix",
    ]
    assert rounded(tracks[0].notes()) == [(0.5, 0.75, 60, 24, False), (1.0, 1.5, 64, 24, False)]
    assert len(GUITARSET.tracks(root, "train")) == 2
    with pytest.raises(UsageError, match="train, validation; not test"):
        GUITARSET.tracks(root, "test")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('{"annotations"', "{"),
        ('{"annotations"', '{"notes"'),
        ("note_midi", "pitch_contour"),
        ('"data_source": "5"', '"data_source": "6"'),
        ('"time": 0.5', '"time": -1'),
        ('"time": 0.5', '"time": NaN'),
        ('"time": 0.5', '"time": "soon"'),
        ('"duration": 0.25', '"duration": -0.25'),
        ('"duration": 0.25', '"length": 0.25'),
        ("59.6", "1e9"),
    ],
)
def test_damaged_annotations_are_told(tmp_path: Path, old: str, new: str) -> None:
    root = write_guitarset(tmp_path, ["05_Jazz3-137-Eb_solo"])
    jams = root / "annotation" / "05_Jazz3-137-Eb_solo.jams"
    whole = jams.read_text()
    assert old in whole
    jams.write_text(whole.replace(old, new))
    with pytest.raises(NotesError, match=r"Jazz3.*cannot be understood"):
        GUITARSET.tracks(root)[0].notes()


def test_an_excerpt_in_which_nothing_is_played(tmp_path: Path) -> None:
    root = write_guitarset(tmp_path, ["05_Jazz3-137-Eb_solo"])
    jams = root / "annotation" / "05_Jazz3-137-Eb_solo.jams"
    annotations = json.loads(jams.read_text())["annotations"]
    for annotation in annotations:
        if annotation["namespace"] == "note_midi":
            annotation["data"] = []
    jams.write_text(json.dumps({"annotations": annotations}))
    assert GUITARSET.tracks(root)[0].notes() == []


def test_files_with_other_names_are_no_excerpts(tmp_path: Path) -> None:
    root = write_guitarset(tmp_path, ["00_BN3-129-Eb_comp", "00_Polka3-129-Eb_comp", "notes3-x"])
    assert len(GUITARSET.tracks(root)) == 2


@pytest.mark.parametrize("name", ["a b", "50% #1?", "s3:", "Gitarre, übrig"])
def test_mirdata_reads_what_lies_on_disk_and_fetches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write_guitarset(tmp_path / name, ["00_BN3-129-Eb_comp"])
    write_slakh_song(tmp_path / name / "test" / "Track01876", [("Piano", 0, False, [NOTE])])

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.chdir(tmp_path)
    for dataset, notes in ((GUITARSET, 2), (SLAKH2100, 1)):
        (track, *_) = dataset.tracks(Path(name))
        assert len(track.notes()) == notes
        assert window(track.recordings, 0.0, 100, 8000).any()


def test_mirdata_is_asked_for_by_name_where_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_guitarset(tmp_path / "a", ["00_BN3-129-Eb_comp"])
    write_slakh_song(tmp_path / "b" / "test" / "Track01876", [("Piano", 0, False, [NOTE])])
    write_maestro(tmp_path / "c", [("test", "x")])
    write_musicnet(tmp_path / "d", [1729])
    write_urmp_piece(tmp_path / "e" / "01_Jupiter_vn_vc")
    monkeypatch.setitem(sys.modules, "mirdata.datasets", None)
    monkeypatch.delitem(sys.modules, "mirdata.datasets.guitarset", raising=False)
    monkeypatch.delitem(sys.modules, "mirdata.datasets.slakh", raising=False)
    for dataset, folder in ((GUITARSET, "a"), (CERBERUS4, "b")):
        with pytest.raises(UsageError, match=r"pip install 'scorelane\[corpora\]'"):
            dataset.tracks(tmp_path / folder)
    for dataset, folder in ((MAESTRO, "c"), (MUSICNET, "d"), (URMP, "e")):
        assert dataset.tracks(tmp_path / folder)[0].notes()


def test_musicnet(tmp_path: Path) -> None:
    root = write_musicnet(tmp_path, [1727, 1729, 1733, 1759, 2621])
    assert names(MUSICNET.tracks(root)) == ["musicnet_1729", "musicnet_2621"]
    assert names(MUSICNET.tracks(root, "validation")) == ["musicnet_1733"]
    assert names(MUSICNET.training_tracks(root)) == ["musicnet_1727", "musicnet_1759"]
    assert rounded(MUSICNET.tracks(root)[0].notes()) == [(0.0, 0.5, 60, 40, False)]


@pytest.mark.parametrize("inside", ["", "Dataset"])
def test_urmp(tmp_path: Path, inside: str) -> None:
    for piece in ("01_Jupiter_vn_vc", "03_Dance_vn_vc", "39_Jerusalem_vn_vc"):
        write_urmp_piece(tmp_path / inside / piece)
    tracks = URMP.tracks(tmp_path)
    assert names(tracks) == ["urmp_01_Jupiter_vn_vc", "urmp_39_Jerusalem_vn_vc"]
    assert rounded(tracks[0].notes()) == [(0.1, 0.6, 69, 40, False), (0.7, 0.95, 50, 42, False)]
    assert names(URMP.tracks(tmp_path, "train")) == ["urmp_03_Dance_vn_vc"]


@pytest.mark.parametrize("line", ["0.1 440", "0.1 -5 1", "x 440 1", "0.1 440 -1", "1 1e9 1"])
def test_damaged_parts_are_told(tmp_path: Path, line: str) -> None:
    piece = write_urmp_piece(tmp_path / "01_Jupiter_vn_vc")
    (piece / "Notes_1_vn_01_Jupiter.txt").write_text(line)
    with pytest.raises(NotesError, match="Notes_1_vn"):
        URMP.tracks(tmp_path)[0].notes()


def test_corpora_are_recognised_by_their_layout(tmp_path: Path) -> None:
    write_maestro(tmp_path / "a", [("test", "x")])
    write_slakh_song(tmp_path / "b" / "train" / "Track00001", [("Piano", 0, False, [NOTE])])
    write_guitarset(tmp_path / "c", ["00_BN1-129-Eb_comp"])
    write_musicnet(tmp_path / "d", [1729])
    write_urmp_piece(tmp_path / "e" / "01_Jupiter_vn_vc")
    (tmp_path / "f").mkdir()
    found = {name: [d.name for d in recognised(tmp_path / name)] for name in "abcdefg"}
    assert found == {
        "a": ["maestro"],
        "b": ["slakh2100", "cerberus4"],
        "c": ["guitarset"],
        "d": ["musicnet"],
        "e": ["urmp"],
        "f": [],
        "g": [],
    }
    with pytest.raises(UsageError, match="holds no recording of slakh2100's split test"):
        SLAKH2100.tracks(tmp_path / "b")
    with pytest.raises(UsageError, match="no data set 'jsb'"):
        named("jsb")


def test_the_mixture_is_the_share_of_hours_to_the_power_of_three_tenths() -> None:
    assert [dataset.name for dataset in DATASETS] == [
        *("maestro", "slakh2100", "cerberus4", "guitarset", "musicnet", "urmp")
    ]
    expected = [0.1979, 0.3182, 0.2674, 0.0562, 0.1165, 0.0438]
    assert odds(DATASETS) == pytest.approx(expected, abs=1e-4)
    # 34 and 3 hours alone: 34^0.3 = 2.881, 3^0.3 = 1.390.
    assert odds([MUSICNET, GUITARSET]) == pytest.approx([0.6745, 0.3255], abs=1e-3)


def test_stems_are_added_up(tmp_path: Path) -> None:
    paths = [
        write_sound(tmp_path / "a.wav", 1.0, 0.1),
        write_sound(tmp_path / "b.wav", 2.0, 0.2),
    ]
    total, rate = mixed(paths)
    assert (len(total), rate) == (16000, 8000)
    assert np.abs(total[:8000]).max() == pytest.approx(0.3, abs=1e-3)
    assert np.abs(total[8100:]).max() == pytest.approx(0.2, abs=1e-3)
    with pytest.raises(AudioError, match=r"none\.wav"):
        mixed([tmp_path / "none.wav"])
    soundfile.write(tmp_path / "c.wav", np.zeros(100), 16000)
    with pytest.raises(AudioError, match="16000 Hz"):
        mixed([paths[0], tmp_path / "c.wav"])


@pytest.mark.parametrize("start", [-0.25, 0.0, 0.4, 0.9])
def test_a_window_lies_where_it_should(tmp_path: Path, start: float) -> None:
    """A click at 1 s of a stereo file at 44.1 kHz, heard at 16 kHz."""
    sound = np.zeros((2 * 44100, 2))
    sound[44100] = 0.5
    soundfile.write(tmp_path / "click.wav", sound, 44100)
    piece = window([tmp_path / "click.wav"], start, 24000, 16000)
    assert piece.shape == (24000,)
    assert np.abs(piece).argmax() == round((1 - start) * 16000)


def test_a_window_beyond_the_end_is_silent(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", 1.0)
    assert np.abs(window([path], 5.0, 1000, 16000)).max() == 0
    late = window([path], 0.9, 16000, 16000)
    assert np.abs(late[:1500]).max() > 0.05
    assert np.abs(late[2000:]).max() < 1e-4


def test_jams_of_the_real_shape_have_more_than_notes(tmp_path: Path) -> None:
    """Other namespaces are passed over, whatever they hold."""
    root = write_guitarset(tmp_path, ["05_Jazz3-137-Eb_solo"])
    path = root / "annotation" / "05_Jazz3-137-Eb_solo.jams"
    jams = json.loads(path.read_text())
    jams["annotations"].append({"namespace": "chord", "data": [{"value": "C:maj"}]})
    path.write_text(json.dumps(jams))
    assert len(GUITARSET.tracks(root)[0].notes()) == 2
