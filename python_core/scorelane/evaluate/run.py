"""Transcribing clips and scoring what comes out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from scorelane.evaluate.clips import Recorded
from scorelane.evaluate.metrics import ONSET_TOLERANCE, Scores, score
from scorelane.notes import Note

# References aligned to the sound by machine are off by more than the usual tolerance.
ROUGH_ONSET_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """Notes found in a clip, and the seconds of sound gone through to find them."""

    notes: Sequence[Note]
    seconds: float = 0.0


Transcribe = Callable[[Recorded], Estimate]


@dataclass(frozen=True, slots=True)
class ClipResult:
    """True and found notes of one clip, and the scores.

    ``scores`` are at the tolerance asked for, ``rough`` at the one for rough references.
    ``seconds`` is the length of the sound, ``elapsed`` the seconds that transcribing it took,
    reading the file included; both are 0 when the notes came from a file.
    """

    name: str
    group: str
    reference: Sequence[Note]
    estimate: Sequence[Note]
    seconds: float
    elapsed: float
    scores: Scores
    rough: Scores


def evaluate_clips(
    clips: Iterable[Recorded],
    transcribe: Transcribe,
    onset_tolerance: float = ONSET_TOLERANCE,
) -> Iterator[ClipResult]:
    """Transcribe each clip, score it, and yield the result as soon as it is there.

    ``onset_tolerance`` is in seconds. Errors of ``transcribe`` and of reading notes pass through.
    """
    for clip in clips:
        reference = clip.notes()
        began = time.perf_counter()
        estimate = transcribe(clip)
        elapsed = time.perf_counter() - began
        rough = max(onset_tolerance, ROUGH_ONSET_TOLERANCE)
        scores, rough_scores = (
            score(reference, estimate.notes, tolerance, clip.silent_velocity)
            for tolerance in (onset_tolerance, rough)
        )
        yield ClipResult(
            name=clip.name,
            group=clip.group,
            reference=reference,
            estimate=estimate.notes,
            seconds=estimate.seconds,
            elapsed=elapsed if estimate.seconds else 0.0,
            scores=scores,
            rough=rough_scores,
        )
