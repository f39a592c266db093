"""The line above a plot that names its curves and, while the mouse is over them, says their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import style

_SAMPLE = 16
_VALUE_ROOM = "0.000000"


@dataclass(frozen=True)
class Entry:
    """One curve: how it is drawn, its name, and its value (empty: none to show)."""

    name: str
    colour: str = ""
    dash: Qt.PenStyle = Qt.PenStyle.SolidLine
    value: str = ""
    room: str = _VALUE_ROOM
    """The widest value, which keeps the others in place."""


class Legend(QWidget):
    """Entries from left to right, wrapped; each value has a fixed place, so that nothing moves when it changes.

    Attributes:
        entries: what is shown.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()
        self.setFont(style.font("caption"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self._row_height())
        style.theme().changed.connect(self.update)

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these entries in place of those before."""
        before, self.entries = self.entries, tuple(entries)
        if [(e.name, e.room) for e in before] != [(e.name, e.room) for e in self.entries]:
            self._fit_height()
        self.setAccessibleDescription(", ".join(f"{e.name} {e.value}".strip() for e in self.entries))
        self.update()

    def _row_height(self) -> int:
        return self.fontMetrics().height() + style.XS

    def _places(self, width: int) -> Iterator[tuple[Entry, QRect]]:
        """Every entry and its rectangle in a widget of this width."""
        metrics, x, y, height = self.fontMetrics(), 0, 0, self._row_height()
        for entry in self.entries:
            wide = _width(metrics, entry)
            if x and x + wide > width:
                x, y = 0, y + height
            yield entry, QRect(x, y, wide, height)
            x += wide + style.L

    def _fit_height(self) -> None:
        """As high as the wrapped entries are."""
        self.setFixedHeight(max([self._row_height(), *(place.bottom() + 1 for _, place in self._places(self.width()))]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = style.theme().current
        for entry, place in self._places(self.width()):
            if entry.colour:
                painter.setPen(QPen(QColor(entry.colour), 2, entry.dash))
                middle = place.top() + place.height() / 2 + 0.5
                painter.drawLine(QPointF(place.left(), middle), QPointF(place.left() + _SAMPLE, middle))
            text = place.adjusted(_sample(entry), 0, 0, 0)
            painter.setPen(QColor(colours.quiet))
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, entry.name)
            painter.setPen(QColor(colours.text))
            side = Qt.AlignmentFlag.AlignRight if entry.name else Qt.AlignmentFlag.AlignLeft
            painter.drawText(text, side | Qt.AlignmentFlag.AlignVCenter, entry.value)


def _sample(entry: Entry) -> int:
    """Room for the sample of the line."""
    return _SAMPLE + 6 if entry.colour else 0


def _width(metrics: QFontMetrics, entry: Entry) -> int:
    """Room for an entry with its widest value."""
    value = max(metrics.horizontalAdvance(entry.room), metrics.horizontalAdvance(entry.value)) if entry.room else 0
    return _sample(entry) + metrics.horizontalAdvance(entry.name) + (style.XS if entry.room else 0) + value
