"""A row of the numbers one looks for first: a caption above each, tabular figures, nothing that jitters."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui import style
from gui.widgets.quantities import NOTHING


class KeyNumber(QWidget):
    """One number under its caption; as wide as its widest value, and its widest caption where that changes."""

    def __init__(self, caption: str, tip: str, room: str, caption_room: str = "",
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption = style.dress(QLabel(caption), "caption", "quiet")
        self._value = style.dress(QLabel(NOTHING), "title")
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance(room))
        self._caption.setMinimumWidth(self._caption.fontMetrics().horizontalAdvance(caption_room or caption))
        self.setToolTip(tip)
        self.setAccessibleName(caption)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._caption)
        column.addWidget(self._value)

    @property
    def value(self) -> str:
        """What stands there."""
        return self._value.text()

    @property
    def caption(self) -> str:
        """What stands above it."""
        return self._caption.text()

    def show_value(self, value: str, caption: str | None = None) -> None:
        """Put another number there, under another caption where one is given."""
        if caption is not None and caption != self._caption.text():
            self._caption.setText(caption)
            self.setAccessibleName(caption)
        if value != self._value.text():
            self._value.setText(value)
            self.setAccessibleDescription(value)


class KeyNumbers(QWidget):
    """Key numbers side by side, by name."""

    def __init__(self, numbers: dict[str, KeyNumber], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.numbers = numbers
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.M)
        for number in numbers.values():
            row.addWidget(number)
        row.addStretch(1)

    def __getitem__(self, name: str) -> KeyNumber:
        return self.numbers[name]

    def clear(self) -> None:
        """No numbers yet."""
        for number in self.numbers.values():
            number.show_value(NOTHING)
