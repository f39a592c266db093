"""What a person writes about a run: tags and a remark, in a small page of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from gui import style
from gui.runlist import RunRow

WIDTH = 420
REMARKS_HEIGHT = 120
LONGEST_REMARKS, LONGEST_TAGS = 20_000, 1000
"""Characters; a list of runs reads them all."""


class RunNotesPage(QDialog):
    """Signals: ``written`` (the row, its tags, its remark) when it is accepted with changes."""

    written = Signal(object, tuple, str)

    def __init__(self, row: RunRow, known: Iterable[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = row
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Notes on {name}").format(name=row.title))
        self.setMinimumWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setSpacing(style.M)
        form = QFormLayout()
        form.setHorizontalSpacing(style.L)
        self.tags = QLineEdit(", ".join(row.notes.tags))
        self.tags.setMaxLength(LONGEST_TAGS)
        self.tags.setPlaceholderText(self.tr("baseline, long run"))
        self.tags.setToolTip(self.tr("Words to find it by, separated by commas"))
        self.tags.setAccessibleName(self.tr("Tags"))
        completer = QCompleter(sorted(set(known)), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.tags.setCompleter(completer)
        self.remarks = QPlainTextEdit(row.notes.remarks)
        self.remarks.setTabChangesFocus(True)
        self.remarks.setMinimumHeight(REMARKS_HEIGHT)
        self.remarks.setToolTip(self.tr("Shown when the mouse is over the run"))
        self.remarks.setAccessibleName(self.tr("Remark"))
        form.addRow(self.tr("Tags"), self.tags)
        form.addRow(self.tr("Remark"), self.remarks)
        column.addLayout(form, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)

    @Slot()
    def accept(self) -> None:
        """Tell what was written, if anything changed."""
        tags, remarks = split_tags(self.tags.text()), self.remarks.toPlainText().strip()[:LONGEST_REMARKS]
        if (tags, remarks) != (self._row.notes.tags, self._row.notes.remarks):
            self.written.emit(self._row, tags, remarks)
        super().accept()


def split_tags(text: str) -> tuple[str, ...]:
    """'long,  with dropout,long' -> ('long', 'with dropout')."""
    words = (re.sub(r"\s+", " ", word).strip() for word in text.split(","))
    return tuple(dict.fromkeys(word for word in words if word))
