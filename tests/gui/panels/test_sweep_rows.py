"""Sweeps in the list of runs: one entry each, unfolded to its runs, filtered, deleted, opened from files."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engine import runs
from engine import sweep as sweeps
from engine.runfiles import lock
from engine.sweeping.folder import list_sweeps
from gui import dialogs
from gui.panels.runs import RunsPanel
from gui.runlist import RunRow, SweepRow, merged
from gui.tabs.compare import CompareTab
from tests.engine.sweeping.small import RATES, carried_out, small, threads_for_workers
from tests.gui.conftest import trained


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A folder of runs with a finished sweep of three."""
    folder = tmp_path_factory.mktemp("swept")
    with threads_for_workers():
        carried_out(small(RATES), folder)
    return folder


@pytest.fixture
def listed(qtbot, make_session, swept):
    """A session on a copy of it, and the panel that lists it."""
    session = make_session()
    shutil.copytree(swept, session.runs_dir, dirs_exist_ok=True)
    session.wanted = []
    session.dialog_wanted.connect(session.wanted.append)
    panel = RunsPanel(session)
    qtbot.addWidget(panel)
    panel.resize(300, 500)
    panel.show()
    session.refresh_runs()
    qtbot.waitUntil(lambda: bool(panel.model.rows), timeout=10_000)
    session.kept = panel
    return session, panel


def kinds(panel):
    return [type(row).__name__ for row in panel.model.rows]


def unfold(qtbot, panel):
    panel.view.setCurrentIndex(panel.model.index(0))
    panel._fold_keys[0].trigger()
    qtbot.waitUntil(lambda: len(panel.model.rows) > 1, timeout=10_000)


def test_a_sweep_is_one_entry(listed):
    session, panel = listed
    assert kinds(panel) == ["SweepRow"] and session.runs.rows == ()
    row = panel.model.rows[0]
    assert panel.model.text(row) == "Sweep · 3 runs" and row.title == "small"
    assert "folded" in panel.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_choosing_it_shows_it_in_its_tab(qtbot, listed):
    session, panel = listed
    panel.view.setCurrentIndex(panel.model.index(0))
    assert session.wanted == [], "the keys only go through the list"
    panel.view.clicked.emit(panel.model.index(0))
    assert session.wanted == ["sweep"]
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and not session.sweeps.at_work, timeout=10_000)
    assert session.sweeps.shown.complete


def test_it_unfolds_to_its_runs_and_folds_again(qtbot, listed):
    session, panel = listed
    unfold(qtbot, panel)
    assert kinds(panel) == ["SweepRow", "RunRow", "RunRow", "RunRow"]
    assert [row.title for row in panel.model.rows[2:]] == ["learning rate 0.2", "learning rate 0.5"]
    panel.view.setCurrentIndex(panel.model.index(2))
    assert session.shown.run.folder.name == "00001"
    panel.view.setCurrentIndex(panel.model.index(0))
    panel.fold()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 1, timeout=10_000)


def test_the_filter_finds_sweeps_by_name_and_unfolded_runs(qtbot, listed):
    _, panel = listed
    unfold(qtbot, panel)
    panel.filter.setText("0.2")
    assert [getattr(row, "title", "") for row in panel.model.rows] == ["small", "learning rate 0.2"]
    panel.filter.setText("small")
    assert len(panel.model.rows) == 4
    panel.filter.setText("nothing of it")
    assert panel.model.rows == () and panel.empty.text().startswith("No run matches")


def test_a_run_is_renamed_and_a_sweep_is_not(qtbot, listed):
    _, panel = listed
    unfold(qtbot, panel)
    flags = [bool(panel.model.flags(panel.model.index(row)) & Qt.ItemFlag.ItemIsEditable) for row in (0, 1)]
    assert flags == [False, True]


