"""What the window knows: the draft, the training at work, and what is shown; with the threads that serve them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine import preflight, runs
from engine.datasets import sources
from engine.events import Finished
from engine.experiment import Experiment
from engine.run import Run
from engine.runfiles.notices import RunError
from engine.runfiles.saving import Moved, SaveElsewhere
from engine.sweeping.folder import SweepFolder
from engine.sweeping.told import SweepOrder
from gui import explain
from gui.books import Books
from gui.closing import Closing
from gui.downloads import Downloads
from gui.draft import Draft
from gui.exports import Exports
from gui.forecast import Forecast
from gui.imports.importer import Importer
from gui.job import Started
from gui.messages import Message
from gui.models import Models
from gui.own_images import OwnImages
from gui.queue import Queue
from gui.reporter import keep_in_log
from gui.runlist import RunList
from gui.settings import Settings
from gui.shown import Shown
from gui.starting import Starting
from gui.sweeps import Sweeps
from gui.torchloading import TorchLoading
from gui.training import Training
from gui.turns import Turns
from gui.workers import Failure, LatestOnly

TORCHVISION = "torchvision"
"""Key of the question whether it works."""


class Session(QObject):
    """One window's knowledge.

    Attributes: ``draft``, ``training``, ``queue``, ``shown``, ``runs`` (RunList), ``own`` (OwnImages), ``forecast``,
    ``downloads``, ``exports``, ``importer``, ``sweeps``, ``torch`` (TorchLoading), ``starting``, ``closing``,
    ``settings``, ``data_dir``, ``runs_dir``.
    Signals: ``message`` (Message), ``ready_changed`` (bool), ``data_dir_changed`` (Path), ``settings_changed``
    (Settings), ``dialog_wanted`` (what only a window can ask: 'save elsewhere', 'data folder', 'data files: NAME',
    'runs folder', 'data sets', 'own image'), ``torchvision_checked`` (what is wrong with it, or ''), ``closed`` (all
    threads ended).
    """

    message = Signal(object)
    ready_changed = Signal(bool)
    data_dir_changed = Signal(object)
    settings_changed = Signal(object)
    dialog_wanted = Signal(str)
    torchvision_checked = Signal(str)
    closed = Signal()

    def __init__(self, settings: Settings | None = None, data_dir: Path | None = None, runs_dir: Path | None = None,
                 experiment: Experiment | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings or Settings()
        self.data_dir = data_dir or Path(self.settings.data_dir or sources.default_data_dir())
        self.runs_dir = runs_dir or Path(self.settings.runs_dir or runs.default_runs_dir())
        self.runs = RunList(self)
        self.books = Books(self)
        self.torch = TorchLoading(self)
        self.draft = Draft(experiment, self)
        self.training = Training(self)
        self.queue = Queue(self)
        self._questions = LatestOnly(Models.prepare, self)
        self.shown = Shown(self._questions, Models(), self.data_dir, self)
        self.own = OwnImages(self._questions, self.shown, self)
        self.forecast = Forecast(self._questions, self)
        self.downloads = Downloads(self)
        self.exports = Exports(self)
        self.importer = Importer(self)
        self.sweeps = Sweeps(self)
        self.closing = Closing(self.training, self._end_threads, lambda: self.busy, self)
        self.starting = Starting(self, self.torch, self)
        self.turns = Turns(self, self.starting, self.closing, self)
        self.torch.loaded.connect(self._take_torch)
        self.torch.failed.connect(self._take_torch_failure)
        self.torch.idle.connect(self.closing.look)
        self.closing.closed.connect(self.closed)
        self.draft.changed.connect(self._want_forecast)
        self.settings_changed.connect(self._want_forecast)
        self.own.message.connect(self.message)
        self.runs.changed.connect(self._leave_missing)
        self.runs.failed.connect(self._take_runs_failure)
        self.runs.idle.connect(self.closing.look)
        self.books.idle.connect(self.closing.look)
        self.training.run_started.connect(self._show_started)
        self.training.stepped.connect(self._take_events)
        self.training.finished.connect(self._end_training)
        self.downloads.finished.connect(self._end_download)
        self.exports.message.connect(self.message)
        self.exports.finished.connect(self.closing.look)
        self.importer.finished.connect(self._end_import)
        self.sweeps.begun.connect(self.refresh_runs)
        self.sweeps.trouble.connect(self._say_sweep_trouble)
        self.sweeps.failed.connect(self._take_sweep_failure)
        self.sweeps.ended.connect(self.refresh_runs)
        self.sweeps.idle.connect(self.closing.look)
        self.data_dir_changed.connect(self.shown.look_again)
        self._questions.finished.connect(self.closing.look)
        self._questions.crashed.connect(self._log_failure)
        self._questions.answered.connect(self._take_answer)

    def load_engine(self) -> None:
        """Import torch and make the digits on a thread; ``ready_changed`` follows, or a message."""
        self.torch.start()

    @Slot()
    def _take_torch(self) -> None:
        if self.closing.wanted:
            return
        self._questions.start()
        self.ready_changed.emit(True)
        self._want_forecast()
        self.starting.begin_waiting()

    @Slot(object)
    def _take_torch_failure(self, failure: Failure) -> None:
        self.starting.forget()
        keep_in_log(failure)
        self.ready_changed.emit(False)
        self.message.emit(explain.engine_failure(failure))

    @property
    def ready(self) -> bool:
        """Whether torch is there."""
        return self.torch.ready

    @property
    def broken(self) -> bool:
        """Whether torch could not be loaded."""
        return self.torch.broken

    @property
    def at_work(self) -> bool:
        """Whether a run is being trained, or waits for torch."""
        return self.training.at_work or self.starting.waits

    def start(self, one_batch: bool = False) -> None:
        """Train the draft as a new run, or a batch of it and pause; it waits in the queue while another is trained."""
        self.starting.start(one_batch=one_batch)

    def resume(self, run: Run) -> None:
        """Continue a run where its newest checkpoint is; a message says why when that cannot be."""
        self.starting.resume(run)

    def train_more(self, run: Run, epochs: int = 10) -> None:
        """Train a run longer than planned; the one at work as well as one that has ended."""
        self.starting.train_more(run, epochs)

    def stop(self) -> None:
        """Stop the training, or forget the one that waits for torch."""
        if self.starting.waits:
            self.starting.forget()
        else:
            self.training.stop()

    def save_elsewhere(self, runs_dir: Path) -> None:
        """Go on with the training in a copy of its run in another folder of runs."""
        try:
            runs.check_writable(runs_dir)
        except RunError as error:
            self.message.emit(Message(error.message))
            return
        self.training.send(SaveElsewhere(runs_dir))
        self.training.resume()

    @Slot(object)
    def _show_started(self, run: Run) -> None:
        if self.starting.follows:
            self.shown.show_run(run)
        self.refresh_runs()

    @Slot(object)
    def _take_events(self, events: tuple[Any, ...]) -> None:
        if self.training.run is not None:
            self.shown.take(self.training.run, events)
        for event in events:
            self._explain(event)
        if self.runs.outdated_by(events):
            self.refresh_runs()

    def _explain(self, event: Any) -> None:
        """Say what an event has to say to a person."""
        if isinstance(event, Started):
            if self.training.experiment is not None:
                self.starting.note_threads(self.training.experiment, event.threads)
            for notice in event.notices:
                self.message.emit(explain.notice(self, notice))
        elif isinstance(event, Moved):
            self.shown.move(event.run)
            self.use_runs_dir(event.run.folder.parent)
        else:
            message = explain.event(self, event)
            if message is not None:
                self.message.emit(message)

    @Slot(object)
    def _end_training(self, outcome: Finished | Failure | None) -> None:
        if isinstance(outcome, Failure):
            keep_in_log(outcome)
            self.message.emit(explain.failure(self, outcome))
        self.closing.end_training(outcome)
        self.refresh_runs()
        if isinstance(outcome, Finished) and outcome.reason == "stopped":
            self.turns.pause()
        self.turns.begin_next()
        self._want_forecast()
        self.closing.look()

    @Slot(str, object)
    def _end_download(self, name: str, failure: Failure | None) -> None:
        if failure is not None:
            keep_in_log(failure)
            self.message.emit(explain.download_failure(self, name, failure))
        self.data_dir_changed.emit(self.data_dir)
        self.closing.look()

    @Slot(object)
    def _end_import(self, outcome: object) -> None:
        """The images of a folder are there, or others than before: who got no answer asks again."""
        if isinstance(outcome, Failure):
            keep_in_log(outcome)
        self.shown.look_again()
        self.closing.look()

    def sweep(self, order: SweepOrder) -> None:
        """Begin a sweep, or go on with one; a message says why when that cannot be."""
        first = order.sweep.experiments[0] if order.sweep.experiments else order.sweep.base
        obstacle = explain.sweep_busy(self) or explain.obstacle(self, order.runs_dir, first, None)
        if obstacle is not None:
            self.message.emit(obstacle)
            return
        self.torch.start()
        self.sweeps.start(replace(order, device=self.settings.device))

    @Slot(object)
    def _say_sweep_trouble(self, event: Any) -> None:
        self.message.emit(explain.sweep_save_failed(self, event))

    @Slot(object)
    def _take_sweep_failure(self, failure: Failure) -> None:
        keep_in_log(failure)
        self.message.emit(explain.sweep_failure(self, failure))

    def show_run(self, run: Run) -> None:
        """Show a run in every tab; a message says why it can only be looked at, or not even that, if so."""
        if not run.folder.exists():
            self.message.emit(explain.run_gone(run))
            self.refresh_runs()
            return
        self.shown.show_run(run)
        mine = self.training.at_work and self.training.run is not None and self.training.run.folder == run.folder
        message = None if mine else explain.read_only(self, run)
        if message is not None:
            self.message.emit(message)

    def show_sweep(self, folder: SweepFolder) -> None:
        """Show a sweep, with its tab in front."""
        self.sweeps.show(folder)
        self.dialog_wanted.emit("sweep")

    def forget_sweep(self, folder: Path) -> None:
        """A sweep is no longer there, nor are its runs."""
        self.sweeps.forget(folder)
        shown = self.shown.run
        if shown is not None and folder in shown.folder.parents:
            self.forget(shown)
        self.refresh_runs()

    def take_over(self, run: Run) -> None:
        """Free a run that another host holds."""
        try:
            runs.take_over(run)
        except (RunError, OSError) as error:
            self.message.emit(Message(str(error)))
        self.refresh_runs()

    def forget(self, run: Run) -> None:
        """A run is no longer there: show the newest other one."""
        if self.shown.run is not None and self.shown.run.folder == run.folder:
            others = [row.run for row in self.runs.rows if row.run.folder != run.folder]
            self.shown.show_run(others[0] if others else None)
        self.refresh_runs()

    @Slot()
    def _leave_missing(self) -> None:
        """The shown run was deleted by another window: say so and show another one."""
        run = self.shown.run
        if run is not None and not run.folder.exists() and not self.at_work and not self.closing.wanted:
            self.message.emit(explain.run_gone(run))
            self.forget(run)

    def refresh_runs(self, tidy: bool = False) -> None:
        """List the runs folder again, at the start after deleting what a crash left; ``runs.changed`` follows."""
        if not self.closing.wanted:
            self.runs.refresh(self.runs_dir, tidy)

    @Slot(object)
    def _take_runs_failure(self, failure: Failure) -> None:
        keep_in_log(failure)
        self.message.emit(explain.listing_failure(self, failure))

    @Slot(object)
    def _log_failure(self, failure: Failure) -> None:
        """A question failed; whoever asked it says so in its place."""
        keep_in_log(failure)

    @Slot()
    def _want_forecast(self) -> None:
        """Measured only where no training would be disturbed."""
        may = self.ready and not self.training.at_work and not self.draft.problems
        self.forecast.want(self.draft.experiment, self.settings.device, may)

    def change_settings(self, **changes: Any) -> None:
        """Take other settings; the window saves them."""
        self.settings = self.settings.model_copy(update=changes)
        self.settings_changed.emit(self.settings)

    def use_data_dir(self, folder: Path) -> None:
        """Look for data sets in another folder."""
        self.data_dir = self.shown.data_dir = folder
        self.change_settings(data_dir=str(folder))
        self.data_dir_changed.emit(folder)

    def use_runs_dir(self, folder: Path) -> None:
        """Record new runs in another folder, and list its runs."""
        self.runs_dir = folder
        self.change_settings(runs_dir=str(folder))
        self.refresh_runs()

    def download(self, name: str) -> None:
        """Fetch a data set into the data folder; the page of the data sets shows how far it is."""
        self.downloads.start(name, self.data_dir)
        self.dialog_wanted.emit("data sets")

    def use_files(self, name: str, paths: Sequence[Path]) -> None:
        """Take a data set's files, which are here already, into the data folder."""
        self.downloads.use_files(name, self.data_dir, paths)
        self.dialog_wanted.emit("data sets")

    def check_torchvision(self) -> None:
        """Look whether it goes with torch, which takes seconds; ``torchvision_checked`` follows once torch is there."""
        self._questions.ask(TORCHVISION, preflight.mismatched_pair)

    @Slot(str, int, object)
    def _take_answer(self, key: str, _: int, answer: Any) -> None:
        if key == TORCHVISION:
            self.torchvision_checked.emit(answer)

    def use_dataset(self, name: str) -> None:
        """Train on another data set."""
        self.draft.set("data.dataset", name)

    @property
    def busy(self) -> bool:
        """Whether a thread is still at work that closing has to wait for."""
        workers = (self.training, self.downloads, self.exports, self.importer, self.sweeps, self.runs, self.books,
                   self.torch)
        return any(worker.at_work for worker in workers) or self._questions.isRunning()

    def close(self, reason: str = "close") -> None:
        """Save the training, then end every thread; ``closed`` follows once, at once when nothing is at work."""
        self.starting.forget()
        self.torch.close()
        self.closing.begin(reason)

    def _end_threads(self) -> None:
        """Ask every thread but the training's to end."""
        self.downloads.cancel()
        self.exports.cancel()
        self.importer.cancel()
        self.sweeps.close()
        self.runs.close()
        self.books.close()
        self._questions.close_questions()
