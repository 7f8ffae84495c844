"""A script for torchrun: what two processes share, and that nothing of it outlives them."""

from __future__ import annotations

from pathlib import Path

import torch

from scorelane.train.processes import Processes


def threads() -> list[str]:
    """Names of this process's threads."""
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


def share(processes: Processes) -> None:
    """Check that parameters, gradients, counts and times become one."""
    place = processes.rank
    model = torch.nn.Linear(3, 2)
    torch.nn.init.constant_(model.weight, 7.0 + place)
    shared = processes.share(model, partly=False)
    assert (model.weight == 7.0).all(), model.weight

    (shared(torch.full((1, 3), 1.0 + place)).sum() * 2).backward()
    assert model.weight.grad is not None and model.bias.grad is not None
    assert torch.allclose(model.weight.grad, torch.tensor(2 * 1.5)), model.weight.grad
    assert torch.allclose(model.bias.grad, torch.tensor(2.0)), model.bias.grad

    assert processes.total(3 + place) == 7
    assert processes.longest(3.25 + place) == 4.25
    assert any("gloo" in name for name in threads()), threads()


if __name__ == "__main__":
    with Processes("cpu") as both:
        share(both)
    assert not any("gloo" in name for name in threads()), threads()
