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

DRUM_BOOSTS = {
    **dict.fromkeys((37, 38, 39, 40), 0.25),
    **dict.fromkeys((42, 44, 46), 0.5),
    **dict.fromkeys((41, 43, 45, 47, 48, 50), 0.25),
    **dict.fromkeys((49, 52, 55, 57), 0.5),
    **dict.fromkeys((51, 53, 59), -0.25),
    **dict.fromkeys((54, 69, 70, 80, 81, 82), -0.5),
}
"""What is added to the evidence of General MIDI's snares, hi-hats, toms, crashes, rides, and of
tambourine, cabasa, maracas, triangles and shaker: hi-hats and crashes are missed sooner than they
are made up, rides and what rattles the other way. Fitted to clips of
songs that were trained on, then drawn towards nothing while looking at recordings of rock mixes
(docs/TRAINING.md)."""

APART = 0.05
"""Seconds within which nobody strikes one pitch or drum twice, and hardly two players one pitch."""

BESIDE = 1
"""Steps before and after its peak at which a stroke may be written too, that chords stay whole."""

NEVER = -99.0
"""Evidence where nothing peaks."""


class Strokes(nn.Module):
    """Finds the peaks of the evidence, with what is heard beyond the segment's borders."""

    at_steps: Tensor
    boosts: Tensor
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
        boosts = torch.tensor([DRUM_BOOSTS.get(key, 0.0) for key in DRUM_KEYS])
        self.register_buffer("boosts", boosts, persistent=False)
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
        The second tensor has the peaks of drums alone [batch, steps, drum keys].
        """
        notes, drums = self.at_steps @ notes, self.at_steps @ drums + self.boosts
        rivals = F.pad(drums, (0, 1), value=self.never)[:, :, self.members].amax(3)
        notes = self._peaks(notes, notes)
        drums = self._peaks(drums, rivals[:, :, self.family])
        above, beyond = 128 - self.lowest - self.pitches, 128 - self.first_key - self.keys
        evidence = [
            F.pad(self.around(notes), (self.lowest, above), value=self.never),
            F.pad(self.around(drums), (self.first_key, beyond), value=self.never),
        ]
        first, end = self.margin, self.margin + self.steps
        return [torch.cat(evidence, dim=2)[:, first:end], drums[:, first:end]]

    def _peaks(self, logits: Tensor, rivals: Tensor) -> Tensor:
        """``logits`` [batch, steps, n] at peaks that none of the ``rivals`` tops."""
        highest = maximum(rivals, self.reach)
        return torch.where(logits >= highest, logits, torch.full_like(logits, self.never))

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
