"""The window with its panels, keys, layout and closing, on a real session."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QLineEdit, QPushButton, QWidget

from engine import experiment as experiments
from engine import runs
from gui import dialogs, first_run, keys, layout
from gui.layout import FILE_NAME, Layout
from gui.shortcuts import ShortcutSheet
from gui.window import TABS, Window
from tests.gui.conftest import tiny, trained


@pytest.fixture
def open_window(qtbot, make_session, tmp_path):
    """``open_window(experiment, load=False)`` -> a shown Window; closed with its session at the end."""
    windows = []

    def open_(experiment=None, load=False):
        window = Window(make_session(experiment, load=load), tmp_path / "config")
        windows.append(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return window

    yield open_
    for window in windows:
        window.hide()
        window.deleteLater()


@pytest.fixture
def window(open_window):
    return open_window()


# Tabs


class WindowsShown(QObject):
    """Notes every window of its own that a widget becomes."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(type(watched).__name__)
        return False


def test_no_part_of_a_tab_flashes_as_a_window_of_its_own(qapp, window):
    spy = WindowsShown()
    qapp.installEventFilter(spy)
    for place in TABS:
        window.show_tab(place.partition(".")[0])
    qapp.removeEventFilter(spy)
    assert spy.seen == []


def test_tabs_are_made_when_they_are_first_shown(qtbot, window):
    assert window._made == {}
    for index in range(len(TABS)):
        shift = Qt.KeyboardModifier.ShiftModifier if index >= 10 else Qt.KeyboardModifier.NoModifier
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + (index + 1) % 10), Qt.KeyboardModifier.ControlModifier | shift)
        assert window.tabs.currentIndex() == index
        assert type(window.tab).__name__ == TABS[index].partition(".")[2]
    assert len(window._made) == len(TABS)


def test_every_control_has_a_name_and_a_tooltip(qtbot, window):
    window.experiment.more.setChecked(True)
    for panel in (window.experiment, window.train, window.timeline, window.runs):
        for control in panel.findChildren(QWidget):
            if isinstance(control, (QAbstractButton, QAbstractSlider, QComboBox, QLineEdit)) and control.isVisible():
                assert control.accessibleName(), f"{control} in {panel} has no name"
                assert control.toolTip(), f"{control.accessibleName()} has no tooltip"
                reached = control.focusPolicy() & Qt.FocusPolicy.TabFocus
                assert reached, f"{control.accessibleName()} is not in the tab order"


@pytest.mark.parametrize("size", [(1000, 640), (1100, 700), (2560, 1440)])
def test_nothing_is_cut_off(qtbot, window, size):
    window.resize(*size)
    window.experiment.more.setChecked(True)
    qtbot.waitUntil(lambda: window.experiment._rest.isVisible())
    window.splitter.setSizes([280, size[0] - 280])
    scroll = window.experiment.parentWidget()
    assert window.experiment.minimumSizeHint().width() <= scroll.width() <= 280
    for panel in (window.train, window.runs, window.timeline):
        assert panel.minimumSizeHint().width() <= panel.width()
    for button in (window.train.stop, window.train.batch, window.train.more):
        assert button.width() >= button.sizeHint().width()


# Editing


def test_an_edit_is_undone_and_repeated_by_keys(qtbot, window):
    draft = window.session.draft
    draft.set("train.epochs", 7)
    window.tabs.setFocus()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert draft.experiment.train.epochs == 2
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert draft.experiment.train.epochs == 7


def test_a_preset_fills_the_form_and_is_named_while_unchanged(qtbot, window):
    box, draft = window.experiment.preset, window.session.draft
    assert box.currentIndex() == -1
    index = box.findData("mnist-strided")
    box.setCurrentIndex(index)
    box.activated.emit(index)
    assert draft.plan.parameters == 2481 and box.currentText() == "mnist-strided"
    assert "2,481 parameters" in window.experiment.code.text()
    assert not window.experiment.data_status.isHidden() and "MNIST" in window.experiment.data_status.text()
    draft.set("train.epochs", 3)
    assert box.currentIndex() == -1
    draft.undo()
    assert box.currentText() == "mnist-strided"


