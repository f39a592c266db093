"""Loss curves with real events: what is drawn, the range, the mouse, the theme, and how long a redraw takes."""

import time

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from gui import style
from gui.plots.buckets import POINTS
from gui.plots.curves import LossCurves
from gui.plots.runlosses import RunLosses

EPOCHS, BATCHES = 4, 25
EVALUATIONS = [(BATCHES * e, float(e), 0.2 / (e + 1), 0.21 / (e + 1)) for e in range(EPOCHS + 1)]


def losses(count=EPOCHS * BATCHES, seed=0, scale=1.0):
    steps = np.arange(1, count + 1)
    return steps, scale * (0.2 / (1 + steps / BATCHES)) * np.exp(np.random.default_rng(seed).normal(0, 0.05, count))


def other(seed, count=EPOCHS * BATCHES):
    run = RunLosses()
    run.extend(*losses(count, seed, 2.0))
    run.evaluate_all([(step, epoch, 2 * a, 2 * b) for step, epoch, a, b in EVALUATIONS])
    return run


@pytest.fixture
def curves(qtbot):
    style.apply(QApplication.instance(), "light")
    widget = LossCurves()
    qtbot.addWidget(widget)
    widget.resize(720, 420)
    widget.show()
    qtbot.waitExposed(widget)
    widget.set_run(*losses(), EVALUATIONS)
    widget.redraw()
    yield widget
    style.apply(QApplication.instance(), "light")


def drawn(curves, name):
    """The points of a line as they are on the screen."""
    return curves._front._curves[name].getData()


def view(curves):
    (left, right), (low, high) = curves._box.viewRange()
    return left, right, low, high


def place(curves, x, y):
    """A point of the plot, as axes count, in pixels of its viewport."""
    return curves.plot.mapFromScene(curves._box.mapViewToScene(QPointF(x, y)))


def entry(curves, name):
    return next(e.value for e in curves.legend.entries if e.name == name)


def test_the_lines_are_the_numbers_over_epochs_and_log_losses(curves):
    steps, values = losses()
    x, y = drawn(curves, "batch")
    assert x == pytest.approx(steps / BATCHES) and y == pytest.approx(np.log10(values))
    x, y = drawn(curves, "validation")
    assert x == pytest.approx([0, 1, 2, 3, 4]) and y == pytest.approx(np.log10([e[3] for e in EVALUATIONS]))
    assert drawn(curves, "training")[1] == pytest.approx(np.log10([e[2] for e in EVALUATIONS]))
    assert curves._x_axis.labelText == "Epoch"


def test_steps_and_a_linear_axis_on_request(curves):
    curves.set_log(False)
    curves.set_by_epoch(False)
    curves.redraw()
    x, y = drawn(curves, "validation")
    assert x == pytest.approx([e[0] for e in EVALUATIONS]) and y == pytest.approx([e[3] for e in EVALUATIONS])
    assert curves._x_axis.labelText == "Step"
    left, right, low, high = view(curves)
    assert left == 0 and right >= 100 and low == 0 and high >= 0.21


def test_a_loss_of_zero_is_left_out_of_a_logarithmic_axis_only(curves):
    curves.set_run([1, 2, 3], [0.5, 0.0, 0.25])
    curves.redraw()
    assert len(drawn(curves, "batch")[0]) == 2
    curves.set_log(False)
    curves.redraw()
    assert len(drawn(curves, "batch")[0]) == 3


def test_events_append_and_are_drawn_at_once_for_all_that_came_together(curves, qtbot, monkeypatch):
    calls = []
    for name, curve in curves._front._curves.items():
        def counted(*values, name=name, draw=curve.setData, **looks):
            calls.append(name)
            draw(*values, **looks)

        monkeypatch.setattr(curve, "setData", counted)
    for step in range(101, 126):
        curves.extend([step], [0.03])
    curves.add_evaluation(125, 5.0, 0.031, 0.033)
    qtbot.waitUntil(lambda: not curves._stale, timeout=2000)
    assert sorted(calls) == ["batch", "training", "validation"]
    assert drawn(curves, "batch")[0][-1] == pytest.approx(5.0) and len(drawn(curves, "batch")[0]) == 125
    assert drawn(curves, "validation")[1][-1] == pytest.approx(np.log10(0.033))


