"""The list of runs: what became of each, named by what differs, its loss; rename, resume, delete and open from here."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QFile,
    QModelIndex,
    QPoint,
    Qt,
    QUrl,
    Slot,
)
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from engine.runfiles.notices import RunError
from gui import style
from gui.messages import Action, Message
from gui.panels.run_rows import RunDelegate, RunsModel
from gui.runlist import RunRow
from gui.session import Session


class RunsPanel(QWidget):
    """The runs of the folder, newest first."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.S, style.M, style.S)
        column.setSpacing(style.XS)
        self.title = style.dress(QLabel(self.tr("Runs")), "heading")
        self.empty = style.dress(QLabel(self.tr("No runs yet. Press Train to make the first.")), "caption", "quiet")
        self.empty.setWordWrap(True)
        self.model = RunsModel(session, self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(RunDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setAccessibleName(self.tr("Runs"))
        self.view.setToolTip(self.tr("Choose the run that the tabs show; right-click for more"))
        column.addWidget(self.title)
        column.addWidget(self.empty)
        column.addWidget(self.view, 1)
        self._delete_key = QAction(self.tr("Delete run"), self.view)
        self._delete_key.setShortcut(QKeySequence(Qt.Key.Key_Delete))
        self._delete_key.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.view.addAction(self._delete_key)
        self._connect()
        self._refresh()

    def _connect(self) -> None:
        self._delete_key.triggered.connect(self.delete)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().currentChanged.connect(self._choose)
        self._session.runs.changed.connect(self._refresh)
        self._session.shown.run_changed.connect(self._mark_shown)

    @property
    def chosen(self) -> RunRow | None:
        """The row under the menu's and the keys' actions."""
        index = self.view.currentIndex()
        return self.model.rows[index.row()] if index.isValid() else None

    @Slot()
    def _refresh(self) -> None:
        self.model.show(self._session.runs.rows)
        self.empty.setVisible(not self.model.rows)
        self._mark_shown()

    @Slot()
    def _mark_shown(self) -> None:
        """Select the shown run without showing it again."""
        shown = self._session.shown.run
        place = self.model.place_of(shown.folder if shown else None)
        if place >= 0 and place != self.view.currentIndex().row():
            self.view.setCurrentIndex(self.model.index(place))

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        row = self.chosen
        shown = self._session.shown.run
        if row is not None and (shown is None or shown.folder != row.run.folder):
            self._session.show_run(row.run)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        row = self.chosen
        if row is not None and self.view.indexAt(place).isValid():
            menu = self.menu(row)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.view.viewport().mapToGlobal(place))

    def menu(self, row: RunRow) -> QMenu:
        """What can be done with a run."""
        menu = QMenu(self)
        training = self._session.training
        mine = training.at_work and training.run is not None and training.run.folder == row.run.folder
        can_train = row.run.writable and bool(row.run.checkpoints()) and not mine
        self._add(menu, self.tr("Resume"), self.resume, can_train and row.status != "finished")
        self._add(menu, self.tr("Train 10 epochs more"), self.train_more, mine or can_train)
        self._add(menu, self.tr("Edit its settings"), self.edit_settings, row.status != "damaged")
        menu.addSeparator()
        self._add(menu, self.tr("Rename"), self.rename, row.run.newer is None)
        self._add(menu, self.tr("Open folder"), self.open_folder, True)
        self._add(menu, self.tr("Take over"), self.take_over, self._session.locked_elsewhere(row.run))
        self._add(menu, self.tr("Delete"), self.delete, not mine and not self._session.held(row.run))
        return menu

    @staticmethod
    def _add(menu: QMenu, text: str, slot: Any, enabled: bool) -> None:
        action = menu.addAction(text)
        action.triggered.connect(slot)
        action.setEnabled(enabled)

    @Slot()
    def resume(self) -> None:
        """Go on training the chosen run."""
        if self.chosen is not None:
            self._session.resume(self.chosen.run)

    @Slot()
    def train_more(self) -> None:
        """Train the chosen run longer than planned."""
        if self.chosen is not None:
            self._session.train_more(self.chosen.run)

    @Slot()
    def edit_settings(self) -> None:
        """Take the chosen run's experiment into the form; undo brings back the one before."""
        if self.chosen is not None:
            with contextlib.suppress(RunError):
                self._session.draft.replace(self.chosen.run.experiment)

    @Slot()
    def take_over(self) -> None:
        """Free the chosen run from a host that no longer trains it."""
        if self.chosen is not None:
            self._session.take_over(self.chosen.run)

    @Slot()
    def rename(self) -> None:
        """Edit the chosen run's name in place."""
        self.view.edit(self.view.currentIndex())

    @Slot()
    def open_folder(self) -> None:
        """Show the chosen run's files."""
        if self.chosen is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.chosen.run.folder)))

    @Slot()
    def delete(self) -> None:
        """Move the chosen run to the trash, and offer to take that back."""
        row = self.chosen
        if row is None or self._session.held(row.run):
            return
        place = _to_trash(row.run.folder)
        if place is None:
            text = self.tr("The run {name} could not be moved to the trash. It is where it was.")
            self._session.message.emit(Message(text.format(name=row.title)))
            return
        self._session.forget(row.run)
        undo = Action(self.tr("Undo"), lambda: self._restore(place, row.run.folder))
        text = self.tr("The run {name} was moved to the trash.").format(name=row.title)
        self._session.message.emit(Message(text, "information", (undo,), key="deleted"))

    def _restore(self, place: Path, folder: Path) -> None:
        try:
            place.rename(folder)
        except OSError as error:
            text = self.tr("The run could not be brought back ({reason}). It is in {place}.")
            self._session.message.emit(Message(text.format(reason=error.strerror, place=place)))
        self._session.refresh_runs()


def _to_trash(folder: Path) -> Path | None:
    """The system's trash, else a hidden folder beside the run; -> where it is now, None when it could not be moved."""
    moved = QFile.moveToTrash(str(folder))
    if isinstance(moved, tuple) and moved[0] and moved[1]:
        return Path(moved[1])
    trash = folder.parent / ".trash"
    try:
        trash.mkdir(exist_ok=True)
        return folder.rename(trash / folder.name)
    except OSError:
        return None
