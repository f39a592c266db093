"""The list of runs: locked and newer ones, thousands of them."""

import errno
import json
import shutil
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine import storage
from engine.runfiles import lock
from gui.panels.run_notes import RunNotesPage
from gui.panels.runs import RunsPanel
from gui.runlist import RunRow
from tests.benchmarks.runs import fill
from tests.gui.conftest import tiny, trained


@pytest.fixture
def listed(qtbot, session):
    """A session with one finished run in the list, and the panel."""
    panel = RunsPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    trained(qtbot, session)
    qtbot.waitUntil(lambda: bool(panel.model.rows) and panel.model.rows[0].status == "finished", timeout=10_000)
    session.kept = panel
    return session, panel


def enabled(panel, row):
    return {action.text() for action in panel.menu(row).actions() if action.isEnabled() and action.text()}


def test_a_run_held_by_another_process_is_read_only(qtbot, listed, monkeypatch):
    session, panel = listed
    run = panel.model.rows[0].run
    me = lock.this_process()
    other = lock.Holder(1, lock.started(1), me.host)
    (run.folder / lock.NAME).write_text(json.dumps(vars(other)))
    session.show_run(run)
    assert session.messages[-1].text == "This run is being trained by another window (process 1)."
    assert not {"Train 10 epochs more", "Delete"} & enabled(panel, panel.model.rows[0])
    (run.folder / lock.NAME).unlink()


def test_a_run_locked_by_another_host_can_be_taken_over(qtbot, listed):
    session, panel = listed
    run = panel.model.rows[0].run
    (run.folder / lock.NAME).write_text(json.dumps({"pid": 7, "started": "x", "host": "lab3"}))
    session.show_run(run)
    message = session.messages[-1]
    assert message.text.startswith("Locked by host lab3.") and [a.label for a in message.actions] == ["Take over"]
    assert "Take over" in enabled(panel, panel.model.rows[0])
    assert "Delete" not in enabled(panel, panel.model.rows[0])
    panel.delete()
    assert run.folder.is_dir()
    message.actions[0].run()
    assert lock.holder(run.folder) is None and run.writable


def test_a_run_of_a_newer_version_is_read_only_and_never_written(qtbot, listed):
    session, panel = listed
    run = panel.model.rows[0].run
    info = json.loads((run.folder / "run.json").read_text())
    text = json.dumps(info | {"schema": 99, "version": "9.1"})
    (run.folder / "run.json").write_text(text)
    session.show_run(run)
    assert session.messages[-1].text.startswith("Made with version 9.1; this is ")
    assert enabled(panel, panel.model.rows[0]) <= {"Edit its settings", "Open folder", "Delete"}
    panel.model.setData(panel.view.currentIndex(), "renamed")
    assert session.messages[-1].text.startswith("The run could not be renamed")
    assert (run.folder / "run.json").read_text() == text and not (run.folder / "notes.toml").exists()


def test_a_training_run_cannot_be_deleted(qtbot, make_session):
    session = make_session(tiny(train__epochs=100_000))
    panel = RunsPanel(session)
    qtbot.addWidget(panel)
    with qtbot.waitSignal(session.training.run_started, timeout=20_000):
        session.start()
    qtbot.waitUntil(lambda: bool(panel.model.rows) and panel.model.rows[0].status == "running", timeout=10_000)
    panel.delete()
    assert session.training.run.folder.is_dir()
    assert not {"Delete", "Resume"} & enabled(panel, panel.model.rows[0])


def test_two_thousand_rows_are_shown_and_painted_quickly(qtbot, listed):
    _, panel = listed
    row = panel.model.rows[0]
    rows = tuple(RunRow(type(row.run)(Path(f"/runs/{n}")), f"run {n}", row.status, row.text, 0.01, None)
                 for n in range(2000))
    started = time.perf_counter()
    panel.model.show(rows)
    panel.view.grab()
    panel.view.scrollToBottom()
    panel.view.grab()
    assert time.perf_counter() - started < 1.5
    assert panel.model.rowCount() == 2000


