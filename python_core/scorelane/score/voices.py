"""One staff's notes to one or two voices of chords that follow one another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import fmean

from scorelane.score.grid import TICKS
from scorelane.score.quantise import Placed

_EIGHTH, _SIXTEENTH = TICKS // 2, TICKS // 4
_PASSES = 5  # what is cut short leaves room for other voices


@dataclass(frozen=True, slots=True)
class Chord:
    """What one voice plays from ``start`` to ``end`` (ticks): MIDI pitches, low to high.

    ``graces`` are the pitches that lead to it; ``rolled``: its notes begin one after the other;
    ``trills``: pitches that are trilled, and semitones to their upper neighbours; ``slides``:
    pitches where glissandi begin (their numbers in the part) or end (minus their numbers).
    """

    start: int
    end: int
    pitches: tuple[int, ...]
    graces: tuple[int, ...] = ()
    rolled: bool = False
    trills: tuple[tuple[int, int], ...] = ()
    slides: tuple[tuple[int, int], ...] = ()


def separate(notes: Sequence[Placed], *, polyphonic: bool, beat: int = TICKS) -> list[list[Chord]]:
    """Voices of one staff, the upper one first; none overlaps itself.

    ``notes`` are sorted by start, and no two of one pitch overlap; ``beat`` is one in ticks.

    Where everything moves together there is one voice. A note that is held while others begin
    gets a second voice if it is held long enough to be meant (``polyphonic`` instruments half a
    beat, others a whole one); more than two at once are cut, as the pedal's are.
    """
    chords = _chords(notes, polyphonic)
    hold = _EIGHTH if polyphonic else 2 * _EIGHTH
    for _ in range(_PASSES):
        voices, regions = _shared_out(chords, hold)
        cut = _hardly_held(voices, hold)
        if not cut:
            break
        chords = [
            replace(chord, end=cut.get((chord.start, chord.pitches), chord.end)) for chord in chords
        ]
    upper, lower = _upper_first(voices, regions)
    return [
        _legato(voice, other, beat) for voice, other in ((upper, lower), (lower, upper)) if voice
    ] or [[]]


def _shared_out(
    chords: Sequence[Chord], hold: int
) -> tuple[tuple[list[Chord], list[Chord]], list[tuple[int, int]]]:
    """Two voices, and how long they are wherever nothing is held."""
    voices: tuple[list[Chord], list[Chord]] = ([], [])
    regions: list[tuple[int, int]] = []
    for chord in chords:
        active = []
        for index, voice in enumerate(voices):
            if voice and voice[-1].end > chord.start:
                last = voice[-1]
                held = last.end - chord.start
                # What has been held under the other voice already stays held.
                other = voices[1 - index]
                stays = bool(other) and other[-1].start > last.start
                meant = held >= hold and (stays or 3 * held >= last.end - last.start)
                if last.start == chord.start or meant:
                    active.append(index)
                else:
                    voice[-1] = replace(last, end=chord.start)
        if not active:
            regions.append((len(voices[0]), len(voices[1])))
        if len(active) < 2:
            free = 1 if active == [0] else 0
        else:
            free = _to_cut(voices, chord)
            last = voices[free][-1]
            if last.start == chord.start:
                voices[free][-1] = _merged(last, chord)
                continue
            voices[free][-1] = replace(last, end=chord.start)
        voices[free].append(chord)
    return voices, regions


def _hardly_held(
    voices: tuple[list[Chord], list[Chord]], hold: int
) -> dict[tuple[int, tuple[int, ...]], int]:
    """Ends of chords (start, pitches) that their own voice cut before they were held for long.

    The pedal made them long; they end where the other voice goes on.
    """
    ends = {}
    for voice, other in (voices, voices[::-1]):
        starts = [chord.start for chord in other]
        for chord in voice:
            following = bisect_right(starts, chord.start)
            if following < len(starts) and 0 < chord.end - starts[following] < hold:
                ends[chord.start, chord.pitches] = starts[following]
    return ends


def end_at_restrikes(voices: Sequence[Sequence[Chord]]) -> list[list[Chord]]:
    """Voices of one instrument, each chord cut where one of its pitches is struck again.

    Giving the notes of a chord one length may have drawn a note out over its own repetition.
    """
    strikes: dict[int, list[int]] = {}
    for chord in (chord for voice in voices for chord in voice):
        for pitch in chord.pitches:
            strikes.setdefault(pitch, []).append(chord.start)
    for starts in strikes.values():
        starts.sort()

    def cut(chord: Chord) -> Chord:
        end = chord.end
        for pitch in chord.pitches:
            later = bisect_right(strikes[pitch], chord.start)
            if later < len(strikes[pitch]):
                end = min(end, strikes[pitch][later])
        return replace(chord, end=end)

    return [[cut(chord) for chord in voice] for voice in voices]


def _chords(notes: Sequence[Placed], polyphonic: bool) -> list[Chord]:
    """What begins together as one chord, or two where some of it is held under what follows."""
    groups = [list(group) for _, group in groupby(notes, key=lambda one: one.start)]
    chords = []
    for i, group in enumerate(groups):
        following = groups[i + 1][0].start if i + 1 < len(groups) else None
        last = max(note.end for note in group)
        least = TICKS if polyphonic else 2 * TICKS
        long = [n for n in group if following is not None and n.end - following >= least]
        short = [n for n in group if n not in long and following is not None]
        if long and short and _apart(long, short):
            chords += [_chord(long), _chord(short)]
        else:
            ends = sorted(note.end for note in group)
            middle = ends[len(ends) // 2]
            end = last if following is None or last <= following else max(middle, following)
            chords.append(replace(_chord(group), end=end))
    return chords


def _apart(a: Sequence[Placed], b: Sequence[Placed]) -> bool:
    """Whether all of one lies above the other."""
    low_a, high_a = min(n.note.pitch for n in a), max(n.note.pitch for n in a)
    low_b, high_b = min(n.note.pitch for n in b), max(n.note.pitch for n in b)
    return low_a > high_b or low_b > high_a


def _chord(notes: Sequence[Placed]) -> Chord:
    return Chord(
        start=notes[0].start,
        end=max(note.end for note in notes),
        pitches=tuple(sorted(note.note.pitch for note in notes)),
        graces=tuple(grace for note in notes for grace in note.graces),
        rolled=len(notes) > 1 and any(note.rolled for note in notes),
        trills=tuple((note.note.pitch, note.trill) for note in notes if note.trill),
        slides=tuple((note.note.pitch, number) for note in notes for number in note.slides),
    )


def _merged(one: Chord, other: Chord) -> Chord:
    """Two that begin together, as long as the first."""
    return Chord(
        start=one.start,
        end=one.end,
        pitches=tuple(sorted({*one.pitches, *other.pitches})),
        graces=one.graces + other.graces,
        rolled=one.rolled or other.rolled,
        trills=one.trills + other.trills,
        slides=one.slides + other.slides,
    )


def _to_cut(voices: Sequence[Sequence[Chord]], chord: Chord) -> int:
    """Of two voices that both sound, the one that goes on: the later begun, or the nearer."""
    first, second = voices[0][-1], voices[1][-1]
    if first.start != second.start:
        return int(second.start > first.start)
    middle = fmean(chord.pitches)
    gaps = [abs(fmean(last.pitches) - middle) for last in (first, second)]
    return int(gaps[1] < gaps[0])


def _upper_first(
    voices: Sequence[list[Chord]], regions: Sequence[tuple[int, int]]
) -> tuple[list[Chord], list[Chord]]:
    """Swap the voices where the second lies higher, region by region."""
    upper: list[Chord] = []
    lower: list[Chord] = []
    ends = [*regions[1:], (len(voices[0]), len(voices[1]))]
    for begin, end in zip(regions, ends, strict=False):
        a, b = voices[0][begin[0] : end[0]], voices[1][begin[1] : end[1]]
        if b and (not a or _height(b) > _height(a)):
            a, b = b, a
        upper += a
        lower += b
    return upper, lower


def _height(voice: Sequence[Chord]) -> float:
    return fmean(fmean(chord.pitches) for chord in voice)


def _legato(voice: Sequence[Chord], other: Sequence[Chord], beat: int) -> list[Chord]:
    """Close the small gaps that playing leaves before the next chord, or before the beat.

    Where the line goes on in the ``other`` voice, which rested, there is no gap.
    """
    result = []
    begins = {
        chord.start: other[i - 1].end if i else 0 for i, chord in enumerate(other)
    }  # and until when the voice sounded before
    for i, chord in enumerate(voice):
        end = chord.end
        until = -(-end // beat) * beat
        following = voice[i + 1].start if i + 1 < len(voice) else until
        gap = following - end
        goes_on = begins.get(end, end) <= chord.start
        if 0 < gap <= max(_EIGHTH, 0.3 * (following - chord.start)) and not goes_on:
            end = following
        elif until < following and until - end <= max(_SIXTEENTH, 0.3 * (until - chord.start)):
            end = until
        result.append(replace(chord, end=end))
    return result
