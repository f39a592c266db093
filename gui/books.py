"""The stories of runs, read from disk one after another on a thread."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from gui.workers import Failure, Loader

if TYPE_CHECKING:
    from engine.run import Run
    from gui.runbook import RunBook


def _read(run: Run) -> RunBook:
    """The book of a run. Raises DamagedFile."""
    from gui.runbook import RunBook  # loads numpy, which the first painting does not wait for

    return RunBook.read(run)


class Books(QObject):
    """Signals: ``answered`` (folder, RunBook), ``failed`` (folder, text), ``idle`` when no thread reads any more."""

    answered = Signal(object, object)
    failed = Signal(object, str)
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[Path, Run] = {}
        self._folder = Path()
        self._loader: Loader | None = None

    @property
    def at_work(self) -> bool:
        """Whether a thread reads."""
        return self._loader is not None

    def ask(self, run: Run) -> None:
        """Read a run; ``answered`` or ``failed`` follows, once however often one asks meanwhile."""
        self._waiting[run.folder] = run
        self._go_on()

    def close(self) -> None:
        """Read nothing more."""
        self._waiting.clear()

    def _go_on(self) -> None:
        if self._loader is not None or not self._waiting:
            return
        self._folder = next(iter(self._waiting))
        self._loader = Loader(partial(_read, self._waiting.pop(self._folder)), self)
        self._loader.ready.connect(self._take)
        self._loader.failed.connect(self._take_failure)
        self._loader.finished.connect(self._end)
        self._loader.start()

    @Slot(object)
    def _take(self, book: RunBook) -> None:
        self.answered.emit(self._folder, book)

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        self.failed.emit(self._folder, failure.text)

    @Slot()
    def _end(self) -> None:
        if self._loader is not None:
            self._loader.deleteLater()
        self._loader = None
        self._go_on()
        if self._loader is None:
            self.idle.emit()
