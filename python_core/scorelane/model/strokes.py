"""Strokes: what begins once, where the evidence for it is highest.

Evidence that a note begins rises before the onset and falls after it. A decoder that may write the
note wherever the evidence is high writes it too early, and perhaps again on the way down; so each
rise counts once, at its peak. TorchScript compiles this as part of the archive.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.frontend import LOWEST_PITCH, PITCHES

DRUM_KEYS = range(27, 88)

AUDIBLE, CLEAR = -0.5, 0.25
"""Logits of evidence from which something may begin, and from which it must."""

DRUM_FAMILIES = (
    (35, 36),
    (37, 38, 39, 40, 54),
    (42, 44, 46),
    (41, 43, 45, 47, 48, 50),
    (49, 52, 55, 57),
    (51, 53, 59),
    (60, 61),
    (62, 63, 64),
)
"""General MIDI's kicks, snares, hi-hats, toms, crashes, rides, bongos and congas: a stroke sounds
one of them. So it does of snare, clap and tambourine: two of them heard at once are mostly one."""

APART = 0.05
"""Seconds within which nobody strikes one pitch or drum twice, and hardly two players one pitch."""

BESIDE = 1
"""Steps before and after its peak at which a stroke may be written too, that chords stay whole."""

NEVER = -99.0
"""Evidence where nothing peaks."""


class Strokes(nn.Module):
    """Finds the peaks of the evidence, with what is heard beyond the segment's borders."""

    at_steps: Tensor
    members: Tensor
    family: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.steps = config.steps
        self.reach = steps_apart(config)
        self.margin = 2 * self.reach
        step = torch.arange(-self.margin, config.steps + self.margin)
        frame = step * config.frames_per_step + config.first_frame
        self.register_buffer("at_steps", interpolation(frame, config.frames), persistent=False)
        members, family = families()
        self.register_buffer("members", members, persistent=False)
        self.register_buffer("family", family, persistent=False)
        self.lowest, self.pitches = LOWEST_PITCH, PITCHES
        self.first_key, self.keys = DRUM_KEYS.start, len(DRUM_KEYS)
        self.beside, self.optional = BESIDE, CLEAR - 0.01
        self.never = NEVER

    def forward(self, notes: Tensor, drums: Tensor) -> list[Tensor]:
        """Evidence for a stroke at each step [batch, steps, 256], of pitches, then of drums.

        ``notes`` [batch, frames, 88] and ``drums`` [batch, frames, drum keys] are logits of what
        begins. Beside a peak the evidence is never so high that the stroke must be written there.
        The second tensor has what drums there are where the best of each family peaks [batch,
        steps, drum keys], the third the peaks of pitches [batch, steps, 88].
        """
        notes, drums = self.at_steps @ notes, self.at_steps @ drums
        notes = self._peaks(notes, notes)
        drums = self._peaks(drums, self._best(drums))
        above, beyond = 128 - self.lowest - self.pitches, 128 - self.first_key - self.keys
        evidence = [
            F.pad(self.around(notes), (self.lowest, above), value=self.never),
            F.pad(self.around(self.one_of_each(drums)), (self.first_key, beyond), value=self.never),
        ]
        first, end = self.margin, self.margin + self.steps
        return [torch.cat(evidence, dim=2)[:, first:end], drums[:, first:end], notes[:, first:end]]

    def one_of_each(self, drums: Tensor) -> Tensor:
        """``drums`` [batch, steps, drum keys] without those that another of their family tops."""
        return torch.where(drums >= self._best(drums), drums, torch.full_like(drums, self.never))

    def _best(self, drums: Tensor) -> Tensor:
        """Of each drum its family's best, in the shape of ``drums`` [batch, steps, drum keys]."""
        families = F.pad(drums, (0, 1), value=self.never)[:, :, self.members].amax(3)
        return families[:, :, self.family]

    def _peaks(self, logits: Tensor, leading: Tensor) -> Tensor:
        """``logits`` [batch, steps, n] where what is ``leading`` peaks."""
        highest = maximum(leading, self.reach)
        return torch.where(leading >= highest, logits, torch.full_like(logits, self.never))

    def around(self, peaks: Tensor) -> Tensor:
        """``peaks`` [batch, steps, n] and what lies beside them."""
        beside = maximum(peaks, self.beside).clamp(max=self.optional)
        return torch.maximum(peaks, beside)


def interpolation(frame: Tensor, frames: int) -> Tensor:
    """The matrix [steps, frames] that reads between frames, at the places ``frame`` [steps].

    What lies outside is read at the first or last frame.
    """
    inside = frame.clamp(min=0, max=frames - 1)
    distance = (inside.unsqueeze(1) - torch.arange(frames)).abs()
    return (1.0 - distance).clamp(min=0.0)


def steps_apart(config: ModelConfig) -> int:
    """How many steps to either side of a peak belong to it.

    On a grid so coarse that no two steps lie closer than `APART`, each step is its own peak.
    """
    return max(0, round(APART * config.steps_per_second) - 1)


def maximum(values: Tensor, reach: int) -> Tensor:
    """The largest of each of ``values`` [batch, steps, n] within ``reach`` steps."""
    rows = values.transpose(1, 2)
    return F.max_pool1d(rows, 2 * reach + 1, stride=1, padding=reach).transpose(1, 2)


def families() -> tuple[Tensor, Tensor]:
    """The places of each family's keys, one past the last where it has fewer; each key's family."""
    related = {key for family in DRUM_FAMILIES for key in family}
    families = [*DRUM_FAMILIES, *((key,) for key in DRUM_KEYS if key not in related)]
    members = torch.full([len(families), max(map(len, families))], len(DRUM_KEYS))
    family_of = torch.zeros(len(DRUM_KEYS), dtype=torch.long)
    for index, keys in enumerate(families):
        for place, key in enumerate(keys):
            members[index, place] = key - DRUM_KEYS.start
            family_of[key - DRUM_KEYS.start] = index
    return members, family_of
