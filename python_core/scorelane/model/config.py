"""Configuration of a model: everything that weights alone do not say.

It travels as ``config.json`` beside the weights and inside the TorchScript archive, where the
engine reads it. ``mt3`` is the network of MT3 (arXiv 2111.03017, section 3.3); ``scorelane`` is
ours.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from scorelane.errors import ModelError
from scorelane.model.limits import check
from scorelane.vocabulary import Granularity, Vocabulary

FORMAT = 1
LINGER_STEPS = (
    *(2, 2, 1, 6),  # pianos, mallets, organs, guitars
    *(2, 2, 5, 2),  # basses, strings, ensembles and voices, brass
    *(3, 1),  # reeds, pipes
    *(2,) * 6,
)
"""How much longer the notes of each group of programs last than our network says, in 10 ms:
docs/TRAINING.md has what this is worth."""

DRUM_WIDTH = 128
"""How wide our network for what is struck is, where there is one."""

KIT_LAYERS, TEXTURE_LAYERS = 3, 3
"""How many layers compare what is struck in a recording, and what begins, where any do."""

Kind = Literal["mt3", "scorelane"]


@dataclass(frozen=True)
class FrontEndConfig:
    """How audio becomes frames.

    For ``mt3`` a log-mel spectrogram (section 3.3: 512 bins, hop 128, FFT 2048). For
    ``scorelane`` ``bins`` is the number of log-frequency bins, three a semitone from ``low_hz``,
    of which each pitch looks at its own harmonics.
    """

    hop: int
    fft: int
    bins: int
    low_hz: float
    high_hz: float


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the transformer.

    ``time_aligned`` chooses rotary positions with time-aligned cross-attention instead of MT3's
    fixed sinusoids; it also rescales attention by 1 / sqrt(head width), which MT3 leaves out.
    ``frames_per_state`` neighbouring frames become one state of the encoder. ``drum_width`` is the
    width of our network for what is struck, ``kit_layers`` say how many layers compare what is
    struck, ``texture_layers`` what begins; 0, as before versions 0.11 and 0.13: there are none.
    """

    width: int
    heads: int
    head_width: int
    feed_forward: int
    encoder_layers: int
    decoder_layers: int
    dropout: float
    time_aligned: bool
    frames_per_state: int
    drum_width: int = 0
    kit_layers: int = 0
    texture_layers: int = 0


