"""The sheet of shortcuts: F1 or ?."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QWidget

from gui import style

COLUMN_ROWS = 9


def sheet() -> list[tuple[str, str]]:
    """(keys, what they do), in the order of use."""
    def tr(text: str) -> str:
        return QCoreApplication.translate("shortcuts", text)

    return [
        ("Space", tr("Train, pause, continue")), (".", tr("Train one batch")),
        ("← →", tr("Timeline: one snapshot back or on")), ("Home", tr("Timeline: untrained")),
        ("End", tr("Timeline: live")), ("Ctrl+1 … 9, 0", tr("Go to a tab; with Shift to those after the tenth")),
        ("Ctrl+Z", tr("Undo the last edit")), ("Ctrl+Shift+Z", tr("Repeat it")),
        ("Ctrl+C", tr("Copy the view and its numbers")), ("Ctrl+E", tr("Export the view")),
        ("Ctrl+O", tr("Open an experiment or a run")), ("Ctrl+S", tr("Save the experiment")),
        ("Ctrl+Shift+N", tr("Set up a sweep")),
        ("Ctrl+B", tr("Show or hide the left panel")), ("F11", tr("Full screen")),
        ("F2", tr("Rename the chosen run")), ("Ctrl+D", tr("Star the chosen run, or take its star away")),
        ("F1  ?", tr("This sheet")),
    ]


class ShortcutSheet(QDialog):
    """All keys on one page; Esc closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Shortcuts"))
        grid = QGridLayout(self)
        grid.setContentsMargins(style.XL, style.L, style.XL, style.XL)
        grid.setHorizontalSpacing(style.L)
        grid.setVerticalSpacing(style.S)
        for number, (keys, meaning) in enumerate(sheet()):
            column, row = divmod(number, COLUMN_ROWS)
            grid.addWidget(style.dress(QLabel(keys), "heading", "accent"), row, 2 * column)
            grid.addWidget(QLabel(meaning), row, 2 * column + 1)
