"""What only a trained model's own mistakes can teach: how far to trust its evidence.

The model transcribes clips whose notes are known. How far decoding trusts the evidence
(:mod:`scorelane.model.evidence`) is chosen by the notes that come out. Confidence is the evidence
for a note's beginning through a logistic curve that is fitted to what was right, one for pitched
notes and one for drums: a note of confidence 0.8 is right eight times in ten. Velocities are spread
as far as those of the clips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from scorelane import engine
from scorelane.errors import ModelError, UsageError
from scorelane.evaluate.clips import Clip, read_notes
from scorelane.evaluate.metrics import Scores, drum_group, pair_notes, score
from scorelane.model.export import export_archive
from scorelane.model.weights import load_weights, save_weights
from scorelane.notes import Note
from scorelane.transcribe import transcribe

BELIEF, TRUST = "decoder.hints.belief", "decoder.hints.trust"
DYNAMICS = "decoder.hints.dynamics"
TRUSTS = (0.5, 1.0, 1.5)
LEAST_NOTES = 50
_THRESHOLDS = np.arange(0.0, 0.61, 0.05)
_NEWTON_STEPS = 30
_PRIOR = 1e-3
_PLAIN = (1.0, 0.0)

Curve = tuple[float, float]
"""Factor and offset from evidence to the logit of being right, or from one velocity to another."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found: trust, curves of confidence and velocity for pitched notes and drums, the
    threshold that gives the best notes, and their F1."""

    trust: float
    belief: tuple[Curve, Curve]
    dynamics: tuple[Curve, Curve]
    default_confidence: float
    f1: float


@dataclass(frozen=True, slots=True)
class _Heard:
    """A clip's true notes, and what the model wrote with the evidence for each note of it."""

    truth: Sequence[Note]
    notes: Sequence[Note]
    evidence: NDArray[np.float64]


def calibrate(
    weights: Path, clips: Sequence[Clip], on_progress: Callable[[float], None]
) -> Calibration:
    """Fit trust and confidence of the model in ``weights`` to ``clips``, and write them there.

    ``on_progress`` hears the share of the work that is done. A kind of note (pitched or drums) of
    which the clips hold too few keeps its curve.

    Raises:
        ModelError: the folder holds no model, or one without evidence.
        UsageError: a clip has no audio.
    """
    model, config = load_weights(weights)
    tensors = model.state_dict()
    if BELIEF not in tensors:
        raise ModelError(f"the model in {weights} hears no evidence that could be calibrated")
    old = {name: [(float(a), float(b)) for a, b in tensors[name]] for name in (BELIEF, DYNAMICS)}
    tensors[BELIEF] = tensors[DYNAMICS] = torch.tensor([_PLAIN, _PLAIN])
    found: list[Calibration] = []
    with TemporaryDirectory() as folder:
        for trust in TRUSTS:
            trial = Path(folder) / str(trust)
            tensors[TRUST] = torch.tensor(trust)
            save_weights(tensors, config, trial, torch.float16)
            export_archive(trial, trial / "model.pt")
            loaded = engine.load(trial / "model.pt", device="cpu")
            heard = []
            for clip in clips:
                heard.append(_hear(clip, loaded))
                on_progress((len(found) + len(heard) / len(clips)) / len(TRUSTS))
            pitched, drums = (_fit_kind(heard, kind, old[BELIEF][kind]) for kind in (False, True))
            soft, hard = (_fit_dynamics(heard, kind, old[DYNAMICS][kind]) for kind in (False, True))
            threshold, f1 = _best_threshold(heard, (pitched, drums))
            found.append(Calibration(trust, (pitched, drums), (soft, hard), threshold, f1))
    best = max(found, key=lambda calibration: calibration.f1)
    tensors[TRUST] = torch.tensor(best.trust)
    tensors[BELIEF] = torch.tensor(best.belief)
    tensors[DYNAMICS] = torch.tensor(best.dynamics)
    config = replace(config, default_confidence=best.default_confidence)
    save_weights(tensors, config, weights, torch.float16)
    return best


def _hear(clip: Clip, loaded: engine.Engine) -> _Heard:
    """Transcribe with an engine whose confidence is the plain evidence."""
    if clip.audio is None:
        raise UsageError(f"{clip.name} has notes but no audio to transcribe.")
    notes = transcribe(clip.audio, model=loaded, sensitivity=1.0).notes
    confidence = np.clip([note.confidence for note in notes], 1e-6, 1 - 1e-6)
    evidence = np.log(confidence / (1.0 - confidence))
    return _Heard(read_notes(clip.reference), notes, evidence)


