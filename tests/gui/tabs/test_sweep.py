"""The Sweep tab: a sweep set up, watched, looked into, stopped and continued, with real trainings."""

import dataclasses
import shutil

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine import sweep
from engine.runfiles import lock
from engine.sweeping.folder import list_sweeps
from engine.sweeping.told import SweepOrder
from gui.tabs.sweep import CURVES, IMPORTANCE, MAP, PARALLEL, TABLE, SweepTab
from tests.engine.sweeping.small import MOMENTA, NO_DATA, RATES, carried_out, small, threads_for_workers

SEEDS = (1, 2, 3)
DONE_MS = 60_000


@pytest.fixture(autouse=True)
def quick_workers():
    """Workers that are threads."""
    with threads_for_workers():
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder of runs with the finished sweep of three rates and two momenta."""
    folder = tmp_path_factory.mktemp("finished")
    with threads_for_workers():
        carried_out(small(), folder)
    return folder


@pytest.fixture
def make_tab(qtbot, make_session):
    """``make_tab(runs)`` -> the shown tab on a session, with the sweeps of a folder of runs in its own."""
    def make(runs=None):
        session = make_session()
        if runs is not None:
            shutil.copytree(runs, session.runs_dir, dirs_exist_ok=True)
        tab = SweepTab(session)
        qtbot.addWidget(tab)
        tab.resize(1000, 700)
        tab.show()
        session.kept = tab
        session.refresh_runs()
        return session, tab
    return make


@pytest.fixture
def looking(qtbot, make_tab, finished):
    """The tab on the finished sweep."""
    session, tab = make_tab(finished)
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and not session.sweeps.at_work, timeout=10_000)
    return session, tab


def order(session, settings, **changes):
    return SweepOrder(settings, NO_DATA, session.runs_dir, **{"workers": 1, **changes})


def swept(qtbot, session, settings, **changes):
    session.sweep(order(session, settings, **changes))
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)


def test_an_empty_tab_says_the_one_next_thing(make_tab):
    _, tab = make_tab()
    assert tab.stage.state == "empty" and tab.steering.begin.isEnabled()
    assert tab.steering.pause.isHidden() and tab.steering.go_on.isHidden() and not tab.status.text()


def test_a_sweep_is_set_up_and_trained_from_the_page(qtbot, make_tab):
    session, tab = make_tab()
    tab.steering.begin.click()
    page = tab.page
    page.show_sweep(small(RATES))
    page.ordered.emit(order(session, small(RATES)))
    page.close()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    book = session.sweeps.shown
    assert book.complete and book.total == 3 and [row.status for row in book.rows.values()] == ["finished"] * 3
    assert tab.stage.state == "ready" and "3 of 3 runs done" in tab.status.text()
    assert [folder.folder for folder in list_sweeps(session.runs_dir)] == [book.folder.folder]


def test_the_map_fills_while_it_is_trained(qtbot, make_tab):
    session, tab = make_tab()
    filled = []
    tab._soon.setInterval(0)
    tab._soon.timeout.connect(lambda: filled.append(int(np.isfinite(
        tab.map._grid.losses).sum()) if tab.map._grid is not None else 0))
    swept(qtbot, session, small())
    assert filled[0] < 6 and sorted(filled) == filled and len(set(filled)) > 2
    assert np.isfinite(tab.map._grid.losses).all()
    lowest = min(session.sweeps.shown.rows.values(), key=lambda row: row.validation_loss)
    assert tab.probe.cell.number == lowest.cell and "One seed each" in tab.verdict.text()


def test_a_click_on_a_cell_makes_its_run_the_shown_one(looking):
    session, tab = looking
    grid = tab.map._grid
    tab.map.map.clicked.emit(1, 2)
    cell = grid.at((1, 2))
    assert dict(cell.values) == {"train.learning_rate": 0.5, "train.momentum": 0.9}
    assert session.shown.run.folder == cell.rows[0].folder and session.shown.snapshot is not None
    assert len(session.shown.snapshots) == 2, "the untrained network and the trained one"
    assert session.shown.experiment.train.learning_rate == 0.5
    assert tab.probe.cell.number == cell.number and tab.map.map.chosen == (1, 2)


def test_hovering_shows_a_cells_picture_and_leaving_the_chosen_ones(looking):
    session, tab = looking
    tab.choose_cell(0)
    chosen = tab.probe.picture._values.copy()
    tab.map.map.hovered.emit((1, 2))
    hovered = tab.probe.picture._values
    number = tab.map._grid.at((1, 2)).rows[0].number
    assert np.array_equal(hovered, session.sweeps.shown.pictures[number]) and not np.array_equal(hovered, chosen)
    tab.map.map.hovered.emit(None)
    assert np.array_equal(tab.probe.picture._values, chosen)
    assert np.array_equal(tab.probe.original._values, session.sweeps.shown.original)


def test_a_slider_swaps_the_image_to_the_network_with_that_value(looking):
    session, tab = looking
    tab.choose_cell(0)
    slider = tab.probe.sliders["train.momentum"].slider
    QTest.keyClick(slider, Qt.Key.Key_Right)
    values = dict(tab.probe.cell.values)
    assert values == {"train.learning_rate": 0.05, "train.momentum": 0.9}
    assert "momentum 0.9" in tab.probe.title.text()
    number = tab.probe.cell.rows[0].number
    assert np.array_equal(tab.probe.picture._values, session.sweeps.shown.pictures[number])
    assert tab.map.map.chosen == (1, 0)
    assert session.shown.run is None, "only a click makes it the shown run"
    tab.probe.open.click()
    assert session.shown.run.folder.name == f"{number:05}"


def test_images_and_contours_are_switched_on(looking):
    _, tab = looking
    tab.map.tiled.click()
    tab.map.contours.click()
    assert tab.map.map.tiled and tab.map.map.contours


def test_every_view_shows_the_sweep(qtbot, looking):
    _session, tab = looking
    for place, view in ((CURVES, tab.curves), (PARALLEL, tab.parallel), (IMPORTANCE, tab.importance),
                        (TABLE, tab.table)):
        tab.switch.button(place).click()
        assert view.isVisible()
    assert [line.name for line in tab.curves.plot.lines] == ["Momentum 0", "Momentum 0.9"]
    assert tab.curves.plot.lines[0].x.tolist() == [0.05, 0.2, 0.5]
    assert tab.parallel.plot.losses.shape == (6,)
    losses = [row[2] for row in tab.table.box.table.rows]
    assert losses == sorted(losses) and len(losses) == 6
    qtbot.waitUntil(lambda: bool(tab.importance.hint.text()), timeout=20_000)
    assert "PED-ANOVA" in tab.importance.hint.text()


def test_a_row_of_the_table_opens_its_run(looking):
    session, tab = looking
    tab.switch.button(TABLE).click()
    tab.table.box.selectRow(0)
    best = min(session.sweeps.shown.rows.values(), key=lambda row: row.validation_loss)
    assert session.shown.run.folder == best.folder


def test_one_axis_has_curves_and_no_map(qtbot, make_tab):
    session, tab = make_tab()
    swept(qtbot, session, small(RATES))
    assert not tab.switch.button(MAP).isEnabled() and "two fields" in tab.switch.button(MAP).toolTip()
    assert tab.curves.isVisible() and [line.name for line in tab.curves.plot.lines] == ["Validation loss"]


def test_seeds_give_a_mean_with_its_spread(qtbot, make_tab):
    session, tab = make_tab()
    swept(qtbot, session, small({"field": "train.learning_rate", "values": [0.05, 0.5]}, seeds=list(SEEDS)))
    line = tab.curves.plot.lines[0]
    rows = [row for row in session.sweeps.shown.rows.values() if row.cell == 0]
    losses = [row.validation_loss for row in rows]
    assert len(losses) == 3 and line.y[0] == pytest.approx(np.mean(losses))
    assert line.high[0] - line.y[0] == pytest.approx(np.std(losses, ddof=1))
    assert "n = 3" in tab.verdict.text() and "3 of 3 seeds" in tab.probe.numbers.text()


def test_drawn_combinations_are_ranked_and_parallel(qtbot, make_tab):
    session, tab = make_tab()
    drawn = small({"field": "train.learning_rate", "range": {"low": 0.01, "high": 0.5, "log": True}}, MOMENTA,
                  method="random", trials=4)
    swept(qtbot, session, drawn)
    assert tab.parallel.isVisible() and "grid" in tab.switch.button(MAP).toolTip()
    (slider,) = tab.probe.sliders.values()
    ranked = sorted(session.sweeps.shown.rows.values(), key=lambda row: row.validation_loss)
    slider.slider.setValue(3)
    assert tab.probe.cell.number == ranked[3].cell


def test_a_list_of_experiments_is_named(qtbot, make_tab):
    session, tab = make_tab()
    base = small().base
    swept(qtbot, session, sweep.Sweep(name="list", experiments=tuple(
        base.model_copy(update={"name": name, "train": base.train.model_copy(update={"learning_rate": rate})})
        for name, rate in (("slow", 0.01), ("fast", 0.4)))))
    assert "1 slow · 2 fast" in tab.curves.hint.text() and tab.probe.title.text() in ("slow", "fast")


def test_a_sweep_is_stopped_and_continued(qtbot, make_tab):
    session, tab = make_tab()
    session.sweep(order(session, small()))
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and session.sweeps.shown.done >= 1, timeout=DONE_MS)
    assert not tab.steering.begin.isEnabled() and tab.steering.stop.isVisible()
    tab.steering.stop.click()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    book = session.sweeps.shown
    done = {number: row.validation_loss for number, row in book.rows.items() if row.over}
    assert 1 <= len(done) < 6 and "press Continue" in tab.status.text()
    assert not any(row.status == "running" for row in book.rows.values())
    tab.steering.go_on.click()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    again = session.sweeps.shown
    assert again.complete and again.folder == book.folder and tab.steering.go_on.isHidden()
    assert {number: again.rows[number].validation_loss for number in done} == done


def test_a_pause_hands_out_nothing_more(qtbot, make_tab):
    session, tab = make_tab()
    session.sweep(order(session, small()))
    qtbot.waitUntil(lambda: session.sweeps.state == "running", timeout=DONE_MS)
    tab.steering.pause.click()
    qtbot.waitUntil(lambda: session.sweeps.state == "paused", timeout=DONE_MS)
    assert tab.steering.pause.text() == "Resume" and "paused" in tab.status.text()
    done = session.sweeps.shown.done
    tab.steering.pause.click()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    assert done < 6 and session.sweeps.shown.done == 6


def test_only_one_sweep_at_a_time(qtbot, make_tab):
    session, _ = make_tab()
    session.sweep(order(session, small()))
    session.sweep(order(session, small(RATES)))
    assert session.messages[-1].text.startswith("A sweep is at work.")
    session.messages[-1].actions[0].run()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    assert len(list_sweeps(session.runs_dir)) == 1


def test_closing_in_the_middle_keeps_what_is_finished(qtbot, make_tab):
    session, _tab = make_tab()
    session.sweep(order(session, small()))
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and session.sweeps.shown.done >= 1, timeout=DONE_MS)
    done = session.sweeps.shown.done
    with qtbot.waitSignal(session.closed, timeout=20_000):
        session.close()
    (folder,) = list_sweeps(session.runs_dir)
    assert folder.progress()[0] >= done


def test_a_full_disk_pauses_the_sweep_and_nothing_is_lost(qtbot, make_tab, monkeypatch):
    import errno

    from engine import storage

    session, _tab = make_tab()
    write, refused = storage.write_atomic, []

    def refusing(path, data):
        if "checkpoints" in path.parts and len(refused) < 2:
            refused.append(path)
            raise OSError(errno.ENOSPC, "full")
        write(path, data)

    monkeypatch.setattr(storage, "write_atomic", refusing)
    session.sweep(order(session, small(RATES)))
    for _ in range(2):
        qtbot.waitUntil(lambda: session.sweeps.state == "blocked", timeout=DONE_MS)
        message = session.messages.pop()
        assert message.text.startswith("The disk is full: could not save")
        assert [action.label for action in message.actions] == ["Free space and retry", "Stop the sweep"]
        message.actions[0].run()
        qtbot.waitUntil(lambda: session.sweeps.state != "blocked" or bool(session.messages), timeout=DONE_MS)
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    assert session.sweeps.shown.complete and len(refused) == 2


def test_a_scheduler_that_is_not_there_offers_this_computer(qtbot, make_tab):
    session, _ = make_tab()
    session.sweep(order(session, small(RATES), cluster="tcp://127.0.0.1:1"))
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    message = session.messages[-1]
    assert "cannot be reached" in message.text and [action.label for action in message.actions] == ["Use this computer"]
    message.actions[0].run()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    assert session.sweeps.shown.complete and len(list_sweeps(session.runs_dir)) == 1, "the same folder goes on"


def test_a_damaged_sweep_is_named_and_hides_no_other(qtbot, make_tab, finished):
    session, tab = make_tab(finished)
    qtbot.waitUntil(lambda: session.sweeps.shown is not None, timeout=10_000)
    bad = session.runs_dir / "2030-01-01_00-00-00_bad"
    bad.mkdir()
    (bad / "sweep.toml").write_text("axes = 3")
    session.refresh_runs()
    qtbot.waitUntil(lambda: tab.steering.choice.count() == 2, timeout=10_000)
    tab.steering.choice.activated.emit(0)
    qtbot.waitUntil(lambda: tab.stage.state == "failed", timeout=10_000)
    assert session.sweeps.shown.complete, "what was shown stays"


def test_every_control_has_a_name_and_a_tooltip(looking):
    from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox

    _, tab = looking
    for place in range(5):
        tab.switch.button(place).click()
        for control in [
                *tab.findChildren(QAbstractButton), *tab.findChildren(QComboBox)]:
            if control.isVisible() and control.objectName() != "qt_toolbar_ext_button":
                assert control.accessibleName() or not control.text(), control
                assert control.toolTip(), control.accessibleName()
        for slider in tab.probe.findChildren(QAbstractSlider):
            assert slider.accessibleName() and slider.toolTip()


def test_nothing_is_cut_off_in_a_small_window(qtbot, looking):
    _, tab = looking
    tab.resize(760, 560)
    qtbot.waitUntil(lambda: tab.width() <= 800, timeout=2000)
    for place in range(5):
        tab.switch.button(place).click()
        for button in tab.switch.buttons():
            corner = button.mapTo(tab, QPoint(button.width(), button.height()))
            assert corner.x() <= tab.width() and corner.y() <= tab.height()


def test_a_newest_sweep_that_cannot_be_read_hides_no_other(qtbot, make_tab, finished):
    session, _ = make_tab()
    shutil.copytree(finished, session.runs_dir, dirs_exist_ok=True)
    bad = session.runs_dir / "2030-01-01_00-00-00_bad"
    bad.mkdir()
    (bad / "sweep.toml").write_text("axes = 3")
    listed = []
    session.runs.changed.connect(lambda: listed.append(1))
    session.refresh_runs()
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and not session.sweeps.at_work, timeout=10_000)
    assert session.sweeps.shown.complete and len(listed) <= 2, "the folder is not read again and again"


def test_drawn_words_have_curves(qtbot, make_tab):
    session, tab = make_tab()
    swept(qtbot, session, small(RATES, {"field": "train.optimizer", "values": ["sgd", "adam"]}, method="random",
                                trials=3))
    tab.switch.button(CURVES).click()
    tab.curves.over.setCurrentIndex(1)
    tab.curves.over.activated.emit(1)
    assert "1 SGD with momentum · 2 Adam" in tab.curves.hint.text()
    assert set(tab.curves.plot.lines[0].x.tolist()) <= {1.0, 2.0}


def test_a_map_of_three_fields_holds_the_third_at_values_of_its_own(qtbot, make_tab):
    session, tab = make_tab()
    for batches in ([20, 40], [50, 100]):
        swept(qtbot, session, small({"field": "train.learning_rate", "values": [0.1, 0.2]},
                                    {"field": "train.momentum", "values": [0.0, 0.5]},
                                    {"field": "train.batch_size", "values": batches}))
        (held,) = tab.map.held.values()
        assert [held.itemData(place) for place in range(held.count())] == batches
        assert np.isfinite(tab.map._grid.losses).all()
        held.setCurrentIndex(0)
        held.activated.emit(0)
        other = next(cell for cell in tab.seen.cells if cell.values["train.batch_size"] == batches[1])
        tab.choose_cell(other.number)
        assert held.currentData() == batches[1] and tab.map.map.chosen is not None


def test_pruned_trainings_are_ended_early_and_ranked_last(qtbot, looking):
    session, tab = looking
    book = session.sweeps.shown
    lowest = min(book.rows.values(), key=lambda row: row.validation_loss)
    book.rows[lowest.number] = dataclasses.replace(lowest, status="stopped")
    session.sweeps.told.emit((lowest.number,))
    qtbot.waitSignal(tab._soon.timeout).wait()
    tab.switch.button(TABLE).click()
    last = tab.table.box.table.rows[-1]
    assert last[2] is None and last[-1] == "ended early" and "1 ended early" in tab.status.text()


def test_continue_keeps_what_the_sweep_was_ordered_with(qtbot, make_tab):
    session, tab = make_tab()
    session.sweep(order(session, small(), workers=2))
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and session.sweeps.shown.done >= 1, timeout=DONE_MS)
    tab.steering.stop.click()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    tab.steering.go_on.click()
    assert session.sweeps.order.workers == 2 and session.sweeps.order.folder == session.sweeps.shown.folder
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)


def test_a_sweep_that_another_process_trains_is_not_continued(qtbot, make_tab):
    session, tab = make_tab()
    session.sweep(order(session, small()))
    qtbot.waitUntil(lambda: session.sweeps.shown is not None and session.sweeps.shown.done >= 1, timeout=DONE_MS)
    tab.steering.stop.click()
    qtbot.waitUntil(lambda: not session.sweeps.busy, timeout=DONE_MS)
    with lock.held(session.sweeps.shown.folder.folder):
        tab.steering.refresh()
        assert not tab.steering.go_on.isEnabled() and "is at it" in tab.steering.go_on.toolTip()
    tab.steering.refresh()
    assert tab.steering.go_on.isEnabled()


def test_a_failed_or_diverged_cell_says_why(qtbot, make_tab):
    session, tab = make_tab()
    swept(qtbot, session, small({"field": "train.learning_rate", "values": [0.1, 1e6]}, MOMENTA))
    bad = next(cell for cell in tab.seen.cells if cell.mark == "diverged")
    tab.choose_cell(bad.number)
    assert "learning rate 1e6 is likely too high" in tab.probe.numbers.text().replace("1000000", "1e6")
