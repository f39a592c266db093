"""A sweep: the map that fills while it is trained, its cells' images, and every cell one click from all tabs."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QStackedWidget, QToolButton, QVBoxLayout, QWidget

import resources
from engine.run import Run
from engine.sweeping.folder import SweepFolder
from engine.sweeping.told import SweepOrder
from gui import style
from gui.session import Session
from gui.sweep.curveview import CurveView
from gui.sweep.mapview import MapView
from gui.sweep.naming import Names
from gui.sweep.otherviews import ImportanceView, TableView
from gui.sweep.parallelview import ParallelView
from gui.sweep.probe import Probe
from gui.sweep.seen import Seen
from gui.sweep.setup import SweepPage
from gui.sweep.steering import Steering
from gui.widgets.controls import Flow, button
from gui.widgets.quantities import count, duration
from gui.widgets.stage import Stage

MAP, CURVES, PARALLEL, IMPORTANCE, TABLE = range(5)
LIVE_MS = 300
"""A sweep that fills is drawn anew at most so often."""


class SweepTab(QWidget):
    """Shows the session's sweep in the view in front, and the chosen cell beside it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._sweeps = session, session.sweeps
        self.page: SweepPage | None = None
        self.seen: Seen | None = None
        self.steering, self.probe = Steering(self._sweeps), Probe()
        self.map, self.curves, self.parallel = MapView(), CurveView(), ParallelView()
        self.importance, self.table = ImportanceView(session.shown), TableView()
        self.views: tuple[QWidget, ...] = (self.map, self.curves, self.parallel, self.importance, self.table)
        self._by_hand = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(LIVE_MS)
        self._tried: set[SweepFolder] = set()
        self._pages = QStackedWidget()
        for view in self.views:
            self._pages.addWidget(view)
        self.status, self.verdict = (style.dress(QLabel(), "caption", "quiet") for _ in range(2))
        self.stage = Stage(self._content())
        self._lay_out()
        self._connect()
        self._show()

    def _content(self) -> QWidget:
        content = QWidget()
        sides = QHBoxLayout(content)
        sides.setContentsMargins(0, 0, 0, 0)
        sides.setSpacing(style.M)
        sides.addWidget(self._pages, 1)
        sides.addWidget(self.probe)
        return content

    def _lay_out(self) -> None:
        row = Flow()
        row.addWidget(self.steering)
        self.switch = QButtonGroup(self)
        switches = QWidget()
        flat = QHBoxLayout(switches)
        flat.setContentsMargins(0, 0, 0, 0)
        flat.setSpacing(0)
        for index, (name, tip) in enumerate((
                (self.tr("Map"), self.tr("Loss over two fields")),
                (self.tr("Curves"), self.tr("Loss over one field")),
                (self.tr("Parallel"), self.tr("Every combination as a line over all fields")),
                (self.tr("Importance"), self.tr("Which fields matter")),
                (self.tr("Table"), self.tr("Every combination, the lowest loss first")))):
            choice: QToolButton = button(name, tip, text=True, checkable=True)
            style.mark(choice, "segment", "first" if index == MAP else "last" if index == TABLE else "middle")
            self.switch.addButton(choice, index)
            flat.addWidget(choice)
        self._tips = [choice.toolTip() for choice in self.switch.buttons()]
        self.switch.button(MAP).setChecked(True)
        row.addWidget(switches)
        column = QVBoxLayout(self)
        column.setContentsMargins(style.M, style.M, style.M, style.S)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.stage, 1)
        for line in (self.verdict, self.status):
            line.setWordWrap(True)
            column.addWidget(line)

    def _connect(self) -> None:
        sweeps = self._sweeps
        self.steering.new.connect(self.set_up)
        self.steering.shown.connect(sweeps.show)
        self.steering.carried_on.connect(self.carry_on)
        self.switch.idClicked.connect(self._choose_view)
        for view in (self.map, self.parallel, self.table):
            view.opened.connect(self.open_cell)
        self.probe.opened.connect(self.open_cell)
        self.probe.chosen.connect(self.choose_cell)
        for hovering in (self.map, self.parallel):
            hovering.hovered.connect(self._hover)
        sweeps.shown_changed.connect(self._show)
        sweeps.told.connect(self._refresh_soon)
        sweeps.ended.connect(self._refresh)
        self._soon.timeout.connect(self._refresh)
        sweeps.paced.connect(self._say)
        sweeps.state_changed.connect(self._say)
        sweeps.opening_failed.connect(self._take_failure)
        sweeps.idle.connect(self._offer)
        self._session.runs.changed.connect(self._offer)

    # Which sweep

    @Slot()
    def _offer(self) -> None:
        """The sweeps of the runs folder; the newest is shown until one is chosen."""
        if not self.isVisible():
            return
        folders = tuple(row.folder for row in self._session.runs.sweeps)
        self.steering.offer(folders)
        untried = [folder for folder in folders if folder not in self._tried]
        if untried and self._sweeps.shown is None and not self._sweeps.at_work:
            self._tried.add(untried[0])  # one that cannot be read is not read again and again
            self._sweeps.show(untried[0])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._offer()
        self._refresh()

    @Slot()
    def set_up(self) -> SweepPage:
        """Open the page that sets up a sweep."""
        self.page = SweepPage(self._session, self, resources.sweeps())
        self.page.ordered.connect(self._order)
        self.page.show()  # not modal: a message may offer to download what is missing
        self.page.raise_()
        return self.page

    @Slot(object)
    def _order(self, order: SweepOrder) -> None:
        self._session.sweep(order)

    @Slot()
    def carry_on(self) -> None:
        """Train what is missing of the shown sweep."""
        book, last = self._sweeps.shown, self._sweeps.order
        if book is None:
            return
        plain = SweepOrder(book.sweep, self._session.data_dir, book.folder.folder.parent, folder=book.folder)
        self._session.sweep(last if last is not None and last.folder == book.folder else plain)

    @Slot(object)
    def _take_failure(self, failure: object) -> None:
        self.stage.show_failed(getattr(failure, "text", ""))

    # What is seen of it

    @Slot()
    def _show(self) -> None:
        """Another sweep: begin at its best cell, in the view that suits it."""
        book = self._sweeps.shown
        if book is None:
            self.seen = None
            self.stage.show_empty(self.tr("No sweep yet"), self.tr(
                "Press New sweep to train many networks that differ in a few fields, and see all of them at once."))
            self._say()
            return
        self.seen = Seen(book, Names(book.sweep))
        self._by_hand = False
        self.probe.show_cell(None)
        self._offer_views(self.seen)
        self.stage.show_content()
        self._refresh()

    def _offer_views(self, seen: Seen) -> None:
        """A map needs two axes with common values."""
        refusal = {"": "", "one axis": self.tr("A map needs two fields that vary"), "drawn": self.tr(
            "Combinations that were drawn do not lie on a grid")}[self.map.refusal(seen)]
        choice = self.switch.button(MAP)
        choice.setEnabled(not refusal)
        choice.setToolTip(refusal or self._tips[MAP])
        place = self._pages.currentIndex()
        if refusal and place == MAP:
            place = PARALLEL if seen.book.sweep.drawn else CURVES
        elif not refusal and place == CURVES:
            place = MAP
        self._bring(place)

    @Slot(int)
    def _choose_view(self, place: int) -> None:
        self._bring(place)
        self._fill()

    def _bring(self, place: int) -> None:
        self.switch.button(place).setChecked(True)
        self._pages.setCurrentIndex(place)

    @Slot()
    def _refresh_soon(self, *_: object) -> None:
        """Trainings have come further: several that come together are shown together."""
        if not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _refresh(self, *_: object) -> None:
        """Show the trainings as they are now."""
        book = self._sweeps.shown
        if book is None or self.seen is None or not self.isVisible():
            return
        self.seen = Seen(book, self.seen.names)
        lowest = self.seen.verdict.lowest
        if not self._by_hand and lowest is not None:
            self.probe.cell = lowest
        self.probe.show_sweep(self.seen)
        if self.probe.cell is None:
            self.probe.peek(None)
        self._fill()
        self._say()

    def _fill(self) -> None:
        """Hand the sweep to the view in front."""
        if self.seen is None:
            return
        view = self.views[self._pages.currentIndex()]
        view.show_sweep(self.seen)  # type: ignore[attr-defined]
        if isinstance(view, MapView | ParallelView):
            view.select(self.probe.cell)

    @Slot(int)
    def choose_cell(self, number: int) -> None:
        """Look at a cell: its image beside the view."""
        if self.seen is None or number not in self.seen.by_number:
            return
        self._by_hand = True
        cell = self.seen.by_number[number]
        self.probe.show_cell(cell)
        view = self.views[self._pages.currentIndex()]
        if isinstance(view, MapView | ParallelView):
            view.select(cell)

    @Slot(int)
    def open_cell(self, number: int) -> None:
        """Choose a cell, and make its run the shown one."""
        self.choose_cell(number)
        if self.seen is None or number not in self.seen.by_number:
            return
        for row in self.seen.by_number[number].rows:
            if row.folder is not None:
                self._session.show_run(Run(row.folder))
                return

    @Slot(int)
    def _hover(self, number: int) -> None:
        """The image of the cell under the mouse; of the chosen one when it leaves."""
        if self.seen is not None:
            self.probe.peek(self.seen.by_number.get(number))

    # What is said of it

    @Slot()
    def _say(self, *_: object) -> None:
        """How far it is, and which cell is best."""
        seen, book = self.seen, self._sweeps.shown
        if seen is None or book is None:
            self.status.clear()
            self.verdict.clear()
            return
        self.verdict.setText(seen.names.verdict(seen.verdict))
        said = [self.tr("{done} of {total} runs done").format(done=count(book.done), total=count(book.total))]
        for status, text in (("diverged", self.tr("{count} diverged")), ("failed", self.tr("{count} failed")),
                             ("impossible", self.tr("{count} cannot be built")), ("stopped", self.tr(
                                 "{count} ended early"))):
            if number := sum(row.status == status for row in book.rows.values()):
                said.append(text.format(count=count(number)))
        if self._sweeps.running is book:
            said += self._progress()
        elif not book.complete:
            said.append(self.tr("press Continue to train the rest"))
        self.status.setText(" · ".join(said))

    def _progress(self) -> list[str]:
        """Workers, and when it ends."""
        state, pace = self._sweeps.state, self._sweeps.pace
        words = {"starting": self.tr("starting the workers"), "paused": self.tr("paused"),
                 "blocked": self.tr("waiting: a run could not be saved"), "stopping": self.tr("stopping")}
        if state in words:
            return [words[state]]
        workers = self.tr("1 worker") if pace.workers == 1 else self.tr("{count} workers").format(count=pace.workers)
        if pace.remaining_s is None:
            return [workers]
        end = datetime.now().astimezone() + timedelta(seconds=pace.remaining_s)
        return [workers, self.tr("{left} left, ends {time}").format(left=duration(pace.remaining_s),
                                                                    time=f"{end:%H:%M}")]
