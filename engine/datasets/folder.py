"""A person's own images: a folder of files, brought to one size and kept as one array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.sources import DataError
from engine.dataspec import IMAGE_SHAPES, Data

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def files(spec: Data) -> list[Path]:
    """The image files of a folder, sorted by name. Raises DataError where there is none."""
    folder = Path(spec.folder).expanduser()
    deep = spec.recursive or spec.classes == "folders"
    found = [path for path in (folder.rglob("*") if deep else folder.glob("*")) if path.suffix.lower() in SUFFIXES]
    if not found:
        raise DataError("data.folder_empty", f"No images found in {folder} (looked for PNG, JPEG, …).",
                        folder=str(folder), field="data.folder", value=spec.folder)
    return sorted(found)


def image_count(spec: Data) -> int:
    """How many images the folder had when it was imported; 0 if it never was."""
    return 0


def read(spec: Data) -> tuple[NDArray[np.uint8], NDArray[np.int64] | None, tuple[str, ...]]:
    """The images uint8 (N, C, side, side), their classes (N,) or None, and the names of the classes."""
    paths = files(spec)
    side = spec.image_size or IMAGE_SHAPES["folder"][1]
    images = np.stack([decoded(path, side, spec) for path in paths])
    if spec.classes == "none":
        return images, None, ()
    names = sorted({path.relative_to(Path(spec.folder).expanduser()).parts[0] for path in paths})
    labels = [names.index(path.relative_to(Path(spec.folder).expanduser()).parts[0]) for path in paths]
    return images, np.array(labels, np.int64), tuple(names)


def decoded(path: Path, side: int, spec: Data) -> NDArray[np.uint8]:
    """One file -> uint8 (C, side, side)."""
    from PIL import Image, ImageOps

    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("L" if spec.colour == "grey" else "RGB")
    if spec.fit == "stretch":
        picture = picture.resize((side, side), Image.Resampling.BICUBIC)
    elif spec.fit == "pad":
        picture = ImageOps.pad(picture, (side, side), Image.Resampling.BICUBIC)
    else:
        picture = ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC)
    values = np.array(picture, np.uint8)
    return values[None] if values.ndim == 2 else np.ascontiguousarray(values.transpose(2, 0, 1))
