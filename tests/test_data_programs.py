"""Merging programs that sound alike."""

from __future__ import annotations

import numpy as np

from scorelane.data.programs import (
    CANONICAL_PROGRAM,
    PITCH_RANGE,
    TRAINED_PROGRAMS,
    canonical_program,
    sounding_programs,
)


def test_every_program_but_the_sound_effects_is_merged_within_its_midi_class() -> None:
    for program in range(120):
        canonical = canonical_program(program)
        assert canonical is not None
        assert canonical // 8 == program // 8
        assert canonical_program(canonical) == canonical
    assert [canonical_program(program) for program in range(120, 128)] == [None] * 8


def test_each_program_sounds_for_one_trained_program_only() -> None:
    sounding = [p for canonical in TRAINED_PROGRAMS for p in sounding_programs(canonical)]
    assert len(set(sounding)) == len(sounding)
    assert all(canonical_program(p) == c for c in TRAINED_PROGRAMS for p in sounding_programs(c))
    assert all(sounding_programs(canonical) for canonical in TRAINED_PROGRAMS)
    assert 31 not in sounding, "guitar harmonics do not sound at the written pitch"
    assert set(np.unique(CANONICAL_PROGRAM)) == {-1, *TRAINED_PROGRAMS}


def test_ranges_are_pitches() -> None:
    assert len(PITCH_RANGE) == 128
    assert all(0 <= low <= high <= 127 for low, high in PITCH_RANGE)
    assert PITCH_RANGE[0] == (21, 108)
