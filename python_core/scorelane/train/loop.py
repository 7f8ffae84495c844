"""The training loop: one or many devices, progress, checkpoints, resume."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from scorelane.errors import ModelError, UsageError
from scorelane.model.config import ModelConfig
from scorelane.model.weights import load_weights, save_weights
from scorelane.train.batches import BatchStream, Draw, batch_loader
from scorelane.train.checkpoint import (
    CHECKPOINT_NAME,
    Average,
    load_checkpoint,
    save_checkpoint,
)
from scorelane.train.curves import LOG_NAME
from scorelane.train.deepen import deepened
from scorelane.train.losses import Learner, Losses
from scorelane.train.optimizers import WARM_UP, Optimizers
from scorelane.train.processes import Processes

AVERAGE_HORIZON = 500
CLIP = 1.0
WARM_UP_STEPS = 100
"""A run by the clock warms up over at least so many steps, however long the first ones compile."""


@dataclass(frozen=True)
class Plan:
    """How to train. ``segments`` counts the examples of the whole run, all devices together.

    ``begin_from`` is a weights folder of the same network to begin with instead of random weights;
    it may have fewer encoder layers.
    In one of ``decoder_every`` batches the decoder learns too, in the others the encoder alone,
    which takes less than half the time.
    With ``minutes`` the schedule follows the clock instead of ``segments``: the run ends after so
    many, waiting and compiling included and what lay between an interruption and its resumption
    left out.
    """

    folder: Path
    segments: int
    minutes: float | None = None
    batch_size: int = 16
    learning_rate: float = 2e-3
    decoder_every: int = 1
    workers: int = 1
    device: str = "auto"
    compiled: bool = True
    begin_from: Path | None = None
    seed: int = 0
    log_seconds: float = 20.0
    checkpoint_seconds: float = 300.0


@dataclass
class Report:
    """What the log says of one stretch of training.

    ``loss`` and ``velocity`` are the decoder's, ``frame`` the encoder's. ``seen`` and ``segments``
    are the examples so far and planned, by the clock as many as it looks like; the four accuracies
    are teacher-forced. ``segments_per_s`` is the trainer's speed, ``generator_per_s`` what the
    generator's workers can mix together, ``waited`` the share of time spent waiting for them.
    """

    seen: int
    segments: int
    loss: float
    frame: float
    velocity: float
    shift: float
    pitch: float
    program: float
    drum: float
    segments_per_s: float
    generator_per_s: float
    waited: float
    device: str


def train(
    config: ModelConfig,
    open_draw: Callable[[], Draw],
    plan: Plan,
    on_report: Callable[[Report], None],
) -> Path:
    """Train ``config`` on what ``open_draw`` opens in each worker; resumes from ``plan.folder``.

    Returns the folder of the averaged weights. Under torchrun every process calls this.
    """
    with Processes(plan.device) as processes:
        return _Run(config, plan, processes, on_report).go(open_draw)


class _Run:
    def __init__(
        self,
        config: ModelConfig,
        plan: Plan,
        processes: Processes,
        on_report: Callable[[Report], None],
    ) -> None:
        self.config, self.plan, self.processes = config, plan, processes
        self.on_report = on_report
        if plan.decoder_every > 1 and not config.has_note_heads:
            raise UsageError(
                "the encoder of this network learns only through its decoder; let the decoder "
                "learn in every batch"
            )
        torch.manual_seed(plan.seed + processes.rank)
        self.learner = Learner(config, compiled=plan.compiled)
        if plan.begin_from is not None:
            self.learner.model.load_state_dict(_weights_of(plan.begin_from, config))
        self.learner.to(processes.device)
        self.fast = torch.bfloat16 if _has_fast_bf16(processes.device) else torch.float32
        self.optimizers = Optimizers(self.learner, plan.learning_rate, self.fast)
        self.average = Average(self.learner, AVERAGE_HORIZON)
        self.steps = 0
        self.seen = 0
        # Seconds of training before this process, and when it began.
        self._trained_s, self._began = 0.0, time.monotonic()
        self._resume()
        self.module = processes.share(self.learner, partly=plan.decoder_every > 1)

    def go(self, open_draw: Callable[[], Draw]) -> Path:
        self._began = time.monotonic()
        done = self._done()
        if done >= 1.0:
            return self.plan.folder
        # A resumed run must not meet the examples again that it began with.
        seed = [self.plan.seed, self.processes.rank, self.seen]
        stream = BatchStream(open_draw, self.plan.batch_size, self.config.max_tokens, seed)
        meter = _Meter(self)
        saved = time.monotonic()
        for batch in batch_loader(stream, self.plan.workers):
            meter.got_batch(float(batch.mixing_s))
            decodes = self.steps % self.plan.decoder_every == 0
            losses = self._step(batch, decodes, done)
            examples = self.processes.total(len(batch.tokens))
            self.steps += 1
            self.seen += examples
            done = self._done()
            finished = done >= 1.0
            meter.add(losses, examples, decodes, finished)
            if finished or time.monotonic() - saved > self.plan.checkpoint_seconds:
                self._save()
                saved = time.monotonic()
            if finished:
                break
        return self.plan.folder

    def _done(self) -> float:
        """The share of the whole run that is behind us; all processes ask, and hear the same."""
        if self.plan.minutes is None:
            return self.seen / self.plan.segments
        return self.processes.longest(self._seconds()) / (60.0 * self.plan.minutes)

    def planned(self, speed: float) -> int:
        """The examples of the whole run, going on with ``speed`` of them in a second."""
        if self.plan.minutes is None:
            return self.plan.segments
        left = max(0.0, 60.0 * self.plan.minutes - self._seconds())
        return self.seen + round(left * speed)

    def _seconds(self) -> float:
        """How long this run has trained, here and before it was interrupted."""
        return self._trained_s + time.monotonic() - self._began

    def _step(self, batch: Any, decodes: bool, done: float) -> Losses:
        device = self.processes.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.fast is torch.bfloat16):
            losses: Losses = self.module(batch.to(device), decodes=decodes)
        losses.total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.learner.parameters(), CLIP)
        if self.plan.minutes is not None and self.steps < WARM_UP_STEPS:
            done = min(done, WARM_UP * self.steps / WARM_UP_STEPS)
        self.optimizers.step(done)
        self.average.update(self.learner)
        return losses

    def _resume(self) -> None:
        path = self.plan.folder / CHECKPOINT_NAME
        if not path.exists():
            return
        state = load_checkpoint(path)
        try:
            self.learner.load_state_dict(state["learner"])
        except RuntimeError as error:
            raise ModelError(
                f"the checkpoint in {self.plan.folder} is of another network; choose another "
                "folder, or the sizes that it was made with"
            ) from error
        self.optimizers.load_state_dict(state["optimizers"])
        self.average.load(state["average"], state["steps"])
        self.steps, self.seen = state["steps"], state["seen"]
        self._trained_s = state.get("trained_s", 0.0)

    def _save(self) -> None:
        if self.processes.rank != 0:
            return
        average = self.average.state_dict()
        state = {
            "learner": self.learner.state_dict(),
            "optimizers": self.optimizers.state_dict(),
            "average": average,
            "steps": self.steps,
            "seen": self.seen,
            "trained_s": self._seconds(),
        }
        save_checkpoint(self.plan.folder, state)
        prefix = "model."
        weights = {k.removeprefix(prefix): v for k, v in average.items() if k.startswith(prefix)}
        save_weights(weights, self.config, self.plan.folder, torch.float16)


def _weights_of(folder: Path, config: ModelConfig) -> dict[str, Tensor]:
    model, other = load_weights(folder)
    layers, drums = other.network.encoder_layers, other.network.drum_width
    alike = replace(config.network, encoder_layers=layers)
    alike = alike if drums else replace(alike, drum_width=0)
    if (other.kind, other.frontend, other.network) != (config.kind, config.frontend, alike):
        raise ModelError(f"the weights in {folder} are of another network than the one to train")
    return deepened(model, layers, config)


class _Meter:
    """Averages losses and speeds between two reports."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        # The last batches of a run may be the encoder's alone.
        self._token = 0.0
        self._right = [0.0] * 4
        self._reset()

    def _reset(self) -> None:
        self._began = self._last = time.monotonic()
        self._waited = self._mixing = 0.0
        self._batches = self._decoded = self._examples = 0
        self._sums: Tensor | None = None

    def got_batch(self, mixing_s: float) -> None:
        """Count the time since the last step as waiting, and what the batch cost a worker."""
        self._waited += time.monotonic() - self._last
        self._mixing += mixing_s

    def add(self, losses: Losses, examples: int, decodes: bool, finished: bool) -> None:
        """Count one step's ``losses`` over ``examples``; report when it is time or ``finished``."""
        values = torch.stack([losses.token, losses.frame, losses.velocity]).detach()
        values = torch.cat([values, losses.right, losses.tokens])
        self._sums = values if self._sums is None else self._sums + values
        self._batches += 1
        self._decoded += decodes
        self._examples += examples
        self._last = time.monotonic()
        plan = self._run.plan
        due = self._last - self._began > plan.log_seconds and self._decoded > 0
        if due or finished:
            self._report()
            self._reset()

    def _report(self) -> None:
        run = self._run
        assert self._sums is not None
        sums = self._sums.tolist()
        if self._decoded:
            self._token = sums[0] / self._decoded
            self._right = [n / max(1.0, of) for n, of in zip(sums[3:7], sums[7:], strict=True)]
        seconds = self._last - self._began
        speed = self._examples / seconds
        report = Report(
            seen=run.seen,
            segments=run.planned(speed),
            loss=self._token,
            frame=sums[1] / self._batches,
            velocity=sums[2] / self._batches,
            shift=self._right[0],
            pitch=self._right[1],
            program=self._right[2],
            drum=self._right[3],
            segments_per_s=speed,
            generator_per_s=self._examples * max(1, run.plan.workers) / max(self._mixing, 1e-9),
            waited=self._waited / seconds,
            device=str(run.processes.device),
        )
        if run.processes.rank == 0:
            run.plan.folder.mkdir(parents=True, exist_ok=True)
            with (run.plan.folder / LOG_NAME).open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(report)) + "\n")
            run.on_report(report)


def _has_fast_bf16(device: torch.device) -> bool:
    """Whether ``device`` multiplies bfloat16 in hardware; emulated it is many times slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
