"""How each General MIDI instrument is written: staves, clefs, transposition, MusicXML sound."""

from __future__ import annotations

from dataclasses import dataclass

from scorelane.instruments import instrument_name

TREBLE, BASS, ALTO, TENOR, TREBLE_8VB, BASS_8VB = (
    "treble",
    "bass",
    "alto",
    "tenor",
    "treble8vb",
    "bass8vb",
)


@dataclass(frozen=True, slots=True)
class Writing:
    """How an instrument is written.

    Attributes:
        clefs: those that its players read, the usual one first.
        up: semitones from sounding to written pitch.
        fifths: sharps that the transposition adds to the key signature.
        grand: two staves, one for each hand.
        polyphonic: whether one player holds some notes while striking others.
        sound: name in MusicXML's list of sounds.
    """

    clefs: tuple[str, ...] = (TREBLE, BASS)
    up: int = 0
    fifths: int = 0
    grand: bool = False
    polyphonic: bool = False
    sound: str = ""


_GRAND = frozenset({*range(8), 8, *range(16, 22), 23, 46})
_POLYPHONIC = frozenset({*range(32), 46, *range(104, 108)})
_CLEFS: dict[int, tuple[str, ...]] = {
    **dict.fromkeys(range(24, 32), (TREBLE_8VB,)),
    **dict.fromkeys(range(32, 40), (BASS_8VB,)),
    40: (TREBLE,),
    41: (ALTO, TREBLE),
    42: (BASS, TENOR, TREBLE),
    43: (BASS_8VB,),
    47: (BASS,),
    56: (TREBLE,),
    57: (BASS, TENOR),
    58: (BASS,),
    59: (TREBLE,),
    60: (TREBLE, BASS),
    70: (BASS, TENOR),
    **dict.fromkeys((*range(64, 70), *range(71, 80)), (TREBLE,)),
}
# Written pitch above sounding pitch: (semitones, sharps added).
_TRANSPOSED = {
    56: (2, 2),
    59: (2, 2),
    60: (7, 1),
    64: (2, 2),
    65: (9, 3),
    66: (14, 2),
    67: (21, 3),
    69: (7, 1),
    71: (2, 2),
    9: (-24, 0),
    72: (-12, 0),
    13: (-12, 0),
}

