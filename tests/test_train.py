"""The trainer: optimizer, losses, batches, resume after a kill, several processes."""

from __future__ import annotations

import dataclasses
import json
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from scorelane.data.targets import Example
from scorelane.errors import ModelError, UsageError
from scorelane.model.config import mt3_config, scorelane_config
from scorelane.model.transformer import Transformer
from scorelane.model.weights import load_weights
from scorelane.train.batches import LENGTHS, USUAL_LENGTH, Batch, BatchStream, collate
from scorelane.train.checkpoint import CHECKPOINT_NAME, load_checkpoint
from scorelane.train.deepen import deepened
from scorelane.train.loop import LOG_NAME, Plan, Report, train
from scorelane.train.losses import Learner
from scorelane.train.muon import Muon, orthogonalise
from scorelane.train.optimizers import WARM_UP, Optimizers, schedule
from scorelane.vocabulary import PAD
from tiny_training import TINY, draw_tone, open_tones


def plan(folder: Path, segments: int) -> Plan:
    return Plan(
        folder,
        segments,
        batch_size=2,  # of the usual length; four of these short ones
        workers=0,
        device="cpu",
        compiled=False,
        log_seconds=0.0,
        checkpoint_seconds=0.0,
    )


def test_orthogonalise_pushes_singular_values_towards_one() -> None:
    matrices = torch.randn(3, 40, 24, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonalise(matrices))
    assert values.min() > 0.5 and values.max() < 1.3
    # The directions stay: the result is the nearest orthogonal matrix, roughly.
    u, _, v = torch.linalg.svd(matrices, full_matrices=False)
    assert (orthogonalise(matrices) - u @ v).abs().mean() < 0.1


def test_muon_descends() -> None:
    target = torch.randn(8, 6, generator=torch.Generator().manual_seed(1))
    weight = torch.nn.Parameter(torch.zeros(8, 6))
    optimizer = Muon([weight], 0.05)
    losses = []
    for _ in range(200):
        loss = (weight - target).square().mean()
        loss.backward()
        optimizer.step()
        weight.grad = None
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


def test_schedule_rises_stays_and_falls_to_zero() -> None:
    assert schedule(0.0) < 0.05
    assert schedule(0.1) == schedule(0.5) == 1.0
    assert schedule(0.85) == pytest.approx(0.5)
    assert schedule(1.0) == 0.0


def test_batches_are_padded_to_few_lengths_and_hold_every_token() -> None:
    examples = [draw_tone(np.random.default_rng(seed)) for seed in range(4)]
    batch = collate(examples, LENGTHS[0])
    assert batch.tokens.shape == (4, LENGTHS[0])
    for row, example in zip(batch.tokens.tolist(), examples, strict=True):
        assert row[: len(example.tokens)] == example.tokens
        assert set(row[len(example.tokens) :]) == {PAD}


def test_workers_and_runs_draw_different_examples() -> None:
    def first(seed: list[int]) -> Example:
        return next(iter(BatchStream(open_tones, 1, LENGTHS[-1], seed))).audio

    assert not torch.equal(first([0, 0, 0]), first([0, 0, 32]))
    assert torch.equal(first([0, 0, 0]), first([0, 0, 0]))


def test_every_loss_has_a_gradient_and_padding_none() -> None:
    learner = Learner(TINY, compiled=False)
    batch = collate([draw_tone(np.random.default_rng(seed)) for seed in range(4)], LENGTHS[0])
    torch.manual_seed(0)
    losses = learner(batch)
    losses.total.backward()
    learning = [(name, p) for name, p in learner.named_parameters() if p.requires_grad]
    missing = [name for name, p in learning if p.grad is None]
    assert missing == []
    torch.manual_seed(0)
    longer = collate([draw_tone(np.random.default_rng(seed)) for seed in range(4)], LENGTHS[1])
    learner.has_heads = False  # corrupts at random, and longer rows draw more numbers
    torch.testing.assert_close(learner(longer).token, learner(batch).token)


