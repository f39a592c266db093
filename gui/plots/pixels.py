"""Arrays as images on the screen: conversion, colour maps and whole-pixel scaling."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QImage, QPaintEngine, QPainter

OPAQUE = np.uint32(0xFF000000)

IN_FILES = 8
"""Enlargement of pictures in SVG and PDF files."""


def rgb32(images: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W) grey or (N, H, W, 3) colour -> uint32 (N, H, W), 0xffRRGGBB; always a copy. Raises ValueError."""
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise ValueError(f"images must be uint8 (N, H, W) or (N, H, W, 3), "
                         f"not {images.dtype} {images.shape}; convert them first")
    if images.ndim == 3:
        return images.astype(np.uint32) * np.uint32(0x010101) | OPAQUE
    red, green, blue = (images[..., channel].astype(np.uint32) for channel in range(3))
    return red << np.uint32(16) | green << np.uint32(8) | blue | OPAQUE


def colored(values: np.ndarray, table: np.ndarray, low: float, high: float) -> np.ndarray:
    """Numbers (N, H, W) -> uint32 (N, H, W) through a (256, 3) uint8 table; beyond low and high its ends, NaN low."""
    entries = rgb32(np.ascontiguousarray(table[None, None]))[0, 0]
    scaled = (values - low) * (255 / (high - low) if high > low else 0.0)
    return entries[np.nan_to_num(scaled, nan=0.0, posinf=255, neginf=0).clip(0, 255).round().astype(np.uint8)]


def view(pixels: np.ndarray) -> QImage:
    """uint32 (H, W) -> an image that shares the memory of the array; keep the array as long as the image."""
    height, width = pixels.shape
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB32)


def scale(side: tuple[int, int], available: tuple[int, int]) -> float:
    """(height, width) of a picture and of its room in device pixels -> a whole factor, or a fraction to shrink it."""
    factor = min(room / max(1, length) for room, length in zip(available, side, strict=True))
    return float(int(factor)) if factor >= 1 else max(factor, 0.0)


def is_file(painter: QPainter) -> bool:
    """Whether one paints an SVG or PDF file; ask once a painting, it is slow."""
    return painter.paintEngine().type() in (QPaintEngine.Type.Pdf, QPaintEngine.Type.SVG)


def draw(painter: QPainter, place: QRectF, pixels: np.ndarray, in_file: bool) -> None:
    """Paint uint32 (H, W) into a place; crisp also in files, whose readers would smooth what they enlarge."""
    image = view(pixels)
    painter.drawImage(place, image.scaled(image.size() * IN_FILES) if in_file else image)


def logical(rect: QRect, ratio: float) -> QRect:
    """Device pixels -> px of the widget, at ``ratio`` device pixels a px."""
    return QRect(*(round(length / ratio) for length in (rect.x(), rect.y(), rect.width(), rect.height())))


def columns(images: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Pictures (N, H, W) or (N, H, W, 3) as columns of a table: image, row, column, then value or red, green, blue."""
    image, row, column = (index.ravel() for index in np.indices(images.shape[:3]))
    places = [("image", image), ("row", row), ("column", column)]
    if images.ndim == 3:
        return [*places, ("value", images.ravel())]
    return [*places, *((name, images[..., channel].ravel()) for channel, name in enumerate(("red", "green", "blue")))]
