"""The application: style, hooks, one window; shown first, everything slow after."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication

import resources
from engine import experiment as experiments
from engine import storage
from engine.experiment import Experiment
from engine.fields import ExperimentError
from engine.run import Run
from engine.runfiles.notices import reason
from gui import explain, first_run, layout, settings, style
from gui.messages import Action, Message
from gui.reporter import Reporter
from gui.session import Session
from gui.settings import Loaded
from gui.signals import Signals
from gui.window import Window

LOG_OFF_MS = 10_000
"""The system waits about so long for an application when a person logs off."""

DRAFT_NAME = "draft.toml"
"""The experiment in the form, from one start to the next."""


def run(options: argparse.Namespace) -> int:
    """Open the window and stay until it closes. Returns the exit code."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Autoencoder Explorer")
    application.setQuitOnLastWindowClosed(False)
    config_dir = settings.config_dir()
    reporter = Reporter(config_dir)
    reporter.install()
    if options.reset_layout:
        layout.forget(config_dir)
    main = Main(application, options, config_dir, reporter)
    try:
        return application.exec()
    finally:
        main.end()
        reporter.uninstall()


class Main(QObject):
    """One start of the application, from the first window to the last thread."""

    def __init__(self, application: QApplication, options: argparse.Namespace, config_dir: Path,
                 reporter: Reporter) -> None:
        super().__init__()
        self._application, self._options, self._config_dir = application, options, config_dir
        self._reporter = reporter
        loaded = settings.load(config_dir)
        style.apply(application, options.theme or loaded.settings.theme)
        self.session = Session(loaded.settings, options.data_dir, options.runs, first_experiment(config_dir))
        self.window = Window(self.session, config_dir, reporter.log_path)
        self._signals = Signals(self)
        self._connect()
        self.window.show()
        self._say_what_was_found(loaded)
        self._say_what_waits(self.session.queue.keep_in(config_dir))
        QTimer.singleShot(0, self, self._begin)

    def _connect(self) -> None:
        self._reporter.reported.connect(self.window.messages.show_message)
        self.session.settings_changed.connect(self._save_settings)
        self.window.closed.connect(self._application.quit)
        self._signals.arrived.connect(self.window.begin_closing)
        self._application.commitDataRequest.connect(self._log_off)

    @Slot()
    def _begin(self) -> None:
        """After the first painting."""
        brought = first_run.bring(self.session.runs_dir)
        self.session.runs.changed.connect(self._take_first_list)
        self.window.start()
        if self._options.open:
            self.window.open_path(Path(self._options.open))
        if brought and self.session.shown.run is None:
            self.session.show_run(brought)

    @Slot()
    def _take_first_list(self) -> None:
        """The runs were read for the first time: no tab stays empty while there is one."""
        rows = self.session.runs.rows
        self.session.runs.changed.disconnect(self._take_first_list)
        if rows and self.session.shown.run is None:
            self.session.show_run(rows[0].run)
        self._say_what_crashed([row.run for row in rows if row.status == "interrupted"])

    def _say_what_was_found(self, loaded: Loaded) -> None:
        if loaded.damaged:
            text = self.tr("Settings could not be read (line {line}); defaults are in use. Your old file is {file}.")
            message = Message(text.format(line=loaded.damaged_line, file=loaded.backup), "warning", key="settings")
            self.window.messages.show_message(message)

    def _say_what_waits(self, unreadable: Path | None) -> None:
        """The queue of the last time is there, paused; or its file could not be read and was kept."""
        if unreadable is not None:
            text = self.tr("The queue could not be read; it is empty. Its old file is {file}.")
            self.window.messages.show_message(Message(text.format(file=unreadable), "warning", key="queue"))
        elif self.session.queue.items:
            self.window.messages.show_message(explain.queue_paused(self.session))

    def _say_what_crashed(self, interrupted: list[Run]) -> None:
        """A native crash of the last time left a report."""
        report = self._reporter.crash_report
        if not report:
            return
        text = self.tr("The app ended unexpectedly last time. Your runs are intact; {interrupted}.")
        count = self.tr("1 run was interrupted") if len(interrupted) == 1 else self.tr(
            "{count} runs were interrupted").format(count=len(interrupted))
        actions = tuple(Action(self.tr("Resume"), partial(self.session.resume, run)) for run in interrupted[:1])
        self.window.messages.show_message(Message(text.format(interrupted=count), "warning", actions, report,
                                                  self.tr("Show report"), "crash"))

    @Slot(object)
    def _save_settings(self, chosen: settings.Settings) -> None:
        try:
            settings.save(self._config_dir, chosen)
        except OSError as error:
            text = self.tr("The settings could not be saved ({reason}); they hold until the window closes.")
            self.window.messages.show_message(Message(text.format(reason=reason(error)), "warning", key="settings"))

    @Slot()
    def _log_off(self) -> None:
        """The system ends the session, and this process when it returns: save first, as long as one is let."""
        waiting = QEventLoop()
        self.window.closed.connect(waiting.quit)
        self.window.begin_closing("log-off")
        if not self.window.ended:
            QTimer.singleShot(LOG_OFF_MS, waiting, waiting.quit)
            waiting.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)

    def end(self) -> None:
        """Keep the draft, give the signals back, and let Qt go in an order that it survives."""
        keep_experiment(self._config_dir, self.session.draft.experiment)
        self._signals.close()
        self.window.deleteLater()
        self.session.deleteLater()


def first_experiment(config_dir: Path) -> Experiment:
    """The experiment in the form when the window was closed, else the default preset."""
    for path in (config_dir / DRAFT_NAME, resources.presets()[resources.DEFAULT_PRESET]):
        try:
            return experiments.load(path)
        except (ExperimentError, OSError):
            continue
    return Experiment()


def keep_experiment(config_dir: Path, experiment: Experiment) -> None:
    """Write the form's experiment down for the next start; without it, that one shows the default."""
    try:
        config_dir.mkdir(parents=True, exist_ok=True)
        storage.write_atomic(config_dir / DRAFT_NAME, experiments.to_toml(experiment).encode())
    except OSError:
        return
