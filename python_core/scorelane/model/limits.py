"""What a configuration may say.

``config.json`` may come from anywhere, and networks are built after it before a weight is read: so
nothing in it may be of a wrong type, or so large that building or running it takes all memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

from scorelane.errors import ModelError
from scorelane.vocabulary import Granularity

if TYPE_CHECKING:
    from scorelane.model.config import ModelConfig

Range = tuple[float, float]

_PROGRAMS = 128
_LONGEST_LINGER = 1000
_MOST_FRAMES = 8192  # attention takes their square
_MODEL: dict[str, Range] = {
    "sample_rate": (1000, 384_000),
    "segment_samples": (1, 1 << 22),
    "context_samples": (0, 1 << 22),
    "velocity_bins": (1, 127),
    "steps_per_second": (1, 1000),
    "max_shift": (1, 100_000),
    "max_tokens": (1, 1 << 14),
    "default_confidence": (0.0, 1.0),
    "lane_share": (0.0, 1.0),
}
_FRONTEND: dict[str, Range] = {
    "hop": (1, 1 << 14),
    "fft": (16, 1 << 15),
    "bins": (1, 4096),
    "low_hz": (0.0, 192_000.0),
    "high_hz": (0.0, 192_000.0),
}
_NETWORK: dict[str, Range] = {
    "width": (4, 8192),
    "heads": (1, 256),
    "head_width": (2, 1024),
    "feed_forward": (1, 1 << 16),
    "encoder_layers": (1, 96),
    "decoder_layers": (1, 96),
    "dropout": (0.0, 0.99),
    "frames_per_state": (1, 64),
    "drum_width": (0, 512),
    "kit_layers": (0, 32),
    "texture_layers": (0, 32),
}


def check(config: ModelConfig) -> None:
    """Raise :class:`ModelError` saying what in ``config`` makes no sense."""
    for fault in _faults(config):
        raise ModelError(f"the model's config.json makes no sense: {fault}")


def _faults(config: ModelConfig) -> Iterator[str]:
    if config.kind not in ("mt3", "scorelane"):
        yield f"kind is {config.kind!r}, neither 'mt3' nor 'scorelane'"
    if config.granularity not in get_args(Granularity):
        yield f"granularity is {config.granularity!r}"
    yield from _of_type(config, str, "name", "version", "licence")
    yield from _of_type(config, bool, "grammar", "ties")
    yield from _of_type(config.network, bool, "time_aligned")
    for part, ranges in (
        (config, _MODEL),
        (config.frontend, _FRONTEND),
        (config.network, _NETWORK),
    ):
        yield from _outside(part, ranges)
    if config.frames > _MOST_FRAMES:
        yield f"a window has {config.frames} frames, more than {_MOST_FRAMES}"
    if config.frontend.low_hz >= config.frontend.high_hz:
        yield "low_hz is not below high_hz"
    yield from _of_programs(config.program_map)
    yield from _of_linger(config.linger_steps)


def _of_type(part: object, kind: type, *names: str) -> Iterator[str]:
    for name in names:
        if not isinstance(getattr(part, name), kind):
            yield f"{name} is {_short(getattr(part, name))}"


def _outside(part: object, ranges: dict[str, Range]) -> Iterator[str]:
    for name, (low, high) in ranges.items():
        value = getattr(part, name)
        kinds = int if isinstance(high, int) else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
            yield f"{name} is {_short(value)} instead of {low:g} to {high:g}"


def _of_programs(programs: Any) -> Iterator[str]:
    if not isinstance(programs, list) or len(programs) not in (0, _PROGRAMS):
        yield f"program_map is no list of {_PROGRAMS} programs"
    elif not all(type(program) is int and -1 <= program < _PROGRAMS for program in programs):
        yield "program_map names programs that do not exist"


def _of_linger(steps: Any) -> Iterator[str]:
    each = steps if isinstance(steps, list) else [steps]
    if isinstance(steps, list) and len(steps) != _PROGRAMS // 8:
        yield f"linger_steps is no list of {_PROGRAMS // 8} numbers"
    elif not all(type(step) is int and 0 <= step <= _LONGEST_LINGER for step in each):
        yield f"linger_steps is not all whole numbers from 0 to {_LONGEST_LINGER}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
