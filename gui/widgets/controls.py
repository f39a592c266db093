"""The small controls above a picture: named, explained, deaf to the wheel unless focused, wrapped where they must."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSpinBox,
    QToolButton,
    QWidget,
)

from gui import style


class _Calm(QObject):
    """Sends wheel events of unfocused fields on to what scrolls behind them."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def calm(widget: QWidget) -> None:
    """Keep the wheel from changing a field that nobody chose."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_Calm(widget))


def combo(name: str, tip: str, items: Iterable[tuple[str, object]] = ()) -> QComboBox:
    """A choice among (text, data)."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    _explain(box, name, tip)
    calm(box)
    for text, data in items:
        box.addItem(text, data)
    return box


def spin(name: str, tip: str, low: int, high: int, value: int, suffix: str = "") -> QSpinBox:
    """A whole number that is taken over when it is typed to the end."""
    box = QSpinBox()
    box.setRange(low, high)
    box.setValue(value)
    box.setSuffix(suffix)
    box.setKeyboardTracking(False)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    _explain(box, name, tip)
    calm(box)
    return box


def button(name: str, tip: str, icon: str = "", *, text: bool = False, checkable: bool = False) -> QToolButton:
    """A button with an icon, a text, or both."""
    result = QToolButton()
    result.setCheckable(checkable)
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if icon:
        result.setIcon(style.icon(icon))
    if text or not icon:
        result.setText(name)
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonTextOnly
        result.setToolButtonStyle(beside if icon else alone)
    _explain(result, name, tip)
    return result


def push(text: str, tip: str) -> QPushButton:
    """A button with a text, on a page where Return in a field presses none."""
    made = QPushButton(text)
    made.setAutoDefault(False)
    _explain(made, text, tip)
    return made


def labelled(text: str, *fields: QWidget) -> QWidget:
    """Fields behind their label, as one thing that is never torn apart."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(style.XS)
    if text:
        label = style.dress(QLabel(text), tone="quiet")
        label.setBuddy(fields[0])
        row.addWidget(label)
    for field in fields:
        row.addWidget(field)
    return holder


def note(text: str = "") -> QLabel:
    """An explanation in quiet text that wraps."""
    label = style.dress(QLabel(text), "caption", "quiet")
    label.setWordWrap(True)
    return label


def _explain(widget: QWidget, name: str, tip: str) -> None:
    widget.setAccessibleName(name)
    widget.setToolTip(tip)


class Flow(QLayout):
    """Items side by side, wrapped into as many rows as the width needs, at the left or in the middle."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.centred = False
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(style.S)

    def _rows(self, width: int) -> list[list[QLayoutItem]]:
        """The visible items, row by row."""
        rows: list[list[QLayoutItem]] = []
        used = 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            needed = item.sizeHint().width()
            if not rows or used + self.spacing() + needed > width:
                rows.append([])
                used = -self.spacing()
            rows[-1].append(item)
            used += self.spacing() + needed
        return rows

    def _place(self, area: QRect, move: bool) -> int:
        """Place the items; returns the height they take."""
        y = area.y()
        rows = self._rows(area.width())
        for row in rows:
            height = max(item.sizeHint().height() for item in row)
            used = sum(item.sizeHint().width() + self.spacing() for item in row) - self.spacing()
            x = area.x() + (max(0, area.width() - used) // 2 if self.centred else 0)
            for item in row:
                size = item.sizeHint()
                if move:
                    item.setGeometry(QRect(QPoint(x, y + (height - size.height()) // 2),
                                           QSize(min(size.width(), area.width()), size.height())))
                x += size.width() + self.spacing()
            y += height + self.spacing()
        return y - area.y() - (self.spacing() if rows else 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), False)

    def sizeHint(self) -> QSize:
        widths = [item.sizeHint().width() for item in self._items]
        return QSize(sum(widths) + self.spacing() * max(0, len(widths) - 1), self.minimumSize().height())

    def minimumSize(self) -> QSize:
        return QSize(max((item.minimumSize().width() for item in self._items), default=0),
                     max((item.sizeHint().height() for item in self._items), default=0))

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        self._place(area, True)
