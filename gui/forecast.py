"""How long an epoch of the draft, or of what waits, will take: measured on the question thread once for all alike."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from engine.experiment import Experiment
from gui.workers import LatestOnly

KEY, AHEAD = "forecast", "forecast.ahead"
"""The experiment in the form, and those that wait."""
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
    """Attributes: ``epoch_s``, seconds per epoch of the draft or None. Signals: ``changed``."""

    changed = Signal()

    def __init__(self, questions: LatestOnly, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.epoch_s: float | None = None
        self._questions = questions
        self._known: dict[Asked, float | None] = {}
        self._in_vain: set[Asked] = set()
        self._asked: dict[str, tuple[int, Asked]] = {}
        self._wanted: Asked | None = None
        questions.answered.connect(self._take)
        questions.failed.connect(self._take_failure)

    def want(self, experiment: Experiment, device: str, may_measure: bool) -> None:
        """Forecast this experiment, from memory or by measuring; until that is done the last forecast stays."""
        self._wanted = asked(experiment, device)
        if self._wanted in self._known:
            self.epoch_s = self._known[self._wanted]
        elif may_measure:
            self._ask(KEY, experiment, device)
        self.changed.emit()

    def known(self, experiment: Experiment, device: str) -> float | None:
        """Seconds per epoch of an experiment that was measured, or one that takes equally long; else None."""
        return self._known.get(asked(experiment, device))

    def look_ahead(self, experiments: Iterable[Experiment], device: str) -> None:
        """Measure the first of these that is not known; ``changed`` follows, and is the time to ask for the next."""
        seen = self._known.keys() | self._in_vain
        unknown = next((it for it in experiments if asked(it, device) not in seen), None)
        if unknown is not None:
            self._ask(AHEAD, unknown, device)

    def _ask(self, key: str, experiment: Experiment, device: str) -> None:
        wanted = asked(experiment, device)
        if key not in self._asked or self._asked[key][1] != wanted:
            self._asked[key] = self._questions.ask(key, partial(measure, experiment, device)), wanted

    @Slot(str, int, object)
    def _take(self, key: str, number: int, seconds: float | None) -> None:
        if self._is_newest(key, number):
            self._known[self._asked[key][1]] = seconds
            self._end(key, seconds)

    @Slot(str, int, str)
    def _take_failure(self, key: str, number: int, text: str) -> None:
        """What could not be measured has no forecast, and is measured anew when the form wants it again."""
        if self._is_newest(key, number):
            self._in_vain.add(self._asked[key][1])
            self._end(key, None)

    def _is_newest(self, key: str, number: int) -> bool:
        return key in self._asked and self._asked[key][0] == number

    def _end(self, key: str, seconds: float | None) -> None:
        """What was asked last is answered; show it when it is still wanted."""
        _, answered = self._asked.pop(key)
        if answered == self._wanted:
            self.epoch_s = seconds
        if answered == self._wanted or key == AHEAD:
            self.changed.emit()
