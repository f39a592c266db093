"""Images brought to a side, and the memory where they lie: on the disk where they would take too much of it."""

from __future__ import annotations

import importlib.metadata
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.datasets.sources import DataError

if TYPE_CHECKING:
    from torch import Tensor

CHUNK_BYTES = 32 * 2**20
"""About so much of a result is made at once, which bounds the memory needed beside it."""


def resized(images: Tensor, size: int) -> Tensor:
    """uint8 (N, C, H, W) -> uint8 (N, C, size, size), smoothed where it shrinks; size 0 keeps. Raises DataError."""
    if size in (0, images.shape[-1]):
        return images
    resize = _torchvision_resize()
    result = room((*images.shape[:2], size, size))
    for part in chunks(result):
        result[part] = resize(images[part], [size, size], antialias=True)
    return result


def chunks(result: Tensor) -> list[slice]:
    """The images of a result (N, ...) in parts of about CHUNK_BYTES."""
    count = len(result)
    step = max(1, CHUNK_BYTES // max(1, result[0].numel() * result.element_size())) if count else 1
    return [slice(start, min(count, start + step)) for start in range(0, count, step)]


def room(shape: tuple[int, ...]) -> Tensor:
    """An empty uint8 tensor; beyond half of the free memory it lies in a file that goes with it. Raises DataError."""
    import torch

    needed = int(np.prod(shape, dtype=np.int64))
    if not is_large(needed):
        return torch.empty(shape, dtype=torch.uint8)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if needed > free:
        raise DataError("data.memory", f"{shape[0]:,} images of {shape[-2]}×{shape[-1]} need {needed / 1e9:.1f} GB; "
                        f"neither the memory nor the disk of {tempfile.gettempdir()} ({free / 1e9:.1f} GB free) has "
                        "room for them. Choose a smaller image size or fewer images.", needed=needed, free=free,
                        field="data.image_size", value=shape[-1])
    with tempfile.TemporaryFile(prefix="autoencoder-explorer-") as file:
        return torch.from_numpy(np.memmap(file, np.uint8, "w+", shape=shape))


def is_large(needed: int) -> bool:
    """Whether so many bytes are more than half of the free memory."""
    free = free_memory()
    return free is not None and needed > free / 2


def _torchvision_resize() -> Callable[..., Tensor]:
    """``resize`` of torchvision's transforms. Raises DataError where torchvision does not go with torch.

    A mismatched pair fails with RuntimeError ("operator torchvision::nms does not exist"), not ImportError.
    """
    try:
        from torchvision.transforms.v2.functional import resize
    except (ImportError, RuntimeError, AttributeError, OSError) as error:
        torch_version, torchvision_version = (_version(name) for name in ("torch", "torchvision"))
        found = f"found torch {torch_version} with torchvision {torchvision_version}"
        raise DataError("data.torchvision", f"Built-in data sets need a matching torchvision ({found}).",
                        torch=torch_version, torchvision=torchvision_version) from error
    return resize


def _version(package: str) -> str:
    """The installed version of a package, or 'missing'."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def free_memory() -> int | None:
    """Bytes that can be had without swapping, on Linux; None where the standard library does not know."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, ValueError, StopIteration):
        return None
