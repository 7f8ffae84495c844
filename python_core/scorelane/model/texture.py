"""The texture: each note that may begin is judged beside all that may in half a minute.

The evidence of a pitch is judged by itself: an overtone looks like a note, and nobody asks what
else sounds, what came before, or who plays. So layers of a transformer look at all candidates
together, at what is known of each and at how far apart they lie in time and in pitch, and say how
much likelier each is than it seemed. TorchScript compiles this as part of the archive.
"""

import math

import torch
from torch import Tensor, nn

from scorelane.model.candidates import ASKED, EVIDENCE, FIRST, HEARD, PITCH, STEP, columns
from scorelane.model.config import ModelConfig
from scorelane.model.frontend import PITCHES
from scorelane.model.layers import EncoderLayer, comparing, norm, shared_out

LEAST, CLEAR = -6.0, 4.0
"""Evidence beyond which more says nothing."""

_WIDTH, _HEADS = 160, 5
_FASTEST, _SLOW, _SLOWEST = 0.5, 0.003, 0.001
"""Radians per step by which time turns queries and keys."""
_NEAREST, _FARTHEST = 2.6, 0.04
"""Radians per semitone by which pitch does."""

_AT_ONCE = 20
"""Segments at most whose candidates are compared, 40 seconds; it learns from 25."""


class Texture(nn.Module):
    """Says what each candidate gains."""

    by_time: Tensor
    by_time_too: Tensor
    by_pitch: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        network = comparing(config.network, _WIDTH, _HEADS)
        self.apart = config.segment_seconds * config.steps_per_second
        self.heard, self.least, self.clear = HEARD, LEAST, CLEAR
        self.step, self.place, self.evidence, self.first = STEP, PITCH, EVIDENCE, FIRST
        self.asked, self.programs = ASKED, len(config.written_programs)
        self.at_once = _AT_ONCE
        self.enter = nn.Linear(columns(config) - FIRST, network.width)
        self.pitch = nn.Embedding(PITCHES, network.width)
        self.layers = nn.ModuleList(EncoderLayer(network) for _ in range(network.texture_layers))
        self.norm = norm(network.width)
        self.gain = nn.Linear(network.width, 1)
        nn.init.normal_(self.pitch.weight, std=0.3)
        nn.init.zeros_(self.gain.weight)
        nn.init.zeros_(self.gain.bias)
        half = network.head_width // 2
        near = half // 2
        for name, rates in {
            "by_time": _rates(_FASTEST, _SLOWEST, half),
            "by_time_too": _rates(_FASTEST, _SLOW, half - near),
            "by_pitch": _rates(_NEAREST, _FARTHEST, near),
        }.items():
            self.register_buffer(name, rates, persistent=False)

    def forward(self, candidates: Tensor) -> Tensor:
        """What each of the ``candidates`` gains [segments, most]; those without evidence nothing.

        ``candidates`` [segments, most, columns] are those of the segments of a recording, in their
        order.
        """
        return torch.cat([self._together(part) for part in shared_out(candidates, self.at_once)])

    def _together(self, candidates: Tensor) -> Tensor:
        gain = torch.zeros_like(candidates[:, :, 0])
        segment, slot = self.real(candidates).unbind(1)
        if segment.size(0) > 0:
            some = candidates[segment, slot]
            time = segment * self.apart + some[:, self.step]
            gain[segment, slot] = self.compare(some.unsqueeze(0), time.unsqueeze(0)).squeeze(0)
        return gain

    def real(self, candidates: Tensor) -> Tensor:
        """Segment and slot [n, 2] of those that have evidence."""
        return (candidates[:, :, self.evidence] > self.heard).nonzero()

    def compare(self, candidates: Tensor, time: Tensor) -> Tensor:
        """What each gains [recordings, n].

        ``candidates`` [recordings, n, columns] begin at ``time`` [recordings, n] in steps from
        anywhere in their recording.
        """
        known = candidates[:, :, self.first :]
        answers = known[:, :, : self.asked].clamp(self.least, self.clear) - self.least
        programs = known[:, :, self.asked : self.asked + self.programs].exp()
        rest = known[:, :, self.asked + self.programs :]
        pitch = candidates[:, :, self.place]
        x = self.enter(torch.cat([0.3 * answers, 2.0 * programs, rest], dim=2))
        x = x + self.pitch(pitch.long())
        cosine, sine = self._turns(time, pitch)
        for layer in self.layers:
            x = layer(x, cosine, sine)
        gain: Tensor = self.gain(self.norm(x)).squeeze(2)
        return gain

    def _turns(self, time: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines [recordings, heads, n, half a head] that :func:`rotate` turns by.

        One head sees what is alike, one also when it comes, two when and how high, one how high.
        """
        when, at, high = (
            time.unsqueeze(2) * self.by_time,
            time.unsqueeze(2) * self.by_time_too,
            pitch.unsqueeze(2) * self.by_pitch,
        )
        both = torch.cat([at, high], dim=2)
        alone = torch.cat([torch.zeros_like(at), high], dim=2)
        angle = torch.stack([torch.zeros_like(when), when, both, both, alone], dim=1)
        return angle.cos(), angle.sin()


def _rates(fastest: float, slowest: float, count: int) -> Tensor:
    """So many rates from the fastest to the slowest, each as many times slower."""
    share = torch.arange(count) / max(1, count - 1)
    return fastest * torch.exp(share * math.log(slowest / fastest))
