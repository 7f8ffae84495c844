"""The example: eight bars for flute, violin, guitar, bass and drums, written for Scorelane.

    python examples/make_example.py

writes ``example.flac`` and its true notes ``example.csv`` beside this file. The sound is that of
the FluidR3 GM soundfont (Frank Wen, MIT licence); on Debian: apt-get install fluid-soundfont-gm.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from scorelane.data.render import SAMPLE_RATE, Place, close_repeats, find_soundfont, render
from scorelane.notes import Note, write_csv

HERE = Path(__file__).parent
BEAT = 60 / 108  # seconds
BAR = 4  # beats
LEAD_IN = 0.25  # seconds before the first beat
SECONDS = 18.5
PEAK = 0.8

GUITAR, BASS, VIOLIN, FLUTE = 24, 32, 40, 73
KICK, SIDE_STICK, SNARE, HAT, OPEN_HAT, CRASH, RIDE, LOW_TOM = 36, 37, 38, 42, 46, 49, 51, 45

PLACES = {
    (False, FLUTE): Place(volume=94, pan=60, reverb=60),
    (False, VIOLIN): Place(volume=106, pan=92, reverb=60),
    (False, GUITAR): Place(volume=98, pan=36, reverb=35),
    (False, BASS): Place(volume=104, pan=64, reverb=15),
    (True, 0): Place(volume=127, pan=64, reverb=30),
}

# (pitch or None for a rest, beats), bar by bar.
Line = list[tuple[str | None, float]]

FLUTE_LINE: Line = [
    *(("F#5", 1.5), ("E5", 0.5), ("D5", 1), ("A4", 1)),
    *(("B4", 1), ("D5", 1), ("F#5", 2)),
    *(("G5", 1.5), ("F#5", 0.5), ("D5", 1), ("B4", 1)),
    *(("C#5", 1.5), ("D5", 0.5), ("E5", 1.5), (None, 0.5)),
    *(("F#5", 0.5), ("G5", 0.5), ("A5", 1.5), ("F#5", 0.5), ("D5", 1)),
    *(("B5", 1), ("A5", 0.5), ("G5", 0.5), ("F#5", 1), ("D5", 1)),
    *(("E5", 1.5), ("G5", 0.5), ("F#5", 0.5), ("E5", 0.5), ("C#5", 1)),
    *(("D5", 3), (None, 1)),
]
VIOLIN_LINE: Line = [
    *((None, 8),),
    *(("D4", 2), ("G4", 2)),
    *(("A4", 3), ("G4", 1)),
    *(("F#4", 2), ("A4", 2)),
    *(("G4", 1), ("B4", 1), ("D5", 1), ("B4", 1)),
    *(("G4", 2), ("A4", 1), ("G4", 1)),
    *(("F#4", 3), (None, 1)),
]
# Guitar chords from the bass string up, two to a bar where the harmony moves.
CHORDS = [
    [("D3", "A3", "D4", "F#4")] * 2,
    [("B2", "F#3", "A3", "D4")] * 2,
    [("G2", "D3", "B3", "F#4")] * 2,
    [("A2", "E3", "G3", "C#4")] * 2,
    [("F#2", "D3", "A3", "D4")] * 2,
    [("G2", "D3", "B3", "D4")] * 2,
    [("E2", "B2", "G3", "D4"), ("A2", "E3", "G3", "C#4")],
    [("D3", "A3", "D4", "F#4")] * 2,
]
BASS_LINE: Line = [
    *(("D2", 1.5), ("A2", 0.5), ("D2", 1), ("C#2", 1)),
    *(("B1", 1.5), ("F#2", 0.5), ("B1", 1), ("A1", 1)),
    *(("G1", 1.5), ("D2", 0.5), ("G1", 1), ("G#1", 1)),
    *(("A1", 1.5), ("E2", 0.5), ("A1", 1), ("E2", 1)),
    *(("F#1", 1.5), ("D2", 0.5), ("F#1", 1), ("F#2", 1)),
    *(("G1", 1.5), ("D2", 0.5), ("G2", 1), ("F#2", 1)),
    *(("E2", 1.5), ("E1", 0.5), ("A1", 1), ("C#2", 1)),
    *(("D2", 3), (None, 1)),
]


def main() -> None:
    """Write the example's notes and its sound."""
    notes = compose()
    write_csv(notes, HERE / "example.csv")
    audio = render(notes, find_soundfont("FluidR3_GM"), seconds=SECONDS, places=PLACES)
    audio *= np.float32(PEAK / np.abs(audio).max())
    fade = np.linspace(1, 0, SAMPLE_RATE // 2, dtype=np.float32)
    audio[:, -fade.size :] *= fade
    soundfile.write(HERE / "example.flac", audio.T, SAMPLE_RATE, subtype="PCM_16")


def compose() -> list[Note]:
    """The piece as it is played, sorted by onset."""
    rng = np.random.default_rng(20)
    written = [
        *melody(FLUTE_LINE, FLUTE, velocity=88, held=0.94),
        *melody(VIOLIN_LINE, VIOLIN, velocity=76, held=0.97),
        *arpeggios(),
        *melody(BASS_LINE, BASS, velocity=92, held=0.88),
        *drums(),
    ]
    return close_repeats(play(note, rng) for note in written)


def melody(line: Line, program: int, velocity: int, held: float) -> Iterator[Note]:
    """One voice; times in beats. Notes sound for ``held`` of their length, first beats lean in."""
    beat = 0.0
    for name, length in line:
        if name is not None:
            accent = 6 if beat % BAR == 0 else 0
            yield Note(beat, beat + length * held, pitch(name), program, velocity=velocity + accent)
        beat += length


def arpeggios() -> Iterator[Note]:
    """Picked eighths, low string first; strings ring until the hand moves on."""
    for bar, halves in enumerate(CHORDS):
        for half, chord in enumerate(halves):
            start = bar * BAR + half * 2.0
            if bar == len(CHORDS) - 1:
                if half == 0:  # the last chord is strummed and held
                    for string, name in enumerate(chord):
                        onset = start + 0.05 * string
                        yield Note(onset, start + 3.2, pitch(name), GUITAR, velocity=84)
                continue
            for step, string in enumerate((0, 2, 3, 1)):
                onset = start + step / 2
                velocity = 86 if step == 0 else 72
                yield Note(onset, start + 2, pitch(chord[string]), GUITAR, velocity=velocity)


def drums() -> Iterator[Note]:
    """A light beat: hat then ride, side stick then snare, a small fill into the second half."""
    for bar in range(7):
        start = float(bar * BAR)
        second_half = bar >= 4
        if bar == 4:
            yield hit(start, CRASH, 84)
        for step in range(8):
            cymbal = RIDE if second_half else HAT
            if bar == 3 and step == 7:
                cymbal = OPEN_HAT
            yield hit(start + step / 2, cymbal, 78 if step % 2 == 0 else 58)
        yield from (hit(start + beat, KICK, 96) for beat in (0.0, 2.5))
        if bar == 3:
            yield from (hit(start + 3 + step / 4, SNARE, 64 + 8 * step) for step in range(2))
            yield from (hit(start + 3.5 + step / 4, LOW_TOM, 84 + 6 * step) for step in range(2))
            yield hit(start + 1, SIDE_STICK, 84)
        else:
            back_beat = SNARE if second_half else SIDE_STICK
            yield from (hit(start + beat, back_beat, 86) for beat in (1.0, 3.0))
    yield hit(7.0 * BAR, KICK, 96)
    yield hit(7.0 * BAR, CRASH, 70)


def hit(beat: float, key: int, velocity: int) -> Note:
    """A drum hit; its length is nominal, as in MIDI files."""
    return Note(beat, beat + 0.1, key, 0, is_drum=True, velocity=velocity)


def play(note: Note, rng: np.random.Generator) -> Note:
    """From beats to seconds, a few milliseconds and velocity steps away from exact."""
    slip = float(np.clip(rng.normal(0.0, 0.005), -0.012, 0.012))
    onset = round(LEAD_IN + note.onset * BEAT + slip, 4)
    offset = round(LEAD_IN + note.offset * BEAT + slip, 4)
    velocity = int(np.clip(note.velocity + rng.normal(0.0, 4.0), 1, 127))
    return Note(onset, offset, note.pitch, note.program, note.is_drum, velocity)


def pitch(name: str) -> int:
    """MIDI pitch of a name like ``F#5``; C4 is 60."""
    step = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[name[0]]
    return 12 * (int(name[-1]) + 1) + step + name.count("#")


if __name__ == "__main__":
    main()