_SOUNDS: tuple[str, ...] = tuple(
    [
        "keyboard.piano.grand",
        "keyboard.piano",
        "keyboard.piano.electric",
        "keyboard.piano.honky-tonk",
        "keyboard.piano.electric",
        "keyboard.piano.electric",
        "keyboard.harpsichord",
        "keyboard.clavichord",
        "keyboard.celesta",
        "pitched-percussion.glockenspiel",
        "pitched-percussion.music-box",
        "pitched-percussion.vibraphone",
        "pitched-percussion.marimba",
        "pitched-percussion.xylophone",
        "pitched-percussion.tubular-bells",
        "pluck.dulcimer",
        "keyboard.organ.drawbar",
        "keyboard.organ.percussive",
        "keyboard.organ.rotary",
        "keyboard.organ.pipe",
        "keyboard.organ.reed",
        "keyboard.accordion",
        "wind.reed.harmonica",
        "keyboard.bandoneon",
        "pluck.guitar.nylon-string",
        "pluck.guitar.steel-string",
        "pluck.guitar.electric",
        "pluck.guitar.electric",
        "pluck.guitar.electric",
        "pluck.guitar.electric",
        "pluck.guitar.electric",
        "pluck.guitar",
        "pluck.bass.acoustic",
        "pluck.bass.electric",
        "pluck.bass.electric",
        "pluck.bass.fretless",
        "pluck.bass.electric",
        "pluck.bass.electric",
        "pluck.bass.synth",
        "pluck.bass.synth",
        "strings.violin",
        "strings.viola",
        "strings.cello",
        "strings.contrabass",
        "strings.group",
        "strings.group",
        "pluck.harp",
        "drum.timpani",
        "strings.group",
        "strings.group",
        "strings.group.synth",
        "strings.group.synth",
        "voice.aa",
        "voice.oo",
        "voice.synth",
        "synth.effects",
        "brass.trumpet",
        "brass.trombone",
        "brass.tuba",
        "brass.trumpet",
        "brass.french-horn",
        "brass.group",
        "brass.group.synth",
        "brass.group.synth",
        "wind.reed.saxophone.soprano",
        "wind.reed.saxophone.alto",
        "wind.reed.saxophone.tenor",
        "wind.reed.saxophone.baritone",
        "wind.reed.oboe",
        "wind.reed.english-horn",
        "wind.reed.bassoon",
        "wind.reed.clarinet",
        "wind.flutes.flute.piccolo",
        "wind.flutes.flute",
        "wind.flutes.recorder",
        "wind.flutes.panpipes",
        "wind.flutes.blown-bottle",
        "wind.flutes.shakuhachi",
        "wind.flutes.whistle",
        "wind.flutes.ocarina",
        "synth.tone.square",
        "synth.tone.sawtooth",
        "synth.group",
        "synth.group",
        "synth.group",
        "synth.group",
        "synth.group",
        "synth.group",
        "synth.pad",
        "synth.pad.warm",
        "synth.pad.polysynth",
        "synth.pad.choir",
        "synth.pad.bowed",
        "synth.pad.metallic",
        "synth.pad.halo",
        "synth.pad.sweep",
        "synth.effects.rain",
        "synth.effects.soundtrack",
        "synth.effects.crystal",
        "synth.effects.atmosphere",
        "synth.effects.brightness",
        "synth.effects.goblins",
        "synth.effects.echoes",
        "synth.effects.sci-fi",
        "pluck.sitar",
        "pluck.banjo",
        "pluck.shamisen",
        "pluck.koto",
        "pitched-percussion.kalimba",
        "wind.pipes.bagpipes",
        "strings.fiddle",
        "wind.reed.shenai",
        "metal.bells.tinklebell",
        "metal.bells.agogo",
        "metal.steel-drums",
        "wood.wood-block",
        "drum.taiko",
        "drum.tom-tom",
        "drum.tom-tom.synth",
        "metal.cymbal.reverse",
        "effect.guitar-fret",
        "effect.breath",
        "effect.seashore",
        "effect.bird",
        "effect.telephone-ring",
        "effect.helicopter",
        "effect.applause",
        "effect.gunshot",
    ]
)
_ABBREVIATIONS = {
    program: short
    for short, programs in {
        "Pno.": range(4),
        "E.Pno.": (4, 5),
        "Hpsd.": (6,),
        "Cel.": (8,),
        "Glk.": (9,),
        "Vib.": (11,),
        "Mar.": (12,),
        "Xyl.": (13,),
        "Org.": range(16, 21),
        "Acc.": (21, 23),
        "Gtr.": (24, 25),
        "E.Gtr.": range(26, 32),
        "Bass": (32,),
        "E.B.": range(33, 38),
        "S.B.": (38, 39),
        "Vln.": (40, 110),
        "Vla.": (41,),
        "Vc.": (42,),
        "Cb.": (43,),
        "Str.": (44, 45, *range(48, 52)),
        "Hp.": (46,),
        "Timp.": (47,),
        "Voice": (52, 53, 54),
        "Tpt.": (56, 59),
        "Tbn.": (57,),
        "Tba.": (58,),
        "Hn.": (60,),
        "Br.": (61, 62, 63),
        "S.Sx.": (64,),
        "A.Sx.": (65,),
        "T.Sx.": (66,),
        "B.Sx.": (67,),
        "Ob.": (68,),
        "E.Hn.": (69,),
        "Bsn.": (70,),
        "Cl.": (71,),
        "Picc.": (72,),
        "Fl.": (73, 75),
        "Rec.": (74,),
        "Bjo.": (105,),
    }.items()
    for program in programs
}
_WRITTEN_NAMES = {
    0: "Piano",
    52: "Voice",
    65: "Alto Saxophone",
    66: "Tenor Saxophone",
    64: "Soprano Saxophone",
    67: "Baritone Saxophone",
    71: "Clarinet in B♭",
    56: "Trumpet in B♭",
    60: "Horn in F",
    46: "Harp",
}


def writing(program: int) -> Writing:
    """How the pitched General MIDI ``program`` (0-127) is written."""
    up, fifths = _TRANSPOSED.get(program, (0, 0))
    return Writing(
        clefs=_CLEFS.get(program, (TREBLE, BASS)),
        up=up,
        fifths=fifths,
        grand=program in _GRAND,
        polyphonic=program in _POLYPHONIC,
        sound=_SOUNDS[program],
    )


def written_name(program: int, is_drum: bool) -> str:
    """The name at the head of a staff."""
    if is_drum:
        return instrument_name(program, True)
    return _WRITTEN_NAMES.get(program, instrument_name(program))


def abbreviation(program: int, is_drum: bool) -> str:
    """The short name on the later systems of a page."""
    if is_drum:
        return "Dr."
    words = instrument_name(program).split()
    return _ABBREVIATIONS.get(program) or "".join(f"{word[:3]}." for word in words[:2])