def test_a_problem_disables_train_and_says_why(qtbot, window):
    window.session.draft.set("model.encoder.0.kernel", 99)
    assert not window.train.train.isEnabled()
    assert "kernel 99 does not fit" in window.train.train.toolTip()
    window.session.draft.undo()
    assert window.train.train.isEnabled()


def test_the_code_size_follows_the_last_block(qtbot, window):
    field = window.experiment.form.rows["code size"].field
    assert field.edit.text() == "4"
    window.session.draft.set("model.encoder", tiny().model.encoder[:1])
    assert field.edit.text() == "2" and window.experiment.code.text().startswith("Code 2×4×4 = 32")


# Keys


def test_space_trains_pauses_and_goes_on_and_a_text_field_keeps_it(qtbot, open_window):
    window = open_window(tiny(train__epochs=100_000), load=True)
    training = window.session.training
    window.tabs.setFocus(Qt.FocusReason.MouseFocusReason)
    for state in ("running", "paused", "running"):
        QTest.keyClick(window, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda state=state: training.state == state, timeout=20_000)
    edit = window.experiment.form.rows["train.epochs"].field.edit
    edit.setFocus()
    QTest.keyClick(edit, Qt.Key.Key_Space)
    assert training.state == "running"


def test_a_period_trains_one_batch(qtbot, open_window):
    window = open_window(load=True)
    window.tabs.setFocus()
    for step in (1, 2):
        QTest.keyClick(window, Qt.Key.Key_Period)
        qtbot.waitUntil(lambda step=step: window.session.training.progress.step == step
                        and window.session.training.state == "paused", timeout=20_000)


def test_keys_belong_to_who_needs_them(qtbot, window):
    edit, slider, button = QLineEdit(window), window.timeline.slider, window.train.stop
    other = QPushButton(window)
    for key in window.keys.shortcuts:
        assert keys.acts(key, None, True) and not keys.acts(key, edit, True)
    assert not keys.acts("Left", slider, True) and keys.acts("Space", slider, True)
    assert keys.acts("Space", button, False) and not keys.acts("Space", button, True)
    assert keys.acts("Left", other, True)
    other.setProperty(keys.TAKES_ARROWS, True)
    assert not keys.acts("Left", other, True)


def test_the_sheet_of_shortcuts_opens(qtbot, window):
    QTest.keyClick(window, Qt.Key.Key_F1)
    sheet = window.findChild(ShortcutSheet)
    assert sheet.isVisible()
    sheet.close()


# Timeline


def test_the_timeline_moves_through_a_run_by_keys_and_slider(qtbot, open_window):
    window = open_window(load=True)
    trained(qtbot, window.session)
    timeline, shown = window.timeline, window.session.shown
    window.tabs.setFocus(Qt.FocusReason.OtherFocusReason)
    window.setFocus()
    assert timeline.label.text() == "epoch 2"
    seen = []
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_End):
        QTest.keyClick(window, key)
        seen.append((timeline.label.text(), shown.snapshot.step, shown.live))
    assert seen == [("untrained", 0, False), ("epoch 1", 4, False), ("epoch 2", 8, True), ("epoch 1", 4, False),
                    ("epoch 2", 8, True)]
    timeline.slider.setValue(0)
    assert shown.snapshot.step == 0
    timeline.go_live()
    timeline.play.click()
    assert shown.snapshot.step == 0, "play at the end begins anew"
    qtbot.waitUntil(lambda: not timeline.play.isChecked(), timeout=10_000)
    assert shown.snapshot.step == 8


def test_the_timeline_says_why_it_is_disabled_and_a_press_ends_play(qtbot, open_window):
    window = open_window(load=True)
    timeline = window.timeline
    assert not timeline.play.isEnabled() and "no snapshot" in timeline.play.toolTip()
    trained(qtbot, window.session)
    assert timeline.play.isEnabled() and "no snapshot" not in timeline.play.toolTip()
    for press in (lambda: timeline.slider.setSliderDown(True),
                  lambda: timeline.slider.triggerAction(QAbstractSlider.SliderAction.SliderPageStepAdd)):
        timeline.play.click()
        assert timeline.play.isChecked()
        press()
        assert not timeline.play.isChecked()
        timeline.slider.setSliderDown(False)


