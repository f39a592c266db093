"""The runs of a folder as rows, read on a thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine import runs
from engine.run import Run, Status
from engine.runfiles import lock
from engine.runfiles.notices import RunError
from engine.runfiles.records import Notes
from engine.runfiles.saving import Saved
from gui.job import Started
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
    notes: Notes = field(default_factory=Notes)
    dataset: str = ""
    searched: str = ""
    """Everything that a filter looks at, in small letters."""


def read(runs_dir: Path, tidy: bool = False) -> tuple[RunRow, ...]:
    """Every run of a folder, newest first, damaged ones among them; first, if wanted, what a crash left is deleted."""
    if tidy:
        runs.tidy(runs_dir)
    found = runs.list_runs(runs_dir)
    titles = runs.titles(found)
    return tuple(_row(run, titles[run.folder]) for run in found)


def _row(run: Run, title: str) -> RunRow:
    status, notice = run.condition
    state, notes, dataset = run.state, run.notes, _dataset(run)
    searched = "\n".join((title, status, dataset, *notes.tags, notes.remarks)).casefold()
    return RunRow(run, title, status, notice.message, state.validation_loss, state.changed_step, notes, dataset,
                  searched)


def _dataset(run: Run) -> str:
    """Name of the images it was trained on; '' when its settings cannot be read."""
    try:
        return str(run.settings.get("data.dataset", ""))
    except RunError:
        return ""


def chosen(rows: Iterable[RunRow], text: str = "", starred_first: bool = False) -> tuple[RunRow, ...]:
    """The rows in which every word of a filter occurs, in their order; starred ones first if wanted."""
    words = text.casefold().split()
    found = tuple(row for row in rows if all(word in row.searched for word in words))
    return tuple(sorted(found, key=lambda row: not row.notes.star)) if starred_first else found


def held(run: Run) -> bool:
    """Whether somebody trains the run, here or on another host, as its folder says now."""
    return lock.holder(run.folder) is not None


def held_elsewhere(run: Run) -> bool:
    """Whether another host holds the run, so that only a person can know that it no longer trains."""
    holder = lock.holder(run.folder)
    return holder is not None and not holder.here


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
        self._told = False  # the training at work has told something, and so holds its run

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

    def outdated_by(self, events: tuple[Any, ...]) -> bool:
        """Whether the run that tells this is held from now on, or has a new loss in its state."""
        if any(isinstance(event, Started) for event in events):
            self._told = False
        tells = any(not isinstance(event, Started) for event in events)
        first, self._told = tells and not self._told, self._told or tells
        return first or any(isinstance(event, Saved) and event.kind == "checkpoint" for event in events)

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
