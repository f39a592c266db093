"""Pictures of arrays as files: PNG and GIF in bytes, enlarged without smoothing, never written here."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from engine.answers import Pictures

SHORTEST_SIDE = 224
"""Small pictures are enlarged by a whole factor to at least this side, in pixels."""

GAP = 2
"""Pixels of white between tiles."""


def png(picture: Pictures) -> bytes:
    """(H, W) or (H, W, 3) uint8 -> the bytes of a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def gif(pictures: Sequence[Pictures], interval_ms: int = 80) -> bytes:
    """(H, W) or (H, W, 3) uint8 each -> the bytes of a GIF file that plays them for ever."""
    frames = [Image.fromarray(enlarged(picture, SHORTEST_SIDE)) for picture in pictures]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=interval_ms, loop=0)
    return buffer.getvalue()


def enlarged(picture: Pictures, side: int) -> Pictures:
    """The picture with each pixel repeated, so that its shorter side has at least ``side`` pixels."""
    factor = max(1, -(-side // min(picture.shape[:2])))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def tiled(rows: Sequence[Sequence[Pictures | None]], side: int = 112) -> Pictures:
    """Rows of equal pictures, None for an empty place -> one picture on white."""
    model = next(picture for row in rows for picture in row if picture is not None)
    cell = enlarged(model, side).shape
    height, width = cell[0] + GAP, cell[1] + GAP
    sheet = np.full((len(rows) * height + GAP, max(map(len, rows)) * width + GAP, *cell[2:]), 255, dtype=np.uint8)
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            if picture is not None:
                top, left = GAP + i * height, GAP + j * width
                sheet[top:top + cell[0], left:left + cell[1]] = enlarged(picture, side)
    return sheet