def test_a_network_that_does_not_fit_has_no_code_to_tell_of(window):
    before = window.experiment.code.text()
    window.session.draft.set("model.encoder.0.kernel", 99)
    assert window.experiment.code.text().startswith("The network does not fit yet.")
    window.session.draft.undo()
    assert window.experiment.code.text() == before


def test_live_is_marked_while_the_shown_run_trains(qtbot, open_window):
    window = open_window(tiny(train__epochs=100_000), load=True)
    with qtbot.waitSignal(window.session.training.run_started, timeout=20_000):
        window.session.start()
    qtbot.waitUntil(lambda: window.session.shown.snapshot is not None, timeout=20_000)
    assert window.timeline.label.text() == "live"
    window.timeline.go_first()
    assert window.timeline.label.text() == "untrained"
    window.timeline.go_live()
    assert window.timeline.label.text() == "live"


# Files


def test_a_dropped_experiment_goes_into_the_form_and_can_be_undone(qtbot, window, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(experiments.to_toml(tiny(train__epochs=9)), encoding="utf-8")
    drop(window, path)
    assert window.session.draft.experiment.train.epochs == 9
    row = window.messages.rows[-1]
    next(b for b in row.findChildren(QPushButton) if b.text() == "Undo").click()
    assert window.session.draft.experiment == tiny()


def test_a_dropped_run_is_shown(qtbot, open_window):
    window = open_window(load=True)
    trained(qtbot, window.session)
    run = window.session.shown.run
    window.session.shown.show_run(None)
    drop(window, run.folder)
    assert window.session.shown.run == run and window.windowTitle().startswith("tiny")


@pytest.mark.parametrize("contents", [b"epochs = 3", b"\xff\x00", b"[" * 50_000, b"[train]\nepochs = 'x'"])
def test_a_dropped_file_that_is_no_experiment_changes_nothing(qtbot, window, tmp_path, contents):
    (tmp_path / "bad.toml").write_bytes(contents)
    drop(window, tmp_path / "bad.toml")
    assert window.session.draft.experiment == tiny()
    assert window.messages.rows[-1].message.text.startswith("bad.toml could not be opened: ")


def drop(window, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
                                Qt.KeyboardModifier.NoModifier))


def test_an_experiment_is_saved_and_a_failure_leaves_the_old_file(qtbot, window, tmp_path):
    path = tmp_path / "saved.toml"
    dialogs.write_experiment(window.session, path)
    assert experiments.load(path) == tiny()
    dialogs.write_experiment(window.session, tmp_path / "none" / "x.toml")
    assert window.messages.rows[-1].message.text == "Could not write x.toml (it does not exist). The file is as it was."


def test_the_bundled_run_is_copied_once_and_only_into_an_empty_folder(qtbot, open_window, tmp_path):
    window = open_window(load=True)
    trained(qtbot, window.session)
    bundled, place = window.session.shown.run.folder, tmp_path / "other"
    brought = first_run.bring(place, bundled)
    assert brought.folder.parent == place and len(brought.snapshots()) == 3
    assert first_run.bring(place, bundled) is None
    assert first_run.bring(tmp_path / "third", tmp_path / "absent") is None


# Layout


def test_the_layout_comes_back(qtbot, open_window, make_session, tmp_path):
    window = open_window()
    window.setGeometry(30, 40, 1100, 700)
    window.show_tab("latent")
    window.toggle_left(False)
    layout.save(tmp_path / "config", window.layout_now())
    other = Window(window.session, tmp_path / "config")
    qtbot.addWidget(other)
    other.show()
    room = QGuiApplication.primaryScreen().availableGeometry()
    assert other.height() == 700 and other.width() == max(other.minimumWidth(), min(1100, room.width()))
    assert other.tabs.currentIndex() == window.tabs.currentIndex() == TABS.index("latent.LatentTab")
    assert other.splitter.sizes()[0] == 0
    other.reset_layout()
    assert other.splitter.sizes()[0] >= 280
    other._threads_ended = True


@pytest.mark.parametrize("contents", [b"", b"\xff\xfe", b"x = 1.5", b"version = 2", b"width = 'wide'", b"[" * 100_000,
                                      b"width = 0", b"x = 1e999", b"version = 1\nx = 99999999999"])
