"""What the encoder hears frame by frame, and how it helps the decoder to write it down.

The decoder could learn all of this by itself, but only slowly: it would have to learn for every
pitch anew that what it sees in a state is the pitch's token. So the encoder answers plain
questions (which pitches and drums begin, end and sound, on which instrument), and these answers
reach the decoder in two ways: it hears them at the time that it is writing at, and they are added
to the logits of the tokens that would say the same, as much as the decoder wants.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.endings import Endings
from scorelane.model.frontend import LOWEST_PITCH, PITCHES
from scorelane.model.kit import Kit
from scorelane.model.layers import dense
from scorelane.model.loudness import Loudness, Strengths
from scorelane.model.strokes import DRUM_KEYS, Strokes, interpolation
from scorelane.vocabulary import EOS

PITCH_FEATURES = 12
QUESTIONS = 3
"""What is asked of every pitch in every frame: does it begin, does it end, does it sound."""

_TIMBRE = 16
_PITCHED = QUESTIONS * PITCHES
_HEARD = _PITCHED + len(DRUM_KEYS)
# How much each hint counts at the beginning of training, and how much more in decoding at a trust
# of 1: a pitch that begins, ends, sounds, a drum, a pitch's program, a program that begins, sounds,
# a time at which something happens, nothing before it, nothing until the end. See `Hints.urge`.
_FIRST_GAINS = (0.7, 0.1, 0.1, 0.7, 0.2, 0.2, 0.1, 0.6, 0.6, 0.6)
_TRUSTED = (0.5, 0.2, 0.0, 0.5, 0.0, 0.0, 0.0, 0.6, 0.6, 0.6)


class FrameHeads(nn.Module):
    """Answers per frame, from the pitch's own features and from the encoder's state."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.network.width
        self.stack = config.network.frames_per_state
        self.pitches, self.drum_keys = PITCHES, len(DRUM_KEYS)
        self.own = nn.Linear(PITCH_FEATURES, QUESTIONS)
        self.state = dense(width, self.stack * _PITCHED)
        self.drums = nn.Linear(width, self.stack * len(DRUM_KEYS))
        self.own_timbre = nn.Linear(PITCH_FEATURES, _TIMBRE)
        self.timbre = dense(width, PITCHES * _TIMBRE)
        self.programs = nn.Linear(_TIMBRE, len(config.written_programs))
        self.strengths = Strengths()
        # Most pitches are silent most of the time: begin by saying so.
        nn.init.constant_(self.own.bias, -4.0)
        nn.init.constant_(self.drums.bias, -5.0)

    def forward(
        self, states: Tensor, pitches: Tensor, hits: Tensor | None, features: list[Tensor]
    ) -> list[Tensor]:
        """Answers about ``states`` [batch, states, width].

        ``pitches`` [batch, frames, 88, 12] are the input's pitch features, ``hits`` what
        :class:`scorelane.model.percussion.Percussion` says of drums, ``features`` the front
        end's. Returns logits [batch, frames, 88, 3] (begins, ends, sounds), logits [batch, frames,
        drum keys] (begins), log probabilities [batch, states, programs, 88] of the program of a
        note, if there is one, and the two tensors of :class:`scorelane.model.loudness.Strengths`.
        """
        batch, count = states.size(0), states.size(1)
        frames = count * self.stack
        own = self.own(pitches)
        notes = own + self.state(states).view(own.shape)
        drums = self.drums(states).view(batch, frames, self.drum_keys)
        if hits is not None:
            drums = drums + hits
        own_timbre = self.own_timbre(
            pitches.view(batch, count, self.stack, self.pitches, -1).mean(2)
        )
        timbre = own_timbre + self.timbre(states).view(own_timbre.shape)
        programs = self.programs(F.gelu(timbre, approximate="tanh")).float()
        fits = F.log_softmax(programs, -1).transpose(2, 3)
        answers = [notes.float(), drums.float(), fits]
        answers.extend(self.strengths(features))
        return answers


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
        self.kit = Kit(config)
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
        """From the encoder's answers, ten tensors with the batch first, six of them in training.

        Logits at each step [batch, steps, 325]; logarithms at each step of the chance that some
        event happens just then, and that none happened since the segment began [batch, 2, steps];
        the programs' log probabilities, a row for each state and program [batch, states x
        programs, 88]; how much of each program begins and sounds [batch, states, 2 x programs];
        what :class:`scorelane.model.loudness.Loudness` listens to, two tensors; of
        :class:`scorelane.model.strokes.Strokes` the peaks of drums [batch, steps, drum keys] and
        the evidence [batch, steps, 256]; for each step and MIDI pitch
        the one until which a note lasts that begins there [batch, steps, 128], the number of steps
        where it outlasts the segment; and the largest evidence of any stroke at each step [batch,
        steps].
        """
        notes, drums, programs = answers[0], answers[1], answers[2]
        frames = torch.cat([notes.flatten(2), drums], dim=2)
        logits = self.at_steps @ frames
        notes_at = logits[:, :, : self.pitched].view(
            logits.size(0), self.steps, self.pitches, self.questions
        )
        begins = _rate(notes_at[..., 0], 5.0, 0.0) + _rate(logits[:, :, self.pitched :], 5.0, 0.0)
        ends = _rate(notes_at[..., 1], 3.0, -1.5)
        rate = (_peaks(begins) + _peaks(ends)).clamp(min=1e-4)
        happens = torch.log(-torch.expm1(-rate))
        pace = torch.stack([happens, -rate.cumsum(1)], dim=1)
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
        laid.extend([strokes[1], strokes[0], last, strokes[0].amax(2)])
        return laid

    def reconsider(self, laid: list[Tensor], gain: Tensor) -> list[Tensor]:
        """What :meth:`lay_out` laid out, with what :class:`scorelane.model.kit.Kit` found.

        ``gain`` [batch, steps, drum keys] is added to the evidence of drums.
        """
        logits, struck, begin = laid[0], laid[6], laid[7]
        logits = torch.cat(
            [logits[:, :, : self.pitched], logits[:, :, self.pitched :] + gain], dim=2
        )
        first = 128 + self.strokes.first_key
        end = first + self.drums
        before = begin[:, :, first:end]
        # What lies beside a stroke of the segment before or after stays as it is.
        own = self.strokes.around(struck) >= before
        drums = torch.where(own, self.strokes.around(struck + gain), before)
        begin = torch.cat([begin[:, :, :first], drums, begin[:, :, end:]], dim=2)
        found = [logits]
        found.extend(laid[1:6])
        found.extend([struck + gain, begin, laid[8], begin.amax(2)])
        return found

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
