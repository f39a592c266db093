"""The message bar and the reporter of what nobody caught: cases 6 to 10."""

import logging
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton

from gui import reporter as reporters
from gui.messages import Action, Message
from gui.panels.messages import MOST_ROWS, Details, MessageBar
from gui.reporter import CRASH_NAME, LOG_NAME, Reporter

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def bar(qtbot):
    bar = MessageBar()
    qtbot.addWidget(bar)
    return bar


@pytest.fixture
def reporter(qtbot, tmp_path, monkeypatch):
    """An installed reporter; pytest's hooks come back."""
    before, threads = sys.excepthook, threading.excepthook
    reporter = Reporter(tmp_path)
    reporter.install()
    reporters.qInstallMessageHandler(None)  # pytest-qt's own is put back below
    yield reporter
    reporter.uninstall()
    sys.excepthook, threading.excepthook = before, threads


def buttons(row):
    return {button.text(): button for button in row.findChildren(QPushButton)}


def test_a_message_offers_its_actions_and_leaves_when_one_is_chosen(qtbot, bar):
    done = []
    bar.show_message(Message("The disk is full.", actions=(Action("Retry", lambda: done.append("retry")),)))
    row = bar.rows[0]
    assert row.text.text() == "The disk is full." and not bar.isHidden()
    buttons(row)["Retry"].click()
    assert done == ["retry"] and bar.rows == [] and bar.isHidden()


def test_a_message_stays_while_its_button_only_opens_a_dialog(qtbot, bar):
    asked = []
    bar.show_message(Message("The disk is full.", actions=(
        Action("Save elsewhere…", lambda: asked.append("where"), keeps=True), Action("Stop", lambda: None))))
    buttons(bar.rows[0])["Save elsewhere…"].click()
    assert asked == ["where"] and len(bar.rows) == 1
    buttons(bar.rows[0])["Stop"].click()
    assert bar.rows == []


def test_equal_messages_are_counted(qtbot, bar):
    bar.show()
    started = time.perf_counter()
    for number in range(1000):
        bar.show_message(Message("Something went wrong.", details=f"details {number}"))
    assert time.perf_counter() - started < 1
    assert len(bar.rows) == 1 and bar.rows[0].times.text() == "× 1000"


def test_a_message_about_the_same_thing_takes_the_place_of_the_older(qtbot, bar):
    bar.show_message(Message("Only 80 MB free.", key="disk"))
    bar.show_message(Message("Something else."))
    bar.show_message(Message("Only 70 MB free.", key="disk"))
    assert [row.message.text for row in bar.rows] == ["Something else.", "Only 70 MB free."]
    bar.dismiss("disk")
    assert [row.message.text for row in bar.rows] == ["Something else."]


def test_the_oldest_message_goes_when_there_are_too_many(qtbot, bar):
    for number in range(20):
        bar.show_message(Message(f"Message {number}"))
    assert [row.message.text for row in bar.rows] == [f"Message {n}" for n in range(20 - MOST_ROWS, 20)]


def test_a_message_that_waits_for_a_decision_outlasts_those_that_only_tell(qtbot, bar):
    bar.show_message(Message("The disk is full.", actions=(Action("Stop", lambda: None),)))
    for number in range(20):
        bar.show_message(Message(f"Message {number}"))
    assert [row.message.text for row in bar.rows] == ["The disk is full.", "Message 17", "Message 18", "Message 19"]
    for number in range(MOST_ROWS + 1):
        bar.show_message(Message(f"Question {number}", actions=(Action("Yes", lambda: None),)))
    assert [row.message.text for row in bar.rows] == [f"Question {n}" for n in range(1, MOST_ROWS + 1)]


def test_details_are_a_click_away_and_can_be_copied(qtbot, bar):
    bar.show_message(Message("Something went wrong.", details="Traceback (most recent call last): …"))
    buttons(bar.rows[0])["Details"].click()
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Details))
    assert not dialog.isModal() and dialog.findChild(QPlainTextEdit).toPlainText().startswith("Traceback")
    buttons(dialog)["Copy"].click()
    assert QApplication.clipboard().text().startswith("Traceback")
    dialog.close()


