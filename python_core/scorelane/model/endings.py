"""When notes end: judged over time, from when they begin.

A frame alone tells little of it: pianos die away, rooms ring on, and a bow that turns sounds like
an end. So for every pitch a small network looks at the evidence of a quarter of a second and says
how likely a note that still sounds ends just then. A note is over where it has more likely than
not ended within an eighth of a second; what it has outlived before no longer counts.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_REACH = 9
"""Frames that each of two layers looks at."""

_HIDDEN = 16
_SCALE = 0.25
"""Brings logits of evidence to about 1."""

_OVER = math.log(2.0)
"""The risk run by a note that is as likely over as not."""

_MEMORY_S = 0.13
"""Seconds of risk that count: small ones add up over long notes that nothing ends."""

_SOUNDING, _SILENT = 2, -2.0
"""Which question about a pitch is whether it sounds, and the logit below which it does not."""

# Labels are known to a frame: the ones beside are a little right.
_BESIDE = ((-1, 0.25), (0, 0.5), (1, 0.25))


class Endings(nn.Module):
    """The risk of notes to end, frame by frame."""

    def __init__(self, questions: int, steps_per_second: int) -> None:
        super().__init__()
        self.scale, self.over = _SCALE, _OVER
        self.sounding, self.silent = _SOUNDING, _SILENT
        self.memory = round(_MEMORY_S * steps_per_second)
        self.listen = nn.Conv1d(questions, _HIDDEN, _REACH, padding=_REACH // 2)
        self.compare = nn.Conv1d(_HIDDEN, _HIDDEN, _REACH, padding=_REACH // 2)
        self.judge = nn.Linear(_HIDDEN, 1)
        # Few notes end in any one frame: begin by saying so.
        nn.init.constant_(self.judge.bias, -3.0)

    def forward(self, evidence: Tensor) -> Tensor:
        """Logits [n, frames] of ending in each frame of n pitches' ``evidence`` [n, frames, 3]."""
        heard = F.gelu(self.listen(self.scale * evidence.transpose(1, 2)), approximate="tanh")
        heard = F.gelu(self.compare(heard), approximate="tanh")
        logits: Tensor = self.judge(heard.transpose(1, 2)).squeeze(2).float()
        return logits

    def risks(self, evidence: Tensor) -> Tensor:
        """Risk run up to and with each frame [batch, frames, 88], from ``evidence`` [.., 3].

        Most pitches are silent in most segments; what is written there is over in every frame.
        """
        batch, frames, pitches = evidence.shape[:3]
        lines = evidence.transpose(1, 2).flatten(0, 1)
        risk = torch.full((batch * pitches, frames), self.over, device=evidence.device)
        heard = (lines[:, :, self.sounding].amax(1) > self.silent).nonzero().squeeze(1)
        # -log(1 - p) adds up where chances of living on multiply.
        risk[heard] = F.softplus(self.forward(lines[heard]))
        return risk.cumsum(1).view(batch, pitches, frames).transpose(1, 2)

    def until(self, risk: Tensor) -> Tensor:
        """For each step the one until which a note lasts that sounds there.

        ``risk`` [batch, steps, n] is the risk run up to each step; the result, of the same shape,
        holds the number of steps where a note outlasts them.
        """
        lines = risk.transpose(1, 2).contiguous()
        steps = lines.size(2)
        step = torch.arange(steps, device=risk.device)
        soon = torch.searchsorted(lines, lines + self.over)
        recent = lines - F.pad(lines, (self.memory, 0))[:, :, :steps]
        over = torch.where(recent >= self.over, step, steps)
        first = over.flip(2).cummin(2).values.flip(2)
        later = F.pad(first, (0, self.memory), value=float(steps))[:, :, self.memory :]
        return torch.where(soon <= step + self.memory, soon, later).transpose(1, 2)


def ending_loss(logits: Tensor, begin: Tensor, end: Tensor) -> Tensor:
    """How unlikely the true ends of n notes are: their mean negative log likelihood.

    ``logits`` [n, frames] are :class:`Endings`'; ``begin`` and ``end`` [n] the frames in which the
    notes begin and end, the latter the number of frames where they outlast the window. Without
    notes the loss is 0.
    """
    frames = logits.size(1)
    risk = F.pad(F.softplus(logits).cumsum(1), (1, 0))
    before = risk.gather(1, begin.unsqueeze(1))
    chances = []
    for beside, weight in _BESIDE:
        at = (end + beside).clamp(0, frames - 1).unsqueeze(1)
        lived = before - risk.gather(1, at)
        chances.append(lived + F.logsigmoid(logits.gather(1, at)) + math.log(weight))
    ended = torch.logsumexp(torch.cat(chances, 1), 1)
    outlasted = (before - risk[:, -1:]).squeeze(1)
    unlikely = -torch.where(end < frames, ended, outlasted)
    return unlikely.sum() / max(1, len(unlikely))
