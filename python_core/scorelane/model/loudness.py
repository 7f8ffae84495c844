"""How loud notes are played: heard where they begin, in the front end's own frames.

Neither encoder nor decoder is asked. What tells two velocities of an instrument apart is how much
its partials rise, and the front end says that of each pitch in one place.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.frontend import ATTACK_BINS, BINS_PER_SEMITONE, HARMONICS, PITCHES
from scorelane.model.strokes import DRUM_KEYS

_PITCH_FRAMES = (-2, 7)
_DRUM_FRAMES = (-1, 5)
"""Frames that are listened to, from and to beside the one in which a note begins."""

_BANDS = 16
_HIDDEN = 32
_DROPOUT = 0.2


class Strengths(nn.Module):
    """What :class:`Loudness` listens to."""

    def __init__(self) -> None:
        super().__init__()
        self.of_harmonics = [len(HARMONICS), BINS_PER_SEMITONE]
        self.of_bands = [2, _BANDS, ATTACK_BINS // _BANDS]

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """The strength of each pitch's harmonics [batch, frames, 88, 10] and of 16 bands of the
        attack spectrum [batch, frames, 16], of :class:`HarmonicFrames`' ``features``.
        """
        views, attack = features[0], features[1]
        harmonics = views.reshape(list(views.shape[:3]) + self.of_harmonics).amax(4)
        return [harmonics, attack.reshape(list(attack.shape[:2]) + self.of_bands).mean(4).amax(2)]


class Loudness(nn.Module):
    """How loud notes are that begin at given places."""

    around: Tensor
    near: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.pitches, self.keys = PITCHES, len(DRUM_KEYS)
        self.register_buffer("around", torch.arange(*_PITCH_FRAMES), persistent=False)
        self.register_buffer("near", torch.arange(*_DRUM_FRAMES), persistent=False)
        self.of_pitch = _judge(len(self.around) * len(HARMONICS) + 1)
        self.of_drum = _judge(len(self.near) * _BANDS + len(DRUM_KEYS))

    def forward(
        self, harmonics: Tensor, bands: Tensor, row: Tensor, frame: Tensor, place: Tensor
    ) -> Tensor:
        """Logits [n] of the velocities, as shares of 127, of n notes.

        ``row``, ``frame`` and ``place`` [n] say in which row of the batch they begin, in which
        frame, and as which of the 88 pitches or, behind these, which drum key.
        """
        is_drum = place >= self.pitches
        pitch = torch.where(is_drum, 0, place).unsqueeze(1)
        around = self._frames(row, frame, self.around, harmonics.size(1))
        partials = harmonics.flatten(0, 2)[around * self.pitches + pitch].flatten(1)
        of_pitch = self.of_pitch(torch.cat([partials, pitch / self.pitches], dim=1))
        near = self._frames(row, frame, self.near, bands.size(1))
        key = F.one_hot((place - self.pitches).clamp(min=0), self.keys).to(bands.dtype)
        of_drum = self.of_drum(torch.cat([bands.flatten(0, 1)[near].flatten(1), key], dim=1))
        return torch.where(is_drum, of_drum.squeeze(1), of_pitch.squeeze(1))

    def _frames(self, row: Tensor, frame: Tensor, beside: Tensor, count: int) -> Tensor:
        """Where the frames ``beside`` each ``frame`` [n] lie among those of all rows."""
        return (frame.unsqueeze(1) + beside).clamp(0, count - 1) + (row * count).unsqueeze(1)


def _judge(inputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Dropout(_DROPOUT),
        nn.Linear(inputs, _HIDDEN),
        nn.GELU(),
        nn.Linear(_HIDDEN, _HIDDEN),
        nn.GELU(),
        nn.Linear(_HIDDEN, 1),
    )
