"""The kit: what is struck is judged beside all else that is struck in a recording.

A drummer strikes few drums, again and again, in patterns. What else sounds drowns now one and now
another, and what a stroke sounds like tells less of which drum it is than whether it sounds like
the others that come where it comes. So layers of a transformer look at all strokes of half a minute
together, at their evidence and at how much time lies between them. TorchScript compiles this as
part of the archive.
"""

import torch
from torch import Tensor, nn

from scorelane.model.config import ModelConfig
from scorelane.model.layers import EncoderLayer, comparing, norm, rotation, shared_out
from scorelane.model.strokes import DRUM_KEYS, maximum, steps_apart

HEARD = -2.5
"""Evidence of any drum from which a moment counts."""

LEAST, MOST = -6.0, 4.0
"""Evidence beyond which more says nothing."""

_WIDTH, _HEADS = 128, 4
_TURNS = 0.35
"""Positions that pass in a step: turns of 0.12 s to half a minute tell moments apart."""

_AT_ONCE = 20
"""Segments at most whose moments are compared, 40 seconds; it learns from 25."""


class Kit(nn.Module):
    """Finds the moments at which something is struck, and says what each drum gains there."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        network = comparing(config.network, _WIDTH, _HEADS)
        self.apart = config.segment_seconds * config.steps_per_second
        self.reach = steps_apart(config)
        self.heard, self.least, self.most = HEARD, LEAST, MOST
        self.at_once, self.head_width, self.turns = _AT_ONCE, network.head_width, _TURNS
        self.enter = nn.Linear(len(DRUM_KEYS), network.width)
        self.layers = nn.ModuleList(EncoderLayer(network) for _ in range(network.kit_layers))
        self.norm = norm(network.width)
        self.gain = nn.Linear(network.width, len(DRUM_KEYS))
        nn.init.zeros_(self.gain.weight)
        nn.init.zeros_(self.gain.bias)

    def forward(self, struck: Tensor) -> Tensor:
        """What drums gain at each step [segments, steps, drum keys].

        ``struck`` [segments, steps, drum keys] of the segments of a recording, in their order, is
        the evidence of drums at the peaks of their families, far below zero elsewhere.
        """
        return torch.cat([self._together(part) for part in shared_out(struck, self.at_once)])

    def _together(self, struck: Tensor) -> Tensor:
        place = self.moments(struck)
        changed = torch.zeros_like(struck)
        if place.size(0) == 0:
            return changed
        evidence = self.look(struck, place)
        time = place[:, 0] * self.apart + place[:, 1]
        gain = self.compare(evidence.unsqueeze(0), time.unsqueeze(0)).squeeze(0)
        last = struck.size(1) - 1
        # Where two moments are near to a step, the nearer comes last.
        for distance in range(self.reach, -1, -1):
            for step in (place[:, 1] - distance, place[:, 1] + distance):
                inside = (step >= 0) & (step <= last)
                changed[place[inside, 0], step[inside]] = gain[inside]
        return changed

    def moments(self, struck: Tensor) -> Tensor:
        """Segment and step [moments, 2] of each moment at which something may be struck."""
        loudest = struck.amax(2)
        highest = maximum(loudest.unsqueeze(2), self.reach).squeeze(2)
        return ((loudest >= highest) & (loudest > self.heard)).nonzero()

    def look(self, struck: Tensor, place: Tensor) -> Tensor:
        """Evidence [moments, drum keys] of what is struck near each ``place``."""
        evidence = maximum(struck, self.reach)[place[:, 0], place[:, 1]]
        return evidence.clamp(self.least, self.most)

    def compare(self, evidence: Tensor, time: Tensor) -> Tensor:
        """What each drum gains [recordings, moments, drum keys].

        Of each moment there are the ``evidence`` [recordings, moments, drum keys] and its ``time``
        [recordings, moments] in steps.
        """
        # What is not there is nothing, or it would drown the rest.
        x = self.enter(0.5 * (evidence - self.least))
        cosine, sine = rotation((time * self.turns).unsqueeze(1), self.head_width)
        # Half of the heads see what is alike, the others also when it comes.
        timeless = torch.zeros_like(sine)
        cosine = torch.cat([cosine, cosine, timeless + 1.0, timeless + 1.0], dim=1)
        sine = torch.cat([sine, sine, timeless, timeless], dim=1)
        for layer in self.layers:
            x = layer(x, cosine, sine)
        gain: Tensor = self.gain(self.norm(x))
        return gain
