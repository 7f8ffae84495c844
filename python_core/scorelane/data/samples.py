"""Recorded samples as a source of notes: multisampled instruments and Hydrogen drum kits."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import soundfile
import soxr

from scorelane.data.measure import SAMPLE_RATE, Audio, loudness
from scorelane.data.sources import NO_RELEASE, Licence, RenderedNote, VoiceKey, held_samples
from scorelane.errors import UsageError

_AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"})
_NOTE_NAME = re.compile(r"^([A-Ga-g])(#|s|b)?(-?\d)(?![\d#])")
_STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_LONGEST_SECONDS = 30.0


@dataclass(frozen=True)
class SampleFolder:
    """An instrument as a folder of recordings named after their notes (``A4.wav``, ``Cs3v8.ogg``).

    ``velocity`` is how hard they were played. Pitches between recordings are made from the
    nearest one, at most ``reach`` semitones away. ``release_s`` is the time constant of the
    damping that a player would apply.
    """

    name: str
    path: Path
    program: int
    licence: Licence = field(repr=False)
    weight: float = field(default=1.0, repr=False)
    velocity: int = 90
    reach: int = 4
    release_s: float = 0.08

    def voices(self) -> list[VoiceKey]:
        """Return the one instrument of the folder."""
        return [VoiceKey(self.program, False, 0, self.name)]

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        """Return a note for every pitch within reach of a recording."""
        recordings = {}
        for file in sorted(self.path.iterdir()):
            pitch = note_name_to_pitch(file.stem)
            if pitch is not None and file.suffix.lower() in _AUDIO_SUFFIXES:
                recordings[pitch] = read_mono(file)
        if not recordings:
            raise UsageError(f"{self.path} holds no recordings named after their notes")
        _match_levels(recordings)
        notes = []
        for pitch in range(128):
            nearest = min(recordings, key=lambda recorded: (abs(recorded - pitch), recorded))
            if abs(nearest - pitch) > self.reach:
                continue
            audio, rate = recordings[nearest]
            moved = transposed(audio, rate, pitch - nearest)[: held_samples(False) + SAMPLE_RATE]
            notes.append(RenderedNote(pitch, self.velocity, moved, self.release_s))
        return notes


@dataclass(frozen=True)
class _DrumKit(ABC):
    """Recorded drums, placed on General MIDI keys by their names.

    Those whose names say nothing are left out. A kit with several bass drums, snares and so on
    gives several voices, each with another choice, but no more than ``variants``.
    """

    name: str
    path: Path
    licence: Licence = field(repr=False)
    weight: float = field(default=1.0, repr=False)
    variants: int = 3

    @abstractmethod
    def _instruments(self) -> list[tuple[str, list[DrumLayer]]]:
        """Name and layers of each drum."""

    def voices(self) -> list[VoiceKey]:
        """Return the kit in its variants."""
        most = max((len(pool) for pool in self._pools().values()), default=0)
        return [
            VoiceKey(0, True, variant, f"{self.name} {variant + 1}")
            for variant in range(min(most, self.variants))
        ]

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        """Return a hit per key and velocity layer."""
        notes = []
        for pitch, layers in self.placed(key.variant).items():
            for layer in layers:
                audio, rate = read_mono(layer.file)
                hit = transposed(audio, rate, 0)[: held_samples(True) + SAMPLE_RATE // 2]
                notes.append(RenderedNote(pitch, layer.velocity, hit * layer.gain, NO_RELEASE))
        return notes

    def placed(self, variant: int) -> dict[int, list[DrumLayer]]:
        """Return up to three layers for each General MIDI key that a variant can play."""
        placed: dict[int, list[DrumLayer]] = {}
        pools = self._pools()
        for choice in range(2):
            for keys, pool in pools.items():
                if choice < len(keys):
                    placed.setdefault(keys[choice], _thinned(pool[(variant + choice) % len(pool)]))
        return placed

    def _pools(self) -> dict[tuple[int, ...], list[list[DrumLayer]]]:
        """Keys of one kind of drum -> the layers of each instrument of that kind."""
        pools: dict[tuple[int, ...], list[list[DrumLayer]]] = defaultdict(list)
        for name, layers in self._instruments():
            keys = drum_keys(name)
            if keys and layers:
                pools[keys].append(layers)
        return pools


@dataclass(frozen=True)
class HydrogenKit(_DrumKit):
    """A Hydrogen drum kit: a folder with ``drumkit.xml`` and the samples that it names."""

    def _instruments(self) -> list[tuple[str, list[DrumLayer]]]:
        return _hydrogen_instruments(self.path)


@dataclass(frozen=True)
class DrumFolder(_DrumKit):
    """Single hits in a folder, named after their drums (``snare_short01.ogg``)."""

    variants: int = 8

    def _instruments(self) -> list[tuple[str, list[DrumLayer]]]:
        files = sorted(
            file for file in self.path.iterdir() if file.suffix.lower() in _AUDIO_SUFFIXES
        )
        return [(re.sub(r"[_\d]+", " ", f.stem).strip(), [DrumLayer(100, f, 1.0)]) for f in files]


@dataclass(frozen=True)
class DrumLayer:
    """One recording of a drum: how hard it was struck, its file, and the gain to play it with."""

    velocity: int
    file: Path
    gain: float


def note_name_to_pitch(text: str) -> int | None:
    """Return the MIDI pitch of a name that begins with a note (``Cs4`` = ``C#4`` = 61)."""
    match = _NOTE_NAME.match(text)
    if match is None:
        return None
    letter, accidental, octave = match.groups()
    shift = {"#": 1, "s": 1, "b": -1, None: 0}[accidental]
    pitch = _STEPS[letter.lower()] + shift + 12 * (int(octave) + 1)
    return pitch if 0 <= pitch <= 127 else None


# Names of drums -> General MIDI keys in order of preference; the first expression that fits.
_DRUM_NAMES: tuple[tuple[str, tuple[int, ...]], ...] = (
    (r"roll|buzz|choke|fx|zap|noise|swish|flink|sample|(?<!rim )click", ()),
    (r"side ?stick|cross ?stick|rim ?click|^(.* - )?stick", (37,)),
    (r"rim ?shot", (40,)),
    (r"kick|bass ?drum|drum bass|^bd\b", (36, 35)),
    (r"snare", (38, 40)),
    (r"clap", (39,)),
    (r"pedal.*(hh|hat)|(hh|hat).*(pedal|pd\b)|cymbal pedal", (44,)),
    (r"(closed?|\bcl\b).*(hh|hat)|(hh|hat).*(closed?|\bcl\b)|cymbal closed", (42,)),
    (r"(open|\bop\b).*(hh|hat)|(hh|hat).*(open|\bop\b|ohh)|cymbal open", (46,)),
    (r"tom.*floor|floor.*tom", (41, 43)),
    (r"tom.*lo|lo.*tom", (45, 43)),
    (r"tom.*mid|mid.*tom|tom 2", (47, 48)),
    (r"tom.*hi|hi.*tom|tom 1", (50, 48)),
    (r"^tom$", (48, 50)),
    (r"ride.*(bell|cup)|(bell|cup).*ride|paiste bell", (53,)),
    (r"china", (52,)),
    (r"splash", (55,)),
    (r"crash", (49, 57)),
    (r"ride", (51, 59)),
    (r"tambourine", (54,)),
    (r"cowbell", (56,)),
    (r"bongo hi", (60,)),
    (r"bongo lo", (61,)),
    (r"agogo.*high", (67,)),
    (r"agogo.*low", (68,)),
    (r"maraca|shaker", (70, 69)),
    (r"whistle", (72,)),
    (r"clave", (75,)),
    (r"woodblock hi", (76,)),
    (r"woodblock lo", (77,)),
)


def drum_keys(name: str) -> tuple[int, ...]:
    """Return the General MIDI keys that a drum called ``name`` may take, best first."""
    lowered = name.lower()
    for pattern, keys in _DRUM_NAMES:
        if re.search(pattern, lowered):
            return keys
    return ()


def read_mono(path: Path) -> tuple[Audio, int]:
    """Read an audio file as mono ``[n]`` float32 and its rate; at most 30 s of it."""
    try:
        with soundfile.SoundFile(path) as file:
            rate = int(file.samplerate)
            audio = file.read(int(_LONGEST_SECONDS * rate), dtype="float32", always_2d=True)
    except (OSError, soundfile.SoundFileError) as error:
        raise UsageError(f"the sample {path} cannot be read: {error}") from error
    mono: Audio = audio.mean(axis=1)
    return mono, rate


def transposed(audio: Audio, rate: int, semitones: int) -> Audio:
    """Resample ``[n]`` from ``rate`` to 16 kHz, ``semitones`` higher (and so shorter)."""
    if not len(audio):
        return audio
    moved: Audio = soxr.resample(audio, rate * 2.0 ** (semitones / 12), SAMPLE_RATE, quality="VHQ")
    return moved


def _match_levels(recordings: dict[int, tuple[Audio, int]]) -> None:
    """Take out the jumps in level between neighbours that uneven recording leaves.

    Each recording is moved to the median level of itself and its two neighbours on either side.
    """
    pitches = sorted(recordings)
    levels = [max(loudness(*recordings[pitch]), 1e-6) for pitch in pitches]
    for at, pitch in enumerate(pitches):
        target = float(np.median(levels[max(0, at - 2) : at + 3]))
        audio, rate = recordings[pitch]
        recordings[pitch] = (audio * np.float32(target / levels[at]), rate)


def _hydrogen_instruments(folder: Path) -> list[tuple[str, list[DrumLayer]]]:
    """Name and (velocity, file, gain) layers of each instrument in a kit, in the kit's order."""
    try:
        root = ElementTree.parse(folder / "drumkit.xml").getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise UsageError(f"{folder} is not a Hydrogen drum kit: {error}") from error
    for element in root.iter():  # newer kits carry a name space, older ones none
        element.tag = element.tag.rpartition("}")[2]
    instruments = []
    for instrument in root.iter("instrument"):
        volume = _number(instrument, "volume", 1.0) * _number(instrument, "gain", 1.0)
        layers = []
        for layer in [*instrument.iter("layer")] or [instrument]:
            file = folder / (layer.findtext("filename") or "")
            if not file.is_file():
                continue
            low, high = _number(layer, "min", 0.0), _number(layer, "max", 1.0)
            gain = _number(layer, "gain", 1.0) if layer is not instrument else 1.0
            velocity = int(np.clip(round(127 * (low + high) / 2), 1, 127))
            if layer is instrument or (low, high) == (0.0, 1.0):
                velocity = 100
            layers.append(DrumLayer(velocity, file, volume * gain))
        instruments.append((instrument.findtext("name") or "", layers))
    return instruments


def _thinned(layers: list[DrumLayer]) -> list[DrumLayer]:
    """Keep one layer per third of the velocities, and give it the velocity in its middle."""
    thirds: dict[int, list[DrumLayer]] = defaultdict(list)
    for layer in sorted(layers, key=lambda layer: layer.velocity):
        thirds[layer.velocity * 3 // 128].append(layer)
    return [
        # Hydrogen scales by velocity on top of choosing a layer.
        DrumLayer(velocity, layer.file, layer.gain * velocity / 127)
        for third, members in thirds.items()
        for velocity, layer in [(21 + 43 * third, members[len(members) // 2])]
    ]


def _number(element: ElementTree.Element, tag: str, default: float) -> float:
    try:
        return float(element.findtext(tag) or default)
    except ValueError:
        return default
