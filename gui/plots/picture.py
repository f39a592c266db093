"""One picture, large and crisp, with its caption below."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import style
from gui.plots import colormaps, pixels

CAPTION_HEIGHT = 22
"""Room below the picture, kept free also without a caption so that pictures side by side stay equal, in px."""


class Picture(QWidget):
    """A picture as large as whole pixels allow, in the middle of its room; the old one stays until the next is set."""

    def __init__(self, parent: QWidget | None = None, *, caption: str = "") -> None:
        super().__init__(parent)
        self.caption = caption
        self._values: np.ndarray = np.zeros((0, 0), np.uint8)
        self._draw: Callable[[], np.ndarray] | None = None
        self._pixels: np.ndarray | None = None
        self.setAccessibleName(caption or self.tr("Picture"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        style.theme().changed.connect(self._repaint)

    def set_image(self, image: np.ndarray) -> None:
        """Show uint8 (H, W) grey or (H, W, 3) colour. Raises ValueError."""
        self._show(image, lambda: pixels.rgb32(image[None])[0])

    def set_errors(self, errors: np.ndarray, limit: float) -> None:
        """Show numbers ≥ 0, (H, W): 0 is the surface colour, ``limit`` and above the end of the map."""
        self._show(errors, lambda: pixels.colored(errors, colormaps.sequential_error(_dark()), 0, limit))

    def set_differences(self, differences: np.ndarray, limit: float) -> None:
        """Show signed numbers, (H, W): 0 is the surface colour, ±``limit`` and beyond the ends of the map."""
        self._show(differences, lambda: pixels.colored(differences, colormaps.diverging(_dark()), -limit, limit))

    def set_caption(self, caption: str) -> None:
        """The line below the picture."""
        if caption != self.caption:
            self.caption = caption
            self.setAccessibleName(caption or self.tr("Picture"))
            self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._values, self._draw, self._pixels = np.zeros((0, 0), np.uint8), None, None
        self.update()

    def picture_rect(self) -> QRect:
        """Where the picture lies in the widget, in px; empty without one."""
        return pixels.logical(self._place(), self.devicePixelRatioF())

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The picture as columns: image (0), row, column, value or red, green, blue."""
        return pixels.columns(self._values[None])

    def _show(self, values: np.ndarray, draw: Callable[[], np.ndarray]) -> None:
        self._values, self._draw, self._pixels = values, draw, draw()
        self.update()

    def _repaint(self) -> None:
        """Take the colours of the theme."""
        if self._draw is not None:
            self._pixels = self._draw()
        self.update()

    def _place(self) -> QRect:
        """Where the picture lies, in device pixels, with 1 px around it kept free."""
        if self._pixels is None or not self._pixels.size:
            return QRect()
        ratio = self.devicePixelRatioF()
        room = int((self.height() - CAPTION_HEIGHT) * ratio), int(self.width() * ratio)
        rows, columns = self._pixels.shape
        factor = pixels.scale((rows, columns), (room[0] - 2, room[1] - 2))
        height, width = max(1, int(rows * factor)), max(1, int(columns * factor))
        return QRect((room[1] - width) // 2, max(1, (room[0] - height) // 2), width, height)

    def sizeHint(self) -> QSize:
        return QSize(226, 226 + CAPTION_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(58, 58 + CAPTION_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, ratio, place = QPainter(self), self.devicePixelRatioF(), self._place()
        bottom = self.height() - CAPTION_HEIGHT
        if self._pixels is not None and not place.isEmpty():
            painter.save()
            painter.scale(1 / ratio, 1 / ratio)
            shrunk = place.width() < self._pixels.shape[1]
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
            painter.fillRect(place.adjusted(-1, -1, 1, 1), QColor(style.theme().current.line))
            pixels.draw(painter, place.toRectF(), self._pixels, pixels.is_file(painter))
            painter.restore()
            bottom = self.picture_rect().bottom() + 2
        painter.setFont(style.font("caption"))
        painter.setPen(QColor(style.theme().current.quiet))
        painter.drawText(QRect(0, bottom, self.width(), CAPTION_HEIGHT), Qt.AlignmentFlag.AlignCenter, self.caption)
        painter.end()


def _dark() -> bool:
    return style.theme().current.dark
