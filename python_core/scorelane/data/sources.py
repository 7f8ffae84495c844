"""Where the sounds of a note bank come from: the common shape of a source, and a voice.

A *source* is a SoundFont, a folder of samples or a drum kit. It offers *voices*: one instrument
(program) or one drum kit each. Sources are small frozen values, so that worker processes can be
handed one; whatever is heavy they open on first use. What their ``repr`` shows is what the sound
depends on: a build that finds it unchanged does not render the source again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from scorelane.data.measure import SAMPLE_RATE, Audio

HELD_SECONDS = 4.0
"""Longest sound of a pitched note in a bank."""

DRUM_SECONDS = 1.5
"""Longest sound of a drum hit in a bank."""

NO_RELEASE = 9.0
"""Release time constant (seconds) of sounds that ring out whatever the player does."""


@dataclass(frozen=True)
class RenderedNote:
    """One note at 16 kHz, mono ``[n]`` float32, from key-on; not yet trimmed or levelled."""

    pitch: int
    velocity: int
    audio: Audio
    release_s: float


@dataclass(frozen=True)
class VoiceKey:
    """Names a voice within its source: General MIDI program (drums: 0), kit or bank number."""

    program: int
    is_drum: bool
    variant: int
    name: str


@dataclass(frozen=True)
class Licence:
    """What a model card must say about a source."""

    package: str
    licence: str
    author: str


class Source(Protocol):
    """What :func:`scorelane.data.bank.build_bank` asks of a source."""

    @property
    def name(self) -> str:
        """Short, unique within a bank, fit for a file name."""

    @property
    def weight(self) -> float:
        """How often its voices are drawn, relative to other sources."""

    @property
    def licence(self) -> Licence:
        """Origin and terms."""

    def voices(self) -> Sequence[VoiceKey]:
        """Return what the source can play."""

    def render(self, key: VoiceKey) -> list[RenderedNote]:
        """Return all notes of one voice; empty when it is silent."""


def held_samples(is_drum: bool) -> int:
    """Return the most samples that a note of a bank may have."""
    return int((DRUM_SECONDS if is_drum else HELD_SECONDS) * SAMPLE_RATE)
