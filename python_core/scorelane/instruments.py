"""General MIDI instruments: names, families, and the names people type.

Programs are 0-based (0 = Acoustic Grand Piano ... 127 = Gunshot). A *MIDI class* is one of General
MIDI's 16 groups of eight programs and is named by its first program (0, 8, 16 ...).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scorelane.errors import UsageError

CLASS_SIZE = 8
DRUMS_NAME = "Drums"

CLASS_NAMES: tuple[str, ...] = (
    "Piano",
    "Chromatic Percussion",
    "Organ",
    "Guitar",
    "Bass",
    "Strings",
    "Ensemble",
    "Brass",
    "Reed",
    "Pipe",
    "Synth Lead",
    "Synth Pad",
    "Synth Effects",
    "Ethnic",
    "Percussive",
    "Sound Effects",
)

PROGRAM_NAMES: tuple[str, ...] = (
    *("Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano"),
    *("Electric Piano 1", "Electric Piano 2", "Harpsichord", "Clavi"),
    *("Celesta", "Glockenspiel", "Music Box", "Vibraphone"),
    *("Marimba", "Xylophone", "Tubular Bells", "Dulcimer"),
    *("Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ"),
    *("Reed Organ", "Accordion", "Harmonica", "Tango Accordion"),
    *("Acoustic Guitar (nylon)", "Acoustic Guitar (steel)"),
    *("Electric Guitar (jazz)", "Electric Guitar (clean)", "Electric Guitar (muted)"),
    *("Overdriven Guitar", "Distortion Guitar", "Guitar Harmonics"),
    *("Acoustic Bass", "Electric Bass (finger)", "Electric Bass (pick)", "Fretless Bass"),
    *("Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2"),
    *("Violin", "Viola", "Cello", "Contrabass"),
    *("Tremolo Strings", "Pizzicato Strings", "Orchestral Harp", "Timpani"),
    *("String Ensemble 1", "String Ensemble 2", "Synth Strings 1", "Synth Strings 2"),
    *("Choir Aahs", "Voice Oohs", "Synth Choir", "Orchestra Hit"),
    *("Trumpet", "Trombone", "Tuba", "Muted Trumpet"),
    *("French Horn", "Brass Section", "Synth Brass 1", "Synth Brass 2"),
    *("Soprano Sax", "Alto Sax", "Tenor Sax", "Baritone Sax"),
    *("Oboe", "English Horn", "Bassoon", "Clarinet"),
    *("Piccolo", "Flute", "Recorder", "Pan Flute"),
    *("Blown Bottle", "Shakuhachi", "Whistle", "Ocarina"),
    *("Lead 1 (square)", "Lead 2 (sawtooth)", "Lead 3 (calliope)", "Lead 4 (chiff)"),
    *("Lead 5 (charang)", "Lead 6 (voice)", "Lead 7 (fifths)", "Lead 8 (bass + lead)"),
    *("Pad 1 (new age)", "Pad 2 (warm)", "Pad 3 (polysynth)", "Pad 4 (choir)"),
    *("Pad 5 (bowed)", "Pad 6 (metallic)", "Pad 7 (halo)", "Pad 8 (sweep)"),
    *("FX 1 (rain)", "FX 2 (soundtrack)", "FX 3 (crystal)", "FX 4 (atmosphere)"),
    *("FX 5 (brightness)", "FX 6 (goblins)", "FX 7 (echoes)", "FX 8 (sci-fi)"),
    *("Sitar", "Banjo", "Shamisen", "Koto"),
    *("Kalimba", "Bagpipe", "Fiddle", "Shanai"),
    *("Tinkle Bell", "Agogo", "Steel Drums", "Woodblock"),
    *("Taiko Drum", "Melodic Tom", "Synth Drum", "Reverse Cymbal"),
    *("Guitar Fret Noise", "Breath Noise", "Seashore", "Bird Tweet"),
    *("Telephone Ring", "Helicopter", "Applause", "Gunshot"),
)

FIRST_DRUM_KEY = 27
DRUM_KEY_NAMES: tuple[str, ...] = (
    *("High Q", "Slap", "Scratch Push", "Scratch Pull", "Sticks", "Square Click"),
    *("Metronome Click", "Metronome Bell", "Acoustic Bass Drum", "Bass Drum 1", "Side Stick"),
    *("Acoustic Snare", "Hand Clap", "Electric Snare", "Low Floor Tom", "Closed Hi-Hat"),
    *("High Floor Tom", "Pedal Hi-Hat", "Low Tom", "Open Hi-Hat", "Low-Mid Tom", "Hi-Mid Tom"),
    *("Crash Cymbal 1", "High Tom", "Ride Cymbal 1", "Chinese Cymbal", "Ride Bell"),
    *("Tambourine", "Splash Cymbal", "Cowbell", "Crash Cymbal 2", "Vibraslap", "Ride Cymbal 2"),
    *("Hi Bongo", "Low Bongo", "Mute Hi Conga", "Open Hi Conga", "Low Conga", "High Timbale"),
    *("Low Timbale", "High Agogo", "Low Agogo", "Cabasa", "Maracas", "Short Whistle"),
    *("Long Whistle", "Short Guiro", "Long Guiro", "Claves", "Hi Wood Block", "Low Wood Block"),
    *("Mute Cuica", "Open Cuica", "Mute Triangle", "Open Triangle", "Shaker", "Jingle Bell"),
    *("Bell Tree", "Castanets", "Mute Surdo", "Open Surdo"),
)


def midi_class(program: int) -> int:
    """First program of the group of eight that ``program`` (0-127) belongs to."""
    return program // CLASS_SIZE * CLASS_SIZE


def class_name(program: int) -> str:
    """Name of the MIDI class of ``program`` (0-127), e.g. ``"Strings"`` for 42."""
    return CLASS_NAMES[program // CLASS_SIZE]


def instrument_name(program: int, is_drum: bool = False) -> str:
    """General MIDI name of a program (0-127); ``"Drums"`` for the drum lane."""
    return DRUMS_NAME if is_drum else PROGRAM_NAMES[program]


def drum_name(key: int) -> str:
    """Name of a General MIDI (GS-extended, 27-87) drum key; ``"Drum 95"`` outside the table."""
    index = key - FIRST_DRUM_KEY
    if 0 <= index < len(DRUM_KEY_NAMES):
        return DRUM_KEY_NAMES[index]
    return f"Drum {key}"


@dataclass(frozen=True, slots=True)
class InstrumentMask:
    """The instruments that may appear: pitched programs (0-127), and whether drums may.

    ``players`` says who plays, each by the programs that may be meant; together they are
    ``programs``. Empty where nobody said: then who of the ``programs`` plays has to be heard.
    """

    programs: frozenset[int]
    drums: bool
    players: tuple[frozenset[int], ...] = ()

    def allows(self, program: int, is_drum: bool) -> bool:
        """Whether a note of this instrument passes the mask."""
        return self.drums if is_drum else program in self.programs

    def as_written(self, program_map: Sequence[int]) -> InstrumentMask:
        """The mask of what a model writes for these instruments.

        ``program_map`` names for each of the 128 programs the one that stands for it, -1 for
        none; empty where each stands for itself.
        """
        if not program_map:
            return self

        def written(programs: Iterable[int]) -> frozenset[int]:
            return frozenset(program_map[p] for p in programs if program_map[p] >= 0)

        players = tuple(filter(None, map(written, self.players)))
        return InstrumentMask(written(self.programs), self.drums, players)

    def as_named(self, program: int, program_map: Sequence[int]) -> int:
        """What ``program``, written by a model for one of these instruments, was called.

        Who names a tenor saxophone gets no alto where the model writes one saxophone for all.
        """
        if program in self.programs or not program_map:
            return program
        return min(named for named in self.programs if program_map[named] == program)

    def player_of(self, program: int) -> int:
        """Whose of the ``players`` a program is, counted from 0: of several, who has the fewest."""
        sizes = [len(p) if program in p else len(PROGRAM_NAMES) for p in self.players]
        return sizes.index(min(sizes))


def parse_instruments(names: Iterable[str | int]) -> InstrumentMask:
    """Turn what people type into a mask.

    Each entry is a General MIDI name ("Violin"), a class ("Strings"), a short name ("sax"), a
    0-based program number (24) or "drums"; entries may also hold several separated by commas.
    Case, spaces, hyphens and brackets do not matter. Each entry but the drums is a player.

    Raises:
        UsageError: for an unknown name (it lists the known ones), or when nothing is named.
    """
    players: list[frozenset[int]] = []
    drums = False
    wanted = [part.strip() for entry in names for part in str(entry).split(",") if part.strip()]
    if not wanted:
        raise UsageError("No instrument was named. " + _known_names())
    for name in wanted:
        key = _key(name)
        if key in _DRUM_KEYS:
            drums = True
        elif name.isdecimal() and len(name) <= 3 and int(name) < len(PROGRAM_NAMES):
            players.append(frozenset([int(name)]))
        else:
            players.append(_lookup(name, key))
    return InstrumentMask(frozenset().union(*players), drums, tuple(players))


def _span(first: int, last: int) -> frozenset[int]:
    return frozenset(range(first, last + 1))


# Names that musicians use for one or several programs. A class keeps its General MIDI meaning,
# except "strings", which also means the string ensembles of the next class.
_SHORT_NAMES: dict[str, frozenset[int]] = {
    "acoustic piano": _span(0, 1),
    "grand piano": _span(0, 0),
    "electric piano": _span(4, 5),
    "rhodes": _span(4, 4),
    "clavinet": _span(7, 7),
    "keyboard": _span(0, 7),
    "keys": _span(0, 7),
    "vibes": _span(11, 11),
    "bells": _span(14, 14),
    "hammond": _span(16, 18),
    "pipe organ": _span(19, 19),
    "acoustic guitar": _span(24, 25),
    "nylon guitar": _span(24, 24),
    "classical guitar": _span(24, 24),
    "steel guitar": _span(25, 25),
    "electric guitar": _span(26, 30),
    "jazz guitar": _span(26, 26),
    "clean guitar": _span(27, 27),
    "distorted guitar": _span(29, 30),
    "upright bass": _span(32, 32),
    "electric bass": _span(33, 37),
    "bass guitar": _span(33, 37),
    "slap bass": _span(36, 37),
    "synth bass": _span(38, 39),
    "violoncello": _span(42, 42),
    "double bass": _span(43, 43),
    "strings": _span(40, 51),
    "string ensemble": _span(48, 51),
    "pizzicato": _span(45, 45),
    "harp": _span(46, 46),
    "choir": _span(52, 54),
    "voice": _span(52, 54),
    "vocals": _span(52, 54),
    "singing": _span(52, 54),
    "horn": _span(60, 60),
    "synth brass": _span(62, 63),
    "sax": _span(64, 67),
    "saxophone": _span(64, 67),
    "soprano saxophone": _span(64, 64),
    "alto saxophone": _span(65, 65),
    "tenor saxophone": _span(66, 66),
    "baritone saxophone": _span(67, 67),
    "cor anglais": _span(69, 69),
    "woodwinds": _span(64, 79),
    "winds": _span(64, 79),
    "panpipes": _span(75, 75),
    "synth": _span(80, 103),
    "synthesizer": _span(80, 103),
    "lead": _span(80, 87),
    "pad": _span(88, 95),
    "effects": _span(96, 103),
    "mallets": _span(8, 15),
    "bagpipes": _span(109, 109),
}
_DRUM_NAMES = ("drums", "drum kit", "drum set", "percussion")


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _plural_keys(name: str) -> tuple[str, str]:
    """The key of a name and of its other grammatical number ("violins", "drum")."""
    key = _key(name)
    return key, key[:-1] if key.endswith("s") else key + "s"


def _build_index() -> dict[str, frozenset[int]]:
    named: list[tuple[str, frozenset[int]]] = [
        *_SHORT_NAMES.items(),
        *((name, _span(i, i)) for i, name in enumerate(PROGRAM_NAMES)),
        *((name, _span(i * 8, i * 8 + 7)) for i, name in enumerate(CLASS_NAMES)),
    ]
    index: dict[str, frozenset[int]] = {}
    for name, programs in named:  # exact spellings first, so that a plural never shadows one
        index.setdefault(_key(name), programs)
    for name, programs in named:
        index.setdefault(_plural_keys(name)[1], programs)
    return index


_INDEX = _build_index()
_DRUM_KEYS = {key for name in _DRUM_NAMES for key in _plural_keys(name)}


def _lookup(name: str, key: str) -> frozenset[int]:
    if key in _INDEX:
        return _INDEX[key]
    close = difflib.get_close_matches(key, [*_INDEX, *_DRUM_KEYS], n=1)
    hint = f" Did you mean {_spelled(close[0])!r}?" if close else ""
    raise UsageError(f"Unknown instrument {name!r}.{hint} {_known_names()}")


def _spelled(key: str) -> str:
    everything = (*_DRUM_NAMES, *_SHORT_NAMES, *PROGRAM_NAMES, *CLASS_NAMES)
    return next(name for name in everything if key in _plural_keys(name))


def _known_names() -> str:
    groups = ", ".join((*CLASS_NAMES, *_DRUM_NAMES))
    short = ", ".join(_SHORT_NAMES)
    programs = ", ".join(f"{i} {name}" for i, name in enumerate(PROGRAM_NAMES))
    return f"Known groups: {groups}. Short names: {short}. Numbers and names: {programs}."
