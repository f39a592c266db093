"""The runs of a folder as rows, read on a thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine import runs
from engine.fields import ExperimentError
from engine.run import Run, Status
from engine.runfiles import lock
from engine.runfiles.notices import RunError
from engine.runfiles.records import Notes
from engine.runfiles.saving import Saved
from engine.sweeping.folder import TRIALS, SweepFolder, list_sweeps
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
    trial: bool = False
    """Whether it belongs to the sweep above it."""


@dataclass(frozen=True)
class SweepRow:
    """What the list says about one sweep; ``trials`` are its runs while it is unfolded, None while it is folded."""

    folder: SweepFolder
    title: str
    done: int
    total: int | None
    """None where its settings cannot be read."""
    trials: tuple[RunRow, ...] | None = None


Rows = tuple[tuple[RunRow, ...], tuple[SweepRow, ...]]


def read(runs_dir: Path, tidy: bool = False, unfolded: frozenset[Path] = frozenset()) -> Rows:
    """Every run and every sweep of a folder, newest first, damaged ones among them; the runs of ``unfolded`` sweeps.

    First, if wanted, what a crash left is deleted.
    """
    if tidy:
        runs.tidy(runs_dir)
    found = runs.list_runs(runs_dir)
    titles = runs.titles(found)
    sweeps = tuple(_sweep_row(folder, folder.folder in unfolded) for folder in list_sweeps(runs_dir))
    return tuple(_row(run, titles[run.folder]) for run in found), sweeps


def _sweep_row(folder: SweepFolder, unfolded: bool) -> SweepRow:
    try:
        done, total = folder.progress()
        title = folder.sweep.name or folder.name
    except (ExperimentError, RunError, OSError):
        done, total, title = 0, None, folder.name
    return SweepRow(folder, title, done, total, _trials(folder) if unfolded else None)


def _trials(folder: SweepFolder) -> tuple[RunRow, ...]:
    """The runs of a sweep, by number."""
    try:
        sweep = folder.sweep
    except (ExperimentError, OSError):
        return ()
    fields = (*sweep.fields, *(("train.seed",) if sweep.seeds else ())) or ("name",)
    found = sorted(runs.list_runs(folder.folder / TRIALS), key=lambda run: run.name)
    return tuple(replace(_row(run, run.notes.name or _varied(run, fields)), trial=True) for run in found)


def _varied(run: Run, fields: Sequence[str]) -> str:
    """What a run has in place of the others of its sweep: 'learning rate 0.05, momentum 0.95'."""
    try:
        settings = run.settings
    except RunError:
        return run.name
    return ", ".join(str(settings.get(path)) if path == "name" else
                     f"{path.rpartition('.')[2].replace('_', ' ')} {settings.get(path)}" for path in fields)


def merged(rows: Sequence[RunRow], sweeps: Sequence[SweepRow]) -> tuple[RunRow | SweepRow, ...]:
    """Runs and sweeps in one list, newest first, each unfolded sweep with its runs below it."""
    result: list[RunRow | SweepRow] = []
    waiting = list(sweeps)
    for row in rows:
        while waiting and waiting[0].folder.name >= row.run.name:
            result += _with_trials(waiting.pop(0))
        result.append(row)
    return (*result, *(entry for sweep in waiting for entry in _with_trials(sweep)))


def _with_trials(sweep: SweepRow) -> tuple[RunRow | SweepRow, ...]:
    return (sweep, *(sweep.trials or ()))


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


def chosen_sweeps(sweeps: Iterable[SweepRow], text: str = "") -> tuple[SweepRow, ...]:
    """The sweeps in whose name every word of a filter occurs, and those with runs that have them, with these."""
    words = text.casefold().split()
    if not words:
        return tuple(sweeps)
    found = []
    for sweep in sweeps:
        if all(word in sweep.title.casefold() for word in words):
            found.append(sweep)
        elif sweep.trials and (trials := chosen(sweep.trials, text)):
            found.append(replace(sweep, trials=trials))
    return tuple(found)


def held(run: Run) -> bool:
    """Whether somebody trains the run, here or on another host, as its folder says now."""
    return lock.holder(run.folder) is not None


def held_elsewhere(run: Run) -> bool:
    """Whether another host holds the run, so that only a person can know that it no longer trains."""
    holder = lock.holder(run.folder)
    return holder is not None and not holder.here


class RunList(QObject):
    """Attributes: ``rows``, ``sweeps``, ``unfolded`` (folders of sweeps).

    Signals: ``changed``, ``failed`` (Failure), ``idle`` when no thread reads any more."""

    changed = Signal()
    failed = Signal(object)
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[RunRow, ...] = ()
        self.sweeps: tuple[SweepRow, ...] = ()
        self.unfolded: frozenset[Path] = frozenset()
        self._loader: Loader | None = None
        self._next: Path | None = None
        self._told = False  # the training at work has told something, and so holds its run

    @property
    def at_work(self) -> bool:
        """Whether a thread reads the folder."""
        return self._loader is not None

    @property
    def all_rows(self) -> tuple[RunRow, ...]:
        """The runs, and those of the sweeps that are unfolded."""
        return (*self.rows, *(row for sweep in self.sweeps for row in sweep.trials or ()))

    def refresh(self, runs_dir: Path, tidy: bool = False) -> None:
        """Read a folder; ``changed`` follows. While one is being read, it is read again afterwards."""
        if self._loader is not None:
            self._next = runs_dir
            return
        self._loader = Loader(partial(read, runs_dir, tidy, self.unfolded), self)
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
    def _take(self, rows: Rows) -> None:
        self.rows, self.sweeps = rows
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
