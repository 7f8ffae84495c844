"""A score to MusicXML, through music21; what music21 leaves out is added to its tree."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from scorelane import __version__
from scorelane.files import atomic_path
from scorelane.score.completion import complete, slide_mark, text
from scorelane.score.directions import add_dynamics, ottavas
from scorelane.score.drums import stroke
from scorelane.score.grid import TICKS
from scorelane.score.keys import Spelling, at_fifths
from scorelane.score.layout import Part, Score, Staff
from scorelane.score.rhythm import Piece, spell, tuplet_beats
from scorelane.score.voices import Chord

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container><rootfiles><rootfile full-path="score.musicxml"/></rootfiles></container>
"""
_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">\n'
)


def write_musicxml(score: Score, path: str | os.PathLike[str]) -> None:
    """Write ``score`` to ``path``: compressed when it ends in ``.mxl``, plain otherwise.

    Raises:
        OSError: when the file cannot be written.
    """
    content = _DOCTYPE.encode() + ElementTree.tostring(to_tree(score), "utf-8") + b"\n"
    with atomic_path(path) as temporary:
        if Path(path).suffix.lower() != ".mxl":
            temporary.write_bytes(content)
            return
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("META-INF/container.xml", _CONTAINER)
            archive.writestr("score.musicxml", content)


def to_tree(score: Score) -> Element:
    """The ``score-partwise`` element of ``score``."""
    exporter = _music21().musicxml.m21ToXml.ScoreExporter
    tree: Element = exporter(_to_music21(score), makeNotation=False).parse()
    complete(tree, score)
    ElementTree.indent(tree, " ")
    return tree


def _music21() -> Any:
    """The library, which takes seconds to load: only where a score is written."""
    import music21

    return music21


def _to_music21(score: Score) -> Any:
    m21 = _music21()

    result = m21.stream.Score()
    # An empty composer keeps music21 from writing its own name.
    result.metadata = m21.metadata.Metadata(title=text(score.title) or " ", composer=" ")
    result.metadata.software = [f"Scorelane {__version__}"]
    for number, part in enumerate(score.parts):
        staves = [_staff(score, part, staff, i, number) for i, staff in enumerate(part.staves)]
        for staff in staves:
            result.insert(0, staff)
        if len(staves) > 1:
            result.insert(0, m21.layout.StaffGroup(staves, symbol="brace", barTogether=True))
    return result


def _staff(score: Score, part: Part, staff: Staff, index: int, number: int) -> Any:
    m21 = _music21()

    result = m21.stream.PartStaff() if len(part.staves) > 1 else m21.stream.Part()
    result.id = f"P{number + 1}-{index + 1}"
    player = m21.instrument.Instrument(text(part.name))
    player.partName, player.partAbbreviation = text(part.name), part.abbreviation
    player.partId = f"P{number + 1}"
    player.instrumentId = f"P{number + 1}-I1"
    # music21 wants no channel twice; which they share is said in `completion`.
    player.midiProgram, player.midiChannel = part.program, 2 * number + index
    result.insert(0, player)
    if part.writing.up:
        player.transposition = _transposition(part)
        result.atSoundingPitch = False
    measures = list(_measures(score, part, staff, is_top=number == 0 and index == 0))
    starts = [start for start, _ in score.bars]
    for start, measure in zip(starts, measures, strict=True):
        result.insert(Fraction(start, TICKS), measure)
    if index == 0:
        add_dynamics(measures, starts, part.dynamics)
    for line in ottavas(measures, starts, staff.high):
        result.insert(0, line)
    return result


def _transposition(part: Part) -> Any:
    """The interval from written to sounding pitch."""
    m21 = _music21()

    # Steps follow from semitones and the change of signature: each fifth is 4 steps.
    steps = round((part.writing.up - 7 * part.writing.fifths) / 12) * 7 + 4 * part.writing.fifths
    generic = -(steps + 1) if steps > 0 else -steps + 1
    return m21.interval.intervalFromGenericAndChromatic(generic, -part.writing.up)


