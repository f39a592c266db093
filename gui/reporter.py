"""No error is silent and none is a raw traceback: hooks that log every unexpected exception and tell the window."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import (
    QCoreApplication,
    QMessageLogContext,
    QObject,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

from gui.messages import Message
from gui.workers import Failure, report_thread_exceptions

LOG_NAME, CRASH_NAME = "log.txt", "crash.txt"
LOG_BYTES, LOG_FILES = 1_000_000, 3

logger = logging.getLogger("autoencoder-explorer")
LOGGERS = (logger, logging.getLogger("engine"))
"""What goes into the log, and nowhere else while the reporter is installed."""

LEVELS = {QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO,
          QtMsgType.QtWarningMsg: logging.WARNING, QtMsgType.QtCriticalMsg: logging.ERROR,
          QtMsgType.QtFatalMsg: logging.CRITICAL}


class Reporter(QObject):
    """Logs exceptions that nobody caught, from any thread, and emits ``reported`` (Message), queued to the window."""

    reported = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """``folder`` gets the log and, after a native crash, its report; without it errors still reach the window."""
        super().__init__(parent)
        self._folder = folder
        self._seen: Counter[str] = Counter()
        self._reporting = False
        self._crashes: IO[str] | None = None
        self._handler: logging.Handler = logging.NullHandler()
        self.crash_report = self._last_crash()

    @property
    def log_path(self) -> Path:
        """The log file."""
        return self._folder / LOG_NAME

    def install(self) -> None:
        """Take over the hooks of Python and Qt."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            self._handler = logging.handlers.RotatingFileHandler(
                self.log_path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True)
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            self._crashes = (self._folder / CRASH_NAME).open("w", encoding="utf-8")
            faulthandler.enable(self._crashes)
        for source in LOGGERS:
            source.addHandler(self._handler)
            source.setLevel(logging.INFO)
            source.propagate = False
        sys.excepthook = self.report
        report_thread_exceptions(self.report)
        qInstallMessageHandler(self._take_qt_message)

    def uninstall(self) -> None:
        """Give the hooks back; a run that ends well leaves no crash report."""
        qInstallMessageHandler(None)
        sys.excepthook = sys.__excepthook__
        report_thread_exceptions(sys.__excepthook__)
        if self._crashes is not None:
            faulthandler.disable()
            self._crashes.close()
            with contextlib.suppress(OSError):
                (self._folder / CRASH_NAME).unlink()
        for source in LOGGERS:
            source.removeHandler(self._handler)
            source.propagate = True
        self._handler.close()

    def report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log one exception and tell the window; never raises, and never reports an error of its own twice."""
        if self._reporting:
            return
        self._reporting = True
        try:
            self._report(kind, error, trace)
        except BaseException as failure:
            self._last_resort(kind, failure)
        finally:
            self._reporting = False

    def _report(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        details = "".join(traceback.format_exception(kind, error, trace))
        self._seen[details] += 1
        times = self._seen[details]
        if times == 1:
            logger.error("%s", details)
        elif times in (10, 100, 1000, 10_000):
            logger.error("%d times: %s", times, details.rstrip().splitlines()[-1])
        text = QCoreApplication.translate("reporter", "Something went wrong in {place}. Nothing was lost.")
        self.reported.emit(Message(text.format(place=place(trace)), "error", details=details))

    def _last_resort(self, kind: type[BaseException], failure: BaseException) -> None:
        line = f"The error reporter failed ({type(failure).__name__}: {failure}) on {kind.__name__}."
        with contextlib.suppress(Exception):
            logger.error(line)
        with contextlib.suppress(Exception):
            sys.stderr.write(f"{line}\n")

    def _take_qt_message(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        logger.log(LEVELS.get(kind, logging.WARNING), "Qt: %s", text)

    def _last_crash(self) -> str:
        """What a native crash of the last time left; '' when it ended well."""
        try:
            return (self._folder / CRASH_NAME).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


def place(trace: TracebackType | None) -> str:
    """The tab or panel in which an exception arose, as a person would call it."""
    for name in reversed(list(_modules(trace))):
        package, _, module = name.rpartition(".")
        if package in ("gui.tabs", "gui.panels"):
            return module.replace("_", " ").capitalize()
    return QCoreApplication.translate("reporter", "the window")


def _modules(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        yield str(trace.tb_frame.f_globals.get("__name__", ""))
        trace = trace.tb_next


def keep_in_log(failure: Failure) -> None:
    """Write down where a worker failed, whatever the window says about it."""
    logger.error("%s", failure.traceback)