def test_a_sweep_goes_to_the_trash_with_its_runs_and_comes_back(qtbot, listed):
    session, panel = listed
    unfold(qtbot, panel)
    panel.view.setCurrentIndex(panel.model.index(1))
    panel.view.setCurrentIndex(panel.model.index(0))
    qtbot.waitUntil(lambda: session.sweeps.shown is not None, timeout=10_000)
    folder = session.sweeps.shown.folder.folder
    panel.delete()
    qtbot.waitUntil(lambda: not panel.model.rows, timeout=10_000)
    assert not folder.exists() and session.sweeps.shown is None and session.shown.run is None
    message = session.messages[-1]
    assert message.text == "The sweep small was moved to the trash."
    message.actions[0].run()
    qtbot.waitUntil(lambda: bool(panel.model.rows), timeout=10_000)
    assert list_sweeps(session.runs_dir)[0].folder == folder
    assert runs.open_run(folder / "trials" / "00000", session.runs_dir).status == "finished"


def test_a_damaged_sweep_is_marked(qtbot, listed):
    session, panel = listed
    (session.runs_dir / "2030-01-01_00-00-00_bad").mkdir()
    (session.runs_dir / "2030-01-01_00-00-00_bad" / "sweep.toml").write_bytes(b"\xff\x00")
    session.refresh_runs()
    qtbot.waitUntil(lambda: len(panel.model.rows) == 2, timeout=10_000)
    assert panel.model.text(panel.model.rows[0]) == "⚠ settings unreadable" and panel.model.rows[1].title == "small"


def test_runs_and_sweeps_stand_in_the_order_of_their_times(qtbot, listed):
    session, panel = listed
    trained(qtbot, session)
    qtbot.waitUntil(lambda: len(panel.model.rows) == 2, timeout=10_000)
    assert kinds(panel) == ["RunRow", "SweepRow"]
    old = session.runs.sweeps[0]
    assert merged(session.runs.rows, (old,)) == (session.runs.rows[0], old)
    assert isinstance(panel.model.rows[0], RunRow) and isinstance(panel.model.rows[1], SweepRow)


def test_a_sweeps_folder_and_file_are_opened_by_dropping_them(qtbot, listed, tmp_path):
    session, _ = listed
    (folder,) = list_sweeps(session.runs_dir)
    for path in (folder.folder, Path(folder.name)):
        dialogs.open_path(session, path)
    assert session.wanted == ["sweep", "sweep"]
    path = tmp_path / "mine.toml"
    path.write_text(sweeps.to_toml(small()), encoding="utf-8")
    dialogs.open_path(session, path)
    assert session.wanted[-1] == f"new sweep: {path}" and not session.messages


def test_the_runs_of_an_unfolded_sweep_can_be_compared(qtbot, listed):
    session, panel = listed
    assert session.runs.all_rows == ()
    unfold(qtbot, panel)
    tab = CompareTab(session)
    qtbot.addWidget(tab)
    tab.show()
    folders = [row.run.folder for row in session.runs.all_rows]
    tab.compare(folders[:2])
    qtbot.waitUntil(lambda: len(tab.runs) == 2, timeout=10_000)
    assert [run.title for run in tab.runs] == ["learning rate 0.05", "learning rate 0.2"]
    session.kept = (panel, tab)


def test_a_chosen_sweep_stays_chosen_and_delete_takes_it_and_not_the_shown_run(qtbot, listed):
    session, panel = listed
    trained(qtbot, session)
    qtbot.waitUntil(lambda: len(panel.model.rows) == 2, timeout=10_000)
    run = session.shown.run
    panel.view.setCurrentIndex(panel.model.index(1))
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and not session.sweeps.at_work, timeout=10_000)
    with qtbot.waitSignal(session.runs.changed, timeout=10_000):
        session.refresh_runs()
    assert panel.chosen_sweep is not None and panel.chosen is None
    folder = panel.chosen_sweep.folder.folder
    panel.delete()
    assert not folder.exists() and run.folder.is_dir() and session.shown.run == run


def test_a_sweep_that_is_trained_cannot_be_deleted(listed):
    _, panel = listed
    panel.view.setCurrentIndex(panel.model.index(0))
    row = panel.chosen_sweep
    with lock.held(row.folder.folder):
        assert [action.isEnabled() for action in panel.sweep_menu(row).actions()] == [True, True, False]
        panel.delete()
    assert row.folder.folder.is_dir()
