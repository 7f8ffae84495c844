"""From a mixture's notes to what the network should answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scorelane.model.config import ModelConfig
from scorelane.model.frame_heads import QUESTIONS
from scorelane.model.frontend import HIGHEST_PITCH, LOWEST_PITCH, PITCHES
from scorelane.model.strokes import DRUM_KEYS
from scorelane.notes import Note
from scorelane.vocabulary import encode_segment, segment_steps, to_grid

PHASES = 5
"""Segments of 2.048 s begin at five different places between two steps of 10 ms."""


@dataclass
class Example:
    """One training example.

    ``audio`` [window] float32, ``tokens`` as of :func:`scorelane.vocabulary.encode_segment`;
    ``pitched`` [frames, 88, 3] (begins, ends, sounds) and ``drums`` [frames, keys] uint8, 255 where
    the event is and half of it in the frames beside;
    ``loudness`` [frames, 88 + keys] uint8 are velocities where something begins, 0 elsewhere;
    ``programs`` [states, 88] uint8, one more than the place of the sounding program among those
    that the model writes, 0 for none.
    """

    audio: NDArray[np.float32]
    tokens: list[int]
    pitched: NDArray[np.uint8]
    drums: NDArray[np.uint8]
    loudness: NDArray[np.uint8]
    programs: NDArray[np.uint8]


def make_example(
    audio: NDArray[np.float32], notes: Sequence[Note], config: ModelConfig, phase: int
) -> Example:
    """An example of ``audio`` [window]; ``notes`` count their seconds from the window's start.

    ``phase`` is the place in a recording that the segment pretends to have: segments begin at
    different places between two steps of the time grid.
    """
    context = config.context_samples / config.sample_rate
    start, end = segment_steps(phase, config.segment_seconds, config.steps_per_second)
    moved = phase * config.segment_seconds - context
    # Times may be negative here: the note began before the window.
    shifted = [
        Note(n.onset + moved, n.offset + moved, n.pitch, n.program, n.is_drum, n.velocity)
        for n in notes
    ]
    grid = to_grid(shifted, config.vocabulary, config.granularity)
    tokens = encode_segment(grid, start, end, config.vocabulary, config.granularity, config.ties)
    return Example(audio, tokens, *_frames(notes, config))


def _frames(notes: Sequence[Note], config: ModelConfig) -> tuple[NDArray[np.uint8], ...]:
    rate = config.sample_rate / config.frontend.hop
    stack = config.network.frames_per_state
    place = {program: index + 1 for index, program in enumerate(config.written_programs)}
    pitched = np.zeros((config.frames, PITCHES, QUESTIONS), np.uint8)
    drums = np.zeros((config.frames, len(DRUM_KEYS)), np.uint8)
    loudness = np.zeros((config.frames, PITCHES + len(DRUM_KEYS)), np.uint8)
    programs = np.zeros((config.frames // stack, PITCHES), np.uint8)
    for note in notes:
        first = round(note.onset * rate)
        if note.is_drum:
            if note.pitch in DRUM_KEYS:
                key = note.pitch - DRUM_KEYS.start
                _mark(drums[:, key], first)
                if 0 <= first < config.frames:
                    loudness[first, PITCHES + key] = note.velocity
        elif LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH:
            pitch = note.pitch - LOWEST_PITCH
            last = max(first + 1, round(note.offset * rate))
            _mark(pitched[:, pitch, 0], first)
            if 0 <= first < config.frames:
                loudness[first, pitch] = note.velocity
            _mark(pitched[:, pitch, 1], last)
            begin, end = max(first, 0), max(last, 0)
            pitched[begin:end, pitch, 2] = 255
            programs[begin // stack : -(-end // stack), pitch] = place.get(note.program, 0)
    return pitched, drums, loudness, programs


def _mark(column: NDArray[np.uint8], frame: int) -> None:
    for beside, weight in ((frame - 1, 128), (frame + 1, 128), (frame, 255)):
        if 0 <= beside < len(column):
            column[beside] = max(column[beside], weight)
