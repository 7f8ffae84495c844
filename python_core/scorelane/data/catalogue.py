"""The sources of sound that Linux distributions package, and the terms that they come under."""

from __future__ import annotations

from pathlib import Path

from scorelane.data.samples import DrumFolder, HydrogenKit, SampleFolder
from scorelane.data.soundfonts import SoundFont
from scorelane.data.sources import Licence, Source
from scorelane.data.synthesis import PluckedStrings, Singers
from scorelane.errors import UsageError

_SOUNDS = Path("/usr/share/sounds")
_HYDROGEN = Path("/usr/share/hydrogen/data/drumkits")

# AVL Drums' own map; where it puts something else than General MIDI (swish, chokes) keys are left
# out.
_AVL_KEYS = (36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 49, 51, 53, 54, 55, 56, 57, 59)

_FONTS: tuple[SoundFont, ...] = (
    SoundFont(
        "fluidr3",
        _SOUNDS / "sf2/FluidR3_GM.sf2",
        Licence("fluid-soundfont-gm", "MIT", "Frank Wen and others"),
    ),
    SoundFont(
        "timgm6mb",
        _SOUNDS / "sf2/TimGM6mb.sf2",
        Licence("timgm6mb-soundfont", "GPL-2", "Tim Brechbill, David Bolton"),
        weight=0.8,
        velocities=(50, 105),
        without=(78,),
    ),
    SoundFont(
        "musescore",
        _SOUNDS / "sf3/MuseScore_General_Full.sf3",
        Licence("musescore-general-soundfont", "MIT", "S. Christian Collins, Frank Wen and others"),
        weight=1.2,
        velocities=(50, 105),
        banks=(0, 8),
    ),
    SoundFont(
        "generaluser",
        Path("/usr/share/minuet/soundfonts/GeneralUser-v1.47.sf2"),
        Licence("minuet-data", "GeneralUser GS License 2.0", "S. Christian Collins"),
        weight=1.2,
        velocities=(50, 105),
    ),
    SoundFont(
        "a320u",
        _SOUNDS / "sf2/A320U.sf2",
        Licence("denemo-data", "GPL-2+", "Milton Paredes"),
        weight=0.7,
        velocities=(50, 105),
    ),
    SoundFont(
        "csound",
        _SOUNDS / "sf2/sf_GMbank.sf2",
        Licence("csound-soundfont", "public domain", "unknown"),
        weight=0.5,
        velocities=(90,),
        without=(79,),
    ),
    SoundFont(
        "opl3",
        _SOUNDS / "sf2/OPL-3_FM_128M.sf2",
        Licence("opl3-soundfont", "CC BY-SA 4.0", "Zandro Reveille"),
        weight=0.2,
        velocities=(90,),
    ),
    SoundFont(
        "blackpearl",
        _SOUNDS / "sf2/Black_Pearl_4_LV2.sf2",
        Licence("avldrums.lv2-soundfont", "CC BY-SA 3.0", "Glen MacArthur"),
        weight=3.0,
        kit_keys=_AVL_KEYS,
    ),
    SoundFont(
        "redzeppelin",
        _SOUNDS / "sf2/Red_Zeppelin_4_LV2.sf2",
        Licence("avldrums.lv2-soundfont", "CC BY-SA 3.0", "Glen MacArthur"),
        weight=3.0,
        kit_keys=_AVL_KEYS,
    ),
)

