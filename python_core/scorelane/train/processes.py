"""The processes that train one model together, as torchrun starts them."""

from __future__ import annotations

import os

import torch
import torch.distributed as dist

# Imported after the processes have met, it keeps their group in default arguments for good (torch
# 2.13), and what runs on in that group's threads aborts the process as it ends, now and then.
import torch.distributed.nn
from torch import nn
from torch.nn.parallel import DistributedDataParallel


class Processes:
    """This process's place among torchrun's, a single one without torchrun; a context manager."""

    def __init__(self, device: str) -> None:
        """``device`` is torch's name of one; ``auto`` takes this process's GPU if there is one."""
        self.rank = int(os.environ.get("RANK", "0"))
        self.world = int(os.environ.get("WORLD_SIZE", "1"))
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if device == "auto":
            device = f"cuda:{local}" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(device)

    def __enter__(self) -> Processes:
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
            torch.set_float32_matmul_precision("high")
        if self.world > 1:
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        return self

    def __exit__(self, *_: object) -> None:
        if self.world > 1:
            dist.destroy_process_group()

    def total(self, count: int) -> int:
        """The sum of every process's ``count``."""
        if self.world == 1:
            return count
        counts = torch.tensor(count, device=self.device)
        dist.all_reduce(counts)
        return int(counts)

    def longest(self, seconds: float) -> float:
        """The most of every process's ``seconds``, so that all of them end at the same step."""
        if self.world == 1:
            return seconds
        most = torch.tensor(seconds, dtype=torch.float64, device=self.device)
        dist.all_reduce(most, dist.ReduceOp.MAX)
        return float(most)

    def share(self, model: nn.Module, partly: bool) -> nn.Module:
        """``model`` with the first process's parameters, and gradients averaged over all processes.

        ``partly`` says that some steps use only a part of it.
        """
        if self.world == 1:
            return model
        return DistributedDataParallel(model, find_unused_parameters=partly)
