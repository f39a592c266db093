"""Images a person brings along: read with suspicion, kept as they are, and made what a network expects when used.

An own image belongs to the person and not to a data set: every data set gets it in its own shape, as the split 'own'.
Nothing is ever trained or evaluated on it.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine import storage
from engine.datasets import decoding
from engine.datasets.decoding import Refused
from engine.runfiles.notices import reason

if TYPE_CHECKING:
    from PIL.Image import Image

    from engine.data import Dataset

Bytes = NDArray[np.uint8]
Inversion = Literal["automatic", "always", "never"]

KEPT_SIDE = 1024
"""Larger pictures are kept at this longer side, in pixels: four times the largest image a network gets."""

BRIGHT = 128
"""A border is bright from this grey on, 0 to 255."""

DARK_GROUND = 64
"""A data set is white on black where the border of its images is darker than this on average, 0 to 255."""

NAME, INVERSION = "Title", "Autoencoder Explorer inversion"
"""Text chunks of a kept PNG file."""


class OwnImageError(Exception):
    """A picture that cannot be used; ``code`` and ``values`` let the window say it in another language."""

    def __init__(self, code: str, message: str, **values: object) -> None:
        super().__init__(message)
        self.code, self.values = code, values


@dataclass(frozen=True, eq=False)
class OwnImage:
    """A picture as it was brought, uint8 (H, W) or (H, W, 3), and where it is kept."""

    name: str
    pixels: Bytes
    inversion: Inversion = "automatic"
    path: Path | None = None


def read_file(path: Path) -> Bytes:
    """A picture file -> uint8 (H, W) or (H, W, 3). Raises OwnImageError."""
    try:
        size = path.stat().st_size
        if size > decoding.LIMIT_BYTES:
            raise OwnImageError("own.file", f"{path.name} is too large ({size / 1e6:,.0f} MB; limit "
                                f"{decoding.LIMIT_BYTES / 1e6:,.0f}).", name=path.name, megabytes=size / 1e6)
        return read(path.read_bytes(), path.name)
    except OSError as error:
        raise OwnImageError("own.unreadable", f"{path.name} could not be read ({reason(error)}).", name=path.name,
                            reason=reason(error)) from error


def read(data: bytes, name: str) -> Bytes:
    """The bytes of a picture file -> uint8 (H, W) or (H, W, 3), upright, on white. Raises OwnImageError."""
    return _kept(_opened(data, name)[0])


def _opened(data: bytes, name: str) -> tuple[Image, dict[str, str]]:
    """The bytes of a file as a picture that is upright and of mode RGB or L, with its notes. Raises OwnImageError."""
    try:
        with decoding.opened(io.BytesIO(data)) as image:
            return decoding.upright(image), {str(key): str(text) for key, text in image.info.items()}
    except Refused as error:
        raise _refused(error, name) from error


def check_size(width: int, height: int, name: str) -> None:
    """Refuse what would take too much memory. Raises OwnImageError."""
    try:
        decoding.check_size(width, height)
    except Refused as error:
        raise _refused(error, name) from error


def _refused(error: Refused, name: str) -> OwnImageError:
    """Why a picture cannot be used, in a sentence about it."""
    if error.code in ("image.large", "image.side"):
        return OwnImageError(f"own.{error.code[6:]}", f"{name} is {error.text}.", name=name, **error.values)
    return OwnImageError("own.no_image", f"{name} is no image.", name=name)


def _kept(image: Image) -> Bytes:
    """A picture of mode RGB or L -> uint8 (H, W) or (H, W, 3), grey where it has no colour; not larger than is kept."""
    from PIL import Image

    pixels = np.asarray(image)
    if pixels.ndim == 3 and (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all():
        image = image.convert("L")
    if max(image.size) > KEPT_SIDE:
        image.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    return np.array(image, dtype=np.uint8)


def from_array(pixels: Bytes, name: str) -> Bytes:
    """uint8 (H, W), (H, W, 3) or (H, W, 4) with transparency, as from a clipboard -> what ``read`` would give.

    Raises OwnImageError.
    """
    from PIL import Image

    check_size(pixels.shape[1], pixels.shape[0], name)
    return _kept(decoding.upright(Image.fromarray(pixels)))


def border(pixels: NDArray[Any]) -> NDArray[Any]:
    """(H, W[, 3]) -> (n[, 3]) the pixels at its edge."""
    return np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])


def ground(pixels: Bytes) -> tuple[int, ...]:
    """The colour a picture stands on: the median of its edge, as one number or three."""
    return tuple(np.atleast_1d(np.median(border(pixels), axis=0).round().astype(int)).tolist())


def bright_ground(pixels: Bytes) -> bool:
    """Whether a picture is dark on bright, as on paper."""
    return sum(ground(pixels)) / len(ground(pixels)) >= BRIGHT


def square(pixels: Bytes) -> Bytes:
    """(H, W[, 3]) -> (S, S[, 3]) with the picture in the middle of its ground."""
    height, width = pixels.shape[:2]
    side = max(height, width)
    result = np.empty((side, side, *pixels.shape[2:]), np.uint8)
    result[:] = ground(pixels) if pixels.ndim == 3 else ground(pixels)[0]
    top, left = (side - height) // 2, (side - width) // 2
    result[top:top + height, left:left + width] = pixels
    return result


def inverted(image: OwnImage, channels: int, white_on_black: bool) -> bool:
    """Whether a picture's colours are turned round for images of so many channels."""
    if image.inversion != "automatic":
        return image.inversion == "always"
    return channels == 1 and white_on_black and bright_ground(image.pixels)


