"""Data sets being fetched: one at a time, with progress, cancelled by closing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui.work import Work
from gui.workers import Failure


def _fetch(name: str, data_dir: Path) -> Iterator[tuple[Any, ...]]:
    """Progress after progress, as turns of a pump. Raises DownloadError."""
    from engine.datasets import download

    for progress in download.download(name, data_dir):
        yield (progress,)


def _use_files(name: str, data_dir: Path, paths: Sequence[Path]) -> Iterator[tuple[Any, ...]]:
    """The same from files that are here already. Raises DownloadError."""
    from engine.datasets import download

    for path in paths:
        for progress in download.use_file(name, data_dir, path):
            yield (progress,)


class Downloads(QObject):
    """Attributes: ``name`` of the data set at work or ''. Signals: ``started`` (name), ``progressed`` (Progress),
    ``finished`` (name, Failure or None)."""

    started = Signal(str)
    progressed = Signal(object)
    finished = Signal(str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.name = ""
        self._work = Work(self)
        self._work.told.connect(self._take)
        self._work.ended.connect(self._end)

    @property
    def at_work(self) -> bool:
        """Whether a download is at work."""
        return self._work.at_work

    def start(self, name: str, data_dir: Path) -> None:
        """Fetch a data set; nothing happens while another comes."""
        self._begin(name, partial(_fetch, name, data_dir))

    def use_files(self, name: str, data_dir: Path, paths: Sequence[Path]) -> None:
        """Take a data set's files from where they lie, packed or unpacked; nothing happens while another comes."""
        self._begin(name, partial(_use_files, name, data_dir, paths))

    def _begin(self, name: str, make: Callable[[], Iterator[tuple[Any, ...]]]) -> None:
        if self.at_work:
            return
        self.name = name
        self._work.begin(make)
        self.started.emit(name)

    def cancel(self) -> None:
        """Stop fetching; what has come stays for the next try."""
        self._work.cancel()

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        self.progressed.emit(events[-1])

    @Slot(object)
    def _end(self, failure: Failure | None) -> None:
        name, self.name = self.name, ""
        self.finished.emit(name, failure)
