"""The speed bench times commands, warm and cold, and sets them side by side."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).with_name("bench")))

from bench_speed import Contender, Timing, cells, table

SLEEPER = """
import json, sys, time
time.sleep(0.3)
files = [a for a in sys.argv[1:] if a.endswith(".wav")]
repeat = int(sys.argv[sys.argv.index("--repeat") + 1]) if "--repeat" in sys.argv else 1
print("a line of chatter")
print(json.dumps({"load": 0.3, "runs": {f: [0.5] * (repeat - 1) + [0.2] for f in files}}))
"""


def test_warm_is_the_best_run_and_cold_the_whole_process(tmp_path: Path) -> None:
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    files = [Path("a.wav"), Path("b.wav")]
    processors = sorted(os.sched_getaffinity(0))[:1]
    timings = Contender("it", [sys.executable, str(script)]).time(files, 3, processors)
    assert list(timings) == files
    for timing in timings.values():
        assert timing.warm == 0.2
        assert 0.3 < timing.cold < 10


def test_a_contender_that_fails_is_named() -> None:
    broken = Contender("It", [sys.executable, "-c", "raise SystemExit('no such model')"])
    with pytest.raises(SystemExit, match="It failed:\nno such model"):
        broken.time([Path("a.wav")], 1, sorted(os.sched_getaffinity(0)))


def test_ratio_says_how_much_faster_the_first_is() -> None:
    spent = {"one": Timing(warm=1.0, cold=4.0), "other": Timing(warm=5.0, cold=5.0)}
    assert cells(10.0, spent) == ["10.0", "2.0", "5.00", "2.5", "2.0", "1.25"]
    assert cells(10.0, {"one": spent["one"]}) == ["10.0", "2.5"]


def test_table_adds_up_all_files() -> None:
    a, b = Path("a.wav"), Path("kit_1/audio.flac")
    timings = {"one": {a: Timing(1.0, 2.0), b: Timing(3.0, 6.0)}}
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table({a: 10.0, b: 10.0}, timings, cores=2))
    text = console.export_text()
    assert "kit_1" in text and "20.0" in text
    assert "5.0" in text.splitlines()[-2]  # 20 s in 4 s
