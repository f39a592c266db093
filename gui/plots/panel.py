"""Rows of pictures as printed in a report: a heading at the left, a label below each, sizes mixed, gaps allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import style
from gui.plots import pixels
from gui.plots.menu import Menu

LARGEST, SMALLEST = 114, 30
"""Side of the room of a picture, in px."""
GAP = 10
LINE = 16
WIDEST_HEADING = 170


@dataclass(frozen=True, eq=False)
class Row:
    """Pictures, uint8 (H, W) or (H, W, 3), None for a gap; with no label, or one for each, of one line or two."""

    heading: str
    pictures: tuple[np.ndarray | None, ...]
    labels: tuple[str, ...] = ()

    @property
    def lines(self) -> int:
        """Lines below the pictures."""
        return max((label.count("\n") + 1 for label in self.labels if label), default=0)


class Panel(QWidget):
    """Pictures enlarged by whole numbers, never smoothed; as high as the width makes it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()
        self._drawn: list[list[np.ndarray | None]] = []
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        Menu(self, name)
        style.theme().changed.connect(self.update)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows in place of those before. Raises ValueError for what is no picture."""
        drawn = [[None if picture is None else pixels.rgb32(picture[None])[0] for picture in row.pictures]
                 for row in rows]
        self.rows, self._drawn = tuple(rows), drawn
        self.updateGeometry()
        self.update()

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The values of each picture, row by row, as a column."""
        return [(f"{row.heading} {place + 1}".strip(), picture.ravel()) for row in self.rows
                for place, picture in enumerate(row.pictures) if picture is not None]

    def picture_rect(self, row: int, column: int) -> QRect:
        """The room of a picture, in px."""
        side = self._side(self.width())
        top = sum(side + LINE * it.lines + GAP for it in self.rows[:row])
        return QRect(self._left() + column * (side + GAP), top + 1, side, side)

    def _left(self) -> int:
        """Room for the headings."""
        metrics = QFontMetrics(style.font("caption"))
        widest = max((metrics.horizontalAdvance(row.heading) for row in self.rows), default=0)
        return min(widest + 4, WIDEST_HEADING) + GAP if widest else 1

    def _side(self, width: int) -> int:
        columns = max((len(row.pictures) for row in self.rows), default=1) or 1
        return max(SMALLEST, min(LARGEST, (width - self._left() - 2) // columns - GAP))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        side = self._side(width)
        return sum(side + LINE * row.lines + GAP for row in self.rows) + 2

    def sizeHint(self) -> QSize:
        return QSize(640, self.heightForWidth(640))

    def minimumSizeHint(self) -> QSize:
        columns = max((len(row.pictures) for row in self.rows), default=1)
        return QSize(self._left() + columns * (SMALLEST + GAP), 40)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        in_file, quiet = pixels.is_file(painter), QColor(style.theme().current.quiet)
        painter.setFont(style.font("caption"))
        painter.setPen(quiet)
        for number, row in enumerate(self.rows):
            place = self.picture_rect(number, 0)
            heading = QRect(0, place.top(), self._left() - GAP, place.height())
            painter.drawText(heading, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, row.heading)
            for column, picture in enumerate(self._drawn[number]):
                if picture is not None:
                    self._paint(painter, self.picture_rect(number, column), picture, in_file)
            self._paint_labels(painter, number, row)
        painter.end()

    def _paint(self, painter: QPainter, room: QRect, picture: np.ndarray, in_file: bool) -> None:
        """A picture in the middle of its room, 1 px line around it."""
        ratio = self.devicePixelRatioF()
        height, width = picture.shape
        factor = pixels.scale((height, width), (int(room.height() * ratio), int(room.width() * ratio))) / ratio
        place = QRectF(0, 0, width * factor, height * factor)
        place.moveCenter(room.toRectF().center())
        place.moveTo(round(place.x()), round(place.y()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, factor < 1)
        painter.fillRect(place.adjusted(-1, -1, 1, 1), QColor(style.theme().current.line))
        pixels.draw(painter, place, picture, in_file)

    def _paint_labels(self, painter: QPainter, number: int, row: Row) -> None:
        for column, label in enumerate(row.labels):
            room = self.picture_rect(number, column)
            place = QRect(room.left() - GAP // 2, room.bottom() + 2, room.width() + GAP, LINE * row.lines)
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, label)
