"""The loss while a run trains and after: curves, the numbers one looks for first, what can be changed on the way."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.fields import LABELS
from gui import style
from gui.baselines import BaselineLines
from gui.plots.curves import LossCurves
from gui.runbook import RunBook, WorkingBook
from gui.runnumbers import RunNumbers
from gui.session import Session
from gui.widgets.controls import note
from gui.widgets.fields import number_text, spec, translated
from gui.widgets.stage import Stage
from gui.widgets.training_controls import FIRST_SMOOTHING, Steering, ViewControls

if TYPE_CHECKING:
    from engine.events import Intervention
    from engine.run import Run

MORE_EPOCHS = 10
RUNS_OFFERED = 200
"""So many earlier runs are offered as overlays, the newest first."""

BUSY_AFTER_MS = 300
"""Reading that takes longer is shown."""

NUMBERS_EVERY_S = 0.2
"""Key numbers change at most so often: faster, nobody can read them."""


class TrainingTab(QWidget):
    """The curves of the shown run: live while it trains, from its records else."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._training, self._shown = session, session.training, session.shown
        self._book: RunBook | None = None
        self._work = WorkingBook(session.training)
        self._numbers_at = 0.0
        self._patience = QTimer(self, singleShot=True, interval=BUSY_AFTER_MS)
        self._patience.timeout.connect(self._show_busy)
        self.curves = LossCurves()
        self.curves.set_smoothing(FIRST_SMOOTHING)
        self.stage = Stage(self.curves)
        self.view, self.steering, self.numbers = ViewControls(self.curves), Steering(), RunNumbers()
        self.warning = style.dress(note(), "caption", "warning")
        self.baselines = BaselineLines(session, self)
        self.view.layout().addWidget(self.baselines.switch)  # type: ignore[union-attr]
        self.verdict = style.dress(note(), "caption")
        self.verdict.hide()
        self._lay_out()
        self._connect()
        self._take_runs()
        self._show_run(self._shown.run)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(style.L, style.M, style.L, style.M)
        column.setSpacing(style.M)
        column.addWidget(self.numbers)
        column.addWidget(self.view)
        column.addWidget(self.verdict)
        column.addWidget(self.stage, 1)
        column.addWidget(self.steering)
        column.addWidget(self.warning)
        column.addWidget(note(self.tr(
            "Batch is the loss of each batch while training; training and validation are means over whole sets, "
            "evaluated between batches. When validation rises while training falls, the model overfits. "
            "Click a curve to see that moment in every tab; the wheel zooms, dragging moves.")))

    def _connect(self) -> None:
        session = self._session
        session.books.answered.connect(self._take_book)
        session.books.failed.connect(self._take_failure)
        session.runs.changed.connect(self._take_runs)
        self._training.stepped.connect(self._take_events)
        self._training.progressed.connect(self._take_progress)
        self._training.state_changed.connect(self._take_state)
        self._shown.run_changed.connect(self._show_run)
        self._shown.changed.connect(self._show_snapshot)
        self.curves.step_chosen.connect(self._choose_step)
        self.view.others.toggled_run.connect(self._overlay)
        self.steering.learning_rate_chosen.connect(self._change_learning_rate)
        self.steering.more_epochs.connect(self._train_more)
        self.stage.retry.connect(self._read_again)
        self.baselines.changed.connect(self._show_baselines)
        self.baselines.refresh()

    # Which run

    @property
    def _at_work(self) -> bool:
        """Whether the shown run is the one being trained."""
        run, work = self._shown.run, self._training.run
        return self._training.at_work and run is not None and work is not None and run.folder == work.folder

    @Slot(object)
    def _show_run(self, run: Run | None) -> None:
        """Another run, or the same in another state: its book is shown when it has been read."""
        self.view.others.set_runs(self._other_runs())
        if run is None:
            self._book = None
            self._be_done()
            self.curves.clear()
            self.stage.show_nothing(False)
            self._refresh()
        elif self._at_work:
            self._show_book(self._work.of(run))
        else:
            self._patience.start()
            self._session.books.ask(run)

    @Slot(object, object)
    def _take_book(self, folder: Path, book: RunBook) -> None:
        """A run was read."""
        run = self._shown.run
        if run is not None and run.folder == folder and not self._at_work:
            self._show_book(book)
        if folder in self.view.others.chosen:
            self.curves.overlay(str(folder), self.view.others.chosen[folder], book.losses)

    @Slot(object, str)
    def _take_failure(self, folder: Path, text: str) -> None:
        run = self._shown.run
        if run is not None and run.folder == folder:
            self._be_done()
            self.stage.show_failed(text)

    @Slot()
    def _read_again(self) -> None:
        self._show_run(self._shown.run)

    def _show_book(self, book: RunBook) -> None:
        """Draw this run."""
        self._book = book
        self.curves.show_losses(book.losses)
        self._be_done()
        self._name_loss()
        self._draw_marks()
        self._show_snapshot(self._shown.snapshot)
        self._refresh()

    @Slot()
    def _show_busy(self) -> None:
        self.stage.set_busy(True)

    def _be_done(self) -> None:
        """Nothing is being read for this view any more."""
        self._patience.stop()
        self.stage.set_busy(False)

    def _name_loss(self) -> None:
        experiment = self._shown.experiment
        self.curves.set_loss_name(translated(LABELS[experiment.loss]) if experiment else "")

    def _draw_marks(self) -> None:
        if self._book is not None:
            self.curves.mark_best(self._book.best.step if self._book.best else None)
            self.curves.mark_interventions([(it.step, _words(it)) for it in self._book.interventions])

    @Slot(object)
    def _show_snapshot(self, snapshot: Any) -> None:
        self.curves.set_cursor(snapshot.step if snapshot is not None else None)

    # While it trains

    @Slot(object)
    def _take_events(self, events: tuple[Any, ...]) -> None:
        """Keep the book of the run at work, shown or not."""
        run = self._training.run
        if run is None:
            return
        book = self._work.of(run, events)
        if self._at_work and self._book is not book:
            self._show_book(book)
        if book.take(events):
            self.curves.grown(book.losses)
        if self._book is book:
            self._draw_news(book)

    def _draw_news(self, book: RunBook) -> None:
        """What came with the newest events, in the curves of the shown run."""
        batches = self._training.progress.batches_per_epoch
        if batches and not book.losses.batches_per_epoch:
            self.curves.set_batches_per_epoch(batches)
        if book.losses.empty == (self.stage.state == "ready"):
            self._refresh()
        self._draw_marks()

    @Slot(object)
    def _take_progress(self, _: Any) -> None:
        if time.monotonic() - self._numbers_at >= NUMBERS_EVERY_S:
            self._show_numbers()

    @Slot(str)
    def _take_state(self, state: str) -> None:
        """Started, paused or over: a finished run is shown as it lies on disk."""
        self._refresh()

    # What it says

    def _refresh(self) -> None:
        """Everything that depends on the state of the run and not on its curves."""
        self._show_stage()
        self._show_baselines()
        self._show_numbers()
        self._allow()
        self.curves.set_growing(self._at_work)
        self.warning.setText(self._book.bad_lines if self._book else "")
        self.warning.setVisible(bool(self.warning.text()))

    def _show_stage(self) -> None:
        """The curves, or the one thing to do next."""
        if self._shown.run is None:
            if self._training.state == "idle":
                self.stage.show_nothing(False)
            else:
                self.stage.show_empty(self.tr("Getting ready"), self.tr("The curves begin with the first batch."))
        elif self._book is not None and not self._book.losses.empty:
            self.stage.show_content()
        elif self._at_work:
            self.stage.show_empty(self.tr("Getting ready"), self.tr("The curves begin with the first batch."))
        elif self._book is not None:
            self.stage.show_empty(self.tr("Nothing was trained yet"), self.tr("Resume this run to train it."))

    def _show_numbers(self) -> None:
        """The row of numbers; nothing while the tab is hidden."""
        if not self.isVisible():
            return
        self._numbers_at = time.monotonic()
        run, book = self._shown.run, self._book
        if run is None or book is None:
            self.numbers.clear()
            return
        progress = self._training.progress if self._at_work else None
        self.numbers.show_run(run, book, progress, self._planned_epochs())

    @Slot()
    def _show_baselines(self) -> None:
        """The lines, and in words whether the network is better."""
        self.curves.set_levels(self.baselines.levels())
        best = self._book.best if self._book else None
        self.verdict.setText(self.baselines.verdict(best.validation_loss if best else None))
        self.verdict.setVisible(bool(self.verdict.text()))

    def _planned_epochs(self) -> int | None:
        experiment, changed = self._shown.experiment, self._book.epochs if self._book else None
        return changed or (experiment.train.epochs if experiment else None)

    def _allow(self) -> None:
        """Which controls of the run make sense now."""
        experiment, book = self._shown.experiment, self._book
        if experiment is not None:
            self.steering.show_rate((book and book.learning_rate) or experiment.train.learning_rate)
        rate = "" if self._at_work else self.tr(
            "Only while the shown run trains; for the next run, set it in the panel on the left.")
        self.steering.allow(rate, self._why_no_more())

    def _why_no_more(self) -> str:
        """Why the shown run cannot be trained longer; '' when it can."""
        run = self._shown.run
        if run is None:
            return self.tr("No run is shown.")
        if self._at_work:
            return self.tr("The run is being saved.") if self._training.state == "saving" else ""
        if self._training.state != "idle":
            return self.tr("Another run is being trained; stop it first.")
        notice = run.read_only
        if notice is not None:
            return notice.message
        return "" if run.checkpoints() else self.tr("The run has no checkpoint from which it could go on.")

    # What the person does

    @Slot(int)
    def _choose_step(self, step: int) -> None:
        """Show the snapshot nearest to a step."""
        handles = self._shown.snapshots
        if handles:
            self._shown.show_step(min(handles, key=lambda handle: abs(handle.step - step)).step)

    @Slot(float)
    def _change_learning_rate(self, value: float) -> None:
        if self._at_work:
            self._training.set_learning_rate(value)

    @Slot()
    def _train_more(self) -> None:
        if self._shown.run is not None:
            self._session.train_more(self._shown.run, MORE_EPOCHS)

    # Other runs behind

    def _other_runs(self) -> list[tuple[Path, str]]:
        shown = self._shown.run.folder if self._shown.run else None
        rows = [(row.run.folder, row.title) for row in self._session.runs.rows[:RUNS_OFFERED]]
        return [(folder, title) for folder, title in rows if folder != shown]

    @Slot()
    def _take_runs(self) -> None:
        self.view.others.set_runs(self._other_runs())

    @Slot(object, bool)
    def _overlay(self, folder: Path, on: bool) -> None:
        """Draw a run behind, or take it away."""
        if not on:
            self.curves.remove_overlay(str(folder))
            return
        if self._work.folder == folder:
            self._take_book(folder, self._work.book)
            return
        for row in self._session.runs.rows:
            if row.run.folder == folder:
                self._session.books.ask(row.run)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()


def _words(intervention: Intervention) -> str:
    """'learning rate 0.0003', 'epochs 30'."""
    try:
        label = spec(intervention.field).label
    except (KeyError, AttributeError):
        label = intervention.field
    return f"{label[:1].lower()}{label[1:]} {number_text(intervention.value)}"