def fitted(image: OwnImage, shape: tuple[int, ...], white_on_black: bool) -> Bytes:
    """A picture -> uint8 (C, H, W) of the network's shape: whole, in the middle, grey or in colour, turned round."""
    from PIL import Image

    picture = Image.fromarray(square(image.pixels)).convert("L" if shape[0] == 1 else "RGB")
    # the filter with which the images of the data sets are made smaller; enlarged without a new pattern
    values = np.array(picture.resize((shape[2], shape[1]), Image.Resampling.BILINEAR), dtype=np.uint8)
    values = 255 - values if inverted(image, shape[0], white_on_black) else values
    return values[None] if values.ndim == 2 else np.ascontiguousarray(values.transpose(2, 0, 1))


def white_on_black(images: NDArray[Any]) -> bool:
    """(N, C, H, W) of a data set -> whether they stand on black."""
    edges = (images[:, :, 0], images[:, :, -1], images[:, :, :, 0], images[:, :, :, -1])
    return bool(len(images)) and float(np.mean([edge.mean() for edge in edges])) < DARK_GROUND


def with_own(data: Dataset, images: Sequence[OwnImage]) -> Dataset:
    """The data set with these pictures as its split 'own'; the other splits are the same ones."""
    import torch

    from engine import inputs
    from engine.data import Split

    shape = tuple(data.test.images.shape[1:])
    if not images:
        return dataclasses.replace(data, own=None)
    dark = white_on_black(data.training.images[:1000].numpy())
    pixels = np.stack([fitted(image, shape, dark) for image in images])
    wanted = torch.from_numpy(pixels)
    return dataclasses.replace(data, own=Split(wanted, None, inputs.fixed(data.input, wanted, "test")),
                               own_names=tuple(image.name for image in images))


def encoded(image: OwnImage) -> bytes:
    """The bytes of a PNG file that keeps a picture and what is said about it."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    notes, buffer = PngInfo(), io.BytesIO()
    notes.add_itxt(NAME, image.name)
    notes.add_text(INVERSION, image.inversion)
    Image.fromarray(image.pixels).save(buffer, "PNG", pnginfo=notes)
    return buffer.getvalue()


def decoded(data: bytes, path: Path) -> OwnImage:
    """The bytes of a kept file -> its picture; a foreign PNG is called by its file's name. Raises OwnImageError."""
    picture, notes = _opened(data, path.name)
    chosen = notes.get(INVERSION, "")
    inversion: Inversion = "always" if chosen == "always" else "never" if chosen == "never" else "automatic"
    return OwnImage(notes.get(NAME) or path.stem, _kept(picture), inversion, path)


def keep(folder: Path, image: OwnImage) -> OwnImage:
    """Write a picture into the folder, behind the others. Raises OwnImageError; nothing is kept then."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem) for path in folder.glob("*.png") if path.stem.isdecimal()]
        path = folder / f"{max(numbers, default=0) + 1:04}.png"
        storage.write_atomic(path, encoded(image))
    except OSError as error:
        raise OwnImageError("own.save", f"{image.name} could not be kept ({reason(error)}). It is there until the "
                            "window closes.", name=image.name, reason=reason(error)) from error
    return dataclasses.replace(image, path=path)


def kept(folder: Path) -> tuple[OwnImage, ...]:
    """The pictures of a folder in the order in which they came; what cannot be read is left out."""
    found = []
    for path in sorted(folder.glob("*.png"), key=lambda path: (len(path.stem), path.stem)):
        try:
            found.append(decoded(path.read_bytes(), path))
        except (OwnImageError, OSError):
            continue
    return tuple(found)