def test_a_damaged_layout_means_the_usual_one(tmp_path, contents):
    (tmp_path / FILE_NAME).write_bytes(contents)
    assert layout.load(tmp_path) == Layout()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.dictionaries(
    st.sampled_from([*Layout.model_fields, "other"]),
    st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=5)), max_size=5).map(
        lambda values: tomli_w.dumps(values).encode())))
def test_any_layout_puts_the_window_on_a_screen(qapp, tmp_path, contents):
    (tmp_path / FILE_NAME).write_bytes(contents)
    place = layout.place(layout.load(tmp_path))
    assert any(screen.availableGeometry().intersects(place) for screen in QGuiApplication.screens())


def test_a_window_larger_than_the_screen_becomes_as_large_as_it(qapp):
    room = QGuiApplication.primaryScreen().availableGeometry()
    assert layout.place(Layout(x=30, y=40, width=9000, height=9000)) == room
    corner = layout.place(Layout(x=room.right() - 100, y=room.bottom() - 100, width=400, height=300))
    assert corner.bottomRight() == room.bottomRight() and corner.size().toTuple() == (400, 300)
    assert layout.place(Layout(x=room.left() - 200, y=0, width=400, height=300)).left() == room.left()


def test_a_layout_that_cannot_be_deleted_or_read_is_the_usual_one(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    layout.forget(tmp_path)
    assert layout.load(tmp_path) == Layout()


def test_a_window_on_a_screen_that_is_gone_comes_back(qapp):
    room = QGuiApplication.primaryScreen().availableGeometry()
    assert room.contains(layout.place(Layout(x=9000, y=9000, width=400, height=300)).center())
    assert layout.place(Layout(x=10, y=20, width=400, height=300)).topLeft().toTuple() == (10, 20)


# Runs


def test_runs_are_listed_renamed_deleted_and_brought_back(qtbot, open_window):
    window = open_window(load=True)
    trained(qtbot, window.session)
    model, view = window.runs.model, window.runs.view
    qtbot.waitUntil(lambda: bool(model.rows) and model.rows[0].status == "finished", timeout=10_000)
    run = model.rows[0].run
    assert window.runs.chosen.run == run and model.rows[0].loss > 0
    model.setData(view.currentIndex(), "my first")
    qtbot.waitUntil(lambda: model.rows[0].title == "my first", timeout=10_000)
    assert run.notes.name == "my first"
    window.runs.delete()
    qtbot.waitUntil(lambda: model.rows == (), timeout=10_000)
    assert not run.folder.exists() and window.session.shown.run is None
    next(b for b in window.messages.rows[-1].findChildren(QPushButton) if b.text() == "Undo").click()
    qtbot.waitUntil(lambda: len(model.rows) == 1, timeout=10_000)
    assert run.folder.is_dir() and model.rows[0].title == "my first"


def test_a_run_that_another_window_adds_is_listed_when_one_comes_back(qtbot, open_window):
    window = open_window(load=True)
    window.start()
    qtbot.waitUntil(lambda: not window.session.runs.at_work, timeout=20_000)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow, timeout=5_000)
    run = runs.create(window.session.runs_dir, tiny(), "fingerprint")
    assert not window.runs.model.rows
    window.activateWindow()
    qtbot.waitUntil(lambda: [row.run.folder for row in window.runs.model.rows] == [run.folder], timeout=20_000)


def test_a_damaged_run_is_marked_and_hides_no_other(qtbot, open_window):
    window = open_window(load=True)
    trained(qtbot, window.session)
    broken = window.session.shown.run
    trained(qtbot, window.session)
    (broken.folder / "run.json").write_text("{\n\n,")
    window.session.refresh_runs()
    rows = window.runs.model
    qtbot.waitUntil(lambda: sorted(row.status for row in rows.rows) == ["damaged", "finished"], timeout=10_000)
    damaged = next(row for row in rows.rows if row.status == "damaged")
    assert rows.text(damaged) == "⚠ settings unreadable: line 3"
    menu = window.runs.menu(damaged)
    enabled = {action.text() for action in menu.actions() if action.isEnabled() and action.text()}
    assert "Resume" not in enabled and {"Open folder", "Delete"} <= enabled