def _measures(score: Score, part: Part, staff: Staff, *, is_top: bool) -> Iterator[Any]:
    m21 = _music21()

    metre = score.grid.metre
    pickup = score.grid.pickup_ticks
    voices = [_Voice(voice, metre) for voice in staff.voices]
    marks = dict(score.tempos)
    clefs = {
        "treble": m21.clef.TrebleClef,
        "bass": m21.clef.BassClef,
        "alto": m21.clef.AltoClef,
        "tenor": m21.clef.TenorClef,
        "treble8vb": m21.clef.Treble8vbClef,
        "bass8vb": m21.clef.Bass8vbClef,
        "percussion": m21.clef.PercussionClef,
    }
    for number, (start, end) in enumerate(score.bars):
        measure = m21.stream.Measure(number=number if pickup else number + 1)
        before = score.bars and number > 0
        if not before or staff.clefs[number] != staff.clefs[number - 1]:
            measure.insert(0, clefs[staff.clefs[number]]())
        fifths = 0 if part.is_drum else _written_signature(score, part, number)
        if not before or (
            not part.is_drum and fifths != _written_signature(score, part, number - 1)
        ):
            measure.insert(0, m21.key.KeySignature(fifths))
        if not before:
            measure.insert(0, m21.meter.TimeSignature(str(metre)))
        if is_top and number in marks:
            beat = m21.duration.Duration(Fraction(metre.beat_ticks, TICKS))
            measure.insert(0, m21.tempo.MetronomeMark(number=marks[number], referent=beat))
        if pickup and number == 0:
            measure.paddingLeft = Fraction(metre.bar_ticks - pickup, TICKS)
        if number == len(score.bars) - 1:
            measure.rightBarline = m21.bar.Barline("final")
        _fill(measure, score, part, voices, (start, end), fifths)
        yield measure


class _Voice:
    """A voice that is read bar by bar."""

    def __init__(self, chords: Sequence[Chord], metre: Any) -> None:
        self.chords = chords
        self.tuplets = tuplet_beats([t for c in chords for t in (c.start, c.end)], 0, metre)
        self._next = 0

    def bar(self, start: int, end: int) -> list[Chord]:
        """The chords that sound between two ticks; bars must be asked for in order."""
        while self._next < len(self.chords) and self.chords[self._next].end <= start:
            self._next += 1
        last = self._next
        while last < len(self.chords) and self.chords[last].start < end:
            last += 1
        return list(self.chords[self._next : last])


def _fill(
    measure: Any,
    score: Score,
    part: Part,
    voices: Sequence[_Voice],
    span: tuple[int, int],
    fifths: int,
) -> None:
    m21 = _music21()

    start, end = span
    written = []  # (start tick, order, music21 note) for the accidentals
    content = [(voice, voice.bar(start, end)) for voice in voices]
    sounding = [(voice, chords) for voice, chords in content if chords]
    if not sounding:
        rest = m21.note.Rest(quarterLength=Fraction(end - start, TICKS))
        rest.fullMeasure = True
        measure.insert(0, rest)
        return
    metre = score.grid.metre
    origin = end - metre.bar_ticks
    for index, (voice, chords) in enumerate(sounding):
        target = m21.stream.Voice(id=str(index + 1)) if len(sounding) > 1 else measure
        at = start
        pieces: list[tuple[Piece, Chord | None]] = []
        for chord in chords:
            first, last = max(chord.start, start), min(chord.end, end)
            pieces += [(p, None) for p in spell(at, first, origin, metre, voice.tuplets, rest=True)]
            pieces += [(p, chord) for p in spell(first, last, origin, metre, voice.tuplets)]
            at = last
        pieces += [(p, None) for p in spell(at, end, origin, metre, voice.tuplets, rest=True)]
        for (piece, owner), ends in zip(
            pieces, _tuplet_ends(pieces, metre.beat_ticks), strict=True
        ):
            length = _duration(piece, ends)
            if owner is None:
                item = m21.note.Rest(duration=length)
                item.style.hideObjectOnPrint = index > 0
            else:
                notes = _notes(score, part, owner, piece, length)
                written += [(piece.start, one) for one in notes if not part.is_drum]
                item = _together(notes, length, part.is_drum)
                if len(sounding) > 1:
                    item.stemDirection = "down" if index else "up"
                if piece.start == owner.start and not part.is_drum:
                    for grace in _graces(score, part, owner):
                        written.append((piece.start, grace))
                        target.insert(Fraction(piece.start - start, TICKS), grace)
                    if owner.rolled and len(notes) > 1:
                        item.expressions.append(m21.expressions.ArpeggioMark())
                    if owner.trills:
                        item.expressions.append(_trill(score, part, owner, fifths))
            target.insert(Fraction(piece.start - start, TICKS), item)
        if target is not measure:
            measure.insert(0, target)
    _show_accidentals(written, fifths)
    _beam(measure, metre, start - origin)


