"""How trainings begin: the draft, or a run that goes on; refused with a reason and a remedy, or once torch is there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject

from engine.experiment import Experiment
from engine.inbox import MoreEpochs, SetLearningRate
from engine.run import Run
from engine.runfiles.notices import RunError
from engine.runfiles.writer import Limits
from gui import explain
from gui.job import Order
from gui.messages import Message
from gui.torchloading import TorchLoading

if TYPE_CHECKING:
    from gui.settings import Settings


class Session(explain.Session, Protocol):
    """What decides how a training begins."""

    @property
    def settings(self) -> Settings: ...
    def change_settings(self, **changes: Any) -> None: ...


class Starting(QObject):
    """Begins one training at a time; while torch is on its way, the newest one waits for it.

    Attribute: ``follows`` (whether a person wants to see the run that was begun last).
    """

    def __init__(self, session: Session, torch: TorchLoading, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.follows = True
        self._session, self._torch = session, torch
        self._waiting: tuple[Order, tuple[Any, ...], bool] | None = None
        self._threads: dict[tuple[Any, ...], int] = {}  # measured, so that the next start of such a network is quick

    @property
    def waits(self) -> bool:
        """Whether a training waits for torch."""
        return self._waiting is not None

    def start(self, even_if_full: bool = False, one_batch: bool = False) -> None:
        """Train the draft as a new run, or a batch of it and pause; a message says why when that cannot be.

        While another run is being trained the draft waits in the queue.
        """
        if self._session.at_work and not one_batch:
            self.add_to_queue()
            return
        refusal = explain.refusal(self._session, even_if_full)
        if refusal is not None:
            self._session.message.emit(refusal)
            return
        self.begin(self.order(self._session.draft.experiment), one_batch=one_batch)

    def start_anyway(self) -> None:
        """Train the draft although the disk is nearly full."""
        self.start(even_if_full=True)

    def add_to_queue(self) -> None:
        """Let the draft wait until nothing else is being trained; a message says why when that cannot be."""
        refusal = explain.problem(self._session)
        if refusal is not None:
            self._session.message.emit(refusal)
        else:
            self._session.queue.add(self._session.draft.experiment)

    def resume(self, run: Run, *commands: Any, even_if_full: bool = False) -> None:
        """Continue a run where its newest checkpoint is; a message says why when that cannot be."""
        session = self._session
        if session.at_work:
            session.message.emit(explain.busy(session, run if not commands else None))
            return
        refusal = explain.read_only(session, run)
        if refusal is not None:
            session.message.emit(refusal)
            return
        try:
            order = self.order(run.experiment, run)
        except RunError as error:
            session.message.emit(Message(error.message))
            return
        anyway = None if even_if_full else partial(self.resume, run, *commands, even_if_full=True)
        obstacle = explain.obstacle(session, run.folder, order.experiment, anyway)
        if obstacle is not None:
            session.message.emit(obstacle)
            return
        self.begin(order, commands)

    def train_more(self, run: Run, epochs: int) -> None:
        """Train a run longer than planned; the one at work as well as one that has ended."""
        training = self._session.training
        if training.run is not None and training.at_work and training.run.folder == run.folder:
            training.more_epochs(epochs)
        else:
            self.resume(run, MoreEpochs(epochs))

    def restart_slower(self, run: Run, learning_rate: float) -> None:
        """Continue a diverged run from its last good checkpoint with another learning rate."""
        self.resume(run, SetLearningRate(learning_rate))

    def try_again(self, experiment: Experiment, changes: Mapping[str, Any]) -> None:
        """Train an experiment anew with some fields changed; the form shows it."""
        self._session.draft.replace(experiment)
        if not self._session.draft.set_many(changes):
            self.start()

    def try_on_cpu(self, experiment: Experiment) -> None:
        """Train an experiment anew on the processor."""
        self._session.change_settings(device="cpu")
        self.try_again(experiment, {})

    def order(self, experiment: Experiment, run: Run | None = None) -> Order:
        """What a training of this experiment needs, with the chosen folders, device and threads."""
        session, settings = self._session, self._session.settings
        threads = settings.threads or (None if run else self._threads.get(_machine_key(experiment)))
        limits = Limits(snapshots=settings.history_snapshots, snapshot_bytes=round(settings.history_gb * 1e9))
        return Order(experiment, session.data_dir, run.folder.parent if run else session.runs_dir, settings.device,
                     threads, run, limits)

    def note_threads(self, experiment: Experiment, threads: int) -> None:
        """So many threads are fastest for such a network."""
        self._threads[_machine_key(experiment)] = threads

    def begin(self, order: Order, commands: tuple[Any, ...] = (), one_batch: bool = False, follow: bool = True,
              ) -> None:
        """Train, as soon as torch is there; ``follow``: a person wants to see it."""
        self.follows = follow
        if not self._torch.ready:
            self._waiting = order, commands, one_batch
            self._session.training.wait_for_torch(True)
            self._torch.start()
        else:
            self._session.training.begin(order, commands, one_batch)

    def begin_waiting(self) -> None:
        """Torch is there: train what waited for it."""
        waiting = self._waiting
        if waiting is not None:
            self.forget()
            self._session.training.begin(*waiting)

    def forget(self) -> None:
        """Do not begin what waits for torch."""
        if self._waiting is not None:
            self._waiting = None
            self._session.training.wait_for_torch(False)


def _machine_key(experiment: Experiment) -> tuple[Any, ...]:
    """What decides which number of threads is fastest."""
    train = experiment.train
    return (experiment.model, experiment.image_shape, train.batch_size, train.precision, train.optimizer,
            experiment.task, experiment.classifier.strategy)
