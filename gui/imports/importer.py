"""A folder being imported: one at a time, with progress, cancelled by closing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.dataspec import Data
from gui.work import Work
from gui.workers import Failure


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
        self._outcome: Any = None
        self._work = Work(self)
        self._work.told.connect(self._take)
        self._work.ended.connect(self._end)

    @property
    def at_work(self) -> bool:
        """Whether an import is at work."""
        return self._work.at_work

    def start(self, spec: Data) -> None:
        """Import a folder, also one that was imported before; nothing happens while another is at work."""
        if self.at_work:
            return
        self.spec, self._outcome = spec, None
        self._work.begin(partial(_import, spec))
        self.started.emit()

    def cancel(self) -> None:
        """Stop; nothing of it is kept."""
        self._work.cancel()

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        if hasattr(events[-1], "skipped"):
            self._outcome = events[-1]
        else:
            self.progressed.emit(events[-1])

    @Slot(object)
    def _end(self, failure: Failure | None) -> None:
        self.spec = None
        outcome, self._outcome = failure or self._outcome, None
        self.finished.emit(outcome)
