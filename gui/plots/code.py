"""The code of one image as a picture."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from gui import style
from gui.plots.menu import Menu
from gui.plots.picture import Picture
from gui.plots.tiles import TiledImages
from gui.widgets.quantities import count, significant

STRIP_WIDTHS = (16, 32, 64)
"""np.ndarray in a row of the strip that shows a vector code; the first that makes no more rows than half as many."""


class CodeView(QWidget):
    """A code: each feature map in its own scale, or a vector as a strip coloured around zero."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.maps, self.strip = TiledImages(spacing=1), Picture()
        self.maps.setAccessibleName(self.tr("Feature maps of the code"))
        self._caption = style.dress(QLabel(), "caption", "quiet")
        self._caption.setAlignment(Qt.AlignmentFlag.AlignCenter)
        captioned = QWidget()
        column = QVBoxLayout(captioned)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.XS)
        column.addWidget(self.maps, 1)
        column.addWidget(self._caption)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(captioned)
        self._pages.addWidget(self.strip)
        Menu(self.maps, "code")
        Menu(self.strip, "code")

    def set_code(self, code: np.ndarray) -> None:
        """(numbers,) or (channels, height, width)."""
        shape = "×".join(map(str, code.shape)) + (f" = {count(code.size)}" if code.ndim > 1 else "")
        caption = self.tr("Code of {shape} numbers").format(shape=shape)
        if code.ndim == 3:
            self.maps.set_images(own_scale(code), math.ceil(math.sqrt(len(code))))
            self._caption.setText(caption)
        else:
            self.strip.set_differences(wrapped(code), float(np.abs(code).max()) or 1.0)
            self.strip.set_caption(caption)
        self._pages.setCurrentIndex(int(code.ndim == 1))
        self.setToolTip(self.tr("From {low} to {high}").format(
            low=significant(float(code.min()), 3), high=significant(float(code.max()), 3)))


def own_scale(maps: np.ndarray) -> np.ndarray:
    """(C, H, W) -> uint8: each map from its least value, black, to its greatest, white; a constant one is black."""
    low, high = maps.min(axis=(1, 2), keepdims=True), maps.max(axis=(1, 2), keepdims=True)
    scaled = np.divide(maps - low, high - low, out=np.zeros_like(maps), where=high > low)
    return (scaled * 255).round().astype(np.uint8)


def wrapped(code: np.ndarray) -> np.ndarray:
    """(numbers,) -> (rows, columns), the last row filled with zeros."""
    columns = min(len(code), next((width for width in STRIP_WIDTHS if 2 * len(code) <= width**2), STRIP_WIDTHS[-1]))
    rows = -(-len(code) // columns)
    return np.pad(code, (0, rows * columns - len(code))).reshape(rows, columns)