# folder, name, licence, author, weight: real drums weigh more than electronic ones.
_KITS: tuple[tuple[str, str, str, str, float], ...] = (
    ("Audiophob", "audiophob", "CC0", "Audiophob", 1.0),
    ("BJA_Pacific", "bjapacific", "CC BY-SA 3.0 US", "Luc Tunguay", 2.0),
    ("ColomboAcousticDrumkit", "colombo", "GPL-2+ with exception", "Marcos Guglielmetti", 2.0),
    ("ElectricEmpireKit", "electricempire", "GPL-2+", "Artemiy Pavlov", 0.5),
    ("ForzeeStereo", "forzee", "GPL-2", "Vladimir Sadovnikov, Alexander Belokurov", 3.0),
    ("Gimme A Hand 1.0", "gimmeahand", "GPL-2", "Glen MacArthur", 1.0),
    ("HardElectro1", "hardelectro", "GPL-2+", "Artemiy Pavlov", 0.5),
    ("Millo-Drums_v.1", "millo1", "GPL-2", "Emiliano Grilli", 1.5),
    ("Millo_MultiLayered2", "millo2", "GPL-2", "Emiliano Grilli", 2.5),
    ("Millo_MultiLayered3", "millo3", "GPL-2", "Emiliano Grilli", 2.5),
    ("The Black Pearl 1.0", "blackpearl-h2", "GPL-2", "Glen MacArthur", 1.5),
    ("VariBreaks", "varibreaks", "GPL-2+", "Artemiy Pavlov", 0.7),
    ("rumpf_kit_z01_h2", "rumpf", "CC BY 3.0", "Emanuel Rumpf", 1.0),
)

_HITS: tuple[DrumFolder, ...] = (
    DrumFolder(
        "lmms",
        Path("/usr/share/lmms/samples/drums"),
        Licence("lmms-common", "GPL-2+", "LMMS developers"),
        weight=1.0,
    ),
    DrumFolder(
        "sonicpi",
        Path("/usr/share/sonic-pi/samples"),
        Licence("sonic-pi-samples", "CC0", "freesound.org users"),
        weight=1.0,
        variants=3,
    ),
)


def installed_sources() -> list[Source]:
    """Return the known sources that are installed on this machine.

    They are the General MIDI SoundFonts and drum kits of Debian's packages named in their
    licences, and the instruments that Scorelane synthesises itself. Raises
    :class:`UsageError` when nothing is installed.
    """
    sources: list[Source] = [font for font in _FONTS if font.path.exists()]
    for folder, name, licence, author, weight in _KITS:
        path = _HYDROGEN / folder
        if path.exists():
            terms = Licence("hydrogen-drumkits", licence, author)
            sources.append(HydrogenKit(name, path, terms, weight))
    sources += [hits for hits in _HITS if hits.path.exists()]
    if not sources:
        packages = sorted({font.licence.package for font in _FONTS} | {"hydrogen-drumkits"})
        raise UsageError(
            "no source of sounds is installed; with Debian or Ubuntu: apt install "
            + " ".join(packages)
        )
    return [*sources, PluckedStrings(), Singers()]


def soundfont(path: Path, *, weight: float = 1.0, licence: str = "unknown") -> SoundFont:
    """Return any General MIDI SoundFont as a source, named after its file."""
    if not path.is_file():
        raise UsageError(f"there is no SoundFont {path}")
    return SoundFont(path.stem, path, Licence(path.name, licence, "unknown"), weight)


RECORDED_WEIGHT = 5.0
"""Recordings of a real instrument are drawn as often as its voices of all the soundfonts."""


def named_sample_folder(named: str) -> SampleFolder:
    """Return the source that ``PROGRAM=FOLDER`` names; raises :class:`UsageError` if it is none."""
    program, separator, folder = named.partition("=")
    if not separator or not program.strip().isdecimal():
        raise UsageError(
            f"samples are named PROGRAM=FOLDER with a General MIDI program from 0 to 127, as in "
            f"40=violin; not {named}"
        )
    return sample_folder(Path(folder), int(program), weight=RECORDED_WEIGHT)


def sample_folder(
    path: Path,
    program: int,
    *,
    weight: float = 1.0,
    velocity: int = 90,
    name: str | None = None,
    licence: Licence | None = None,
) -> SampleFolder:
    """Return a folder of recordings named after their notes as a source for ``program``.

    Its name is the folder's unless given.
    """
    if not path.is_dir():
        raise UsageError(f"there is no folder of samples {path}")
    if not 0 <= program <= 127:
        raise UsageError(f"a program lies between 0 and 127, not {program}")
    terms = licence or Licence(path.name, "unknown", "unknown")
    return SampleFolder(name or f"{path.name}-{program}", path, program, terms, weight, velocity)
