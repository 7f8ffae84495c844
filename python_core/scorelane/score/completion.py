"""What music21 leaves out of MusicXML: sounds, channels, drums of notes, the pick-up's mark.

Glissandi too, which it loses between the staves of a piano, and how large the staves are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from scorelane.instruments import drum_name
from scorelane.score.dynamics import LEVELS
from scorelane.score.layout import Part, Score

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


_STAFF_MM = ((3, 7.0), (6, 6.0), (10, 5.0))
"""Up to so many staves, how high one is, in millimetres: a player reads 7, a conductor 4."""
_SMALLEST_MM = 4.0

_FORTE = 90
"""The velocity that MusicXML counts dynamics by, in percent."""


def text(name: str) -> str:
    """``name`` without the control characters that XML cannot hold."""
    return "".join(letter if letter.isprintable() else " " for letter in name).strip()


def complete(tree: Element, score: Score) -> None:
    """Add to music21's tree: sizes, sounds, channels, drums, glissandi, the pick-up."""
    height = tree.find("defaults/scaling/millimeters")
    if height is not None:
        height.text = f"{_staff_mm(score):g}"
    for number, part in enumerate(score.parts):
        head = tree.find(f"part-list/score-part[@id='P{number + 1}']")
        body = tree.find(f"part[@id='P{number + 1}']")
        if head is None or body is None:
            raise ValueError(f"music21 wrote no part P{number + 1}")
        for tag in ("score-instrument", "midi-device", "midi-instrument"):
            for old in head.findall(tag):
                head.remove(old)
        _add_instruments(head, number, part)
        if part.is_drum:
            _name_strokes(body, number)
        else:
            _draw_glissandi(body)
        for direction in body.iter("direction"):
            _place(direction, part)
        first = body.find("measure")
        if first is not None and score.grid.pickup:
            first.set("implicit", "yes")


def _staff_mm(score: Score) -> float:
    count = sum(len(part.staves) for part in score.parts)
    return next((height for most, height in _STAFF_MM if count <= most), _SMALLEST_MM)


def _place(direction: Element, part: Part) -> None:
    """Above or below the staff, where MuseScore would hang all below; dynamics sound as marked."""
    mark = direction.find("direction-type/dynamics/*")
    # Singers have their words below.
    is_below = mark is not None and not part.writing.sound.startswith("voice")
    direction.set("placement", "below" if is_below else "above")
    sound = direction.find("sound")
    if mark is not None and sound is not None:
        sound.set("dynamics", f"{100 * LEVELS[mark.tag] / _FORTE:.2f}")


def _add_instruments(head: Element, number: int, part: Part) -> None:
    keys = sorted({k for s in part.staves for v in s.voices for c in v for k in c.pitches})
    entries: list[tuple[str, str, str, int | None]] = (
        [(f"P{number + 1}-D{k}", drum_name(k), "", k) for k in keys]
        if part.is_drum
        else [(f"P{number + 1}-I1", text(part.name), part.writing.sound, None)]
    )
    for identity, name, sound, _ in entries:
        entry = ElementTree.SubElement(head, "score-instrument", id=identity)
        ElementTree.SubElement(entry, "instrument-name").text = name
        if sound:
            ElementTree.SubElement(entry, "instrument-sound").text = sound
    for identity, _, _, key in entries:
        entry = ElementTree.SubElement(head, "midi-instrument", id=identity)
        ElementTree.SubElement(entry, "midi-channel").text = str(part.channel + 1)
        ElementTree.SubElement(entry, "midi-program").text = str(part.program + 1)
        if key is not None:
            ElementTree.SubElement(entry, "midi-unpitched").text = str(key + 1)


def slide_mark(slides: Sequence[int], first: bool, last: bool) -> str:
    """What travels in a note's id: the glissandi that begin where it ends, or end where it begins.

    ``slides`` as of a ``Chord``; ``first`` and ``last`` piece of what ties join.
    """
    ends = [f"{number}" for number in slides if (last if number > 0 else first)]
    return "_".join(["slide", *ends])


def _draw_glissandi(body: Element) -> None:
    """Lines between the notes whose ids tell of one glissando."""
    ends: dict[int, Element] = {}
    for one in body.iter("note"):
        if one.get("id", "").startswith("slide"):
            ends.update((int(number), one) for number in one.attrib.pop("id").split("_")[1:])
    for number in [number for number in ends if number > 0 and -number in ends]:
        for kind, one in (("start", ends[number]), ("stop", ends[-number])):
            notations = one.find("notations")
            if notations is None:
                notations = ElementTree.SubElement(one, "notations")
            line = {"type": kind, "number": str(1 + number % 16), "line-type": "wavy"}
            ElementTree.SubElement(notations, "glissando", line)


def _name_strokes(body: Element, number: int) -> None:
    """Say which drum each note is; its key travels in the id that music21 copied."""
    for one in body.iter("note"):
        identity = one.attrib.pop("id", "")
        if not identity.startswith("drum-"):
            continue
        entry = ElementTree.Element("instrument", id=f"P{number + 1}-D{identity.split('-')[1]}")
        after = max(
            i for i, child in enumerate(one) if child.tag in ("duration", "tie", "unpitched")
        )
        one.insert(after + 1, entry)
