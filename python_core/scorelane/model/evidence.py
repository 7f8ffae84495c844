"""How what the encoder hears frame by frame helps the decoder to write it down.

The decoder could learn all of this by itself, but only slowly: it would have to learn for every
pitch anew that what it sees in a state is the pitch's token. So the answers to the encoder's plain
questions (:mod:`scorelane.model.frame_heads`) reach the decoder in two ways: it hears them at the
time that it is writing at, and they are added to the logits of the tokens that would say the same,
as much as the decoder wants.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.candidates import EVIDENCE, PITCH, STEP, Candidates
from scorelane.model.config import ModelConfig
from scorelane.model.endings import Endings
from scorelane.model.frame_heads import QUESTIONS
from scorelane.model.frontend import LOWEST_PITCH, PITCHES
from scorelane.model.kit import Kit
from scorelane.model.layers import dense
from scorelane.model.loudness import Loudness
from scorelane.model.strokes import DRUM_KEYS, Strokes, interpolation
from scorelane.model.texture import Texture
from scorelane.vocabulary import EOS

_PITCHED = QUESTIONS * PITCHES
_HEARD = _PITCHED + len(DRUM_KEYS)
# How much each hint counts at the beginning of training, and how much more in decoding at a trust
# of 1: a pitch that begins, ends, sounds, a drum, a pitch's program, a program that begins, sounds,
# a time at which something happens, nothing before it, nothing until the end. See `Hints.urge`.
_FIRST_GAINS = (0.7, 0.1, 0.1, 0.7, 0.2, 0.2, 0.1, 0.6, 0.6, 0.6)
_TRUSTED = (0.5, 0.2, 0.0, 0.5, 0.0, 0.0, 0.0, 0.6, 0.6, 0.6)


class Hints(nn.Module):
    """Lays the answers out on the grid of time steps, and turns them into help for the decoder."""

    at_steps: Tensor
    frame_of_step: Tensor
    state_of_step: Tensor
    place_of_program: Tensor
    spread_programs: Tensor
    belief: Tensor
    dynamics: Tensor
    trust: Tensor
    trusted: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        vocabulary = config.vocabulary
        written = config.written_programs
        self.shift, self.program = vocabulary.shift, vocabulary.program
        self.first_pitch = vocabulary.pitch + LOWEST_PITCH
        self.first_drum = vocabulary.drum + DRUM_KEYS.start
        self.pitches, self.questions, self.pitched = PITCHES, QUESTIONS, _PITCHED
        self.drums = len(DRUM_KEYS)
        self.lowest = LOWEST_PITCH
        self.programs = len(written)
        self.end_of_sentence = EOS
        self.steps = config.steps
        frame = torch.arange(self.steps) * config.frames_per_step + config.first_frame
        stack = config.network.frames_per_state
        # One entry more than there are programs: -1, for no program, finds it.
        place = torch.full([129], -1)
        place[torch.tensor(written)] = torch.arange(len(written))
        spread = F.one_hot(torch.tensor(written), 128).float()
        for name, value in {
            "at_steps": interpolation(frame, config.frames),
            "frame_of_step": frame.round().long().clamp(max=config.frames - 1),
            "state_of_step": (frame / stack).long().clamp(max=config.frames // stack - 1),
            "place_of_program": place,
            "spread_programs": spread,
        }.items():
            self.register_buffer(name, value, persistent=False)
        self.strokes = Strokes(config)
        self.kit = Kit(config) if config.network.kit_layers else None
        self.candidates = Candidates(config)
        self.texture = Texture(config) if config.network.texture_layers else None
        self.columns = (STEP, PITCH, EVIDENCE)
        self.loudness = Loudness()
        self.endings = Endings(QUESTIONS, config.steps_per_second)
        self.heard = dense(_HEARD + 2 * len(written), config.network.width)
        self.gains = nn.Linear(config.network.width, len(_FIRST_GAINS))
        # From evidence to the logit of "this note is right", for pitches and for drums: factor and
        # offset, which `scorelane calibrate` sets from what a trained model really writes.
        self.register_buffer("belief", torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
        # The same for the logits of velocities, which training makes timid.
        self.register_buffer("dynamics", torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
        # How far decoding trusts the evidence beyond what was learned: in training the tokens
        # before are the true ones and tell more than one's own ever will.
        self.register_buffer("trust", torch.tensor(1.0))
        self.register_buffer("trusted", torch.tensor(_TRUSTED), persistent=False)
        nn.init.zeros_(self.heard.weight)
        nn.init.zeros_(self.gains.weight)
        with torch.no_grad():
            self.gains.bias.copy_(torch.tensor(_FIRST_GAINS))

    def lay_out(self, answers: list[Tensor]) -> list[Tensor]:
        """From the encoder's answers, eleven tensors with the batch first, six of them in training.

        Logits at each step [batch, steps, 325]; logarithms at each step of the chance that some
        event happens just then, and that none happened since the segment began [batch, 2, steps];
        the programs' log probabilities, a row for each state and program [batch, states x
        programs, 88]; how much of each program begins and sounds [batch, states, 2 x programs];
        what :class:`scorelane.model.loudness.Loudness` listens to, two tensors; of
        :class:`scorelane.model.strokes.Strokes` the drums where their families peak [batch, steps,
        drum keys]; the notes that may begin, see :class:`scorelane.model.candidates.Candidates`; of
        the strokes the evidence [batch, steps, 256]; for each step and MIDI pitch the one until
        which a note lasts that begins there [batch, steps, 128], the number of steps where it
        outlasts the segment; and the largest evidence of any stroke at each step [batch, steps].
        """
        notes, drums, programs = answers[0], answers[1], answers[2]
        frames = torch.cat([notes.flatten(2), drums], dim=2)
        logits = self.at_steps @ frames
        pace = self._pace(logits)
        count = programs.size(1)
        chance = (
            torch.sigmoid(notes)
            .view(notes.size(0), count, -1, self.pitches, self.questions)
            .amax(2)
        )
        presence = programs.exp() @ torch.stack([chance[..., 0], chance[..., 2]], dim=-1)
        fits = programs.flatten(1, 2).contiguous()
        shown = presence.transpose(2, 3).flatten(2).contiguous()
        laid = [logits, pace, fits, shown, answers[3], answers[4]]
        if self.training:
            # What follows serves decoding alone; it has no gradient, nor a shape to compile for.
            return laid
        strokes = self.strokes(notes[..., 0], drums)
        over = self.endings.until(self.at_steps @ self.endings.risks(notes))
        last = self._by_pitch(over, self.steps)
        begin = self.candidates(strokes[2], answers, self.strokes.at_steps, self.strokes.margin)
        laid.extend([strokes[1], begin, strokes[0], last, strokes[0].amax(2)])
        return laid

    def agree(self, candidates: list[Tensor]) -> list[Tensor]:
        """What a recording's ``candidates`` gain beside each other.

        They are what is struck and the notes that may begin, as :meth:`lay_out` finds them in its
        segments; what they gain are [segments, steps, drum keys] and [segments, most].
        """
        struck, notes = candidates[0], candidates[1]
        drums, gain = torch.zeros_like(struck), torch.zeros_like(notes[:, :, 0])
        if self.kit is not None:
            drums = self.kit(struck)
        if self.texture is not None:
            gain = self.texture(notes)
        return [drums, gain]

    def reconsider(self, laid: list[Tensor], gains: list[Tensor]) -> list[Tensor]:
        """What :meth:`lay_out` laid out, with the ``gains`` that :meth:`agree` found added."""
        logits, begin = laid[0], laid[8]
        struck, drums = laid[6], laid[6] + gains[0]
        before, notes, gain = self._gained(laid[7], gains[1])
        questions = self._of_pitches(logits)
        begins = questions[..., :1] + gain.unsqueeze(3)
        pitched = torch.cat([begins, questions[..., 1:]], dim=3).flatten(2)
        logits = torch.cat([pitched, logits[:, :, self.pitched :] + gains[0]], dim=2)
        first, end = self.lowest, self.lowest + self.pitches
        first_drum = 128 + self.strokes.first_key
        end_drum = first_drum + self.drums
        one, other = self.strokes.one_of_each(struck), self.strokes.one_of_each(drums)
        begin = torch.cat(
            [
                begin[:, :, :first],
                self._moved(begin[:, :, first:end], before, notes),
                begin[:, :, end:first_drum],
                self._moved(begin[:, :, first_drum:end_drum], one, other),
                begin[:, :, end_drum:],
            ],
            dim=2,
        )
        found = [logits, self._pace(logits)]
        found.extend(laid[2:6])
        found.extend([drums, laid[7], begin, laid[9], begin.amax(2)])
        return found

    def _gained(self, candidates: Tensor, gains: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Peaks of pitches [batch, steps, 88] without and with ``gains``, and these near each."""
        step_column, pitch_column, evidence_column = self.columns
        shape = [len(candidates), self.steps, self.pitches]
        before = torch.full(shape, self.strokes.never, device=gains.device)
        gain = torch.zeros(shape, device=gains.device)
        row, slot = (candidates[:, :, evidence_column] > self.strokes.never).nonzero().unbind(1)
        some = candidates[row, slot]
        step, pitch = some[:, step_column].long(), some[:, pitch_column].long()
        before[row, step, pitch] = some[:, evidence_column]
        for distance in range(self.strokes.reach, -1, -1):
            for beside in (step - distance, step + distance):
                gain[row, beside.clamp(0, self.steps - 1), pitch] = gains[row, slot]
        return before, before + gain, gain

    def _moved(self, begin: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """``begin`` with the peaks ``after`` instead of ``before``.

        What lies beside a stroke of the segment before or after stays as it is.
        """
        own = self.strokes.around(before) >= begin
        return torch.where(own, self.strokes.around(after), begin)

    def _of_pitches(self, logits: Tensor) -> Tensor:
        """The part of ``logits`` that speaks of pitches [batch, steps, 88, 3]."""
        shape = [len(logits), self.steps, self.pitches, self.questions]
        return logits[:, :, : self.pitched].reshape(shape)

    def _pace(self, logits: Tensor) -> Tensor:
        """What :meth:`lay_out` says of the chance of events [batch, 2, steps]."""
        notes = self._of_pitches(logits)
        begins = _rate(notes[..., 0], 5.0, 0.0) + _rate(logits[:, :, self.pitched :], 5.0, 0.0)
        ends = _rate(notes[..., 1], 3.0, -1.5)
        rate = (_peaks(begins) + _peaks(ends)).clamp(min=1e-4)
        happens = torch.log(-torch.expm1(-rate))
        return torch.stack([happens, -rate.cumsum(1)], dim=1)

    def _by_pitch(self, values: Tensor, elsewhere: int) -> Tensor:
        """``values`` [..., 88] at their MIDI pitches [..., 128]."""
        return F.pad(
            values, (self.lowest, 128 - self.lowest - self.pitches), value=float(elsewhere)
        )

    def know(self, laid: list[Tensor], step: Tensor) -> list[Tensor]:
        """What is known at ``step`` [batch, length]: logits, presence, and the state there."""
        state = self.state_of_step.take(step.clamp(max=self.steps - 1))
        logits = _rows(laid[0], step.clamp(max=self.steps - 1))
        presence = _rows(laid[3], state)
        return [logits, presence, state]

    def hear(self, known: list[Tensor]) -> Tensor:
        """What the decoder hears [batch, length, width] at the time of each token."""
        heard: Tensor = self.heard(torch.cat([torch.sigmoid(known[0]), known[1]], dim=-1))
        return heard

    def urge(
        self,
        scores: Tensor,
        x: Tensor,
        laid: list[Tensor],
        known: list[Tensor],
        step: Tensor,
        program: Tensor,
    ) -> Tensor:
        """Add the hints to the decoder's ``scores`` [batch, length, vocabulary].

        ``x`` [batch, length, width] is what the decoder thinks, ``step`` and ``program`` [batch,
        length] what is in force there, a program of -1 meaning none.
        """
        logits, presence, state = known[0], known[1], known[2]
        gains = self.gains(x).float()
        if not self.training:
            gains = gains + self.trust * self.trusted
        gain = gains.unsqueeze(2).unbind(-1)
        notes = logits[:, :, : self.pitched].reshape(
            x.size(0), x.size(1), self.pitches, self.questions
        )
        pitches = gain[0] * notes[..., 0]
        pitches = pitches + gain[1] * notes[..., 1] + gain[2] * notes[..., 2]
        pitches = pitches + gain[4] * self._fit(laid[2], state, program)
        drums = gain[3] * logits[:, :, self.pitched :]
        shown = presence.reshape(x.size(0), x.size(1), 2, self.programs) @ self.spread_programs
        shown = torch.log(shown + 1e-3)
        programs = gain[5] * shown[:, :, 0] + gain[6] * shown[:, :, 1]
        happens, spared = laid[1][:, :1], laid[1][:, 1:]
        here = spared.squeeze(1).gather(1, step.clamp(max=self.steps - 1)).unsqueeze(2)
        since = (F.pad(spared[:, :, :-1], (1, 0)) - here).clamp(max=0.0)
        shifts = gain[7] * happens + gain[8] * since
        end = gain[9] * (spared[:, :, -1:] - here)
        parts = [(self.end_of_sentence, end), (self.shift, shifts), (self.first_pitch, pitches)]
        parts += [(self.program, programs), (self.first_drum, drums)]
        return _added(scores, parts)

    def _fit(self, fits: Tensor, state: Tensor, program: Tensor) -> Tensor:
        """How well each pitch in each ``state`` fits the ``program`` in force; 0 without one."""
        place = self.place_of_program[program]
        row = _rows(fits, state * self.programs + place.clamp(min=0))
        return torch.where((place >= 0).unsqueeze(2), row, torch.zeros_like(row))

    def players(self, tokens: Tensor, laid: list[Tensor], known: list[Tensor]) -> Tensor:
        """Log probabilities [batch, programs] of who plays the notes that ``tokens`` [batch] begin.

        From how they sound where they begin and 32 ms later; tokens other than pitches say nothing.
        """
        fits = laid[2].flatten(1)
        state, pitch = known[2][:, -1], (tokens - self.first_pitch).clamp(0, self.pitches - 1)
        program = torch.arange(self.programs, device=tokens.device)
        count = fits.size(1) // (self.programs * self.pitches)
        now, later = state, (state + 1).clamp(max=count - 1)
        at = (torch.stack([now, later], 1).unsqueeze(2) * self.programs + program) * self.pitches
        heard = fits.gather(1, (at + pitch[:, None, None]).flatten(1))
        return heard.view(tokens.size(0), 2, self.programs).mean(1)

    def sounds(self, known: list[Tensor]) -> Tensor:
        """Evidence [batch, 128] that each pitch sounds where the tokens end."""
        return self._by_pitch(known[0][:, -1, 2 : self.pitched : self.questions], -99)

    def notes(
        self, tokens: Tensor, laid: list[Tensor], known: list[Tensor], step: Tensor
    ) -> Tensor:
        """Logits [batch, length, 2] of the notes that ``tokens`` [batch, length] begin at ``step``.

        Of their velocity, as a share of 127, and of their being right.
        """
        pitch, key = tokens - self.first_pitch, tokens - self.first_drum
        is_drum = (key >= 0) & (key < self.drums)
        pitch = torch.where((pitch >= 0) & (pitch < self.pitches), pitch, 0)
        place = torch.where(is_drum, key + self.pitched, pitch * self.questions)
        found = known[0].gather(2, place.unsqueeze(2)).squeeze(2)
        belief, dynamics = self.belief[is_drum.long()], self.dynamics[is_drum.long()]
        right = found * belief[..., 0] + belief[..., 1]
        row = torch.arange(tokens.size(0), device=tokens.device).unsqueeze(1).expand_as(tokens)
        frame = self.frame_of_step.take(step.clamp(max=self.steps - 1))
        place = torch.where(is_drum, key + self.pitches, pitch)
        heard = self.loudness(laid[4], laid[5], row.flatten(), frame.flatten(), place.flatten())
        velocity = heard.view(right.shape) * dynamics[..., 0] + dynamics[..., 1]
        return torch.stack([velocity, right], dim=2)


def _rate(logits: Tensor, steepness: float, offset: float) -> Tensor:
    """Events to expect [batch, steps] of all that ``logits`` [batch, steps, n] speak of."""
    return F.softplus(logits * steepness + offset).sum(-1)


def _peaks(rate: Tensor) -> Tensor:
    """``rate`` [batch, steps] where none within two steps is greater, else zero.

    Evidence is smeared over neighbouring frames, but the event happens once.
    """
    highest = F.max_pool1d(rate.unsqueeze(1), 5, stride=1, padding=2).squeeze(1)
    return torch.where(rate >= highest, rate, torch.zeros_like(rate))


def _added(scores: Tensor, parts: list[tuple[int, Tensor]]) -> Tensor:
    """``scores`` [batch, length, n] plus ``parts``, each from its place on."""
    pieces: list[Tensor] = []
    end = 0
    for first, part in parts:
        pieces.append(scores[:, :, end:first])
        end = first + part.size(2)
        pieces.append(scores[:, :, first:end] + part)
    pieces.append(scores[:, :, end:])
    return torch.cat(pieces, dim=2)


def _rows(table: Tensor, index: Tensor) -> Tensor:
    """Rows [batch, length, n] of ``table`` [batch, rows, n] at ``index`` [batch, length]."""
    return table.gather(1, index.unsqueeze(2).expand(-1, -1, table.size(2)))
