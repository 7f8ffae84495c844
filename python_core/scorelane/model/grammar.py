"""Which tokens may follow: sense in the order of events, as a mask on the logits.

docs/TOKENS.md holds the rules of writing. A network that has learned them loses nothing by being
held to them; one that has not cannot repeat itself for ever, end notes that do not sound, run
backwards in time, write what is not heard, pass over what is clearly heard or hold notes that are
over. TorchScript compiles this as part of the archive.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.strokes import APART, AUDIBLE, CLEAR
from scorelane.vocabulary import EOS

HELD = 1.0
"""Logit of evidence from which a pitch that sounds at a segment's start must be tied."""

EARLY = 3
"""Steps by which a note may be ended before it is heard to be over."""


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
        self.again = round(APART * config.steps_per_second)
        self.first_program = 0 if config.granularity == "flat" else -1
        self.audible, self.clear = AUDIBLE, CLEAR
        self.held, self.early = HELD, EARLY

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

    def guide(
        self,
        logits: Tensor,
        facts: Tensor,
        sounding: Tensor,
        begun: Tensor,
        wanted: Tensor,
        evidence: list[Tensor],
    ) -> Tensor:
        """``logits`` [batch, vocabulary] of the next token, those that may not come at -infinity.

        A step past the end of a sounding note, or past what is clearly heard, stops there instead.
        Arguments as for :meth:`allowed`.
        """
        ends = self._ends(sounding, begun, evidence)
        heard = self._heard(facts[:, 4:5], begun, wanted, evidence)
        allowed = self._allowed(facts, sounding, begun, wanted, evidence, ends, heard)
        masked = torch.where(allowed, logits, -float("inf"))
        until = torch.minimum(ends[2], heard[1])
        steps = torch.arange(self.pitch - self.shift, device=facts.device)
        beyond = torch.where(steps > until, logits[:, self.shift : self.pitch], -float("inf"))
        past = torch.logsumexp(beyond, 1, keepdim=True)
        past = torch.logaddexp(past, logits[:, self.end_of_sentence].unsqueeze(1))
        stop = self.shift + until.clamp(max=self.steps - 1)
        stopped = masked.gather(1, stop)
        stops = (until < self.steps) & allowed.gather(1, stop)
        stopped = torch.where(stops, torch.logaddexp(stopped, past), stopped)
        return masked.scatter_(1, stop, stopped)

    def allowed(
        self,
        facts: Tensor,
        sounding: Tensor,
        begun: Tensor,
        wanted: Tensor,
        evidence: list[Tensor],
    ) -> Tensor:
        """What may come next: [batch, vocabulary] bool, at least one token in every row.

        ``evidence`` is empty where nothing is known, else: logits [batch, steps, 256] of each
        pitch, then each drum, beginning at each step; logits [batch, 128] of each pitch sounding
        now; for each step the one until which a note lasts that begins there [batch, steps, 128];
        and the largest of the first [batch, steps].
        """
        ends = self._ends(sounding, begun, evidence)
        heard = self._heard(facts[:, 4:5], begun, wanted, evidence)
        return self._allowed(facts, sounding, begun, wanted, evidence, ends, heard)

    def _allowed(
        self,
        facts: Tensor,
        sounding: Tensor,
        begun: Tensor,
        wanted: Tensor,
        evidence: list[Tensor],
        ends: list[Tensor],
        heard: list[Tensor],
    ) -> Tensor:
        allowed = self._choices(facts, sounding, begun, wanted, evidence, ends, heard)
        lost = ~allowed.any(1, keepdim=True)
        if bool(lost.any()):
            # Nothing makes sense: better an unlikely note than to stop listening.
            nothing: list[Tensor] = []
            ends = self._ends(sounding, begun, nothing)
            heard = self._heard(facts[:, 4:5], begun, wanted, nothing)
            unheard = self._choices(facts, sounding, begun, wanted, nothing, ends, heard)
            allowed = torch.where(lost, unheard, allowed)
            allowed[:, self.end_of_sentence] |= ~allowed.any(1)
        return allowed

    def _choices(
        self,
        facts: Tensor,
        sounding: Tensor,
        begun: Tensor,
        wanted: Tensor,
        evidence: list[Tensor],
        ends: list[Tensor],
        heard: list[Tensor],
    ) -> Tensor:
        body, after, program, velocity, time, last = facts.unsqueeze(2).unbind(1)
        body = body > 0
        held, due, until = ends[0], ends[1], ends[2]
        value = torch.arange(128, device=facts.device)
        known = program >= 0

        rested = time - begun >= self.again
        strokes = self._now(evidence, 0, time, torch.zeros_like(begun))
        may_begin = rested & (strokes > self.audible)
        pitch_begins, drum_begins = may_begin.chunk(2, dim=1)
        drum_begins = drum_begins & wanted[:, self.drum : self.used]
        may_end = begun[:, :128] < time
        if len(evidence) > 0:
            # What is still heard is not ended, unless it is struck anew.
            may_end = may_end & ((due <= time + self.early) | pitch_begins)
        row = program.clamp(min=0).unsqueeze(2).expand(-1, 1, 128)
        own_ends = sounding.gather(1, row).squeeze(1) & may_end
        begins_now, ends_now = velocity > 0, velocity == 0

        in_body = (begins_now & pitch_begins) | (ends_now & own_ends)
        untied = ~held & (due > self.early)
        tied = (program.clamp(min=0) * 128 + value > last) if len(evidence) == 0 else untied
        pitches = known & torch.where(body, in_body, tied)
        drums = body & begins_now & drum_begins & (after != 1)

        levels = torch.arange(self.tie - self.velocity, device=facts.device)
        any_begins = pitch_begins.any(1, keepdim=True)
        can_begin = known & any_begins
        can_begin = can_begin | (drum_begins.any(1, keepdim=True) & (after != 1))
        useful = torch.where(levels > 0, can_begin, own_ends.any(1, keepdim=True))
        velocities = body & (after != 2) & (levels != velocity) & useful

        free = (after == 0) | (after == 3)
        # In the tie section something must be left to tie; later, to do.
        to_tie = value * 128 + 127 > last if len(evidence) == 0 else tied.any(1, keepdim=True)
        to_do = (sounding & may_end.unsqueeze(1)).any(2) | any_begins
        programs = free & (value != program) & torch.where(body, to_do, to_tie)

        # Whoever hears a note clearly writes it down before going on.
        pitched = wanted[:, self.program : self.drum].any(1, keepdim=True)
        left = (rested & (strokes > self.clear)).chunk(2, dim=1)
        owed = left[0].any(1, keepdim=True) & pitched
        owed = owed | (left[1] & wanted[:, self.drum : self.used]).any(1, keepdim=True)
        going_on = body & (after == 0) & ~owed
        # Nor does anybody hold what is heard to be over.
        steps = torch.arange(self.steps, device=facts.device)
        reachable = (steps > time) & (steps <= torch.minimum(until, heard[1]))
        reachable = reachable & (heard[0] | (steps >= until - self.early))
        shifts = going_on & reachable
        finished = going_on & (torch.minimum(until, heard[1]) >= self.steps)
        tie = ~body & (after == 0)
        if len(evidence) > 0:
            tied = (evidence[1] > self.held) & (strokes[:, :128] < self.audible) & untied
            tie = tie & ~(tied.any(1, keepdim=True) & pitched)

        never = torch.zeros_like(body)
        special = torch.cat([never, finished, never], 1)
        later = never.expand(-1, self.pitch - self.shift - self.steps)
        extra = never.expand(-1, self.size - self.used)
        parts = [special, shifts, later, pitches, velocities, tie, programs, drums, extra]
        return torch.cat(parts, 1) & wanted

    def _heard(
        self, time: Tensor, begun: Tensor, wanted: Tensor, evidence: list[Tensor]
    ) -> list[Tensor]:
        """At which steps [batch, steps] something may begin, and the next at which it clearly does.

        The latter [batch, 1] is the number of steps where nothing more is clearly heard.
        """
        never = torch.full_like(time, self.steps)
        if len(evidence) == 0:
            return [
                torch.ones([time.size(0), self.steps], dtype=torch.bool, device=time.device),
                never,
            ]
        pitched = wanted[:, self.program : self.drum].any(1, keepdim=True).expand(-1, 128)
        asked = torch.cat([pitched, wanted[:, self.drum : self.used]], dim=1).unsqueeze(1)
        loudest = evidence[3]
        if not bool(asked.all()):
            loudest = torch.where(asked, evidence[0], -float("inf")).amax(2)
        # Just after a stroke, what is heard may only be its echo.
        near = time + torch.arange(1, self.again, device=time.device)
        at = near.clamp(min=0, max=self.steps - 1)
        rested = near.unsqueeze(2) - begun.unsqueeze(1) >= self.again
        strokes = evidence[0].gather(1, at.unsqueeze(2).expand(-1, -1, 256))
        strokes = torch.where(rested & asked, strokes, -float("inf")).amax(2)
        beside = near.clamp(min=0, max=self.steps + self.again - 1)
        loudest = F.pad(loudest, (0, self.again)).scatter(1, beside, strokes)[:, : self.steps]
        steps = torch.arange(self.steps, device=time.device)
        clear = (loudest > self.clear) & (steps > time)
        following = torch.where(clear, steps, never).amin(1, keepdim=True)
        return [loudest > self.audible, following]

    def _ends(self, sounding: Tensor, begun: Tensor, evidence: list[Tensor]) -> list[Tensor]:
        """Which pitches sound with any program [batch, 128]; until which step [batch, 128] each
        lasts that began when it did; and that of the first of those that sound [batch, 1].
        """
        held = sounding.any(1)
        attacked = begun[:, :128] + self.again - 1
        due = self._now(evidence, 2, attacked, torch.full_like(attacked, self.steps))
        until = torch.where(held, due, self.steps).amin(1, keepdim=True)
        return [held, due, until]

    def _now(self, evidence: list[Tensor], which: int, step: Tensor, unknown: Tensor) -> Tensor:
        """``evidence[which]`` [batch, n] at ``step`` [batch, 1 or n]; ``unknown`` without any."""
        if len(evidence) == 0:
            return unknown
        table = evidence[which]
        at = step.clamp(min=0, max=self.steps - 1).expand(-1, table.size(2))
        return table.gather(1, at.unsqueeze(1)).squeeze(1)

    def _within(self, tokens: Tensor, first: int, end: int) -> Tensor:
        return (tokens >= first) & (tokens < end)


def _put(table: Tensor, place: Tensor, where: Tensor, value: Tensor) -> None:
    """Set ``table`` [batch, n] at ``place`` [batch] to ``value`` in the rows of ``where``."""
    before = table.gather(1, place.unsqueeze(1)).squeeze(1)
    table.scatter_(1, place.unsqueeze(1), torch.where(where, value, before).unsqueeze(1))