def test_a_damaged_run_is_not_resumed_and_the_menu_knows_it(qtbot, open_window):
    window = open_window(load=True)
    session, menus = window.session, window.menus
    trained(qtbot, session)
    run = session.shown.run
    assert menus.resume.isEnabled() and menus.more.isEnabled()
    (run.folder / "run.json").write_text("{")
    session.show_run(run)
    assert not menus.resume.isEnabled() and not menus.more.isEnabled()
    session.messages.clear()
    session.train_more(run)
    assert session.training.state == "idle" and "settings unreadable" in session.messages[-1].text


def test_the_menu_of_a_run_resumes_and_copies_its_settings(qtbot, open_window):
    window = open_window(tiny(train__epochs=50), load=True)
    window.session.start(one_batch=True)
    qtbot.waitUntil(lambda: window.session.training.state == "paused", timeout=20_000)
    with qtbot.waitSignal(window.session.training.finished, timeout=20_000):
        window.train.stop.click()
    qtbot.waitUntil(lambda: bool(window.runs.model.rows) and window.runs.model.rows[0].status == "stopped",
                    timeout=10_000)
    window.session.draft.set("train.epochs", 3)
    actions = {action.text(): action for action in window.runs.menu(window.runs.chosen).actions()}
    actions["Edit its settings"].trigger()
    assert window.session.draft.experiment == tiny(train__epochs=50)
    with qtbot.waitSignal(window.session.training.finished, timeout=60_000) as finished:
        actions["Resume"].trigger()
    assert finished.args[0].step == 200


# Closing


def test_closing_while_training_says_so_saves_and_ends(qtbot, open_window):
    window = open_window(tiny(train__epochs=100_000), load=True)
    with qtbot.waitSignal(window.session.training.run_started, timeout=20_000):
        window.session.start()
    with qtbot.waitSignal(window.closed, timeout=20_000):
        window.close()
        assert window.messages.rows[-1].message.text == "Finishing the current batch and saving…"
        assert window.isVisible()
    assert not window.isVisible()
    run = window.session.training.run
    assert run.status == "stopped" and run.resume_point()[0].step == run.state.step


def test_closing_can_be_taken_back(qtbot, open_window):
    window = open_window(tiny(train__epochs=100_000), load=True)
    with qtbot.waitSignal(window.session.training.run_started, timeout=20_000):
        window.session.start()
    window.close()
    with qtbot.waitSignal(window.session.training.run_started, timeout=20_000):
        next(b for b in window.messages.rows[-1].findChildren(QPushButton) if b.text() == "Cancel").click()
    assert window.isVisible() and window.session.training.at_work
    window.session.training.stop()


def test_a_cancel_that_comes_too_late_does_not_keep_the_window_from_closing(qtbot, open_window):
    window = open_window(tiny(train__epochs=100_000), load=True)
    with qtbot.waitSignal(window.session.training.run_started, timeout=20_000):
        window.session.start()
    left = []
    window.session.training.finished.connect(lambda outcome: left.extend(r.message.key for r in window.messages.rows))
    window.session.training.finished.connect(lambda outcome: window.cancel_closing())
    with qtbot.waitSignal(window.closed, timeout=20_000):
        window.close()
    assert not window.isVisible() and "closing" not in left


def test_closing_an_idle_window_ends_at_once(qtbot, open_window):
    window = open_window(load=True)
    with qtbot.waitSignal(window.closed, timeout=5000):
        window.close()


