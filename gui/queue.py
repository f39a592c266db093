"""The experiments that wait to be trained: one after another, kept over a restart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine import experiment as experiments
from engine import storage
from engine.experiment import Experiment
from engine.fields import ExperimentError

FILE_NAME = "queue.json"
MOST = 10_000
"""More than a person queues by hand; a file that holds more is not read."""


@dataclass(frozen=True)
class Waiting:
    """One experiment that waits; ``run`` is the folder of the run that it continues, None for a new one."""

    id: int
    experiment: Experiment
    run: Path | None = None


class Queue(QObject):
    """First come, first trained.

    Attributes: ``items``, ``paused``. Signals: ``changed`` (the items or whether it is paused), ``failed`` (text: the
    queue could not be written down).
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.items: tuple[Waiting, ...] = ()
        self.paused = False
        self._ids = count(1)
        self._path: Path | None = None

    def keep_in(self, config_dir: Path) -> Path | None:
        """Take what waited when the application ended, paused, and write down every change from now on.

        -> where a file that could not be read was put aside, else None.
        """
        self._path = config_dir / FILE_NAME
        try:
            found = read(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return self._put_aside()
        self.items = tuple(Waiting(next(self._ids), experiment, run) for experiment, run in found)
        self.paused = bool(self.items)
        self.changed.emit()
        return None

    def add(self, *new: Experiment, run: Path | None = None) -> None:
        """Append experiments; with ``run``, as the continuation of that run."""
        self._set((*self.items, *(Waiting(next(self._ids), experiment, run) for experiment in new)))

    def put_back(self, item: Waiting, place: int = 0) -> None:
        """Let an item wait again, before the one at this place."""
        self._set((*self.items[:place], item, *self.items[place:]))

    def remove(self, id: int) -> None:
        """Forget an item; one that is not there is no error."""
        self._set(tuple(item for item in self.items if item.id != id))

    def move(self, id: int, place: int) -> None:
        """Give an item another place, counted from 0 among the others; beyond the ends means first or last."""
        moved = [item for item in self.items if item.id == id]
        others = [item for item in self.items if item.id != id]
        place = max(0, min(place, len(others)))
        self._set((*others[:place], *moved, *others[place:]))

    def pause(self) -> None:
        """Begin nothing more; what is being trained goes on."""
        self._set_paused(True)

    def resume(self) -> None:
        """Begin the next as soon as nothing is being trained."""
        self._set_paused(False)

    def take(self) -> Waiting | None:
        """The next one, which waits no longer; None while paused or empty."""
        if self.paused or not self.items:
            return None
        first = self.items[0]
        self._set(self.items[1:])
        return first

    def _set(self, items: tuple[Waiting, ...]) -> None:
        if items != self.items:
            self.items = items
            if not items:
                self.paused = False
            self._write()
            self.changed.emit()

    def _set_paused(self, paused: bool) -> None:
        if paused != self.paused:
            self.paused = paused
            self.changed.emit()

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            storage.write_atomic(self._path, written(self.items))
        except OSError as error:
            self.failed.emit(error.strerror or str(error))

    def _put_aside(self) -> Path | None:
        """Keep an unreadable file under another name."""
        assert self._path is not None
        try:
            return storage.set_aside(self._path)
        except OSError:
            return self._path


def written(items: Iterable[Waiting]) -> bytes:
    """Items -> the bytes of the file."""
    values = [{"experiment": item.experiment.model_dump(mode="json"), "run": str(item.run) if item.run else ""}
              for item in items]
    return json.dumps({"waiting": values}, indent=1).encode()


def read(contents: bytes) -> list[tuple[Experiment, Path | None]]:
    """The bytes of a file -> experiments and the runs they continue. Raises ValueError for anything else."""
    try:
        waiting = json.loads(contents)["waiting"]
        if len(waiting) > MOST:
            raise ValueError(f"{len(waiting)} experiments; at most {MOST} can wait")
        return [(experiments.parse(value["experiment"]), Path(value["run"]) if value["run"] else None)
                for value in waiting]
    except (KeyError, TypeError, RecursionError, ExperimentError) as error:
        raise ValueError(str(error)) from None
