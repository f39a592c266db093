"""A few images of a data set beside what a network would be given of them, before any run exists."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine import inputs
from engine.answers import Pictures
from engine.datasets.glance import glance
from engine.datasets.readers import DATASETS
from engine.dataspec import Data, Input

if TYPE_CHECKING:
    from torch import Tensor

MOST = 3
"""Images that are shown."""


@dataclass(frozen=True)
class InputGlance:
    """The same images twice: as they are to be drawn, and as the network would get them."""

    images: Pictures
    """(n, H, W) or (n, H, W, 3)."""
    given: Pictures
    """(n, h, w) or (n, h, w, 3)."""


def input_glance(spec: Data, data_dir: Path) -> InputGlance:
    """The first images with the input of these settings; a folder need not be imported. Raises DataError."""
    from engine.asking import pictures

    images = _first(spec.model_copy(update={"input": Input()}), data_dir)
    given = inputs.fixed(spec.input, images, "training")
    return InputGlance(pictures(images), pictures(images if given is None else given))


@functools.lru_cache(maxsize=2)
def _first(spec: Data, data_dir: Path) -> Tensor:
    """uint8 (n, C, H, W), kept while the settings of the input are tried. Raises DataError."""
    import torch

    from engine.datasets.resizing import resized

    if spec.dataset == "folder":
        found = glance(spec).pictures[:MOST]
        ordered = found[:, None] if found.ndim == 3 else np.ascontiguousarray(found.transpose(0, 3, 1, 2))
        return torch.from_numpy(ordered)
    raw = DATASETS[spec.dataset](spec, data_dir).training[:MOST]
    return resized(torch.from_numpy(np.array(raw)), spec.image_size)