def _tuplet_ends(pieces: Sequence[tuple[Piece, Chord | None]], unit: int) -> list[str | None]:
    """For each piece whether its tuplet starts, stops, does both or goes on with it."""
    result: list[str | None] = []
    for i, (piece, _) in enumerate(pieces):
        beat = piece.start // unit
        same_before = i > 0 and pieces[i - 1][0].tuplet and pieces[i - 1][0].start // unit == beat
        same_after = (
            i + 1 < len(pieces)
            and pieces[i + 1][0].tuplet
            and pieces[i + 1][0].start // unit == beat
        )
        if not piece.tuplet or (same_before and same_after):
            result.append(None)
        elif same_before:
            result.append("stop")
        else:
            result.append("start" if same_after else "startStop")
    return result


def _duration(piece: Piece, tuplet_end: str | None) -> Any:
    m21 = _music21()

    result = m21.duration.Duration(type=piece.type, dots=piece.dots)
    if piece.tuplet:
        normal = {3: 2, 6: 4}[piece.tuplet]
        tuplet = m21.duration.Tuplet(
            piece.tuplet, normal, "eighth" if piece.tuplet == 3 else "16th"
        )
        tuplet.type = tuplet_end
        result.appendTuplet(tuplet)
    return result


def _notes(score: Score, part: Part, chord: Chord, piece: Piece, length: Any) -> list[Any]:
    m21 = _music21()

    result = []
    for key in chord.pitches:
        if part.is_drum:
            place = stroke(key)
            one = m21.note.Unpitched(f"{place.step}{place.octave}", duration=length)
            one.notehead = place.head
            one.id = f"drum-{key}-{piece.start}"
        else:
            spelled = _written(score.spelling[chord.start, key], key, part)
            one = m21.note.Note(duration=length)
            one.pitch = m21.pitch.Pitch(step=spelled.step, octave=spelled.octave)
            if spelled.alter:
                one.pitch.accidental = m21.pitch.Accidental(spelled.alter)
            slides = [number for pitch, number in chord.slides if pitch == key]
            if slides:
                one.id = slide_mark(slides, piece.start == chord.start, piece.end == chord.end)
        goes_on, went_on = piece.end < chord.end, piece.start > chord.start
        if goes_on or went_on:
            kind = "continue" if goes_on and went_on else "start" if goes_on else "stop"
            one.tie = m21.tie.Tie(kind)
        result.append(one)
    return result


def _graces(score: Score, part: Part, chord: Chord) -> list[Any]:
    """The grace notes before a chord, slurred strokes as engravers write short ones."""
    m21 = _music21()

    result = []
    for key in chord.graces:
        spelled = _written(score.spelling[chord.start, key], key, part)
        one = m21.note.Note(type="eighth").getGrace()
        one.pitch = m21.pitch.Pitch(step=spelled.step, octave=spelled.octave)
        if spelled.alter:
            one.pitch.accidental = m21.pitch.Accidental(spelled.alter)
        result.append(one)
    return result


