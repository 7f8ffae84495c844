"""Muon: momentum whose update is made orthogonal (Keller Jordan, 2024).

torch has this optimizer too, but orthogonalises in bfloat16, which most CPUs only emulate: a
hundred times slower than float32 there. This one computes in the precision that is fast, and all
matrices of one shape at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum, for matrices.

    Updates are scaled so that their size matches AdamW's (arXiv 2502.16982, section 2.2), so one
    learning rate serves both.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        *,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self._dtype = dtype

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every parameter that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape[tuple(parameter.shape)].append(parameter)
            for parameters in by_shape.values():
                self._step_alike(parameters, group)

    def _step_alike(self, parameters: list[Tensor], group: dict[str, float]) -> None:
        directions = []
        for parameter in parameters:
            gradient = parameter.grad
            assert gradient is not None
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(gradient)
            average: Tensor = state["momentum"]
            average.lerp_(gradient, 1.0 - group["momentum"])
            directions.append(gradient.lerp(average, group["momentum"]))
        updates = orthogonalise(torch.stack(directions).to(self._dtype))
        rate = group["lr"]
        scale = 0.2 * max(parameters[0].shape) ** 0.5
        for parameter, update in zip(parameters, updates, strict=True):
            parameter.mul_(1.0 - rate * group["weight_decay"])
            parameter.add_(update.to(parameter.dtype), alpha=-rate * scale)


def orthogonalise(matrices: Tensor) -> Tensor:
    """Push the singular values of ``matrices`` [n, rows, columns] towards one (Newton-Schulz)."""
    a, b, c = _COEFFICIENTS
    tall = matrices.size(1) > matrices.size(2)
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.transpose(1, 2)
        x = a * x + (b * square + c * square @ square) @ x
    result: Tensor = x.transpose(1, 2) if tall else x
    return result
