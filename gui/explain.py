"""What happened, what was kept, what to do: events, failures and refusals as messages with their remedies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QCoreApplication

from engine import run as run_module
from engine import runs
from engine.datasets import sources
from engine.events import Diverged
from engine.experiment import Experiment
from engine.fields import LABELS
from engine.runfiles.notices import Notice, RunError
from gui.messages import Action, Message
from gui.workers import Failure

if TYPE_CHECKING:
    from engine.run import Run
    from engine.sweeping.told import SweepOrder
    from gui.draft import Draft
    from gui.queue import Queue
    from gui.sweeps import Sweeps
    from gui.training import Training

translate = QCoreApplication.translate

DATA_FAILURES = ("MissingData", "DamagedData", "DownloadError")
OWN_FILES = ("download.file", "download.unknown_file")
"""A person's own files could not be used: there was no download that could be tried again."""


class Starting(Protocol):
    """The ways to begin a training that a message can offer."""

    def start_anyway(self) -> None: ...
    def restart_slower(self, run: Run, learning_rate: float) -> None: ...
    def try_again(self, experiment: Experiment, changes: Mapping[str, Any]) -> None: ...
    def try_on_cpu(self, experiment: Experiment) -> None: ...


class Session(Protocol):
    """What the buttons of the messages do, and what their texts tell of."""

    @property
    def draft(self) -> Draft: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def at_work(self) -> bool: ...
    @property
    def training(self) -> Training: ...
    @property
    def starting(self) -> Starting: ...
    @property
    def runs_dir(self) -> Path: ...
    @property
    def data_dir(self) -> Path: ...
    @property
    def dialog_wanted(self) -> Any: ...
    @property
    def sweeps(self) -> Sweeps: ...
    def sweep(self, order: SweepOrder) -> None: ...
    @property
    def message(self) -> Any: ...
    def stop(self) -> None: ...
    def download(self, name: str) -> None: ...
    def use_dataset(self, name: str) -> None: ...
    def take_over(self, run: Run) -> None: ...


def notice(session: Session, told: Notice) -> Message:
    """What a run has to say at its start; a folder that has changed can be imported again."""
    again = Action(translate("explain", "Import again…"), partial(session.dialog_wanted.emit, "image folder"))
    return Message(told.message, "warning", (again,) if told.code == "data.folder_changed" else (), key=told.code)


def refusal(session: Session, even_if_full: bool = False) -> Message | None:
    """Why the draft cannot be trained now; None when it can."""
    if session.at_work:
        return busy(session)
    anyway = None if even_if_full else session.starting.start_anyway
    return problem(session) or obstacle(session, session.runs_dir, session.draft.experiment, anyway)


def problem(session: Session) -> Message | None:
    """What is wrong with the draft itself; None when nothing is."""
    for found in session.draft.problems:
        remedy = found.remedy
        actions = (Action(remedy.label, partial(session.draft.apply, remedy)),) if remedy else ()
        return Message(found.message, "warning", actions, key="draft")
    return None


def obstacle(session: Session, folder: Path, experiment: Experiment, anyway: Callable[[], object] | None,
             ) -> Message | None:
    """What stands in the way of a training in this folder; ``anyway`` starts it on a nearly full disk, None: do."""
    disk = None if anyway is None else _disk(folder, experiment, anyway)
    return _folder(session, folder) or disk or _data(session, experiment.data.dataset)


def busy(session: Session, run: Run | None = None) -> Message:
    """Only one training at a time; a run that is to be continued can wait for its turn."""
    text = translate("explain", "A run is being trained. Stop it first; it can be resumed later.")
    stop = Action(translate("explain", "Stop it"), session.stop)
    if run is None:
        return Message(text, "information", (stop,), key="busy")
    wait = Action(translate("explain", "Add to the queue"), partial(session.queue.add, run.experiment, run=run.folder))
    return Message(text, "information", (wait, stop), key="busy")


def queue_paused(session: Session) -> Message:
    """A training was stopped by hand while others wait."""
    count = len(session.queue.items)
    text = (translate("explain", "The queue is paused; 1 experiment waits.") if count == 1 else
            translate("explain", "The queue is paused; {count} experiments wait.").format(count=count))
    return Message(text, "information", (Action(translate("explain", "Continue the queue"), session.queue.resume),),
                   key="queue")