def test_the_shown_run_is_selected_and_a_selected_run_is_shown(qtbot, listed):
    session, panel = listed
    first = session.shown.run
    trained(qtbot, session)
    qtbot.waitUntil(lambda: len(panel.model.rows) == 2, timeout=10_000)
    assert panel.chosen.run == session.shown.run != first
    panel.view.setCurrentIndex(panel.model.index(panel.model.place_of(first.folder)))
    assert session.shown.run == first


# Notes, filter, stars


@pytest.fixture
def many(qtbot, make_session):
    """Forty runs on disk, five of them damaged, in a panel."""
    session = make_session(load=False)
    fill(session.runs_dir, 40, damaged=5)
    panel = RunsPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    session.refresh_runs()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 40, timeout=20_000)
    session.kept = panel
    return session, panel


def titles(panel):
    return [row.title for row in panel.model.rows]


def choose(panel, title):
    panel.view.setCurrentIndex(panel.model.index(titles(panel).index(title)))


def test_damaged_runs_are_marked_and_hide_no_other(many):
    _, panel = many
    marked = [row for row in panel.model.rows if panel.model.text(row).startswith("⚠ settings unreadable: ")]
    assert len(marked) == 5 and all(row.status == "damaged" for row in marked)


def test_a_filter_leaves_the_rows_with_every_word(qtbot, many):
    _, panel = many
    panel.filter.setText("attempt 7")
    assert titles(panel) and all("attempt" in title and "7" in title for title in titles(panel))
    panel.filter.setText("BASELINE attempt 14")
    assert titles(panel) == ["attempt 14"]
    panel.filter.setText("damaged")
    assert len(titles(panel)) == 5
    panel.filter.setText("mnist finished 0.004")
    assert titles(panel) and all("0.004" in title for title in titles(panel))
    panel.filter.setText("no such [run")
    assert titles(panel) == [] and panel.empty.text() == "No run matches “no such [run”."
    QTest.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert len(titles(panel)) == 40 and panel.empty.isHidden()


def test_a_filter_shows_no_other_run(many):
    session, panel = many
    panel.view.setCurrentIndex(panel.model.index(3))
    shown = session.shown.run
    panel.filter.setText("attempt")
    panel.filter.clear()
    assert session.shown.run == shown == panel.chosen.run


def test_a_star_puts_a_run_on_top_if_wanted(qtbot, many):
    session, panel = many
    assert titles(panel)[0] == "attempt 0"  # starred by the benchmark, and the oldest
    choose(panel, "attempt 21")
    panel.star()
    qtbot.waitUntil(lambda: titles(panel)[:2] == ["attempt 21", "attempt 0"], timeout=10_000)
    assert panel.chosen.title == "attempt 21"
    panel.starred.click()
    assert titles(panel)[:2] != ["attempt 21", "attempt 0"] and not session.settings.starred_first
    assert panel.model.index(titles(panel).index("attempt 21")).data(Qt.ItemDataRole.AccessibleTextRole).startswith(
        "starred, ")


def test_a_key_stars_the_chosen_run_and_takes_the_star_away(qtbot, many):
    _, panel = many
    choose(panel, "attempt 21")
    panel.activateWindow()
    panel.view.setFocus()
    qtbot.waitUntil(panel.view.hasFocus, timeout=5_000)
    for starred in (True, False):
        QTest.keyClick(panel.view, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
        qtbot.waitUntil(lambda starred=starred: panel.chosen.notes.star == starred, timeout=10_000)
    assert panel.chosen.title == "attempt 21"


def test_tags_and_a_remark_are_kept_found_and_shown(qtbot, many):
    _, panel = many
    choose(panel, "attempt 21")
    run = panel.chosen.run
    panel.write_notes()
    page = panel.findChild(RunNotesPage)
    page.tags.setText(" long,  two  words, long,, ")
    page.remarks.setPlainText("The curve\nlooks odd.")
    page.accept()
    assert (run.notes.tags, run.notes.remarks) == (("long", "two words"), "The curve\nlooks odd.")
    qtbot.waitUntil(lambda: "two words" in panel.model.text(panel.chosen), timeout=10_000)
    panel.filter.setText("odd")
    assert titles(panel) == ["attempt 21"]
    assert panel.model.index(0).data(Qt.ItemDataRole.ToolTipRole).endswith("The curve\nlooks odd.")
    assert run.notes.name == "attempt 21"


def test_notes_that_cannot_be_written_say_why_and_stay(qtbot, many, monkeypatch):
    session, panel = many
    choose(panel, "attempt 21")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage, "write_atomic", full)
    panel.star()
    assert session.messages[-1].text == "The run could not be starred (the disk is full)."
    assert not panel.chosen.run.notes.star


