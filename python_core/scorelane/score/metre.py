"""Metre and downbeats: which beats begin bars, as the network of ``pulse`` hears it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.notes import Note
from scorelane.score.barlines import KEPT, hear_beats
from scorelane.score.grid import Metre
from scorelane.score.onsets import TOGETHER
from scorelane.score.pulse import FRAME, Pulse, note_columns


@dataclass(frozen=True)
class Choice:
    """A metre that may be found, the log prior in its favour, and what each bar line costs."""

    metre: Metre
    prior: float = 0.0
    bar_cost: float = 0.0


# The network hears the half of a 4/4 bar as well: shorter bars must be heard clearly.
CHOICES = (
    Choice(Metre(4, 4)),
    Choice(Metre(3, 4)),
    Choice(Metre(2, 4), -1.0, 1.2),
    Choice(Metre(12, 8)),
    Choice(Metre(9, 8), -1.0),
    Choice(Metre(6, 8), 3.0, 0.3),
)
_SURE = 3.0  # log odds that a single bar line counts at most
_PICKUP = 1.0  # cost of each beat of a pick-up: most pieces have none or a short one
_BINARY = -3.0  # log odds, as heard, under which beats have no three parts
_COMPOUND = -1.2  # and over which those of bars that were found so have, with less to show
# Least part of the onsets within beats that lie on either third, so many times as many as on halves
# and quarters; and the same of beats that are heard in three: what is swung has no first third.
_CLEAR, _SOME = (0.2, 1.6), (0.1, 1.0)


def find_metre(
    beats: NDArray[np.float64],
    onsets: NDArray[np.float64],
    pulse: Pulse | None,
    metre: Metre | None = None,
    count: int | None = None,
    *,
    notes: Sequence[Note] = (),
) -> tuple[Metre, int]:
    """Metre and the index (less than a bar) of the first beat that begins a bar.

    ``metre``, when given, is kept, and only the place of its bars is found. Of ``count``, the
    beats in a bar, only the division of the beats is found. Bars are heard beat by beat in the
    ``notes``, where these are given.
    """
    choices = [choice for choice in CHOICES if count in (None, choice.metre.beats)]
    if not choices:
        metre = metre or Metre(count or 4, 4)
    if pulse is None:
        return metre or Metre(count or 4, 4), 0
    odds = bar_odds(beats, pulse)
    if len(notes) and len(beats) > 1:
        following = 2 * beats[-1] - beats[-2]
        heard = hear_beats(note_columns(notes), np.append(beats, following))
        odds = KEPT * odds + heard.begins
    odds[beats > onsets[-1] + TOGETHER] = 0.0  # where the last beat ends, nothing may begin
    if metre is not None:
        return metre, _best_phase(odds, metre.beats)[1]
    three = _in_thirds(beats, onsets, pulse)
    scored = []
    for choice in choices:
        if choice.metre.is_compound == three:
            fit, phase = _best_phase(odds - choice.bar_cost, choice.metre.beats)
            scored.append((fit + choice.prior, phase, choice.metre))
    _, phase, found = max(scored, key=lambda one: one[0])
    return found, phase


def divided(
    metre: Metre, beats: NDArray[np.float64], onsets: NDArray[np.float64], pulse: Pulse
) -> Metre:
    """``metre``, or that of as many beats in two or three parts, if they are played so."""
    three = _in_thirds(beats, onsets, pulse)
    if metre.is_compound and pulse.compound > _COMPOUND:
        three = _is_ternary(beats, onsets, *_SOME)
    alike = (choice.metre for choice in CHOICES if choice.metre.beats == metre.beats)
    return next(one for one in alike if one.is_compound == three)


def _in_thirds(beats: NDArray[np.float64], onsets: NDArray[np.float64], pulse: Pulse) -> bool:
    """Whether the beats have three parts: as the network hears it, and as the onsets lie."""
    return pulse.compound > _BINARY and _is_ternary(beats, onsets, *_CLEAR)


def bar_odds(beats: NDArray[np.float64], pulse: Pulse) -> NDArray[np.float64]:
    """Log odds that each beat, if it is one, begins a bar."""

    def likely(values: NDArray[np.float64]) -> NDArray[np.float64]:
        near = [pulse.at(values, beats + shift * FRAME) for shift in (-1.0, 0.0, 1.0)]
        chance: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.max(near, axis=0)))
        return chance

    share = np.clip(likely(pulse.bar) / np.maximum(likely(pulse.beat), 1e-6), 1e-3, 0.999)
    return np.clip(np.log(share / (1.0 - share)), -_SURE, _SURE)


def _best_phase(odds: NDArray[np.float64], count: int) -> tuple[float, int]:
    """Log odds of bars of ``count`` beats at their best place, and their first beat."""
    fits = [float(odds[phase::count].sum()) - _PICKUP * phase for phase in range(count)]
    phase = int(np.argmax(fits))
    return fits[phase], phase


def _is_ternary(
    beats: NDArray[np.float64], onsets: NDArray[np.float64], least: float, times: float
) -> bool:
    """Whether the beats are divided in three, evenly enough not to be swing."""
    phase = np.interp(onsets, beats, np.arange(len(beats))) % 1.0
    inner = phase[(phase > 0.18) & (phase < 0.82)]
    if len(inner) < 8:
        return False
    thirds = [np.abs(inner - third) < 0.07 for third in (1 / 3, 2 / 3)]
    both = min(thirds[0].mean(), thirds[1].mean())
    binary = (np.abs(inner - 0.5) < 0.07).mean() + 0.5 * (
        (np.abs(inner - 0.25) < 0.05).mean() + (np.abs(inner - 0.75) < 0.05).mean()
    )
    return bool(both > least and thirds[0].mean() + thirds[1].mean() > times * binary)
