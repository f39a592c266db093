"""A plane of the latent space: decoded tiles on axes, where the chosen image falls, and the codes of many images."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import style
from gui.plots.tiles import TiledImages

LEFT, BOTTOM, TOP, RIGHT = 60, 40, 6, 14
"""Room for the axes around the tiles, in px."""

TICKS = 5
"""At most so many numbers along an axis."""


class PlaneView(QWidget):
    """Tiles of a latent plane with axes in the units of the code.

    Attributes: ``tiles``, ``codes_shown``. Signals: ``clicked`` (tile), ``selected_changed`` (tile, -1 for none).
    """

    clicked = Signal(int)
    selected_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = TiledImages(self)
        self.tiles.setAccessibleName(self.tr("Plane of the latent space"))
        self.codes_shown = False
        self._x = self._y = np.zeros(0)
        self._titles = ("", "")
        self._position = (0.0, 0.0)
        self._scores: np.ndarray = np.zeros((0, 2))
        self._classes: np.ndarray = np.zeros(0, int)
        self._over = _Over(self._paint_over, self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.tiles.clicked.connect(self.clicked)
        self.tiles.selected_changed.connect(self.selected_changed)
        style.theme().changed.connect(self.update)

    def set_plane(self, pictures: np.ndarray, x: np.ndarray, y: np.ndarray, titles: tuple[str, str],
                  position: tuple[float, float]) -> None:
        """Show (rows × columns) pictures, row by row, at ascending ``x`` and descending ``y``; mark ``position``."""
        self._x, self._y, self._titles, self._position = x, y, titles, position
        self.tiles.set_images(pictures, len(x))
        self.update()
        self._over.update()

    def set_codes(self, scores: np.ndarray, classes: np.ndarray | None) -> None:
        """Coordinates (n, 2) of many codes, and their classes."""
        self._scores = scores
        self._classes = np.full(len(scores), -1) if classes is None else classes
        self._over.update()

    def show_codes(self, shown: bool) -> None:
        """Draw the codes over the tiles, or do not."""
        self.codes_shown = shown
        self._over.update()

    def coordinates(self, tile: int) -> tuple[float, float]:
        """Where a tile lies in the plane."""
        row, column = divmod(tile, len(self._x))
        return float(self._x[column]), float(self._y[row])

    def place(self, x: float, y: float) -> QPointF:
        """Coordinates of the plane -> px in this widget; beyond the range too."""
        return QPointF(self._along(x, self._x, 0), self._along(y, self._y, 1))

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The pixels as columns, each with the coordinates of its tile."""
        columns = self.tiles.numbers()
        if not len(self._x):
            return columns
        row, column = np.divmod(columns[0][1], len(self._x))
        return [("x", self._x[column]), ("y", self._y[row]), *columns]

    def _block(self) -> QRect:
        """Where the tiles lie in this widget."""
        first, last = self.tiles.tile_rect(0), self.tiles.tile_rect(len(self.tiles) - 1)
        return first.united(last).translated(self.tiles.pos())

    def _along(self, value: float, steps: np.ndarray, axis: int) -> float:
        """A coordinate -> px along x (0) or y (1): the middle of a tile is at its step."""
        block = self._block()
        start, length = (block.x(), block.width()) if axis == 0 else (block.y(), block.height())
        tile = length / max(1, len(steps))
        if len(steps) < 2:
            return start + tile / 2
        return start + tile / 2 + (value - steps[0]) / (steps[-1] - steps[0]) * (length - tile)

    def _paint_ticks(self, painter: QPainter, block: QRect) -> None:
        """Numbers along both axes, at the middle of tiles."""
        for x, text in ticks(self._x):
            left = round(self.place(x, 0).x())
            painter.drawLine(left, block.bottom() + 2, left, block.bottom() + 5)
            painter.drawText(QRect(left - 30, block.bottom() + 5, 60, 16), Qt.AlignmentFlag.AlignCenter, text)
        for y, text in ticks(self._y) if len(self._y) > 1 else ():
            top = round(self.place(0, y).y())
            painter.drawLine(block.left() - 6, top, block.left() - 3, top)
            painter.drawText(QRect(block.left() - 60, top - 8, 51, 16),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_titles(self, painter: QPainter, block: QRect) -> None:
        painter.setPen(QColor(style.theme().current.text))
        painter.drawText(QRect(0, block.bottom() + 21, 2 * block.center().x(), 18), Qt.AlignmentFlag.AlignCenter,
                         self._titles[0])
        if len(self._y) > 1:
            painter.translate(block.left() - LEFT, block.center().y())
            painter.rotate(-90)
            painter.drawText(QRect(-block.height(), 0, 2 * block.height(), 16), Qt.AlignmentFlag.AlignCenter,
                             self._titles[1])

    def _paint_over(self, painter: QPainter) -> None:
        """The codes, and a ring where the chosen image falls; on the edge when it lies beyond."""
        if not len(self.tiles):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        block = self._block()
        if self.codes_shown:
            painter.setClipRect(block)
            self._paint_codes(painter)
            painter.setClipping(False)
        place = self.place(*self._position)
        inside = QPointF(min(max(place.x(), block.left()), block.right()),
                         min(max(place.y(), block.top()), block.bottom()))
        for color, width in (("#000000", 5.0), ("#ffffff", 3.0), (style.theme().current.accent, 1.5)):
            painter.setPen(QPen(QColor(color), width))
            painter.drawEllipse(inside, 7.0, 7.0)

    def _paint_codes(self, painter: QPainter) -> None:
        """A dot for each code, in the colour of its class, with a dark rim."""
        colors = style.theme().current.classes
        places = [self.place(x, y) for x, y in self._scores.tolist()]
        for width, rim in ((6.0, True), (4.0, False)):
            for label in np.unique(self._classes).tolist():
                color = "#202020" if rim else colors[label % len(colors)] if label >= 0 else "#ffffff"
                painter.setPen(QPen(QColor(color), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawPoints([places[i] for i in np.flatnonzero(self._classes == label)])

    def sizeHint(self) -> QSize:
        return QSize(520, 500)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEFT + RIGHT + 140, TOP + BOTTOM + 140)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.tiles.setGeometry(LEFT, TOP, max(1, self.width() - LEFT - RIGHT), max(1, self.height() - TOP - BOTTOM))
        self._over.setGeometry(self.rect())
        self._over.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self.tiles):
            return
        painter = QPainter(self)
        painter.setFont(style.font("caption"))
        painter.setPen(QColor(style.theme().current.quiet))
        block = self._block()
        self._paint_ticks(painter, block)
        self._paint_titles(painter, block)
        painter.end()


class _Over(QWidget):
    """A pane of glass over the tiles."""

    def __init__(self, paint: Callable[[QPainter], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._paint = paint
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint(painter)
        painter.end()


def ticks(steps: Sequence[float] | np.ndarray) -> list[tuple[float, str]]:
    """Up to TICKS of the steps, first and last among them, with as many decimals as tell them apart."""
    count = min(TICKS, len(steps))
    chosen = [float(steps[round(i)]) for i in np.linspace(0, len(steps) - 1, count)]
    gap = abs(chosen[-1] - chosen[0]) / max(1, count - 1)
    decimals = max(0, 1 - math.floor(math.log10(gap))) if gap > 0 else 1
    return [(value, f"{value:.{min(decimals, 6)}f}".replace("-", "−")) for value in chosen]
