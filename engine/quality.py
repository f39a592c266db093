"""How good the drawn images of a split are by MSE, PSNR and SSIM, beside what needs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine import asking, inputs
from engine.answers import Progress
from engine.data import Dataset, Split
from engine.inputs import unit
from engine.metrics import mse_per_image, psnr, ssim
from engine.model import Autoencoder

ENLARGEMENTS = ("nearest", "bilinear", "bicubic")
"""What enlarges a small input without a network."""

PIECE = 16
"""Images measured at once: SSIM of 96×96 in colour takes about 1 ms for each."""


@dataclass(frozen=True)
class Measures:
    """Means over the images of a split: error per pixel, dB, and similarity (NaN for images below 11 pixels)."""

    name: str
    """'network', 'input', 'mean image', 'nearest', 'bilinear' or 'bicubic'."""
    mse: float
    psnr: float
    ssim: float


@dataclass(frozen=True)
class Quality:
    """The network first, then what it must beat."""

    split: str
    images: int
    rows: tuple[Measures, ...]

    def of(self, name: str) -> Measures | None:
        """The row of this name, if there is one."""
        return next((row for row in self.rows if row.name == name), None)


def quality(model: Autoencoder, data: Dataset, split: str) -> Iterator[Progress | Quality]:
    """All images of a split; of the baselines those that make sense for its inputs."""
    source = data.split(split)
    makers = {"network": lambda piece: asking.forward(model, source.inputs[piece]), **_others(data, source)}
    sums = np.zeros((len(makers), 3))
    for start in range(0, len(source), PIECE):
        yield Progress(start, len(source))
        piece = slice(start, start + PIECE)
        images = unit(source.images[piece])
        sums += [_measured(make(piece), images) for make in makers.values()]
    means = sums / max(1, len(source))
    rows = (Measures(name, *map(float, row)) for name, row in zip(makers, means, strict=True))
    yield Quality(split, len(source), tuple(rows))


def _others(data: Dataset, source: Split) -> dict[str, Callable[[slice], Tensor]]:
    """Name -> function of the places to what stands there without a network, floats in [0, 1]."""
    side = source.images.shape[-1]
    mean = _mean_image(data.training.images)
    found: dict[str, Callable[[slice], Tensor]] = {
        "mean image": lambda piece: mean.expand(len(source.images[piece]), *mean.shape[1:])}
    if source.changed is not None and source.changed.shape == source.images.shape:
        found["input"] = lambda piece: unit(source.inputs[piece])
    if has_small_inputs(data):
        for by in ENLARGEMENTS:
            found[by] = lambda piece, by=by: unit(enlarged(data, source, piece, side, by))  # type: ignore[misc]
    return found


def has_small_inputs(data: Dataset) -> bool:
    """Whether the inputs are smaller images, left small or enlarged again, so that enlarging them is a baseline."""
    left_small = data.training.inputs.shape[-1] < data.training.images.shape[-1]
    return left_small or (data.input.change == "resolution" and data.input.factor > 1)


def enlarged(data: Dataset, source: Split, places: slice | Tensor, side: int, by: str) -> Tensor:
    """The small inputs at these places, uint8, enlarged to the images' side; where they were enlarged, made anew."""
    if source.inputs.shape[-1] < side:
        return inputs.enlarged(source.inputs[places], side, by)
    return inputs.enlarged(inputs.reduced(source.images[places], data.input), side, by)


def _mean_image(images: Tensor) -> Tensor:
    """uint8 (N, C, H, W) -> (1, C, H, W) in [0, 1], added up piece by piece."""
    total = torch.zeros(images.shape[1:], dtype=torch.float64)
    for start in range(0, len(images), 256):
        total += images[start:start + 256].sum(0, dtype=torch.int64)
    return (total / max(1, len(images)) / 255).float()[None]


def _measured(outputs: Tensor, images: Tensor) -> tuple[float, float, float]:
    """Sums over the images of the three measures."""
    with torch.inference_mode():
        ratios = psnr(outputs, images).clamp(max=100)  # an image drawn without any error would make the mean infinite
        return (float(mse_per_image(outputs, images).sum()), float(ratios.sum()), float(ssim(outputs, images).sum()))
