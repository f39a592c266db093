"""A table to read and to take along: Ctrl+C and the right button give it as text, CSV, Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from engine.tables import DIGITS, Table, text

Index = QModelIndex | QPersistentModelIndex
EMPTY = Table((), ())
ROW_HEIGHT = 28
FILLED = 2
"""Numbers whose decimals differ by more are of different magnitudes, and written as they are."""


class TableModel(QAbstractTableModel):
    """A Table as Qt wants it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table = EMPTY
        self._texts: tuple[tuple[str, ...], ...] = ()

    def show(self, table: Table) -> None:
        """Show another table."""
        self.beginResetModel()
        self.table = table
        columns = [aligned([row[place] for row in table.rows]) for place in range(len(table.columns))]
        self._texts = tuple(zip(*columns, strict=True))
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._texts[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.table.numeric[index.column()] else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.table.columns[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.table.numeric[section] else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


def aligned(column: Sequence[Any]) -> tuple[str, ...]:
    """The cells of a column as people read them; numbers of one magnitude with equally many decimals."""
    texts = tuple(text(value) for value in column)
    numbers = [cell for cell, value in zip(texts, column, strict=True) if isinstance(value, float)]
    decimals = [len(cell.partition(".")[2]) for cell in numbers]
    uneven = decimals and max(decimals) > DIGITS and max(decimals) - min(decimals) > FILLED
    if not decimals or uneven or any(set(cell) & set("einf") for cell in numbers):
        return texts
    return tuple(f"{value:,.{max(decimals)}f}" if isinstance(value, float) else cell
                 for cell, value in zip(texts, column, strict=True))


class TableBox(QTableView):
    """Signal ``chosen`` (row) when a row was clicked or reached by the keys."""

    chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = TableModel(self)
        self.setModel(self._model)
        self.setAccessibleName(name)
        self.setToolTip(self.tr("Ctrl+C copies the table; right-click for CSV, Markdown and LaTeX"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setStretchLastSection(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self._copy = QAction(self.tr("Copy table"), self)
        self._copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        self._copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._copy.triggered.connect(self.copy)
        self.addAction(self._copy)
        self.selectionModel().currentRowChanged.connect(self._choose)

    @property
    def table(self) -> Table:
        """What is shown."""
        return self._model.table

    def show_table(self, table: Table) -> None:
        """Show another table; columns get the width they need."""
        if table != self._model.table:
            self._model.show(table)
            self.resizeColumnsToContents()

    @Slot()
    def copy(self) -> None:
        """Copy the table with tabs between its cells, as spreadsheets take it."""
        rows = [self.table.columns, *([text(value) for value in row] for row in self.table.rows)]
        _put("\n".join("\t".join(map(str, row)) for row in rows))

    def menu(self) -> QMenu:
        """The table in every form, for the clipboard."""
        menu = QMenu(self)
        table = self.table
        forms: dict[str, Callable[[], object]] = {
            self.tr("Copy table"): self.copy, self.tr("Copy as CSV"): partial(_copy_form, table.csv),
            self.tr("Copy as Markdown"): partial(_copy_form, table.markdown),
            self.tr("Copy as LaTeX"): partial(_copy_form, table.latex)}
        for label, act in forms.items():
            menu.addAction(label).triggered.connect(act)
        return menu

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(place))

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(index.row())


def _copy_form(form: Callable[[], str], checked: bool = False) -> None:
    _put(form())


def _put(contents: str) -> None:
    QGuiApplication.clipboard().setText(contents)
