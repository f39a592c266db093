"""Reports of runs being written: one at a time, with progress, cancelled by closing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices

from engine.answers import Progress
from engine.reportparts import Exported
from engine.run import Run
from gui.messages import Action, Message
from gui.models import Models
from gui.reporter import keep_in_log
from gui.work import Work
from gui.workers import Failure

KEY = "report"


def _export(runs: Sequence[Run], to: Path, data_dir: Path) -> Iterator[tuple[Any, ...]]:
    """Progress after progress, then what was written, as turns of a pump. Raises RunError."""
    from engine import exporting

    Models.prepare()
    for told in exporting.export(runs, to, data_dir):
        yield (told,)


class Exports(QObject):
    """Writes reports. Signals: ``message`` (Message), ``finished`` (Exported, or None when cancelled or failed)."""

    message = Signal(object)
    finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._exported: Exported | None = None
        self._told = -1
        self._cancelled = False
        self._work = Work(self)
        self._work.told.connect(self._take)
        self._work.ended.connect(self._end)

    @property
    def at_work(self) -> bool:
        """Whether a report is being written."""
        return self._work.at_work

    def start(self, runs: Sequence[Run], data_dir: Path, to: Path) -> None:
        """Write a report of these runs into a new folder in ``to``; a message says so where another one is at work."""
        if self.at_work:
            text = self.tr("A report is being written already. Wait for it, or cancel it.")
            self.message.emit(Message(text, "warning"))
            return
        self._exported, self._told, self._cancelled = None, -1, False
        self._say_progress(0)
        self._work.begin(partial(_export, tuple(runs), to, data_dir))

    @Slot()
    def cancel(self) -> None:
        """Stop; nothing has been written then."""
        if self.at_work:
            self._cancelled = True
            self._work.cancel()

    @Slot(object)
    def _take(self, events: tuple[Any, ...]) -> None:
        for event in events:
            if isinstance(event, Exported):
                self._exported = event
        if isinstance(events[-1], Progress) and not self._cancelled:
            self._say_progress(100 * events[-1].done // events[-1].total // 10 * 10)

    def _say_progress(self, percent: int) -> None:
        """In steps of a tenth: a message that changes at every piece could not be clicked."""
        if percent != self._told:
            self._told = percent
            text = self.tr("Writing the report: {percent} %").format(percent=percent)
            cancel = Action(self.tr("Cancel"), self.cancel)
            self.message.emit(Message(text, "information", (cancel,), key=KEY))

    @Slot(object)
    def _end(self, failure: Failure | None) -> None:
        self.message.emit(self._outcome(failure))
        self.finished.emit(self._exported)

    def _outcome(self, failure: Failure | None) -> Message:
        """What became of it."""
        if self._exported is not None:
            return self._success(self._exported)
        if failure is not None:
            known = bool(failure.code)
            if not known:
                keep_in_log(failure)
            text = self.tr("The report was not written: {reason}").format(reason=failure.text)
            return Message(text, key=KEY, details="" if known else failure.traceback)
        return Message(self.tr("The report was cancelled; nothing was written."), "information", key=KEY)

    def _success(self, exported: Exported) -> Message:
        show = Action(self.tr("Show folder"), partial(show_folder, exported.folder), keeps=True)
        text = self.tr("The report is in {folder}.").format(folder=exported.folder)
        if not exported.skipped:
            return Message(text, "information", (show,), key=KEY)
        details = "\n".join(skipped.reason for skipped in exported.skipped)
        return Message(text + " " + self.tr("Something is missing in it."), "warning", (show,), details,
                       self.tr("What is missing"), key=KEY)


def show_folder(folder: Path) -> None:
    """Open a folder in the system's own program."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
