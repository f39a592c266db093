"""Parallel coordinates: places of values, ranges made with the mouse and the keys, lines found under the mouse."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QToolTip, QVBoxLayout, QWidget

from gui import style
from gui.plots import export
from gui.plots.coordinates import carried, coordinate, inside
from gui.plots.parallel import ParallelCoordinates

RATES = (0.0001, 0.001, 0.01, 0.1)
SIZES = (10, 20, 30, 40)
OPTIMIZERS = ("Adam", "SGD", "Adam", "SGD")
LOSSES = (0.4, 0.1, 0.2, math.nan)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def picture(qtbot):
    widget = ParallelCoordinates("Trials")
    qtbot.addWidget(widget)
    widget.resize(700, 400)
    widget.show_trials(axes(), LOSSES)
    widget.show()
    widget.masks = []
    widget.brushed.connect(lambda mask: widget.masks.append(mask.tolist()))
    yield widget
    widget.hover(-1)
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


def axes():
    return [coordinate("Learning rate", RATES), coordinate("Code size", SIZES), coordinate("Optimizer", OPTIMIZERS)]


def at(picture, axis, place):
    return QPoint(round(picture.uprights.across[axis]), round(picture.uprights.y(place)))


def drag(picture, start, end):
    """Press, move with the button held, release."""
    QTest.mousePress(picture, LEFT, pos=start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(picture, start + (end - start) * share)
    QTest.mouseRelease(picture, LEFT, pos=end)


def test_numbers_lie_in_proportion_and_their_ticks_with_them():
    axis = coordinate("Dropout", [0.1, 0.5, 0.2, 0.3])
    assert not axis.log and axis.places.tolist() == pytest.approx([0, 1, 0.25, 0.5])
    assert [text for _, text in axis.ticks] == ["0.1", "0.2", "0.3", "0.5"]
    assert [place for place, _ in axis.ticks] == pytest.approx([0, 0.25, 0.5, 1])


def test_many_numbers_have_round_ticks_between_the_ends():
    axis = coordinate("Dropout", np.linspace(0.013, 0.487, 50).tolist())
    assert [text for _, text in axis.ticks] == ["0.1", "0.2", "0.3", "0.4"]
    assert [place for place, _ in axis.ticks] == pytest.approx([(v - 0.013) / 0.474 for v in (0.1, 0.2, 0.3, 0.4)])


@pytest.mark.parametrize(("values", "asked", "log"), [
    (RATES, False, True), ((0.001, 0.9, 0.8, 0.7), False, False), ((0.001, 0.9, 0.8, 0.7), True, True),
    ((0, 0.1, 1000), True, False), ((8, 16, 32, 64), False, True), ((1, 2, 3, 4), False, False)])
def test_numbers_over_decades_are_logarithmic(values, asked, log):
    axis = coordinate("x", values, asked)
    assert axis.log is log
    low, high = min(values), max(values)
    expected = [(math.log10(v) - math.log10(low)) / (math.log10(high) - math.log10(low)) if log
                else (v - low) / (high - low) for v in values]
    assert axis.places.tolist() == pytest.approx(expected)
    assert [axis.number(place) for place in axis.places] == pytest.approx(values)


def test_texts_and_truths_stand_in_order_of_appearance():
    texts = coordinate("Optimizer", ["SGD", "Adam", None, "SGD", "RMSprop"])
    assert texts.ticks == ((0.0, "SGD"), (0.5, "Adam"), (1.0, "RMSprop"))
    assert np.nan_to_num(texts.places, nan=-1).tolist() == [0, 0.5, -1, 0, 1]
    truths = coordinate("Norm", [True, False, True])
    assert truths.places.tolist() == [0, 1, 0] and [text for _, text in truths.ticks] == ["on", "off"]
    mixed = coordinate("Value", [1, "auto", math.nan])
    assert [text for _, text in mixed.ticks] == ["1", "auto"] and math.isnan(mixed.places[2])


def test_what_has_no_number_has_no_place_and_what_is_one_stands_in_the_middle():
    assert np.isnan(coordinate("x", [None, math.nan, math.inf]).places).all()
    assert coordinate("x", [None, math.nan]).ticks == ()
    one = coordinate("x", [5, 5, None])
    assert np.nan_to_num(one.places, nan=-1).tolist() == [0.5, 0.5, -1] and one.ticks == ((0.5, "5"),)
    assert coordinate("x", ["a"]).ticks == ((0.5, "a"),) and len(coordinate("x", []).places) == 0


def test_a_drag_along_an_axis_marks_a_range_and_tells_who_is_inside(picture):
    drag(picture, at(picture, 1, 0.5), at(picture, 1, 0.1))
    assert picture.brushes[1] == pytest.approx((0.1, 0.5), abs=0.01)
    assert picture.masks[-1] == [False, True, False, False] == picture.inside.tolist()
    assert picture.accessibleDescription() == "1 of 4 trials inside · lowest loss 0.1000. Axis Code size"


def test_two_ranges_leave_what_is_in_both_and_a_double_click_all(picture):
    drag(picture, at(picture, 0, 0.2), at(picture, 0, 0.9))
    assert picture.masks[-1] == [False, True, True, False]
    drag(picture, at(picture, 2, 0.8), at(picture, 2, 1.0) - QPoint(0, 30))
    assert picture.masks[-1] == [False, True, False, False] and set(picture.brushes) == {0, 2}
    QTest.mouseDClick(picture, LEFT, pos=at(picture, 0, 0.5))
    assert picture.masks[-1] == [True] * 4 and picture.brushes == {}


def test_a_trial_without_a_loss_is_in_no_range_of_losses(picture):
    drag(picture, at(picture, 3, 0) + QPoint(0, 5), at(picture, 3, 1) - QPoint(0, 20))
    assert picture.brushes[3] == (0, 1) and picture.masks[-1] == [True, True, True, False]


def test_a_range_is_moved_by_its_middle_and_changed_at_its_ends(picture):
    picture.set_brush(1, (0.2, 0.5))
    drag(picture, at(picture, 1, 0.35), at(picture, 1, 0.65))
    assert picture.brushes[1] == pytest.approx((0.5, 0.8), abs=0.01)
    drag(picture, at(picture, 1, 0.65), at(picture, 1, 0.99))
    assert picture.brushes[1] == pytest.approx((0.7, 1.0), abs=0.01), "it stops at the end, as long as before"
    drag(picture, at(picture, 1, 0.7), at(picture, 1, 0.3))
    assert picture.brushes[1] == pytest.approx((0.3, 1.0), abs=0.01)


def test_a_click_on_the_axis_outside_its_range_clears_it_and_inside_does_not(picture):
    picture.set_brush(1, (0.2, 0.5))
    picture.set_brush(0, (0.2, 0.5))
    QTest.mouseClick(picture, LEFT, pos=at(picture, 1, 0.4))
    assert set(picture.brushes) == {0, 1}
    QTest.mouseClick(picture, LEFT, pos=at(picture, 1, 0.8))
    assert set(picture.brushes) == {0}


def between(picture, trial, axis, share):
    """A place on the line of a trial, between an axis and the next."""
    start, end = (QPointF(picture.uprights.across[a], picture.uprights.y(picture.coordinates[a].places[trial]))
                  for a in (axis, axis + 1))
    return start + (end - start) * share


def test_the_line_under_the_mouse_is_told_and_clicked(picture):
    heard, clicked = [], []
    picture.hovered.connect(heard.append)
    picture.clicked.connect(clicked.append)
    place = between(picture, 2, 1, 0.3).toPoint()
    QTest.mouseMove(picture, place)
    assert heard == [2] and picture.under == 2
    assert picture.describe(2) == "Learning rate: 0.01\nCode size: 30\nOptimizer: Adam\nValidation loss: 0.2"
    QTest.mouseClick(picture, LEFT, pos=place)
    far = next(QPoint(place.x(), y) for y in range(picture.height()) if picture.nearest(place.x(), y) == -1)
    QTest.mouseMove(picture, far)
    QTest.mouseClick(picture, LEFT, pos=far)
    assert clicked == [2] and heard == [2, -1]


def test_only_lines_inside_the_ranges_are_found_and_those_without_a_loss_up_to_it(picture):
    place = between(picture, 3, 1, 0.4)
    assert picture.nearest(place.x(), place.y()) == 3
    picture.set_brush(0, (0.0, 0.5))
    assert picture.nearest(place.x(), place.y()) == -1
    picture.clear_brushes()
    x = between(picture, 0, 2, 0.3).x()
    found = {picture.nearest(x, y) for y in range(picture.height())}
    assert found == {-1, 0, 1, 2} and len(picture._lines.of(2)) == 3 and len(picture._lines.of(3)) == 2
    assert picture.describe(3).endswith("Validation loss: –")


def test_keys_choose_an_axis_and_grow_shrink_move_and_clear_its_range(picture):
    picture.setFocus(Qt.FocusReason.TabFocusReason)
    picture.go_to(0)
    QTest.keyClick(picture, Qt.Key.Key_Right)
    assert picture.current == 1 and picture.accessibleDescription().endswith("Axis Code size")
    QTest.keyClick(picture, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert picture.brushes[1] == pytest.approx((0.05, 0.95)) and picture.masks[-1] == [False, True, True, False]
    QTest.keyClick(picture, Qt.Key.Key_Up)
    assert picture.brushes[1] == pytest.approx((0.1, 1.0))
    QTest.keyClick(picture, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert picture.brushes[1] == pytest.approx((0.05, 1.0))
    QTest.keyClick(picture, Qt.Key.Key_Left)
    QTest.keyClick(picture, Qt.Key.Key_Left)
    assert picture.current == 0
    QTest.keyClick(picture, Qt.Key.Key_Escape)
    assert picture.brushes == {} and picture.masks[-1] == [True] * 4


def test_a_range_made_with_keys_never_shrinks_to_nothing(picture):
    for _ in range(30):
        QTest.keyClick(picture, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    low, high = picture.brushes[0]
    assert 0 < high - low < 0.2


@pytest.mark.parametrize(("key", "kept"), [(Qt.Key.Key_Left, True), (Qt.Key.Key_Up, True), (Qt.Key.Key_Space, False),
                                           (Qt.Key.Key_Escape, False)])
def test_only_its_own_keys_are_kept_from_the_window(picture, key, kept):
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(picture, event)
    assert event.isAccepted() is kept


def test_tab_goes_from_axis_to_axis_and_then_on(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    before, picture, after = QPushButton("Before"), ParallelCoordinates("Trials"), QPushButton("After")
    for widget in (before, picture, after):
        layout.addWidget(widget)
    picture.show_trials(axes(), LOSSES)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    before.setFocus()
    visited = []
    for _ in range(5):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        visited.append((window.focusWidget(), picture.current))
    assert visited == [*((picture, axis) for axis in range(4)), (after, 3)]
    QTest.keyClick(after, Qt.Key.Key_Backtab)
    QTest.keyClick(picture, Qt.Key.Key_Backtab)
    assert window.focusWidget() is picture and picture.current == 2


def test_ranges_stay_at_their_numbers_while_trials_come(picture):
    picture.set_brush(1, (0.5, 1.0))
    picture.set_brush(2, (0.4, 0.6))
    more = [coordinate("Code size", (*SIZES, 70)), coordinate("Optimizer", (*OPTIMIZERS, "RMSprop"))]
    picture.show_trials(more, (*LOSSES, 0.3), chosen=4)
    assert picture.brushes[0] == pytest.approx((0.25, 1.0)), "25 is at another place; the end stays the end"
    assert picture.brushes[1] == pytest.approx((0.2, 0.3)) and picture.chosen == 4
    assert picture.masks[-1] == [False] * 5
    picture.show_trials([], LOSSES)
    assert picture.brushes == {} and picture.masks[-1] == [True] * 4


def test_ranges_of_another_kind_of_axis_are_dropped():
    words, numbers = [coordinate("x", ["a", "b"])], [coordinate("x", [0, 1])]
    assert carried({0: (0.2, 0.4)}, words, numbers) == {} == carried({0: (0.2, 0.4)}, words, [])
    assert inside(numbers, {0: (0.0, 0.0)}, 2).tolist() == [True, False]


def test_without_trials_it_says_what_to_do(qtbot, picture):
    picture.show_trials([coordinate("Code size", [])], [])
    assert picture.masks[-1] == [] and picture.summary.startswith("No trials yet. Start the sweep")
    assert picture.accessibleDescription() == picture.toolTip() == picture.summary
    drag(picture, QPoint(100, 100), QPoint(100, 200))
    QTest.keyClick(picture, Qt.Key.Key_Right)
    assert picture.nearest(100, 100) == -1 and not picture.grab().isNull()


@pytest.mark.parametrize("losses", [[0.3], [math.nan], [0.0]])
def test_one_trial(picture, losses):
    picture.show_trials([coordinate("Code size", [8]), coordinate("Optimizer", ["Adam"])], losses)
    across, middle = picture.uprights.across, picture.uprights.y(0.5)
    assert picture.nearest((across[0] + across[1]) / 2, middle) == 0 and not picture.grab().isNull()
    assert picture.summary.startswith("1 trial · ")


def test_one_axis_has_a_dash_for_each_trial(picture):
    picture.show_trials([], [0.1, 0.2, 0.4, math.nan])
    x = picture.uprights.across[0]
    assert picture.nearest(x, picture.uprights.y(0.5)) == 1
    drag(picture, at(picture, 0, 0.4), at(picture, 0, 0.6))
    assert picture.masks[-1] == [False, True, False, False] and not picture.grab().isNull()


def test_axes_of_another_number_of_trials_are_refused(picture):
    with pytest.raises(ValueError, match="'Code size' has 4 trials, but there are 2 losses"):
        picture.show_trials([coordinate("Code size", SIZES)], [0.1, 0.2])
    assert len(picture.losses) == 4


def test_two_thousand_trials_are_drawn_once_for_each_state(picture, monkeypatch):
    random = np.random.default_rng(0)
    many = [coordinate(f"x{axis}", random.random(2000).tolist()) for axis in range(5)]
    picture.show_trials(many, random.random(2000))
    picture.resize(900, 500)
    drawn = []
    kind = type(picture._lines)
    paint = kind.paint
    monkeypatch.setattr(kind, "paint", lambda lines, painter, among: (drawn.append(among.sum()),
                                                                      paint(lines, painter, among)))
    picture.repaint()
    for trial in (5, 6, 7):
        picture.hover(trial)
        picture.repaint()
    assert drawn == [2000]
    picture.set_brush(0, (0.0, 0.5))
    picture.repaint()
    assert drawn == [2000, picture.inside.sum()] and 900 < picture.inside.sum() < 1100


def colours(picture):
    image = picture.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(0, 700, 2) for y in range(0, 400, 2)}


def test_the_lowest_loss_stands_out_most_and_what_is_outside_is_faint(picture):
    place = between(picture, 1, 0, 0.5).toPoint()
    around = [QPoint(place.x(), place.y() + dy) for dy in range(-2, 3)]

    def contrast():
        image = picture.grab().toImage()
        return max(style.contrast(image.pixelColor(p).name(), style.theme().current.surface) for p in around)

    assert contrast() > 5
    picture.set_brush(1, (0.6, 1.0))
    assert contrast() < 1.6


@pytest.mark.parametrize("losses", [(0.1, 0.4, 0.4), (0.4, 0.4, 0.1), (0.1, math.nan, 0.4)])
def test_of_lines_in_one_place_that_of_the_lowest_loss_is_in_front_and_found(picture, losses):
    picture.show_trials([coordinate("Code size", [8] * 3), coordinate("Dropout", [0.1] * 3)], losses)
    first, second, _ = picture.uprights.across
    place = QPoint(round((first + second) / 2), round(picture.uprights.y(0.5)))
    image = picture.grab().toImage()
    seen = max(style.contrast(image.pixelColor(place + QPoint(0, dy)).name(), style.theme().current.surface)
               for dy in range(-2, 3))
    assert seen > 4 and picture.nearest(place.x(), place.y()) == losses.index(0.1)


def test_it_changes_with_the_theme(qapp, picture):
    light = colours(picture)
    try:
        style.apply(qapp, "dark")
        assert QColor(style.tokens(True).surface).name() in colours(picture) and colours(picture) != light
    finally:
        style.apply(qapp, "light")


def test_its_numbers_are_the_values_and_who_is_inside(picture, tmp_path):
    picture.set_brush(1, (0.0, 0.4))
    lines = export.table(picture).splitlines()
    assert lines[0] == "Learning rate,Code size,Optimizer,Validation loss,inside"
    assert lines[1:] == ["0.0001,10,Adam,0.4,1", "0.001,20,SGD,0.1,1", "0.01,30,Adam,0.2,0", "0.1,40,SGD,nan,0"]
    svg = export.svg(picture).decode()
    assert "Validation loss" in svg and "<image" not in svg, "lines stay lines"
    export.save(picture, tmp_path / "trials.png")
    assert (tmp_path / "trials.png").stat().st_size > 1000
