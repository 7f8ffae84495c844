"""The one transformer of Scorelane; its configuration makes it MT3's network or ours.

MT3: arXiv 2111.03017, section 3.3, a T5 v1.1 with fixed sinusoids. Ours differs in three ways
(docs/MODEL.md): pitch-shared harmonic input, time-aligned rotary attention, and extra heads.
Time-aligned means: the decoder knows the time of the event it is writing, from the last shift
token, so its queries to the encoder are rotated by that time and the encoder's keys by theirs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import ModelConfig, NetworkConfig
from scorelane.model.evidence import Hints
from scorelane.model.frame_heads import FrameHeads
from scorelane.model.frontend import PITCH_FEATURES, PITCHES, HarmonicFrames, LogMel
from scorelane.model.layers import (
    Attention,
    EncoderLayer,
    GatedFeedForward,
    dense,
    norm,
    rotate,
    rotation,
    sinusoids,
)
from scorelane.model.percussion import Percussion

PITCH_SEEN = 32


class MelInput(nn.Module):
    """MT3's way in: each log-mel frame through one dense layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.hear = LogMel(config.frontend, config.sample_rate)
        self.projection = dense(config.frontend.bins, config.network.width)

    def features(self, audio: Tensor) -> list[Tensor]:
        """What needs no gradient: log-mel frames of ``audio`` [batch, samples]."""
        return [self.hear(audio)]

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Frames [batch, frames, width]; the second value is empty here."""
        x = self.projection(features[0])
        return x, x[:, :, :0]


class HarmonicInput(nn.Module):
    """Our way in: one small network looks at the harmonics of every pitch alike.

    It hears a frame and the ones beside it. Neighbouring frames then become one state.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.hear = HarmonicFrames(config.frontend, config.sample_rate)
        self.stack = config.network.frames_per_state
        width = config.network.width
        self.look = nn.Linear(self.hear.view, PITCH_SEEN)
        self.follow = nn.Linear(PITCH_SEEN, 3 * PITCH_FEATURES)
        self.attack = dense(self.stack * self.hear.attack_features, width)
        self.projection = dense(self.stack * PITCHES * PITCH_FEATURES, width)

    def features(self, audio: Tensor) -> list[Tensor]:
        """What needs no gradient: pitch views and attack spectrum of ``audio``."""
        views, attack = self.hear(audio)
        return [views, attack]

    def forward(self, features: list[Tensor]) -> tuple[Tensor, Tensor]:
        """States [batch, states, width] and pitch features [batch, frames, 88, 12]."""
        seen = F.gelu(self.look(features[0]), approximate="tanh")
        before, now, after = self.follow(seen).chunk(3, dim=-1)
        before = F.pad(before[:, :-1], (0, 0, 0, 0, 1, 0))
        after = F.pad(after[:, 1:], (0, 0, 0, 0, 0, 1))
        pitches = F.gelu(before + now + after, approximate="tanh")
        states = seen.size(1) // self.stack
        stacked = pitches.reshape(seen.size(0), states, self.projection.in_features)
        attack = features[1].reshape(seen.size(0), states, self.attack.in_features)
        return self.projection(stacked) + self.attack(attack), pitches


