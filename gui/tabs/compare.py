"""Runs beside each other: their curves, the same images through each, what differs between them, what size buys."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from engine import comparison
from engine.comparison import Compared
from engine.experiment import Experiment
from engine.run import Run
from gui import style
from gui.compare.curves import ComparedCurves, ComparedSizes
from gui.compare.pictures import ComparedPictures, Pictured
from gui.session import Session
from gui.shown import handles_of
from gui.widgets.controls import Flow, button
from gui.widgets.fields import spec
from gui.widgets.runchooser import RunChooser
from gui.widgets.stage import Stage
from gui.widgets.table import TableBox

OFFERED = 2_000
FIRST = 4
"""So many runs are compared at first: the shown one and the newest others of its data set."""
KEY = "compare.read"


class CompareTab(QWidget):
    """Chooses runs, reads them on the question thread, and hands them to the view in front."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self._request = 0
        self._chosen_by_hand = False
        self.runs: tuple[Compared, ...] = ()
        self.chooser = RunChooser(self.tr("Runs"), self.tr("Choose the runs to compare"))
        self.curves, self.pictures = ComparedCurves(), ComparedPictures(session)
        self.table, self.sizes = TableBox(self.tr("What differs between the runs")), ComparedSizes()
        self.views: list[QWidget] = [self.curves, self.pictures, self.table, self.sizes]
        self._pages = QStackedWidget()
        for view in self.views:
            self._pages.addWidget(view)
        self.stage = Stage(self._pages)
        self.trouble = style.dress(QLabel(), "caption", "warning")
        self.trouble.setWordWrap(True)
        self.trouble.hide()
        self._lay_out()
        self.chooser.toggled_run.connect(self._take_choice)
        session.runs.changed.connect(self._take_runs)
        self.stage.retry.connect(self.read)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)
        session.ready_changed.connect(self.read)

    def _lay_out(self) -> None:
        row = Flow()
        row.addWidget(self.chooser)
        self.switch = QButtonGroup(self)
        for index, (name, tip) in enumerate((
                (self.tr("Curves"), self.tr("Losses and accuracies over each other")),
                (self.tr("Images"), self.tr("The same images through each run")),
                (self.tr("Settings"), self.tr("What differs, and what came of it")),
                (self.tr("Size"), self.tr("Loss against parameters")))):
            choice: QToolButton = button(name, tip, text=True, checkable=True)
            self.switch.addButton(choice, index)
            row.addWidget(choice)
        self.switch.button(0).setChecked(True)
        self.switch.idClicked.connect(self.show_view)
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.M, style.M, style.S)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.trouble)
        column.addWidget(self.stage, 1)

    @Slot(int)
    def show_view(self, index: int) -> None:
        """Bring one of the views to the front."""
        self.switch.button(index).setChecked(True)
        self._pages.setCurrentIndex(index)
        if self.views[index] is self.pictures:
            self.pictures.ask()

    def compare(self, folders: list[Path]) -> None:
        """Compare these runs and no others."""
        self._chosen_by_hand = True
        self.chooser.choose(folders)
        self.read()

    @Slot()
    def _take_runs(self) -> None:
        """The list of runs has changed: one that was deleted is compared no more."""
        rows = self._session.runs.all_rows[:OFFERED]
        self.chooser.set_runs([(row.run.folder, row.title) for row in rows])
        if self.isVisible():
            self.read()

    @Slot(object, bool)
    def _take_choice(self, folder: Path, on: bool) -> None:
        self._chosen_by_hand = True
        self.read()

    def _choose_first(self) -> None:
        """The shown run and the newest others of its data set and task, until somebody chooses."""
        shown = self._shown.run
        if self._chosen_by_hand or shown is None or self._shown.experiment is None:
            return
        alike = [row.run.folder for row in self._session.runs.all_rows if _kind(row.run) == _kind(shown)]
        self.chooser.choose([shown.folder, *(folder for folder in alike if folder != shown.folder)][:FIRST])

    def _chosen(self) -> list[tuple[Run, str]]:
        rows = {row.run.folder: row for row in self._session.runs.all_rows}
        return [(rows[folder].run, rows[folder].title) for folder in self.chooser.chosen if folder in rows]

    @Slot()
    def read(self) -> None:
        """Read the chosen runs; the views follow."""
        if not self.isVisible():
            return
        self._choose_first()
        chosen = self._chosen()
        if not chosen:
            self.runs = ()
            self.stage.show_empty(self.tr("Nothing to compare yet"), self.tr("Choose two or more runs above."))
            return
        self._request = self._shown.compute(KEY, partial(_read, chosen))

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key == KEY and request == self._request:
            self.runs, pictured, troubles = answer
            self.trouble.setText("\n".join(troubles))
            self.trouble.setVisible(bool(troubles))
            self._show(pictured)

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        if key == KEY and request == self._request:
            self.stage.show_failed(text)

    def _show(self, pictured: tuple[Pictured, ...]) -> None:
        if not self.runs:
            self.stage.show_empty(self.tr("These runs cannot be read"), self.tr("Choose others above."))
            return
        self.stage.show_content()
        self.curves.show_runs(self.runs)
        self.sizes.show_runs(self.runs)
        self.table.show_table(comparison.table(self.runs, self._names()))
        self.pictures.show_runs(pictured)

    def _names(self) -> dict[str, str]:
        """Path -> what the form calls the field."""
        names = {}
        for path in comparison.differing([run.experiment for run in self.runs]):
            owner = next((run.experiment for run in self.runs if _has(run.experiment, path)), None)
            if owner is not None:
                block = path.split(".")
                number = f" {int(block[2]) + 1}" if len(block) == 4 else ""
                name = self.tr("Block") if path.endswith(".kind") else spec(path, owner).label
                names[path] = f"{name}{number}"
        return names

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._take_runs()


def _read(chosen: list[tuple[Run, str]]) -> tuple[tuple[Compared, ...], tuple[Pictured, ...], list[str]]:
    """The runs as they lie on disk, their newest snapshots, and what is to be said of those that cannot be read."""
    found, pictured, troubles = [], [], []
    for run, title in chosen:
        good, bad = comparison.readable([(run, title)])
        found += good
        troubles += bad
        handles = handles_of(run) if good else ()
        pictured += [Pictured(good[0], handles[-1])] if handles else []
    return tuple(found), tuple(pictured), troubles


def _kind(run: Run) -> tuple[str, str]:
    """Data set and task; ('', '') of a run that cannot be read."""
    readable = run.problem is None and run.newer is None
    return (run.experiment.data.dataset, run.experiment.task) if readable else ("", "")


def _has(experiment: Experiment, path: str) -> bool:
    try:
        spec(path, experiment)
    except (KeyError, AttributeError, IndexError, ValueError):
        return False
    return True
