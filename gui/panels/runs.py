"""The list of runs: what became of each, its name and loss; filter, note, resume, delete and open from here."""

from __future__ import annotations

import contextlib
from functools import partial
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
from PySide6.QtGui import QAction, QCursor, QDesktopServices, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from engine import runs
from engine.runfiles import lock
from engine.runfiles.notices import RunError
from gui import runlist, style
from gui.messages import Action, Message
from gui.panels.run_notes import RunNotesPage
from gui.panels.run_rows import ICON_SIDE, RunDelegate, RunsModel, folder_of
from gui.runlist import RunRow, SweepRow
from gui.session import Session
from gui.widgets import controls

ARROW_WIDTH = ICON_SIDE + 2 * style.S
"""How far the arrow of a sweep reaches, in px from the left."""


class RunsPanel(QWidget):
    """The runs of the folder, newest first."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.S, style.M, style.S)
        column.setSpacing(style.XS)
        self.empty = style.dress(QLabel(), "caption", "quiet")
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
        column.addLayout(self._head())
        column.addWidget(self.empty)
        column.addWidget(self.view, 1)
        self._delete_key = _key(self.view, self.tr("Delete run"), Qt.Key.Key_Delete)
        self._star_key = _key(self.view, self.tr("Star"), "Ctrl+D")
        self._fold_keys = [_key(self.view, self.tr("Fold or unfold"), key)
                           for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)]
        self._all_key = _key(self.filter, self.tr("Show all runs"), Qt.Key.Key_Escape)
        self._connect()
        self._refresh()

    def _head(self) -> QHBoxLayout:
        """Title, filter, and whether the starred come first."""
        row = QHBoxLayout()
        row.setSpacing(style.S)
        self.title = style.dress(QLabel(self.tr("Runs")), "heading")
        self.filter = QLineEdit()
        self.filter.setClearButtonEnabled(True)
        self.filter.setPlaceholderText(self.tr("Filter"))
        self.filter.setAccessibleName(self.tr("Filter the runs"))
        self.filter.setToolTip(self.tr("Words from name, tags, remark, data set or status; Escape shows all runs"))
        self.starred = controls.button(self.tr("Starred runs first"), self.tr("Show the starred runs above the others"),
                                       "star", checkable=True)
        self.starred.setChecked(self._session.settings.starred_first)
        row.addWidget(self.title)
        row.addWidget(self.filter, 1)
        row.addWidget(self.starred)
        return row

    def _connect(self) -> None:
        self._delete_key.triggered.connect(self.delete)
        self._star_key.triggered.connect(self.star)
        for key in self._fold_keys:
            key.triggered.connect(self.fold)
        self.view.clicked.connect(self._press)
        self.view.doubleClicked.connect(self._unfold)
        self._session.sweeps.told.connect(self._follow_sweep)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().currentChanged.connect(self._choose)
        self.filter.textChanged.connect(self._refresh)
        self._all_key.triggered.connect(self.filter.clear)
        self.starred.toggled.connect(self._put_starred_first)
        self._session.runs.changed.connect(self._refresh)
        self._session.shown.run_changed.connect(self._mark_shown)

    @property
    def chosen(self) -> RunRow | None:
        """The row under the menu's and the keys' actions."""
        row = self._row
        return row if isinstance(row, RunRow) else None

    @property
    def chosen_sweep(self) -> SweepRow | None:
        """The sweep under the menu's and the keys' actions."""
        row = self._row
        return row if isinstance(row, SweepRow) else None

    @property
    def _row(self) -> RunRow | SweepRow | None:
        index = self.view.currentIndex()
        return self.model.rows[index.row()] if index.isValid() else None

    @Slot()
    def _refresh(self) -> None:
        listed, text = self._session.runs, self.filter.text()
        sweep = self.chosen_sweep
        self.model.show(runlist.merged(runlist.chosen(listed.rows, text, self.starred.isChecked()),
                                       runlist.chosen_sweeps(listed.sweeps, text)))
        if sweep is not None and (place := self.model.place_of(sweep.folder.folder)) >= 0:
            self.view.setCurrentIndex(self.model.index(place))
        nothing = self.tr("No run matches “{text}”.").format(text=text.strip()) if listed.rows or listed.sweeps else \
            self.tr("No runs yet. Press Train to make the first.")
        self.empty.setText("" if self.model.rows else nothing)
        self.empty.setVisible(not self.model.rows)
        self._mark_shown()

    @Slot(bool)
    def _put_starred_first(self, first: bool) -> None:
        self._session.change_settings(starred_first=first)
        self._refresh()

    @Slot()
    def _mark_shown(self) -> None:
        """Select the shown run without showing it again."""
        shown = self._session.shown.run
        place = self.model.place_of(shown.folder if shown else None)
        if place >= 0 and self.chosen_sweep is None and place != self.view.currentIndex().row():
            self.view.setCurrentIndex(self.model.index(place))

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        row, sweep = self.chosen, self.chosen_sweep
        shown = self._session.shown.run
        seen = self._session.sweeps.shown
        if sweep is not None and (seen is None or seen.folder != sweep.folder):
            self._session.sweeps.show(sweep.folder)
        elif row is not None and (shown is None or shown.folder != row.run.folder):
            self._session.show_run(row.run)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        row = self._row
        if row is not None and self.view.indexAt(place).isValid():
            menu = self.menu(row) if isinstance(row, RunRow) else self.sweep_menu(row)
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
        old = row.run.newer is None
        self._add(menu, self.tr("Rename"), self.rename, old)
        self._add(menu, self.tr("Remove the star") if row.notes.star else self.tr("Star"), self.star, old)
        self._add(menu, self.tr("Tags and remark…"), self.write_notes, old)
        self._add(menu, self.tr("Open folder"), self.open_folder, True)
        self._add(menu, self.tr("Take over"), self.take_over, runlist.held_elsewhere(row.run))
        self._add(menu, self.tr("Delete"), self.delete, not mine and not runlist.held(row.run))
        return menu

    def sweep_menu(self, row: SweepRow) -> QMenu:
        """What can be done with a sweep."""
        menu = QMenu(self)
        folded = row.trials is None
        self._add(menu, self.tr("Show its runs") if folded else self.tr("Hide its runs"), self.fold, True)
        self._add(menu, self.tr("Open folder"), self.open_folder, True)
        self._add(menu, self.tr("Delete"), self.delete, not self._at_work(row))
        return menu

    @staticmethod
    def _at_work(row: SweepRow) -> bool:
        """Whether anybody trains a sweep, here or in another process."""
        return lock.holder(row.folder.folder) is not None

    @Slot()
    def fold(self) -> None:
        """Show the runs of the chosen sweep below it, or hide them."""
        row, runs_list = self.chosen_sweep, self._session.runs
        if row is not None:
            runs_list.unfolded ^= {row.folder.folder}
            self._session.refresh_runs()

    @Slot()
    def _unfold(self, *_: object) -> None:
        """A double click on a sweep does so, too."""
        self.fold()

    @Slot()
    def _follow_sweep(self, *_: object) -> None:
        """The sweep at work has come further."""
        self.view.viewport().update()

    @Slot(QModelIndex)
    def _press(self, index: QModelIndex) -> None:
        """A click on a sweep's arrow folds or unfolds it; beside it, brings its tab to the front."""
        place = self.view.viewport().mapFromGlobal(QCursor.pos())
        sweep = self.chosen_sweep
        if sweep is None:
            return
        if 0 <= place.x() - self.view.visualRect(index).left() < ARROW_WIDTH:
            self.fold()
        else:
            self._session.show_sweep(sweep.folder)

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
    def star(self) -> None:
        """Give the chosen run a star, or take it away."""
        if self.chosen is not None:
            self.model.note(self.chosen, self.tr("The run could not be starred ({reason})."),
                            star=not self.chosen.notes.star)

    @Slot()
    def write_notes(self) -> None:
        """Open the page for the chosen run's tags and remark."""
        if self.chosen is not None:
            page = RunNotesPage(self.chosen, (tag for row in self._session.runs.rows for tag in row.notes.tags), self)
            page.written.connect(self._keep_notes)
            page.open()

    @Slot(object, tuple, str)
    def _keep_notes(self, row: RunRow, tags: tuple[str, ...], remarks: str) -> None:
        failure = self.tr("The notes could not be saved ({reason}). They are as they were.")
        self.model.note(row, failure, tags=tags, remarks=remarks)

    @Slot()
    def open_folder(self) -> None:
        """Show the chosen run's files."""
        if self._row is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder_of(self._row))))

    @Slot()
    def delete(self) -> None:
        """Move the chosen run or sweep to the trash, and offer to take that back."""
        row = self._row
        if row is None or (self._at_work(row) if isinstance(row, SweepRow) else runlist.held(row.run)):
            return
        folder = folder_of(row)
        try:
            place = _to_trash(folder)
        except RunError as error:
            self._session.message.emit(Message(error.message))
            self._session.refresh_runs()
            return
        if isinstance(row, SweepRow):
            self._session.forget_sweep(folder)
        else:
            self._session.forget(row.run)
        undo = (Action(self.tr("Undo"), partial(self._restore, place, folder)),) if place else ()
        text = self.tr("The sweep {name} was moved to the trash.") if isinstance(row, SweepRow) else self.tr(
            "The run {name} was moved to the trash.")
        self._session.message.emit(Message(text.format(name=row.title), "information", undo, key="deleted"))

    def _restore(self, place: Path, folder: Path) -> None:
        try:
            runs.restore(place, folder)
        except RunError as error:
            self._session.message.emit(Message(error.message))
        self._session.refresh_runs()


def _to_trash(folder: Path) -> Path | None:
    """The system's trash, else the one beside the runs; -> where it is now, None where the system does not say so.

    Raises RunError.
    """
    file = QFile(str(folder))  # only an object is told the place in the trash
    if not file.moveToTrash() and folder.exists():
        return runs.trash(folder)
    place = Path(file.fileName()) if file.fileName() else folder
    return place if place != folder and place.exists() else None


def _key(widget: QWidget, text: str, key: Qt.Key | str) -> QAction:
    """An action for a key while this widget has the focus."""
    action = QAction(text, widget)
    action.setShortcut(QKeySequence(key))
    action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    widget.addAction(action)
    return action