def test_the_smoothed_line_appears_and_goes(curves):
    assert "smoothed" not in curves._front.looks and curves.smoothing == 1
    curves.set_smoothing(10)
    curves.redraw()
    assert curves._front._curves["smoothed"].isVisible() and len(drawn(curves, "smoothed")[0]) == 100
    raw, smooth = (np.abs(np.diff(drawn(curves, name)[1])).sum() for name in ("batch", "smoothed"))
    assert smooth < 0.5 * raw
    curves.set_smoothing(1)
    assert not curves._front._curves["smoothed"].isVisible()


def test_nothing_is_drawn_while_hidden_and_everything_when_shown(curves, qtbot):
    curves.hide()
    before = len(drawn(curves, "batch")[0])
    curves.extend(range(101, 111), [0.02] * 10)
    assert not curves._timer.isActive() and len(drawn(curves, "batch")[0]) == before
    curves.show()
    assert len(drawn(curves, "batch")[0]) == before + 10


def test_a_line_never_has_more_than_its_points_on_the_screen_and_in_memory(curves):
    curves.set_by_epoch(False)
    for start in range(0, 300_000, 50_000):
        curves.extend(np.arange(101 + start, 101 + start + 50_000), np.full(50_000, 0.1))
    curves.extend([300_101], [0.9])
    curves.redraw()
    assert len(curves.losses.batches.points()[0]) <= POINTS
    x, y = drawn(curves, "batch")
    assert len(x) <= 4 * curves._box.width() + 20 and y.max() == pytest.approx(np.log10(0.9)) and x[-1] == 300_101


def test_twenty_overlaid_curves_of_twenty_thousand_points_are_redrawn_within_50_ms(curves):
    for seed in range(20):
        curves.overlay(str(seed), f"run {seed}", other(seed, POINTS))
    curves.set_smoothing(50)
    curves.redraw()
    curves.grab()
    spent = []
    for _ in range(7):
        begin = time.process_time()
        curves._stale.update(curves._all())
        curves.redraw()
        curves.plot.grab()
        spent.append(time.process_time() - begin)
    assert min(spent) < 0.050


# The range


