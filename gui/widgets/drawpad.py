"""A pad to draw on with the mouse, on nothing or on a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine import ownimage
from engine.ownimage import Bytes
from gui import style

SIDE = 280
"""Pixels of a drawing: ten for each of a digit's."""

BRUSH = 8
"""Usual width of a stroke, in hundredths of the side."""


@dataclass
class Stroke:
    """A line through points in units of the side, as wide as ``width`` of it."""

    width: float
    points: list[QPointF] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Ground:
    """What is drawn on from here on: a picture, or nothing."""

    pixels: Bytes | None


class DrawPad(QWidget):
    """Strokes on a picture or on an empty square, each taken back by ``undo``; signal ``changed``.

    Attributes: ``brush``, the width of new strokes in hundredths of the side; ``white_on_black``, what an empty square
    looks like.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.brush = BRUSH
        self.white_on_black = True
        self._steps: list[Stroke | Ground] = []
        self._image = self._painted()
        self._drawing = False
        self.setAccessibleName(self.tr("Drawing"))
        self.setToolTip(self.tr("Draw with the mouse"))
        self.setCursor(Qt.CursorShape.CrossCursor)
        style.theme().changed.connect(self.update)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._steps)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing on the pad."""
        return not self._strokes() and self._ground() is None

    def set_white_on_black(self, white_on_black: bool) -> None:
        """What an empty square looks like; strokes that are there change with it."""
        if white_on_black != self.white_on_black:
            self.white_on_black = white_on_black
            self._repaint()

    def set_picture(self, pixels: Bytes) -> None:
        """Draw on a picture from here on, uint8 (H, W) or (H, W, 3)."""
        self._steps.append(Ground(pixels))
        self._repaint()

    def clear(self) -> None:
        """An empty square; ``undo`` brings back what was there."""
        if not self.is_empty:
            self._steps.append(Ground(None))
            self._repaint()

    def undo(self) -> None:
        """Take back the last stroke, picture or clearing."""
        if self._steps:
            self._steps.pop()
            self._repaint()

    def picture(self) -> Bytes:
        """uint8 (H, W) or (H, W, 3): the picture untouched where nothing was drawn on it, else the square."""
        ground = self._ground()
        if ground is not None and not self._strokes():
            return ground
        return to_pixels(self._image)

    def _ground(self) -> Bytes | None:
        return next((step.pixels for step in reversed(self._steps) if isinstance(step, Ground)), None)

    def _strokes(self) -> list[Stroke]:
        """Those since the last picture or clearing."""
        found: list[Stroke] = []
        for step in self._steps:
            found = [*found, step] if isinstance(step, Stroke) else []
        return found

    def _painted(self) -> QImage:
        """Everything on the pad, square."""
        ground = self._ground()
        if ground is None:
            ground = np.full((SIDE, SIDE), 0 if self.white_on_black else 255, np.uint8)
        squared = ownimage.square(ground)
        image = to_image(squared)
        if len(squared) < SIDE:  # strokes on an enlarged small picture stay as fine as on any other
            image = image.scaled(SIDE, SIDE)
        self._ink = QColor("black" if ownimage.bright_ground(ground) else "white")
        for stroke in self._strokes():
            self._draw(image, stroke)
        return image

    def _draw(self, image: QImage, stroke: Stroke, first: int = 0) -> None:
        """A stroke from one of its points on, piece by piece, so that drawing it again gives the same pixels."""
        side = image.width()
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._ink, stroke.width * side, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for place in range(first, len(stroke.points)):
            if place:
                painter.drawLine(stroke.points[place - 1] * side, stroke.points[place] * side)
            else:
                painter.drawPoint(stroke.points[0] * side)
        painter.end()

    def _repaint(self) -> None:
        self._image = self._painted()
        self.update()
        self.changed.emit()

    def _place(self) -> QRectF:
        """The square in the middle of the widget, with room for its line."""
        side = min(self.width(), self.height()) - 2
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def _go_on(self, event: QMouseEvent) -> None:
        """The stroke at work comes to where the mouse is."""
        place, stroke = self._place(), self._steps[-1]
        assert isinstance(stroke, Stroke)
        stroke.points.append((event.position() - place.topLeft()) / place.width())
        self._draw(self._image, stroke, len(stroke.points) - 1)
        self.update()
        self.changed.emit()

    def sizeHint(self) -> QSize:
        return QSize(SIDE + 2, SIDE + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, place = QPainter(self), self._place()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(place.adjusted(-1, -1, 1, 1), QColor(style.theme().current.outline))
        painter.drawImage(place, self._image)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._place().contains(event.position()):
            self._drawing = True
            self._steps.append(Stroke(self.brush / 100))
            self._go_on(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing:
            self._go_on(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drawing = False


def to_image(pixels: Bytes) -> QImage:
    """uint8 (H, W) or (H, W, 3) -> an image of its own memory."""
    kind = QImage.Format.Format_Grayscale8 if pixels.ndim == 2 else QImage.Format.Format_RGB888
    pixels = np.ascontiguousarray(pixels)
    return QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], kind).copy()


def to_pixels(image: QImage) -> Bytes:
    """An image -> uint8 (H, W) where it is grey, (H, W, 3) in colour, (H, W, 4) with transparency; a copy."""
    if image.isNull():
        return np.zeros((0, 0), np.uint8)
    grey = image.format() == QImage.Format.Format_Grayscale8
    clear = image.hasAlphaChannel()
    channels = 1 if grey else 4 if clear else 3
    if not grey:
        image = image.convertToFormat(QImage.Format.Format_RGBA8888 if clear else QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, :image.width() * channels].reshape(image.height(), image.width(), channels)
    return np.array(pixels[..., 0] if grey else pixels)