def _folder(session: Session, folder: Path) -> Message | None:
    """A folder that cannot be written to, found out by writing; for new runs another one can be chosen."""
    try:
        runs.check_writable(folder)
    except RunError as error:
        actions = (_choose_folder(session),) if folder == session.runs_dir else ()
        return Message(error.message, "error", actions, key="runs folder")
    return None


def _choose_folder(session: Session) -> Action:
    return Action(translate("explain", "Choose a folder…"), partial(session.dialog_wanted.emit, "runs folder"),
                  keeps=True)


def _disk(folder: Path, experiment: Experiment, anyway: Callable[[], object]) -> Message | None:
    """Less free than three checkpoints need."""
    warning = runs.free_space_warning(folder, experiment)
    if warning is None:
        return None
    action = Action(translate("explain", "Start anyway"), anyway)
    return Message(warning.message, "warning", (action,), key="disk")


def _data(session: Session, name: str) -> Message | None:
    """A data set that is not there, or not whole."""
    status = sources.status(name, session.data_dir)
    if status.state in ("built in", "present"):
        return None
    text = f"{LABELS[name]}: {status.text}" if status.state == "missing" else status.text
    return data_message(session, name, text, again=status.state == "damaged")


def download_failure(session: Session, name: str, failure: Failure) -> Message:
    """A download that ended early: what has come is kept, and the next try continues there. Or files that do not fit.
    """
    message = data_message(session, name, failure.text, kind="error")
    if failure.code in OWN_FILES:
        return message
    first, *others = message.actions
    return replace(message, actions=(replace(first, label=translate("explain", "Retry")), *others))


def data_message(session: Session, name: str, text: str, again: bool = False, kind: Any = "warning") -> Message:
    """A data set that cannot be used, and the four ways on."""
    download = translate("explain", "Download again") if again else translate("explain", "Download")
    return Message(text, kind, (
        Action(download, partial(session.download, name)),
        Action(translate("explain", "Use a file…"), partial(session.dialog_wanted.emit, f"data files: {name}"),
               keeps=True),
        Action(translate("explain", "Use a folder…"), partial(session.dialog_wanted.emit, "data folder"),
               keeps=True),
        Action(translate("explain", "Use the built-in sample"), partial(session.use_dataset, "digits")),
    ), key="data")


def event(session: Session, event: Any) -> Message | None:
    """What an event of a training has to say to a person; most have nothing."""
    if isinstance(event, Diverged):
        return _diverged(session, event)
    if getattr(event, "asks_for_pause", False):
        return _save_failed(session, event)
    return None


def _diverged(session: Session, event: Diverged) -> Message:
    notice = run_module.diverged(event.step, event.learning_rate, event.loss, event.kept_step)
    label = translate("explain", "Restart from step {kept} with lr ÷ 10").format(kept=event.kept_step)
    run, slower = session.training.run, event.learning_rate / 10
    actions = (Action(label, partial(session.starting.restart_slower, run, slower)),) if run else ()
    return Message(notice.message, "error", actions, key="diverged")


def _save_failed(session: Session, event: Any) -> Message:
    return Message(event.notice.message, "error", (
        Action(translate("explain", "Free space and retry"), session.training.resume),
        Action(translate("explain", "Save elsewhere…"), partial(session.dialog_wanted.emit, "save elsewhere"),
               keeps=True),
        Action(translate("explain", "Stop"), session.training.give_up),
    ), key="save")


def failure(session: Session, failure: Failure) -> Message:
    """A training that ended with an exception."""
    if failure.kind == "OutOfMemory":
        return _out_of_memory(session, failure)
    if failure.kind in DATA_FAILURES:
        name = (session.training.experiment or session.draft.experiment).data.dataset
        return data_message(session, name, failure.text, failure.kind == "DamagedData", "error")
    if failure.code == "data.torchvision":
        return _torchvision(session, failure)
    if failure.kind == "Locked":
        return Message(failure.text, "warning", details=failure.traceback, key="locked")
    text = failure.text if failure.code else _failed_text(session, failure)
    return Message(text, "error", details=failure.traceback, key="training")