def _fit_kind(heard: Sequence[_Heard], is_drum: bool, old: Curve) -> Curve:
    evidence: list[float] = []
    right: list[bool] = []
    for clip in heard:
        paired = {id(note) for _, note in _pairs(clip, is_drum)}
        right += [id(note) in paired for note in clip.notes if note.is_drum == is_drum]
        pairs = zip(clip.notes, clip.evidence, strict=True)
        evidence += [value for note, value in pairs if note.is_drum == is_drum]
    if len(right) < LEAST_NOTES:
        return old
    return fit_curve(np.array(evidence), np.array(right))


def _pairs(clip: _Heard, is_drum: bool) -> list[tuple[Note, Note]]:
    """True notes of a kind and what the model wrote for them."""
    key = (lambda n: drum_group(n.pitch)) if is_drum else (lambda n: n.pitch)
    truth = [note for note in clip.truth if note.is_drum == is_drum]
    return pair_notes(truth, [note for note in clip.notes if note.is_drum == is_drum], key)


def _fit_dynamics(heard: Sequence[_Heard], is_drum: bool, old: Curve) -> Curve:
    velocities = [
        np.array([(note.velocity, true.velocity) for true, note in _pairs(clip, is_drum)])
        for clip in heard
    ]
    velocities = [pairs for pairs in velocities if len(pairs)]
    if sum(map(len, velocities)) < LEAST_NOTES:
        return old
    return fit_line([_velocity_logit(pairs) for pairs in velocities])


def _velocity_logit(velocities: NDArray[np.int_]) -> NDArray[np.float64]:
    # Nobody hears 127 from 122: logits without bounds would make much of it.
    share = np.clip(velocities / 127.0, 0.04, 0.96)
    return np.asarray(np.log(share / (1.0 - share)))


def fit_line(clips: Sequence[NDArray[np.float64]]) -> Curve:
    """Factor and offset that lead from the first column of ``clips`` [n, 2] to the second.

    The factor is that of least squares about the mean of each clip: how loud a whole clip was
    played cannot be heard.
    """
    means = np.stack([pairs.mean(axis=0) for pairs in clips])
    beside = np.concatenate([pairs - mean for pairs, mean in zip(clips, means, strict=True)])
    spread = float(np.square(beside[:, 0]).sum())
    factor = max(0.0, float(beside.prod(axis=1).sum()) / spread) if spread > 0 else 1.0
    center = np.concatenate(clips).mean(axis=0)
    return factor, float(center[1] - factor * center[0])


def fit_curve(evidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Curve:
    """Logistic regression of ``right`` [n] on ``evidence`` [n], by Newton's method."""
    inputs = np.stack([evidence, np.ones_like(evidence)], axis=1)
    curve = np.array([1.0, 0.0])
    for _ in range(_NEWTON_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(inputs @ curve, -30, 30)))
        gradient = inputs.T @ (chance - right) + _PRIOR * curve
        curvature = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + _PRIOR * np.eye(2)
        curve = curve - np.linalg.solve(curvature, gradient)
    return float(curve[0]), float(curve[1])


def _best_threshold(heard: Sequence[_Heard], curves: Sequence[Curve]) -> tuple[float, float]:
    """The confidence below which notes do more harm than good, and the F1 of the others."""
    quality = {
        round(float(threshold), 2): float(np.mean([_f1(clip, curves, threshold) for clip in heard]))
        for threshold in _THRESHOLDS
    }
    best = max(quality, key=lambda threshold: quality[threshold])
    return best, quality[best]


def _f1(clip: _Heard, curves: Sequence[Curve], threshold: float) -> float:
    least = np.log(threshold / (1 - threshold)) if threshold > 0 else -np.inf
    kept = [
        note
        for note, evidence in zip(clip.notes, clip.evidence, strict=True)
        if evidence * curves[note.is_drum][0] + curves[note.is_drum][1] >= least
    ]
    scores: Scores = score(clip.truth, kept)
    values = [s.f1 for s in (scores.onset, scores.drum_group) if s is not None]
    return float(np.mean(values))
