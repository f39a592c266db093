"""The end of a session: the training is saved first, then every thread ends; taken back while it is being saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from engine.events import Finished
from gui.training import Training
from gui.workers import Failure


class Closing(QObject):
    """Attribute: ``wanted``. Signal: ``closed`` once, when all threads have ended."""

    closed = Signal()

    def __init__(self, training: Training, end_threads: Callable[[], None], busy: Callable[[], bool],
                 parent: QObject | None = None) -> None:
        """``end_threads`` asks every thread but the training's to end; ``busy`` says whether any is still at work."""
        super().__init__(parent)
        self.wanted = False
        self._training, self._end_threads, self._busy = training, end_threads, busy
        self._closed = self._go_on = self._was_paused = False

    def begin(self, reason: str) -> None:
        """Save the training, then end every thread; ``closed`` follows, at once when nothing is at work."""
        self.wanted = True
        if self._training.state != "saving":
            self._was_paused = self._training.state == "paused"
        if self._training.at_work:
            self._training.stop(reason)
        else:
            self._end_threads()
        self.look()

    def take_back(self) -> bool:
        """Stay while the training is being saved, which then goes on; -> whether there was still time."""
        in_time = self.wanted and self._training.at_work
        if in_time:
            self.wanted, self._go_on = False, True
        return in_time

    def end_training(self, outcome: Finished | Failure | None) -> None:
        """The training has ended: end the other threads, or train on if it was only stopped for a closing that was
        taken back; one that was paused stays so."""
        order = self._training.order
        if self.wanted:
            self._end_threads()
        elif self._go_on and order is not None and isinstance(outcome, Finished) and outcome.reason == "stopped":
            self._training.begin(replace(order, run=self._training.run), paused=self._was_paused)
        self._go_on = False

    @Slot()
    def look(self) -> None:
        """A thread may have ended: tell when it was the last."""
        if self.wanted and not self._closed and not self._busy():
            self._closed = True
            self.closed.emit()
