"""What the network is trained for: the next token, and helpers for encoder and notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.endings import ending_loss
from scorelane.model.frontend import PITCHES
from scorelane.model.transformer import Transformer
from scorelane.train.batches import Batch
from scorelane.vocabulary import PAD, Vocabulary

Z_LOSS = 1e-4
FRAME_WEIGHT = 0.25
ONSET_EMPHASIS = 4.0
PROGRAM_EMPHASIS = 2.0
ONSET_WEIGHT, DRUM_WEIGHT = 1.5, 2.0
"""What beginnings of notes and hits of drums count beside ends and sounding, of which there are
many more and fewer can be known."""
VELOCITY_WEIGHT = 10.0
MEAN_WEIGHT = 0.03
"""What an example's mean velocity counts: it can hardly be heard, as recordings have any level."""
ENDING_WEIGHT = 0.1
EARLY_OR_LATE = 1
"""Velocities are asked for up to so many frames beside a note's beginning, as decoding does."""
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

    ``token``, ``right`` and ``tokens`` are 0 where only the encoder was asked.
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
        if self.model.decoder.hints is not None:
            # They learn from whole recordings, by themselves: models/recipe/together.py.
            for part in (self.model.decoder.hints.kit, self.model.decoder.hints.texture):
                if part is not None:
                    part.requires_grad_(False)
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
            inputs = self._inputs(batch.tokens)
        states, answers, frame = self._encode(features, batch.pitched, batch.drums, batch.programs)
        velocity = self._velocity_loss(answers, batch.loudness)
        ending = self._ending_loss(answers, batch)
        heard = FRAME_WEIGHT * frame + VELOCITY_WEIGHT * velocity + ENDING_WEIGHT * ending
        told = (frame.detach(), velocity.detach())
        if not decodes:
            nothing, of_kinds = torch.zeros_like(frame), frame.new_zeros(4)
            return Losses(heard, nothing, *told, of_kinds, of_kinds)
        token, right, count = self._decode(states, answers, inputs, batch.tokens)
        return Losses(token + heard, token.detach(), *told, right, count)

    def _velocity_loss(self, answers: list[Tensor], loudness: Tensor) -> Tensor:
        """Squared error of velocities, as shares of 127, beside the mean of their example."""
        hints = self.model.decoder.hints
        if hints is None:
            return torch.zeros((), device=loudness.device)
        row, frame, place = loudness.nonzero(as_tuple=True)
        wanted = loudness[row, frame, place] / 127.0
        frame = frame + torch.randint_like(frame, -EARLY_OR_LATE, EARLY_OR_LATE + 1)
        heard = hints.loudness(answers[3], answers[4], row, frame, place)
        error = torch.sigmoid(heard) - wanted
        count = torch.bincount(row, minlength=len(loudness)).clamp(min=1)
        mean = error.new_zeros(len(loudness)).index_add(0, row, error) / count
        beside = (error - mean[row]).square().sum() / max(1, len(row))
        return beside + MEAN_WEIGHT * mean.square().mean()

    def _ending_loss(self, answers: list[Tensor], batch: Batch) -> Tensor:
        """How unlikely the ends of the notes that begin in ``batch`` are; the evidence stays."""
        hints = self.model.decoder.hints
        if hints is None:
            return torch.zeros((), device=batch.loudness.device)
        row, begin, pitch = batch.loudness[:, :, :PITCHES].nonzero(as_tuple=True)
        frames = batch.loudness.size(1)
        frame = torch.arange(frames, device=row.device)
        ends = (batch.pitched[row, :, pitch, 1] == 255) & (frame > begin.unsqueeze(1))
        end = torch.where(ends, frame, frames).amin(1)
        logits = hints.endings(answers[0].detach()[row, :, pitch])
        return ending_loss(logits, begin, end)

    def _inputs(self, targets: Tensor) -> Tensor:
        """Targets moved right by one, a few notes of them wrong.

        Wrong notes teach the decoder to go on after a mistake; times that are a little off teach
        it to write down what lies beside them.
        """
        inputs = F.pad(targets[:, :-1], (1, 0), value=PAD)
        if not self.has_heads:
            return inputs
        shape, device = inputs.shape, inputs.device
        for first, end in (self.kinds.pitch, self.kinds.drum):
            candidate = (inputs >= first) & (inputs < end)
            hit = candidate & (torch.rand(shape, device=device) < CORRUPTION)
            choice = torch.randint(len(_WRONG), inputs.shape, device=inputs.device)
            wrong = inputs + torch.tensor(_WRONG, device=inputs.device)[choice]
            hit &= (wrong >= first) & (wrong < end)
            inputs = torch.where(hit, wrong, inputs)
        first, end = self.kinds.shift
        moved = inputs + torch.randint_like(inputs, -JITTER_STEPS, JITTER_STEPS + 1)
        is_shift = self._within(inputs, self.kinds.shift)
        off = is_shift & (torch.rand(shape, device=device) < JITTER)
        return torch.where(off, moved.clamp(first, end - 1), inputs)

    def _encoder_losses(
        self, features: list[Tensor], pitched: Tensor, drums: Tensor, programs: Tensor
    ) -> tuple[Tensor, list[Tensor], Tensor]:
        states, answers = self.model.encoder(features)
        if not self.has_heads:
            return states, answers, torch.zeros((), device=states.device)
        notes, keys, fits = answers[:3]
        begins = pitched[..., 0].contiguous()
        loss = (
            ONSET_WEIGHT * frame_loss(notes[..., 0], begins, ONSET_EMPHASIS)
            + frame_loss(notes[..., 1], pitched[..., 1], 1.0)
            + frame_loss(notes[..., 2], pitched[..., 2], 1.0)
            + DRUM_WEIGHT * frame_loss(keys, drums, ONSET_EMPHASIS)
            + PROGRAM_EMPHASIS * _program_loss(fits, programs, begins)
        )
        return states, answers, loss

    def _decoder_losses(
        self,
        states: Tensor,
        answers: list[Tensor],
        inputs: Tensor,
        targets: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        logits, _ = self.model.decoder(states, answers, inputs)
        token_loss = _token_loss(logits, targets, targets != PAD, self.kinds.shift)
        return token_loss, *self._accuracy(logits, targets)

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


def frame_loss(logits: Tensor, weights: Tensor, emphasis: float) -> Tensor:
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
