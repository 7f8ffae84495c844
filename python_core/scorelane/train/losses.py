"""What the network is trained for: the next token, and helpers for encoder and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.transformer import Transformer
from scorelane.train.batches import Batch
from scorelane.vocabulary import PAD, Vocabulary

Z_LOSS = 1e-4
FRAME_WEIGHT = 0.25
ONSET_EMPHASIS = 4.0
PROGRAM_EMPHASIS = 2.0
VELOCITY_WEIGHT = 3.0
CORRUPTION = 0.06
JITTER = 0.3
JITTER_STEPS = 2
# An onset is hardly known to 10 ms: a shift's neighbours, by steps, are also a little right.
_SHIFT_SPREAD = {-2: 0.05, -1: 0.2, 0: 0.5, 1: 0.2, 2: 0.05}
# Wrong pitches that a transcriber really writes: neighbours, octaves, fifths, other partials.
_WRONG = (-24, -19, -12, -7, -5, -2, -1, 1, 2, 5, 7, 12, 19, 24)


@dataclass(frozen=True)
class TokenKinds:
    """Ranges [first, end) of ids, for accuracies by kind."""

    shift: tuple[int, int]
    pitch: tuple[int, int]
    program: tuple[int, int]
    drum: tuple[int, int]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> TokenKinds:
        """The ranges of ``vocabulary``."""
        v = vocabulary
        return cls((v.shift, v.pitch), (v.pitch, v.velocity), (v.program, v.drum), (v.drum, v.used))


class Losses(NamedTuple):
    """The sum to minimise, its parts, and numbers of right tokens and of tokens by kind [4].

    What the decoder would say is 0 where only the encoder was asked.
    """

    total: Tensor
    token: Tensor
    frame: Tensor
    velocity: Tensor
    right: Tensor
    tokens: Tensor


class Learner(nn.Module):
    """The model with its training-only heads; one call gives the losses of a batch."""

    def __init__(self, config: ModelConfig, *, compiled: bool) -> None:
        super().__init__()
        self.model = Transformer(config)
        self.has_heads = config.has_note_heads
        self.vocabulary = config.vocabulary
        self.kinds = TokenKinds.of(self.vocabulary)
        self._encode = self._encoder_losses
        self._decode = self._decoder_losses
        if compiled:
            self._encode = torch.compile(self._encoder_losses, dynamic=False)
            self._decode = torch.compile(self._decoder_losses, dynamic=False)

    def forward(self, batch: Batch, *, decodes: bool = True) -> Losses:
        """Losses of ``batch``, with gradients; the encoder's alone unless it ``decodes``."""
        with torch.no_grad(), torch.autocast(batch.audio.device.type, enabled=False):
            features = self.model.encoder.input.features(batch.audio)
            inputs, intact = self._inputs(batch.tokens)
        states, answers, frame = self._encode(features, batch.pitched, batch.drums, batch.programs)
        if not decodes:
            nothing, of_kinds = torch.zeros_like(frame), frame.new_zeros(4)
            return Losses(
                FRAME_WEIGHT * frame, nothing, frame.detach(), nothing, of_kinds, of_kinds
            )
        token, velocity, right, count = self._decode(
            states, answers, inputs, intact, batch.tokens, batch.velocities
        )
        total = token + FRAME_WEIGHT * frame + VELOCITY_WEIGHT * velocity
        return Losses(total, token.detach(), frame.detach(), velocity.detach(), right, count)

    def _inputs(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Targets moved right by one, a few notes of them wrong; and which of them are right.

        Wrong notes teach the decoder to go on after a mistake; times that are a little off teach
        it to write down what lies beside them.
        """
        inputs = F.pad(targets[:, :-1], (1, 0), value=PAD)
        intact = torch.ones_like(inputs, dtype=torch.float32)
        if not self.has_heads:
            return inputs, intact
        for first, end in (self.kinds.pitch, self.kinds.drum):
            candidate = (inputs >= first) & (inputs < end)
            hit = candidate & (torch.rand_like(intact) < CORRUPTION)
            choice = torch.randint(len(_WRONG), inputs.shape, device=inputs.device)
            wrong = inputs + torch.tensor(_WRONG, device=inputs.device)[choice]
            hit &= (wrong >= first) & (wrong < end)
            inputs = torch.where(hit, wrong, inputs)
            intact = torch.where(hit, torch.zeros_like(intact), intact)
        first, end = self.kinds.shift
        moved = inputs + torch.randint_like(inputs, -JITTER_STEPS, JITTER_STEPS + 1)
        off = self._within(inputs, self.kinds.shift) & (torch.rand_like(intact) < JITTER)
        inputs = torch.where(off, moved.clamp(first, end - 1), inputs)
        return inputs, intact

    def _encoder_losses(
        self, features: list[Tensor], pitched: Tensor, drums: Tensor, programs: Tensor
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        states, answers = self.model.encoder(features)
        if not self.has_heads:
            return states, answers, torch.zeros((), device=states.device)
        notes, keys, fits = answers
        begins = pitched[..., 0].contiguous()
        loss = (
            _frame_loss(notes[..., 0], begins, ONSET_EMPHASIS)
            + _frame_loss(notes[..., 1], pitched[..., 1], 1.0)
            + _frame_loss(notes[..., 2], pitched[..., 2], 1.0)
            + _frame_loss(keys, drums, ONSET_EMPHASIS)
            + PROGRAM_EMPHASIS * _program_loss(fits, programs, begins)
        )
        return states, answers, loss

    def _decoder_losses(
        self,
        states: Tensor,
        answers: list[Tensor],
        inputs: Tensor,
        intact: Tensor,
        targets: Tensor,
        velocities: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        logits, notes = self.model.decoder(states, answers, inputs)
        wanted = targets != PAD
        token_loss = _token_loss(logits, targets, wanted, self.kinds.shift)
        right, count = self._accuracy(logits, targets)
        if not self.has_heads:
            return token_loss, torch.zeros_like(token_loss), right, count
        # The note head speaks of the token that is read, the one before the target.
        velocity = F.pad(velocities[:, :-1], (1, 0)) / 127.0
        begins = ((velocity > 0) & (intact > 0)).float()
        error = (torch.sigmoid(notes[..., 0]) - velocity).square()
        velocity_loss = (error * begins).sum() / begins.sum().clamp(min=1.0)
        return token_loss, velocity_loss, right, count

    @staticmethod
    def _within(tokens: Tensor, kind: tuple[int, int]) -> Tensor:
        return (tokens >= kind[0]) & (tokens < kind[1])

    def _accuracy(self, logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Numbers of right tokens and of tokens [4]: shift (within 20 ms), pitch, program, drum."""
        guess = logits.detach().argmax(-1)
        close = self._within(targets, self.kinds.shift) & ((guess - targets).abs() <= 2)
        hit = (guess == targets) | close
        kinds = (self.kinds.shift, self.kinds.pitch, self.kinds.program, self.kinds.drum)
        masks = [self._within(targets, kind) for kind in kinds]
        right = torch.stack([(hit & mask).sum() for mask in masks])
        return right, torch.stack([mask.sum() for mask in masks])


def _token_loss(logits: Tensor, targets: Tensor, wanted: Tensor, shift: tuple[int, int]) -> Tensor:
    """Mean cross-entropy with T5X's z-loss; shifts share it with their neighbours."""
    log_z = torch.logsumexp(logits, dim=-1)
    is_shift = (targets >= shift[0]) & (targets < shift[1])
    picked = torch.zeros_like(log_z)
    for steps, weight in _SHIFT_SPREAD.items():
        beside = torch.where(is_shift, (targets + steps).clamp(shift[0], shift[1] - 1), targets)
        picked = picked + weight * logits.gather(-1, beside.unsqueeze(-1)).squeeze(-1)
    loss = log_z - picked + Z_LOSS * log_z.square()
    return (loss * wanted).sum() / wanted.sum()


def _frame_loss(logits: Tensor, weights: Tensor, emphasis: float) -> Tensor:
    """Binary cross-entropy summed over pitches or keys, averaged over frames."""
    target = weights.to(logits.dtype) / 255.0
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return (each * (1.0 + (emphasis - 1.0) * target)).sum(-1).mean()


def _program_loss(fits: Tensor, programs: Tensor, begins: Tensor) -> Tensor:
    """Cross-entropy of the sounding ``programs``; where a note begins it counts five times."""
    wanted = programs.long()
    each = fits.gather(2, (wanted - 1).clamp(min=0).unsqueeze(2)).squeeze(2)
    by_state = begins.view(programs.size(0), programs.size(1), -1, programs.size(2))
    begun = by_state.amax(2).to(fits.dtype) / 255.0
    weight = (wanted > 0) * (0.2 + 0.8 * begun)
    loss: Tensor = -(each * weight).sum() / weight.sum().clamp(min=1.0)
    return loss
