"""Teach weights to judge what may be played beside all that may be in half a minute.

    together.py SONGS BANK WEIGHTS OUT [--minutes 60] [--workers 1] [--seed 0]

Everything else stays as it is and hears recordings of 25 seconds: mixed as examples for training
are, or whole songs played by a synthesiser. The layers that compare drums with drums and notes with
notes (`kit` and `texture`) learn alone what each gains there, from where they are. Weights from
before 0.13 get such layers. Once the rest has learned more, so must they: they compare what it
hears.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from recordings import Ear, Heard, Recordings
from torch import Tensor, nn
from torch.utils.data import DataLoader

from scorelane.data.mixer import open_mixer
from scorelane.errors import ScorelaneError
from scorelane.model.candidates import ASKED, EVIDENCE, FIRST, OWN
from scorelane.model.config import KIT_LAYERS, TEXTURE_LAYERS, ModelConfig
from scorelane.model.frontend import PITCH_FEATURES
from scorelane.model.kit import LEAST, MOST, Kit
from scorelane.model.texture import Texture
from scorelane.model.transformer import Transformer
from scorelane.model.weights import load_weights, save_weights
from scorelane.train.deepen import deepened

KEPT, EVERY = 5_000, 2
"""Recordings that are kept, about two gigabytes, and after how many steps another one comes."""
FIRST_LESSON = 32
"""Recordings that are waited for."""
RATE, WARM_UP_STEPS, DECAY, AVERAGE_STEPS = 1e-3, 200, 0.6, 1000
PART = 0.3
"""How often only a part of each recording is heard, as of short ones."""
TEMPO = 0.12
"""Standard deviation of the logarithm of the tempo."""

Batch = tuple[Tensor, Tensor]
"""Evidence with what it gains, and what is there, of the same shape."""


class DrumLesson:
    """A kit that learns which of the drums at each moment are struck.

    Evidence is blurred each time, and by as much for one drum throughout: other recordings differ
    in it.
    """

    dropout, rows, longest = 0.15, 16, 1000
    blur, offset = 0.4, 0.7
    eager = -0.5
    """A hit must be surer than was learned: consonants sound like hits."""

    def __init__(self, config: ModelConfig) -> None:
        self.pupil = Kit(replace(config, network=replace(config.network, dropout=self.dropout)))

    def length(self, heard: Heard) -> int:
        """How many moments there are."""
        return len(heard.moment)

    def batch(self, some: Sequence[tuple[Heard, slice]]) -> Batch:
        """Evidence [rows, moments, drum keys] and hits."""
        evidence = _stack([heard.evidence[part] for heard, part in some])
        moment = _at_some_tempo(_stack([heard.moment[part] for heard, part in some]))
        struck = _stack([heard.struck[part] for heard, part in some])
        other = evidence + self.blur * torch.randn_like(evidence)
        other = other + self.offset * torch.randn(len(some), 1, evidence.size(2))
        evidence = torch.where(evidence > LEAST, other.clamp(LEAST, MOST), evidence)
        return evidence + self.pupil.compare(evidence, moment), struck


class NoteLesson:
    """A texture that learns which candidates are notes.

    All that is known of them is blurred, each time and throughout a recording.
    """

    dropout, rows, longest = 0.2, 8, 320
    blur, answers, programs, sound = 0.5, 0.25, 0.4, 0.3
    eager = 0.0

    def __init__(self, config: ModelConfig) -> None:
        network = replace(config.network, dropout=self.dropout)
        self.pupil = Texture(replace(config, network=network))
        self._programs = len(config.written_programs)

    def length(self, heard: Heard) -> int:
        """How many candidates there are."""
        return len(heard.time)

    def batch(self, some: Sequence[tuple[Heard, slice]]) -> Batch:
        """Evidence [rows, candidates] and whether they are notes."""
        candidate = _stack([heard.candidate[part] for heard, part in some])
        time = _at_some_tempo(_stack([heard.time[part] for heard, part in some]))
        begun = _stack([heard.begun[part] for heard, part in some])
        sizes = [FIRST, ASKED, self._programs, 2 * PITCH_FEATURES]
        place, answers, programs, pitch = candidate.split(sizes, dim=2)
        rows, one = len(some), answers[:, :, :1]
        louder = self.blur * torch.randn(rows, 1, 1)
        evidence = place[:, :, EVIDENCE:] + louder + self.blur * torch.randn_like(one)
        answers = answers + louder + self.answers * torch.randn_like(answers)
        answers = answers + self.answers * torch.randn(rows, 1, ASKED)
        answers = torch.cat([answers[:, :, :OWN], evidence, answers[:, :, OWN + 1 :]], dim=2)
        programs = programs + self.programs * torch.randn_like(programs)
        programs = programs + self.programs * torch.randn(rows, 1, self._programs)
        pitch = pitch * torch.exp(self.sound * torch.randn_like(pitch))
        pitch = pitch * torch.exp(self.sound * torch.randn(rows, 1, pitch.size(2)))
        known = [place[:, :, :EVIDENCE], evidence, answers, programs.log_softmax(2), pitch]
        gain = self.pupil.compare(torch.cat(known, dim=2), time)
        return evidence.squeeze(2) + gain, begun


class Course:
    """One lesson's way through the recordings."""

    def __init__(self, lesson: DrumLesson | NoteLesson, knows: dict[str, Tensor]) -> None:
        """It begins with what the pupil ``knows``, its weights."""
        self.lesson = lesson
        lesson.pupil.load_state_dict(knows)
        with torch.no_grad():
            lesson.pupil.gain.bias.sub_(lesson.eager)
        self.recent, self._steps = 0.0, 0
        parameters = lesson.pupil.parameters()
        self._optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.98), weight_decay=0.05)
        self._average = {name: value.clone() for name, value in lesson.pupil.state_dict().items()}

    def step(self, kept: Sequence[Heard], done: float, chance: np.random.Generator) -> None:
        """Learn from some of those ``kept``; ``done`` is the share of the course behind."""
        evidence, truth = self.lesson.batch(self._some(kept, chance))
        loss = nn.functional.binary_cross_entropy_with_logits(evidence, truth, reduction="none")
        loss = loss.flatten(2).sum(2).mean() if loss.ndim > 2 else loss.mean()
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.lesson.pupil.parameters(), 1.0)
        self._steps += 1
        for group in self._optimizer.param_groups:
            group["lr"] = RATE * min(1.0, self._steps / WARM_UP_STEPS, (1.0 - done) / DECAY)
        self._optimizer.step()
        share = 1.0 / min(AVERAGE_STEPS, 0.1 * self._steps + 1.0)
        for name, value in self.lesson.pupil.state_dict().items():
            self._average[name].lerp_(value, share)
        self.recent += (loss.item() - self.recent) * max(0.003, 1.0 / self._steps)

    def _some(
        self, kept: Sequence[Heard], chance: np.random.Generator
    ) -> list[tuple[Heard, slice]]:
        """Parts of recordings that are as long as each other, from many that are about as long."""
        lesson = self.lesson
        some = [kept[i] for i in chance.integers(0, len(kept), 4 * lesson.rows)]
        some = sorted((heard for heard in some if lesson.length(heard)), key=lesson.length)
        first = int(chance.integers(0, max(1, len(some) - lesson.rows + 1)))
        some = some[first : first + lesson.rows]
        count = min(lesson.longest, lesson.length(some[0]))
        if chance.random() < PART:
            count = round(math.exp(chance.uniform(0.0, math.log(count))))
        begins = [int(chance.integers(0, lesson.length(heard) - count + 1)) for heard in some]
        return [(heard, slice(at, at + count)) for heard, at in zip(some, begins, strict=True)]

    @torch.no_grad()
    def finish(self) -> dict[str, Tensor]:
        """The weights' moving average, as eager to write as the lesson says."""
        self.lesson.pupil.load_state_dict(self._average)
        self.lesson.pupil.gain.bias.add_(self.lesson.eager)
        return self.lesson.pupil.state_dict()