def test_an_exception_in_a_slot_is_said_and_the_next_click_works(qtbot, bar, reporter, tmp_path):
    class Clicked(QObject):
        done = 0

        @Slot()
        def take(self):
            self.done += 1
            if self.done == 1:
                raise ValueError("shape (3,) does not fit")

    clicked, button = Clicked(), QPushButton("Show")
    qtbot.addWidget(button)
    button.clicked.connect(clicked.take)
    reporter.reported.connect(bar.show_message)
    with qtbot.capture_exceptions():  # pytest-qt's own hook would take it first
        sys.excepthook = reporter.report
        button.click()
        button.click()
    assert clicked.done == 2
    assert [row.message.text for row in bar.rows] == ["Something went wrong in the window. Nothing was lost."]
    assert "shape (3,) does not fit" in bar.rows[0].message.details
    assert "shape (3,) does not fit" in (tmp_path / LOG_NAME).read_text()


def test_an_exception_in_a_plain_thread_reaches_the_bar_on_the_main_thread(qtbot, bar, reporter):
    reporter.reported.connect(bar.show_message)
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert bar.rows == []
    qtbot.waitUntil(lambda: len(bar.rows) == 1)
    assert "division by zero" in bar.rows[0].message.details


def test_what_the_engine_logs_is_in_the_log_and_not_on_the_terminal(qtbot, reporter, tmp_path, capsys):
    logging.getLogger("engine.runfiles.record").warning("the save failed")
    assert "the save failed" in (tmp_path / LOG_NAME).read_text()
    reporter.uninstall()
    assert logging.getLogger("engine").propagate
    logging.getLogger("engine.runfiles.record").warning("nobody listens")
    assert "nobody listens" not in (tmp_path / LOG_NAME).read_text()
    assert capsys.readouterr().err == ""


def test_a_thousand_equal_exceptions_are_one_message_and_few_lines(qtbot, bar, reporter, tmp_path):
    reporter.reported.connect(bar.show_message)
    try:
        raise RuntimeError("paint")
    except RuntimeError as error:
        started = time.perf_counter()
        for _ in range(1000):
            reporter.report(type(error), error, error.__traceback__)
        assert time.perf_counter() - started < 2
    assert len(bar.rows) == 1 and bar.rows[0].times.text() == "× 1000"
    assert (tmp_path / LOG_NAME).read_text().count("Traceback") == 1


def test_a_reporter_that_fails_writes_one_line_and_does_not_loop(qtbot, reporter, tmp_path, capsys):
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    class Listener(QObject):
        @Slot(object)
        def take(self, message):
            raise ValueError("the bar is broken")

    reporter._report = lambda *arguments: 1 / 0
    reporter.report(Broken, Broken(), None)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["The error reporter failed (ZeroDivisionError: division by zero) on Broken."]
    assert lines[0] in (tmp_path / LOG_NAME).read_text()


def test_an_exception_while_reporting_is_not_reported(qtbot, reporter):
    told = []

    def failing(*arguments):
        told.append(1)
        reporter.report(ValueError, ValueError("again"), None)

    reporter._report = failing
    reporter.report(ValueError, ValueError("first"), None)
    assert told == [1]


def test_the_place_of_an_error_is_named_as_a_person_would(qtbot):
    scope = {"__name__": "gui.tabs.latent"}
    exec("def draw():\n    raise ValueError", scope)
    try:
        scope["draw"]()
    except ValueError as error:
        assert reporters.place(error.__traceback__) == "Latent"


def test_an_unwritable_log_folder_leaves_the_messages(qtbot, bar, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    before, threads = sys.excepthook, threading.excepthook
    reporter = Reporter(tmp_path / "file" / "log")
    reporter.reported.connect(bar.show_message)
    reporter.install()
    try:
        reporter.report(ValueError, ValueError("x"), None)
    finally:
        reporter.uninstall()
        sys.excepthook, threading.excepthook = before, threads
    assert len(bar.rows) == 1


def test_a_native_crash_leaves_a_report_for_the_next_start(qtbot, tmp_path):
    code = ("import sys, faulthandler\nfrom pathlib import Path\nfrom gui.reporter import Reporter\n"
            "from PySide6.QtCore import QCoreApplication\napp = QCoreApplication([])\n"
            "Reporter(Path(sys.argv[1])).install()\nfaulthandler._sigsegv()")
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, timeout=60)
    assert child.returncode != 0
    assert "Segmentation fault" in Reporter(tmp_path).crash_report or "fatal" in Reporter(tmp_path).crash_report.lower()


def test_a_good_end_leaves_no_crash_report(qtbot, reporter, tmp_path):
    assert (tmp_path / CRASH_NAME).exists()
    reporter.uninstall()
    assert Reporter(tmp_path).crash_report == ""


