"""How good a transcription is: MT3's scores for two lists of notes.

Definitions follow MT3 (arXiv 2111.03017) and mir_eval: notes are paired one to one, as many pairs
as possible, within a tolerance; precision counts pairs over estimated notes, recall over
reference notes. Everything is computed from such pairs except the frame score.

A score is ``None`` where the reference cannot support it: pitched scores when only drums are
annotated, drum scores without annotated drums. A reference without any note is kept only by an
estimate without any (1 if so, else 0).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from mir_eval import transcription

from scorelane.instruments import midi_class
from scorelane.notes import Note

ONSET_TOLERANCE = 0.05
OFFSET_RATIO = 0.2
FRAMES_PER_SECOND = 62.5
# As MT3 draws its piano rolls: shorter notes fill this many seconds.
SHORTEST_IN_FRAMES = 0.05
# mir_eval wants notes that last; nothing the metrics measure is finer than this.
SHORTEST = 0.001

Key = Callable[[Note], Hashable]
Pair = tuple[Note, Note]


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean, each 0-1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Every score of one clip; ``None`` where the reference cannot support it.

    ``onset`` and ``onset_offset``: pitched notes by pitch. ``frame``: pitches sounding in frames
    of 16 ms. ``multi_flat``, ``multi_class``, ``multi_full``: MT3's multi-instrument score, onset,
    offset and program (none, MIDI class, exact), drums by onset and key. ``drum_key``: drum hits
    by exact General MIDI key, as MT3 scores them; ``drum_group``: by kick, snare, hi-hat, toms,
    cymbals; ``drum_any``: by time alone. ``velocity``: Pearson correlation over notes paired by
    onset. ``right_class``: when the reference has a single pitched instrument, the share of
    estimated notes that have its MIDI class.
    """

    onset: Score | None = None
    onset_offset: Score | None = None
    frame: Score | None = None
    multi_flat: Score | None = None
    multi_class: Score | None = None
    multi_full: Score | None = None
    drum_key: Score | None = None
    drum_group: Score | None = None
    drum_any: Score | None = None
    velocity: float | None = None
    right_class: float | None = None

    def as_dict(self) -> dict[str, object]:
        """Nested plain values, ready for JSON."""
        return asdict(self)

    def headline(self, name: str) -> float | None:
        """The one number shown for score ``name``: an F1, a correlation or a share."""
        value: Score | float | None = getattr(self, name)
        return value.f1 if isinstance(value, Score) else value


def score(
    reference: Sequence[Note],
    estimate: Sequence[Note],
    onset_tolerance: float = ONSET_TOLERANCE,
    silent_velocity: int = 0,
) -> Scores:
    """Compare ``estimate`` with ``reference``.

    ``onset_tolerance`` is in seconds; the smallest offset tolerance grows with it, so that notes
    aligned roughly can be scored at 0.1. ``silent_velocity`` is that of :func:`frame_score`.
    """
    pitched, drums = _split(reference)
    found_pitched, found_drums = _split(estimate)
    pair = partial(pair_notes, onset_tolerance=onset_tolerance)
    onset_pairs = pair(pitched, found_pitched, _pitch)
    drum_pairs = pair(drums, found_drums, _pitch)

    def pitched_score(pairs: Sequence[Pair]) -> Score:
        return _f1(len(pairs), len(found_pitched), len(pitched))

    def drum_score(pairs: Sequence[Pair]) -> Score:
        return _f1(len(pairs), len(found_drums), len(drums))

    def multi(program: Callable[[int], int]) -> Score:
        pairs = pair(pitched, found_pitched, _track_and_pitch(program), offsets=True)
        return _f1(len(pairs) + len(drum_pairs), len(estimate), len(reference))

    scores = Scores(
        velocity=_velocity_correlation([*onset_pairs, *drum_pairs]),
        right_class=_right_class(reference, estimate),
    )
    if drums:
        scores = replace(
            scores,
            drum_key=drum_score(drum_pairs),
            drum_group=drum_score(pair(drums, found_drums, lambda note: drum_group(note.pitch))),
            drum_any=drum_score(pair(drums, found_drums, lambda note: None)),
        )
    if pitched or not drums:
        scores = replace(
            scores,
            onset=pitched_score(onset_pairs),
            onset_offset=pitched_score(pair(pitched, found_pitched, _pitch, offsets=True)),
            frame=frame_score(pitched, found_pitched, silent_velocity),
            multi_flat=multi(lambda program: 0),
            multi_class=multi(midi_class),
            multi_full=multi(lambda program: program),
        )
    return scores


