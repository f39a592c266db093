"""How near a reconstruction is to its image."""

from __future__ import annotations

from torch import Tensor


def mse_per_image(outputs: Tensor, images: Tensor) -> Tensor:
    """Two (B, C, H, W), the images in [0, 1] -> (B,): mean squared error over the numbers of each image."""
    return (outputs - images).square().flatten(1).mean(1)
