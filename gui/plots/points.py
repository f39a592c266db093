"""A few points of a fixed size in pixels, drawn as shapes: pyqtgraph's are pictures, which look coarse in print."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QBrush, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from gui.plots.buckets import Floats


class Points(pg.GraphicsObject):
    """Points at (x, y) of the plot; ``symbol`` is 'o' (circle), 's' (square) or 'd' (diamond), ``size`` in px."""

    def __init__(self, symbol: str = "o", size: float = 5) -> None:
        super().__init__()
        self.symbol, self.size = symbol, size
        self.pen, self.brush = pg.mkPen(None), pg.mkBrush("k")
        self.x_values: Floats = np.empty(0)
        self.y_values: Floats = np.empty(0)

    def set_points(self, x: Floats, y: Floats) -> None:
        """Draw these points (n,), (n,)."""
        self.prepareGeometryChange()
        self.x_values, self.y_values = np.asarray(x), np.asarray(y)
        self.update()

    def set_colours(self, pen: QPen, brush: QBrush) -> None:
        """Draw with this outline and fill."""
        self.pen, self.brush = pen, brush
        self.update()

    def _radii(self) -> tuple[float, float]:
        """Half the size in units of the plot; nothing before it has a size."""
        width, height = self.pixelVectors()
        if width is None or height is None:
            return 0.0, 0.0
        return width.length() * self.size / 2, height.length() * self.size / 2

    def boundingRect(self) -> QRectF:
        if not len(self.x_values):
            return QRectF()
        across, up = (2 * radius for radius in self._radii())
        left, low = float(self.x_values.min()) - across, float(self.y_values.min()) - up
        return QRectF(left, low, float(self.x_values.max()) + across - left, float(self.y_values.max()) + up - low)

    def viewTransformChanged(self) -> None:
        self.prepareGeometryChange()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self.pen)
        painter.setBrush(self.brush)
        across, up = self._radii()
        for x, y in zip(self.x_values.tolist(), self.y_values.tolist(), strict=True):
            if self.symbol == "d":
                painter.drawPolygon(QPolygonF([QPointF(x - across, y), QPointF(x, y + up), QPointF(x + across, y),
                                               QPointF(x, y - up)]))
            elif self.symbol == "s":
                painter.drawRect(QRectF(x - across, y - up, 2 * across, 2 * up))
            else:
                painter.drawEllipse(QPointF(x, y), across, up)
