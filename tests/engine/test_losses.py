"""Losses, metrics and optimizers against their formulas."""

import math

import pytest
import torch

from engine import metrics
from engine.experiment import Train
from engine.losses import LOSSES
from engine.optimizers import OPTIMIZERS

OUTPUTS = torch.tensor([[0.2, 0.9], [0.5, 0.4]]).reshape(2, 1, 1, 2)
IMAGES = torch.tensor([[0.0, 1.0], [0.5, 0.8]]).reshape(2, 1, 1, 2)


@pytest.mark.parametrize(("name", "formula"), [
    ("mse", lambda y, x: (y - x) ** 2),
    ("l1", lambda y, x: abs(y - x)),
    ("bce", lambda y, x: -(x * math.log(y) + (1 - x) * math.log(1 - y))),
])
def test_a_loss_is_the_mean_of_its_formula(name, formula):
    pairs = zip(OUTPUTS.flatten().tolist(), IMAGES.flatten().tolist(), strict=True)
    assert LOSSES[name](OUTPUTS, IMAGES).item() == pytest.approx(sum(formula(y, x) for y, x in pairs) / 4, rel=1e-6)


def test_cross_entropy_of_black_and_white_stays_finite():
    assert math.isfinite(LOSSES["bce"](torch.tensor([0.0, 1.0]), torch.tensor([1.0, 0.0])).item())


def test_mse_of_each_image():
    assert metrics.mse_per_image(OUTPUTS, IMAGES).tolist() == pytest.approx([0.025, 0.08])


def adam(w, g, memory, t, s, decoupled=False):
    g = g if decoupled else g + s.weight_decay * w
    w = w * (1 - s.learning_rate * s.weight_decay) if decoupled else w
    memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
    memory["v"] = 0.999 * memory.get("v", 0) + 0.001 * g * g
    return w - s.learning_rate * (memory["m"] / (1 - 0.9**t)) / (math.sqrt(memory["v"] / (1 - 0.999**t)) + 1e-8)


def sgd(w, g, memory, t, s):
    g = g + s.weight_decay * w
    memory["b"] = s.momentum * memory["b"] + g if "b" in memory else g
    return w - s.learning_rate * memory["b"]


def rmsprop(w, g, memory, t, s):
    g = g + s.weight_decay * w
    memory["v"] = 0.99 * memory.get("v", 0) + 0.01 * g * g
    memory["b"] = s.momentum * memory.get("b", 0) + g / (math.sqrt(memory["v"]) + 1e-8)
    return w - s.learning_rate * memory["b"]


RULES = {"adam": adam, "adamw": lambda *a: adam(*a, decoupled=True), "sgd": sgd, "rmsprop": rmsprop}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_follows_its_published_rule(name):
    settings = Train(optimizer=name, learning_rate=0.1, momentum=0.7, weight_decay=0.2)
    weight = torch.nn.Parameter(torch.tensor([2.0]))
    optimizer = OPTIMIZERS[name]([weight], settings)
    expected, memory = 2.0, {}
    for t in range(1, 6):
        gradient = 2 * (expected - 0.5)
        optimizer.zero_grad()
        ((weight - 0.5) ** 2).sum().backward()
        optimizer.step()
        expected = RULES[name](expected, gradient, memory, t, settings)
        assert weight.item() == pytest.approx(expected, rel=1e-4)
