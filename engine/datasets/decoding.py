"""One image file of any kind -> an array of the wanted side, or a reason why not. Pillow is imported when used.

What becomes of what: turned as its camera was held; palette and CMYK to RGB; what is transparent shows white; whole
numbers of 16 bits scaled by their range, floats in 0 ... 1 as they are, any other numbers from least to greatest; of an
animation the first picture. Colour profiles are not applied.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.runfiles.notices import reason

if TYPE_CHECKING:
    from PIL.Image import Image

Bytes = NDArray[np.uint8]

LIMIT_MEGAPIXELS = 64
"""Larger pictures are refused before they are unpacked."""

LIMIT_SIDE = 16_000
"""Pixels; a picture of one row can be as long as one of 64 megapixels is large."""

LIMIT_BYTES = 200 * 2**20
"""Of a file."""

ROWS = 256
"""So many rows of a picture of large numbers are scaled at once."""

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""What Pillow may try; it knows others that run foreign programs."""

TURNS = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270",
         7: "TRANSVERSE", 8: "ROTATE_90"}
"""Orientation in the notes of a camera -> what turns the picture upright, as Pillow calls it."""

_ORIENTATION = 0x0112


class Refused(Exception):
    """An image that is left out: ``text`` completes 'name: …', ``code`` and ``values`` say it in another language."""

    def __init__(self, code: str, text: str, **values: Any) -> None:
        super().__init__(text)
        self.code, self.text = code, text
        self.values: Mapping[str, Any] = values


def decoded(path: Path, side: int, colour: str = "rgb", fit: str = "crop", by: str = "bicubic") -> Bytes:
    """A file -> uint8 (3 or 1, side, side): 'crop', 'pad' or 'stretch' makes it square. Raises Refused."""
    with opened(path) as image:
        image.draft(None, (2 * side, 2 * side))  # a JPEG of a large photograph is unpacked smaller, and much faster
        values = np.asarray(squared(image, side, colour, fit, by), np.uint8)
    return values[None].copy() if values.ndim == 2 else np.ascontiguousarray(values.transpose(2, 0, 1))


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a file's image, turned upright; pixels are not read. Raises Refused."""
    with opened(path) as image:
        return image.size[::-1] if _orientation(image) >= 5 else image.size


@contextlib.contextmanager
def opened(file: Path | IO[bytes]) -> Iterator[Image]:
    """A picture whose size has been checked and whose pixels have not been read. Raises Refused, also for its user."""
    from PIL import Image

    warnings.filterwarnings("ignore", module=r"PIL\.")  # sizes are checked here; the rest is nobody's concern
    try:
        if isinstance(file, Path):
            _check_bytes(file.stat().st_size)
        with Image.open(file, formats=FORMATS) as image:
            check_size(*image.size)
            yield image
    except Exception as error:  # a decoder fed with arbitrary bytes raises anything
        raise refusal(error) from error


def _check_bytes(size: int) -> None:
    """Refuse files that hold nothing or too much. Raises Refused."""
    if not size:
        raise Refused("image.empty", "the file is empty")
    if size > LIMIT_BYTES:
        raise Refused("image.bytes", f"too large ({size / 1e6:,.0f} MB; limit {LIMIT_BYTES / 1e6:,.0f})",
                      megabytes=round(size / 1e6), limit=round(LIMIT_BYTES / 1e6))


def check_size(width: int, height: int) -> None:
    """Refuse what would take too much memory. Raises Refused."""
    if width * height > LIMIT_MEGAPIXELS * 10**6:
        raise _too_large(width * height)
    if max(width, height) > LIMIT_SIDE:
        raise Refused("image.side", f"too large ({width:,}×{height:,} pixels; limit {LIMIT_SIDE:,} a side)",
                      width=width, height=height, limit=LIMIT_SIDE)
    if not width or not height:
        raise Refused("image.none", "no image, or of a kind that cannot be read")


def _too_large(pixels: int) -> Refused:
    megapixels = round(pixels / 1e6)
    return Refused("image.large", f"too large ({megapixels:,} megapixels; limit {LIMIT_MEGAPIXELS})",
                   megapixels=megapixels, limit=LIMIT_MEGAPIXELS)


