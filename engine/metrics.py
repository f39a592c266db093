"""How near a reconstruction is to its image, and how well the classes are told apart. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Shares = NDArray[np.float64]


def mse_per_image(outputs: Tensor, images: Tensor) -> Tensor:
    """Two (B, C, H, W), the images in [0, 1] -> (B,): mean squared error over the numbers of each image."""
    return (outputs - images).square().flatten(1).mean(1)


@dataclass(frozen=True, slots=True)
class PerClass:
    """How well each class is recognized, all (K,) from 0 to 1."""

    precision: Shares
    """Of the images taken for the class, the share that is; NaN where none was taken for it."""
    recall: Shares
    """Of the images of the class, the share that was recognized; NaN where there are none."""
    f1: Shares
    """The harmonic mean of the two, 0 where nothing was right; NaN where there is neither an image nor a guess."""


def per_class(counts: NDArray[np.int64]) -> PerClass:
    """Confusion counts (K, K), rows the true classes and columns the predicted ones -> precision, recall and F1."""
    right = np.diagonal(counts).astype(np.float64)
    images, guesses = counts.sum(axis=1), counts.sum(axis=0)
    return PerClass(_share(right, guesses), _share(right, images), _share(2 * right, images + guesses))


def _share(part: Shares, whole: NDArray[np.int64]) -> Shares:
    """Element by element; NaN where there is nothing to divide by."""
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
