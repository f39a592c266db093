"""What a network must beat: the mean image, PCA with as many components as its code has numbers, plain enlargement."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.answers import Indices, Numbers, Pictures, Progress
from engine.asking import chosen, pictures
from engine.data import Dataset, Split
from engine.model import Autoencoder
from engine.quality import ENLARGEMENTS, enlarged, has_small_inputs

Floats = NDArray[np.float64]

PIECE = 256
"""Images whose products are summed at once: some 20 ms at 28×28."""

MOST_PIXELS = 4_096
"""Of images with more numbers the covariance would take more than 134 MB; their products with each other are used."""

MOST_NUMBERS = 2**25
"""Images used for those products have at most so many numbers: with what is made of them, about 700 MB."""

KEPT = 4
"""Data sets whose directions are kept; one of 28×28 images takes 5 MB."""


@dataclass(frozen=True, eq=False)
class Pca:
    """All principal directions of the training images, P numbers each, and what the first k of them leave over."""

    mean: Floats
    """(P,) the mean training image, in [0, 1]."""
    directions: Floats | NDArray[np.float32]
    """(R, P), one a row, the one with the largest variance first; R is P, or what fewer images than pixels give."""
    training_mse: Floats
    """(R + 1,): mean squared error per pixel with k = 0 ... R components; k = 0 is the mean image."""
    validation_mse: Floats
    """The same for the validation images, which the directions have not seen."""

    @property
    def most(self) -> int:
        """How many components there are: more leave no less over."""
        return len(self.directions)


@dataclass(frozen=True)
class Baselines:
    """Mean squared errors per pixel on the validation images; ``pca_mse`` is None where ``reason`` says why."""

    components: int
    mean_mse: float
    pca_mse: float | None
    reason: str = ""
    """Why there is no PCA, or of how many images it was made where not of all."""
    enlargements: tuple[tuple[str, float], ...] = ()
    """('nearest', 'bilinear' or 'bicubic', its error), best last, where the network's inputs are small images."""


@dataclass(frozen=True, eq=False)
class Substitutes:
    """What PCA and the mean image make of chosen images; pictures (N, H, W) or (N, H, W, 3), errors (N,)."""

    indices: Indices
    mean_image: Pictures
    mean_mse: Numbers
    pca: Pictures | None
    pca_mse: Numbers | None
    enlarged: tuple[tuple[str, Pictures, Numbers], ...] = ()
    """(name, pictures, errors) of each enlargement of a small input."""


_kept: dict[str, Pca] = {}


