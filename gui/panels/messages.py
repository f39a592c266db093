"""The message bar: what happened, what was kept, what to do; never modal, equal messages counted."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from gui import style
from gui.messages import Action, Message

MOST_ROWS = 4
"""More messages at once would hide the pictures; the oldest goes, one that waits for a decision last."""

ICONS: dict[str, tuple[str, style.Tone]] = {
    "error": ("warning", "bad"), "warning": ("warning", "warning"), "information": ("info", "quiet")}


class MessageRow(QFrame):
    """One message with its buttons. Signal ``dismissed`` when it leaves the bar."""

    dismissed = Signal()

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.message = message
        self.count = 1
        style.mark(self, "card", True)
        row = QHBoxLayout(self)
        row.setContentsMargins(style.M, style.S, style.S, style.S)
        row.setSpacing(style.S)
        name, tone = ICONS[message.kind]
        picture = QLabel()
        picture.setPixmap(style.icon(name, tone).pixmap(16, 16))
        self.text = QLabel(message.text)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setWordWrap(True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.times = style.dress(QLabel(), tone="quiet")
        self.times.hide()
        row.addWidget(picture)
        row.addWidget(self.text, 1)
        row.addWidget(self.times)
        for action in message.actions:
            row.addWidget(self._button(action))
        if message.details:
            row.addWidget(self._details_button())
        row.addWidget(self._close_button())
        self.setAccessibleName(message.text)

    def count_once_more(self, message: Message) -> None:
        """The same message came again."""
        self.message = message
        self.count += 1
        self.times.setText(f"× {self.count}")
        self.times.show()

    def _button(self, action: Action) -> QPushButton:
        button = QPushButton(action.label)
        button.setAccessibleName(action.label)
        button.setToolTip(action.label)
        button.clicked.connect(partial(self._act, action))
        return button

    def _act(self, action: Action, checked: bool = False) -> None:
        """The person has decided: the message has done its work, unless the button only opens a dialog."""
        if not action.keeps:
            self.dismiss()
        action.run()

    def _details_button(self) -> QPushButton:
        button = QPushButton(self.message.details_label or self.tr("Details"))
        button.setAccessibleName(self.tr("Details of the error"))
        button.setToolTip(self.tr("Show where in the program this happened"))
        button.clicked.connect(self.show_details)
        return button

    def _close_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(style.icon("remove"))
        button.setAutoRaise(True)
        button.setAccessibleName(self.tr("Dismiss message"))
        button.setToolTip(self.tr("Dismiss this message"))
        button.clicked.connect(self.dismiss)
        return button

    @Slot()
    def dismiss(self) -> None:
        """Remove the message."""
        self.setParent(None)
        self.dismissed.emit()
        self.deleteLater()

    @Slot()
    def show_details(self) -> None:
        """Open the traceback in a window that does not stop the others."""
        dialog = Details(self.message, self.window())
        dialog.show()


class Details(QDialog):
    """A traceback to read and to copy."""

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Details"))
        self.setModal(False)
        self.resize(720, 420)
        column = QVBoxLayout(self)
        text = QLabel(message.text)
        text.setWordWrap(True)
        self.report = QPlainTextEdit(message.details)
        self.report.setReadOnly(True)
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setAccessibleName(self.tr("Report"))
        copy = QPushButton(self.tr("Copy"))
        copy.setToolTip(self.tr("Copy the report to the clipboard"))
        copy.clicked.connect(self.copy)
        column.addWidget(text)
        column.addWidget(self.report, 1)
        column.addWidget(copy, 0, Qt.AlignmentFlag.AlignRight)

    @Slot()
    def copy(self) -> None:
        """Put the report on the clipboard."""
        QGuiApplication.clipboard().setText(self.report.toPlainText())


class MessageBar(QWidget):
    """Messages, the newest below; takes no room when there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(style.XS)
        self.setAccessibleName(self.tr("Messages"))
        self.hide()

    @property
    def rows(self) -> list[MessageRow]:
        """The messages shown, oldest first."""
        items = [self._column.itemAt(index) for index in range(self._column.count())]
        return [widget for item in items if item and isinstance(widget := item.widget(), MessageRow)]

    @Slot(object)
    def show_message(self, message: Message) -> None:
        """Show a message; an equal one is counted, one with the same key takes the older one's place."""
        for row in self.rows:
            if (row.message.text, row.message.kind) == (message.text, message.kind):
                row.count_once_more(message)
                return
        if message.key:
            self.dismiss(message.key)
        self._make_room()
        row = MessageRow(message)
        row.dismissed.connect(self._fold)
        self._column.addWidget(row)
        self.show()

    def _make_room(self) -> None:
        """Dismiss what is too much for one more message."""
        rows = self.rows
        spare = sorted(rows, key=lambda row: bool(row.message.actions))  # stable: the oldest first among equals
        for row in spare[: max(0, len(rows) - MOST_ROWS + 1)]:
            row.dismiss()

    @Slot()
    def _fold(self) -> None:
        """Take no room when the last message is gone."""
        self.setVisible(bool(self.rows))

    def dismiss(self, key: str) -> None:
        """Remove what is no longer so."""
        for row in self.rows:
            if row.message.key == key:
                row.dismiss()