def wheel(curves, x, y, delta=240):
    at = place(curves, x, y)
    event = QWheelEvent(QPointF(at), QPointF(curves.plot.viewport().mapToGlobal(at)), QPoint(), QPoint(0, delta),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(curves.plot.viewport(), event)


def test_the_range_follows_the_data_until_one_zooms_and_again_after_fit(curves):
    told = []
    curves.following_changed.connect(told.append)
    wheel(curves, 2, -1)
    zoomed = view(curves)
    assert not curves.following and zoomed[1] - zoomed[0] < 4
    curves.extend(range(101, 201), [0.02] * 100)
    curves.redraw()
    assert view(curves) == zoomed
    curves.fit()
    curves.redraw()
    assert curves.following and view(curves)[1] >= 8 and told == [False, True]


def test_a_double_click_shows_everything(curves, qtbot):
    wheel(curves, 2, -1)
    at, viewport = place(curves, 2, view(curves)[3] - 0.02), curves.plot.viewport()
    for act in (qtbot.mouseClick, qtbot.mouseDClick, qtbot.mouseRelease):
        assert not curves.following
        act(viewport, Qt.MouseButton.LeftButton, pos=at)
    assert curves.following


def test_while_a_run_grows_the_edge_moves_in_rounded_steps(curves):
    curves.set_growing(True)
    edges = set()
    for step in range(101, 151):
        curves.extend([step], [0.02])
        curves.redraw()
        edges.add(round(view(curves)[1], 6))
    assert edges == {5.0, 6.0}
    curves.set_growing(False)
    curves.redraw()
    assert view(curves)[1] == pytest.approx(6 * 1.01)


def test_all_of_the_data_is_in_sight(curves):
    curves.overlay("b", "other", other(1))
    curves.redraw()
    left, right, low, high = view(curves)
    _, values = losses()
    assert left == 0 and right >= 4 and 10**low <= values.min() and 10**high >= 2 * 0.21


# Marks


def test_best_epoch_cursor_and_interventions_stand_where_they_should(curves):
    curves.mark_best(75)
    curves.set_cursor(50)
    curves.mark_interventions([(30, "learning rate 0.0003"), (60, "epochs 30")])
    curves.redraw()
    marks = curves._marks
    assert marks._best.isVisible() and marks._best.x_values[0] == pytest.approx(3)
    assert marks._best.y_values[0] == pytest.approx(np.log10(0.21 / 4))
    assert marks._cursor.isVisible() and marks._cursor.value() == pytest.approx(2)
    assert [line.value() for line in marks._notes] == pytest.approx([1.2, 2.4])
    assert [line.label.format for line in marks._notes] == ["learning rate 0.0003", "epochs 30"]
    curves.set_by_epoch(False)
    curves.redraw()
    assert (marks._best.x_values[0], marks._cursor.value(), marks._notes[0].value()) == (75, 50, 30)
    curves.set_cursor(None)
    curves.mark_best(None)
    curves.redraw()
    assert not marks._cursor.isVisible() and not marks._best.isVisible() and not marks._best_label.isVisible()


def test_marks_do_not_outlive_their_run(curves):
    curves.mark_best(75)
    curves.mark_interventions([(30, "x")])
    curves.clear()
    curves.redraw()
    marks = curves._marks
    assert not marks._notes and not marks._best.isVisible() and not marks._cursor.isVisible()
    assert all(len(drawn(curves, name)[0]) == 0 for name in ("batch", "training", "validation"))


# The mouse


def test_a_click_on_a_curve_chooses_its_step_and_one_beside_it_does_not(curves, qtbot):
    chosen = []
    curves.step_chosen.connect(chosen.append)
    on = np.log10(0.21 / 3)
    qtbot.mouseClick(curves.plot.viewport(), Qt.MouseButton.LeftButton, pos=place(curves, 2, on))
    assert len(chosen) == 1 and abs(chosen[0] - 50) <= 1
    qtbot.mouseClick(curves.plot.viewport(), Qt.MouseButton.LeftButton, pos=place(curves, 3, -0.75))
    assert len(chosen) == 1


def test_the_snapshot_line_is_dragged_and_snaps_to_the_snapshot_afterwards(curves, qtbot, monkeypatch):
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", 0)
    chosen = []
    curves.step_chosen.connect(chosen.append)
    curves.set_cursor(25)
    curves.redraw()
    line, viewport = curves._marks._cursor, curves.plot.viewport()
    start, end = place(curves, 1, -0.8), place(curves, 3, -0.8)
    qtbot.mouseMove(viewport, start)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for share in np.linspace(0, 1, 300):
        qtbot.mouseMove(viewport, start + (end - start) * float(share))
    QApplication.processEvents()
    assert len(chosen) > 1 and abs(chosen[-1] - 75) <= 3 and len(set(chosen)) == len(chosen)
    curves.set_cursor(75)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)
    assert line.value() == pytest.approx(3) and curves.following


def test_hovering_says_the_values_of_that_step_and_leaving_those_of_the_newest(curves, qtbot):
    _, values = losses()
    assert entry(curves, "Batch") == f"{values[-1]:#.4g}" and entry(curves, "") == "Step 100 · epoch 4.00"
    qtbot.mouseMove(curves.plot.viewport(), place(curves, 2.6, -1))
    step = curves._step_at(curves._marks.crosshair)
    assert abs(step - 65) <= 1 and curves._marks._crosshair.isVisible()
    assert entry(curves, "") == f"Step {step} · epoch {step / BATCHES:.2f}"
    assert entry(curves, "Batch") == f"{values[step - 1]:#.4g}"
    assert entry(curves, "Validation") == f"{0.21 / 3:#.4g}", "the latest evaluation, not a later one"
    curves.set_cursor(25)
    assert entry(curves, "Validation") == f"{0.21 / 3:#.4g}", "the mouse comes first"
    curves._pointer.moved.emit(None)
    assert entry(curves, "Validation") == f"{0.21 / 2:#.4g}" and not curves._marks._crosshair.isVisible()


