"""Experiment -> Autoencoder, with new weights or with those of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine import layers, shapes
from engine.experiment import Experiment, ExperimentError


class WeightsError(Exception):
    """Weights that belong to another model; ``code`` and ``values`` say it in another language."""

    def __init__(self, code: str, message: str, **values: Any) -> None:
        self.code, self.values = code, values
        super().__init__(message)


class Autoencoder(nn.Module):
    """An encoder and a decoder of the layers of ``plan``."""

    def __init__(self, plan: shapes.Plan) -> None:
        super().__init__()
        self.plan = plan
        self.encoder = nn.Sequential(*map(layers.block, plan.encoder))
        self.decoder = nn.Sequential(*map(layers.block, plan.decoder))

    def encode(self, images: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> (B, *plan.code)."""
        return self.encoder(images)

    def decode(self, codes: Tensor) -> Tensor:
        """(B, *plan.code) -> (B, C, H, W), in the range of the output activation."""
        return self.decoder(codes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> its reconstruction (B, C, H, W)."""
        return self.decode(self.encode(images))


def build(experiment: Experiment) -> Autoencoder:
    """A model with initial weights, from torch's global generator. Raises ExperimentError if layers do not fit."""
    plan = shapes.plan(experiment)
    if plan.problems:
        raise ExperimentError(plan.problems)
    return Autoencoder(plan)


def from_weights(experiment: Experiment, weights: Mapping[str, Tensor]) -> Autoencoder:
    """A model that shares these weights, for looking only: in eval mode, without gradients.

    Nothing is drawn from a generator, so a training next to it is not disturbed. Raises WeightsError, ExperimentError.
    """
    with torch.device("meta"):
        model = build(experiment)
    check(model, weights)
    model.load_state_dict(weights, assign=True)
    return model.eval().requires_grad_(False)


def check(model: Autoencoder, weights: Mapping[str, Tensor]) -> None:
    """Raise WeightsError with the first layer whose weights are absent, unknown, or of another shape or type."""
    expected = model.state_dict()
    for key in [*expected, *weights]:
        layer, own, given = ".".join(key.split(".")[:2]), expected.get(key), weights.get(key)
        if own is None or given is None or own.shape != given.shape or own.dtype != given.dtype:
            is_, has = _described(own, given), _described(given, own)
            raise WeightsError("weights.other_model",
                               f"This checkpoint belongs to another model ({layer} is {is_}, file has {has}).",
                               layer=layer, model=is_, file=has)


def _described(one: Tensor | None, other: Tensor | None) -> str:
    """'64×32', with the type where only that differs, or 'absent'."""
    if one is None:
        return "absent"
    shape = "×".join(map(str, one.shape)) or "1"
    same_shape = other is not None and one.shape == other.shape
    return f"{shape} {str(one.dtype).removeprefix('torch.')}" if same_shape else shape

