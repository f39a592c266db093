"""Optimizers over many networks follow the formulas of torch.optim, each row with numbers of its own."""

from __future__ import annotations

import pytest
import torch

from engine.experiment import Train
from engine.optimizers import OPTIMIZERS
from engine.sweeping.stackedoptimizers import COUNTED, Stacked

CPU = torch.device("cpu")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_formulas_are_those_of_torch(optimizer):
    numbers = [Train(optimizer=optimizer, learning_rate=rate, momentum=momentum, weight_decay=decay)
               for rate, momentum, decay in ((0.1, 0.0, 0.0), (0.01, 0.9, 0.1), (0.3, 0.5, 0.01))]
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(3, 40, generator=generator)
    parameters = [torch.nn.Parameter(row.clone()) for row in rows]
    expected = [OPTIMIZERS[optimizer]([parameter], one) for parameter, one in zip(parameters, numbers, strict=True)]
    ours = Stacked(numbers, CPU)
    for _ in range(20):
        gradient = torch.randn(3, 40, generator=generator)
        for parameter, theirs, row in zip(parameters, expected, gradient, strict=True):
            parameter.grad = row.clone()
            theirs.step()
        ours.step(rows, gradient.clone())
    for row, parameter, theirs in zip(range(3), parameters, expected, strict=True):
        torch.testing.assert_close(rows[row], parameter.detach(), rtol=1e-4, atol=1e-5)
        assert ("step" in theirs.state[parameter]) == (optimizer in COUNTED)
        for name, values in theirs.state[parameter].items():
            if name != "step" and values is not None:
                torch.testing.assert_close(ours.state[name][row], values, rtol=1e-4, atol=1e-5)
