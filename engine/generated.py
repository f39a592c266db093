"""What is drawn from the latent space and how, and what came of it: frozen values, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.answers import Image, Indices, Numbers, Pictures

Kind = Literal["standard", "diagonal", "full", "classes", "mixture", "around"]


@dataclass(frozen=True)
class Recipe:
    """What is drawn, and how."""

    splits: tuple[str, ...] = ("validation", "test")
    """Whose codes are fitted."""
    kind: Kind = "full"
    temperature: float = 1.0
    count: int = 64
    seed: int = 0
    label: int | None = None
    """With 'classes': the one class, None for all of them."""
    components: int = 10
    """With 'mixture': of how many parts."""
    image: Image = ("test", 0)
    """With 'around', the image in the middle; a residual network draws on its input."""


@dataclass(frozen=True)
class Generated:
    """Drawn codes and what was decoded from them."""

    recipe: Recipe
    pictures: Pictures
    codes: NDArray[np.float64]
    """(n, d)."""
    log_density: NDArray[np.float64]
    """(n,): of the codes under the fitted distribution."""
    fitted: int
    """How many real codes it was fitted to."""
    note: str
    """What should be said about the fit."""
    round_trip: Numbers | None = None
    """(n,): root mean square of E(c(D(z))) − z over the numbers of a code; only of the best."""
    drawn: int = 0
    """Of how many these are the best; 0 where none were left out."""


@dataclass(frozen=True)
class Neighbours:
    """The training image nearest to each drawn one, and how far its code is from training codes."""

    indices: Indices
    pictures: Pictures
    distance: Numbers
    """(n,): root mean square of the difference per pixel, images in [0, 1]."""
    code_distance: Numbers
    """(n,): Euclidean, from the nearest of some training codes."""
    usual: float
    """Median of the same among those training codes themselves."""