def _trill(score: Score, part: Part, chord: Chord, fifths: int) -> Any:
    """The mark of a trill, with an accidental where the signature has another neighbour."""
    m21 = _music21()

    key, semitones = chord.trills[0]
    spelled = _written(score.spelling[chord.start, key], key, part)
    main = m21.pitch.Pitch(step=spelled.step, octave=spelled.octave)
    above = main.transpose(m21.interval.GenericInterval(2))
    alter = int(main.ps) + spelled.alter + semitones - int(above.ps)
    if alter == _usual(above.step, fifths) or abs(alter) > 2:
        return m21.expressions.Trill()
    accidental = m21.pitch.Accidental(alter)
    accidental.displayStatus = True
    result = m21.expressions.Trill(accidental=accidental)
    result.resolveOrnamentalPitches(m21.note.Note(main), keySig=m21.key.KeySignature(fifths))
    result.updateAccidentalDisplay()
    return result


def _usual(step: str, fifths: int) -> int:
    """What a signature of so many fifths alters a step by."""
    sharps, flats = "FCGDAEB"[: max(fifths, 0)], "BEADGCF"[: max(-fifths, 0)]
    return (step in sharps) - (step in flats)


def _written(spelled: Spelling, pitch: int, part: Part) -> Spelling:
    """The spelling at written pitch, within the octaves 0-9 that MusicXML has."""
    if part.writing.up:
        fifths = spelled.fifths + part.writing.fifths
        spelled = at_fifths(fifths - 12 if fifths > 14 else fifths, pitch + part.writing.up)
    return replace(spelled, octave=min(max(spelled.octave, 0), 9))


def _written_signature(score: Score, part: Part, number: int) -> int:
    fifths = score.signatures[number] + part.writing.fifths
    return fifths - 12 if fifths > 7 else fifths


def _together(notes: Sequence[Any], length: Any, is_drum: bool) -> Any:
    m21 = _music21()

    if len(notes) == 1:
        return notes[0]
    kind = m21.percussion.PercussionChord if is_drum else m21.chord.Chord
    result = kind(notes)
    result.duration = length
    return result


def _show_accidentals(written: list[tuple[int, Any]], fifths: int) -> None:
    """Show an accidental only where the bar so far, or the signature, says otherwise."""
    in_force: dict[tuple[str, int], int] = {}
    m21 = _music21()

    for _, one in sorted(written, key=lambda pair: pair[0]):
        step, octave = one.pitch.step, one.pitch.octave
        usual = _usual(step, fifths)
        alter = int(one.pitch.accidental.alter) if one.pitch.accidental else 0
        tied = one.tie is not None and one.tie.type != "start"
        shown = alter != in_force.get((step, octave), usual) and not tied
        if shown and not one.pitch.accidental:
            one.pitch.accidental = m21.pitch.Accidental(0)
        if one.pitch.accidental:
            one.pitch.accidental.displayStatus = shown
        if not tied:
            in_force[step, octave] = alter


def _beam(measure: Any, metre: Any, offset: int) -> None:
    """Beam what is shorter than a quarter within each beat."""
    m21 = _music21()

    for voice in measure.voices or [measure]:
        group: list[Any] = []
        last_beat = -1
        for item in voice.getElementsByClass(m21.note.GeneralNote):
            beat = int((item.offset * TICKS + offset) // metre.beat_ticks)
            short = not item.isRest and item.duration.type in ("eighth", "16th", "32nd", "64th")
            if not short or beat != last_beat:
                _join(group)
                group = []
            if short:
                group.append(item)
            last_beat = beat
        _join(group)


def _join(group: Sequence[Any]) -> None:
    if len(group) < 2:
        return
    levels = [{"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}[g.duration.type] for g in group]
    for i, item in enumerate(group):
        for level in range(1, levels[i] + 1):
            before = i > 0 and levels[i - 1] >= level
            after = i + 1 < len(group) and levels[i + 1] >= level
            if before and after:
                item.beams.append("continue")
            elif before or after:
                item.beams.append("stop" if before else "start")
            else:
                item.beams.append("partial", "left" if i else "right")
