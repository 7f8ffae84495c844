"""Several processes train one model, as torchrun starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from scorelane.train.checkpoint import CHECKPOINT_NAME, load_checkpoint

TESTS = Path(__file__).parent


def run_two(script: str, *arguments: str) -> None:
    """Run a script of this folder in two CPU processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command += ["--master-port", "0", "--standalone", str(TESTS / script), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_two_processes_train_one_model(tmp_path: Path) -> None:
    """Both count, one writes."""
    run_two("tiny_training.py", str(tmp_path))
    state = load_checkpoint(tmp_path / CHECKPOINT_NAME)
    assert state["seen"] == 32 and state["steps"] == 4


def test_two_processes_share_parameters_and_gradients() -> None:
    run_two("two_processes.py")
