"""The sweep at work and the sweep that is shown: begun, paused, stopped, continued, opened."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from engine import sweep as sweeps
from engine.inbox import Inbox, Stop
from engine.sweep import Sweep, Trial
from engine.sweeping.folder import SweepFolder
from engine.sweeping.results import ORIGINAL, Row
from engine.sweeping.told import Begun, Drawn, Opened, Staffed, SweepOrder, Swept, Told
from gui.workers import EventPump, Loader

if TYPE_CHECKING:
    from engine.answers import Pictures

State = Literal["idle", "starting", "running", "paused", "blocked", "stopping"]
RATE_S = 60.0
"""The speed behind the remaining time is that of about the last minute."""


@dataclass
class Book:
    """What is known of one sweep; filled while it runs, read by the views."""

    folder: SweepFolder
    sweep: Sweep
    total: int
    trials: dict[int, Trial] = field(default_factory=dict)
    rows: dict[int, Row] = field(default_factory=dict)
    pictures: dict[int, Pictures] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """How many trainings are over."""
        return sum(row.over for row in self.rows.values())

    @property
    def complete(self) -> bool:
        """Whether all are over."""
        return self.done >= self.total

    @property
    def original(self) -> Pictures | None:
        """What the probe image is to look like."""
        return self.pictures.get(ORIGINAL)

    def begin(self, trial: Trial) -> None:
        """A training was handed out."""
        row = self.rows.get(trial.number) or Row(trial.number, trial.cell, trial.values, "pending")
        self.trials[trial.number] = trial
        self.rows[trial.number] = replace(row, status="running")

    def note(self, told: Told) -> None:
        """A training came so far."""
        self.rows[told.row.number] = told.row
        if told.picture is not None:
            self.pictures[told.row.number] = told.picture
        if told.original is not None:
            self.pictures.setdefault(ORIGINAL, told.original)


def read(folder: SweepFolder) -> Book:
    """A sweep as it lies on disk. Raises ExperimentError, DamagedFile, OSError."""
    settings = folder.sweep
    trials = folder.trials()
    results = folder.results()
    rows = {trial.number: results.row(trial, folder.run_of(trial)) for trial in trials}
    return Book(folder, settings, sweeps.count(settings), {trial.number: trial for trial in trials}, rows,
                dict(results.pictures))


@dataclass(frozen=True)
class Pace:
    """How a sweep at work is getting on."""

    workers: int = 0
    remaining_s: float | None = None


class Sweeps(QObject):
    """At most one sweep is at work, and one is shown.

    Attributes: ``shown`` and ``running`` (Book or None), ``state``, ``pace``. Signals: ``shown_changed`` (another sweep
    is shown), ``told`` (numbers of the shown sweep's trainings that changed), ``state_changed`` (State), ``paced``
    (Pace), ``trouble`` (an event that could not be saved), ``failed`` (Failure), ``opening_failed`` (Failure: a sweep
    that cannot be read), ``begun`` and ``ended`` (a sweep has its folder, or is no longer at work), ``idle`` (no thread
    is at work).
    """

    shown_changed = Signal()
    told = Signal(object)
    state_changed = Signal(str)
    paced = Signal(object)
    trouble = Signal(object)
    failed = Signal(object)
    opening_failed = Signal(object)
    begun = Signal()
    ended = Signal()
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown: Book | None = None
        self.running: Book | None = None
        self.state: State = "idle"
        self.pace = Pace()
        self.order: SweepOrder | None = None
        self._pump: EventPump | None = None
        self._loader: Loader | None = None
        self._next: SweepFolder | None = None
        self._times: list[tuple[float, float]] = []

    @property
    def at_work(self) -> bool:
        """Whether a thread is at work for a sweep."""
        return self._pump is not None or self._loader is not None

    @property
    def busy(self) -> bool:
        """Whether a sweep is being done, paused or not."""
        return self._pump is not None

    # The sweep at work

    def start(self, order: SweepOrder) -> None:
        """Begin a sweep, or go on with one. Raises RuntimeError while one is at work."""
        if self._pump is not None:
            raise RuntimeError("a sweep is at work")
        inbox = Inbox()
        self.order, self.running, self.pace, self._times = order, None, Pace(), []
        self._pump = EventPump(partial(_conduct, order, inbox), inbox, self)
        self._pump.batch.connect(self._take)
        self._pump.paused_changed.connect(self._take_pause)
        self._pump.failed.connect(self.failed)
        self._pump.finished.connect(self._end)
        self._set_state("starting")
        self._pump.start()

    def pause(self) -> None:
        """Hand out nothing more; what the workers are at they finish."""
        if self._pump is not None and self.state == "running":
            self._pump.pause()

    def resume(self) -> None:
        """Go on; after a failed save, try it again."""
        if self._pump is not None and self.state in ("paused", "blocked"):
            self._times = []
            self._pump.resume()

    def stop(self) -> None:
        """End the workers; what is finished is kept, the rest can be continued."""
        if self._pump is not None and self.state != "stopping":
            self._set_state("stopping")
            self._pump.send(Stop())
            self._pump.resume()

    def close(self) -> None:
        """End at once, for the closing of the window; nothing that is finished is lost."""
        self._next = None
        if self._pump is not None:
            self._set_state("stopping")
            self._pump.close_generator()

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        """Take in what the sweep told, then let those who look at it know."""
        changed: list[int] = []
        try:
            for event in events:
                changed += self._note(event)
            if self.running is not None:
                self._measure(self.running)
                if changed and self.shown is self.running:
                    self.told.emit(tuple(changed))
        finally:
            if self._pump is not None:
                self._pump.acknowledge()

    def _note(self, event: Any) -> list[int]:
        """One event; -> numbers of the trainings it changes."""
        book = self.running
        if isinstance(event, Opened):
            self._open(event)
        elif isinstance(event, Staffed):
            self.pace = replace(self.pace, workers=event.workers)
            if self.state == "starting":
                self._set_state("running")
        elif isinstance(event, Drawn) and book is not None:
            book.trials.update({trial.number: trial for trial in event.trials})
            book.rows.update({row.number: row for row in event.rows})
            return [row.number for row in event.rows]
        elif isinstance(event, Begun) and book is not None:
            book.begin(event.trial)
            return [event.trial.number]
        elif isinstance(event, Told) and book is not None:
            book.note(event)
            return [event.row.number]
        elif isinstance(event, Swept) and book is not None:
            book.rows.update({row.number: row for row in event.rows})
            return [row.number for row in event.rows]
        elif getattr(event, "asks_for_pause", False):
            self._set_state("blocked")
            self.trouble.emit(event)
        return []

    def _open(self, event: Opened) -> None:
        assert self.order is not None
        self.order = replace(self.order, folder=event.folder)  # so that it can be ordered again as it was
        self.running = self.shown = Book(
            event.folder, self.order.sweep, event.total, {trial.number: trial for trial in event.trials},
            {row.number: row for row in event.rows}, dict(event.pictures))
        self.begun.emit()
        self.shown_changed.emit()

    def _measure(self, book: Book) -> None:
        """The time left, from the epochs done in about the last minute."""
        done = sum(row.epoch for row in book.rows.values())
        now = time.monotonic()
        if not self._times or done > self._times[-1][1]:
            self._times.append((now, done))
        while len(self._times) > 2 and now - self._times[0][0] > RATE_S:
            del self._times[0]
        remaining = None
        (first_s, first), (last_s, last) = self._times[0], self._times[-1]
        if last > first:
            remaining = max(0.0, self._epochs_left(book) * (last_s - first_s) / (last - first) - (now - last_s))
        self.pace = replace(self.pace, remaining_s=remaining)
        self.paced.emit(self.pace)

    @staticmethod
    def _epochs_left(book: Book) -> float:
        """Epochs still to be trained, also of trainings that are not drawn yet."""
        base = book.sweep.base.train.epochs
        open_rows = [(book.trials[number].experiment.train.epochs, row.epoch) for number, row in book.rows.items()
                     if not row.over and number in book.trials]
        return sum(epochs - done for epochs, done in open_rows) + base * max(0, book.total - len(book.rows))

    @Slot(bool)
    def _take_pause(self, paused: bool) -> None:
        if self.state in ("running", "paused", "blocked"):
            if not paused:
                self._set_state("running")
            elif self.state != "blocked":
                self._set_state("paused")

    @Slot()
    def _end(self) -> None:
        """The thread is over."""
        if self._pump is not None:
            self._pump.deleteLater()
        self._pump = None
        if self.running is not None:
            self._settle(self.running)
        self.running = None
        self._set_state("idle")
        self.ended.emit()
        self.idle.emit()

    def _settle(self, book: Book) -> None:
        """Nobody is at the trainings any more that were not finished."""
        left = [number for number, row in book.rows.items() if row.status == "running"]
        for number in left:
            status = "interrupted" if book.rows[number].epoch else "pending"
            book.rows[number] = replace(book.rows[number], status=status)
        if self.shown is book:
            self.told.emit(tuple(left))

    # The sweep that is shown

    def show(self, folder: SweepFolder) -> None:
        """Show a sweep: the one at work at once, another after it was read on a thread."""
        if self.running is not None and self.running.folder == folder:
            self._next, self.shown = None, self.running
            self.shown_changed.emit()
        elif self._loader is not None:
            self._next = folder
        else:
            self._loader = Loader(partial(read, folder), self)
            self._loader.ready.connect(self._take_book)
            self._loader.failed.connect(self.opening_failed)
            self._loader.finished.connect(self._end_loading)
            self._loader.start()

    def forget(self, folder: Path) -> None:
        """A sweep is no longer there."""
        if self._next is not None and self._next.folder == folder:
            self._next = None
        if self.shown is not None and self.shown.folder.folder == folder:
            self.shown = None
            self.shown_changed.emit()

    @Slot(object)
    def _take_book(self, book: Book) -> None:
        if self._next is None and book.folder.folder.is_dir():  # it may have been deleted meanwhile
            self.shown = book
            self.shown_changed.emit()

    @Slot()
    def _end_loading(self) -> None:
        if self._loader is not None:
            self._loader.deleteLater()
        self._loader = None
        folder, self._next = self._next, None
        if folder is not None:
            self.show(folder)
        self.idle.emit()


def _conduct(order: SweepOrder, inbox: Inbox) -> Any:
    """On the thread: what a sweep needs is imported there."""
    from engine.sweeping.conduct import conduct

    return conduct(order, inbox)

