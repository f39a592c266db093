"""How long an epoch of the draft will take, measured on the question thread once for all that take equally long."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from engine.experiment import Experiment
from gui.workers import LatestOnly

KEY = "forecast"
Asked = tuple[Hashable, ...]
"""What determines the time: two forecasts that agree in it are one."""


def asked(experiment: Experiment, device: str) -> Asked:
    """Everything that makes an epoch longer or shorter; learning rate, epochs and seed do not."""
    train, task = experiment.train, (experiment.task, experiment.classifier.strategy)
    return (experiment.model, experiment.data, train.batch_size, train.optimizer, train.precision, train.loss, *task,
            device)


def measure(experiment: Experiment, device: str) -> float | None:
    """Seconds per epoch; None where that cannot be said."""
    from engine import forecast

    return forecast.epoch_s(experiment, device)


class Forecast(QObject):
    """Attributes: ``epoch_s``, seconds per epoch or None. Signals: ``changed``."""

    changed = Signal()

    def __init__(self, questions: LatestOnly, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.epoch_s: float | None = None
        self._questions = questions
        self._known: dict[Asked, float | None] = {}
        self._asked: tuple[int, Asked] | None = None
        self._wanted: Asked | None = None
        questions.answered.connect(self._take)
        questions.failed.connect(self._take_failure)

    def want(self, experiment: Experiment, device: str, may_measure: bool) -> None:
        """Forecast this experiment, from memory or by measuring; until that is done the last forecast stays."""
        self._wanted = asked(experiment, device)
        if self._wanted in self._known:
            self.epoch_s = self._known[self._wanted]
        elif may_measure and (self._asked is None or self._asked[1] != self._wanted):
            self._asked = self._questions.ask(KEY, partial(measure, experiment, device)), self._wanted
        self.changed.emit()

    @Slot(str, int, object)
    def _take(self, key: str, number: int, seconds: float | None) -> None:
        if self._asked is not None and (key, number) == (KEY, self._asked[0]):
            self._known[self._asked[1]] = seconds
            self._end(seconds)

    @Slot(str, int, str)
    def _take_failure(self, key: str, number: int, text: str) -> None:
        """What could not be measured has no forecast, and is measured anew when it is wanted again."""
        if self._asked is not None and (key, number) == (KEY, self._asked[0]):
            self._end(None)

    def _end(self, seconds: float | None) -> None:
        """What was asked last is answered; show it when it is still wanted."""
        assert self._asked is not None
        (_, key), self._asked = self._asked, None
        if key == self._wanted:
            self.epoch_s = seconds
            self.changed.emit()
