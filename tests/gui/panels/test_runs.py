"""The list of runs: locked and newer ones, thousands of them."""

import json
import time
from pathlib import Path

import pytest

from engine.runfiles import lock
from gui.panels.runs import RunsPanel
from gui.runlist import RunRow
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