def test_the_encoder_can_learn_by_itself(tmp_path: Path) -> None:
    learner = Learner(TINY, compiled=False)
    batch = collate([draw_tone(np.random.default_rng(seed)) for seed in range(4)], LENGTHS[0])
    losses = learner(batch, decodes=False)
    losses.total.backward()
    learns = {name for name, p in learner.named_parameters() if p.grad is not None}
    hints = "model.decoder.hints."
    heard = ("model.encoder.", f"{hints}loudness.", f"{hints}endings.")
    assert learns == {name for name, _ in learner.named_parameters() if name.startswith(heard)}
    torch.testing.assert_close(losses.frame, learner(batch).frame)

    # The log tells the decoder's loss over the batches in which it was asked.
    reports: list[Report] = []
    every_third = dataclasses.replace(plan(tmp_path, 168), decoder_every=3, checkpoint_seconds=60.0)
    train(TINY, open_tones, every_third, reports.append)
    assert all(report.loss > 3.0 for report in reports)
    # Of the last batches, in which it was not asked, it repeats what it said before.
    *_, asked, last = reports
    assert asked.seen < last.seen == 168
    assert (last.loss, last.shift, last.program) == (asked.loss, asked.shift, asked.program)
    assert max(asked.shift, asked.pitch, asked.program, asked.drum) > 0.0


def test_velocities_are_judged_beside_the_others_of_their_example() -> None:
    learner = Learner(TINY, compiled=False).eval()
    batch = collate([draw_tone(np.random.default_rng(seed)) for seed in range(4)], LENGTHS[0])

    def loss(tone: int, drum: int) -> float:
        loudness = batch.loudness.clone()
        loudness[batch.loudness == 80] = tone
        loudness[batch.loudness == 60] = drum
        torch.manual_seed(0)
        return learner(dataclasses.replace(batch, loudness=loudness)).velocity.item()

    assert 2 * loss(80, 60) < loss(80, 127)
    assert loss(110, 90) == pytest.approx(loss(80, 60), abs=0.005)
    assert loss(0, 0) == 0.0


def test_ends_are_learned_without_asking_the_encoder_for_more() -> None:
    learner = Learner(TINY, compiled=False).eval()
    batch = collate([draw_tone(np.random.default_rng(seed)) for seed in range(4)], LENGTHS[0])

    def gradients(pitched: Tensor) -> tuple[Tensor, Tensor]:
        learner.zero_grad()
        torch.manual_seed(0)
        losses = learner(dataclasses.replace(batch, pitched=pitched), decodes=False)
        losses.total.backward()
        grads = {name: p.grad for name, p in learner.named_parameters() if p.grad is not None}
        weight = "model.decoder.hints.endings.judge.weight"
        return grads[weight], grads["model.encoder.heads.own.weight"]

    endless = batch.pitched.clone()
    endless[..., 1][endless[..., 1] == 255] = 254
    (ends, evidence), (no_ends, same) = gradients(batch.pitched), gradients(endless)
    assert not torch.allclose(ends, no_ends)
    torch.testing.assert_close(evidence, same, rtol=0.02, atol=1e-5)


def test_an_encoder_without_heads_cannot_learn_by_itself(tmp_path: Path) -> None:
    every_third = dataclasses.replace(plan(tmp_path, 24), decoder_every=3)
    with pytest.raises(UsageError, match="only through its decoder"):
        train(mt3_config(), open_tones, every_third, print)


