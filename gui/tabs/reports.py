"""The reports: their experiments, the reported numbers beside one's own, and their figures drawn from one's runs."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine import reports
from engine.experiment import with_folder_of
from engine.fields import ExperimentError
from engine.reports import Report
from engine.sweep import Sweep
from engine.sweeping.folder import SweepFolder
from engine.sweeping.told import SweepOrder
from gui import style
from gui.messages import Message
from gui.reports import numbers, standing
from gui.reports.asking import Asker
from gui.reports.figure import FigureBox, show_whole
from gui.reports.standing import Standing
from gui.reports.sweepbox import SweepBox, books
from gui.session import Session
from gui.widgets.controls import Flow, combo, labelled
from gui.widgets.stage import Stage
from gui.widgets.table import TableBox

KEY, SWEEPS = "reports.read", "reports.sweeps"
AFTER_MS = 250
"""Changes of the runs that come sooner after each other are read together."""


class ReportsTab(QWidget):
    """One report at a time, on a page that scrolls; a figure asks for its pictures when it comes in sight."""

    def __init__(self, session: Session, parent: QWidget | None = None,
                 bundled: tuple[Report, ...] | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self.reports = reports.bundled() if bundled is None else bundled
        self.standings: dict[str, Standing] = {}
        self.figures: list[FigureBox] = []
        self.sweeps: list[SweepBox] = []
        self._request = self._sweeps_request = 0
        self._wanting: set[FigureBox] = set()
        self.asker = Asker(self._shown, self)
        self.chooser = combo(self.tr("Report"), self.tr("The report whose systems to reproduce"),
                             [(f"{it.authors}, {it.year}", it) for it in self.reports])
        self.queue_all = QPushButton()
        self.queue_all.setToolTip(self.tr("Append every experiment of this report that no run answers to to the "
                                          "queue, in the order in which they can be trained"))
        style.mark(self.queue_all, "primary", True)
        self.forecast = style.dress(QLabel(), "caption", "quiet")
        self.table = TableBox(self.tr("Reported numbers beside yours"))
        self._page = QScrollArea()
        self.stage = Stage(self._page)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(AFTER_MS)
        self._lay_out()
        self._connect()
        self._choose()

    def _lay_out(self) -> None:
        row = Flow()
        for widget in (labelled(self.tr("Report"), self.chooser), self.queue_all, self.forecast):
            row.addWidget(widget)
        self._page.setWidgetResizable(True)
        self._page.setFrameShape(QFrame.Shape.NoFrame)
        self._page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.M, style.M, style.S)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.stage, 1)

    def _connect(self) -> None:
        self.chooser.currentIndexChanged.connect(self._choose)
        self.queue_all.clicked.connect(self._queue_missing)
        self._soon.timeout.connect(self.read)
        self.stage.retry.connect(self.read)
        self.asker.answered.connect(self._take_pictures)
        self.asker.failed.connect(self._take_trouble)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)
        self._page.verticalScrollBar().valueChanged.connect(self.look)
        self._page.viewport().installEventFilter(self)
        for changed in (self._session.runs.changed, self._session.queue.changed, self._session.ready_changed,
                        self._session.data_dir_changed):
            changed.connect(self._read_soon)

    @property
    def report(self) -> Report:
        """The chosen report."""
        return self.chooser.currentData()

    @Slot()
    def _choose(self) -> None:
        """Lay out the page of the chosen report."""
        self.asker.clear()
        self._wanting = set()
        self.standings = {}
        old = self._page.takeWidget()
        if old is not None:
            self.table.setParent(None)
            old.deleteLater()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, style.S, style.M, style.L)
        column.setSpacing(style.L)
        column.addWidget(_wrapped(style.dress(QLabel(self.report.title), "title")))
        column.addWidget(_wrapped(style.dress(QLabel(self.report.note), tone="quiet")))
        column.addWidget(self.table)
        if remarks := numbers.remarks(self.report):
            column.addWidget(_wrapped(style.dress(QLabel(remarks), "caption", "quiet")))
        self.figures = [FigureBox(number, figure) for number, figure in enumerate(self.report.figure, 1)]
        for box in self.figures:
            box.queue.connect(self._queue)
            box.retry.connect(self.read)
            box.setVisible(False)
            column.addWidget(box)
        self.sweeps = [SweepBox(entry) for entry in self.report.sweep]
        for sweep in self.sweeps:
            sweep.wanted.connect(self._sweep)
            sweep.opened.connect(self._session.show_sweep)
            column.addWidget(sweep)
        column.addStretch(1)
        self.table.hide()
        self._page.setWidget(body)
        self._show_missing()
        self.read()

    @Slot()
    def _read_soon(self, *_: Any) -> None:
        if self.isVisible():
            self._soon.start()

    @Slot()
    def read(self) -> None:
        """Read what the runs of the folder answer to; the page follows."""
        if not self.isVisible():
            return
        found = tuple(row.run for row in self._session.runs.rows)
        waiting = tuple(item.experiment for item in self._session.queue.items)
        self._request = self._shown.compute(KEY, partial(standing.read, self.report, found, waiting))
        if self.sweeps:
            self._sweeps_request = self._shown.compute(SWEEPS, partial(books, self.report.sweep,
                                                                       self._session.runs_dir))

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        if key == SWEEPS and request == self._sweeps_request:
            for sweep in self.sweeps:
                sweep.show_book(answer.get(sweep.entry.preset))
        if key != KEY or request != self._request:
            return
        self.stage.show_content()
        self.standings = answer
        show_whole(self.table, numbers.overview(self.report, answer))
        self.table.show()
        for box in self.figures:
            if box.show_standings(answer, self._session.data_dir):
                self._wanting.add(box)
            box.show()
        self._show_missing()
        QTimer.singleShot(0, self, self.look)

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        if key == KEY and request == self._request:
            self.stage.show_failed(text)

    @Slot()
    def look(self, *_: Any) -> None:
        """Have the figures ask that have come in sight."""
        top = self._page.verticalScrollBar().value()
        bottom = top + self._page.viewport().height()
        for box in [box for box in self.figures if box in self._wanting]:
            if box.y() < bottom and box.y() + box.height() > top:
                self._wanting.discard(box)
                self.asker.ask(box, box.asks)

    @Slot(object, int, object)
    def _take_pictures(self, box: FigureBox, number: int, answer: Any) -> None:
        if box in self.figures:
            box.take(number, answer)

    @Slot(object, str)
    def _take_trouble(self, box: FigureBox, text: str) -> None:
        if box in self.figures:
            box.fail(text)

    def _show_missing(self) -> None:
        lacking = [it.found for it in self.standings.values() if it.found.lacking]
        epochs = sum(found.experiment.train.epochs for found in lacking)
        self.queue_all.setText(self.tr("Queue what is missing ({count})").format(count=len(lacking)))
        self.queue_all.setEnabled(bool(lacking))
        known, done = bool(self.standings), not lacking
        text = self.tr("Nothing is missing.") if done else self.tr("{epochs} epochs").format(epochs=epochs)
        self.forecast.setText(text if known else "")

    @Slot(object)
    def _sweep(self, what: Sweep | SweepFolder) -> None:
        """Train a sweep of the report, or what is missing of it, and look at it."""
        session = self._session
        folder = what if isinstance(what, SweepFolder) else None
        try:
            settings = what.sweep if isinstance(what, SweepFolder) else what
        except (ExperimentError, OSError) as error:
            session.message.emit(Message(str(error)))
            return
        session.sweep(SweepOrder(settings, session.data_dir, session.runs_dir, folder=folder))
        session.dialog_wanted.emit("sweep")

    @Slot()
    def _queue_missing(self) -> None:
        self._queue(tuple(name for name, it in self.standings.items() if it.found.lacking))

    @Slot(object)
    def _queue(self, names: tuple[str, ...]) -> None:
        """Append these, what was cut off as its continuation; before a classifier comes what its encoder is taken from.
        """
        wanted: dict[str, None] = {}
        for name in names:
            source = self.standings[name].found.experiment.classifier.encoder
            before = self.standings.get(source)
            if before is not None and before.found.lacking:
                wanted[source] = None
            wanted[name] = None
        for found in (self.standings[name].found for name in wanted):
            own = with_folder_of(found.experiment, self._session.draft.experiment)
            experiment = found.trained if found.resumable else own
            if experiment.data.dataset == "folder" and not experiment.data.folder:
                self._session.dialog_wanted.emit("image folder")
                return
            self._session.queue.add(experiment, run=found.run.folder if found.run and found.resumable else None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            QTimer.singleShot(0, self, self.look)
        return False

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.read()


def _wrapped(label: QLabel) -> QLabel:
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
