"""Torch, imported on a thread: whether it is there, on its way, or could not be loaded."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui import job
from gui.workers import Failure, Loader


class TorchLoading(QObject):
    """Imports torch and makes the digits.

    Attributes: ``ready`` (torch is there), ``broken`` (it could not be loaded).
    Signals: ``loaded``, ``failed`` (Failure), ``idle`` when its thread has ended.
    """

    loaded = Signal()
    failed = Signal(object)
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ready = self.broken = False
        self._loader: Loader | None = None
        self._again = False

    @property
    def at_work(self) -> bool:
        """Whether a thread loads it."""
        return self._loader is not None and self._loader.isRunning()

    def start(self) -> None:
        """Load it, unless it is there or on its way; after a failure, try again."""
        if self._loader is not None:
            self._again = self.broken  # the thread of the try that failed makes room first
        elif not self.ready:
            self._loader = Loader(job.load_engine, self)
            self._loader.ready.connect(self._take)
            self._loader.failed.connect(self._take_failure)
            self._loader.finished.connect(self._end)
            self.broken = False
            self._loader.start()

    def close(self) -> None:
        """Try no more."""
        self._again = False

    @Slot(object)
    def _take(self, _: Any) -> None:
        self.ready = True
        self.loaded.emit()

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        self.broken = True
        self.failed.emit(failure)

    @Slot()
    def _end(self) -> None:
        """A loader that failed makes room for the next try, which may have been asked for meanwhile."""
        again, self._again = self._again, False
        if self._loader is not None and not self.ready:
            self._loader.deleteLater()
            self._loader = None
            if again:
                self.start()
        self.idle.emit()
