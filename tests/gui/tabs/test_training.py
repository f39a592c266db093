"""The Training tab with a real session: live curves, runs from disk, interventions, overlays, and its empty states."""

import shutil

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from engine.events import Step
from engine.runfiles import journal
from gui import style
from gui.plots.buckets import Smoothed
from gui.tabs.training import TrainingTab
from tests.gui.conftest import tiny, trained


@pytest.fixture
def make_tab(qtbot):
    """``make_tab(session)`` -> the tab, shown."""
    style.apply(QApplication.instance(), "light")

    def make(session):
        tab = TrainingTab(session)
        qtbot.addWidget(tab)
        tab.resize(780, 600)
        tab.show()
        qtbot.waitExposed(tab)
        return tab

    return make


@pytest.fixture
def tab(session, make_tab):
    return make_tab(session)


def told(tab):
    """Steps and losses that the curves hold."""
    return [values.tolist() for values in tab.curves.losses.batches.points()]


def on_disk(run):
    metrics = run.metrics()
    return [metrics.step_index.tolist(), metrics.losses.tolist()]


def number(tab, name):
    return tab.numbers[name].value


def shown(qtbot, tab, run):
    """Show a run and wait until its curves are there."""
    tab._session.shown.show_run(run)
    qtbot.waitUntil(lambda: tab._book is not None and told(tab) == on_disk(run), timeout=5000)


def paused(qtbot, session, **start):
    """Start a training and pause it after its first batch."""
    session.start(one_batch=True, **start)
    qtbot.waitUntil(lambda: session.training.state == "paused" and session.training.progress.step == 1, timeout=20_000)


# States


def test_without_a_run_the_tab_says_what_to_do(tab):
    assert tab.stage.state == "empty" and not tab.stage.busy
    assert {number(tab, name) for name in tab.numbers.numbers} == {"–"}
    assert not tab.steering.rate.isEnabled() and not tab.steering.more.isEnabled()
    assert tab.steering.more.toolTip() == "No run is shown." and tab.steering.rate.toolTip()


def test_a_training_is_drawn_live_and_ends_as_it_lies_on_disk(qtbot, session, tab):
    seen = []
    session.training.stepped.connect(lambda events: seen.append((tab.curves.losses.last_step, tab.stage.state)))
    trained(qtbot, session)
    run = session.shown.run
    assert seen[-1] == (8, "ready") and len(set(seen)) > 1
    assert told(tab) == on_disk(run)
    metrics = run.metrics()
    validation = tab.curves.losses.validation.points()
    assert validation[0].tolist() == [e.step for e in metrics.evaluations] == [0, 4, 8]
    assert validation[1].tolist() == [e.validation_loss for e in metrics.evaluations]
    tab.curves.redraw()
    assert tab.curves._marks.best == (run.best_step, pytest.approx(np.log10(metrics.evaluations[-1].validation_loss)))
    assert tab.curves._y_axis.labelText == "Mean squared error"


def test_the_numbers_are_those_of_the_run(qtbot, session, tab):
    trained(qtbot, session)
    last = session.shown.run.metrics().evaluations[-1]
    assert number(tab, "epoch") == "2.0 / 2"
    assert number(tab, "validation") == f"{last.validation_loss:#.4g}"
    assert number(tab, "training") == f"{last.training_loss:#.4g}"
    assert tab.numbers["validation"].caption == "Validation, epoch 2"
    assert number(tab, "best") == f"{min(e.validation_loss for e in session.shown.run.metrics().evaluations):#.4g}"
    assert number(tab, "elapsed").endswith(" s") and number(tab, "remaining") in ("–", "0 s")
    assert number(tab, "speed") not in ("–", "0")


def test_a_tab_made_late_shows_the_run_from_disk(qtbot, session, make_tab):
    trained(qtbot, session)
    tab = make_tab(session)
    qtbot.waitUntil(lambda: tab.stage.state == "ready", timeout=5000)
    assert told(tab) == on_disk(session.shown.run)
    assert number(tab, "epoch") == "2.0 / 2"


def test_a_tab_made_while_a_run_is_paused_goes_on_with_it(qtbot, session, make_tab):
    paused(qtbot, session)
    tab = make_tab(session)
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.training.resume()
    assert told(tab)[0][-1] == 8 and set(np.diff(told(tab)[0]).tolist()) <= {1}


def test_metrics_that_cannot_be_read_are_a_failure_that_can_be_tried_again(qtbot, session, tab, tmp_path):
    trained(qtbot, session)
    run = session.shown.run
    good = told(tab)
    session.shown.show_run(None)
    (run.folder / journal.NAME).rename(tmp_path / "kept")
    (run.folder / journal.NAME).mkdir()
    session.shown.show_run(run)
    qtbot.waitUntil(lambda: tab.stage.state == "failed", timeout=5000)
    shutil.rmtree(run.folder / journal.NAME)
    (tmp_path / "kept").rename(run.folder / journal.NAME)
    tab.stage.retry.emit()
    qtbot.waitUntil(lambda: tab.stage.state == "ready", timeout=5000)
    assert told(tab) == good


