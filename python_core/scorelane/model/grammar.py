"""Which tokens may follow: the order in which MT3 writes events, as a mask on the logits.

docs/TOKENS.md holds the rules of writing. A network that has learned them loses nothing by being
held to them; one that has not cannot repeat itself for ever, end notes that do not sound, or run
backwards in time. TorchScript compiles this as part of the archive.
"""

import math

import torch
from torch import Tensor, nn

from scorelane.model.config import ModelConfig
from scorelane.vocabulary import EOS


class Grammar(nn.Module):
    """Follows rows of tokens and says what may come next.

    Its state, all with the batch first: ``facts`` [batch, 6] (0: whether the tie section is
    closed; 1: whether the last token was a program 1, velocity 2, shift 3 or another 0; 2 to 4:
    program, velocity and time in force, -1 before the first; 5: the place of the last event among
    those of its time step, -1 before the first), ``sounding`` [batch, 128, 128] (program, pitch)
    and ``wanted`` [batch, vocabulary], from which a host may strike what it does not want to see.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        v = config.vocabulary
        self.shift, self.pitch, self.velocity = v.shift, v.pitch, v.velocity
        self.tie, self.program, self.drum = v.tie, v.program, v.drum
        self.used, self.size = v.used, v.size
        self.end_of_sentence = EOS
        # Nothing is written at or after the next segment's start.
        self.steps = math.ceil(config.segment_seconds * config.steps_per_second)
        self.first_program = 0 if config.granularity == "flat" else -1

    def start(self, batch: int, device: torch.device) -> list[Tensor]:
        """Facts, sounding notes and wanted tokens before the first token."""
        facts = torch.zeros([batch, 6], dtype=torch.long, device=device)
        facts[:, 2:4] = -1
        facts[:, 2] = self.first_program
        facts[:, 5] = -1
        sounding = torch.zeros([batch, 128, 128], dtype=torch.bool, device=device)
        wanted = torch.ones([batch, self.size], dtype=torch.bool, device=device)
        return [facts, sounding, wanted]

    def advance(self, tokens: Tensor, facts: Tensor, sounding: Tensor) -> None:
        """Take note of ``tokens`` [batch], in place. Tokens against the rules do no harm."""
        body, program, velocity = facts[:, 0] > 0, facts[:, 2], facts[:, 3]
        is_shift = self._within(tokens, self.shift, self.pitch)
        is_pitch = self._within(tokens, self.pitch, self.velocity)
        is_velocity = self._within(tokens, self.velocity, self.tie)
        is_tie = tokens == self.tie
        is_program = self._within(tokens, self.program, self.drum)
        is_drum = self._within(tokens, self.drum, self.used)

        program = torch.where(is_program, tokens - self.program, program)
        velocity = torch.where(is_velocity, tokens - self.velocity, velocity)
        begins = body & (velocity > 0)
        pitch = torch.where(is_pitch, tokens - self.pitch, torch.zeros_like(tokens))
        note = program.clamp(min=0) * 128 + pitch
        flat = sounding.view(tokens.size(0), 128 * 128)
        before = flat.gather(1, note.unsqueeze(1)).squeeze(1)
        after = torch.where(is_pitch, begins | ~body, before)
        flat.scatter_(1, note.unsqueeze(1), after.unsqueeze(1))

        last = torch.where(is_shift | is_tie, torch.full_like(tokens, -1), facts[:, 5])
        last = torch.where(is_pitch, note + self._rank(begins), last)
        last = torch.where(is_drum, tokens - self.drum + 3 * 128 * 128, last)
        kind = torch.where(is_velocity, 2, torch.where(is_shift, 3, 0))
        facts[:, 0] = (body | is_tie).long()
        facts[:, 1] = torch.where(is_program, torch.ones_like(kind), kind)
        facts[:, 2] = program
        facts[:, 3] = velocity
        facts[:, 4] = torch.where(is_shift, tokens - self.shift, facts[:, 4])
        facts[:, 5] = last

    def allowed(self, facts: Tensor, sounding: Tensor, wanted: Tensor) -> Tensor:
        """What may come next: [batch, vocabulary] bool, at least one token in every row."""
        column = facts.unsqueeze(2)
        body, after = column[:, 0] > 0, column[:, 1]
        program, velocity, time, last = column[:, 2], column[:, 3], column[:, 4], column[:, 5]
        value = torch.arange(128, device=facts.device)
        known = program >= 0
        sounds = sounding.gather(1, program.clamp(min=0).unsqueeze(2).expand(-1, 1, 128)).squeeze(1)
        here = program.clamp(min=0) * 128 + value
        may_begin = known & ~sounds & (here + 2 * 128 * 128 > last)
        may_end = known & sounds & (here > last)
        begins, ends = velocity > 0, velocity == 0

        in_body = (begins & may_begin) | (ends & may_end)
        pitches = torch.where(body, in_body, known & (here > last))
        drum_wanted = wanted[:, self.drum : self.used]
        may_hit = body & (value + 3 * 128 * 128 > last) & (after != 1) & drum_wanted
        drums = begins & may_hit

        levels = torch.arange(self.tie - self.velocity, device=facts.device)
        can_begin = may_begin.any(1, keepdim=True) | may_hit.any(1, keepdim=True)
        can_end = may_end.any(1, keepdim=True)
        useful = torch.where(levels > 0, can_begin, can_end)
        velocities = body & (after != 2) & (levels != velocity) & useful

        free = (after == 0) | (after == 3)
        # In the tie section programs rise; later they may, as long as a note could begin there.
        room = torch.where(body, value * 128 + 127 + 2 * 128 * 128, value * 128 + 127) > last
        programs = free & (value != program) & room
        steps = torch.arange(self.pitch - self.shift, device=facts.device)
        shifts = body & (after == 0) & (steps > time) & (steps < self.steps)
        settled = after == 0

        never = torch.zeros_like(body)
        special = torch.cat([never, body & settled, never], 1)
        extra = never.expand(-1, self.size - self.used)
        parts = [special, shifts, pitches, velocities, ~body & settled, programs, drums, extra]
        allowed = torch.cat(parts, 1) & wanted
        stuck = ~allowed.any(1)
        allowed[:, self.end_of_sentence] |= stuck
        return allowed

    def _within(self, tokens: Tensor, first: int, end: int) -> Tensor:
        return (tokens >= first) & (tokens < end)

    def _rank(self, begins: Tensor) -> Tensor:
        """Ends come before beginnings, whatever the program."""
        return begins.long() * (2 * 128 * 128)
