"""The accuracy bench sets transcribers side by side only where they heard the same clips."""

from __future__ import annotations

import io
import json
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).with_name("bench")))

import bench_accuracy
from bench_accuracy import OURS, Peer, compare, has_pitches, is_piano_alone, lines, table
from peer_process import write_notes

from scorelane.evaluate.clips import Clip, find_clips
from scorelane.notes import Note, read_csv, write_csv
from stub_engine import StubEngine

# A peer that hears the first note of what the stub engine hears, and tells what it was given.
PEER = """
import json, sys
from pathlib import Path
arguments = sys.argv[1:]
middle = arguments.index("--")
folder, names, audio = Path(arguments[1]), arguments[2:middle], arguments[middle + 1:]
assert arguments[0] == "--notes" and len(names) == len(audio)
folder.mkdir(parents=True, exist_ok=True)
for name in names:
    (folder / f"{name}.csv").write_text(
        "onset,offset,pitch,program,is_drum,velocity\\n0,0.5,60,0,0,90\\n"
    )
with (folder / "asked.txt").open("a") as file:
    print(*names, file=file)
print(json.dumps({"load": 0, "runs": {}}))
"""


@pytest.fixture
def clips(make_wav: Callable[..., Path]) -> list[Clip]:
    """Two clips of piano, one of them in a group with a violin, and one of drums."""
    kinds = {"solo_1": (0, False), "duo_1": (0, False), "duo_2": (40, False), "kit_1": (0, True)}
    for name, (program, is_drum) in kinds.items():
        song = make_wav(f"set/{name}/audio.wav", seconds=2.0)
        notes = [
            Note(float(i), i + 0.5, 36 if is_drum else 60 + i, program, is_drum) for i in (0, 1)
        ]
        write_csv(notes, song.with_name("notes.csv"))
    return find_clips([song.parent.parent])


def run(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch, folder: Path, script: str = PEER
) -> tuple[str, dict[str, list[object]]]:
    peer = folder / "peer.py"
    peer.write_text(script)
    peers = (Peer("All", str(peer), has_pitches), Peer("Piano", str(peer), is_piano_alone))
    monkeypatch.setattr(bench_accuracy, "PEERS", peers)
    arguments = Namespace(
        peer_python=sys.executable, model=None, device="cpu", threads=1, onset_tolerance=0.05
    )
    everything, about = compare(clips, arguments, folder / "notes")
    assert about == {"model": "stub 1"}
    bench_accuracy.write_json(everything, about, 0.05, folder / "scores.json")
    console = Console(width=180, file=io.StringIO(), record=True)
    console.print(table(everything, lines(clips), 0.05))
    return console.export_text(), everything


def test_peers_have_figures_where_they_heard_the_same_clips(
    engine: StubEngine, clips: list[Clip], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text, everything = run(clips, monkeypatch, tmp_path)
    rows = [line.split() for line in text.splitlines()]
    assert ["score", "clips", OURS, "All", "Piano"] in rows
    # The engine hears both notes, the peers one of two: 2/3.
    assert ["onset", "solo", "(1)", "1.00", "0.67", "0.67"] in rows
    assert ["onset", "duo", "(2)", "1.00", "0.67"] in rows
    assert ["onset", "piano", "alone", "(2)", "1.00", "0.67", "0.67"] in rows
    assert ["onset", "all", "clips", "(3)", "1.00", "0.67"] in rows
    [drums] = [row for row in rows if row[:3] == ["drums", "group", "kit"]]
    assert len(drums) == 5  # ours alone
    assert sorted(r.name for r in everything["Piano"]) == ["duo_1", "solo_1"]
    document = json.loads((tmp_path / "scores.json").read_text())
    assert document["All"]["groups"]["duo"]["onset"] == 0.6667
    assert document[OURS]["overall"]["clips"] == 4


def test_what_a_peer_heard_is_kept(
    engine: StubEngine, clips: list[Clip], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run(clips[:1], monkeypatch, tmp_path)
    run(clips, monkeypatch, tmp_path)
    run(clips, monkeypatch, tmp_path, "raise SystemExit('not asked again')")
    asked = (tmp_path / "notes" / "all" / "asked.txt").read_text().splitlines()
    assert asked == ["duo_1", "duo_2 solo_1"]


def test_a_peer_that_fails_is_named(
    engine: StubEngine, clips: list[Clip], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="All failed:\nno such model"):
        run(clips, monkeypatch, tmp_path, "raise SystemExit('no such model')")


def test_notes_of_a_peer_are_read_again(tmp_path: Path) -> None:
    write_notes([(1.5, 2.0, 62, 300), (0.25, 1.0, 60, 0)], tmp_path / "new" / "a.csv")
    first, second = read_csv(tmp_path / "new" / "a.csv")
    assert (first.onset, first.offset, first.pitch, first.velocity) == (0.25, 1.0, 60, 1)
    assert (second.onset, second.velocity) == (1.5, 127)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.csv"]
