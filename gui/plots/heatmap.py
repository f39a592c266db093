"""A confusion matrix as a heat map: counts, and shares of each row; a click chooses a cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from gui import style
from gui.plots.menu import Menu

LEAST_CELL = 26
SHARE_FROM = 46
"""Cells of at least so many pixels also say their share."""
NAME_ROOM = 84
HEAD_ROOM = 40


class ConfusionMap(QWidget):
    """Rows are true classes, columns predicted ones.

    Attributes: ``chosen``, (row, column) or None; ``on_end``, whether the names above the columns are turned. Signal
    ``clicked`` (row, column).
    """

    clicked = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.counts = np.zeros((0, 0), dtype=np.int64)
        self.names: tuple[str, ...] = ()
        self.chosen: tuple[int, int] | None = None
        self.on_end = False
        self._head, self._side = HEAD_ROOM, 0
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(self.tr("Rows: true class, columns: predicted class. A click shows the images of a cell."))
        Menu(self, name)
        style.theme().changed.connect(self.update)

    def show_counts(self, counts: np.ndarray, names: Sequence[str]) -> None:
        """Show (K, K) counts, rows true and columns predicted, with the K names of the classes."""
        if counts.shape != (len(names), len(names)):
            raise ValueError(f"counts are {counts.shape} for {len(names)} classes")
        self.counts, self.names = counts.astype(np.int64), tuple(names)
        if self.chosen is not None and max(self.chosen) >= len(names):
            self.chosen = None
        self._measure()
        self.updateGeometry()
        self.update()

    def select(self, cell: tuple[int, int] | None) -> None:
        """Outline a cell."""
        self.chosen = cell
        self.update()

    @property
    def shares(self) -> np.ndarray:
        """(K, K) in [0, 1]: counts over the sum of their row; 0 for a class without images."""
        sums = self.counts.sum(axis=1, keepdims=True)
        return np.divide(self.counts, sums, out=np.zeros(self.counts.shape), where=sums > 0)

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The true class, then one column of counts for each predicted class."""
        return [("true class", np.array(self.names)), *(
            (f"predicted {name}", self.counts[:, column]) for column, name in enumerate(self.names))]

    def _across(self, head: int) -> int:
        """Side of a cell below a head of this height."""
        if not self.names:
            return 0
        across = (self.width() - NAME_ROOM) // len(self.names)
        return max(1, min(across, (self.height() - head) // len(self.names)))

    def _measure(self) -> None:
        """How large the cells are; names above them stand on end where a word is wider than a column."""
        metrics = QFontMetrics(style.font("caption"))
        widest = max((metrics.horizontalAdvance(word) for name in self.names for word in _words(name)), default=0)
        self.on_end = widest > self._across(HEAD_ROOM) - 2
        self._head = NAME_ROOM if self.on_end else HEAD_ROOM
        self._side = self._across(self._head)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def cell_rect(self, row: int, column: int) -> QRect:
        """Where a cell is."""
        side, head = self._side, self._head
        return QRect(NAME_ROOM + column * side, head + row * side, side, side)

    def cell_at(self, x: int, y: int) -> tuple[int, int] | None:
        """The cell at a place; None outside."""
        if not self.names:
            return None
        row, column = (y - self._head) // self._side, (x - NAME_ROOM) // self._side
        inside = 0 <= row < len(self.names) and 0 <= column < len(self.names)
        return (row, column) if inside else None

    def sizeHint(self) -> QSize:
        side = max(1, len(self.names)) * 40
        return QSize(NAME_ROOM + side, HEAD_ROOM + side)

    def minimumSizeHint(self) -> QSize:
        side = max(1, len(self.names)) * LEAST_CELL
        return QSize(NAME_ROOM + side, NAME_ROOM + side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(style.font("caption"))
        self._paint_names(painter)
        shares = self.shares
        for row in range(len(self.names)):
            for column in range(len(self.names)):
                self._paint_cell(painter, row, column, float(shares[row, column]))
        if self.chosen is not None:
            painter.setPen(QPen(QColor(style.theme().current.accent), 2))
            painter.drawRect(self.cell_rect(*self.chosen).adjusted(1, 1, -1, -1))

    def _paint_names(self, painter: QPainter) -> None:
        """True classes at the left, predicted ones above, both in full or elided."""
        painter.setPen(QColor(style.theme().current.quiet))
        metrics = painter.fontMetrics()
        for number, name in enumerate(self.names):
            row = self.cell_rect(number, 0)
            place = QRect(0, row.top(), NAME_ROOM - style.S, row.height())
            text = metrics.elidedText(name, Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
            self._paint_heading(painter, name, self.cell_rect(0, number))

    def _paint_heading(self, painter: QPainter, name: str, cell: QRect) -> None:
        """A predicted class above its column."""
        painter.save()
        painter.translate(cell.left(), cell.top() - style.XS)
        if self.on_end:
            painter.rotate(-90)
            place = QRect(0, 0, self._head - style.S, cell.width())
            sides = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, place.width())
        else:
            place, text = QRect(0, -self._head, cell.width(), self._head), "\n".join(_words(name))
            sides = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        painter.drawText(place, sides, text)
        painter.restore()

    def _paint_cell(self, painter: QPainter, row: int, column: int, share: float) -> None:
        theme, place = style.theme().current, self.cell_rect(row, column)
        end = theme.accent if row == column else theme.bad
        colour = style.mixed(theme.surface, end, share**0.5)  # the square root keeps small shares visible
        painter.fillRect(place.adjusted(0, 0, -1, -1), QColor(colour))
        count = int(self.counts[row, column])
        if not count:
            return
        dark_text = style.contrast(theme.text, colour) >= style.contrast(theme.surface, colour)
        painter.setPen(QColor(theme.text if dark_text else theme.surface))
        text = f"{count:,}" if self._side < SHARE_FROM else f"{count:,}\n{share:.0%}"
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def describe(self, row: int, column: int) -> str:
        """'Shirt taken for T-shirt: 138 of 1,000 (13.8 %)'."""
        total = int(self.counts[row].sum())
        share = float(self.shares[row, column])
        text = self.tr("{name}, right: {count} of {total} ({share} %)") if row == column else self.tr(
            "{name} taken for {other}: {count} of {total} ({share} %)")
        return text.format(name=self.names[row], other=self.names[column], count=f"{self.counts[row, column]:,}",
                           total=f"{total:,}", share=f"{100 * share:.1f}")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cell = self.cell_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), self.describe(*cell) if cell else self.toolTip(), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(int(event.position().x()), int(event.position().y()))
        if event.button() == Qt.MouseButton.LeftButton and cell is not None:
            self._choose(*cell)

    def _choose(self, row: int, column: int) -> None:
        self.select((row, column))
        self.setAccessibleDescription(self.describe(row, column))
        self.clicked.emit(row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        move = moves.get(Qt.Key(event.key()))
        if move is None or not self.names:
            super().keyPressEvent(event)
            return
        row, column = self.chosen or (0, 0)
        most = len(self.names) - 1
        self._choose(max(0, min(most, row + move[0])), max(0, min(most, column + move[1])))


def _words(name: str) -> list[str]:
    """A name on up to two lines above a column."""
    return name.replace("/", " ").split(maxsplit=1)
