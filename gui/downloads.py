"""Data sets being fetched: one at a time, with progress, cancelled by closing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from gui.workers import EventPump, Failure


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
        self._pump: EventPump | None = None
        self._failure: Failure | None = None

    @property
    def at_work(self) -> bool:
        """Whether a download is at work."""
        return self._pump is not None

    def start(self, name: str, data_dir: Path) -> None:
        """Fetch a data set; nothing happens while another comes."""
        self._begin(name, partial(_fetch, name, data_dir))

    def use_files(self, name: str, data_dir: Path, paths: Sequence[Path]) -> None:
        """Take a data set's files from where they lie, packed or unpacked; nothing happens while another comes."""
        self._begin(name, partial(_use_files, name, data_dir, paths))

    def _begin(self, name: str, make: Callable[[], Iterator[tuple[Any, ...]]]) -> None:
        if self._pump is not None:
            return
        self.name, self._failure = name, None
        self._pump = EventPump(make, parent=self)
        self._pump.batch.connect(self._take)
        self._pump.failed.connect(self._take_failure)
        self._pump.finished.connect(self._end)
        self._pump.start()
        self.started.emit(name)

    def cancel(self) -> None:
        """Stop fetching; what has come stays for the next try."""
        if self._pump is not None:
            self._pump.close_generator()

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        if self._pump is not None:
            self._pump.acknowledge()
        self.progressed.emit(events[-1])

    @Slot(object)
    def _take_failure(self, failure: Failure) -> None:
        self._failure = failure

    @Slot()
    def _end(self) -> None:
        if self._pump is not None:
            self._pump.deleteLater()
        self._pump = None
        name, self.name = self.name, ""
        self.finished.emit(name, self._failure)
