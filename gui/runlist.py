"""The runs of a folder as rows, read on a thread."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine import runs
from engine.run import Run, Status
from gui.workers import Failure, Loader


@dataclass(frozen=True)
class RunRow:
    """What the list says about one run."""

    run: Run
    title: str
    status: Status
    text: str
    loss: float | None
    """Validation loss, newest."""
    changed_step: int | None
    """Where somebody changed a field while it trained."""


def read(runs_dir: Path, tidy: bool = False) -> tuple[RunRow, ...]:
    """Every run of a folder, newest first, damaged ones among them; first, if wanted, what a crash left is deleted."""
    if tidy:
        runs.tidy(runs_dir)
    found = runs.list_runs(runs_dir)
    titles = runs.titles(found)
    return tuple(_row(run, titles[run.folder]) for run in found)


def _row(run: Run, title: str) -> RunRow:
    status, notice = run.condition
    state = run.state
    return RunRow(run, title, status, notice.message, state.validation_loss, state.changed_step)


class RunList(QObject):
    """Attributes: ``rows``. Signals: ``changed``, ``failed`` (Failure), ``idle`` when no thread reads any more."""

    changed = Signal()
    failed = Signal(object)
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[RunRow, ...] = ()
        self._loader: Loader | None = None
        self._next: Path | None = None

    @property
    def at_work(self) -> bool:
        """Whether a thread reads the folder."""
        return self._loader is not None

    def refresh(self, runs_dir: Path, tidy: bool = False) -> None:
        """Read a folder; ``changed`` follows. While one is being read, it is read again afterwards."""
        if self._loader is not None:
            self._next = runs_dir
            return
        self._loader = Loader(partial(read, runs_dir, tidy), self)
        self._loader.ready.connect(self._take)
        self._loader.failed.connect(self._take_failure)
        self._loader.finished.connect(self._end)
        self._loader.start()

    def close(self) -> None:
        """Read nothing more."""
        self._next = None

    @Slot(object)
    def _take(self, rows: tuple[RunRow, ...]) -> None:
        self.rows = rows
        self.changed.emit()

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        self.failed.emit(failure)

    @Slot()
    def _end(self) -> None:
        if self._loader is not None:
            self._loader.deleteLater()
        self._loader = None
        if self._next is not None:
            folder, self._next = self._next, None
            self.refresh(folder)
        else:
            self.idle.emit()
