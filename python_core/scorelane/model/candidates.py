"""Candidates: the notes that may begin in a segment, and what is known of each.

TorchScript compiles this as part of the archive.
"""

import torch
from torch import Tensor, nn

from scorelane.model.config import ModelConfig
from scorelane.model.frontend import PITCH_FEATURES, PITCHES

HEARD = -2.5
"""Evidence from which a note may begin."""

MOST = 192
"""Candidates of a segment: those with the most evidence."""

STEP, PITCH, EVIDENCE, FIRST = 0, 1, 2, 3
"""Columns of a candidate: where it begins, and the evidence for that; then what is known of it."""

_BEGINS, _SOUNDS, _ENDS = (-6, -3, 0, 3, 6), (-8, -4, 0, 4, 8), (-4, 0, 4, 8)
"""How many steps from there it is asked whether the pitch begins, sounds and ends."""
_STILL, _LATER = (8, 16), 4
"""Frames after which it is asked whether it sounds still, and after which it is looked at again."""

OWN = len(_BEGINS) // 2
"""Which of the answers speaks of where it begins itself."""

ASKED = len(_BEGINS) + len(_SOUNDS) + len(_ENDS) + len(_STILL)
"""Answers to these questions, the first columns of what is known."""


def columns(config: ModelConfig) -> int:
    """How many columns a candidate has.

    Place and evidence, answers, log probabilities of programs, the pitch's features and the same a
    little later.
    """
    return FIRST + ASKED + len(config.written_programs) + 2 * PITCH_FEATURES


class Candidates(nn.Module):
    """Finds them."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.frames_per_step, self.first_frame = config.frames_per_step, config.first_frame
        self.stack = config.network.frames_per_state
        self.most = min(MOST, PITCHES * config.steps)
        self.pitches = PITCHES
        self.begins, self.sounds, self.ends = list(_BEGINS), list(_SOUNDS), list(_ENDS)
        self.still, self.later = list(_STILL), _LATER

    def forward(
        self, peaks: Tensor, answers: list[Tensor], at_steps: Tensor, margin: int
    ) -> Tensor:
        """The candidates of each segment [batch, most, columns]; fewer have no evidence.

        ``peaks`` [batch, steps, 88] is the evidence of notes at its peaks, far below zero
        elsewhere, ``answers`` are the encoder's. ``at_steps`` [steps and ``margin`` at both ends,
        frames] reads at steps what is known of frames.
        """
        notes, fits, pitches = answers[0], answers[2], answers[5]
        evidence, place = peaks.flatten(1).topk(self.most, dim=1)
        step, pitch = torch.div(place, self.pitches, rounding_mode="floor"), place % self.pitches
        row = torch.arange(len(peaks), device=peaks.device).unsqueeze(1).expand_as(place)
        frame = (step * self.frames_per_step + self.first_frame).round().long()
        state = (step * self.frames_per_step + self.first_frame) / self.stack
        now = state.long().clamp(max=fits.size(1) - 1)
        next_one = (now + 1).clamp(max=fits.size(1) - 1)
        last = notes.size(1) - 1
        by_step = (at_steps @ notes.flatten(2)).view(len(notes), -1, self.pitches, notes.size(3))
        known = [step.unsqueeze(2), pitch.unsqueeze(2), evidence.unsqueeze(2)]
        for question, offsets in enumerate([self.begins, self.ends, self.sounds]):
            answer = by_step.select(3, question)
            for offset in offsets:
                at = (step + (margin + offset)).clamp(0, by_step.size(1) - 1)
                known.append(answer[row, at, pitch].unsqueeze(2))
        sounding = notes.select(3, 2)
        for offset in self.still:
            known.append(sounding[row, (frame + offset).clamp(max=last), pitch].unsqueeze(2))
        known.append((fits[row, now, :, pitch] + fits[row, next_one, :, pitch]) / 2)
        for offset in [0, self.later]:
            known.append(pitches[row, (frame + offset).clamp(max=last), pitch])
        return torch.cat(known, dim=2)
