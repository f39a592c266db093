"""What the questions of :mod:`engine.explore` answer: frozen values of numpy arrays, without torch.

Pictures are uint8, (H, W) in grey or (H, W, 3) in colour; a leading axis counts pictures. Arrays belong to the answer:
nothing else writes to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
Numbers = NDArray[np.float32]
Indices = NDArray[np.int64]
Path = Literal["straight", "spherical"]
Axes = Literal["pca"] | tuple[int, int]
"""The two principal directions of the codes, or two dimensions of the flattened code."""
Image = tuple[str, int]
"""An image by its split ('training', 'validation', 'test' or 'own') and its index in it, counted from 0."""


class QuestionError(Exception):
    """A question that cannot be answered; ``code`` and ``values`` let the window say it in another language."""

    def __init__(self, code: str, message: str, **values: object) -> None:
        super().__init__(message)
        self.code, self.values = code, values


@dataclass(frozen=True, slots=True)
class Progress:
    """A partial answer of a long question: ``done`` of ``total`` images."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What the splits of a data set hold; labels are None where the images have none."""

    sizes: Mapping[str, int]
    labels: Mapping[str, Indices | None]
    class_names: tuple[str, ...]
    code_shape: tuple[int, ...]
    """Of the model that was asked: (numbers,) or (channels, height, width)."""
    image_shape: tuple[int, ...] = (1, 28, 28)
    """(channels, height, width) of every image."""
    white_on_black: bool = True
    """Whether the images stand on black."""
    own_names: tuple[str, ...] = ()
    """What the person calls the images of the split 'own'."""
    residual: bool = False
    """Whether the model adds to its input, so that a code alone is drawn on the input of a chosen image."""

    def of_class(self, split: str, label: int | None) -> Indices:
        """Indices of a split's images of one class, in order; of all images where ``label`` is None."""
        labels = self.labels.get(split)
        if label is None or labels is None:
            return np.arange(self.sizes.get(split, 0))
        return np.flatnonzero(labels == label)

    def class_of(self, split: str, index: int) -> str:
        """Name of an image's class, or of an own image; '' where there is none."""
        if split == "own":
            return self.own_names[index] if index < len(self.own_names) else ""
        labels = self.labels[split]
        return "" if labels is None else self.class_names[labels[index]]


@dataclass(frozen=True, slots=True)
class Reconstructions:
    """Images with what the model makes of them; the errors are those of the output before it is clipped for display."""

    indices: Indices
    images: Pictures
    outputs: Pictures
    errors: Numbers
    """(B, H, W): absolute error of each pixel in [0, 1] units, mean over the channels."""
    mse: Numbers
    """(B,): mean squared error of each image."""
    labels: Indices | None
    inputs: Pictures | None = None
    """What the network was given; None where it was the images."""
    psnr: Numbers = field(default_factory=lambda: np.zeros(0, np.float32))
    """(B,): peak signal-to-noise ratio of each image, in dB."""
    ssim: Numbers = field(default_factory=lambda: np.zeros(0, np.float32))
    """(B,): structural similarity of each image; NaN for images below 11 pixels."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """All images of a split, the worst reconstruction first; equal ones in the order of their index."""

    split: str
    order: Indices
    mse: Numbers
    """By index, not by rank."""


@dataclass(frozen=True, slots=True)
class Code:
    """One image, its code and its reconstruction."""

    image: Pictures
    code: Numbers
    """(numbers,) or (channels, height, width)."""
    output: Pictures
    mse: float
    label: int | None
    input: Pictures | None = None
    """What the network was given; None where it was the image."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane of the latent space decoded on a grid; row 0 is the largest y; coordinates in the units of the code."""

    pictures: Pictures
    """(rows × columns, H, W[, 3]), row by row."""
    x: Numbers
    """(columns,), ascending."""
    y: Numbers
    """(rows,), descending; a single 0 where the code is one number."""
    axes: Axes
    explained: tuple[float, float] | None
    """Share of the codes' variance along each principal direction; None for two dimensions of the code."""
    scores: Numbers
    """(n, 2): where the codes of the fixed images fall, in the plane's coordinates."""
    position: tuple[float, float]
    """Where the chosen image's code falls, in the plane's coordinates."""
    constant: tuple[bool, bool] = (False, False)
    """Axes along which the codes of the fixed images do not differ; their range is one unit wide."""
    labels: Indices | None = field(default=None)
    """(n,): classes of the fixed images."""


@dataclass(frozen=True, slots=True)
class Blend:
    """One point of the way between two images: decoded from between their codes, and faded between their pixels."""

    t: float
    picture: Pictures
    crossfade: Pictures
    ends: Pictures
    """(2, H, W[, 3]): the images at 0 and at 1."""
    labels: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Strip:
    """Several points of the way between two images."""

    ends: Pictures
    """(2, H, W[, 3]): the images at 0 and at 1."""
    labels: tuple[int | None, int | None]
    t: Numbers
    pictures: Pictures
    crossfades: Pictures


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a classifier takes the images of a split for."""

    split: str
    class_names: tuple[str, ...]
    counts: Indices
    """(K, K): rows are the true classes, columns the predicted ones."""
    predictions: Indices
    """(N,): the class each image is taken for, by index."""
    accuracy: float
    """Share that is right, 0 to 1; NaN for no images."""