def test_a_run_deleted_by_another_window_makes_no_new_folder(qtbot, many):
    session, panel = many
    choose(panel, "attempt 21")
    run = panel.chosen.run
    shutil.rmtree(run.folder)
    panel.star()
    assert session.messages[-1].text.endswith(f"(The run {run.name} is no longer there.).")
    assert not run.folder.exists()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 39, timeout=10_000)


def test_choosing_a_run_that_is_gone_says_so_and_keeps_what_is_shown(qtbot, many):
    session, panel = many
    choose(panel, "attempt 14")
    shown = session.shown.run
    gone = next(row.run for row in panel.model.rows if row.title == "attempt 21")
    shutil.rmtree(gone.folder)
    choose(panel, "attempt 21")
    assert session.messages[-1].text.startswith(f"The run {gone.name} is no longer there")
    assert session.shown.run == shown
    qtbot.waitUntil(lambda: len(panel.model.rows) == 39, timeout=10_000)
    assert panel.chosen.run == shown


def test_a_shown_run_that_another_window_deletes_makes_room(qtbot, many):
    session, panel = many
    choose(panel, "attempt 21")
    gone = session.shown.run
    shutil.rmtree(gone.folder)
    session.refresh_runs()
    qtbot.waitUntil(lambda: session.shown.run is not None and session.shown.run != gone, timeout=10_000)
    assert [message.key for message in session.messages] == ["gone"]
    assert panel.chosen.run == session.shown.run


def trash_that(move):
    """A QFile whose trash is ``move(name)`` -> whether it was moved, and which does not say where to."""
    class File:
        def __init__(self, name):
            self.name = name

        def fileName(self):
            return self.name

        def moveToTrash(self):
            return move(self.name)

    return File


def test_deleting_can_be_undone_also_where_the_system_has_no_trash(qtbot, many, monkeypatch):
    session, panel = many
    monkeypatch.setattr("gui.panels.runs.QFile", trash_that(lambda _: False))
    choose(panel, "attempt 21")
    folder = panel.chosen.run.folder
    panel.delete()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 39, timeout=10_000)
    assert not folder.exists()
    session.messages[-1].actions[0].run()
    qtbot.waitUntil(lambda: "attempt 21" in titles(panel), timeout=10_000)
    assert folder.is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a test would fill the person's own trash")
def test_a_run_in_the_trash_of_the_system_is_brought_back_too(qtbot, many, tmp_path, monkeypatch):
    session, panel = many
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    (tmp_path / "share").mkdir()
    choose(panel, "attempt 21")
    folder = panel.chosen.run.folder
    panel.delete()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 39, timeout=10_000)
    assert not folder.exists() and (tmp_path / "share" / "Trash" / "files" / folder.name).is_dir()
    assert session.messages[-1].text == "The run attempt 21 was moved to the trash."
    undo = session.messages[-1].actions[0]
    undo.run()
    qtbot.waitUntil(lambda: "attempt 21" in titles(panel), timeout=10_000)
    assert folder.is_dir()
    undo.run()
    assert session.messages[-1].text.startswith("The run could not be brought back") and folder.is_dir()


def test_a_trash_that_does_not_say_where_it_is_offers_no_undo(qtbot, many, monkeypatch):
    session, panel = many
    choose(panel, "attempt 21")
    folder = panel.chosen.run.folder
    monkeypatch.setattr("gui.panels.runs.QFile", trash_that(lambda name: shutil.rmtree(name) is None))
    panel.delete()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 39, timeout=10_000)
    assert not folder.exists() and session.messages[-1].actions == ()
    assert session.messages[-1].text == "The run attempt 21 was moved to the trash."
