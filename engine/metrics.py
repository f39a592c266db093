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


def psnr(outputs: Tensor, images: Tensor) -> Tensor:
    """Two (B, C, H, W), the images in [0, 1] -> (B,): peak signal-to-noise ratio in dB for a data range of 1."""
    return -10 * mse_per_image(outputs, images).log10()


WINDOW, DEVIATION = 11, 1.5
"""Side and standard deviation of the Gaussian window of SSIM, in pixels."""
C1, C2 = 0.01**2, 0.03**2
"""Its constants for a data range of 1."""


def ssim(outputs: Tensor, images: Tensor) -> Tensor:
    """Two (B, C, H, W), the images in [0, 1] -> (B,): structural similarity, at most 1.

    After Wang, Bovik, Sheikh and Simoncelli (2004): Gaussian window of 11 pixels with σ 1.5, only where all of it lies
    inside the image, mean over places and channels. NaN for images smaller than the window.
    """
    import torch

    if min(images.shape[-2:]) < WINDOW or not len(images):
        return torch.full((len(images),), float("nan"))
    places = torch.arange(WINDOW, dtype=images.dtype) - WINDOW // 2
    window = torch.exp(-places.square() / (2 * DEVIATION**2))
    window = window / window.sum()

    def smoothed(values: Tensor) -> Tensor:
        flat = values.reshape(-1, 1, *values.shape[-2:])
        flat = torch.nn.functional.conv2d(flat, window.view(1, 1, -1, 1))
        return torch.nn.functional.conv2d(flat, window.view(1, 1, 1, -1))

    mean_a, mean_b = smoothed(outputs), smoothed(images)
    spread_a = smoothed(outputs.square()) - mean_a.square()
    spread_b = smoothed(images.square()) - mean_b.square()
    together = smoothed(outputs * images) - mean_a * mean_b
    alike = (2 * mean_a * mean_b + C1) * (2 * together + C2)
    whole = (mean_a.square() + mean_b.square() + C1) * (spread_a + spread_b + C2)
    return (alike / whole).reshape(len(images), -1).mean(1)


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
