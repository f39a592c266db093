"""The optimizers of :mod:`engine.optimizers` for many networks at once, each with numbers of its own.

A row of ``weights`` (N, P) is a network; learning rate, momentum and weight decay are columns (N, 1). The formulas and
the names of the state are those of torch.optim, so that a training alone goes on from what is kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from engine.experiment import Train

EPSILON = 1e-8
BETAS = 0.9, 0.999
SMOOTHING = 0.99
"""What torch.optim takes where nothing is said: of Adam, AdamW and RMSprop."""


class Stacked:
    """Follows the gradients of N networks.

    Attributes: ``steps`` taken; ``state``, tensors (N, P) by the names of torch.optim, empty before the first step.
    """

    def __init__(self, settings: Sequence[Train], device: torch.device) -> None:
        def column(values: Sequence[float]) -> Tensor:
            return torch.tensor(values, dtype=torch.float32, device=device)[:, None]

        self._update = UPDATES[settings[0].optimizer]
        self.steps, self.state = 0, dict[str, Tensor]()
        self.rate = column([one.learning_rate for one in settings])
        self.momentum = column([one.momentum for one in settings])
        self.decay = column([one.weight_decay for one in settings])
        self.shrink = column([1 - one.learning_rate * one.weight_decay for one in settings])
        """What decoupled weight decay multiplies the weights with."""
        self.decays = any(one.weight_decay for one in settings)

    @torch.no_grad()
    def step(self, weights: Tensor, gradient: Tensor) -> None:
        """Change the weights (N, P), and maybe the gradient, in place."""
        self.steps += 1
        self._update(self, weights, gradient)

    def decayed(self, weights: Tensor, gradient: Tensor) -> Tensor:
        """The gradient with the pull of the weights towards zero."""
        return gradient.addcmul_(weights, self.decay) if self.decays else gradient

    def kept(self, name: str, like: Tensor) -> Tensor:
        """A piece of the state, zeros at first."""
        if name not in self.state:
            self.state[name] = torch.zeros_like(like)
        return self.state[name]


def sgd(stacked: Stacked, weights: Tensor, gradient: Tensor) -> None:
    """Stochastic gradient descent with momentum, without dampening."""
    gradient = stacked.decayed(weights, gradient)
    buffer = stacked.kept("momentum_buffer", weights).mul_(stacked.momentum).add_(gradient)
    weights.addcmul_(buffer, stacked.rate, value=-1)


def adam(stacked: Stacked, weights: Tensor, gradient: Tensor) -> None:
    """Adam; weight decay is added to the gradient."""
    _adam(stacked, weights, stacked.decayed(weights, gradient))


def adamw(stacked: Stacked, weights: Tensor, gradient: Tensor) -> None:
    """Adam with decoupled weight decay."""
    if stacked.decays:
        weights.mul_(stacked.shrink)
    _adam(stacked, weights, gradient)


def _adam(stacked: Stacked, weights: Tensor, gradient: Tensor) -> None:
    first, second = BETAS
    mean = stacked.kept("exp_avg", weights).lerp_(gradient, 1 - first)
    square = stacked.kept("exp_avg_sq", weights).mul_(second).addcmul_(gradient, gradient, value=1 - second)
    unbiased = square.sqrt().div_((1 - second**stacked.steps) ** 0.5).add_(EPSILON)
    weights.addcdiv_(mean * (stacked.rate / (1 - first**stacked.steps)), unbiased, value=-1)


def rmsprop(stacked: Stacked, weights: Tensor, gradient: Tensor) -> None:
    """RMSprop with momentum."""
    gradient = stacked.decayed(weights, gradient)
    square = stacked.kept("square_avg", weights).mul_(SMOOTHING).addcmul_(gradient, gradient, value=1 - SMOOTHING)
    buffer = stacked.kept("momentum_buffer", weights).mul_(stacked.momentum)
    buffer.addcdiv_(gradient, square.sqrt().add_(EPSILON))
    weights.addcmul_(buffer, stacked.rate, value=-1)


UPDATES: dict[str, Callable[[Stacked, Tensor, Tensor], None]] = {
    "adam": adam,
    "adamw": adamw,
    "sgd": sgd,
    "rmsprop": rmsprop,
}
COUNTED = ("adam", "adamw", "rmsprop")
"""Those whose state holds the number of steps."""
