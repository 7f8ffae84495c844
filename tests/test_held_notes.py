"""Notes held from one segment into the next: free, linked and forced, from option to notes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from typer.testing import CliRunner

from scorelane import engine
from scorelane.cli.app import app
from scorelane.engine import Engine
from scorelane.errors import Cancelled, UsageError
from scorelane.held_notes import HeldNotes
from scorelane.model.export import save_archive
from scorelane.model.transformer import Transformer
from scorelane.notes import Note, write_csv
from scorelane.transcribe import transcribe
from stub_engine import StubEngine
from tiny_archive import SAMPLE_RATE as RATE
from tiny_archive import SEGMENT
from tiny_archive import save_archive as save_tiny
from tiny_training import TINY

IN_ORDER = ("linked", "forced")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Begins a few notes in every segment and never ends or ties one."""
    return engine.load(save_tiny(tmp_path_factory.mktemp("models") / "tiny.pt"), device="cpu")


def noise(seconds: float) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return rng.uniform(-0.4, 0.4, round(seconds * RATE)).astype(np.float32)


def heard(model: Engine, held: str, pieces: int = 1) -> tuple[list[Note], dict[str, int]]:
    stream = model.stream(RATE, held_notes=held)
    notes = []
    for piece in np.array_split(noise(4.0), pieces):
        notes += stream.push(piece)
    return sorted(notes + stream.flush()), stream.skipped


def test_notes_go_on_over_borders_only_where_a_tie_section_says_so(tiny: Engine) -> None:
    def crossing(held: str) -> list[float]:
        """How far notes sound into the segments after their own, in segments."""
        notes = [note for note in heard(tiny, held)[0] if not note.is_drum]
        assert len(notes) > 5
        borders = [SEGMENT / RATE * (1 + int(note.onset * RATE / SEGMENT)) for note in notes]
        ends = [note.offset for note in notes]
        return [max(0.0, end - b) * RATE / SEGMENT for end, b in zip(ends, borders, strict=True)]

    # Closing its tie section at once, each segment ends what sounds.
    assert crossing("free") == crossing("linked") == [0.0] * len(crossing("free"))
    assert max(crossing("forced")) > 3


def test_the_grammar_takes_forced_tokens(tmp_path: Path) -> None:
    """Left to itself our network with random weights writes senseless tie sections."""
    torch.manual_seed(1)
    save_archive(Transformer(TINY).eval(), TINY, tmp_path / "random.pt")
    model = engine.load(tmp_path / "random.pt", device="cpu", threads=1)
    assert heard(model, "free")[1]["undeclarable_tie"] > 0
    for held in IN_ORDER:
        skipped = heard(model, held)[1]
        assert skipped["undeclarable_tie"] == skipped["duplicate_tie"] == 0


@pytest.mark.parametrize("held", IN_ORDER)
def test_pieces_and_batches_change_nothing(tiny: Engine, held: str) -> None:
    notes, skipped = heard(tiny, held)
    assert heard(tiny, held, pieces=7) == (notes, skipped)
    assert tiny.transcribe(noise(4.0), RATE, held_notes=held, batch_size=5) == notes


@pytest.mark.parametrize("held", IN_ORDER)
def test_progress_and_cancelling(tiny: Engine, held: str) -> None:
    seen: list[float] = []
    tiny.transcribe(noise(4.0), RATE, held_notes=held, on_progress=seen.append)
    assert seen and seen == sorted(seen) and seen[-1] <= 4.0
    with pytest.raises(Cancelled):
        tiny.transcribe(noise(4.0), RATE, held_notes=held, on_progress=lambda _: False)


def test_unknown_names_are_told(tiny: Engine, engine: StubEngine) -> None:
    with pytest.raises(UsageError, match="free, linked, forced; not 'best'"):
        tiny.stream(RATE, held_notes="best")
    with pytest.raises(UsageError, match="not 'best'"):
        transcribe(noise(0.1), sample_rate=RATE, held_notes="best")
    assert engine.streams == []


@pytest.mark.parametrize("held", HeldNotes)
def test_the_commands_pass_it_on(engine: StubEngine, tmp_path: Path, held: HeldNotes) -> None:
    import soundfile

    clip = tmp_path / "clip"
    clip.mkdir()
    soundfile.write(clip / "audio.wav", noise(1.5), RATE)
    write_csv([Note(0.0, 0.5, 60, 0)], clip / "notes.csv")
    out = tmp_path / "scores.json"
    commands = (
        ["evaluate", clip, "--json", out],
        ["transcribe", clip / "audio.wav", "--to", "mid", "--out", tmp_path / "out"],
    )
    for command in commands:
        arguments = [str(argument) for argument in (*command, "--held-notes", held)]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 0, result.output
        assert engine.streams[-1].held_notes == held
    assert json.loads(out.read_text())["held_notes"] == held
