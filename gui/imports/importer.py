"""A folder being imported: one at a time, with progress, cancelled by closing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.dataspec import Data
from gui.workers import EventPump, Failure


def _import(spec: Data) -> Iterator[tuple[Any, ...]]:
    """What the import tells, as turns of a pump. Raises DataError."""
    from engine.datasets import folder

    for event in folder.import_images(spec):
        yield (event,)


class Importer(QObject):
    """Attribute: ``spec`` at work, or None. Signals: ``started``, ``progressed`` (Importing), ``finished`` (Imported,
    Failure, or None when it was cancelled)."""

    started = Signal()
    progressed = Signal(object)
    finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spec: Data | None = None
        self._pump: EventPump | None = None
        self._outcome: Any = None

    @property
    def at_work(self) -> bool:
        """Whether an import is at work."""
        return self._pump is not None

    def start(self, spec: Data) -> None:
        """Import a folder, also one that was imported before; nothing happens while another is at work."""
        if self._pump is not None:
            return
        self.spec, self._outcome = spec, None
        self._pump = EventPump(partial(_import, spec), parent=self)
        self._pump.batch.connect(self._take)
        self._pump.failed.connect(self._take_failure)
        self._pump.finished.connect(self._end)
        self._pump.start()
        self.started.emit()

    def cancel(self) -> None:
        """Stop; nothing of it is kept."""
        if self._pump is not None:
            self._pump.close_generator()

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        if self._pump is not None:
            self._pump.acknowledge()
        if hasattr(events[-1], "skipped"):
            self._outcome = events[-1]
        else:
            self.progressed.emit(events[-1])

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        self._outcome = failure

    @Slot()
    def _end(self) -> None:
        if self._pump is not None:
            self._pump.deleteLater()
        self._pump, self.spec = None, None
        outcome, self._outcome = self._outcome, None
        self.finished.emit(outcome)