def test_the_legend_keeps_every_value_in_its_place(curves):
    def places():
        return [(e.name, place.x()) for e, place in curves.legend._places(curves.legend.width())]

    before = places()
    for x in (0.3, 1.9, 3.3):
        curves._point_at(x)
        assert places() == before


# Other runs


def test_runs_behind_are_drawn_named_and_taken_away(curves):
    for seed in range(12):
        curves.overlay(str(seed), f"run {seed}", other(seed))
    curves.redraw()
    looks = [items.looks["validation"] for _, items in curves._overlays.values()]
    assert len({(look.colour, look.dash) for look in looks}) == 12
    assert style.theme().current.accent not in {look.colour for look in looks}
    assert entry(curves, "run 3") == f"{2 * 0.21 / 5:#.4g}"
    count = len(curves._box.childGroup.childItems())
    curves.remove_overlay("3")
    assert "3" not in curves.overlays and len(curves._box.childGroup.childItems()) == count - 6
    curves.redraw()
    assert "run 3" not in {e.name for e in curves.legend.entries}


def test_a_run_behind_with_longer_epochs_is_compared_at_the_same_epoch(curves):
    long = RunLosses()
    long.evaluate_all([(100 * e, float(e), 1.0 / (e + 1), 1.0 / (e + 1)) for e in range(5)])
    curves.overlay("long", "long", long)
    curves._point_at(2.0)
    curves.redraw()
    curves._point_at(2.0)
    assert entry(curves, "long") == f"{1 / 3:#.4g}"
    assert curves._overlays["long"][1].lines["validation"][0] == pytest.approx([0, 1, 2, 3, 4])


def test_losses_that_grow_elsewhere_are_drawn_when_told(curves):
    behind = other(1)
    curves.overlay("b", "b", behind)
    curves.redraw()
    behind.extend(range(101, 111), [0.5] * 10)
    curves.grown(behind)
    curves.redraw()
    assert curves._overlays["b"][1].lines["batch"][0][-1] == pytest.approx(110 / BATCHES)


# The look


def test_the_theme_changes_every_line_axis_and_the_ground_at_once(curves):
    curves.set_smoothing(10)
    for theme in ("dark", "light"):
        style.apply(QApplication.instance(), theme)
        colours = style.theme().current
        assert curves._front.looks["validation"].colour == colours.accent
        assert curves._front._curves["validation"].opts["pen"].color().name() == colours.accent
        assert curves._front._curves["smoothed"].opts["pen"].color().name() == colours.quiet
        assert curves._x_axis.textPen().color().name() == colours.quiet
        curves.redraw()
        assert curves.grab().toImage().pixelColor(curves.width() - 3, curves.height() - 3).name() == colours.surface


def test_every_pen_is_one_pixel_wide(curves):
    curves.set_smoothing(10)
    curves.overlay("b", "b", other(1))
    pens = [curve.opts["pen"] for items in curves._all() for curve in items._curves.values()]
    assert {pen.width() for pen in pens} == {1}


def test_numbers_are_those_of_the_lines(curves):
    curves.overlay("b", "other run", other(1))
    columns = dict(curves.numbers())
    steps, values = losses()
    assert columns["step (batch)"].tolist() == steps.tolist() and columns["batch loss"] == pytest.approx(values)
    assert columns["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert columns["validation loss"] == pytest.approx([e[3] for e in EVALUATIONS])
    assert columns["validation loss (other run)"] == pytest.approx([2 * e[3] for e in EVALUATIONS])


def test_the_view_has_no_menu_of_pyqtgraph(curves):
    assert curves._box.menu is None and curves.contextMenuPolicy() == Qt.ContextMenuPolicy.CustomContextMenu
