"""What one drags, chooses and types in: deaf to the wheel, and with the window's undo."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QSlider, QWidget

from gui import style

SLIDER_STEPS = 1000
NUMBER_WIDTH = 76
SHORTEST_SLIDER = 36
PROSE_LINES = 4


class Slider(QSlider):
    """A slider that the wheel does not move."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, SLIDER_STEPS)
        self.setMinimumWidth(SHORTEST_SLIDER)
        self.setPageStep(SLIDER_STEPS // 10)
        self.setSingleStep(SLIDER_STEPS // 50)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Choice(QComboBox):
    """A choice that the wheel does not change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def undoes(event: QEvent) -> bool:
    """Whether a key event means undo or redo."""
    return isinstance(event, QKeyEvent) and (event.matches(QKeySequence.StandardKey.Undo)
                                             or event.matches(QKeySequence.StandardKey.Redo))


class LineEdit(QLineEdit):
    """A line of text whose undo is the window's, except while it holds typing that the draft has not taken."""

    def event(self, event: QEvent) -> bool:
        if undoes(event) and not self.isModified():
            event.ignore()
            return False
        return super().event(event)


class ProseEdit(QPlainTextEdit):
    """A few lines of text, with the undo of ``LineEdit``. Signal ``finished`` when the focus leaves."""

    finished = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setFixedHeight(PROSE_LINES * self.fontMetrics().lineSpacing() + 2 * style.S)

    def event(self, event: QEvent) -> bool:
        if undoes(event) and not self.document().isModified():
            event.ignore()
            return False
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.finished.emit()


class NumberEdit(LineEdit):
    """A number to type; arrow keys step it. Signal ``stepped`` (+1 or -1)."""

    stepped = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(NUMBER_WIDTH)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        directions = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if event.key() in directions:
            self.stepped.emit(directions[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()
