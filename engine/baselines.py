"""What a network must beat: the mean image, and PCA with as many components as its code has numbers."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.answers import Indices, Numbers, Pictures, Progress
from engine.asking import chosen, pictures
from engine.data import Dataset
from engine.model import Autoencoder

Floats = NDArray[np.float64]

PIECE = 256
"""Images whose products are summed at once: some 20 ms at 28×28."""

KEPT = 4
"""Data sets whose directions are kept; one of 28×28 images takes 5 MB."""


@dataclass(frozen=True, eq=False)
class Pca:
    """All principal directions of the training images, P numbers each, and what the first k of them leave over."""

    mean: Floats
    """(P,) the mean training image, in [0, 1]."""
    directions: Floats
    """(P, P), one a row, the one with the largest variance first."""
    training_mse: Floats
    """(P + 1,): mean squared error per pixel with k = 0 ... P components; k = 0 is the mean image."""
    validation_mse: Floats
    """The same for the validation images, which the directions have not seen."""


@dataclass(frozen=True)
class Baselines:
    """Mean squared errors per pixel on the validation images; ``pca_mse`` is None where ``reason`` says why."""

    components: int
    mean_mse: float
    pca_mse: float | None
    reason: str = ""


@dataclass(frozen=True, eq=False)
class Substitutes:
    """What PCA and the mean image make of chosen images; pictures (N, H, W) or (N, H, W, 3), errors (N,)."""

    indices: Indices
    mean_image: Pictures
    mean_mse: Numbers
    pca: Pictures | None
    pca_mse: Numbers | None


_kept: dict[str, Pca] = {}


def baselines(model: Autoencoder, data: Dataset) -> Iterator[Progress | Baselines]:
    """The mean image and PCA with as many components as the code of this model has numbers."""
    found = yield from decomposition(data)
    components, pixels = int(np.prod(model.plan.code)), len(found.mean)
    mean_mse = float(found.validation_mse[0])
    if components >= pixels:
        yield Baselines(components, mean_mse, None, f"The code has {components:,} numbers and the image {pixels:,}: "
                        "PCA with as many components would lose nothing.")
    else:
        yield Baselines(components, mean_mse, float(found.validation_mse[components]))


def substitutes(model: Autoencoder, data: Dataset, split: str,
                indices: Sequence[int] | Indices) -> Iterator[Progress | Substitutes]:
    """These images as the mean image and as PCA give them back."""
    source, places = chosen(data, split, indices)
    found = yield from decomposition(data)
    shape, images = (len(places), *source.images.shape[1:]), _flat(source.images[places])
    mean = np.broadcast_to(found.mean, images.shape)
    components = int(np.prod(model.plan.code))
    if components >= len(found.mean):
        yield Substitutes(places, _pictures(mean, shape), _errors(mean, images), None, None)
        return
    directions = found.directions[:components]
    projected = found.mean + (images - found.mean) @ directions.T @ directions
    yield Substitutes(places, _pictures(mean, shape), _errors(mean, images), _pictures(projected, shape),
                      _errors(projected, images))


def decomposition(data: Dataset) -> Generator[Progress, None, Pca]:
    """Every principal direction of a data set, computed once and kept; one decomposition serves every code size."""
    found = _kept.get(data.fingerprint)
    if found is None:
        found = yield from _decompose(data)
        _kept[data.fingerprint] = found
        while len(_kept) > KEPT:
            _kept.pop(next(iter(_kept)))
    return found


def _decompose(data: Dataset) -> Generator[Progress, None, Pca]:
    training, validation = data.training.images, data.validation.images
    total = len(training) + len(validation)
    mean = yield from _mean(training, total)
    own = yield from _moments(training, mean, 0, total)
    held_out = yield from _moments(validation, mean, len(training), total)
    # the one part that cannot be cut into pieces; it leaves Python's lock alone, so the window stays quick
    _, columns = np.linalg.eigh(own)
    directions = np.ascontiguousarray(columns[:, ::-1].T)
    return Pca(mean, directions, _left_over(own, directions), _left_over(held_out, directions))


def _mean(images: torch.Tensor, total: int) -> Generator[Progress, None, Floats]:
    """The mean image (P,) in [0, 1]."""
    sums = np.zeros(int(np.prod(images.shape[1:])))
    for start in range(0, len(images), PIECE):
        yield Progress(0, total)
        sums += _flat(images[start:start + PIECE]).sum(axis=0)
    return sums / len(images)


def _moments(images: torch.Tensor, mean: Floats, before: int, total: int) -> Generator[Progress, None, Floats]:
    """(P, P): mean product of the deviations from ``mean``, in float64, piece by piece."""
    sums = np.zeros((len(mean), len(mean)))
    for start in range(0, len(images), PIECE):
        yield Progress(before + start, total)
        deviations = _flat(images[start:start + PIECE]) - mean
        sums += deviations.T @ deviations
    return sums / max(1, len(images))


def _left_over(moments: Floats, directions: Floats) -> Floats:
    """(P + 1,): mean squared error per pixel after 0 ... P directions, exactly: what they explain is taken away."""
    explained = np.einsum("kp,kp->k", directions @ moments, directions)
    left = np.concatenate([[0.0], np.cumsum(explained[::-1])])[::-1]  # from the smallest on, for the least rounding
    return np.maximum(left, 0) / len(moments)


def _flat(images: torch.Tensor) -> Floats:
    """uint8 (N, C, H, W) -> (N, P) in [0, 1]."""
    return images.flatten(1).numpy().astype(np.float64) / 255


def _errors(outputs: Floats, images: Floats) -> Numbers:
    return ((outputs - images) ** 2).mean(axis=1).astype(np.float32)


def _pictures(values: Floats, shape: tuple[int, ...]) -> Pictures:
    return pictures(torch.from_numpy(values.astype(np.float32)).reshape(shape))
