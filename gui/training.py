"""The training at work: one at a time, started, paused, stopped and continued from the window."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal, Slot

from engine.events import Evaluation, Finished, Intervention, Step
from engine.experiment import Experiment
from engine.inbox import Inbox, MoreEpochs, SaveNow, SetLearningRate, Stop
from engine.runfiles.saving import Moved
from gui import job
from gui.job import Order, Started
from gui.workers import EventPump, Failure

if TYPE_CHECKING:
    from engine.runs import Run

State = Literal["idle", "loading", "starting", "running", "paused", "blocked", "saving"]
"""'loading': Train was pressed before torch was there; 'blocked': a save failed and waits for a decision; 'saving':
finishing the current batch, then the last checkpoint."""

RATE_WINDOW_S = 10.0
"""The speed behind the remaining time is that of the last so many seconds."""


@dataclass(frozen=True)
class Progress:
    """How far the training is; what is not known yet is None."""

    step: int = 0
    steps: int | None = None
    epochs: int = 0
    batches_per_epoch: int | None = None
    images_per_second: float | None = None
    training_loss: float | None = None
    validation_loss: float | None = None
    elapsed_s: float = 0.0
    remaining_s: float | None = None

    @property
    def epoch(self) -> float:
        """Epochs done, with fractions."""
        return self.step / self.batches_per_epoch if self.batches_per_epoch else 0.0


class Training(QObject):
    """The job at work.

    Attributes: ``state``, ``run``, ``experiment``, ``order``, ``progress``. Signals: ``state_changed`` (State),
    ``started`` (Started) and ``run_started`` (its Run), ``stepped`` (tuple of events), ``progressed`` (Progress),
    ``finished`` (Finished, Failure or None when it ended without either).
    """

    state_changed = Signal(str)
    run_started = Signal(object)
    started = Signal(object)
    stepped = Signal(object)
    progressed = Signal(object)
    finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = "idle"
        self.run: Run | None = None
        self.experiment: Experiment | None = None
        self.progress = Progress()
        self.order: Order | None = None
        self._pump: EventPump | None = None
        self._outcome: Finished | Failure | None = None
        self._stopping = False
        self._until_step = False
        self._pace: deque[tuple[float, int]] = deque()

    @property
    def at_work(self) -> bool:
        """Whether a job has the run, paused or not."""
        return self._pump is not None

    def begin(self, order: Order, commands: tuple[Any, ...] = (), one_batch: bool = False,
              paused: bool = False) -> None:
        """Start a job; ``commands`` are the first it takes; ``one_batch`` pauses it after that, ``paused`` before it.
        Raises RuntimeError while one is at work."""
        if self._pump is not None:
            raise RuntimeError("a training is at work")
        inbox = Inbox()
        for command in commands:
            inbox.put(command)
        self.order, self.run, self.experiment = order, order.run, order.experiment
        self.progress = Progress(epochs=order.experiment.train.epochs)
        self._outcome, self._stopping = None, False
        self._pace.clear()
        self._until_step = one_batch
        self._pump = EventPump(partial(job.train, order, inbox), inbox, self, paused=one_batch or paused)
        self._pump.batch.connect(self._take)
        self._pump.paused_changed.connect(self._take_pause)
        self._pump.failed.connect(self._take_failure)
        self._pump.finished.connect(self._end)
        self._set_state("starting")
        self._pump.start()
        if one_batch or paused:  # the first turn tells only that the run is there
            self._pump.step_once()

    def pause(self) -> None:
        """Pause after the batch at work."""
        if self._pump is not None and self.state in ("starting", "running"):
            self._pump.pause()

    def resume(self) -> None:
        """Go on; after a failed save, try it again."""
        if self._pump is not None and self.state in ("paused", "blocked"):
            self._until_step = False
            self._pump.resume()

    def one_batch(self) -> None:
        """Train one batch, then pause."""
        if self._pump is not None and self.state in ("running", "paused"):
            self._until_step = True
            self._pump.step_once()

    def stop(self, reason: str = "user") -> None:
        """Save a last checkpoint and end."""
        if self._pump is not None and self.state != "saving":
            self._stopping = True
            self._pump.send(Stop(reason))
            self._set_state("saving")
            self._pump.resume()

    def give_up(self) -> None:
        """End although the last save failed; the checkpoint before it is safe."""
        self.stop("the disk")

    def set_learning_rate(self, value: float) -> None:
        """Go on with this learning rate; the run notes it. Raises ValueError unless it is above 0."""
        self.send(SetLearningRate(value))

    def more_epochs(self, count: int) -> None:
        """Train this many epochs longer."""
        self.send(MoreEpochs(count))

    def save_now(self) -> None:
        """Take a checkpoint."""
        self.send(SaveNow())

    def send(self, command: Any) -> None:
        """Hand a command to the job; it takes it while paused too."""
        if self._pump is not None:
            self._pump.send(command)

    def wait_for_torch(self, waiting: bool) -> None:
        """Show that Train was pressed and its job begins when torch is there."""
        self._set_state("loading" if waiting else "idle")

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        """One batch of events: progress first, then everybody who listens."""
        try:
            for event in events:
                self._note(event)
            self.stepped.emit(events)
            self.progressed.emit(self.progress)
        finally:
            self._ask_for_more(events)

    def _ask_for_more(self, events: tuple[Any, ...]) -> None:
        """Let the next batch of events come; a wish for one batch of training lasts until a Step came."""
        if self._pump is None:
            return
        if any(isinstance(event, Step) for event in events):
            self._until_step = False
        if self._until_step and self._pump.paused:
            self._pump.step_once()
        self._pump.acknowledge()

    def _note(self, event: Any) -> None:
        """What one event changes here."""
        if isinstance(event, Step):
            self._pace_step(event)
        elif isinstance(event, Evaluation):
            self.progress = replace(self.progress, validation_loss=event.validation_loss, elapsed_s=event.elapsed_s)
        elif isinstance(event, Started):
            self._note_start(event)
        elif isinstance(event, Finished):
            self._outcome = event
        elif isinstance(event, Intervention) and event.field == "train.epochs":
            self.progress = replace(self.progress, epochs=int(event.value))
            self._plan()
        elif isinstance(event, Moved):
            self.run = event.run
        elif getattr(event, "asks_for_pause", False):
            self._set_state("blocked")

    def _note_start(self, event: Started) -> None:
        self.run = event.run
        self.progress = replace(self.progress, batches_per_epoch=event.batches_per_epoch)
        self._plan()
        if self.state == "starting":
            self._set_state("paused" if self._pump is not None and self._pump.paused else "running")
        self.started.emit(event)
        self.run_started.emit(event.run)

    def _plan(self) -> None:
        """Steps in all."""
        if self.progress.batches_per_epoch:
            self.progress = replace(self.progress, steps=self.progress.epochs * self.progress.batches_per_epoch)

    def _pace_step(self, event: Step) -> None:
        """Speed over the last seconds, evaluations and saves included, and the remaining time."""
        self._pace.append((event.elapsed_s, event.step))
        while len(self._pace) > 2 and event.elapsed_s - self._pace[0][0] > RATE_WINDOW_S:
            self._pace.popleft()
        (first_s, first), (last_s, last) = self._pace[0], self._pace[-1]
        steps, remaining = self.progress.steps, None
        if steps is not None and last > first:
            remaining = max(0.0, (steps - last) * max(0.0, last_s - first_s) / (last - first))
        self.progress = replace(self.progress, step=event.step, training_loss=event.losses[-1],
                                images_per_second=event.images_per_second, elapsed_s=event.elapsed_s,
                                remaining_s=remaining)

    @Slot(bool)
    def _take_pause(self, paused: bool) -> None:
        if self.state in ("saving", "idle", "starting"):
            return
        if not paused:
            self._set_state("saving" if self._stopping else "running")
        elif self.state != "blocked":
            self._set_state("paused")

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        self._outcome = failure

    @Slot()
    def _end(self) -> None:
        """The thread is over: forget it, then tell."""
        if self._pump is not None:
            self._pump.deleteLater()
        self._pump = None
        self._set_state("idle")
        self.finished.emit(self._outcome)
