"""What music21 leaves out of MusicXML: sounds, channels, drums of notes, the pick-up's mark."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from scorelane.instruments import drum_name
from scorelane.score.layout import Part, Score

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def text(name: str) -> str:
    """``name`` without the control characters that XML cannot hold."""
    return "".join(letter if letter.isprintable() else " " for letter in name).strip()


def complete(tree: Element, score: Score) -> None:
    """Add to music21's tree: sounds, channels, the kit's instruments, the pick-up's mark."""
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
        for direction in body.iter("direction"):  # tempo marks; MuseScore would hang them below
            direction.set("placement", "above")
        first = body.find("measure")
        if first is not None and score.grid.pickup:
            first.set("implicit", "yes")


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
