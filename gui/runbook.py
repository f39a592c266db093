"""What is known about the training of one run: its losses, best epoch and interventions, read from disk and kept up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.events import Evaluation, Intervention, Step
from engine.runfiles.notices import DamagedFile
from gui.plots.runlosses import RunLosses

if TYPE_CHECKING:
    from engine.runs import Metrics, Run
    from gui.training import Training


class RunBook:
    """The story of one run's training.

    Attributes: ``losses``; ``evaluation``, the latest, and ``best``, the first with the lowest validation loss, None
    before there is one; ``interventions``; ``bad_lines``, what to say about damaged lines, or ''.
    """

    def __init__(self) -> None:
        self.losses = RunLosses()
        self.evaluation: Evaluation | None = None
        self.best: Evaluation | None = None
        self.interventions: list[Intervention] = []
        self.bad_lines = ""
        self._metrics: Metrics | None = None

    @classmethod
    def read(cls, run: Run) -> RunBook:
        """The book of a run as it lies on disk; safe on any thread. Raises DamagedFile."""
        return cls.of(run.metrics())

    @classmethod
    def of(cls, metrics: Metrics, before: int | None = None) -> RunBook:
        """The book of these metrics, up to the step before ``before`` where that is given."""
        book, end = cls(), len(metrics.step_index)
        if before is not None:
            end = int(np.searchsorted(metrics.step_index, before))
        book.losses.extend(metrics.step_index[:end], metrics.losses[:end])
        told = [e for e in metrics.evaluations if before is None or e.step < before]
        book.losses.evaluate_all((e.step, e.epoch, e.training_loss, e.validation_loss) for e in told)
        for evaluation in told:
            book._note(evaluation)
        book.interventions = [i for i in metrics.interventions if before is None or i.step < before]
        book.bad_lines = metrics.warning.message if metrics.warning else ""
        book._metrics = metrics
        return book

    @property
    def learning_rate(self) -> float | None:
        """The learning rate that was chosen last while training; None when it was not changed."""
        changed = [it.value for it in self.interventions if it.field == "train.learning_rate"]
        return float(changed[-1]) if changed else None

    @property
    def epochs(self) -> int | None:
        """How many epochs were planned last while training; None when that was not changed."""
        changed = [it.value for it in self.interventions if it.field == "train.epochs"]
        return int(changed[-1]) if changed else None

    def overtaken_by(self, events: Iterable[Any]) -> RunBook | None:
        """A shorter book, when a resumed training tells steps anew that were read from disk; else None."""
        for event in events:
            if isinstance(event, Step):
                first = event.step - len(event.losses) + 1
                if self._metrics is not None and first <= self.losses.last_step:
                    return RunBook.of(self._metrics, before=first)
                self._metrics = None  # from here on, it is older than this book
                return None
        return None

    def take(self, events: Iterable[Any]) -> bool:
        """Write down what a training tells; returns whether any of it was for the book."""
        news = False
        for event in events:
            if isinstance(event, Step):
                self.losses.extend(np.arange(event.step - len(event.losses) + 1, event.step + 1), event.losses)
            elif isinstance(event, Evaluation) and (self.evaluation is None or event.step > self.evaluation.step):
                self.losses.evaluate(event.step, event.epoch, event.training_loss, event.validation_loss)
                self._note(event)
            elif isinstance(event, Intervention):
                self.interventions.append(event)
            else:
                continue
            news = True
        return news

    def _note(self, evaluation: Evaluation) -> None:
        """Remember the latest evaluation, and the best."""
        self.evaluation = evaluation
        loss = evaluation.validation_loss
        if math.isfinite(loss) and (self.best is None or loss < self.best.validation_loss):
            self.best = evaluation


class WorkingBook:
    """The book of the run at work, kept up from what its training tells. Attributes: ``folder``, ``book``."""

    def __init__(self, training: Training) -> None:
        self.folder: Path | None = None
        self.book = RunBook()
        self._training = training
        self._order: Any = None

    def of(self, run: Run, events: Iterable[Any] = ()) -> RunBook:
        """The book of this run, the one at work: begun with what is on disk, without what ``events`` tell anew."""
        if self._order is not self._training.order or self.folder != run.folder:
            self._order, self.folder, self.book = self._training.order, run.folder, _begun(run)
        self.book = self.book.overtaken_by(events) or self.book
        return self.book


def _begun(run: Run) -> RunBook:
    """What lies on disk of a run that begins or goes on now; a new book where that cannot be read."""
    try:
        return RunBook.read(run)
    except DamagedFile:
        return RunBook()
