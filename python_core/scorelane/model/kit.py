"""The kit: what sounds alike in a recording is judged alike.

A drummer strikes few drums, again and again. What is struck at one moment is judged by the
evidence of that moment, which what else sounds there may drown or feign; so it is judged once more
beside the moments that look most like it: what they mostly have it has, what they mostly lack it
lacks. TorchScript compiles this as part of the archive.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.strokes import NEVER, families, maximum, steps_apart

HEARD = -2.5
"""Evidence of any drum from which a moment counts."""

LIKE, FEWEST = 16, 48
"""Each moment is judged beside one of so many that there are; of fewer none is."""

CLIP, WIDTH = 2.0, 60.0
"""Evidence beyond which more says nothing, and squared distance at which a moment counts e times
less."""

_AT_ONCE = 2048
"""Moments that are compared with each other: four minutes or more."""


class Kit(nn.Module):
    """Finds the moments of a recording that sound alike."""

    members: Tensor
    family: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        members, family = families()
        self.register_buffer("members", members, persistent=False)
        self.register_buffer("family", family, persistent=False)
        self.reach = steps_apart(config)
        self.never, self.heard = NEVER, HEARD
        self.like, self.fewest, self.at_once = LIKE, FEWEST, _AT_ONCE
        self.clip, self.width = CLIP, WIDTH

    def forward(self, struck: Tensor) -> Tensor:
        """What each drum gains at each step, in the shape of ``struck``.

        ``struck`` [segments, steps, drum keys] is the evidence of drums at its peaks and far
        below zero elsewhere, of segments of one recording.
        """
        loudest = struck.amax(2, keepdim=True)
        is_moment = (loudest >= maximum(loudest, self.reach)) & (loudest > self.heard)
        place = is_moment.squeeze(2).nonzero()
        gains: list[Tensor] = []
        if place.size(0) > 0:
            grouped = F.pad(struck, (0, 1), value=self.never)[:, :, self.members].amax(3)
            near = maximum(grouped, self.reach)[place[:, 0], place[:, 1]]
            for moments in torch.split(near.clamp(-self.clip, self.clip), self.at_once):
                gains.append(self._gain(moments))
        changed = torch.zeros_like(struck)
        if len(gains) == 0:
            return changed
        gain = torch.cat(gains)[:, self.family]
        last = struck.size(1) - 1
        # Where two moments are near to a step, the nearer comes last.
        for distance in range(self.reach, -1, -1):
            for step in (place[:, 1] - distance, place[:, 1] + distance):
                inside = (step >= 0) & (step <= last)
                changed[place[inside, 0], step[inside]] = gain[inside]
        return changed

    def _gain(self, moments: Tensor) -> Tensor:
        """What each family of drums gains in each of ``moments`` [n, families]."""
        if moments.size(0) < self.fewest:
            return torch.zeros_like(moments)
        count = moments.size(0) // self.like
        distance = torch.cdist(moments, moments).square().fill_diagonal_(float("inf"))
        nearest, others = distance.topk(count, largest=False)
        weight = torch.exp(-nearest / self.width).unsqueeze(2)
        alike = (moments + (weight * moments[others]).sum(1)) / (1.0 + weight.sum(1))
        return alike - moments
