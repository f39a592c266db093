"""Where everything in the map of a sweep lies: equal cells, texts beside them, and the bar of colours. In px."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRect, QSize
from PySide6.QtGui import QFontMetrics

from gui import style
from gui.plots.sweepcells import Cell, MapCells

HEAD = 24
"""Room above the map: the name of the y axis, the signs, and what the colours are."""
TICK_ROW, NAME_ROW = 18, 18
"""Room below it: the values of x, and what they are."""
BAR, BAR_TEXT = 12, 44
"""Width of the bar of colours, and of its texts, fixed, so that nothing moves while the map fills."""
BAR_TICK, BAR_GAP = 3, 8
"""Length of the lines beside the bar, and how far from it its texts begin."""
TICK_GAP = style.S
"""Least distance between two texts of an axis."""
WIDEST_TEXT = 160
"""A longer value beside a row is cut off."""
FRAME = 2
"""Least width of the loss's colour around a picture."""


@dataclass(frozen=True)
class Places:
    """``width`` and ``height`` are of one cell; the first row lies at the bottom."""

    rows: int
    columns: int
    left: int
    top: int
    width: int
    height: int

    @property
    def map(self) -> QRect:
        """All cells."""
        return QRect(self.left, self.top, self.columns * self.width, self.rows * self.height)

    @property
    def bar(self) -> QRect:
        """The bar of colours beside them."""
        return QRect(self.left + self.columns * self.width + style.L, self.top, BAR, self.rows * self.height)

    def cell(self, row: int, column: int) -> QRect:
        """Where a cell is."""
        return QRect(self.left + column * self.width, self.top + (self.rows - 1 - row) * self.height,
                     self.width, self.height)

    def at(self, x: int, y: int) -> Cell | None:
        """The cell at a place; None outside."""
        if not self.map.contains(x, y):
            return None
        return self.rows - 1 - (y - self.top) // self.height, (x - self.left) // self.width

    def centre(self, row: float, column: float) -> QPointF:
        """Where a place between the centres of the cells is; (0, 0) is the centre of the first cell."""
        return QPointF(self.left + (column + 0.5) * self.width, self.top + (self.rows - 0.5 - row) * self.height)


def arrange(cells: MapCells, room: QSize, tiled: bool, metrics: QFontMetrics) -> Places:
    """Cells that fill what is left of a room; ``tiled`` ones are shaped like the pictures, and stand in its middle."""
    rows, columns = cells.shape
    texts = text_room(cells, metrics) + style.S
    beside = texts + style.L + BAR + BAR_GAP + BAR_TEXT
    width = max(1, (room.width() - beside) // max(1, columns))
    height = max(1, (room.height() - HEAD - TICK_ROW - NAME_ROW - style.XS) // max(1, rows))
    left = texts
    if tiled:
        tall, wide = cells.picture_side
        share = min((width - 2 * FRAME) / wide, (height - 2 * FRAME) / tall)
        width = max(1, min(width, round(share * wide) + 2 * FRAME))
        height = max(1, min(height, round(share * tall) + 2 * FRAME))
        left += max(0, room.width() - beside - columns * width) // 2
    return Places(rows, columns, left, HEAD, width, height)


def text_room(cells: MapCells, metrics: QFontMetrics) -> int:
    """Width of the values beside the rows."""
    return min(WIDEST_TEXT, max((metrics.horizontalAdvance(text) for text in cells.y_ticks), default=0))


def thinned(lengths: Sequence[float], step: float, gap: float = TICK_GAP) -> list[int]:
    """Which texts of these lengths, centred ``step`` px apart, are shown so that none comes nearer than ``gap``.

    Every second, third, …; rather one more left out where that shows both ends.
    """
    count = len(lengths)
    strides = [stride for stride in range(1, count + 1) if _fits(lengths, step, gap, stride)]
    if count < 2 or not strides:
        return list(range(count))[:1]
    both = [stride for stride in strides if (count - 1) % stride == 0 and stride <= 1.5 * strides[0]]
    return list(range(0, count, (both or strides)[0]))


def _fits(lengths: Sequence[float], step: float, gap: float, stride: int) -> bool:
    """Whether every ``stride``-th text has its room."""
    shown = lengths[::stride]
    return all((one + other) / 2 + gap <= stride * step for one, other in pairwise(shown))
