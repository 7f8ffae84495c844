"""What the encoder hears, frame by frame: answers to plain questions.

Which pitches and drums begin, end and sound, and on which instrument.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig
from scorelane.model.frontend import PITCH_FEATURES, PITCHES
from scorelane.model.layers import dense
from scorelane.model.loudness import Strengths
from scorelane.model.strokes import DRUM_KEYS

QUESTIONS = 3
"""What is asked of every pitch in every frame: does it begin, does it end, does it sound."""

_TIMBRE = 16


class FrameHeads(nn.Module):
    """Answers per frame, from the pitch's own features and from the encoder's state."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.network.width
        self.stack = config.network.frames_per_state
        self.pitches, self.drum_keys = PITCHES, len(DRUM_KEYS)
        self.own = nn.Linear(PITCH_FEATURES, QUESTIONS)
        self.state = dense(width, self.stack * QUESTIONS * PITCHES)
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