def test_damaged_lines_are_said_below_the_curves(qtbot, session, tab):
    trained(qtbot, session)
    run = session.shown.run
    assert not tab.warning.isVisible()
    with (run.folder / journal.NAME).open("ab") as file:
        file.write(b"damaged\n")
    session.shown.show_run(run)
    qtbot.waitUntil(tab.warning.isVisible, timeout=5000)
    assert "could not be read" in tab.warning.text()


def test_a_run_without_checkpoints_cannot_be_trained_longer_and_says_why(qtbot, session, tab):
    trained(qtbot, session)
    run = session.shown.run
    assert tab.steering.more.isEnabled()
    session.shown.show_run(None)
    shutil.rmtree(run.folder / "checkpoints")
    session.shown.show_run(run)
    qtbot.waitUntil(lambda: "no checkpoint" in tab.steering.more.toolTip(), timeout=10_000)
    assert not tab.steering.more.isEnabled()


# Several runs


def test_another_run_can_be_looked_at_while_one_trains_and_nothing_is_missed(qtbot, make_session, make_tab):
    session = make_session()
    tab = make_tab(session)
    trained(qtbot, session)
    first = session.shown.run
    session.draft.set("train.seed", 1)
    session.draft.set("train.epochs", 4)
    paused(qtbot, session)
    second = session.training.run
    assert told(tab)[0] == [1] and session.shown.run == second
    shown(qtbot, tab, first)
    assert not tab.steering.more.isEnabled() and "Another run" in tab.steering.more.toolTip()
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.training.resume()
    assert told(tab) == on_disk(first)
    assert tab.steering.more.isEnabled()
    shown(qtbot, tab, second)
    assert told(tab)[0] == list(range(1, 17))


def test_coming_back_to_the_run_at_work_shows_all_of_it(qtbot, make_session, make_tab):
    session = make_session()
    tab = make_tab(session)
    trained(qtbot, session)
    first = session.shown.run
    session.draft.set("train.seed", 1)
    paused(qtbot, session)
    second = session.training.run
    shown(qtbot, tab, first)
    for expected in (2, 3):
        session.training.one_batch()
        qtbot.waitUntil(lambda expected=expected: session.training.progress.step == expected, timeout=20_000)
    session.shown.show_run(second)
    assert told(tab)[0] == [1, 2, 3]
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.stop()


def test_a_resumed_run_is_one_curve_without_a_step_told_twice(qtbot, make_session, make_tab):
    session = make_session(tiny(train__epochs=3))
    tab = make_tab(session)
    paused(qtbot, session)
    with qtbot.waitSignal(session.training.finished, timeout=20_000):
        session.stop()
    run = session.training.run
    with (run.folder / journal.NAME).open("ab") as file:  # as if it had been killed after its checkpoint
        record = journal.Record()
        record.add(Step(3, 0, (9.0, 9.0), 1.0, 1.0))
        file.write(record.line() + b"\n")
    session.shown.show_run(None)
    session.shown.show_run(run)
    qtbot.waitUntil(lambda: told(tab)[0] == [1, 2, 3], timeout=5000)
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.resume(run)
    assert told(tab) == on_disk(run) and told(tab)[0] == list(range(1, 13)) and 9.0 not in told(tab)[1]


def test_checked_runs_are_drawn_behind_and_unchecked_ones_go(qtbot, session, tab):
    for seed in range(3):
        session.draft.set("train.seed", seed)
        trained(qtbot, session)
    qtbot.waitUntil(lambda: len(session.runs.rows) == 3 and not session.runs.at_work, timeout=5000)
    offered = tab.view.others.list
    folders = [offered.item(row).data(Qt.ItemDataRole.UserRole) for row in range(offered.count())]
    assert len(folders) == 2 and session.shown.run.folder not in folders
    for row in range(2):
        offered.item(row).setCheckState(Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: len(tab.curves.overlays) == 2, timeout=5000)
    assert tab.view.others.text() == "Earlier runs · 2"
    assert told(tab) == on_disk(session.shown.run), "the run in front stays"
    run = next(row.run for row in session.runs.rows if row.run.folder == folders[0])
    behind = tab.curves._overlays[str(folders[0])]
    assert behind[1].losses.batches.points()[1].tolist() == run.metrics().losses.tolist()
    assert behind[0] == offered.item(0).text()
    tab.curves.redraw()
    assert offered.item(0).text() in {entry.name for entry in tab.curves.legend.entries}
    offered.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert tab.curves.overlays == (str(folders[1]),)
    session.shown.show_run(next(row.run for row in session.runs.rows if row.run.folder == folders[1]))
    assert tab.curves.overlays == (), "a run is not drawn behind itself"
    qtbot.waitUntil(lambda: not session.books.at_work, timeout=5000)


# The timeline


def test_clicking_the_curve_shows_the_nearest_snapshot_and_the_timeline_moves_the_line(qtbot, session, tab):
    trained(qtbot, session)
    assert [handle.step for handle in session.shown.snapshots] == [0, 4, 8]
    tab.curves.redraw()
    assert tab.curves._marks.cursor_step == 8
    tab.curves.step_chosen.emit(3)
    assert session.shown.snapshot.step == 4 and tab.curves._marks.cursor_step == 4
    session.shown.show_step(0)
    assert tab.curves._marks._cursor.value() == 0


