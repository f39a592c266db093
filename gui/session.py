"""What the window knows: the draft, the training at work, and what is shown; with the threads that serve them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine import preflight, runs
from engine.datasets import sources
from engine.events import Finished
from engine.experiment import Experiment
from engine.inbox import MoreEpochs, SetLearningRate
from engine.run import Run
from engine.runfiles import lock
from engine.runfiles.notices import RunError
from engine.runfiles.saving import Moved, Saved, SaveElsewhere
from engine.runfiles.writer import Limits
from gui import explain, job
from gui.books import Books
from gui.downloads import Downloads
from gui.draft import Draft
from gui.exports import Exports
from gui.forecast import Forecast
from gui.imports.importer import Importer
from gui.job import Order, Started
from gui.messages import Message
from gui.models import Models, SnapshotHandle
from gui.own_images import OwnImages
from gui.queue import Queue, Waiting
from gui.reporter import keep_in_log
from gui.runlist import RunList
from gui.settings import Settings
from gui.shown import Shown
from gui.training import Training
from gui.workers import Failure, LatestOnly, Loader

__all__ = ["Draft", "Session", "Shown", "SnapshotHandle", "Training"]


TORCHVISION = "torchvision"
"""Key of the question whether it works."""


class Session(QObject):
    """One window's knowledge.

    Attributes: ``draft``, ``training``, ``queue``, ``shown``, ``runs`` (RunList), ``forecast``, ``downloads``,
    ``exports``, ``settings``, ``data_dir``, ``runs_dir``, ``ready`` (torch is there), ``broken`` (torch could not be
    loaded).
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
        self.ready = self.broken = False
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
        self._loader: Loader | None = None
        self._waiting: tuple[Order, tuple[Any, ...], bool] | None = None
        self._threads: dict[tuple[Any, ...], int] = {}  # measured, so that the next start of such a network is quick
        self._closing = self._closed = self._go_on = self._held = self._was_paused = False
        self._beginning, self._follows = False, True
        self.draft.changed.connect(self._want_forecast)
        self.settings_changed.connect(self._want_forecast)
        self.own.message.connect(self.message)
        self.runs.changed.connect(self._leave_missing)
        self.runs.failed.connect(self._take_runs_failure)
        self.runs.idle.connect(self._look_for_end)
        self.books.idle.connect(self._look_for_end)
        self.training.run_started.connect(self._show_started)
        self.training.stepped.connect(self._take_events)
        self.training.finished.connect(self._end_training)
        self.queue.changed.connect(self._begin_next)
        self.queue.failed.connect(self._say_queue_not_kept)
        self.downloads.finished.connect(self._end_download)
        self.exports.message.connect(self.message)
        self.exports.finished.connect(self._look_for_end)
        self.importer.finished.connect(self._end_import)
        self.data_dir_changed.connect(self.shown.look_again)
        self._questions.finished.connect(self._look_for_end)
        self._questions.crashed.connect(self._log_failure)
        self._questions.answered.connect(self._take_answer)

    def load_engine(self) -> None:
        """Import torch and make the digits on a thread; ``ready_changed`` follows, or a message."""
        if self._loader is None and not self.ready:
            self._loader = Loader(job.load_engine, self)
            self._loader.ready.connect(self._take_engine)
            self._loader.failed.connect(self._take_engine_failure)
            self._loader.finished.connect(self._end_loading)
            self.broken = False
            self._loader.start()

    @Slot(object)
    def _take_engine(self, _: Any) -> None:
        self.ready = True
        if self._closing:
            return
        self._questions.start()
        self.ready_changed.emit(True)
        self._want_forecast()
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            self.training.wait_for_torch(False)
            self.training.begin(*waiting)

    @Slot(object)
    def _take_engine_failure(self, failure: Failure) -> None:
        self._waiting = None
        self.training.wait_for_torch(False)
        self.broken = True
        keep_in_log(failure)
        self.ready_changed.emit(False)
        self.message.emit(explain.engine_failure(failure))

    @Slot()
    def _end_loading(self) -> None:
        """A loader that failed makes room for the next try, which may have been asked for meanwhile."""
        if self._loader is not None and not self.ready:
            self._loader.deleteLater()
            self._loader = None
            if self._waiting is not None and not self._closing:
                self.load_engine()
        self._look_for_end()

    def start(self, even_if_full: bool = False, one_batch: bool = False) -> None:
        """Train the draft as a new run, or a batch of it and pause; a message says why when that cannot be.

        While another run is being trained the draft waits in the queue.
        """
        if self.at_work and not one_batch:
            self.add_to_queue()
            return
        refusal = explain.refusal(self, even_if_full)
        if refusal is not None:
            self.message.emit(refusal)
            return
        self._follows = True
        self._begin(self.order(self.draft.experiment), one_batch=one_batch)

    @property
    def at_work(self) -> bool:
        """Whether a run is being trained, or waits for torch."""
        return self.training.at_work or self._waiting is not None

    def add_to_queue(self) -> None:
        """Let the draft wait until nothing else is being trained; a message says why when that cannot be."""
        refusal = explain.problem(self)
        if refusal is not None:
            self.message.emit(refusal)
        else:
            self.queue.add(self.draft.experiment)

    @Slot()
    def _begin_next(self) -> None:
        """Train what waits first, as soon as nothing else is being trained; what cannot be trained pauses the queue."""
        if self.at_work or self._closing or self._beginning:
            return
        self._beginning = True  # taking an item changes the queue
        try:
            item = self.queue.take()
            if item is not None and not self._begin_waiting(item):
                self.queue.put_back(item)
                self.queue.pause()
        finally:
            self._beginning = False

    def _begin_waiting(self, item: Waiting) -> bool:
        """Begin an item of the queue; -> False, with a message, when something stands in its way."""
        try:
            run = runs.open_run(str(item.run), self.runs_dir) if item.run else None
        except RunError as error:
            self.message.emit(Message(error.message))
            return True  # it is gone for good: the others need not wait for it
        obstacle = explain.obstacle(self, run.folder if run else self.runs_dir, item.experiment, None)
        if obstacle is not None:
            self.message.emit(obstacle)
            return False
        self._follows = self.shown.run is None or (self.shown.live and self._shows_training)
        self._begin(self.order(item.experiment, run))
        return True

    @Slot(str)
    def _say_queue_not_kept(self, reason: str) -> None:
        text = self.tr("The queue could not be written down ({reason}); it holds until the window closes.")
        self.message.emit(Message(text.format(reason=reason), "warning", key="queue"))

    @property
    def _shows_training(self) -> bool:
        """Whether the shown run is the one that is trained, or was last."""
        shown, trained = self.shown.run, self.training.run
        return shown is not None and trained is not None and shown.folder == trained.folder

    def start_anyway(self) -> None:
        """Train the draft although the disk is nearly full."""
        self.start(even_if_full=True)

    def resume(self, run: Run, *commands: Any, even_if_full: bool = False) -> None:
        """Continue a run where its newest checkpoint is; a message says why when that cannot be."""
        if self.at_work:
            self.message.emit(explain.busy(self, run if not commands else None))
            return
        refusal = explain.read_only(self, run)
        if refusal is not None:
            self.message.emit(refusal)
            return
        try:
            order = self.order(run.experiment, run)
        except RunError as error:
            self.message.emit(Message(error.message))
            return
        anyway = None if even_if_full else partial(self.resume, run, *commands, even_if_full=True)
        obstacle = explain.obstacle(self, run.folder, order.experiment, anyway)
        if obstacle is not None:
            self.message.emit(obstacle)
            return
        self._follows = True
        self._begin(order, commands)

    def train_more(self, run: Run, epochs: int = 10) -> None:
        """Train a run longer than planned; the one at work as well as one that has ended."""
        if self.training.run is not None and self.training.at_work and self.training.run.folder == run.folder:
            self.training.more_epochs(epochs)
        else:
            self.resume(run, MoreEpochs(epochs))

    def restart_slower(self, run: Run, learning_rate: float) -> None:
        """Continue a diverged run from its last good checkpoint with another learning rate."""
        self.resume(run, SetLearningRate(learning_rate))

    def try_again(self, experiment: Experiment, changes: Mapping[str, Any]) -> None:
        """Train an experiment anew with some fields changed; the form shows it."""
        self.draft.replace(experiment)
        if not self.draft.set_many(changes):
            self.start()

    def try_on_cpu(self, experiment: Experiment) -> None:
        """Train an experiment anew on the processor."""
        self.change_settings(device="cpu")
        self.try_again(experiment, {})

    def order(self, experiment: Experiment, run: Run | None = None) -> Order:
        """What a training of this experiment needs, with the chosen folders, device and threads."""
        threads = self.settings.threads or (None if run else self._threads.get(_machine_key(experiment)))
        limits = Limits(snapshots=self.settings.history_snapshots,
                        snapshot_bytes=round(self.settings.history_gb * 1e9))
        return Order(experiment, self.data_dir, run.folder.parent if run else self.runs_dir, self.settings.device,
                     threads, run, limits)

    def _begin(self, order: Order, commands: tuple[Any, ...] = (), one_batch: bool = False) -> None:
        if not self.ready:
            self._waiting = order, commands, one_batch
            self.training.wait_for_torch(True)
            self.load_engine()
        else:
            self.training.begin(order, commands, one_batch)

    def stop(self) -> None:
        """Stop the training, or forget the one that waits for torch."""
        if self._waiting is not None:
            self._waiting = None
            self.training.wait_for_torch(False)
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
        """A run of the queue leaves a person alone who looks at another one."""
        if self._follows:
            self.shown.show_run(run)
        self.refresh_runs()

    @Slot(object)
    def _take_events(self, events: tuple[Any, ...]) -> None:
        if self.training.run is not None:
            self.shown.take(self.training.run, events)
        for event in events:
            self._explain(event)
        if self._changes_the_list(events):
            self.refresh_runs()

    def _changes_the_list(self, events: tuple[Any, ...]) -> bool:
        """Whether the run is held from now on, or has a new loss in its state."""
        if any(isinstance(event, Started) for event in events):
            self._held = False
        told = any(not isinstance(event, Started) for event in events)
        first, self._held = told and not self._held, self._held or told
        return first or any(isinstance(event, Saved) and event.kind == "checkpoint" for event in events)

    def _explain(self, event: Any) -> None:
        """Say what an event has to say to a person."""
        if isinstance(event, Started):
            if self.training.experiment is not None:
                self._threads[_machine_key(self.training.experiment)] = event.threads
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
        if self._closing:
            self._end_threads()
        elif self._go_on and isinstance(outcome, Finished) and outcome.reason == "stopped":
            self._train_on()
        self._go_on = False
        self.refresh_runs()
        if isinstance(outcome, Finished) and outcome.reason == "stopped":
            self._pause_queue()
        self._begin_next()
        self._want_forecast()
        self._look_for_end()

    def _pause_queue(self) -> None:
        """Who stops a training does not want the next one to begin by itself."""
        if self.queue.items and not self.queue.paused and not self.at_work and not self._closing:
            self.queue.pause()
            self.message.emit(explain.queue_paused(self))

    def _train_on(self) -> None:
        """The training was only stopped for a closing that was taken back; one that was paused stays so."""
        if self.training.order is not None:
            self.training.begin(replace(self.training.order, run=self.training.run), paused=self._was_paused)

    @Slot(str, object)
    def _end_download(self, name: str, failure: Failure | None) -> None:
        if failure is not None:
            keep_in_log(failure)
            self.message.emit(explain.download_failure(self, name, failure))
        self.data_dir_changed.emit(self.data_dir)
        self._look_for_end()

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

    def locked_elsewhere(self, run: Run) -> bool:
        """Whether another host holds the run, so that only a person can know that it no longer trains."""
        holder = lock.holder(run.folder)
        return holder is not None and not holder.here

    @Slot(object)
    def _end_import(self, outcome: object) -> None:
        """The images of a folder are there, or others than before: who got no answer asks again."""
        if isinstance(outcome, Failure):
            keep_in_log(outcome)
        self.shown.look_again()
        self._look_for_end()

    def held(self, run: Run) -> bool:
        """Whether somebody trains the run, here or on another host, as its folder says now."""
        return lock.holder(run.folder) is not None

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
        if run is not None and not run.folder.exists() and not self.at_work and not self._closing:
            self.message.emit(explain.run_gone(run))
            self.forget(run)

    def refresh_runs(self, tidy: bool = False) -> None:
        """List the runs folder again, at the start after deleting what a crash left; ``runs.changed`` follows."""
        if not self._closing:
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
        loading = self._loader is not None and self._loader.isRunning()
        workers = (self.training, self.downloads, self.exports, self.importer, self.runs, self.books)
        return any(worker.at_work for worker in workers) or loading or self._questions.isRunning()

    def close(self, reason: str = "close") -> None:
        """Save the training, then end every thread; ``closed`` follows once, at once when nothing is at work."""
        self._closing = True
        self._waiting = None
        if self.training.state != "saving":
            self._was_paused = self.training.state == "paused"
        if self.training.at_work:
            self.training.stop(reason)
        else:
            self._end_threads()
        self._look_for_end()

    def stay_open(self) -> bool:
        """Take ``close`` back while the training is being saved, which then goes on; -> whether there was still time.
        """
        in_time = self._closing and self.training.at_work
        if in_time:
            self._closing, self._go_on = False, True
        return in_time

    def _end_threads(self) -> None:
        """Ask every thread but the training's to end."""
        self.downloads.cancel()
        self.exports.cancel()
        self.importer.cancel()
        self.runs.close()
        self.books.close()
        self._questions.close_questions()

    @Slot()
    def _look_for_end(self) -> None:
        if self._closing and not self.busy and not self._closed:
            self._closed = True
            self.closed.emit()


def _machine_key(experiment: Experiment) -> tuple[Any, ...]:
    """What decides which number of threads is fastest."""
    train = experiment.train
    return (experiment.model, experiment.image_shape, train.batch_size, train.precision, train.optimizer,
            experiment.task, experiment.classifier.strategy)
