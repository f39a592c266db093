"""A drop-down of runs with check marks, which stays open while one chooses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from gui import style

_WIDTH = 320
_ROWS_IN_SIGHT = 10
_FOLDER = Qt.ItemDataRole.UserRole


class RunChooser(QToolButton):
    """Opens a list of runs to check.

    Attributes:
        chosen: folders of the checked runs, in the order of checking.

    Signals:
        toggled_run(object, bool): a run's folder, and whether it is checked now.
    """

    toggled_run = Signal(object, bool)

    def __init__(self, text: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chosen: dict[Path, str] = {}
        self._text = text
        self._offered: dict[Path, str] | None = None
        self.setToolTip(tip)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.list = QListWidget()
        self.list.setAccessibleName(text)
        self.list.setUniformItemSizes(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.itemChanged.connect(self._change)
        self.list.itemActivated.connect(self._toggle)
        self._nothing = style.dress(QLabel(self.tr("There is no other run yet.")), tone="quiet")
        self.setMenu(self._menu())
        self._count()

    def _menu(self) -> QMenu:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(style.S, style.XS, style.S, style.XS)
        column.addWidget(self._nothing)
        column.addWidget(self.list)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(holder)
        menu.addAction(action)
        return menu

    def set_runs(self, runs: Iterable[tuple[Path, str]]) -> None:
        """Offer these runs as (folder, title); checked ones that are gone are unchecked."""
        offered = dict(runs)
        if self._offered is not None and list(offered.items()) == list(self._offered.items()):
            return  # a person may be reading the list
        self._offered = offered
        self.list.blockSignals(True)
        self.list.clear()
        for folder, title in offered.items():
            item = QListWidgetItem(title)
            item.setData(_FOLDER, folder)
            item.setToolTip(str(folder))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if folder in self.chosen else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._nothing.setVisible(not offered)
        self.list.setVisible(bool(offered))
        self.list.setFixedSize(self._room(len(offered)))
        for folder in [folder for folder in self.chosen if folder not in offered]:
            self._set(folder, "", False)

    def choose(self, folders: Iterable[Path]) -> None:
        """Check these runs of the offered ones and no others, without telling."""
        offered = self._offered or {}
        self.chosen = {folder: offered[folder] for folder in folders if folder in offered}
        self.list.blockSignals(True)
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setCheckState(Qt.CheckState.Checked if item.data(_FOLDER) in self.chosen else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)
        self._count()

    def _room(self, rows: int) -> QSize:
        height = self.list.sizeHintForRow(0) if rows else style.CONTROL_HEIGHT
        return QSize(_WIDTH, height * min(rows, _ROWS_IN_SIGHT) + 2 * self.list.frameWidth() + 2)

    def _set(self, folder: Path, title: str, checked: bool) -> None:
        if checked:
            self.chosen[folder] = title
        else:
            self.chosen.pop(folder, None)
        self._count()
        self.toggled_run.emit(folder, checked)

    def _count(self) -> None:
        self.setText(f"{self._text} · {len(self.chosen)}" if self.chosen else self._text)

    @Slot(QListWidgetItem)
    def _change(self, item: QListWidgetItem) -> None:
        self._set(item.data(_FOLDER), item.text(), item.checkState() == Qt.CheckState.Checked)

    @Slot(QListWidgetItem)
    def _toggle(self, item: QListWidgetItem) -> None:
        """Enter checks too."""
        checked = item.checkState() == Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked)
