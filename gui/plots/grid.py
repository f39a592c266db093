"""Where the pictures of a grid lie, in whole device pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect

from gui.plots import pixels


@dataclass(frozen=True)
class Grid:
    """Equal tiles in rows; a tile lies at (left + column × step_x, top + row × step_y). Everything in device pixels."""

    count: int
    columns: int
    left: int
    top: int
    width: int
    height: int
    step_x: int
    step_y: int

    def tile(self, index: int) -> QRect:
        """The picture's rectangle, without the line around it."""
        row, column = divmod(index, self.columns)
        return QRect(self.left + column * self.step_x, self.top + row * self.step_y, self.width, self.height)

    def at(self, point: QPoint) -> int:
        """The tile at a point, or the one whose line or label is there; -1 where there is none."""
        x, y = point.x() - self.left + 1, point.y() - self.top + 1
        column, row = x // self.step_x, y // self.step_y
        index = row * self.columns + column
        return index if x >= 0 and y >= 0 and column < self.columns and index < self.count else -1

    def rows(self, top: int, bottom: int) -> range:
        """The tiles of the rows that a band from top to bottom touches."""
        first = max(0, (top - self.top + 1) // self.step_y)
        last = max(0, (bottom - self.top + 1) // self.step_y + 1)
        return range(min(self.count, first * self.columns), min(self.count, last * self.columns))


def arrange(count: int, columns: int, side: tuple[int, int], room: tuple[int, int], gap: int, label: int) -> Grid:
    """Tiles of (height, width) image pixels as large as whole factors allow in a room of (height, width), centred.

    ``gap`` lies between two tiles (their lines included), ``label`` below each; 1 px for the outer line is kept free.
    """
    rows = math.ceil(count / columns)
    free = ((room[0] - 2 - rows * label - (rows - 1) * gap) // rows, (room[1] - 2 - (columns - 1) * gap) // columns)
    factor = pixels.scale(side, free)
    height, width = max(1, int(side[0] * factor)), max(1, int(side[1] * factor))
    left = (room[1] - columns * (width + gap) + gap) // 2
    top = (room[0] - rows * (height + label + gap) + gap) // 2
    return Grid(count, columns, max(1, left), max(1, top), width, height, width + gap, height + label + gap)


def best_columns(count: int, side: tuple[int, int], room: tuple[int, int], gap: int, label: int) -> int:
    """The number of columns that makes the tiles largest; of equals the one with the fewest empty places."""
    def size(columns: int) -> tuple[int, int]:
        return arrange(count, columns, side, room, gap, label).width, -(-count % columns)
    return max(range(1, count + 1), key=size)