def baselines(model: Autoencoder, data: Dataset) -> Iterator[Progress | Baselines]:
    """The mean image, PCA with as many components as the code of this model has numbers, and plain enlargement."""
    found = yield from decomposition(data)
    components, pixels = int(np.prod(model.plan.code)), len(found.mean)
    mean_mse = float(found.validation_mse[0])
    enlargements = yield from _enlargements(data)
    if components >= pixels:
        yield Baselines(components, mean_mse, None, f"The code has {components:,} numbers and the image {pixels:,}: "
                        "PCA with as many components would lose nothing.", enlargements)
    else:
        used = min(components, found.most)
        some = min(len(data.training), MOST_NUMBERS // pixels) if pixels > MOST_PIXELS else len(data.training)
        few = f"PCA of {some:,} of the training images." if some < len(data.training) else ""
        yield Baselines(used, mean_mse, float(found.validation_mse[used]), few, enlargements)


def _enlargements(data: Dataset) -> Generator[Progress, None, tuple[tuple[str, float], ...]]:
    """Validation error of each way to enlarge a small input; none where the inputs are not small."""
    if not has_small_inputs(data):
        return ()
    source, sums = data.validation, dict.fromkeys(ENLARGEMENTS, 0.0)
    for start in range(0, len(source), PIECE):
        yield Progress(start, len(source))
        piece = slice(start, start + PIECE)
        images = _flat(source.images[piece])
        for by in ENLARGEMENTS:
            outputs = _flat(enlarged(data, source, piece, source.images.shape[-1], by))
            sums[by] += float(((outputs - images) ** 2).mean(axis=1).sum())
    return tuple((by, total / max(1, len(source))) for by, total in sums.items())


def substitutes(model: Autoencoder, data: Dataset, split: str,
                indices: Sequence[int] | Indices) -> Iterator[Progress | Substitutes]:
    """These images as the mean image, PCA and plain enlargement give them back."""
    source, places = chosen(data, split, indices)
    found = yield from decomposition(data)
    shape, images = (len(places), *source.images.shape[1:]), _flat(source.images[places])
    mean = np.broadcast_to(found.mean, images.shape)
    coarse = tuple(_enlarged(data, source, places, by) for by in ENLARGEMENTS) if has_small_inputs(data) else ()
    components = int(np.prod(model.plan.code))
    if components >= len(found.mean):
        yield Substitutes(places, _pictures(mean, shape), _errors(mean, images), None, None, coarse)
        return
    directions = found.directions[:components]
    projected = found.mean + (images - found.mean) @ directions.T @ directions
    yield Substitutes(places, _pictures(mean, shape), _errors(mean, images), _pictures(projected, shape),
                      _errors(projected, images), coarse)


def _enlarged(data: Dataset, source: Split, places: Indices, by: str) -> tuple[str, Pictures, Numbers]:
    """The small inputs of these images, enlarged, with their errors."""
    made = enlarged(data, source, torch.from_numpy(places), source.images.shape[-1], by)
    return by, pictures(made), _errors(_flat(made), _flat(source.images[places]))


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
    """By the covariance of the pixels where there are few of them, else by the products of the images."""
    if int(np.prod(data.training.images.shape[1:])) > MOST_PIXELS:
        return (yield from _decompose_by_images(data))
    return (yield from _decompose_by_pixels(data))


def _decompose_by_pixels(data: Dataset) -> Generator[Progress, None, Pca]:
    training, validation = data.training.images, data.validation.images
    total = len(training) + len(validation)
    mean = yield from _mean(training, total)
    own = yield from _moments(training, mean, 0, total)
    held_out = yield from _moments(validation, mean, len(training), total)
    # the one part that cannot be cut into pieces; it leaves Python's lock alone, so the window stays quick
    _, columns = np.linalg.eigh(own)
    directions = np.ascontiguousarray(columns[:, ::-1].T)
    return Pca(mean, directions, _left_over(own, directions), _left_over(held_out, directions))


def _decompose_by_images(data: Dataset) -> Generator[Progress, None, Pca]:
    """The same directions from the products of the images with each other (Sirovich and Kirby, 1987).

    So many images lie in as many directions; of more than MOST_NUMBERS numbers an even selection is taken.
    """
    training, validation = data.training.images, data.validation.images
    total, pixels = len(training) + len(validation), int(np.prod(training.shape[1:]))
    mean = yield from _mean(training, total)
    used = min(len(training), MOST_NUMBERS // pixels)
    places = np.unique(np.linspace(0, len(training) - 1, used).round()).astype(int)
    deviations = np.empty((len(places), pixels), np.float32)
    for start in range(0, len(places), PIECE):
        yield Progress(start, total)
        piece = slice(start, start + PIECE)
        deviations[piece] = _flat(training[places[piece]]) - mean
    values, vectors = np.linalg.eigh((deviations @ deviations.T).astype(np.float64))
    order = [place for place in range(len(values) - 1, -1, -1) if values[place] > 1e-6 * max(values[-1], 1e-12)]
    directions = (vectors[:, order].T.astype(np.float32) @ deviations) / np.sqrt(values[order])[:, None]
    own = _left_after(np.square(deviations).sum(axis=1, dtype=np.float64), values[order] / len(places))
    squares, explained = 0.0, np.zeros(len(order))
    for start in range(0, len(validation), PIECE):
        yield Progress(len(training) + start, total)
        held_out = _flat(validation[start:start + PIECE]) - mean
        squares += float(np.square(held_out).sum())
        explained += np.square(held_out @ directions.T).sum(axis=0)
    count = max(1, len(validation))
    return Pca(mean, directions, own / pixels,
               _left_after(np.array([squares / count]), explained / count) / pixels)


def _left_after(squares: Floats, explained: Floats) -> Floats:
    """Squared lengths of deviations, and what each direction explains of their mean -> what 0 … R of them leave."""
    return np.maximum(squares.mean() - np.concatenate([[0.0], np.cumsum(explained)]), 0)


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