def test_rows_are_as_long_as_the_model_can_write() -> None:
    def draw(rng: np.random.Generator) -> Example:
        example = draw_tone(rng)
        tokens = [3] * int(rng.choice([300, 400, 600]))
        return dataclasses.replace(example, tokens=tokens)

    def batches(longest: int) -> list[Batch]:
        stream = BatchStream(lambda: draw, 8, longest, [0])
        return [batch for batch, _ in zip(stream, range(4), strict=False)]

    assert {batch.tokens.shape for batch in batches(512)} == {(4, 352), (3, 512)}
    assert {batch.tokens.shape for batch in batches(352)} == {(8 * USUAL_LENGTH // 352, 352)}


def test_training_learns_writes_weights_and_resumes(tmp_path: Path) -> None:
    reports: list[Report] = []
    train(TINY, open_tones, plan(tmp_path, 240), reports.append)
    assert reports[-1].seen == 240
    assert reports[-1].loss < 0.7 * reports[0].loss
    assert all(0.0 <= report.waited <= 1.0 for report in reports)
    assert all(report.generator_per_s > 0 for report in reports)
    _, config = load_weights(tmp_path)
    assert config == TINY

    # A longer plan in the same folder goes on; what is logged follows on what was logged.
    more: list[Report] = []
    train(TINY, open_tones, plan(tmp_path, 248), more.append)
    assert [report.seen for report in more] == [244, 248]
    assert more[0].loss < 0.7 * reports[0].loss
    logged = [json.loads(line)["seen"] for line in (tmp_path / LOG_NAME).read_text().splitlines()]
    assert logged == sorted(set(logged))


def test_a_run_can_begin_from_weights(tmp_path: Path) -> None:
    learned: list[Report] = []
    train(TINY, open_tones, plan(tmp_path / "first", 240), learned.append)
    again = dataclasses.replace(plan(tmp_path / "second", 8), begin_from=tmp_path / "first")
    reports: list[Report] = []
    train(TINY, open_tones, again, reports.append)
    assert reports[0].loss < 0.7 * learned[0].loss
    other = dataclasses.replace(TINY, network=dataclasses.replace(TINY.network, decoder_layers=3))
    third = dataclasses.replace(again, folder=tmp_path / "third")
    with pytest.raises(ModelError, match="another network"):
        train(other, open_tones, third, lambda _: None)


def test_more_layers_change_nothing_until_they_learn() -> None:
    torch.manual_seed(0)
    small = scorelane_config(width=64, encoder_layers=2, decoder_layers=1)
    model = Transformer(small).eval()
    deep = dataclasses.replace(small, network=dataclasses.replace(small.network, encoder_layers=6))
    deeper = Transformer(deep).eval()
    deeper.load_state_dict(deepened(model, 2, deep))
    audio = 0.1 * torch.randn(1, small.window_samples)
    with torch.no_grad():
        before = model.encoder(model.encoder.input.features(audio))[0]
        after = deeper.encoder(deeper.encoder.input.features(audio))[0]
    assert torch.equal(before, after)
    odd = dataclasses.replace(small, network=dataclasses.replace(small.network, encoder_layers=5))
    with pytest.raises(UsageError, match="multiple of 2"):
        deepened(model, 2, odd)


def test_a_run_by_the_clock_ends_in_time_and_goes_on_after_a_break(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = count()  # every look at the clock is a second later than the last
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)))
    monkeypatch.setattr("scorelane.train.loop.time", clock)
    rates: list[float] = []
    step = Optimizers.step

    def noted(optimizers: Optimizers, done: float) -> None:
        rates.append(done)
        step(optimizers, done)

    monkeypatch.setattr(Optimizers, "step", noted)
    monkeypatch.setattr("scorelane.train.loop.WARM_UP_STEPS", 4)
    # 8 examples are far less than ten minutes'; they are not asked for.
    by_clock = dataclasses.replace(plan(tmp_path, 8), minutes=10.0)

    def stop(report: Report) -> None:
        reports.append(report)
        if report.seen >= 120:
            raise KeyboardInterrupt

    reports: list[Report] = []
    with pytest.raises(KeyboardInterrupt):
        train(TINY, open_tones, by_clock, stop)
    before = load_checkpoint(tmp_path / CHECKPOINT_NAME)
    assert 0.0 < before["trained_s"] < 600.0
    # However long they take, the first steps warm up.
    assert rates[:4] == [0.0, WARM_UP / 4, WARM_UP / 2, pytest.approx(0.75 * WARM_UP)]
    assert rates == sorted(rates)

    rates.clear()
    train(TINY, open_tones, by_clock, reports.append)
    assert rates[0] == pytest.approx(before["trained_s"] / 600.0, abs=0.01)
    assert rates == sorted(rates) and 0.97 < rates[-1] < 1.0
    after = load_checkpoint(tmp_path / CHECKPOINT_NAME)
    assert 600.0 <= after["trained_s"] < 620.0
    assert reports[-1].segments == reports[-1].seen == after["seen"]
    # Half-way it told about what it came to.
    assert 0.7 < reports[len(reports) // 2].segments / after["seen"] < 1.4

    train(TINY, open_tones, by_clock, lambda _: pytest.fail("it was over"))


def test_a_finished_run_is_left_alone(tmp_path: Path) -> None:
    train(TINY, open_tones, plan(tmp_path, 8), lambda _: None)
    before = (tmp_path / CHECKPOINT_NAME).read_bytes()
    reports: list[Report] = []
    train(TINY, open_tones, plan(tmp_path, 8), reports.append)
    assert reports == []
    assert (tmp_path / CHECKPOINT_NAME).read_bytes() == before


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT_NAME).write_bytes(b"nothing of the kind")
    with pytest.raises(ModelError, match="not a checkpoint"):
        train(TINY, open_tones, plan(tmp_path, 8), lambda _: None)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    train(TINY, open_tones, plan(tmp_path, 8), lambda _: None)
    network = dataclasses.replace(TINY.network, encoder_layers=2)
    other = dataclasses.replace(TINY, network=network)
    with pytest.raises(ModelError, match="another network"):
        train(other, open_tones, plan(tmp_path, 16), lambda _: None)
