"""Experiment -> Autoencoder, with new weights or with those of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine import layers, shapes
from engine.answers import QuestionError
from engine.experiment import Experiment
from engine.fields import ExperimentError


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

    def decode(self, codes: Tensor, base: Tensor | None = None) -> Tensor:
        """(B, *plan.code) -> (B, C, H, W); a residual network adds to ``base``, (B or 1, C, H, W) in [0, 1]."""
        drawn = self.decoder(codes)
        if not self.plan.residual:
            return drawn
        assert base is not None, "a residual network draws on a base image"
        return base + drawn

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, h, w) in [0, 1] -> its reconstruction (B, C, H, W), in the range of the output activation."""
        return self.decode(self.encode(images), images)


class Classifier(Autoencoder):
    """An encoder, and a linear layer to the classes where the decoder would be."""

    def __init__(self, plan: shapes.Plan) -> None:
        super().__init__(plan)
        self.classifier = nn.Sequential(*map(layers.block, plan.classifier))

    def classify(self, images: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> (B, classes): a score for each class, the highest for the most likely."""
        return self.classify_codes(self.encode(images))

    def classify_codes(self, codes: Tensor) -> Tensor:
        """(B, *plan.code), flattened or not -> (B, classes)."""
        return self.classifier(codes)

    def decode(self, codes: Tensor, base: Tensor | None = None) -> Tensor:
        """Raises QuestionError: there is nothing that draws."""
        raise QuestionError("question.no_decoder", "This run is a classifier: it has no decoder and draws no images. "
                            "Choose the autoencoder that its encoder comes from.")


def build(experiment: Experiment) -> Autoencoder:
    """A model with initial weights, from torch's global generator. Raises ExperimentError if layers do not fit."""
    plan = shapes.plan(experiment)
    if plan.problems:
        raise ExperimentError(plan.problems)
    return Classifier(plan) if experiment.task == "classifier" else Autoencoder(plan)


def from_weights(experiment: Experiment, weights: Mapping[str, Tensor]) -> Autoencoder:
    """A model that shares these weights, for looking only: in eval mode, without gradients.

    Nothing is drawn from a generator, so a training next to it is not disturbed. Raises WeightsError, ExperimentError.
    """
    with torch.device("meta"):
        model = build(experiment)
    check(model, weights)
    model.load_state_dict(weights, assign=True)
    return model.eval().requires_grad_(False)


def take_encoder(model: Autoencoder, weights: Mapping[str, Tensor]) -> None:
    """Copy the weights of an encoder into a model's. Raises WeightsError."""
    check_encoder(model, weights)
    given = encoder_of(weights)
    for key, tensor in encoder_of(model.state_dict()).items():
        tensor.copy_(given[key])


def check_encoder(model: Autoencoder, weights: Mapping[str, Tensor]) -> None:
    """``check`` for the encoder alone."""
    _compare(encoder_of(model.state_dict()), encoder_of(weights))


def encoder_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of a model's weights that belong to its encoder."""
    return {key: tensor for key, tensor in weights.items() if key.startswith("encoder.")}


def check(model: Autoencoder, weights: Mapping[str, Tensor]) -> None:
    """Raise WeightsError with the first layer whose weights are absent, unknown, or of another shape or type."""
    _compare(model.state_dict(), weights)


def _compare(expected: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> None:
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

