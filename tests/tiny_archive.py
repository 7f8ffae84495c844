"""A model archive of a few lines, so that the engine's tests need no trained weights.

It looks at how loud its window is and writes a note whose pitch and times depend on that, then more
of them, as many as the loudness says: rows of a batch end at different steps, and any mix-up of
rows, windows or states changes the notes.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

SAMPLE_RATE = 16000
SEGMENT = 3200  # 0.2 s
CONTEXT = 400
WINDOW = SEGMENT + 2 * CONTEXT

TINY_CONFIG: dict[str, Any] = {
    "format": 1,
    "name": "tiny",
    "kind": "scorelane",
    "version": "0.1.0",
    "sample_rate": SAMPLE_RATE,
    "segment_samples": SEGMENT,
    "context_samples": CONTEXT,
    "velocity_bins": 1,
    "steps_per_second": 100,
    "max_shift": 1000,
    "max_tokens": 64,
    "vocabulary_size": 1536,
    "granularity": "full",
    "programs": [],
    "has_note_heads": True,
    "default_confidence": 0.3,
}

TIE, PITCH, VELOCITY, PROGRAM, DRUM = 1134, 1004, 1132, 1135, 1263


class Tiny(nn.Module):
    """encode, start and step of the archive's contract."""

    @torch.jit.export
    def encode(self, audio: Tensor) -> list[Tensor]:
        """One whole number of 0 to 99 for each row, from its samples."""
        return [torch.floor(audio.abs().sum(1) * 7.0).remainder(100.0).unsqueeze(1)]

    @torch.jit.export
    def start(self, memory: list[Tensor]) -> list[Tensor]:
        """A count of the steps done, kept per row."""
        return [torch.zeros_like(memory[0])]

    @torch.jit.export
    def step(
        self, tokens: Tensor, position: int, memory: list[Tensor], state: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Tie, then `1 + number % 5` times: shift, program, velocity, pitch; drum; then EOS."""
        number = memory[0].squeeze(1).long()
        done = state[0].squeeze(1).long()
        state[0].add_(1.0)
        phase = (done - 1).remainder(5)
        turn = torch.div(done - 1, 5, rounding_mode="floor")
        choices = torch.stack(
            [
                3 + 2 * turn + number.remainder(3) + 1,
                1135 + (number + turn).remainder(128),
                torch.full_like(number, 1133),
                1004 + number,
                1263 + 35 + number.remainder(20),
            ],
            1,
        )
        chosen = choices.gather(1, phase.clamp(min=0).unsqueeze(1)).squeeze(1)
        chosen = torch.where(done == 0, torch.full_like(chosen, 1134), chosen)
        ended = turn > number.remainder(5)
        chosen = torch.where(ended, torch.ones_like(chosen), chosen)
        # The second likeliest token is the next one up, so that masks have something to choose.
        logits = torch.zeros([tokens.size(0), 1536], device=tokens.device)
        logits.scatter_(1, (chosen + 1).unsqueeze(1), 5.0)
        logits.scatter_(1, chosen.unsqueeze(1), 9.0)
        heads = torch.stack([tokens.float() / 2000.0, (tokens - 1100).float() / 100.0], 1)
        return logits, heads


class Stuck(Tiny):
    """Writes the same pitch for ever: a row that never reaches EOS."""

    @torch.jit.export
    def step(
        self, tokens: Tensor, position: int, memory: list[Tensor], state: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Tie first, then pitch 60."""
        logits = torch.zeros([tokens.size(0), 1536], device=tokens.device)
        logits[:, 1134 if position == 0 else 1004 + 60] = 1.0
        return logits, torch.zeros([tokens.size(0), 2], device=tokens.device)


class Failing(Tiny):
    """Raises in the middle of its work."""

    @torch.jit.export
    def step(
        self, tokens: Tensor, position: int, memory: list[Tensor], state: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Fails at the third token."""
        if position == 2:
            raise RuntimeError("a wire came loose")
        logits = torch.zeros([tokens.size(0), 1536], device=tokens.device)
        return logits, torch.zeros([tokens.size(0), 2], device=tokens.device)


def save_archive(path: Path, module: nn.Module | None = None, /, **changes: Any) -> Path:
    """Write ``module`` (by default :class:`Tiny`) with the tiny configuration, changed."""
    config = {key: value for key, value in (TINY_CONFIG | changes).items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script((module or Tiny()).eval())
        torch.jit.save(scripted, str(path), _extra_files={"config.json": json.dumps(config)})
    return path
