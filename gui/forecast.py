"""How long an epoch of the draft will take, measured on the question thread once for each experiment and device."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from engine.experiment import Experiment
from gui.workers import LatestOnly

KEY = "forecast"
Asked = tuple[Experiment, str]
"""Experiment and device."""


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

    def want(self, experiment: Experiment, device: str, may_measure: bool) -> None:
        """Forecast this experiment, from memory or by measuring."""
        self._wanted = experiment, device
        self.epoch_s = self._known.get(self._wanted)
        self.changed.emit()
        if may_measure and self._wanted not in self._known:
            number = self._questions.ask(KEY, partial(measure, *self._wanted))
            self._asked = number, self._wanted

    @Slot(str, int, object)
    def _take(self, key: str, number: int, seconds: float | None) -> None:
        if self._asked is None or (key, number) != (KEY, self._asked[0]):
            return
        self._known[self._asked[1]] = seconds
        if self._asked[1] == self._wanted:
            self.epoch_s = seconds
            self.changed.emit()
