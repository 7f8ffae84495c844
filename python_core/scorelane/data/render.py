"""A song rendered to sound by FluidSynth: notes in, stereo audio out.

Training mixes single notes from a bank because that is fast. Here whole songs go through the full
synthesiser, with its voices, releases and reverb, so that what is measured was not made by the
code that made the training data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from scorelane.errors import UsageError
from scorelane.notes import Note, total_duration

Audio = npt.NDArray[np.float32]
Lane = tuple[bool, int]

SAMPLE_RATE = 44_100
SOUNDFONT_FOLDERS = (Path("/usr/share/sounds/sf2"), Path("/usr/share/sounds/sf3"))
GENERAL_MIDI_SOUNDFONTS = ("FluidR3_GM", "TimGM6mb", "MuseScore_General_Full", "FluidR3Mono_GM")
_DRUM_BANK = 128
_TAIL_SECONDS = 1.5
_GAIN = 0.5
_CHANNELS = 256  # FluidSynth's most: one per lane, so no lane ever shares a channel
_VOLUME, _PAN, _REVERB_SEND = 7, 10, 91


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lane stands in the mix: MIDI volume, pan (64 is the middle), reverb send, 0-127."""

    volume: int = 100
    pan: int = 64
    reverb: int = 40


def render(
    notes: Iterable[Note],
    soundfont: str | Path,
    *,
    seconds: float | None = None,
    sample_rate: int = SAMPLE_RATE,
    effects: bool = True,
    drum_kit: int = 0,
    places: Mapping[Lane, Place] | None = None,
) -> Audio:
    """Play ``notes`` with a General MIDI soundfont (.sf2 or .sf3).

    A note struck again while it sounds ends there. Events fall on FluidSynth's grid of 64 samples
    at 44.1 kHz (1.5 ms). ``seconds`` cuts or pads the result; by default it ends 1.5 s after the
    last note. ``effects`` switches reverb and chorus, ``drum_kit`` is the preset of bank 128,
    ``places`` gives lanes (``Note.lane``) a place in the mix.

    Returns float32 of shape [2, samples], louder than -1..1 never.

    Raises:
        UsageError: FluidSynth is not installed, or the soundfont cannot be read or lacks a program.
    """
    notes = list(notes)
    length = total_duration(notes) + _TAIL_SECONDS if seconds is None else seconds
    events = _events(notes)
    gain = _GAIN
    while True:
        with _Player(soundfont, gain, effects) as player:
            player.seat({note.lane for note in notes}, drum_kit, places or {})
            samples = player.play(events, round(length * SAMPLE_RATE))
        # The synthesiser clips; a dense song is played again more quietly.
        if np.abs(samples, dtype=np.int32).max(initial=0) < np.iinfo(np.int16).max:
            break
        gain /= 2
    audio: Audio = samples.astype(np.float32) / np.float32(32_768)
    if sample_rate != SAMPLE_RATE:
        audio = soxr.resample(audio, SAMPLE_RATE, sample_rate, "HQ").astype(np.float32, copy=False)
    return np.ascontiguousarray(audio.T)


def find_soundfont(name: str = "") -> Path:
    """An installed General MIDI soundfont, the first of Debian's whose name contains ``name``.

    Raises:
        UsageError: none is installed.
    """
    for stem in GENERAL_MIDI_SOUNDFONTS:
        for folder in SOUNDFONT_FOLDERS:
            for path in (folder / f"{stem}.sf2", folder / f"{stem}.sf3"):
                if name in stem and path.exists():
                    return path
    raise UsageError(
        f"No General MIDI soundfont{f' named {name}' if name else ''} is installed; "
        "on Debian: apt-get install fluid-soundfont-gm"
    )


