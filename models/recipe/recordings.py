"""Recordings as weights hear them: what may be played in half a minute, and what is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from scorelane.data.effects import Room
from scorelane.data.mixer import open_mixer
from scorelane.data.render import GENERAL_MIDI_SOUNDFONTS, Place, find_soundfont, render
from scorelane.data.songs import SongSet
from scorelane.data.testset import perform
from scorelane.errors import UsageError
from scorelane.model.candidates import EVIDENCE, HEARD, PITCH, STEP
from scorelane.model.config import ModelConfig
from scorelane.model.frontend import LOWEST_PITCH, PITCHES
from scorelane.model.kit import Kit
from scorelane.model.strokes import DRUM_KEYS
from scorelane.model.transformer import Transformer
from scorelane.notes import Note

SEGMENTS = 12
RENDERED, IN_A_ROOM = 0.4, 0.5
"""How many recordings are whole songs played by a synthesiser, and how many of these in a room."""
NEAR = 0.05
"""Seconds that a note begins from its candidate at most."""
AT_ONCE = 4
"""Segments that are heard at once."""


@dataclass(frozen=True)
class Heard:
    """What may be played in a recording, and what is.

    Of each moment at which something may be struck, ``evidence`` [moments, drum keys] and
    ``moment`` [moments] are as :meth:`Kit.compare` wants them, and ``struck`` [moments, drum keys]
    is what is. Of each ``candidate`` [candidates, columns] there are its ``time`` [candidates] as
    :meth:`Texture.compare` wants it, and whether it has ``begun`` [candidates].
    """

    evidence: Tensor
    moment: Tensor
    struck: Tensor
    candidate: Tensor
    time: Tensor
    begun: Tensor


class Ear:
    """Hears recordings as weights do."""

    def __init__(self, model: Transformer, config: ModelConfig) -> None:
        self._model, self._config, self._kit = model, config, Kit(config)

    @torch.no_grad()
    def __call__(self, audio: NDArray[np.float32], notes: Sequence[Note]) -> Heard:
        """What may be played in ``audio``, which is :data:`SEGMENTS` and the context long.

        The times of ``notes`` are seconds from where the first segment begins.
        """
        config = self._config
        windows = torch.from_numpy(audio).unfold(0, config.window_samples, config.segment_samples)
        found = [self._candidates(part) for part in windows.split(AT_ONCE)]
        drums, pitched = (torch.cat(parts) for parts in zip(*found, strict=True))
        place = self._kit.moments(drums)
        evidence = self._kit.look(drums, place)
        moment = place[:, 0] * self._kit.apart + place[:, 1]
        segment, slot = (pitched[:, :, EVIDENCE] > HEARD).nonzero().unbind(1)
        candidate = pitched[segment, slot]
        time = segment * self._kit.apart + candidate[:, STEP]
        order = time.argsort(stable=True)
        candidate, time = candidate[order], time[order]
        struck = self._struck(moment, notes)
        begun = self._begun(candidate[:, PITCH], time, notes)
        return Heard(evidence.half(), moment, struck, candidate.half(), time, begun)

    def _candidates(self, windows: Tensor) -> list[Tensor]:
        encoder, decoder = self._model.encoder, self._model.decoder
        states, answers = encoder(encoder.input.features(windows))
        return decoder.candidates(decoder.remember(states, answers))

    def _struck(self, moment: Tensor, notes: Sequence[Note]) -> Tensor:
        struck = torch.zeros(len(moment), len(DRUM_KEYS), dtype=torch.uint8)
        seconds = moment / self._config.steps_per_second
        for note in notes:
            if note.is_drum and note.pitch in DRUM_KEYS and len(moment):
                distance = (seconds - note.onset).abs()
                nearest = int(distance.argmin())
                if distance[nearest] <= NEAR:
                    struck[nearest, note.pitch - DRUM_KEYS.start] = 1
        return struck

    def _begun(self, pitch: Tensor, time: Tensor, notes: Sequence[Note]) -> Tensor:
        """Each note is one candidate, the nearest that no note before it was."""
        begun = torch.zeros(len(time), dtype=torch.uint8)
        seconds = (time / self._config.steps_per_second).numpy()
        own = [np.flatnonzero(pitch.numpy() == place) for place in range(PITCHES)]
        for note in notes:
            place = note.pitch - LOWEST_PITCH
            if note.is_drum or not 0 <= place < PITCHES:
                continue
            free = own[place][begun.numpy()[own[place]] == 0]
            distance = np.abs(seconds[free] - note.onset)
            if len(free) and distance.min() <= NEAR:
                begun[free[distance.argmin()]] = 1
        return begun


class Recordings(IterableDataset[Heard]):
    """What an ``ear`` hears of recordings, mixed from the songs and the bank, or rendered."""

    def __init__(self, songs: Path, bank: Path, ear: Ear, config: ModelConfig, seed: int) -> None:
        super().__init__()
        self._songs, self._bank, self._ear = songs, bank, ear
        self._config, self._seed = config, seed

    def __iter__(self) -> Iterator[Heard]:
        torch.set_num_threads(1)
        worker = get_worker_info()
        rng = np.random.default_rng([self._seed, worker.id if worker else 0])
        mix = open_mixer(self._songs, self._bank, self._config, segments=SEGMENTS)
        songs, fonts = SongSet.open(self._songs), installed_fonts()
        before = self._config.context_samples / self._config.sample_rate
        while True:
            if fonts and rng.random() < RENDERED:
                yield self._ear(*rendered(songs, fonts, self._config, rng))
            else:
                audio, notes = mix.play(rng)
                yield self._ear(
                    audio,
                    [replace(n, onset=n.onset - before, offset=n.offset - before) for n in notes],
                )


def installed_fonts() -> list[Path]:
    """The General MIDI soundfonts that are there."""
    fonts = []
    for name in GENERAL_MIDI_SOUNDFONTS:
        try:
            fonts.append(find_soundfont(name))
        except UsageError:
            continue
    return fonts


def rendered(
    songs: SongSet, fonts: Sequence[Path], config: ModelConfig, rng: np.random.Generator
) -> tuple[NDArray[np.float32], list[Note]]:
    """A song that is trained on, played whole by a synthesiser, and its notes."""
    rate, context = config.sample_rate, config.context_samples
    samples = SEGMENTS * config.segment_samples
    song = int(rng.choice(songs.split("train")))
    notes = perform(songs, song, samples / rate, rng)[1]
    places = {lane: Place(volume=int(rng.integers(50, 127))) for lane in {n.lane for n in notes}}
    font = fonts[int(rng.integers(len(fonts)))]
    sound = render(notes, font, seconds=samples / rate, sample_rate=rate, places=places).mean(0)
    audio = np.zeros(samples + 2 * context, np.float32)
    audio[context:][: len(sound)] = sound[: len(audio) - context]
    if rng.random() < IN_A_ROOM:
        room = Room(rng, len(audio), rate)
        room.add(audio, 1.0)
        audio = room.record()
    return audio, notes
