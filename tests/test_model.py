"""The transformer: MT3's network against NumPy, ours against its own promises; export; files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reference_mt3 import network
from scorelane.errors import ModelError
from scorelane.model.config import ModelConfig, mt3_config, scorelane_config
from scorelane.model.export import CONFIG_FILE, export_archive, script
from scorelane.model.layers import rotate, rotation
from scorelane.model.transformer import Transformer, gaze
from scorelane.model.weights import load_weights, save_weights


def small(config: ModelConfig) -> ModelConfig:
    """The same model with two layers, quick to test."""
    sizes = dataclasses.replace(config.network, encoder_layers=2, decoder_layers=2)
    return dataclasses.replace(config, network=sizes, max_tokens=64)


def random_model(config: ModelConfig, seed: int = 0) -> Transformer:
    torch.manual_seed(seed)
    return Transformer(config).eval()


def random_tokens(config: ModelConfig, rows: int, length: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    tokens = torch.randint(3, config.vocabulary.used, (rows, length), generator=generator)
    tokens[:, 0] = 0
    tokens[:, 5:8] = torch.tensor([13, 40, 3])  # a run of shifts, which add up
    return tokens


def test_mt3_has_the_papers_size() -> None:
    count = sum(p.numel() for p in Transformer(mt3_config()).parameters())
    assert round(count / 1e6, 1) == 45.9


def test_mt3_equals_the_float64_reference() -> None:
    config = small(mt3_config())
    model = random_model(config).double()
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    rng = np.random.default_rng(2)
    mel = rng.standard_normal((256, 512))
    tokens = rng.integers(0, 1391, 40)
    with torch.no_grad():
        states, _ = model.encoder([torch.from_numpy(mel)[None]])
        # The heads speak float32 on purpose, so compare what they are made from in float64.
        model.decoder.logits.register_forward_hook(lambda *a: seen.append(a[2]))
        seen: list[torch.Tensor] = []
        model.decoder(states, [], torch.from_numpy(tokens)[None])
    expected = network(mel, tokens, weights, layers=2, heads=6)
    error = np.abs(seen[0][0].numpy() - expected).max() / np.abs(expected).max()
    assert error < 1e-6


@pytest.mark.parametrize("make", [mt3_config, scorelane_config])
def test_exported_steps_equal_the_teacher_forced_pass(make: type) -> None:
    config = small(make())
    model = random_model(config)
    tokens = random_tokens(config, rows=3, length=20)
    v = config.vocabulary
    audio = 0.1 * torch.randn(3, config.window_samples, generator=torch.Generator().manual_seed(3))
    archive = script(model, config)
    with torch.inference_mode():
        logits, notes = model(audio, tokens)
        memory = archive.encode(audio)
        state = archive.start(memory)
        for position in range(tokens.size(1)):
            step, heads = archive.step(tokens[:, position], position, memory, state)
            expected = logits[:, position]
            if config.grammar:
                # It strikes out what may not follow; of the rest, at most one step in time gains.
                gained = step > expected + 1e-3
                assert (gained.sum(1) <= 1).all() and not gained[:, v.pitch :].any()
                expected = torch.where(step.isinf() | gained, step, expected)
            torch.testing.assert_close(step, expected, atol=1e-4, rtol=1e-4)
            if config.has_note_heads:
                expected = torch.sigmoid(notes[:, position, 0])
                torch.testing.assert_close(heads[:, 0], expected, atol=1e-4, rtol=1e-4)


def test_rows_can_be_retired_from_memory_and_state() -> None:
    config = small(scorelane_config())
    archive = script(random_model(config), config)
    tokens = random_tokens(config, rows=4, length=8)
    audio = 0.1 * torch.randn(4, config.window_samples)
    kept = torch.tensor([0, 3])
    with torch.inference_mode():
        memory = archive.encode(audio)
        state = archive.start(memory)
        for position in range(3):
            archive.step(tokens[:, position], position, memory, state)
        fewer = [m.index_select(0, kept) for m in memory], [s.index_select(0, kept) for s in state]
        full, _ = archive.step(tokens[:, 3], 3, memory, state)
        some, _ = archive.step(tokens[kept, 3], 3, *fewer)
    torch.testing.assert_close(some, full[kept], atol=1e-5, rtol=1e-5)


def test_a_run_of_shifts_adds_up_and_begins_anew() -> None:
    config = scorelane_config()
    decoder = random_model(small(config)).decoder
    v = config.vocabulary
    row = [0, v.shift + 10, v.shift + 5, v.tie, v.shift + 20, v.pitch + 60]
    assert decoder.times(torch.tensor([row])).tolist() == [[0, 10, 15, 15, 20, 20]]


def test_states_lie_where_their_frames_are() -> None:
    """A state's time is the middle of its two frames, counted from the segment's start."""
    config = scorelane_config()
    decoder = random_model(small(config)).decoder
    first = decoder.first_state * config.frontend.hop / config.sample_rate
    assert first == pytest.approx(-0.256 + 0.008)


def test_weights_travel_through_a_folder_and_an_archive(tmp_path: Path) -> None:
    config = small(scorelane_config())
    model = random_model(config)
    save_weights(model.state_dict(), config, tmp_path / "model", torch.float16)
    loaded, read = load_weights(tmp_path / "model")
    assert read == config
    torch.testing.assert_close(
        loaded.decoder.logits.weight, model.decoder.logits.weight, atol=1e-3, rtol=1e-3
    )
    export_archive(tmp_path / "model", tmp_path / "model.pt")
    extra = {CONFIG_FILE: ""}
    archive = torch.jit.load(tmp_path / "model.pt", _extra_files=extra)
    told = json.loads(extra[CONFIG_FILE])
    assert (told["format"], told["vocabulary_size"], told["has_note_heads"]) == (1, 1536, True)
    audio = torch.zeros(1, config.window_samples)
    with torch.inference_mode():
        first = archive.encode(audio)[0]
        torch.testing.assert_close(first, script(loaded, config).encode(audio)[0])


def test_wrong_weights_are_told_by_name(tmp_path: Path) -> None:
    config = small(scorelane_config())
    tensors = random_model(config).state_dict()
    del tensors["decoder.norm.weight"]
    tensors["decoder.surprise"] = torch.zeros(1)
    save_weights(tensors, config, tmp_path, torch.float16)
    with pytest.raises(ModelError, match=r"decoder.norm.weight is missing.*surprise is unknown"):
        load_weights(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match="cannot be read as weights"):
        load_weights(tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be understood"),
        ("[]", "cannot be understood"),
        ('{"format": 2}', "format is 2"),
        ('{"format": 1}', "cannot be understood"),
    ],
)
def test_wrong_configurations_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ModelError, match=reason):
        ModelConfig.from_json(text)


def test_configuration_survives_json() -> None:
    for config in (mt3_config(), mt3_config(piano=True), scorelane_config()):
        assert ModelConfig.from_json(config.to_json()) == config


def test_notes_linger_alike_or_by_groups_of_programs() -> None:
    def lingering(steps: object) -> ModelConfig:
        values = json.loads(scorelane_config().to_json()) | {"linger_steps": steps}
        return ModelConfig.from_json(json.dumps(values))

    for steps in (0, 7, [*range(16)]):
        assert lingering(steps).linger_steps == steps
    for wrong in (-1, 1.5, True, None, "5", [], [1] * 15, [1] * 15 + [-1], [1] * 15 + [True]):
        with pytest.raises(ModelError, match="linger_steps"):
            lingering(wrong)


def test_heads_begin_by_looking_at_the_time_or_ahead_of_it() -> None:
    asked, found = gaze(heads=4, head_width=64)
    now, times = torch.tensor([40.0]), torch.arange(80.0)
    query = rotate(asked, *rotation(now, 64))
    keys = rotate(found.expand(4, 80, 64), *rotation(times, 64))
    looked_at = (query @ keys.transpose(1, 2)).squeeze(1).argmax(1) - 40
    assert looked_at.tolist() == [0, 2, 7, 16]