def close_repeats(notes: Iterable[Note]) -> list[Note]:
    """End each note where the same pitch of its lane is struck again; sorted by onset."""
    closed: list[Note] = []
    for _, same in groupby(
        sorted(notes, key=lambda n: (n.lane, n.pitch, n.onset)), key=lambda n: (n.lane, n.pitch)
    ):
        run = list(same)
        for note, following in zip(run, [*run[1:], None], strict=True):
            if following is None or following.onset >= note.offset:
                closed.append(note)
            elif following.onset > note.onset:
                closed.append(replace(note, offset=following.onset))
    return sorted(closed)


@dataclass(frozen=True, slots=True)
class _Event:
    sample: int
    strike: bool  # releases sort before strikes of the same moment
    note: Note


def _events(notes: Sequence[Note]) -> list[_Event]:
    events = []
    for note in close_repeats(notes):
        strike = round(note.onset * SAMPLE_RATE)
        # At least a sample later, or a note without length would sort as released before struck.
        release = max(strike + 1, round(note.offset * SAMPLE_RATE))
        events.append(_Event(strike, True, note))
        events.append(_Event(release, False, note))
    return sorted(events, key=lambda event: (event.sample, event.strike))


class _Player:
    """One FluidSynth synthesiser with one soundfont; a context manager."""

    def __init__(self, soundfont: str | Path, gain: float, effects: bool) -> None:
        fluidsynth = _import_fluidsynth()
        settings: dict[str, Any] = {
            "synth.reverb.active": int(effects),
            "synth.chorus.active": int(effects),
            "synth.dynamic-sample-loading": 1,  # loads the presets in use alone
            "synth.polyphony": 1024,
        }
        self._synth = fluidsynth.Synth(
            gain=gain, samplerate=float(SAMPLE_RATE), channels=_CHANNELS, **settings
        )
        self._soundfont = soundfont
        self._font = self._synth.sfload(str(soundfont))
        if self._font < 0:
            self._synth.delete()
            raise UsageError(f"{soundfont} cannot be read as a soundfont (.sf2 or .sf3)")
        self._channel: dict[Lane, int] = {}

    def __enter__(self) -> _Player:
        return self

    def __exit__(self, *_: object) -> None:
        self._synth.delete()

    def seat(self, lanes: set[Lane], drum_kit: int, places: Mapping[Lane, Place]) -> None:
        """Give every lane a channel of its own, with its program and its place in the mix."""
        for channel, (is_drum, program) in enumerate(sorted(lanes)):
            bank, preset = (_DRUM_BANK, drum_kit) if is_drum else (0, program)
            if self._synth.program_select(channel, self._font, bank, preset) < 0:
                raise UsageError(
                    f"{self._soundfont} has no preset {preset} in bank {bank}; "
                    "use a General MIDI soundfont"
                )
            place = places.get((is_drum, program), Place())
            self._synth.cc(channel, _VOLUME, place.volume)
            self._synth.cc(channel, _PAN, place.pan)
            self._synth.cc(channel, _REVERB_SEND, place.reverb)
            self._channel[is_drum, program] = channel

    def play(self, events: Sequence[_Event], samples: int) -> npt.NDArray[np.int16]:
        """Play ``events`` and return int16 of shape [samples, 2]."""
        blocks: list[npt.NDArray[np.int16]] = []
        position = 0
        for at, together in groupby(events, key=lambda event: event.sample):
            if at >= samples:
                break
            if at > position:
                blocks.append(self._synth.get_samples(at - position))
                position = at
            for event in together:
                self._send(event)
        if samples > position:
            blocks.append(self._synth.get_samples(samples - position))
        return np.concatenate([*blocks, np.zeros(0, np.int16)]).reshape(-1, 2)

    def _send(self, event: _Event) -> None:
        channel, pitch = self._channel[event.note.lane], event.note.pitch
        if event.strike:
            self._synth.noteon(channel, pitch, max(1, event.note.velocity))
        else:
            self._synth.noteoff(channel, pitch)


def _import_fluidsynth() -> Any:
    try:
        import fluidsynth
    except ImportError as error:
        raise UsageError(
            "Rendering needs FluidSynth; on Debian: apt-get install libfluidsynth3, "
            "then pip install pyfluidsynth"
        ) from error
    return fluidsynth