def pair_notes(
    reference: Iterable[Note],
    estimate: Iterable[Note],
    key: Key,
    *,
    onset_tolerance: float = ONSET_TOLERANCE,
    offsets: bool = False,
) -> list[Pair]:
    """Pair notes of equal ``key`` one to one, as many as possible (mir_eval's matching).

    Onsets lie within ``onset_tolerance`` seconds; with ``offsets`` the offsets also lie within
    the larger of that and a fifth of the reference note. Notes are bucketed by key first, which
    gives the same pairs as one big matching in a fraction of its memory.
    """
    theirs = _bucket(estimate, key)
    pairs: list[Pair] = []
    for value, ours in _bucket(reference, key).items():
        candidates = theirs.get(value, [])
        if not candidates:
            continue
        matched = transcription.match_notes(
            _intervals(ours),
            np.ones(len(ours)),
            _intervals(candidates),
            np.ones(len(candidates)),
            onset_tolerance=onset_tolerance,
            offset_ratio=OFFSET_RATIO if offsets else None,
            offset_min_tolerance=onset_tolerance,
        )
        pairs.extend((ours[i], candidates[j]) for i, j in matched)
    return pairs


def frame_score(
    reference: Sequence[Note], estimate: Sequence[Note], silent_velocity: int = 0
) -> Score:
    """Frame score of pitched notes at 62.5 frames a second, whatever the instrument.

    A note lasts at least 50 ms. What the reference plays with no more than ``silent_velocity``,
    all instruments together, does not count; MT3 sets it to 30 for its corpora.
    """
    frames = 1 + max((_last_frame(note) for note in (*reference, *estimate)), default=0)
    ours = _roll(reference, frames) > silent_velocity
    theirs = _roll(estimate, frames) > 0
    return _f1(int((ours & theirs).sum()), int(theirs.sum()), int(ours.sum()))


def drum_group(key: int) -> str:
    """Part of the kit that a General MIDI drum key (0-127) belongs to; other keys stand alone."""
    return _DRUM_GROUPS.get(key, f"key {key}")


_DRUM_GROUPS = {
    key: group
    for group, keys in {
        "kick": (35, 36),
        "snare": (37, 38, 39, 40),
        "hi-hat": (42, 44, 46),
        "toms": (41, 43, 45, 47, 48, 50),
        "cymbals": (49, 51, 52, 53, 55, 57, 59),
    }.items()
    for key in keys
}


def _pitch(note: Note) -> int:
    return note.pitch


def _track_and_pitch(program: Callable[[int], int]) -> Key:
    return lambda note: (program(note.program), note.pitch)


def _split(notes: Iterable[Note]) -> tuple[list[Note], list[Note]]:
    pitched: list[Note] = []
    drums: list[Note] = []
    for note in notes:
        (drums if note.is_drum else pitched).append(note)
    return pitched, drums


def _bucket(notes: Iterable[Note], key: Key) -> dict[Hashable, list[Note]]:
    buckets: dict[Hashable, list[Note]] = defaultdict(list)
    for note in notes:
        buckets[key(note)].append(note)
    return buckets


def _intervals(notes: Sequence[Note]) -> npt.NDArray[np.float64]:
    return np.array([(n.onset, max(n.offset, n.onset + SHORTEST)) for n in notes])


def _f1(pairs: int, estimated: int, referenced: int) -> Score:
    if not estimated and not referenced:
        return Score(1.0, 1.0, 1.0)
    precision = pairs / estimated if estimated else 0.0
    recall = pairs / referenced if referenced else 0.0
    return Score(precision, recall, 2 * pairs / (estimated + referenced))


def _frame(time: float) -> int:
    # Rounded first: 2.016 s times 62.5 must not fall short of 126 by a float's last bit.
    return int(round(time * FRAMES_PER_SECOND, 6))


def _last_frame(note: Note) -> int:
    shortest = note.onset + SHORTEST_IN_FRAMES
    # Against the last bit of a float: 0.05 s must not be shorter than 0.05 s.
    return _frame(shortest if note.duration < SHORTEST_IN_FRAMES - 1e-9 else note.offset)


def _roll(notes: Iterable[Note], frames: int) -> npt.NDArray[np.int32]:
    """Velocities that sound together [pitch, frame]."""
    roll = np.zeros((128, frames), dtype=np.int32)
    for note in notes:
        roll[note.pitch, _frame(note.onset) : _last_frame(note)] += note.velocity
    return roll


def _velocity_correlation(pairs: Sequence[Pair]) -> float | None:
    ours = np.array([ours.velocity for ours, _ in pairs], dtype=np.float64)
    theirs = np.array([theirs.velocity for _, theirs in pairs], dtype=np.float64)
    if len(pairs) < 2 or not ours.std() or not theirs.std():
        return None
    return float(np.corrcoef(ours, theirs)[0, 1])


def _right_class(reference: Sequence[Note], estimate: Sequence[Note]) -> float | None:
    lanes = {note.lane for note in reference}
    if len(lanes) != 1 or not estimate:
        return None
    ((is_drum, program),) = lanes
    if is_drum:
        return None
    right = sum(not n.is_drum and midi_class(n.program) == midi_class(program) for n in estimate)
    return right / len(estimate)
