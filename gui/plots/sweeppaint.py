"""The cells of a sweep's map as one picture, of which only what changed is painted again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.answers import Pictures
from gui import style
from gui.plots import pixels
from gui.plots.sweepcells import Cell, MapCells
from gui.plots.sweepplaces import FRAME, Places
from gui.plots.sweepscale import table
from gui.plots.sweepsigns import paint_dot, paint_empty


@dataclass(frozen=True, eq=False)
class Look:
    """How the cells look now: ``colours`` (rows, columns) are entries of the colour map, -1 for none."""

    cells: MapCells
    colours: NDArray[np.int64]
    places: Places
    tiled: bool
    theme: style.Tokens
    unit: float
    """Dots a px of what is painted on."""

    def like(self, other: Look) -> bool:
        """Whether cells of the same kind lie at the same places."""
        same = self.places == other.places and self.tiled == other.tiled and self.unit == other.unit
        return same and self.theme == other.theme and self.cells.picture_side == other.cells.picture_side

    def changed(self, before: Look) -> list[Cell]:
        """The cells that look otherwise than in a look that is ``like`` this one."""
        differs = (self.colours != before.colours) | (self.cells.marks != before.cells.marks)
        if self.tiled:
            pictures, others = self.cells.pictures, before.cells.pictures
            for cell in pictures.keys() | others.keys():
                if not _same(pictures.get(cell), others.get(cell)):
                    differs[cell] = True
        return [(int(row), int(column)) for row, column in zip(*np.nonzero(differs), strict=True)]

    def everything(self) -> list[Cell]:
        """All cells."""
        return list(np.ndindex(*self.cells.shape))


class MapImage:
    """The picture of all cells. Attribute ``painted``: how many cells were painted last."""

    def __init__(self) -> None:
        self.painted = 0
        self._image = QImage()
        self._look: Look | None = None

    def of(self, look: Look) -> QImage:
        """The cells as they look now; valid until the next call."""
        if look is self._look:
            return self._image
        if self._look is not None and look.like(self._look):
            cells = look.changed(self._look)
        else:
            cells, size = look.everything(), look.places.map.size()
            self._image = QImage(round(size.width() * look.unit), round(size.height() * look.unit),
                                 QImage.Format.Format_RGB32)
            self._image.fill(QColor(look.theme.surface))
        self._look, self.painted = look, len(cells)
        if cells:
            self._image.setDevicePixelRatio(1)  # cells are painted in dots
            painter = QPainter(self._image)
            CellPainter(painter, look, look.places.map.topLeft()).paint(cells)
            painter.end()
        self._image.setDevicePixelRatio(look.unit)
        return self._image


class CellPainter:
    """Paints cells in whole dots of the picture, or of the file, that a painter paints on."""

    def __init__(self, painter: QPainter, look: Look, origin: QPoint) -> None:
        """``origin`` is where dots are counted from, in px of the widget."""
        self._painter, self._look, self._origin = painter, look, origin
        self._colours = table().tolist()
        self._in_file = pixels.is_file(painter)

    def paint(self, cells: Iterable[Cell]) -> None:
        """Each cell: the colour of its loss, or the sign of why it has none, its picture, and whether it is trained."""
        look = self._look
        for cell in cells:
            place, mark = self._place(*cell), str(look.cells.marks[cell])
            entry = int(look.colours[cell])
            if entry >= 0:
                self._painter.fillRect(place, QColor(*self._colours[entry]))
            else:
                paint_empty(self._painter, place, mark, look.theme, look.unit)
            picture = look.cells.pictures.get(cell) if look.tiled else None
            if picture is not None and mark not in ("failed", "impossible"):
                self._picture(place, picture)
            if mark == "running":
                paint_dot(self._painter, place, picture is not None, look.theme, look.unit)

    def _place(self, row: int, column: int) -> QRect:
        """Where a cell is, in dots."""
        rect, unit = self._look.places.cell(row, column).translated(-self._origin), self._look.unit
        left, top = round(rect.left() * unit), round(rect.top() * unit)
        return QRect(left, top, round((rect.right() + 1) * unit) - left, round((rect.bottom() + 1) * unit) - top)

    def _picture(self, place: QRect, picture: Pictures) -> None:
        """A picture within the frame of its loss, enlarged by a whole number where it is not shrunk."""
        edge = max(1, round(FRAME * self._look.unit))
        side = (picture.shape[0], picture.shape[1])
        factor = pixels.scale(side, (place.height() - 2 * edge, place.width() - 2 * edge))
        if factor <= 0:
            return
        high, wide = max(1, round(factor * side[0])), max(1, round(factor * side[1]))
        left, top = place.left() + (place.width() - wide) // 2, place.top() + (place.height() - high) // 2
        self._painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, factor < 1)
        colours = pixels.rgb32(picture[None])[0]
        pixels.draw(self._painter, QRectF(left, top, wide, high), colours, self._in_file)


def _same(one: Pictures | None, other: Pictures | None) -> bool:
    """Whether two pictures, or none, are alike."""
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
