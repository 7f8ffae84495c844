"""What the plugin costs the audio thread: CPU per block while idle, transcribing, playing.

    python tests/bench/bench_plugin.py [--rate 48000] [--block 512] [--seconds 10]

CPU time of the calling thread around each block, so that what the worker does meanwhile is not
counted. Blocks come in real time, as from a sound card: in between others use the processor and its
caches. Crossing from Python into the plugin costs some microseconds of it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from scorelane._processor import Processor, Transport

EXAMPLE = Path(__file__).parents[2] / "examples" / "example.flac"


class Bench:
    """A realtime processor with a transport, fed the example over and over."""

    def __init__(self, rate: int, block: int, seconds: float) -> None:
        self.processor = Processor(rate, block, realtime=True)
        self.processor.transport = Transport(False)
        self.rate, self.block, self.seconds = rate, block, seconds
        audio, _ = soundfile.read(EXAMPLE, dtype="float32", always_2d=True)
        self.audio = np.ascontiguousarray(audio.T)

    def measure(self, *, start: float | None = None) -> NDArray[np.float64]:
        """CPU seconds of each block; the transport rolls from ``start``, or stands."""
        playing = start is not None
        self.processor.transport = Transport(playing, start or 0.0)
        times = []
        began = time.monotonic()
        for index in range(int(self.seconds * self.rate / self.block)):
            place = index * self.block % (self.audio.shape[1] - self.block)
            piece = self.audio[:, place : place + self.block]
            before = time.thread_time_ns()
            self.processor.process(piece)
            times.append((time.thread_time_ns() - before) / 1e9)
            ahead = (index + 1) * self.block / self.rate - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
        return np.array(times)

    def settle(self) -> None:
        """Wait until nothing is under way."""
        self.processor.wait(600)


def measure(rate: int, block: int, seconds: float) -> dict[str, NDArray[np.float64]]:
    """Times per block in each state."""
    bench = Bench(rate, block, seconds)
    rows = {"idle, no take": bench.measure()}
    bench.processor.record = True
    rows["recording and transcribing"] = bench.measure(start=0.0)
    bench.processor.record = False
    bench.measure()
    bench.settle()
    rows["idle, with a take"] = bench.measure()
    rows["playing MIDI"] = bench.measure(start=0.0)
    bench.processor.transcribe()
    rows["playing MIDI while it transcribes again"] = bench.measure(start=0.0)
    bench.settle()
    bench.processor.mix = 0.5
    rows["playing MIDI and preview"] = bench.measure(start=0.0)
    bench.processor.bypass = True
    rows["bypassed"] = bench.measure(start=0.0)
    return rows


def main() -> None:
    """Measure each state and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=48_000)
    parser.add_argument("--block", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = folder
        rows = measure(options.rate, options.block, options.seconds)
    lasts = options.block / options.rate
    print(f"Blocks of {options.block} samples at {options.rate} Hz last {lasts * 1e6:.0f} µs.\n")
    print("| state | mean µs | 99th percentile µs | share of one core |")
    print("|---|---|---|---|")
    for name, times in rows.items():
        mean, high = times.mean() * 1e6, np.percentile(times, 99) * 1e6
        print(f"| {name} | {mean:.1f} | {high:.1f} | {times.mean() / lasts:.2%} |")


if __name__ == "__main__":
    main()
