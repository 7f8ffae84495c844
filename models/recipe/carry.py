"""A song set and the sources of a note bank, small enough to carry, and what they become there.

    carry.py pack FOLDER SONGS [--without NAME] [--font NAME=FILE] [--samples PROGRAM=FOLDER]...
    carry.py songs FOLDER SONGS      # the song set again
    carry.py bank FOLDER BANK        # every note rendered, by all processors

A note bank is a hundred times as large as the soundfonts that it is rendered from, so it is the
sources that travel: soundfonts compressed (sf3), recordings as short mono Ogg files. Times of notes
are rounded to milliseconds, of which the labels know ten.
"""

from __future__ import annotations

import argparse
import pickle
import shutil
import subprocess
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from scorelane.data.midi_files import NOTE_DTYPE
from scorelane.data.songs import INDEX_FILE, NOTES_FILE
from scorelane.errors import ScorelaneError, UsageError

PACKED_SONGS, SOURCES = "songs.npz", "sources.pickle"
TIMES, REST = ("onset", "offset"), ("pitch", "program", "is_drum", "velocity", "stem")
FONT_QUALITY = "0.4"
RATE = 32_000
"""The bank has 16 kHz; notes are played up to four semitones below their recordings."""
HELD, HIT = 6.5, 2.1
"""Seconds of a recording that a bank can use, of instruments and of drums."""

FEW_VOICES = 16


def pack_songs(songs: Path, out: Path) -> None:
    """Write the notes of the song set ``songs`` by columns, which compress three times as well."""
    notes = np.load(songs / NOTES_FILE, mmap_mode="r")
    columns: dict[str, Any] = {name: notes[name] for name in REST}
    onset, offset = (np.rint(notes[name].astype(np.float64) * 1000).astype("<i4") for name in TIMES)
    for name, values in zip(TIMES, (np.diff(onset, prepend=0), offset - onset), strict=True):
        # High bytes are nearly all zero: kept apart, they cost nothing.
        columns[name] = values.astype("<i4").view(np.uint8).reshape(-1, 4).T.copy()
    np.savez(out / PACKED_SONGS, **columns)
    shutil.copy(songs / INDEX_FILE, out / INDEX_FILE)


def unpack_songs(folder: Path, songs: Path) -> None:
    """Write the song set that :func:`pack_songs` packed."""
    with np.load(folder / PACKED_SONGS) as packed:
        notes = np.empty(len(packed[REST[0]]), NOTE_DTYPE)
        for name in REST:
            notes[name] = packed[name]
        step, length = (packed[name].T.copy().view("<i4")[:, 0].astype(np.int64) for name in TIMES)
    onset = np.cumsum(step)
    notes["onset"], notes["offset"] = onset / 1000.0, (onset + length) / 1000.0
    songs.mkdir(parents=True, exist_ok=True)
    np.save(songs / NOTES_FILE, notes)
    shutil.copy(folder / INDEX_FILE, songs / INDEX_FILE)


def pack_sources(out: Path, without: list[str], fonts: list[str], samples: list[str]) -> None:
    """Copy the sounds of all installed sources and of folders of samples to ``out``."""
    from scorelane.data.catalogue import installed_sources, named_sample_folder

    instead = {name: Path(file) for name, _, file in (font.partition("=") for font in fonts)}
    sources: list[Any] = [*installed_sources(), *map(named_sample_folder, samples)]
    known = {source.name for source in sources}
    if odd := sorted({*without, *instead} - known):
        raise UsageError(f"there is no source {odd[0]}; there are {', '.join(sorted(known))}")
    kept = []
    for source in sources:
        if source.name in without:
            continue
        if not hasattr(source, "path"):  # synthesised
            kept.append(source)
            continue
        path = Path("sounds") / source.name
        if source.path.is_dir():
            _pack_recordings(source, out / path)
        else:
            path = path.with_suffix(".sf3")
            _pack_font(instead.get(source.name, source.path), out / path)
        kept.append(replace(source, path=str(path)))
    (out / SOURCES).write_bytes(pickle.dumps(kept))


def _pack_font(font: Path, packed: Path) -> None:
    packed.parent.mkdir(parents=True, exist_ok=True)
    if font.suffix == ".sf3":
        shutil.copy(font, packed)
        return
    command = ["sf3convert", "-z", "-q", FONT_QUALITY, str(font), str(packed)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{font} needs sf3convert (Debian: apt install sf3convert)") from error


def _pack_recordings(source: Any, folder: Path) -> None:
    import soundfile
    import soxr

    from scorelane.data.samples import SampleFolder, read_mono

    held = isinstance(source, SampleFolder)
    files = source.path.iterdir() if held else _files_of_kit(source)
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(files):
        try:
            audio, rate = read_mono(file)
        except UsageError:  # a licence, a picture
            continue
        audio = audio[: int((HELD if held else HIT) * rate)]
        if rate > RATE:
            audio, rate = soxr.resample(audio, rate, RATE), RATE
        # Under its old name, which a kit's own list knows; readers look into the file.
        packed = folder / file.relative_to(source.path)
        packed.parent.mkdir(parents=True, exist_ok=True)
        peak = max(1.0, float(np.abs(audio).max(initial=0.0)))
        soundfile.write(packed, audio / peak, rate, format="OGG", subtype="VORBIS")
    if (listed := source.path / "drumkit.xml").exists():
        shutil.copy(listed, folder)


def _files_of_kit(source: Any) -> set[Path]:
    kits = [source.placed(key.variant) for key in source.voices()]
    return {layer.file for kit in kits for layers in kit.values() for layer in layers}


def build(folder: Path, bank: Path) -> None:
    """Render the sources that :func:`pack_sources` packed."""
    from scorelane.data.build_bank import build_bank
    from scorelane.data.workers import mapped

    sources = pickle.loads((folder / SOURCES).read_bytes())
    sources = [replace(s, path=folder / s.path) if hasattr(s, "path") else s for s in sources]
    # The voices of a source are rendered side by side; those with hardly any, one source beside
    # another first.
    parts = bank / "parts"
    alone = [(source, parts) for source in sources if len(source.voices()) < FEW_VOICES]
    with mapped(_render_alone, alone, 0) as rendered:
        for name in rendered:
            print(name, flush=True)
    build_bank(bank, sources, parts=parts)
    shutil.rmtree(parts)


def _render_alone(task: tuple[Any, Path]) -> str:
    from scorelane.data.build_bank import build_bank

    source, parts = task
    with TemporaryDirectory() as folder, redirect_stdout(None):
        build_bank(folder, [source], processes=1, parts=parts)
    return str(source.name)


def main() -> None:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=("pack", "songs", "bank"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("other", type=Path)
    for option in ("--without", "--font", "--samples"):
        parser.add_argument(option, action="append", default=[])
    given = parser.parse_args()
    try:
        if given.what == "pack":
            given.folder.mkdir(parents=True, exist_ok=True)
            pack_songs(given.other, given.folder)
            pack_sources(given.folder, given.without, given.font, given.samples)
        else:
            (unpack_songs if given.what == "songs" else build)(given.folder, given.other)
    except (ScorelaneError, OSError) as error:
        raise SystemExit(f"carry.py: {error}") from None


if __name__ == "__main__":
    main()
