from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelane.colours import lane_colour
from scorelane.errors import UsageError
from scorelane.instruments import (
    CLASS_NAMES,
    PROGRAM_NAMES,
    InstrumentMask,
    drum_name,
    instrument_name,
    midi_class,
    parse_instruments,
)


def programs(*names: str) -> set[int]:
    return set(parse_instruments(names).programs)


def test_names_sit_at_their_general_midi_numbers() -> None:
    assert len(PROGRAM_NAMES) == len(set(PROGRAM_NAMES)) == 128
    assert len(CLASS_NAMES) == 16
    anchors = {
        0: "Acoustic Grand Piano",
        24: "Acoustic Guitar (nylon)",
        40: "Violin",
        56: "Trumpet",
    }
    anchors |= {60: "French Horn", 71: "Clarinet", 73: "Flute", 105: "Banjo", 127: "Gunshot"}
    assert {number: instrument_name(number) for number in anchors} == anchors
    assert instrument_name(0, is_drum=True) == "Drums"


def test_drum_keys_sit_at_their_numbers() -> None:
    anchors = {27: "High Q", 36: "Bass Drum 1", 38: "Acoustic Snare", 42: "Closed Hi-Hat"}
    anchors |= {49: "Crash Cymbal 1", 81: "Open Triangle", 87: "Open Surdo"}
    assert {key: drum_name(key) for key in anchors} == anchors
    assert drum_name(26) == "Drum 26"
    assert drum_name(127) == "Drum 127"


def test_class_is_the_first_of_eight() -> None:
    assert [midi_class(program) for program in (0, 7, 8, 42, 127)] == [0, 0, 8, 40, 120]


@given(
    st.integers(0, 127),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.text(" -_", max_size=2),
)
def test_every_name_is_understood_however_it_is_spelled(
    program: int, change_case: object, filler: str
) -> None:
    spelled = change_case(instrument_name(program)).replace(" ", filler)  # type: ignore[operator]
    assert programs(spelled) == {program}


@pytest.mark.parametrize("program", range(128))
def test_every_number_is_understood(program: int) -> None:
    assert programs(str(program)) == {program}


@pytest.mark.parametrize("index", [i for i in range(16) if CLASS_NAMES[i] != "Strings"])
def test_class_name_means_its_eight_programs(index: int) -> None:
    assert programs(CLASS_NAMES[index]) == set(range(index * 8, index * 8 + 8))


def test_short_names_and_plurals() -> None:
    assert programs("strings") == set(range(40, 52))
    assert programs("sax") == programs("saxophones") == {64, 65, 66, 67}
    assert programs("violins", "double-bass") == {40, 43}
    assert programs("piano, violin,24") == {*range(8), 40, 24}


@pytest.mark.parametrize("name", ["drums", "Drum", "drum kit", "PERCUSSION"])
def test_drums_are_no_program(name: str) -> None:
    assert parse_instruments([name]) == InstrumentMask(frozenset(), drums=True)


def test_each_name_is_a_player() -> None:
    mask = parse_instruments(["violin, sax", 42, "drums"])
    assert mask.players == (frozenset({40}), frozenset(range(64, 68)), frozenset({42}))
    assert [mask.player_of(program) for program in (40, 42, 64, 67)] == [0, 2, 1, 1]
    assert parse_instruments(["strings", "violin"]).player_of(40) == 1
    # A model that writes one saxophone for all four, and no violin.
    stands_for = [-1 if p == 40 else 65 if 64 <= p < 68 else p for p in range(128)]
    written = mask.as_written(stands_for)
    assert written == InstrumentMask(frozenset({42, 65}), True, (frozenset({65}), frozenset({42})))


def test_what_a_model_writes_is_called_as_it_was_named() -> None:
    one_sax = [65 if 64 <= p < 68 else p for p in range(128)]
    assert parse_instruments(["tenor sax", "violin"]).as_named(65, one_sax) == 66
    assert parse_instruments(["tenor sax", "violin"]).as_named(40, one_sax) == 40
    assert parse_instruments(["sax"]).as_named(65, one_sax) == 65
    assert parse_instruments(["tenor sax", "soprano sax"]).as_named(65, one_sax) == 64
    assert parse_instruments(["tenor sax"]).as_named(66, ()) == 66


@pytest.mark.parametrize("name", ["kazoo", "128", "-1", "1.5", "9" * 5000, "()", "²"])
def test_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_instruments(["piano", name])
    for known in ("Strings", "sax", "40 Violin", "127 Gunshot", "drums"):
        assert known in str(caught.value)


def test_near_miss_is_recognised() -> None:
    with pytest.raises(UsageError, match="Did you mean 'Violin'"):
        parse_instruments(["violn"])


@pytest.mark.parametrize("names", [[], [""], [" , "]])
def test_nothing_named_is_an_error(names: list[str]) -> None:
    with pytest.raises(UsageError, match="No instrument"):
        parse_instruments(names)


def test_mask_separates_drums_from_programs() -> None:
    mask = parse_instruments(["40", "drums"])
    assert mask.allows(40, False)
    assert mask.allows(0, True)
    assert not mask.allows(41, False)
    assert not parse_instruments(["40"]).allows(40, True)


# Machado, Oliveira and Fernandes 2009, severity 1: normal, red-blind, green-blind.
EYES = (
    np.eye(3),
    np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
)
BANDS = {
    "string quartet": (40, 41, 42, 43),
    "chorale": (40, 71, 65, 70),
    "rock": (0, 4, 25, 27, 29, 30, 33, -1),
    "jazz": (0, 32, 26, 56, 57, 65, 66, 11, -1),
    "pop": (0, 4, 25, 27, 33, 48, 52, 81, 89, -1),
    "classes": tuple(range(0, 120, 8)),
}


def as_lab(colour: str, eye: np.ndarray) -> np.ndarray:
    """CIELAB of an sRGB colour as an eye sees it."""
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = to_xyz @ np.clip(eye @ linear, 0, 1) / (0.9505, 1.0, 1.089)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", range(3), ids=["normal", "red-blind", "green-blind"])
@pytest.mark.parametrize("band", BANDS)
def test_colours_of_a_band_can_be_told_apart(band: str, eye: int) -> None:
    seen = [as_lab(lane_colour(max(0, p), p < 0), EYES[eye]) for p in BANDS[band]]
    nearest = min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
    assert nearest > 12  # 2.3 is just noticeable side by side


def test_every_instrument_has_its_own_colour() -> None:
    colours = {lane_colour(program) for program in range(128)} | {lane_colour(0, True)}
    assert len(colours) == 129
