"""Which General MIDI programs the shipped model names, and which sounds stand for each.

Some of the 128 programs cannot be told apart by ear, so they are merged. A merged group never
leaves its MIDI class of 8, because the class is scored on its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# canonical program -> the programs that it stands for; 120-127 (sound effects) have none.
_MERGED: dict[int, tuple[int, ...]] = {
    0: (0, 1, 2, 3),
    4: (4, 5),
    6: (6, 7),
    9: (8, 9, 10, 14, 15),
    11: (11,),
    12: (12, 13),
    16: (16, 17, 18, 19, 20),
    21: (21, 22, 23),
    24: (24,),
    25: (25,),
    27: (26, 27, 28),
    30: (29, 30, 31),
    32: (32,),
    33: (33, 34, 35, 36, 37),
    38: (38, 39),
    40: (40, 44),
    41: (41,),
    42: (42,),
    43: (43,),
    45: (45,),
    46: (46,),
    47: (47,),
    48: (48, 49, 50, 51, 55),
    52: (52, 53, 54),
    56: (56, 59),
    57: (57,),
    58: (58,),
    60: (60,),
    61: (61, 62, 63),
    65: (64, 65, 66, 67),
    68: (68, 69),
    70: (70,),
    71: (71,),
    73: (72, 73),
    75: (74, 75, 76, 77, 78, 79),
    81: tuple(range(80, 88)),
    89: tuple(range(88, 96)),
    99: tuple(range(96, 104)),
    105: (104, 105, 106, 107, 108),
    110: (109, 110, 111),
    114: tuple(range(112, 120)),
}

# Measured in several SoundFonts: guitar harmonics sound two octaves higher; orchestra hit, fifths
# lead, soundtrack and crystal are chords; tinkle bell, agogo, drums and cymbals follow no pitch.
_NOT_AS_WRITTEN = frozenset({31, 55, 86, 97, 98, 112, 113, 115, 116, 117, 118, 119})

TRAINED_PROGRAMS: tuple[int, ...] = tuple(sorted(_MERGED))
"""The programs that the shipped model is trained to name, ascending."""


def _table() -> NDArray[np.int16]:
    table = np.full(128, -1, np.int16)
    for canonical, members in _MERGED.items():
        table[list(members)] = canonical
    table.flags.writeable = False
    return table


CANONICAL_PROGRAM: NDArray[np.int16] = _table()
"""``[128]`` int16: the canonical program of each program, -1 where there is none."""


def canonical_program(program: int) -> int | None:
    """Return the trained program that stands for ``program``; None for sound effects."""
    canonical = int(CANONICAL_PROGRAM[program])
    return None if canonical < 0 else canonical


def sounding_programs(canonical: int) -> tuple[int, ...]:
    """Return the original programs that may sound for a trained program.

    Those whose pitch is not the written one in SoundFonts are left out.
    """
    return tuple(program for program in _MERGED[canonical] if program not in _NOT_AS_WRITTEN)


def _ranges() -> tuple[tuple[int, int], ...]:
    by_group: list[tuple[range, int, int]] = [
        (range(0, 4), 21, 108),
        (range(4, 8), 28, 100),
        (range(8, 11), 48, 108),
        (range(11, 12), 45, 96),
        (range(12, 14), 36, 103),
        (range(14, 16), 45, 96),
        (range(16, 21), 28, 98),
        (range(21, 24), 36, 96),
        (range(24, 32), 38, 90),
        (range(32, 40), 23, 67),
        (range(40, 41), 55, 103),
        (range(41, 42), 48, 93),
        (range(42, 43), 36, 84),
        (range(43, 44), 24, 67),
        (range(44, 45), 36, 96),
        (range(45, 46), 28, 96),
        (range(46, 47), 24, 103),
        (range(47, 48), 36, 60),
        (range(48, 52), 28, 98),
        (range(52, 55), 36, 88),
        (range(55, 56), 36, 84),
        (range(56, 57), 50, 88),
        (range(57, 58), 32, 77),
        (range(58, 59), 24, 64),
        (range(59, 60), 50, 88),
        (range(60, 61), 34, 80),
        (range(61, 64), 32, 91),
        (range(64, 65), 54, 90),
        (range(65, 66), 48, 85),
        (range(66, 67), 42, 79),
        (range(67, 68), 36, 71),
        (range(68, 69), 57, 93),
        (range(69, 70), 50, 84),
        (range(70, 71), 33, 76),
        (range(71, 72), 48, 94),
        (range(72, 73), 72, 108),
        (range(73, 74), 58, 98),
        (range(74, 80), 55, 98),
        (range(80, 104), 30, 98),
        (range(104, 112), 40, 91),
        (range(112, 120), 40, 84),
        (range(120, 128), 60, 60),
    ]
    table = [(60, 60)] * 128
    for programs, low, high in by_group:
        for program in programs:
            table[program] = (low, high)
    return tuple(table)


PITCH_RANGE: tuple[tuple[int, int], ...] = _ranges()
"""Lowest and highest MIDI pitch rendered for each of the 128 programs."""
