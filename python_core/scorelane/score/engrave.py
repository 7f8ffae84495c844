"""Pages of a score, drawn by MuseScore when it is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from scorelane.errors import ScorelaneError
from scorelane.files import atomic_path, page_path

PAGE_FORMATS = ("pdf", "png", "svg")
COMMAND_VARIABLE = "SCORELANE_MUSESCORE"
_COMMANDS = ("mscore", "musescore", "musescore4", "mscore4portable", "musescore3", "mscore3")
_TIMEOUT = 600.0  # seconds
_PAGE = re.compile(r"page-(\d+)\.\w+")


class EngraveError(ScorelaneError):
    """MuseScore is missing or did not do its work."""


def find_musescore() -> str:
    """The MuseScore command: ``$SCORELANE_MUSESCORE``, or the first that is on the path.

    Raises:
        EngraveError: when there is none.
    """
    for name in (os.environ.get(COMMAND_VARIABLE), *_COMMANDS):
        command = shutil.which(name) if name else None
        if command:
            return command
    raise EngraveError(
        "Pages are drawn by MuseScore, which was not found: install it (Debian: apt-get install"
        f" musescore3), name its command in {COMMAND_VARIABLE}, or write .musicxml instead."
    )


def convert(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> list[Path]:
    """Have MuseScore turn ``source`` into ``target``; the suffix of each says what it is.

    A PNG or SVG of several pages becomes ``name-1.png``, ``name-2.png``, ... . Returns the files
    that were written.

    Raises:
        EngraveError: when MuseScore is missing, fails, or says nothing but writes nothing.
    """
    command = find_musescore()
    target = Path(target)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / f"page{target.suffix}"
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": folder}
        try:
            done = subprocess.run(
                [command, "-o", str(page), str(Path(source).absolute())],
                env=environment,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngraveError(f"MuseScore ({command}) did not finish: {error}") from error
        pages = sorted(
            (file for file in Path(folder).glob(f"page*{target.suffix}") if file.stat().st_size),
            key=_number,
        )
        if not pages:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise EngraveError(
                f"MuseScore ({command}) wrote no {target.suffix} file, exit status"
                f" {done.returncode}: {lines[-1] if lines else 'it said nothing'}"
            )
        if target.suffix.lower() == ".png":
            for file in pages:
                _put_on_paper(file)
        return [_move(file, target, len(pages)) for file in pages]


def _put_on_paper(page: Path) -> None:
    """Lay a drawn page on white: MuseScore's are transparent, and black on a dark screen."""
    from PIL import Image

    with Image.open(page) as image:
        ink = image.convert("RGBA")
    paper = Image.new("RGBA", ink.size, "white")
    paper.alpha_composite(ink)
    paper.convert("RGB").save(page)


def _number(file: Path) -> int:
    match = _PAGE.fullmatch(file.name)
    return int(match[1]) if match else 0


def _move(file: Path, target: Path, count: int) -> Path:
    if count > 1:
        target = page_path(target, _number(file))
    with atomic_path(target) as temporary:
        shutil.copyfile(file, temporary)
    return target
