"""Opening sound: any file or array becomes a stream of float32 blocks ``[channels, n]``.

libsndfile reads first and pedalboard reads what it cannot (m4a where the system has a decoder).
The order matters: pedalboard plays an MP3's encoder delay as 25-50 ms of silence, which would
shift every note, and it fills a truncated file up with silence instead of ending there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scorelane.display import clock, printable
from scorelane.errors import AudioError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from scorelane.readers import Reader

    Samples: TypeAlias = NDArray[np.float32]

AUDIO_SUFFIXES = frozenset(
    (
        *(".wav", ".wave", ".bwf", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".au", ".caf"),
        *(".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma"),
    )
)

MIN_RATE, MAX_RATE = 1_000, 384_000  # what the resampler takes
MAX_ARRAY_CHANNELS = 64
# A block is what is lost around damage, so it is short; with very many channels, shorter still.
_BLOCK_FRAMES = 8192
_BLOCK_VALUES = 1 << 18
_TRUNCATED_SECONDS = 0.1  # shorter than the header says by more than this: worth a warning


class AudioSource:
    """An opened recording; use as a context manager and iterate :meth:`blocks` once.

    Attributes:
        name: how messages call it.
        sample_rate: Hz.
        channels: number of channels.
        expected_seconds: length that the header promises, ``None`` when it does not.
        frames_read: frames given out so far.
        warnings: what was odd about the recording, complete after the last block.
    """

    def __init__(
        self,
        name: str,
        reader: Reader,
    ) -> None:
        rate = reader.sample_rate
        if not MIN_RATE <= rate <= MAX_RATE:
            raise AudioError(
                f"{name} has a sample rate of {rate} Hz;"
                f" rates from {MIN_RATE} to {MAX_RATE} Hz can be transcribed."
            )
        self.name = name
        self.sample_rate = rate
        self.channels = reader.channels
        self.expected_seconds = None if reader.frames is None else reader.frames / rate
        self.frames_read = 0
        self.warnings: list[str] = []
        self._reader = reader

    def __enter__(self) -> AudioSource:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.closing.__exit__(None, None, None)

    @property
    def seconds_read(self) -> float:
        """Seconds of sound given out so far."""
        return self.frames_read / self.sample_rate

    def blocks(self) -> Iterator[Samples]:
        """Yield float32 blocks ``[channels, n]``, n <= 8192, in order, to the end.

        Samples that are not finite numbers become silence, with a warning. Damage after the first
        block ends the recording there, with a warning.

        Raises:
            AudioError: when not a single frame can be read.
        """
        size = max(1, min(_BLOCK_FRAMES, _BLOCK_VALUES // self.channels))
        while True:
            try:
                block = self._reader.read(size)
            except (RuntimeError, ValueError, OSError) as error:
                if not self.frames_read:
                    raise AudioError(f"{self.name} cannot be decoded: {error}") from error
                self._warn_once(f"is damaged after {clock(self.seconds_read)}; read up to there")
                return
            if block.shape[1] == 0:
                break
            self.frames_read += block.shape[1]
            yield self._finite(block)
        if not self.frames_read:
            raise AudioError(f"{self.name} holds no sound: it has no samples.")
        if (self.expected_seconds or 0.0) > self.seconds_read + _TRUNCATED_SECONDS:
            self._warn_once(
                f"is cut off: it should last {clock(self.expected_seconds or 0.0)}"
                f" but ends after {clock(self.seconds_read)}"
            )

    def _finite(self, block: Samples) -> Samples:
        import numpy as np

        good = np.isfinite(block)
        if good.all():
            return block
        self._warn_once("contains values that are not numbers; they were read as silence")
        return np.where(good, block, np.float32(0.0))

    def _warn_once(self, what: str) -> None:
        sentence = f"{self.name} {what}."
        if sentence not in self.warnings:
            self.warnings.append(sentence)


def open_audio(
    source: str | os.PathLike[str] | NDArray[Any], sample_rate: int | None = None
) -> AudioSource:
    """Open a file, or wrap an array, as a stream of blocks.

    Args:
        source: path of an audio file, or samples ``[n]``, ``[channels, n]`` or ``[n, channels]``
            (the shorter axis is the channels) of any integer or floating-point type. Integers are
            scaled by their full range, floats are taken as they are (full scale is 1).
        sample_rate: Hz; needed for an array, refused for a file, which carries its own.

    Raises:
        AudioError: when there is no sound to be had, saying why.
        UsageError: when ``sample_rate`` is missing or misplaced.
    """
    if isinstance(source, (str, os.PathLike)):
        if sample_rate is not None:
            raise UsageError("sample_rate is for arrays; a file carries its own.")
        return _open_file(Path(source))
    if sample_rate is None:
        raise UsageError("Samples need their sample_rate in Hz.")
    return _wrap_array(source, sample_rate)


def find_audio(folder: Path) -> list[Path]:
    """All audio files under ``folder``, by suffix, sorted; hidden files and folders are left out.

    Raises:
        AudioError: when there is none.
    """
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in AUDIO_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    if not found:
        raise AudioError(f"No audio file was found in {printable(folder)}.")
    return found


def _open_file(path: Path) -> AudioSource:
    name = printable(path)
    try:
        if path.is_dir():
            raise AudioError(f"{name} is a folder, not an audio file.")
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioError(f"{name} is empty.")
    except FileNotFoundError as error:
        raise AudioError(f"{name} does not exist.") from error
    except OSError as error:
        raise AudioError(f"{name} cannot be read: {error.strerror}.") from error
    from scorelane.readers import open_pedalboard, open_soundfile

    reader = open_soundfile(path) or open_pedalboard(path)
    if reader is None:
        raise AudioError(
            f"{name} is not an audio file that can be read."
            " WAV, FLAC, MP3, Ogg, Opus and AIFF can; convert others first"
            " (ffmpeg -i FILE song.flac)."
        )
    return AudioSource(name, reader)


def _wrap_array(samples: NDArray[Any], sample_rate: int) -> AudioSource:
    import numpy as np

    from scorelane.readers import Reader

    samples = np.asarray(samples)
    if samples.dtype.kind not in "iuf":
        raise AudioError(f"Samples must be integers or floats, not {samples.dtype}.")
    if samples.ndim == 1:
        samples = samples[np.newaxis]
    elif samples.ndim == 2 and samples.shape[0] > samples.shape[1] > 0:
        samples = samples.T
    if samples.ndim != 2 or not 0 < samples.shape[0] <= MAX_ARRAY_CHANNELS:
        raise AudioError(
            f"Samples of shape {list(samples.shape)} are neither [n], [channels, n]"
            f" nor [n, channels] with up to {MAX_ARRAY_CHANNELS} channels."
        )
    position = 0

    def read(frames: int) -> Samples:
        nonlocal position
        block = samples[:, position : position + frames]
        position += block.shape[1]
        return _as_float32(block)

    channels, frames = samples.shape
    return AudioSource("The array", Reader(int(sample_rate), channels, frames, read, nullcontext()))


def _as_float32(block: NDArray[Any]) -> Samples:
    import numpy as np

    kind, bits = block.dtype.kind, block.dtype.itemsize * 8
    if kind == "f":
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, then silence
            return block.astype(np.float32)
    scale = np.float64(2.0 ** (bits - 1))
    centred = block - scale if kind == "u" else block.astype(np.float64)
    scaled: Samples = (centred / scale).astype(np.float32)
    return scaled