def refusal(error: Exception) -> Refused:
    """Whatever a decoder raised, as a reason in words."""
    from PIL import Image, UnidentifiedImageError

    text = str(error)
    if isinstance(error, Refused):
        return error
    if isinstance(error, Image.DecompressionBombError):
        found = re.search(r"\((\d+) pixels\)", text)
        return _too_large(int(found[1]) if found else 2 * LIMIT_MEGAPIXELS * 10**6)
    if isinstance(error, UnidentifiedImageError):
        return Refused("image.none", "no image, or of a kind that cannot be read")
    if isinstance(error, OSError) and error.errno:
        return Refused("image.unreadable", f"it could not be read ({reason(error)})", reason=reason(error))
    if isinstance(error, MemoryError) or "too large" in text.lower() or "MAX_TEXT" in text:
        return Refused("image.content", "too large when unpacked")
    if "conversion from" in text or "not available" in text:
        return Refused("image.colours", "its colours or its compression are of a kind that is not read")
    if "truncated" in text.lower():
        return Refused("image.cut", "the file is cut short")
    return Refused("image.damaged", "the file is damaged")


def squared(image: Image, side: int, colour: str, fit: str, by: str) -> Image:
    """A picture of any mode -> one of mode RGB or L and this side, upright. Raises what Pillow raises."""
    from PIL import Image

    image.load()
    orientation, plain = _orientation(image), _interpolable(image)
    box, size = _frame(plain.size, side, fit)
    small = plain.resize(size, Image.Resampling[by.upper()], box=box, reducing_gap=3.0)
    small = _on_white(_turned(small, orientation)).convert("L" if colour == "grey" else "RGB")
    if small.size == (side, side):
        return small
    result = Image.new(small.mode, (side, side))
    result.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return result


def upright(image: Image) -> Image:
    """A picture of any mode -> one of mode RGB or L, turned as its camera was held. Raises what Pillow raises."""
    image.load()
    plain = _on_white(_turned(_interpolable(image), _orientation(image)))
    return plain.convert("L" if image.mode in ("LA", "La") else plain.mode.removesuffix("A"))


def _turned(image: Image, orientation: int) -> Image:
    """A picture upright, by what the notes of the camera say."""
    from PIL import Image

    turn = TURNS.get(orientation)
    return image.transpose(Image.Transpose[turn]) if turn else image


def _orientation(image: Image) -> int:
    """1 ... 8; 1 where the notes of the camera are damaged or say nothing."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # the picture itself can be read
        return 1


def _frame(size: tuple[int, int], side: int, fit: str) -> tuple[tuple[float, float, float, float], tuple[int, int]]:
    """Which part of a picture is used, and how large that becomes."""
    width, height = size
    if fit == "crop":
        edge = min(size)
        left, top = (width - edge) / 2, (height - edge) / 2
        return (left, top, left + edge, top + edge), (side, side)
    if fit == "pad":
        scale = side / max(size)
        return (0, 0, width, height), (max(1, round(width * scale)), max(1, round(height * scale)))
    return (0, 0, width, height), (side, side)


def _interpolable(image: Image) -> Image:
    """A picture of any mode -> one of mode L, RGB, LA or RGBA, between whose pixels one can go."""
    if image.mode[0] in "IF":
        return _in_bytes(image)
    if image.has_transparency_data:
        return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")
    if image.mode in ("L", "RGB"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _on_white(image: Image) -> Image:
    """What is transparent shows white."""
    from PIL import Image

    if image.mode not in ("LA", "RGBA"):
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))


def _in_bytes(image: Image) -> Image:
    """Numbers of 16 or 32 bits -> mode L: scaled, never clipped; what is no number counts as 0."""
    from PIL import Image

    given = np.asarray(image)
    limit = 1.0 if given.dtype.kind == "f" else 65535.0
    low, high = _range(given)
    if low >= 0 and high <= limit:
        low, high = 0.0, limit
    result = np.empty(given.shape, np.uint8)
    for start in range(0, len(given), ROWS):  # all at once would take many times the memory
        values = given[start:start + ROWS].astype(np.float64)
        values = np.nan_to_num(values, posinf=high, neginf=low).clip(low, high)
        result[start:start + ROWS] = np.rint((values - low) * (255 / (high - low or 1.0)))
    return Image.fromarray(result)


def _range(values: NDArray[Any]) -> tuple[float, float]:
    """The least and the greatest number; 0 and 0 where there is none."""
    if values.dtype.kind != "f":
        return float(values.min()), float(values.max())
    finite = np.isfinite(values)
    if not finite.any():
        return 0.0, 0.0
    return float(values.min(where=finite, initial=np.inf)), float(values.max(where=finite, initial=-np.inf))
