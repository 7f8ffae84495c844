"""One TorchScript archive of a model: front end, encoder, decode step, configuration.

docs/MODEL.md holds the contract with the engine.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from scorelane.files import atomic_path
from scorelane.model.config import ModelConfig
from scorelane.model.grammar import Grammar
from scorelane.model.layers import rotation
from scorelane.model.transformer import Transformer
from scorelane.model.weights import load_weights

CONFIG_FILE = "config.json"


class Archive(nn.Module):
    """What the engine calls, each over a batch of segments.

    ``encode``; ``candidates``, ``agree`` and ``reconsider``, between which the batches of a group
    meet; ``start`` and ``step``.
    """

    def __init__(self, model: Transformer, config: ModelConfig) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.decoder = model.decoder
        self.caches = 2 * config.network.decoder_layers
        self.max_tokens = config.max_tokens
        self.held_to_grammar = config.grammar
        self.grammar = Grammar(config)
        self.heads = config.network.heads
        self.head_width = config.network.head_width

    @torch.jit.export
    def encode(self, audio: Tensor) -> list[Tensor]:
        """What decoding needs to know of ``audio`` [batch, window samples]."""
        states, answers = self.encoder(self.encoder.input.features(audio))
        return self.decoder.remember(states, answers)

    @torch.jit.export
    def candidates(self, memory: list[Tensor]) -> list[Tensor]:
        """What may be played, tensors with the batch first; of MT3's models none."""
        return self.decoder.candidates(memory)

    @torch.jit.export
    def agree(self, candidates: list[Tensor]) -> list[Tensor]:
        """What all ``candidates`` of a recording's segments gain beside each other."""
        return self.decoder.agree(candidates)

    @torch.jit.export
    def reconsider(self, memory: list[Tensor], gains: list[Tensor]) -> list[Tensor]:
        """``memory`` with the ``gains`` of its candidates."""
        return self.decoder.reconsider(memory, gains)

    @torch.jit.export
    def start(self, memory: list[Tensor]) -> list[Tensor]:
        """A fresh decoder state: empty keys and values, what is in force, the grammar's state.

        In force are [batch, 3]: time in steps, program, and whether the last token was a shift.
        """
        batch, device = memory[0].size(0), memory[0].device
        shape = [batch, self.heads, self.max_tokens, self.head_width]
        state: list[Tensor] = []
        for _ in range(self.caches):
            # Not filled: nothing is read of what was not written.
            state.append(torch.empty(shape, dtype=memory[0].dtype, device=device))
        state.append(torch.tensor([[0, -1, 0]], device=device).repeat(batch, 1))
        if self.held_to_grammar:
            state.extend(self.grammar.start(batch, device))
        return state

    @torch.jit.export
    def step(
        self, tokens: Tensor, position: int, memory: list[Tensor], state: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Consume ``tokens`` [batch] at ``position``; see docs/MODEL.md."""
        decoder = self.decoder
        self._advance(tokens, state[self.caches])
        step, program = state[self.caches][:, 0:1], state[self.caches][:, 1:2]
        time = step * decoder.frames_per_step
        place = torch.full([1], position, device=tokens.device)
        x = decoder.embed(tokens.unsqueeze(1), place, time)
        known = decoder.know(memory, step)
        if decoder.hints is not None:
            x = x + decoder.hints.hear(known)
        cosine, sine = rotation(place, self.head_width)
        time_cosine, time_sine = rotation(time.unsqueeze(1), self.head_width)
        for index, layer in enumerate(decoder.layers):
            query, key, value = layer.ask(x, cosine, sine)  # type: ignore[operator]
            keys, values = state[2 * index], state[2 * index + 1]
            keys[:, :, position : position + 1] = key
            values[:, :, position : position + 1] = value
            attended = layer.self_attention(  # type: ignore[operator]
                query, keys[:, :, : position + 1], values[:, :, : position + 1], False
            )
            kept = (memory[2 * index], memory[2 * index + 1])
            x = layer.finish(x, attended, kept, time_cosine, time_sine)  # type: ignore[operator]
        logits, notes = decoder.say(
            decoder.norm(x), tokens.unsqueeze(1), memory, known, step, program
        )
        logits, notes = logits.squeeze(1), notes.squeeze(1)
        if self.held_to_grammar:
            facts, sounding, begun, wanted = state[-4], state[-3], state[-2], state[-1]
            self.grammar.advance(tokens, facts, sounding, begun)
            evidence = decoder.evidence(known, memory)
            logits = self.grammar.guide(logits, facts, sounding, begun, wanted, evidence)
        if decoder.hints is None:
            return logits, notes
        players = decoder.hints.players(tokens, memory[self.caches :], known)
        return logits, torch.cat([torch.sigmoid(notes[:, :1]), notes[:, 1:], players], dim=1)

    def _advance(self, tokens: Tensor, in_force: Tensor) -> None:
        """Update time and program as :class:`Decoder` finds them for whole rows."""
        decoder = self.decoder
        time, program, after_shift = in_force.unbind(1)
        is_shift = (tokens >= decoder.shift) & (tokens <= decoder.shift + decoder.max_shift)
        is_program = (tokens >= decoder.program) & (tokens < decoder.program + 128)
        time.copy_(torch.where(is_shift, time * after_shift + tokens - decoder.shift, time))
        program.copy_(torch.where(is_program, tokens - decoder.program, program))
        after_shift.copy_(is_shift)


def script(model: Transformer, config: ModelConfig) -> torch.jit.ScriptModule:
    """``model`` compiled to TorchScript, in evaluation mode."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(Archive(model, config).eval())
    assert isinstance(scripted, torch.jit.ScriptModule)
    return scripted


def save_archive(model: Transformer, config: ModelConfig, path: Path) -> None:
    """Write ``model`` as a TorchScript archive with ``config.json`` inside."""
    scripted = script(model.to("cpu").float(), config)
    with atomic_path(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(scripted, str(temporary), _extra_files={CONFIG_FILE: config.to_json()})


def export_archive(weights: Path, path: Path) -> None:
    """Export the weights folder ``weights`` to the archive ``path``.

    Raises :class:`scorelane.errors.ModelError` when the folder does not hold a model.
    """
    model, config = load_weights(weights)
    save_archive(model, config, path)