def teach(
    courses: Sequence[Course], recordings: Iterator[Heard], minutes: float, seed: int
) -> None:
    """Let all learn from ``recordings`` for so many minutes, while more of them come."""
    chance = np.random.default_rng(seed)
    kept: list[Heard] = []
    began = last = time.monotonic()
    steps = 0
    while (done := (time.monotonic() - began) / (60.0 * minutes)) < 1.0:
        if steps % EVERY == 0 or len(kept) < FIRST_LESSON:
            kept.append(next(recordings))
            del kept[:-KEPT]
        for course in courses:
            course.step(kept, done, chance)
        steps += 1
        if time.monotonic() - last > 30.0:
            last = time.monotonic()
            losses = " and ".join(f"{course.recent:.4f}" for course in courses)
            print(
                f"{done:4.0%}  {len(kept)} recordings, {steps} steps, losses {losses}", flush=True
            )


def _stack(parts: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(parts)).float()


def _at_some_tempo(time: Tensor) -> Tensor:
    return time * torch.exp(TEMPO * torch.randn(len(time), 1))


def with_both(model: Transformer, config: ModelConfig) -> tuple[Transformer, ModelConfig]:
    """``model`` with layers that compare, which add nothing where they are new."""
    kit, texture = config.network.kit_layers, config.network.texture_layers
    network = replace(
        config.network,
        kit_layers=kit or KIT_LAYERS,
        texture_layers=texture or TEXTURE_LAYERS,
    )
    wanted = replace(config, network=network)
    weights = deepened(model, config.network.encoder_layers, wanted)
    model = Transformer(wanted)
    model.load_state_dict(weights)
    return model, wanted


def main() -> None:
    """Read the command line, teach and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("songs", type=Path)
    parser.add_argument("bank", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    try:
        torch.manual_seed(given.seed)
        torch.set_num_threads(1)
        model, config = with_both(*load_weights(given.weights))
        model.float().eval()
        open_mixer(given.songs, given.bank, config)  # what is missing is told at once
        stream = Recordings(given.songs, given.bank, Ear(model, config), config, given.seed)
        recordings = iter(DataLoader(stream, batch_size=None, num_workers=given.workers))
        hints = model.decoder.hints
        assert hints is not None and hints.kit is not None and hints.texture is not None
        courses = [
            Course(DrumLesson(config), hints.kit.state_dict()),
            Course(NoteLesson(config), hints.texture.state_dict()),
        ]
        teach(courses, recordings, given.minutes, given.seed)
        for part, course in zip((hints.kit, hints.texture), courses, strict=True):
            part.load_state_dict(course.finish())
        save_weights(model.state_dict(), config, given.out, torch.float16)
    except ScorelaneError as error:
        raise SystemExit(f"together.py: {error}") from None


if __name__ == "__main__":
    main()