class Encoder(nn.Module):
    """Audio features to states."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        network = config.network
        self.time_aligned = network.time_aligned
        self.head_width = network.head_width
        self.state_frames = network.frames_per_state
        ours = config.kind == "scorelane"
        self.input = HarmonicInput(config) if ours else MelInput(config)
        self.layers = nn.ModuleList(EncoderLayer(network) for _ in range(network.encoder_layers))
        self.norm = norm(network.width)
        self.dropout = nn.Dropout(network.dropout)
        self.percussion = Percussion(config) if ours and network.drum_width else None
        self.heads = FrameHeads(config) if ours else None

    def forward(self, features: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """States [batch, states, width] and answers: what :class:`Hints` lays out, if anything."""
        x, pitches = self.input(features)
        hits: Tensor | None = None
        if self.percussion is not None:
            struck = self.percussion(features[1])
            x, hits = x + struck[0], struck[1]
        position = torch.arange(x.size(1), device=x.device) * self.state_frames
        cosine, sine = rotation(position, self.head_width)
        if not self.time_aligned:
            x = x + sinusoids(position, x.size(2))
        x = self.dropout(x)
        for layer in self.layers:
            x = layer(x, cosine, sine)
        x = self.dropout(self.norm(x))
        if self.heads is None:
            return x, []
        answers: list[Tensor] = self.heads(x, pitches, hits, features)
        answers.append(pitches)
        return x, answers


def gaze(heads: int, head_width: int) -> tuple[Tensor, Tensor]:
    """Offsets of queries and keys [heads, 1, head width] that make heads look at the right time.

    Rotated by the times of token and state, their product is largest where the state lies as far
    behind the token as the head looks ahead: from nothing, with a sharp eye, to a quarter of a
    second, with a wide one.
    """
    ahead = torch.linspace(0.0, 1.0, heads).unsqueeze(1) ** 2 * 16.0
    sharpness = torch.linspace(1.6, 0.8, heads)[:, None, None]
    ones = torch.cat([torch.ones(head_width // 2), torch.zeros(head_width // 2)])
    found = sharpness * ones.expand(heads, 1, head_width)
    cosine, sine = rotation(ahead, head_width)
    return rotate(found, cosine, sine), found.clone()


class DecoderLayer(nn.Module):
    """Causal self-attention, attention to the encoder, feed-forward."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.time_aligned = config.time_aligned
        self.self_norm = norm(config.width)
        self.self_attention = Attention(config)
        self.cross_norm = norm(config.width)
        self.cross_attention = Attention(config)
        self.feed_forward_norm = norm(config.width)
        self.feed_forward = GatedFeedForward(config)
        self.dropout = nn.Dropout(config.dropout)
        if config.time_aligned:
            asked, found = gaze(config.heads, config.head_width)
            self.time_query = nn.Parameter(asked)
            self.time_key = nn.Parameter(found)
        else:
            self.register_buffer("time_query", torch.zeros(1), persistent=False)
            self.register_buffer("time_key", torch.zeros(1), persistent=False)

    def remember(
        self, states: Tensor, told: Tensor, cosine: Tensor, sine: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Keys of ``states`` and values of ``told`` [batch, heads, states, head width]."""
        attention = self.cross_attention
        key = attention.split(attention.key(states))
        if self.time_aligned:
            key = rotate(key + self.time_key, cosine, sine)
        return key, attention.split(attention.value(told))

    def ask(self, x: Tensor, cosine: Tensor, sine: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of the self-attention for ``x`` [batch, length, width]."""
        attention = self.self_attention
        y = self.self_norm(x)
        query = attention.split(attention.query(y))
        key = attention.split(attention.key(y))
        if self.time_aligned:
            query, key = rotate(query, cosine, sine), rotate(key, cosine, sine)
        return query, key, attention.split(attention.value(y))

    def finish(
        self,
        x: Tensor,
        attended: Tensor,
        memory: tuple[Tensor, Tensor],
        cosine: Tensor,
        sine: Tensor,
    ) -> Tensor:
        """All that follows self-attention; ``cosine`` and ``sine`` turn by the tokens' times."""
        x = x + self.dropout(attended)
        attention = self.cross_attention
        query = attention.split(attention.query(self.cross_norm(x)))
        if self.time_aligned:
            query = rotate(query + self.time_query, cosine, sine)
        x = x + self.dropout(attention(query, memory[0], memory[1], False))
        y: Tensor = x + self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return y


class Decoder(nn.Module):
    """Tokens and encoder states to logits."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        network = config.network
        vocabulary = config.vocabulary
        self.time_aligned = network.time_aligned
        self.head_width = network.head_width
        self.shift = vocabulary.shift
        self.max_shift = vocabulary.max_shift
        self.program = vocabulary.program
        self.frames_per_step = config.frames_per_step
        # Where the states lie, in frames from the segment's start; a stacked one in its middle.
        self.state_frames = network.frames_per_state
        self.first_state = (self.state_frames - 1) / 2 - config.first_frame
        self.embedding = nn.Embedding(vocabulary.size, network.width)
        self.layers = nn.ModuleList(DecoderLayer(network) for _ in range(network.decoder_layers))
        self.norm = norm(network.width)
        self.dropout = nn.Dropout(network.dropout)
        self.logits = dense(network.width, vocabulary.size)
        if self.time_aligned:
            self._know_times()
        self.hints = Hints(config) if config.kind == "scorelane" else None

    @torch.no_grad()
    def _know_times(self) -> None:
        """Begin with logits of shifts that recognise the code of their time."""
        steps = torch.arange(self.max_shift + 1)
        code = sinusoids(steps * self.frames_per_step, self.logits.in_features)
        self.logits.weight[self.shift : self.shift + self.max_shift + 1] = 0.05 * code

    def embed(self, tokens: Tensor, position: Tensor, time: Tensor) -> Tensor:
        """Embeddings [batch, length, width] of ``tokens`` with their place or time added."""
        place = time if self.time_aligned else position
        x = self.embedding(tokens)
        y: Tensor = self.dropout(x + sinusoids(place, x.size(-1)))
        return y

    def remember(self, states: Tensor, answers: list[Tensor]) -> list[Tensor]:
        """What decoding needs of the encoder's ``states`` and ``answers``, batch first.

        Keys and values of every layer (key, value, key, ...), then what :class:`Hints` lays out.
        """
        index = torch.arange(states.size(1), device=states.device)
        time = index * self.state_frames + self.first_state
        cosine, sine = rotation(time, self.head_width)
        # A state that is looked at also tells its time, so that the decoder can write it down.
        told = states + sinusoids(time, states.size(2)) if self.time_aligned else states
        memory: list[Tensor] = []
        for layer in self.layers:
            key, value = layer.remember(states, told, cosine, sine)  # type: ignore[operator]
            memory.append(key)
            memory.append(value)
        if self.hints is not None:
            memory.extend(self.hints.lay_out(answers))
        return memory

    def forward(
        self, states: Tensor, answers: list[Tensor], tokens: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Teacher-forced pass over input ``tokens`` [batch, length].

        ``states`` and ``answers`` are the encoder's. Returns logits [batch, length, vocabulary] of
        the tokens that follow, and note heads [batch, length, 2] (velocity and confidence logits)
        of the input tokens themselves; without hints the second value means nothing.
        """
        position = torch.arange(tokens.size(1), device=tokens.device)
        step, program = self.times(tokens), self.programs(tokens)
        time = step * self.frames_per_step
        memory = self.remember(states, answers)
        x = self.embed(tokens, position, time)
        known = self.know(memory, step)
        if self.hints is not None:
            x = x + self.hints.hear(known)
        cosine, sine = rotation(position, self.head_width)
        time_cosine, time_sine = rotation(time.unsqueeze(1), self.head_width)
        for index, layer in enumerate(self.layers):
            query, key, value = layer.ask(x, cosine, sine)  # type: ignore[operator]
            attended = layer.self_attention(query, key, value, True)  # type: ignore[operator]
            kept = (memory[2 * index], memory[2 * index + 1])
            x = layer.finish(x, attended, kept, time_cosine, time_sine)  # type: ignore[operator]
        return self.say(self.norm(x), tokens, memory, known, step, program)

    def know(self, memory: list[Tensor], step: Tensor) -> list[Tensor]:
        """What the hints know at ``step`` [batch, length]; nothing where there are none."""
        if self.hints is None:
            return []
        return self.hints.know(memory[2 * len(self.layers) :], step)

    def candidates(self, memory: list[Tensor]) -> list[Tensor]:
        """What may be struck and what may begin, see :meth:`Hints.lay_out`; none without hints."""
        if self.hints is None:
            return []
        return memory[-5:-3]

    def agree(self, candidates: list[Tensor]) -> list[Tensor]:
        """What all the :meth:`candidates` of a recording gain beside each other."""
        if self.hints is None:
            return candidates
        return self.hints.agree(candidates)

    def reconsider(self, memory: list[Tensor], gains: list[Tensor]) -> list[Tensor]:
        """``memory`` with the ``gains`` of its candidates."""
        if self.hints is None:
            return memory
        first = 2 * len(self.layers)
        return memory[:first] + self.hints.reconsider(memory[first:], gains)

    def evidence(self, known: list[Tensor], memory: list[Tensor]) -> list[Tensor]:
        """What :class:`scorelane.model.grammar.Grammar` asks for; nothing where there are no hints.

        Logits of what begins at each step, logits [batch, 128] of each pitch sounding at the last
        token's time, until when each would, and the first's largest: see :meth:`Hints.lay_out`.
        """
        if self.hints is None:
            return []
        return [memory[-3], self.hints.sounds(known), memory[-2], memory[-1]]

    def say(
        self,
        x: Tensor,
        tokens: Tensor,
        memory: list[Tensor],
        known: list[Tensor],
        step: Tensor,
        program: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Logits and note heads from the last layer's normed ``x`` [batch, length, width]."""
        scores = self.logits(self.dropout(x)).float()
        if self.hints is None:
            return scores, torch.zeros_like(scores[:, :, :2])
        laid = memory[2 * len(self.layers) :]
        scores = self.hints.urge(scores, x, laid, known, step, program)
        return scores, self.hints.notes(tokens, laid, known, step)

    def times(self, tokens: Tensor) -> Tensor:
        """Time in steps at each of ``tokens`` [batch, length]: the sum of its run of shifts."""
        is_shift = (tokens >= self.shift) & (tokens <= self.shift + self.max_shift)
        steps = torch.where(is_shift, tokens - self.shift, torch.zeros_like(tokens))
        total = steps.cumsum(1)
        begins = is_shift & ~F.pad(is_shift[:, :-1], (1, 0))
        index = torch.arange(tokens.size(1), device=tokens.device)
        run = torch.where(begins, index, torch.full_like(tokens, -1)).cummax(1).values
        before = (total - steps).gather(1, run.clamp(min=0))
        return torch.where(run >= 0, total - before, torch.zeros_like(total))

    def programs(self, tokens: Tensor) -> Tensor:
        """The program in force at each of ``tokens`` [batch, length], -1 before the first."""
        is_program = (tokens >= self.program) & (tokens < self.program + 128)
        index = torch.arange(tokens.size(1), device=tokens.device)
        last = torch.where(is_program, index, torch.full_like(tokens, -1)).cummax(1).values
        program = tokens.gather(1, last.clamp(min=0)) - self.program
        return torch.where(last >= 0, program, torch.full_like(program, -1))


class Transformer(nn.Module):
    """Encoder and decoder of one model; made from its configuration with random weights."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def forward(self, audio: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """``audio`` [batch, window samples] and input ``tokens`` [batch, length].

        Returns what :meth:`Decoder.forward` does.
        """
        states, answers = self.encoder(self.encoder.input.features(audio))
        logits, notes = self.decoder(states, answers, tokens)
        return logits, notes
