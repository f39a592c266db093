"""What a network is given instead of the image that it is to draw: a coarser one, or one with noise."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.datasets.resizing import chunks, room
from engine.dataspec import NOISES, Input

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def fixed(spec: Input, images: Tensor, split: str) -> Tensor | None:
    """uint8 (N, C, H, W) -> the inputs (N, C, h, w) of a split, always the same ones; None where they are the images.

    Of the training images, too: they are what is looked at and measured, while learning draws its noise anew.
    """
    if spec.change == "none" or (spec.change == "folder" and spec.enlargement != "none"):
        return None  # inputs of a folder come with their images; a picture that has none is its own
    if spec.change in NOISES:
        return _noisy(spec, images, split)
    return _coarse(spec, images)


def _noisy(spec: Input, images: Tensor, split: str) -> Tensor:
    """The images with noise that depends on nothing but seed and split."""
    import torch

    generator = torch.Generator().manual_seed(3 * spec.seed + ("training", "validation", "test").index(split))
    result = room(tuple(images.shape))
    for part in chunks(result):
        result[part] = to_bytes(NOISE[spec.change](unit(images[part]), spec.strength, generator))
    return result


def _coarse(spec: Input, images: Tensor) -> Tensor:
    """The images smaller, through JPEG, and enlarged again where that is wanted."""
    side = images.shape[-1] if spec.enlargement != "none" else max(1, images.shape[-1] // spec.factor)
    result = room((*images.shape[:2], side, side))
    for part in chunks(result):
        result[part] = enlarged(reduced(images[part], spec), side, spec.enlargement)
    return result


def reduced(images: Tensor, spec: Input) -> Tensor:
    """uint8 (N, C, H, W) -> uint8 (N, C, H // factor, W // factor), through JPEG where a quality is given."""
    import torch.nn.functional as F

    side = max(1, images.shape[-1] // spec.factor)
    if side == images.shape[-1]:
        small = images
    elif spec.reduction in ("bilinear", "bicubic"):
        small = to_bytes(F.interpolate(unit(images), (side, side), mode=spec.reduction, antialias=True))
    else:
        mode = "nearest-exact" if spec.reduction == "nearest" else "area"
        small = to_bytes(F.interpolate(unit(images), (side, side), mode=mode))
    return through_jpeg(small, spec.jpeg_quality) if spec.jpeg_quality else small


def enlarged(images: Tensor, side: int, by: str) -> Tensor:
    """uint8 (N, C, h, w) -> uint8 (N, C, side, side), by 'nearest', 'bilinear' or 'bicubic'; 'none' leaves them.

    The bicubic kernel is the one of Keys (1981) with a = -1/2, as Pillow has it.
    """
    import torch.nn.functional as F

    if by == "none" or images.shape[-1] == side:
        return images
    if by == "nearest":
        return F.interpolate(images, (side, side), mode="nearest-exact")
    return to_bytes(F.interpolate(unit(images), (side, side), mode=by, antialias=True))


def through_jpeg(images: Tensor, quality: int) -> Tensor:
    """uint8 (N, C, H, W) -> the same after being compressed as JPEG of this quality (1 ... 100)."""
    import numpy as np
    import torch
    from PIL import Image

    result = torch.empty_like(images)
    for number, image in enumerate(images):
        file = io.BytesIO()
        pixels = image[0] if len(image) == 1 else image.permute(1, 2, 0)
        Image.fromarray(pixels.numpy()).save(file, "JPEG", quality=quality)
        with Image.open(file) as read:
            values = torch.from_numpy(np.array(read))
        result[number] = values[None] if len(image) == 1 else values.permute(2, 0, 1)
    return result


def gaussian(images: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Floats in [0, 1] -> the same plus normal noise of this standard deviation, clipped to [0, 1]."""
    import torch

    noise = torch.empty_like(images).normal_(0, deviation, generator=generator)
    return noise.add_(images).clamp_(0, 1)


def salt_and_pepper(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """(B, C, H, W) in [0, 1] -> the same with this share of the pixels black or white, all channels alike."""
    import torch

    drawn = torch.empty_like(images[:, :1]).uniform_(generator=generator)
    return torch.where(drawn < share, (drawn < share / 2).to(images.dtype), images)


def masking(images: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """(B, C, H, W) in [0, 1] -> the same with this share of the pixels set to 0, all channels alike (Vincent et al.,
    2010, section 3.3)."""
    import torch

    drawn = torch.empty_like(images[:, :1]).uniform_(generator=generator)
    return images * (drawn >= share)


NOISE: dict[str, Callable[[Tensor, float, torch.Generator], Tensor]] = {
    "gaussian": gaussian,
    "salt-and-pepper": salt_and_pepper,
    "masking": masking,
}
"""Name of a noise -> function (images in [0, 1], strength, generator on their device) -> noisy images in [0, 1]."""


def unit(images: Tensor) -> Tensor:
    """uint8 0 ... 255 -> float32 in [0, 1]."""
    import torch

    return images.to(torch.float32) / 255


def to_bytes(images: Tensor) -> Tensor:
    """Floats, clipped to [0, 1] -> uint8 0 ... 255."""
    import torch

    return (images.clamp(0, 1) * 255).round().to(torch.uint8)
