"""How long an epoch will take, from a few batches of a network that draws nothing from torch's global generator."""

from __future__ import annotations

import math
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from engine import device as devices
from engine import shapes
from engine.experiment import Experiment
from engine.learning.epochs import training_images
from engine.losses import LOSSES
from engine.model import Autoencoder, Classifier, from_weights

MEASURE_S = 0.12
MOST_PARAMETERS = 20_000_000
"""Larger networks are not built for a forecast."""


def epoch_s(experiment: Experiment, device: str = "auto") -> float | None:
    """Seconds per epoch on this thread, without evaluation; None for a network that does not fit or is very large,
    and for a folder that was never imported."""
    plan = shapes.plan(experiment)
    if plan.problems or plan.parameters > MOST_PARAMETERS:
        return None
    images = training_images(experiment)
    if not images:
        return None
    batch = min(experiment.train.batch_size, images, _affordable(plan))
    return _batch_s(experiment, batch, devices.choose(device)) * images / batch


def _affordable(plan: shapes.Plan) -> int:
    """Images whose activations fit into about 200 MB."""
    numbers = sum(math.prod(layer.unpooled or layer.output) for layer in plan.layers)
    return max(1, 50_000_000 // numbers)


def _batch_s(experiment: Experiment, batch: int, device: torch.device) -> float:
    """Median seconds of a step with this many images; in eval mode, where dropout draws nothing."""
    model = from_weights(experiment, _weights(experiment)).to(device).requires_grad_(True)
    inputs = torch.full((batch, *experiment.input_shape), 0.5, device=device)
    images = torch.full((batch, *experiment.image_shape), 0.5, device=device)
    times: list[float] = []
    end = math.inf
    while time.monotonic() < end:
        started = time.perf_counter()
        _loss(experiment, model, inputs, images).backward()
        model.zero_grad(set_to_none=True)
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - started)
        end = min(end, time.monotonic() + MEASURE_S)
    warm = times[1:] or times
    return sorted(warm)[len(warm) // 2]


def _loss(experiment: Experiment, model: Autoencoder, inputs: Tensor, images: Tensor) -> Tensor:
    """The loss with its graph; a probe's without the encoder, which runs only once."""
    if not isinstance(model, Classifier):
        return LOSSES[experiment.train.loss](model(inputs), images)
    codes = inputs.new_zeros(len(inputs), model.plan.code_numbers)
    scores = model.classify_codes(codes) if experiment.frozen_encoder else model.classify(inputs)
    return F.cross_entropy(scores, torch.zeros(len(inputs), dtype=torch.int64, device=inputs.device))


def _weights(experiment: Experiment) -> dict[str, torch.Tensor]:
    """Weights of the right shapes that nobody drew."""
    from engine.model import build

    with torch.device("meta"):
        shaped = build(experiment).state_dict()
    return {name: torch.full(tensor.shape, 0.01).to(tensor.dtype) for name, tensor in shaped.items()}
