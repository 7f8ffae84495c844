"""Notes in seconds to a score: every stage in its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from scorelane.lanes import DRUM_CHANNEL, PITCHED_CHANNELS
from scorelane.score.beats import track_bars
from scorelane.score.clefs import choose_clefs
from scorelane.score.divisi import divided
from scorelane.score.downbeats import begin_bars
from scorelane.score.drums import drum_voices
from scorelane.score.dynamics import dynamic_marks
from scorelane.score.envelope import Envelope
from scorelane.score.given_beats import Beats
from scorelane.score.grid import Grid, Metre
from scorelane.score.hands import split_hands
from scorelane.score.instruments import BASS, TREBLE, Writing, abbreviation, writing, written_name
from scorelane.score.keys import signatures, spell_pitches
from scorelane.score.layout import Part, Played, Score, Staff
from scorelane.score.metre import find_metre
from scorelane.score.onsets import find_onsets, weigh_onsets
from scorelane.score.ornaments import without_ornaments
from scorelane.score.ottavas import high_passages
from scorelane.score.pedal import releases, without_pedal
from scorelane.score.pulse import hear_pulse
from scorelane.score.quantise import Placed, place_notes
from scorelane.score.rhythm import bars
from scorelane.score.tempo import tempo_marks
from scorelane.score.voices import end_at_restrikes, separate

_LINE = 24  # semitones that a melody spans at most
# Beside other parts a keyboard needs no second staff for what lies as high, is as thin (notes that
# begin at once, in the mean) and can be struck by one hand (semitones).
_HIGH, _THIN, _HAND = 57, 2.2, 14


def find_grid(
    parts: Sequence[Played],
    *,
    tempo: float | None = None,
    metre: Metre | None = None,
    beats: Beats | None = None,
    downbeats: Sequence[float] = (),
    envelope: Envelope | None = None,
) -> Grid:
    """Beats and bars of a performance.

    What is known of ``beats`` is not searched for; ``tempo``, ``metre``, ``downbeats`` (seconds
    where bars begin) and the recording's ``envelope`` steer the search.

    Raises:
        UsageError: for downbeats that are not those of ``beats``.
    """
    if beats is not None and downbeats:
        beats = begin_bars(beats, downbeats, metre)
    # Strokes of trills and grace notes say nothing of the beat.
    notes = [note for part in parts for note in without_ornaments(part.notes).notes]
    onsets = find_onsets(notes)
    first = float(onsets[0]) if len(onsets) else 0.0
    if beats is not None and beats.downbeat is not None and (metre or beats.metre):
        found = metre or beats.metre or Metre()
        return _trimmed(Grid(beats.times, found, beats.downbeat % found.beats), first)
    pulse = hear_pulse(notes) if notes else None
    if beats is None:
        weights = weigh_onsets(notes, onsets)
        grid = track_bars(
            onsets,
            pulse,
            notes=notes,
            weights=weights,
            tempo=tempo,
            metre=metre,
            downbeats=downbeats,
            envelope=envelope,
            alone=_is_soloist(parts),
        )
        return _trimmed(grid, first)
    found, phase = find_metre(
        beats.times, onsets, pulse, metre or beats.metre, beats.count, notes=notes
    )
    if beats.downbeat is not None:
        phase = beats.downbeat % found.beats
    return _trimmed(Grid(beats.times, found, phase), first)


def _is_soloist(parts: Sequence[Played]) -> bool:
    """Whether one plays alone, who may take time; drummers keep it."""
    playing = [part for part in parts if part.notes]
    return len(playing) == 1 and not playing[0].is_drum


def _trimmed(grid: Grid, first: float) -> Grid:
    """The grid from the bar (or pick-up) with the first onset on; extended back if need be."""
    count = grid.metre.beats
    beat = int(np.floor(grid.beat_at(first) + 0.1))
    # The bar of that beat begins at the last downbeat up to it.
    start = beat - (beat - grid.pickup) % count
    late = beat - start
    # Half a bar of rest at the start and more is a pick-up instead.
    origin = beat if late >= count / 2 else start
    last = max(len(grid.times) - 1, origin + 1)
    times = grid.seconds_at(np.arange(origin, last + 1))
    pickup = (start + count - beat) if origin != start else 0
    return replace(grid, times=times, pickup=pickup)


def arrange(parts: Sequence[Played], grid: Grid, *, title: str = "") -> Score:
    """Write what was played on ``grid``; any set of notes gives a score."""
    played = [part for part in parts if part.notes] or [Played("", 0, False, ())]
    placed = place_notes([part.notes for part in played], grid)
    bar_list = bars(_last_end(placed, grid), grid.metre, grid.pickup_ticks)
    placed = [
        [replace(note, end=min(note.end, bar_list[-1][1])) for note in part] for part in placed
    ]
    played, placed = divided(played, placed)
    pitched = [
        note
        for part, notes in zip(played, placed, strict=True)
        if not part.is_drum
        for note in notes
    ]
    key_of = signatures(pitched, bar_list)
    starts = [start for start, _ in bar_list]
    graces = [
        Placed(one.start, one.start + 1, replace(one.note, pitch=pitch))
        for one in pitched
        for pitch in one.graces
    ]
    return Score(
        title=title,
        grid=grid,
        bars=bar_list,
        signatures=key_of,
        tempos=tempo_marks(grid, bar_list),
        parts=_parts(played, placed, bar_list, grid.metre),
        spelling=spell_pitches([*pitched, *graces], list(zip(starts, key_of, strict=True))),
    )


def _last_end(placed: Sequence[Sequence[Placed]], grid: Grid) -> int:
    """Tick where the music ends: what the pedal holds is not followed for more than a bar."""
    everything = [note for part in placed for note in part]
    last_start = max((note.start for note in everything), default=0)
    end = max((note.end for note in everything), default=0)
    return min(end, last_start + grid.metre.bar_ticks)


def _parts(
    played: Sequence[Played],
    placed: Sequence[list[Placed]],
    bar_list: Sequence[tuple[int, int]],
    metre: Metre,
) -> list[Part]:
    free = iter(PITCHED_CHANNELS * (1 + len(played) // len(PITCHED_CHANNELS)))
    names = _numbered([one.name or written_name(one.program, one.is_drum) for one in played])
    short = _numbered([abbreviation(one.program, one.is_drum) for one in played])
    parts = []
    for number, (one, notes) in enumerate(zip(played, placed, strict=True)):
        style = Writing() if one.is_drum else writing(one.program)
        parts.append(
            Part(
                name=names[number],
                abbreviation=short[number],
                program=one.program,
                is_drum=one.is_drum,
                channel=DRUM_CHANNEL if one.is_drum else next(free),
                writing=style,
                staves=_staves(one, style, notes, bar_list, metre, alone=len(played) == 1),
                dynamics=[] if one.is_drum else dynamic_marks(notes, bar_list),
            )
        )
    return parts


def _staves(
    one: Played,
    style: Writing,
    notes: Sequence[Placed],
    bar_list: Sequence[tuple[int, int]],
    metre: Metre,
    *,
    alone: bool,
) -> list[Staff]:
    if one.is_drum:
        return [Staff(drum_voices(notes, metre), ["percussion"] * len(bar_list))]
    hands: list[Sequence[Placed]] = [notes]
    small = bool(notes) and (_is_line(notes) or (not alone and _is_for_one_hand(notes)))
    grand = style.grand and not small
    if grand:
        released = releases(one.notes)
        hands = [without_pedal(hand, released) for hand in split_hands(notes)]
    clefs = ((TREBLE, BASS), (BASS, TREBLE)) if grand else (style.clefs,)
    beat = metre.beat_ticks
    separated = [separate(hand, polyphonic=style.polyphonic, beat=beat) for hand in hands]
    cut = iter(end_at_restrikes([voice for voices in separated for voice in voices]))
    staves: list[Staff] = []
    for voices, allowed in zip(separated, clefs, strict=True):
        own = [next(cut) for _ in voices]
        chosen = choose_clefs(own, bar_list, allowed, style.up)
        high = high_passages(own, style.up, beat) if style.grand and not staves else []
        staves.append(
            Staff(own, chosen, [one for one in high if _in_treble(one, chosen, bar_list)])
        )
    return staves


def _in_treble(
    span: tuple[int, int], clefs: Sequence[str], bar_list: Sequence[tuple[int, int]]
) -> bool:
    """Whether the ticks of ``span`` are all written in the treble clef."""
    within = [
        clef
        for clef, (start, end) in zip(clefs, bar_list, strict=True)
        if start < span[1] and span[0] < end
    ]
    return set(within) == {TREBLE}


def _is_line(notes: Sequence[Placed]) -> bool:
    """Whether a keyboard plays but one melody, which needs no second staff."""
    pitches = [note.note.pitch for note in notes]
    starts = {note.start for note in notes}
    return len(notes) - len(starts) <= 0.05 * len(notes) and max(pitches) - min(pitches) <= _LINE


def _is_for_one_hand(notes: Sequence[Placed]) -> bool:
    """Whether a keyboard's notes are few and high enough for one staff in the treble clef."""
    chords: dict[int, list[int]] = {}
    for note in notes:
        chords.setdefault(note.start, []).append(note.note.pitch)
    widest = max(max(chord) - min(chord) for chord in chords.values())
    lowest = min(min(chord) for chord in chords.values())
    return lowest >= _HIGH and len(notes) <= _THIN * len(chords) and widest <= _HAND


def _numbered(names: Sequence[str]) -> list[str]:
    """``names``; those that parts share are numbered."""
    shared = Counter(names)
    seen: Counter[str] = Counter()
    result = []
    for name in names:
        seen[name] += 1
        result.append(f"{name} {seen[name]}" if shared[name] > 1 else name)
    return result