@dataclass(frozen=True)
class ModelConfig:
    """One model. ``segment_samples`` are decoded, ``context_samples`` on each side only heard.

    ``program_map`` names for each of the 128 programs the one that the model writes for it, -1
    for none; empty where the model tells all of them apart. With ``grammar`` the archive lets
    through only tokens that make sense; the published decoder has no such rule. With ``ties``
    segments begin with the notes that still sound; those of MT3's piano model do not. Notes that
    end last ``linger_steps`` longer than the network says, as people who mark notes hear echoes: a
    number for all, or one for each group of eight programs.
    """

    name: str
    kind: Kind
    frontend: FrontEndConfig
    network: NetworkConfig
    version: str = "0.1.0"
    sample_rate: int = 16000
    segment_samples: int = 32768
    context_samples: int = 0
    velocity_bins: int = 1
    steps_per_second: int = 100
    max_shift: int = 1000
    max_tokens: int = 1024
    granularity: Granularity = "full"
    program_map: list[int] = field(default_factory=list)
    default_confidence: float = 0.0
    lane_share: float = 0.0
    linger_steps: int | list[int] = 0
    grammar: bool = False
    ties: bool = True
    licence: str = "CC BY 4.0"

    @property
    def vocabulary(self) -> Vocabulary:
        """The ids of the model's tokens."""
        return Vocabulary(self.velocity_bins, self.steps_per_second, self.max_shift)

    @property
    def has_note_heads(self) -> bool:
        """Whether the decoder states velocity and confidence of each note."""
        return self.kind == "scorelane"

    @property
    def window_samples(self) -> int:
        """Samples that one segment's encoder hears."""
        return self.segment_samples + 2 * self.context_samples

    @property
    def segment_seconds(self) -> float:
        """Length of a segment in seconds."""
        return self.segment_samples / self.sample_rate

    @property
    def frames(self) -> int:
        """Frames of one window."""
        return self.window_samples // self.frontend.hop

    @property
    def written_programs(self) -> list[int]:
        """The programs that the model writes, ascending."""
        written = sorted({program for program in self.program_map if program >= 0})
        return written or list(range(128))

    @property
    def steps(self) -> int:
        """Time steps at which a segment's events can lie."""
        return math.ceil(self.segment_seconds * self.steps_per_second)

    @property
    def frames_per_step(self) -> float:
        """Frames that pass in one time step."""
        return self.sample_rate / self.steps_per_second / self.frontend.hop

    @property
    def first_frame(self) -> float:
        """The frame of the window at which the segment begins."""
        return self.context_samples / self.frontend.hop

    def to_json(self) -> str:
        """The configuration as the text of ``config.json``."""
        values = asdict(self)
        derived = {
            "format": FORMAT,
            "vocabulary_size": self.vocabulary.size,
            "has_note_heads": self.has_note_heads,
            "programs": sorted({program for program in self.program_map if program >= 0}),
        }
        return json.dumps(derived | values, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """Parse :meth:`to_json`'s text; raises :class:`ModelError` with the reason."""
        try:
            values = json.loads(text)
            if values["format"] != FORMAT:
                raise ModelError(
                    f"the model's format is {values['format']}, this Scorelane reads {FORMAT}; "
                    "update Scorelane or choose another model"
                )
            known = {f.name for f in fields(cls)}
            kept: dict[str, Any] = {k: v for k, v in values.items() if k in known}
            kept["frontend"] = FrontEndConfig(**kept["frontend"])
            kept["network"] = NetworkConfig(**kept["network"])
            config = cls(**kept)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ModelError(f"the model's config.json cannot be understood: {error!r}") from error
        check(config)
        return config

    @classmethod
    def read(cls, path: Path) -> ModelConfig:
        """Read ``config.json``; raises :class:`ModelError` when it is missing or wrong."""
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{path} cannot be read: {error}") from error


def mt3_config(*, piano: bool = False) -> ModelConfig:
    """MT3's own network; ``piano`` is the ISMIR 2021 one (512 frames, 127 velocities)."""
    return ModelConfig(
        name="ismir2021" if piano else "mt3",
        kind="mt3",
        frontend=FrontEndConfig(hop=128, fft=2048, bins=512, low_hz=20.0, high_hz=7600.0),
        network=NetworkConfig(
            width=512,
            heads=6,
            head_width=64,
            feed_forward=1024,
            encoder_layers=8,
            decoder_layers=8,
            dropout=0.1,
            time_aligned=False,
            frames_per_state=1,
        ),
        segment_samples=512 * 128 if piano else 256 * 128,
        velocity_bins=127 if piano else 1,
        granularity="flat" if piano else "full",
        ties=not piano,
        max_tokens=1024,
        licence="Apache-2.0",
    )


def scorelane_config(
    *, width: int = 256, encoder_layers: int = 4, decoder_layers: int = 3
) -> ModelConfig:
    """Our own network; docs/MODEL.md says why it looks as it does."""
    return ModelConfig(
        name="scorelane",
        kind="scorelane",
        frontend=FrontEndConfig(hop=256, fft=2048, bins=294, low_hz=27.5, high_hz=7800.0),
        network=NetworkConfig(
            width=width,
            heads=width // 64,
            head_width=64,
            feed_forward=2 * width,
            encoder_layers=encoder_layers,
            decoder_layers=decoder_layers,
            dropout=0.0,
            time_aligned=True,
            frames_per_state=2,
            drum_width=DRUM_WIDTH,
            kit_layers=KIT_LAYERS,
            texture_layers=TEXTURE_LAYERS,
        ),
        context_samples=4096,
        max_tokens=512,
        default_confidence=0.3,
        lane_share=0.08,
        linger_steps=list(LINGER_STEPS),
        grammar=True,
    )
