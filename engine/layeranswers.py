"""What the questions about the layers of a network answer: frozen values of numpy arrays, without torch."""

from __future__ import annotations

from dataclasses import dataclass

from engine.answers import Indices, Numbers, Pictures


@dataclass(frozen=True, slots=True)
class LayerPlace:
    """One block of a network and what can be looked at there."""

    name: str
    """As in the weights: 'encoder.0'."""
    part: str
    """'encoder', 'decoder', or what the model calls its other part."""
    number: int
    """In its part, counted from 1."""
    kind: str
    """'convolution', 'transposed-convolution', 'linear' or 'reshape'."""
    input: tuple[int, ...]
    output: tuple[int, ...]
    """(channels, height, width) or (numbers,), as ``input``."""
    stages: tuple[str, ...]
    """The steps inside the block in order; the last one gives its output."""
    kernels: int
    """Pictures of its weights; 0 where it has none."""
    is_code: bool
    """Whether its output is the latent code."""


@dataclass(frozen=True, slots=True)
class LayerList:
    """The blocks of a network in the order in which an image passes them."""

    layers: tuple[LayerPlace, ...]


@dataclass(frozen=True, slots=True)
class LayerMaps:
    """What one layer makes of one image, before the next sees it."""

    layer: LayerPlace
    stage: str
    image: Pictures
    values: Numbers
    """(channels, height, width) or (numbers,)."""
    label: int | None


@dataclass(frozen=True, slots=True)
class Kernels:
    """Weights of one layer as pictures, from the ``first`` on."""

    layer: LayerPlace
    first: int
    values: Numbers
    """(n, height, width)."""
    units: Indices
    """(n, 2): the unit that each belongs to and the input it weighs, counted from 0; −1 for all of them."""
    limit: float
    """The largest absolute weight of the layer."""


@dataclass(frozen=True, slots=True)
class DeadUnits:
    """Units of a layer that no image changes: after the activation, all the fixed ones give the same at every place."""

    layer: LayerPlace
    units: Indices
    total: int
    images: int
    split: str
