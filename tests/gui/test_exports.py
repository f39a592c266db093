"""Reports from the window: written on a thread, said in the message bar, cancelled and closed without a trace."""

import shutil

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from gui import dialogs, exports
from tests.gui.conftest import tiny


def trained(session, qtbot):
    with qtbot.waitSignal(session.training.finished, timeout=30_000):
        session.start()
    return session.training.run


def test_a_report_is_written_and_its_folder_can_be_shown(make_session, qtbot, tmp_path, monkeypatch):
    session = make_session()
    run = trained(session, qtbot)
    with qtbot.waitSignal(session.exports.finished, timeout=30_000) as told:
        session.exports.start([run], session.data_dir, tmp_path / "to ñ 🎉")
        assert session.exports.at_work and session.busy
    folder = told.args[0].folder
    assert folder == tmp_path / "to ñ 🎉" / "report" and (folder / "README.md").is_file()
    said = session.messages[-1]
    assert str(folder) in said.text and said.kind == "information" and said.key == exports.KEY
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    said.actions[0].run()
    assert opened == [QUrl.fromLocalFile(str(folder))]


def test_progress_can_be_cancelled_and_nothing_is_left(make_session, qtbot, tmp_path):
    session = make_session()
    run = trained(session, qtbot)
    session.messages.clear()
    with qtbot.waitSignal(session.exports.finished, timeout=30_000) as told:
        session.exports.start([run], session.data_dir, tmp_path / "to")
        session.messages[0].actions[0].run()
    assert told.args == [None] and "nothing was written" in session.messages[-1].text
    assert not (tmp_path / "to").exists() or not list((tmp_path / "to").iterdir())


def test_a_second_report_has_to_wait(make_session, qtbot, tmp_path):
    session = make_session()
    run = trained(session, qtbot)
    with qtbot.waitSignal(session.exports.finished, timeout=30_000):
        session.exports.start([run], session.data_dir, tmp_path / "to")
        session.exports.start([run], session.data_dir, tmp_path / "to")
        assert "already" in session.messages[-1].text
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["report"]


def test_a_folder_that_cannot_be_written_to_is_said_without_a_traceback(make_session, qtbot, tmp_path):
    session = make_session()
    run = trained(session, qtbot)
    (tmp_path / "file").write_text("x")
    with qtbot.waitSignal(session.exports.finished, timeout=30_000):
        session.exports.start([run], session.data_dir, tmp_path / "file" / "below")
    said = session.messages[-1]
    assert said.kind == "error" and "Choose another folder" in said.text and not said.details
    assert not session.exports.at_work


def test_what_is_missing_is_told(make_session, qtbot, tmp_path):
    session = make_session()
    run = trained(session, qtbot)
    bad = type(run)(shutil.copytree(run.folder, tmp_path / "bad"))
    (bad.folder / "experiment.toml").write_text("x = [")
    with qtbot.waitSignal(session.exports.finished, timeout=30_000):
        session.exports.start([bad, run], session.data_dir, tmp_path / "to")
    assert session.messages[-1].kind == "warning" and "unreadable" in session.messages[-1].details


def test_closing_waits_for_a_report(make_session, qtbot, tmp_path):
    session = make_session(tiny())
    run = trained(session, qtbot)
    session.exports.start([run], session.data_dir, tmp_path / "to")
    with qtbot.waitSignal(session.closed, timeout=30_000):
        session.close()
    assert not session.exports.at_work


def test_without_a_run_it_is_said(make_session):
    session = make_session(load=False)

    class Window:
        def __init__(self):
            self.session = session

        def report_runs(self):
            return []

    dialogs.export_report(Window())
    assert "no run to report on" in session.messages[-1].text
