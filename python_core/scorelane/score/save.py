"""One door for what a score can be written as, and for what steers it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scorelane.errors import UsageError
from scorelane.score.arrange import arrange, find_grid
from scorelane.score.downbeats import check_downbeats
from scorelane.score.engrave import PAGE_FORMATS, convert
from scorelane.score.envelope import onset_envelope
from scorelane.score.given_beats import Beats, as_beats, read_beats
from scorelane.score.grid import Metre
from scorelane.score.grid_midi import write_grid_midi
from scorelane.score.layout import Played, Score
from scorelane.score.musicxml import write_musicxml
from scorelane.score.trackers import TRACKERS
from scorelane.score.wishes import NO_WISHES, Wishes

XML_FORMATS = ("musicxml", "xml", "mxl")
SCORE_FORMATS = (*XML_FORMATS, "mid", *PAGE_FORMATS)
_SLOWEST, _FASTEST = 20.0, 400.0


def make_score(parts: Sequence[Played], wishes: Wishes = NO_WISHES, *, title: str = "") -> Score:
    """Find beats and bars in what was played and write it down.

    Raises:
        UsageError: for a wish that makes no sense.
        TrackerError: when the tracker that is wished for is missing or fails.
        AudioError: when the recording cannot be read.
    """
    if wishes.tempo is not None and not _SLOWEST <= wishes.tempo <= _FASTEST:
        raise UsageError(
            f"The tempo must lie between {_SLOWEST:g} and {_FASTEST:g} beats per minute,"
            f" not {wishes.tempo:g}."
        )
    metre = Metre.parse(wishes.meter) if wishes.meter else None
    end = max((note.offset for part in parts for note in part.notes), default=0.0)
    downbeats = check_downbeats(wishes.downbeats, end)
    beats = _known_beats(wishes)
    heard = onset_envelope(wishes.recording) if wishes.recording and not beats else None
    grid = find_grid(
        parts,
        tempo=wishes.tempo,
        metre=metre,
        beats=beats,
        downbeats=downbeats,
        envelope=heard,
    )
    return arrange(parts, grid, title=title)


def _known_beats(wishes: Wishes) -> Beats | None:
    known = wishes.beats
    if known is None:
        return None
    if not isinstance(known, (str, os.PathLike)):
        return as_beats(known)
    tracker = TRACKERS.get(str(known))
    if tracker is None:
        return read_beats(known)
    if wishes.recording is None:
        raise UsageError(
            f"{known} listens to a recording: name it with --recording, or use it with scorelane"
            " transcribe."
        )
    return tracker(wishes.recording)


def save_score(score: Score, path: str | os.PathLike[str]) -> list[Path]:
    """Write ``score`` in the format of the suffix of ``path``; return the files written.

    Raises:
        UsageError: for an unknown suffix.
        EngraveError: when pages are wanted and MuseScore cannot draw them.
        OSError: when a file cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind in XML_FORMATS:
        write_musicxml(score, target)
    elif kind == "mid":
        write_grid_midi(score, target)
    elif kind in PAGE_FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "score.musicxml"
            write_musicxml(score, source)
            return convert(source, target)
    else:
        raise UsageError(
            f"{target.name!r} names no format for a score; use one of"
            f" {', '.join('.' + name for name in SCORE_FORMATS)}."
        )
    return [target]