CHILD = """
import os, signal, sys
from PySide6.QtCore import QTimer
import main
from gui import app
begin = app.Main._begin
def _begin(self):
    begin(self)
    {action}
app.Main._begin = _begin
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("action", [
    "for index in range(5): self.window.tabs.setCurrentIndex(index)\n    self.window.close()",
    "os.kill(os.getpid(), signal.SIGTERM)",
    "os.kill(os.getpid(), signal.SIGINT)",
], ids=["close", "SIGTERM", "SIGINT"])
def test_the_application_opens_visits_every_tab_and_ends_without_a_word(tmp_path, action):
    child = start(tmp_path, action)
    assert (child.returncode, child.stderr.replace("This plugin does not support propagateSizeHints()\n", ""),
            child.stdout) == (0, "", "")
    log = tmp_path / "config" / "log.txt"
    assert not log.exists() or "Traceback" not in log.read_text(), log.read_text()


LISTED = ("from PySide6.QtCore import QEventLoop; loop = QEventLoop(); self.session.runs.changed.connect(loop.quit); "
          "loop.exec()\n    ")
SAY = (LISTED + "print(*[row.message.text for row in self.window.messages.rows], sep='|')\n    "
       "self.window.close()")


def start(tmp_path, action, *options):
    """Start the application in a child process, do something in it, and wait for its end."""
    return subprocess.run(
        [sys.executable, "-c", CHILD.format(action=action), "--runs", str(tmp_path / "runs"), "--data-dir",
         str(tmp_path / "data"), *options], capture_output=True, text=True, timeout=120,
        cwd=Path(__file__).parent.parent.parent,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "AUTOENCODER_EXPLORER_CONFIG": str(tmp_path / "config")})


def test_a_native_crash_is_told_at_the_next_start_and_only_then(tmp_path):
    assert start(tmp_path, "import faulthandler; faulthandler._sigsegv()").returncode != 0
    told = [start(tmp_path, SAY).stdout.strip() for _ in range(2)]
    assert told == ["The app ended unexpectedly last time. Your runs are intact; 0 runs were interrupted.", ""]


def test_logging_off_waits_until_all_is_saved(tmp_path):
    leave = ("self._application.commitDataRequest.emit(None)\n    "
             "print(self.session.busy, self.window.ended, flush=True); os._exit(0)")
    assert start(tmp_path, leave).stdout == "False True\n"


def test_the_report_of_a_crash_is_behind_a_button_that_says_so(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "crash.txt").write_text("Segmentation fault")
    labels = ("print([b.text() for row in self.window.messages.rows for b in row.findChildren(QPushButton)])\n    "
              "self.window.close()")
    child = start(tmp_path, "from PySide6.QtWidgets import QPushButton\n    " + LISTED + labels)
    assert child.stdout == "['Show report']\n"


def test_opening_an_experiment_shows_the_bundled_run_too(tmp_path):
    (tmp_path / "mine.toml").write_text(experiments.to_toml(tiny(train__epochs=33)))
    show = (LISTED + "print(self.session.shown.run.name != '', self.session.draft.experiment.train.epochs)\n    "
            "self.window.close()")
    for _ in range(2):  # brought at the first start, listed at the second
        assert start(tmp_path, show, "--open", str(tmp_path / "mine.toml")).stdout == "True 33\n"


def test_damaged_settings_are_told_and_the_application_starts(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_bytes(b"theme = 'dark'\n\n\ncolour = 1")
    child = start(tmp_path, SAY)
    assert child.returncode == 0
    assert child.stdout.startswith("Settings could not be read (line 4); defaults are in use. Your old file is ")


def test_the_layout_and_the_experiment_come_back_and_can_be_reset(tmp_path):
    change = "self.window.show_tab('latent'); self.session.draft.set('train.epochs', 77)\n    self.window.close()"
    show = "print(self.window.tabs.currentIndex(), self.session.draft.experiment.train.epochs)\n    self.window.close()"
    assert start(tmp_path, change).returncode == 0
    assert start(tmp_path, show).stdout == f"{TABS.index('latent.LatentTab')} 77\n"
    (tmp_path / "config" / FILE_NAME).write_bytes(b"\x00damaged")
    assert start(tmp_path, show).stdout == "1 77\n"


# Reports


def test_a_report_is_of_the_shown_run_and_of_those_that_are_compared(qtbot, open_window):
    window = open_window(load=True)
    assert window.report_runs() == []
    runs = []
    for _ in range(2):
        trained(qtbot, window.session)
        runs.append(window.session.training.run)
    first, shown = runs
    assert window.report_runs() == [shown]
    window.show_tab("compare")
    qtbot.waitUntil(lambda: window.tab.chooser.list.count() == 2)
    window.tab.compare([first.folder, shown.folder])
    assert [run.folder for run in window.report_runs()] == [shown.folder, first.folder]
