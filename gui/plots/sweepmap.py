"""A sweep over two fields as a heat map that fills while it is trained, with the reconstruction of each cell."""

from __future__ import annotations

import math
from collections.abc import Container

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import style
from gui.plots import keys, pixels
from gui.plots.menu import Menu
from gui.plots.sweepaxes import Lines, paint_axes, paint_bar, paint_contours
from gui.plots.sweepcells import Cell, MapCells, nothing
from gui.plots.sweepcontours import contours
from gui.plots.sweeppaint import CellPainter, Look, MapImage
from gui.plots.sweepplaces import BAR_GAP, BAR_TEXT, HEAD, Places, arrange
from gui.plots.sweepscale import LossScale, fitted
from gui.plots.sweepsigns import meanings, paint_meanings, paint_star

__all__ = ["MapCells", "SweepMap"]

_MOVES = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (1, 0), Qt.Key.Key_Down: (-1, 0)}
_KEYS = keys.ARROWS | keys.CHOOSE


class SweepMap(QWidget):
    """The lowest y below, the lowest x at the left, every cell of one size; the lowest loss stands out most.

    Attributes: ``chosen``, the outlined cell, (row, column) or None; ``tiled``, whether cells show their picture in a
    frame of the loss's colour; ``contours``, whether lines of equal loss are drawn.

    Signals:
        clicked(int, int): a cell was clicked, or chosen with Enter: row, column.
        hovered(object): the mouse, or an arrow key, came to another cell: (row, column); None when the mouse left.
    """

    clicked = Signal(int, int)
    hovered = Signal(object)

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        """``name`` is what a file of it is called at first."""
        super().__init__(parent)
        self.chosen: Cell | None = None
        self.tiled = self.contours = False
        self._cells, self._image = nothing(), MapImage()
        self._scale: LossScale | None = None
        self._places: Places | None = None
        self._look: Look | None = None
        self._lines: Lines | None = None
        self._hovered: Cell | None = None
        name = name or self.tr("Losses of the sweep")
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        Menu(self, name)
        style.theme().changed.connect(self._recolour)

    def show_cells(self, cells: MapCells) -> None:
        """Show these in place; of the picture only what changed is painted again."""
        before, self._cells = self._cells, cells
        filling = _axes(before) == _axes(cells) and not cells.complete
        self._scale = fitted(cells.logs, self._scale if filling else None)
        if _axes(before) != _axes(cells):
            self.updateGeometry()
            self._hover(None)
            if self.chosen is not None and not cells.has(self.chosen):
                self.chosen = None
        if _axes(before) != _axes(cells) or before.picture_side != cells.picture_side:
            self._places = None
        self._look = self._lines = None
        self._say()
        self.update()

    def select(self, cell: Cell | None) -> None:
        """Outline a cell; None, or one that there is not, for none."""
        cell = cell if cell is not None and self._cells.has(cell) else None
        if cell != self.chosen:
            self.chosen = cell
            self._say()
            self.update()

    def set_tiled(self, tiled: bool) -> None:
        """Show the picture of each cell, or only its colour."""
        self.tiled = tiled
        self._forget()

    def set_contours(self, contours: bool) -> None:
        """Draw lines of equal loss, or none."""
        self.contours = contours
        self.update()

    def describe(self, row: int, column: int) -> str:
        """'Learning rate 0.95, momentum 0.95: 0.0247 (validation loss, mean of 3 seeds ± 0.0004)'."""
        return self._cells.describe(row, column)

    def numbers(self) -> list[tuple[str, NDArray[np.generic]]]:
        """One row a cell, the lowest values first."""
        return self._cells.numbers()

    @property
    def scale(self) -> LossScale | None:
        """The losses that the colours stand for; None before the first one."""
        return self._scale

    @property
    def lines(self) -> Lines:
        """The contour lines: four to six round losses, each with its polylines of (row, column)."""
        if self._lines is None:
            levels = [] if self._scale is None else self._scale.levels()
            self._lines = [(loss, contours(self._cells.logs, math.log10(loss))) for loss in levels]
        return self._lines

    @property
    def painted(self) -> int:
        """How many cells were painted anew when the map was last shown otherwise."""
        return self._image.painted

    def cell_rect(self, row: int, column: int) -> QRect:
        """Where a cell is."""
        return self._laid().cell(row, column)

    def cell_at(self, x: int, y: int) -> Cell | None:
        """The cell at a place; None outside."""
        return self._laid().at(x, y)

    def _laid(self) -> Places:
        if self._places is None:
            self._places = arrange(self._cells, self.size(), self.tiled, QFontMetrics(style.font("caption")))
        return self._places

    def _forget(self) -> None:
        """Everything lies elsewhere now."""
        self._places = self._look = None
        self.update()

    @Slot()
    def _recolour(self) -> None:
        """Take the colours of the theme."""
        self._look = None
        self.update()

    def _say(self) -> None:
        """Tell the chosen cell to those who do not see it."""
        self.setAccessibleDescription(self.describe(*self.chosen) if self.chosen is not None else "")

    def _looks(self, unit: float) -> Look:
        """How the cells look on so many dots a px."""
        if self._look is None or self._look.unit != unit:
            scale = self._scale or LossScale()
            self._look = Look(self._cells, scale.colours(self._cells.logs), self._laid(), self.tiled,
                              style.theme().current, unit)
        return self._look

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._forget()

    def paintEvent(self, event: QPaintEvent) -> None:
        if 0 in self._cells.shape:
            return
        painter, places, theme = QPainter(self), self._laid(), style.theme().current
        painter.setFont(style.font("caption"))
        self._paint_cells(painter, places)
        if self.contours:
            paint_contours(painter, self.lines, places)
        if self._cells.best is not None:
            paint_star(painter, places.cell(*self._cells.best), self._cells.best in self._pictured, theme)
        paint_axes(painter, self._cells, places)
        paint_bar(painter, self._cells.measure, self._scale, places)
        self._paint_meanings(painter, places)
        if self._hovered is not None:
            _outline(painter, places.cell(*self._hovered), theme.text, 1)
        if self.chosen is not None:
            _outline(painter, places.cell(*self.chosen), theme.accent, 3 if self.hasFocus() else 2)

    @property
    def _pictured(self) -> Container[Cell]:
        """The cells whose picture is shown."""
        return self._cells.pictures if self.tiled else ()

    def _paint_cells(self, painter: QPainter, places: Places) -> None:
        """As one picture, dot for dot; in a file the cells one by one, so that they stay crisp there."""
        if pixels.is_file(painter):
            look = self._looks(1)
            CellPainter(painter, look, QPoint()).paint(look.everything())
            return
        unit = painter.deviceTransform().m11()
        painter.drawImage(places.map.topLeft(), self._image.of(self._looks(unit)))

    def _paint_meanings(self, painter: QPainter, places: Places) -> None:
        """Between the name of the y axis and that of the colours."""
        metrics = painter.fontMetrics()
        left = places.map.left() + metrics.horizontalAdvance(self._cells.y_name) + style.L
        right = places.bar.right() + BAR_GAP + BAR_TEXT - metrics.horizontalAdvance(self._cells.measure) - style.L
        right = min(right, places.map.right())
        paint_meanings(painter, meanings(self._cells), QRect(left, 0, max(0, right - left), HEAD - style.XS))

    def _hover(self, cell: Cell | None) -> None:
        if cell != self._hovered:
            self._hovered = cell
            self.update()
            self.hovered.emit(cell)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos().x(), event.pos().y())
            if cell is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.describe(*cell), self, self.cell_rect(*cell))
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._forget()
        return (0 not in self._cells.shape and keys.kept(event, _KEYS)) or super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(int(event.position().x()), int(event.position().y()))
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self.select(cell)
            self.clicked.emit(*cell)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.cell_at(int(event.position().x()), int(event.position().y())))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if 0 in self._cells.shape or not keys.pressed(event, _KEYS):
            super().keyPressEvent(event)
        elif event.key() in keys.CHOOSE:
            if self.chosen is not None:
                self.clicked.emit(*self.chosen)
        else:
            self._move(*_MOVES[Qt.Key(event.key())])

    def _move(self, up: int, right: int) -> None:
        """Move the choice by a cell; it begins at the best one, and stops at the edges."""
        rows, columns = self._cells.shape
        if self.chosen is None:
            self.select(self._cells.best or (0, 0))
        else:
            row, column = self.chosen
            self.select((max(0, min(rows - 1, row + up)), max(0, min(columns - 1, column + right))))
        self._hover(self.chosen)


def _axes(cells: MapCells) -> tuple[object, ...]:
    """What makes a map another one, and not one that filled further."""
    return cells.x_name, cells.y_name, cells.x_ticks, cells.y_ticks


def _outline(painter: QPainter, cell: QRect, colour: str, width: int) -> None:
    """A line of ``width`` px within a cell, set off from its colour."""
    half = width // 2
    for pen_width, tone, inset in ((1, style.theme().current.surface, width), (width, colour, half)):
        pen = QPen(QColor(tone), pen_width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(cell.adjusted(inset, inset, -inset - 1, -inset - 1))
