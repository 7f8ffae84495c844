"""From audio to frames: the part of the network without learned weights.

Both front ends are modules of the exported archive, so that training and every host hear alike.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from scorelane.model.config import FrontEndConfig

BINS_PER_SEMITONE = 3
LOWEST_PITCH = 21
HIGHEST_PITCH = 108
PITCHES = HIGHEST_PITCH - LOWEST_PITCH + 1
PITCH_FEATURES = 12
ATTACK_FFT = 512
ATTACK_BINS = 64
CROSSOVER_HZ = 500.0
HARMONICS = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0)


class LogMel(nn.Module):
    """MT3's front end (arXiv 2111.03017, section 3.3; facts in docs/MODEL.md).

    Magnitudes of a Hann-windowed FFT, frames padded at the end and not centred, a mel matrix as
    ``tf.signal.linear_to_mel_weight_matrix`` makes it, natural log with values <= 0 replaced.
    """

    window: Tensor
    mel: Tensor

    def __init__(self, config: FrontEndConfig, sample_rate: int) -> None:
        super().__init__()
        self.hop = config.hop
        self.fft = config.fft
        self.register_buffer("window", torch.hann_window(config.fft), persistent=False)
        self.register_buffer("mel", torch.from_numpy(mel_matrix(config, sample_rate)), False)

    def forward(self, audio: Tensor) -> Tensor:
        """``audio`` [batch, samples] to log-mel frames [batch, samples / hop, bins]."""
        padded = F.pad(audio, (0, self.fft - self.hop))
        spectrum = _magnitude(padded, self.window, self.fft, self.hop)
        mel = spectrum.transpose(1, 2) @ self.mel
        return torch.log(torch.where(mel <= 0.0, torch.full_like(mel, 1e-5), mel))


class HarmonicFrames(nn.Module):
    """Our front end: what each pitch's harmonics hold, and a fine-grained attack spectrum.

    The log-frequency spectrum has three bins a semitone, from a long window in the bass (to tell
    low pitches apart) and a shorter one above. ``forward`` returns for every pitch the same view
    of it, moved to the pitch's own harmonics: a network that looks at it learns one pitch and
    knows all. The attack spectrum comes from a 32 ms window twice a frame.
    """

    window: Tensor
    long_window: Tensor
    attack_window: Tensor
    high_matrix: Tensor
    low_matrix: Tensor
    attack_matrix: Tensor
    harmonic_bins: Tensor

    def __init__(self, config: FrontEndConfig, sample_rate: int) -> None:
        super().__init__()
        self.hop = config.hop
        self.fft = config.fft
        self.view = len(HARMONICS) * BINS_PER_SEMITONE
        self.attack_features = 2 * ATTACK_BINS
        attack = FrontEndConfig(config.hop // 2, ATTACK_FFT, ATTACK_BINS, 40.0, config.high_hz)
        matrix = log_frequency_matrix(config, sample_rate)
        low = bin_frequencies(config) < CROSSOVER_HZ
        long_config = FrontEndConfig(
            config.hop, 2 * config.fft, config.bins, config.low_hz, config.high_hz
        )
        long_matrix = log_frequency_matrix(long_config, sample_rate)[:, low]
        for name, value in {
            "window": torch.hann_window(config.fft),
            "long_window": torch.hann_window(2 * config.fft),
            "attack_window": torch.hann_window(ATTACK_FFT),
            "high_matrix": torch.from_numpy(np.ascontiguousarray(matrix[:, ~low])),
            "low_matrix": torch.from_numpy(np.ascontiguousarray(long_matrix)),
            "attack_matrix": torch.from_numpy(mel_matrix(attack, sample_rate)),
            "harmonic_bins": torch.from_numpy(_harmonic_bins(config)),
        }.items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """``audio`` [batch, samples] to what is heard in each of samples / hop frames.

        Returns the pitch views [batch, frames, 88, 30] and the attack spectrum
        [batch, frames, 128].
        """
        frames = audio.size(1) // self.hop
        high = _centred(audio, self.window, self.fft, self.hop)[:, :frames] @ self.high_matrix
        low = _centred(audio, self.long_window, 2 * self.fft, self.hop)[:, :frames]
        spectrum = _compress(torch.cat([low @ self.low_matrix, high], dim=2))
        # Bins outside the spectrum are heard as silence: one quiet bin at the end stands for them.
        quiet = torch.full_like(spectrum[:, :, :1], -1.0)
        views = torch.cat([spectrum, quiet], dim=2)[:, :, self.harmonic_bins]
        return views, self.attack(audio)

    def attack(self, audio: Tensor) -> Tensor:
        """The attack spectrum [batch, frames, 128] alone of ``audio`` [batch, samples]."""
        frames = audio.size(1) // self.hop
        heard = _centred(audio, self.attack_window, self.attack_window.size(0), self.hop // 2)
        heard = _compress(heard[:, : 2 * frames] @ self.attack_matrix)
        return heard.reshape(audio.size(0), frames, self.attack_features)


def _magnitude(audio: Tensor, window: Tensor, fft: int, hop: int) -> Tensor:
    """Magnitudes [batch, fft / 2 + 1, frames] of frames that begin at multiples of ``hop``."""
    spectrum = torch.stft(
        audio, fft, hop_length=hop, window=window, center=False, return_complex=True
    )
    # Several times faster than abs() of complex numbers, which guards against overflow.
    real, imaginary = torch.view_as_real(spectrum).unbind(-1)
    return (real * real + imaginary * imaginary).sqrt()


def _centred(audio: Tensor, window: Tensor, fft: int, hop: int) -> Tensor:
    """Magnitudes [batch, frames, bins] around multiples of ``hop``; a full-scale sine gives 1."""
    padded = F.pad(audio, (fft // 2, fft // 2))
    return _magnitude(padded, window, fft, hop).transpose(1, 2) * (4.0 / fft)


def _compress(magnitude: Tensor) -> Tensor:
    """Decibels from -80 to 0 as numbers from -1 to 1."""
    return torch.log10(magnitude + 1e-4) * 0.5 + 1.0


def mel_matrix(config: FrontEndConfig, sample_rate: int) -> NDArray[np.float32]:
    """Mel filters [fft / 2 + 1, bins] as ``tf.signal.linear_to_mel_weight_matrix`` defines them.

    HTK's mel scale, triangles drawn in mel space with unit peak, no area normalisation, nothing
    from the DC bin. Where filters are narrower than an FFT bin they stay empty.
    """
    hertz = np.linspace(0.0, sample_rate / 2, config.fft // 2 + 1)[1:, None]
    mel = 1127.0 * np.log1p(hertz / 700.0)
    low, high = (1127.0 * math.log1p(hz / 700.0) for hz in (config.low_hz, config.high_hz))
    edges = np.linspace(low, high, config.bins + 2)
    rising = (mel - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - mel) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.pad(triangles, ((1, 0), (0, 0))).astype(np.float32)


def bin_frequencies(config: FrontEndConfig) -> NDArray[np.float64]:
    """Centre frequencies in Hz of the log-frequency bins."""
    octaves = np.arange(config.bins) / (12 * BINS_PER_SEMITONE)
    return np.asarray(config.low_hz * 2.0**octaves)


def log_frequency_matrix(config: FrontEndConfig, sample_rate: int) -> NDArray[np.float32]:
    """Triangular filters [fft / 2 + 1, bins], at least one FFT bin wide, that sum to one."""
    width = sample_rate / config.fft
    hertz = np.arange(config.fft // 2 + 1)[:, None] * width
    centre = bin_frequencies(config)
    half = np.maximum(centre * (2.0 ** (1 / (12 * BINS_PER_SEMITONE)) - 1.0), width)
    triangles = np.maximum(0.0, 1.0 - np.abs(hertz - centre) / half)
    return np.asarray(triangles / triangles.sum(axis=0), dtype=np.float32)


def _harmonic_bins(config: FrontEndConfig) -> NDArray[np.int64]:
    """The bins at and beside each pitch's harmonics [88, 30]; ``bins`` where there is none."""
    pitch = np.arange(LOWEST_PITCH, HIGHEST_PITCH + 1)[:, None, None]
    first = BINS_PER_SEMITONE * (pitch - LOWEST_PITCH)
    harmonic = np.round(12 * BINS_PER_SEMITONE * np.log2(HARMONICS)).astype(np.int64)[:, None]
    beside = np.arange(BINS_PER_SEMITONE) - BINS_PER_SEMITONE // 2
    bins = first + harmonic + beside
    bins = np.where((bins < 0) | (bins >= config.bins), config.bins, bins)
    return np.asarray(bins.reshape(len(pitch), -1))
