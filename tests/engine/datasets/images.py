"""Small image files for the tests of folders."""

from pathlib import Path

import numpy as np
from PIL import Image

from engine.dataspec import Data


def picture(seed: int, width: int = 12, height: int = 12) -> Image.Image:
    """Noise that is another for every seed."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def fill(folder: Path, count: int, ending: str = "png", first: int = 0, width: int = 12,
         height: int = 12) -> list[Path]:
    """Write images 000.png, 001.png, …; -> their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:03}.{ending}" for number in range(first, first + count)]
    for number, path in enumerate(paths, start=first):
        picture(number, width, height).save(path)
    return paths


def spec(place: Path | str, /, **given: object) -> Data:
    """The images of a folder at 12 pixels a side."""
    return Data(**({"dataset": "folder", "folder": str(place), "image_size": 12} | given))
