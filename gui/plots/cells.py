"""Where the cells of a gallery lie: as many columns as fit, of pictures enlarged by whole numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QSize, QSizeF

from gui import style
from gui.plots import pixels

PICTURE_SIDE = 84
"""Pictures are enlarged by whole pixels up to about this side, in px."""

CAPTION_HEIGHT = 20
"""Room below a cell for its caption, in px."""

PADDING = style.S
"""Room around the pictures of a cell, in px."""


@dataclass(frozen=True)
class Cells:
    """Where the cells lie: ``picture`` is the size of one of them, ``step`` leads from cell to cell. In px."""

    picture: QSizeF
    columns: int
    cell: QSize
    step: QSize
    left: int

    @property
    def used(self) -> int:
        """Width that the cells take without the room between them."""
        return self.columns * self.cell.width()


def arrange(side: tuple[int, int], width: int, ratio: float, pictures: int = 3) -> Cells:
    """Cells of so many pictures of (height, width) pixels in a room of this width, at ``ratio`` device pixels a px.

    Of the whole factors around PICTURE_SIDE the one that fills the width best, the larger in doubt.
    """
    near = max(1, round(PICTURE_SIDE * ratio / max(side)))
    choices = [_cells(side, width, factor / ratio, pictures) for factor in (near - 1, near, near + 1) if factor > 0]
    fitting = [cells for cells in choices if cells.used <= width]
    if not fitting:
        room = int(max(1, width - 2 * PADDING - pictures - 1) / pictures * ratio)
        return _cells(side, width, pixels.scale(side, (room, room)) / ratio, pictures)
    return max(fitting, key=lambda cells: cells.used / width + 0.1 * math.log2(cells.picture.width()))


def _cells(side: tuple[int, int], width: int, factor: float, pictures: int) -> Cells:
    """As many columns of pictures ``factor`` times as large as fit; spare room goes between and beside them."""
    picture = QSizeF(side[1] * factor, side[0] * factor)
    cell = QSize(math.ceil(pictures * picture.width()) + pictures + 1 + 2 * PADDING,
                 math.ceil(picture.height()) + 2 + CAPTION_HEIGHT + PADDING + PADDING // 2)
    columns = max(1, width // cell.width())
    spare = max(0, min((width - columns * cell.width()) // columns, 3 * PADDING))
    step = QSize(cell.width() + spare, cell.height())
    return Cells(picture, columns, cell, step, max(0, (width - columns * step.width() + spare) // 2))
