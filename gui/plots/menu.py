"""The menu that every figure has: copy it, save it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from gui import style
from gui.plots import export


def ask_path(widget: QWidget, suggestion: str) -> Path | None:
    """Let the user say where; None when cancelled. A name without an ending gets that of the chosen format."""
    dialog = QFileDialog(widget, export.translate("export", "Save figure"), "")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    formats = {f"{ending[1:].upper()} (*{ending})": ending for ending in offered(widget)}
    dialog.setNameFilters(list(formats))
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(formats[chosen]))
    dialog.selectNameFilter(next((text for text, ending in formats.items() if suggestion.endswith(ending)), ""))
    dialog.setDefaultSuffix(Path(suggestion).suffix)
    dialog.selectFile(suggestion)
    accepted = dialog.exec() == QFileDialog.DialogCode.Accepted
    chosen = Path(dialog.selectedFiles()[0]) if accepted else None
    dialog.deleteLater()
    return chosen


def offered(widget: QWidget) -> list[str]:
    """The endings in which a figure can be saved; only one that has numbers as a table of them."""
    return [ending for ending in export.WRITERS if ending != ".csv" or hasattr(widget, "numbers")]


class Menu(QObject):
    """The menu of a figure, by right click or the menu key; Ctrl+C copies while the figure has the focus.

    Signal: ``opening`` (QMenu, where in the widget), for what a view wants to add.
    """

    opening = Signal(object, QPoint)

    def __init__(self, widget: QWidget, name: str, ask: Callable[[QWidget, str], Path | None] = ask_path) -> None:
        """``name`` is what the file is called at first; ``ask`` finds out where to."""
        super().__init__(widget)
        self._widget, self._name, self._ask = widget, name, ask
        widget.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        widget.customContextMenuRequested.connect(self._open)
        widget.installEventFilter(self)

    def menu(self) -> QMenu:
        """The menu, to be shown once."""
        result = QMenu(self._widget)
        result.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copying = result.addAction(style.icon("copy"), self.tr("Copy picture and numbers"), self.copy)
        copying.setShortcut(QKeySequence.StandardKey.Copy)
        result.addSeparator()
        for ending in export.WRITERS:
            action = result.addAction(self.tr("Save as {format}…").format(format=ending[1:].upper()))
            action.setData(ending)
            action.setEnabled(ending in offered(self._widget))
        result.addSeparator()
        paper = result.addAction(self.tr("Print style"))
        paper.setCheckable(True)
        paper.setChecked(export.notices().print_style)
        paper.setToolTip(self.tr("White, with larger type; else figures leave the window as they look on the screen"))
        paper.toggled.connect(export.notices().choose_style)
        result.triggered.connect(self._triggered)
        return result

    @Slot()
    def copy(self) -> None:
        """Copy the figure and its numbers."""
        export.copy(self._widget)

    def save(self, ending: str = ".png") -> None:
        """Ask where to, and write; what became of it is said by ``notices``."""
        path = self._ask(self._widget, self._name + ending)
        if path is None:
            return
        try:
            export.save(self._widget, path)
        except export.ExportError as error:
            export.notices().failed.emit(str(error))
        else:
            export.notices().saved.emit(self.tr("Saved {name}.").format(name=path.name))

    @Slot(QPoint)
    def _open(self, place: QPoint) -> None:
        menu = self.menu()
        self.opening.emit(menu, place)
        menu.popup(self._widget.mapToGlobal(place))

    @Slot(object)
    def _triggered(self, action: Any) -> None:
        if action.data():
            self.save(action.data())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take Ctrl+C before a shortcut of the window can, so that the two never stand in each other's way."""
        if isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Copy):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.copy()
                return True
        return super().eventFilter(watched, event)
