"""The codes of the fixed images: always those of the same ones, so that the directions of two snapshots compare."""

from __future__ import annotations

import weakref
from collections.abc import Generator

import numpy as np
import torch

from engine import asking, latent
from engine.answers import Axes, Indices, Progress, QuestionError
from engine.data import Dataset
from engine.model import Autoencoder

FIXED_IMAGES = 1000
"""How many codes span the plane of the latent space; always those of the same images."""

FIXED_SPLIT = "validation"

KEPT_CLOUDS = 4
"""Snapshots whose codes are kept: those of a code of 3,136 numbers take 25 MB."""

clouds: weakref.WeakKeyDictionary[Autoencoder, tuple[str, latent.Cloud]] = weakref.WeakKeyDictionary()
"""Codes of the fixed images by model: a snapshot's model never changes, and the plane's controls ask often."""


def fixed_cloud(model: Autoencoder, data: Dataset) -> Generator[Progress, None, latent.Cloud]:
    """The codes of the fixed images and their principal directions."""
    known = clouds.get(model)
    if known is None or known[0] != data.fingerprint:
        inputs = data.split(FIXED_SPLIT).inputs[torch.from_numpy(fixed_indices(data))]
        pieces = []
        for piece in asking.pieces(len(inputs)):
            yield Progress(piece.start, 2 * len(inputs))
            pieces.append(asking.encode(model, inputs[piece]).flatten(1).double().numpy())
        search = latent.principal(np.concatenate(pieces))
        cloud = yield from asking.reporting(search, Progress(len(inputs), 2 * len(inputs)))
        known = clouds[model] = data.fingerprint, cloud
        while len(clouds) > KEPT_CLOUDS:
            del clouds[next(iter(clouds))]
    return known[1]


def fixed_indices(data: Dataset) -> Indices:
    """Which images span the plane: evenly spaced over their split, and always the same."""
    size = len(data.split(FIXED_SPLIT))
    return np.linspace(0, size - 1, min(FIXED_IMAGES, size)).round().astype(np.int64)


def fixed_labels(data: Dataset) -> Indices | None:
    """(n,) classes of the fixed images."""
    labels = data.split(FIXED_SPLIT).labels
    return None if labels is None else np.array(labels.numpy()[fixed_indices(data)])


def within(axes: Axes, numbers: int) -> Axes:
    """The axes. Raises QuestionError where the code has no such dimension."""
    for dimension in () if axes == "pca" else axes:
        if not 0 <= dimension < numbers:
            raise QuestionError("question.dimension", f"The code has no dimension {dimension}. Choose 0 to "
                                f"{numbers - 1}.", dimension=dimension, last=numbers - 1)
    return axes