def sweep_save_failed(session: Session, event: Any) -> Message:
    """A run of a sweep could not be written: nothing is lost while one makes room."""
    return Message(event.notice.message, "error", (
        Action(translate("explain", "Free space and retry"), session.sweeps.resume),
        Action(translate("explain", "Stop the sweep"), session.sweeps.stop),
    ), key="sweep")


def sweep_busy(session: Session) -> Message | None:
    """Only one sweep at a time."""
    if not session.sweeps.busy:
        return None
    text = translate("explain", "A sweep is at work. Stop it first; it can be continued later.")
    return Message(text, "information", (Action(translate("explain", "Stop the sweep"), session.sweeps.stop),),
                   key="sweep busy")


def sweep_failure(session: Session, failure: Failure) -> Message:
    """A sweep that ended with an exception: what is finished is kept."""
    order, actions = session.sweeps.order, []
    if failure.code.startswith("cluster.") and order is not None:
        local = replace(order, cluster="")
        actions = [Action(translate("explain", "Use this computer"), partial(session.sweep, local))]
    text = failure.text if failure.code else translate("explain", "The sweep ended: {reason}. What is finished is "
                                                       "kept; Continue trains the rest.").format(reason=failure.text)
    return Message(text, "error", tuple(actions), failure.traceback, key="sweep")


def _torchvision(session: Session, failure: Failure) -> Message:
    """torch and torchvision of different builds; the rest of the application works."""
    remedy = translate("explain", "Install both of one build: pip install --force-reinstall torch torchvision, for a "
                                  "build without CUDA with --index-url https://download.pytorch.org/whl/cpu. Images in "
                                  "their own size work meanwhile.")
    show = partial(session.message.emit, Message(remedy, "information", key="torchvision"))
    return Message(failure.text, "error", (Action(translate("explain", "How to fix"), show),), failure.traceback,
                   key="torchvision")


def _failed_text(session: Session, failure: Failure) -> str:
    step = session.training.progress.step
    return translate("explain", "The training failed at step {step}: {reason}. The last checkpoint is kept.").format(
        step=step, reason=failure.text.rstrip("."))


def _out_of_memory(session: Session, failure: Failure) -> Message:
    experiment = session.training.experiment or session.draft.experiment
    half, actions = int(failure.values.get("half", 0)), []
    if half:
        label = translate("explain", "Try {batch}").format(batch=half)
        actions.append(Action(label, partial(session.starting.try_again, experiment, {"train.batch_size": half})))
    if failure.values.get("device", "cpu") != "cpu":
        actions.append(Action(translate("explain", "Use CPU"), partial(session.starting.try_on_cpu, experiment)))
    return Message(failure.text, "error", tuple(actions), failure.traceback, key="memory")


def read_only(session: Session, run: Run) -> Message | None:
    """Why a run can only be looked at; None when it can be trained."""
    notice = run.read_only
    if notice is None:
        return None
    if notice.code == "lock.host":
        text = translate("explain", "Locked by host {host}. It is open read-only; take it over if it no longer trains.")
        action = Action(translate("explain", "Take over"), partial(session.take_over, run))
        return Message(text.format(**notice.values), "warning", (action,), key="read-only")
    if notice.code == "run.newer":
        text = translate("explain", "Made with version {made}; this is {this}. It is open read-only.")
        return Message(text.format(**notice.values), "warning", key="read-only")
    return Message(notice.message, "warning", key="read-only")


def run_gone(run: Run) -> Message:
    """A run was deleted or moved by somebody else."""
    text = translate("explain", "The run {name} is no longer there: it was deleted or moved outside this window. "
                                "All other runs are as they were.")
    return Message(text.format(name=run.name), "warning", key="gone")


def engine_failure(failure: Failure) -> Message:
    """Torch, or one of its companions, could not be imported."""
    text = translate("explain", "Training is not possible: torch could not be loaded ({reason}). Runs can still be "
                                "listed. Install torch and torchvision of the same build again.")
    return Message(text.format(reason=failure.text), "error", details=failure.traceback, key="torch")


def listing_failure(session: Session, failure: Failure) -> Message:
    """The runs folder could not be read."""
    text = translate("explain", "The runs in {folder} could not be listed ({reason}). Nothing was changed.")
    return Message(text.format(folder=session.runs_dir, reason=failure.text), "error", (_choose_folder(session),),
                   failure.traceback, key="runs folder")

