"""Which tokens may follow: sense in the order of events, as a mask on the logits.

docs/TOKENS.md holds the rules of writing. A network that has learned them loses nothing by being
held to them; one that has not cannot repeat itself for ever, end notes that do not sound, run
backwards in time, write what is not heard or pass over what is clearly heard. TorchScript compiles
this as part of the archive.
"""

import torch
from torch import Tensor, nn

from scorelane.model.config import ModelConfig
from scorelane.vocabulary import EOS

AUDIBLE, CLEAR = -1.5, 0.5
"""Logits of evidence from which something may begin, and from which it must."""


class Grammar(nn.Module):
    """Follows rows of tokens and says what may come next.

    Its state, all with the batch first: ``facts`` [batch, 6] (0: whether the tie section is
    closed; 1: whether the last token was a program 1, velocity 2, shift 3 or another 0; 2 to 4:
    program, velocity and time in force, -1 before the first; 5: the place of the last tied note,
    -1 before the first), ``sounding`` [batch, 128, 128] (program, pitch), ``begun`` [batch, 256]
    (the time step at which each pitch, then each drum, was last struck) and ``wanted`` [batch,
    vocabulary], from which a host may strike what it does not want to see.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        v = config.vocabulary
        self.shift, self.pitch, self.velocity = v.shift, v.pitch, v.velocity
        self.tie, self.program, self.drum = v.tie, v.program, v.drum
        self.used, self.size = v.used, v.size
        self.end_of_sentence = EOS
        # Nothing is written at or after the next segment's start.
        self.steps = config.steps
        # Nobody strikes one pitch or drum twice within 50 ms, and hardly two players one pitch.
        self.again = config.steps_per_second // 20
        self.first_program = 0 if config.granularity == "flat" else -1
        self.audible, self.clear = AUDIBLE, CLEAR

    def start(self, batch: int, device: torch.device) -> list[Tensor]:
        """Facts, sounding notes, times of strokes and wanted tokens before the first token."""
        facts = torch.zeros([batch, 6], dtype=torch.long, device=device)
        facts[:, 2:4] = -1
        facts[:, 2] = self.first_program
        facts[:, 5] = -1
        sounding = torch.zeros([batch, 128, 128], dtype=torch.bool, device=device)
        begun = torch.full([batch, 256], -self.steps, dtype=torch.long, device=device)
        wanted = torch.ones([batch, self.size], dtype=torch.bool, device=device)
        return [facts, sounding, begun, wanted]

    def advance(self, tokens: Tensor, facts: Tensor, sounding: Tensor, begun: Tensor) -> None:
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
        time = torch.where(is_shift, tokens - self.shift, facts[:, 4])
        begins = body & (velocity > 0)
        pitch = torch.where(is_pitch, tokens - self.pitch, torch.zeros_like(tokens))
        note = program.clamp(min=0) * 128 + pitch
        _put(sounding.view(tokens.size(0), 128 * 128), note, is_pitch, begins | ~body)
        struck = torch.where(is_drum, tokens - self.drum + 128, pitch)
        _put(begun, struck, is_drum | (is_pitch & begins), time)

        kind = torch.where(is_velocity, 2, torch.where(is_shift, 3, 0))
        facts[:, 0] = (body | is_tie).long()
        facts[:, 1] = torch.where(is_program, torch.ones_like(kind), kind)
        facts[:, 2] = program
        facts[:, 3] = velocity
        facts[:, 4] = time
        facts[:, 5] = torch.where(is_pitch & ~body, note, facts[:, 5])

    def allowed(
        self, facts: Tensor, sounding: Tensor, begun: Tensor, wanted: Tensor, evidence: Tensor
    ) -> Tensor:
        """What may come next: [batch, vocabulary] bool, at least one token in every row.

        ``evidence`` [batch, 256] holds the logits of each pitch, then each drum, beginning now.
        """
        allowed = self._choices(facts, sounding, begun, wanted, evidence)
        if not bool(allowed.any(1).all()):
            # A time at which nothing is heard: better an unlikely note than to stop listening.
            anything = torch.zeros_like(evidence)
            unheard = self._choices(facts, sounding, begun, wanted, anything)
            allowed = torch.where(allowed.any(1, keepdim=True), allowed, unheard)
            allowed[:, self.end_of_sentence] |= ~allowed.any(1)
        return allowed

    def _choices(
        self, facts: Tensor, sounding: Tensor, begun: Tensor, wanted: Tensor, evidence: Tensor
    ) -> Tensor:
        column = facts.unsqueeze(2)
        body, after = column[:, 0] > 0, column[:, 1]
        program, velocity, time, last = column[:, 2], column[:, 3], column[:, 4], column[:, 5]
        value = torch.arange(128, device=facts.device)
        known = program >= 0
        row = program.clamp(min=0).unsqueeze(2).expand(-1, 1, 128)

        rested = time - begun >= self.again
        may_begin = rested & (evidence > self.audible)
        pitch_begins, drum_begins = may_begin.chunk(2, dim=1)
        drum_begins = drum_begins & wanted[:, self.drum : self.used]
        ends = sounding & (begun[:, :128] < time).unsqueeze(1)
        own_ends = ends.gather(1, row).squeeze(1)
        begins_now, ends_now = velocity > 0, velocity == 0

        in_body = (begins_now & pitch_begins) | (ends_now & own_ends)
        tied = program.clamp(min=0) * 128 + value > last
        pitches = known & torch.where(body, in_body, tied)
        drums = body & begins_now & drum_begins & (after != 1)

        levels = torch.arange(self.tie - self.velocity, device=facts.device)
        can_begin = (known & pitch_begins).any(1, keepdim=True)
        can_begin = can_begin | (drum_begins.any(1, keepdim=True) & (after != 1))
        useful = torch.where(levels > 0, can_begin, own_ends.any(1, keepdim=True))
        velocities = body & (after != 2) & (levels != velocity) & useful

        free = (after == 0) | (after == 3)
        # In the tie section programs rise; later there must be something left for them to do.
        room = torch.where(
            body,
            ends.any(2) | pitch_begins.any(1, keepdim=True),
            value * 128 + 127 > last,
        )
        programs = free & (value != program) & room
        # Whoever hears a note clearly writes it down before going on.
        left = (rested & (evidence > self.clear)).chunk(2, dim=1)
        owed = left[0].any(1, keepdim=True) & wanted[:, self.program : self.drum].any(
            1, keepdim=True
        )
        owed = owed | (left[1] & wanted[:, self.drum : self.used]).any(1, keepdim=True)
        steps = torch.arange(self.pitch - self.shift, device=facts.device)
        going_on = body & (after == 0) & ~owed
        shifts = going_on & (steps > time) & (steps < self.steps)

        never = torch.zeros_like(body)
        special = torch.cat([never, going_on, never], 1)
        extra = never.expand(-1, self.size - self.used)
        tie = ~body & (after == 0)
        parts = [special, shifts, pitches, velocities, tie, programs, drums, extra]
        return torch.cat(parts, 1) & wanted

    def _within(self, tokens: Tensor, first: int, end: int) -> Tensor:
        return (tokens >= first) & (tokens < end)


def _put(table: Tensor, place: Tensor, where: Tensor, value: Tensor) -> None:
    """Set ``table`` [batch, n] at ``place`` [batch] to ``value`` in the rows of ``where``."""
    before = table.gather(1, place.unsqueeze(1)).squeeze(1)
    table.scatter_(1, place.unsqueeze(1), torch.where(where, value, before).unsqueeze(1))
