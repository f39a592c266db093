"""How weights follow the gradient: name -> function (parameters, settings) -> optimizer.

Adam, AdamW and SGD are fused: one kernel over all weights instead of a dozen per tensor, which pays on every device
(docs/benchmarks.md). RMSprop has no fused kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from engine.experiment import Train


def adam(parameters: Iterable[nn.Parameter], train: Train) -> Optimizer:
    """Adam (Kingma and Ba, 2015); weight decay is added to the gradient."""
    return Adam(parameters, lr=train.learning_rate, weight_decay=train.weight_decay, fused=True)


def adamw(parameters: Iterable[nn.Parameter], train: Train) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019)."""
    return AdamW(parameters, lr=train.learning_rate, weight_decay=train.weight_decay, fused=True)


def sgd(parameters: Iterable[nn.Parameter], train: Train) -> Optimizer:
    """Stochastic gradient descent with momentum, without dampening."""
    return SGD(parameters, lr=train.learning_rate, momentum=train.momentum, weight_decay=train.weight_decay, fused=True)


def rmsprop(parameters: Iterable[nn.Parameter], train: Train) -> Optimizer:
    """RMSprop (Hinton, 2012) with momentum."""
    return RMSprop(parameters, lr=train.learning_rate, momentum=train.momentum, weight_decay=train.weight_decay)


OPTIMIZERS: dict[str, Callable[[Iterable[nn.Parameter], Train], Optimizer]] = {
    "adam": adam,
    "adamw": adamw,
    "sgd": sgd,
    "rmsprop": rmsprop,
}
