"""One piece of work at a time, on a thread of its own: begun, listened to, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui.workers import EventPump, Failure


class Work(QObject):
    """Drives one generator of tuples of events. Signals: ``told`` (tuple of events), ``ended`` (Failure or None)."""

    told = Signal(object)
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pump: EventPump | None = None
        self._failure: Failure | None = None

    @property
    def at_work(self) -> bool:
        """Whether a thread is at work."""
        return self._pump is not None

    def begin(self, make: Callable[[], Iterator[tuple[Any, ...]]]) -> None:
        """Drive the generator that ``make`` gives on the thread. Raises RuntimeError while another is at work."""
        if self._pump is not None:
            raise RuntimeError("a piece of work is being done")
        self._failure = None
        self._pump = EventPump(make, parent=self)
        self._pump.batch.connect(self._take)
        self._pump.failed.connect(self._take_failure)
        self._pump.finished.connect(self._end)
        self._pump.start()

    def cancel(self) -> None:
        """Close the generator after the turn at work."""
        if self._pump is not None:
            self._pump.close_generator()

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        if self._pump is not None:
            self._pump.acknowledge()
        self.told.emit(events)

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        self._failure = failure

    @Slot()
    def _end(self) -> None:
        """The thread is over: forget it, then tell."""
        if self._pump is not None:
            self._pump.deleteLater()
        self._pump = None
        self.ended.emit(self._failure)