# Interventions


def test_a_learning_rate_typed_while_training_is_recorded_and_marked(qtbot, session, tab):
    paused(qtbot, session)
    field = tab.steering.rate.edit
    assert field.isEnabled() and field.text() == "0.001"
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "0.02")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(tab._book.interventions), timeout=20_000)
    tab.curves.redraw()
    assert tab.curves._marks.interventions == ((1, "learning rate 0.02"),)
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.training.resume()
    assert [(it.step, it.field, it.value) for it in session.shown.run.metrics().interventions] == [
        (1, "train.learning_rate", 0.02)]
    assert field.text() == "0.02" and not field.isEnabled() and "next run" in tab.steering.rate.toolTip()


def test_dragging_the_learning_rate_is_one_intervention(qtbot, session, tab):
    paused(qtbot, session)
    slider = tab.steering.rate.slider
    slider.setSliderDown(True)
    for position in range(400, 700, 50):
        slider.setValue(position)
    assert tab._book.interventions == []
    slider.setSliderDown(False)
    qtbot.waitUntil(lambda: len(tab._book.interventions) > 0, timeout=20_000)
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.stop()
    changes = session.shown.run.metrics().interventions
    assert len(changes) == 1 and changes[0].value == pytest.approx(1e-5 * 10 ** (5 * 0.65), rel=0.05)


def test_a_learning_rate_that_cannot_be_is_marked_and_not_sent(qtbot, session, tab):
    paused(qtbot, session)
    field = tab.steering.rate.edit
    for text, reason in (("-1", "out of range"), ("0.5x", "is not a number")):
        field.selectAll()
        qtbot.keyClicks(field, text)
        qtbot.keyClick(field, Qt.Key.Key_Return)
        assert field.property("problem") is True and reason in field.toolTip()
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.stop()
    assert session.shown.run.metrics().interventions == ()


def test_ten_more_epochs_go_on_from_a_finished_run_in_the_same_curve(qtbot, session, tab):
    trained(qtbot, session)
    run = session.shown.run
    assert tab.steering.more.isEnabled()
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        qtbot.mouseClick(tab.steering.more, Qt.MouseButton.LeftButton)
    assert told(tab) == on_disk(run) and told(tab)[0] == list(range(1, 49))
    assert number(tab, "epoch") == "12.0 / 12"
    assert tab.curves._marks.interventions == ((8, "epochs 12"),)


# How the curves are drawn


def test_the_controls_change_the_curves(qtbot, session, tab):
    trained(qtbot, session)
    view, curves = tab.view, tab.curves
    assert curves.log and curves.by_epoch and curves.smoothing == 50
    view.log.click()
    view.steps.click()
    assert not curves.log and not curves.by_epoch
    view.epochs.click()
    assert curves.by_epoch
    view.smoothing.slider.setValue(0)
    assert view.smoothing.field.value() == 1 and curves.smoothing == 1
    view.smoothing.field.setValue(100)
    assert curves.smoothing == 100 and view.smoothing.slider.value() == 667
    assert isinstance(curves.losses.smoothed, Smoothed) and curves.losses.smoothed.window == 100


def test_fit_can_be_pressed_only_when_there_is_something_to_fit(qtbot, session, tab):
    trained(qtbot, session)
    fit = tab.view.fit
    assert not fit.isEnabled() and "in sight" in fit.toolTip()
    tab.curves._box.sigRangeChangedManually.emit([True, True])
    assert fit.isEnabled()
    fit.click()
    assert tab.curves.following and not fit.isEnabled()


def test_smoothing_stays_for_the_next_run(qtbot, session, tab):
    tab.view.smoothing.field.setValue(7)
    trained(qtbot, session)
    assert tab.curves.smoothing == 7 and tab.curves.losses.smoothed.window == 7


def test_every_control_has_a_name_a_tooltip_and_a_place_in_the_tab_order(tab):
    view, steering = tab.view, tab.steering
    for widget in (view.log, view.epochs, view.steps, view.smoothing.slider, view.smoothing.field, view.others,
                   view.fit, steering.rate.edit, steering.rate.slider, steering.more):
        assert widget.accessibleName() or widget.text(), widget
        assert widget.toolTip() or steering.rate.toolTip(), widget
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, widget


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_cut_off_in_a_small_window(qtbot, session, tab, theme):
    style.apply(QApplication.instance(), theme)
    trained(qtbot, session)
    tab.resize(768, 470)
    QApplication.processEvents()
    assert tab.minimumSizeHint().width() <= 768 and tab.minimumSizeHint().height() <= 470
    for part in (tab.numbers, tab.view, tab.steering):
        for child in part.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            assert child.geometry().right() <= part.width() and child.width() >= child.minimumSizeHint().width(), child
    assert tab.curves.plot.height() >= 150
    style.apply(QApplication.instance(), "light")
