"""The cloud of points: what lies where, what mouse and keys mean, and its pictures against plain loops."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from gui.plots import cloudpaint, export, scatter
from gui.plots.cloud import LEFT, TOP, CloudView

POINTS = np.float32([[0, 0], [10, 0], [10, 8], [0, 8], [5, 4]])
LABELS = np.array([0, 1, 2, 3, 1])


@pytest.fixture
def cloud(qtbot):
    view = CloudView()
    qtbot.addWidget(view)
    view.names = ("a", "b", "c", "d")
    view.resize(500, 400)
    view.show()
    view.set_points(POINTS, LABELS)
    return view


def at(cloud, row):
    return QPoint(round(cloud.px[row, 0]) + LEFT, round(cloud.px[row, 1]) + TOP)


def drag(qtbot, cloud, places, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.mousePress(cloud, Qt.MouseButton.LeftButton, modifier, places[0])
    for place in places[1:]:
        qtbot.mouseMove(cloud, place)
    qtbot.mouseRelease(cloud, Qt.MouseButton.LeftButton, modifier, places[-1])


def wheel(cloud, place, notches=1):
    event = QWheelEvent(QPointF(place), QPointF(cloud.mapToGlobal(place)), QPoint(), QPoint(0, 120 * notches),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(cloud, event)


def test_every_point_is_in_view_at_the_same_scale_and_y_grows_upwards(cloud):
    assert len(cloud.in_view) == 5 and cloud.view.scale_x == cloud.view.scale_y
    assert cloud.px[2, 1] < cloud.px[1, 1] and cloud.px[1, 0] > cloud.px[0, 0]
    np.testing.assert_allclose(cloud.view.point(*cloud.px[4]), POINTS[4], atol=1e-9)


def test_a_drag_moves_the_points_with_the_hand_and_the_view_then_stays(cloud, qtbot):
    before = cloud.px.copy()
    drag(qtbot, cloud, [QPoint(200, 150), QPoint(220, 160), QPoint(260, 190)])
    np.testing.assert_allclose(cloud.px - before, np.full((5, 2), [60, 40]), atol=1e-6)
    view = cloud.view
    cloud.set_points(POINTS * 100, LABELS)
    assert cloud.view == view, "a view that was chosen outlives other points"
    cloud.show_all()
    assert len(cloud.in_view) == 5 and cloud.view != view


def test_the_wheel_zooms_around_the_mouse_and_home_shows_all(cloud, qtbot):
    place, start = at(cloud, 2), cloud.view
    before = cloud.px[2].copy()
    wheel(cloud, place, 6)
    assert np.abs(cloud.px[2] - before).max() < 1.5 and cloud.view.scale_x > 3 * start.scale_x
    assert cloud.in_view.tolist() == [2]
    cloud.setFocus()
    qtbot.keyClick(cloud, Qt.Key.Key_Home)
    assert cloud.view == start and not cloud.kept


def test_a_click_means_the_nearest_point_and_a_place_without_one_means_nothing(cloud, qtbot):
    clicks = []
    cloud.clicked.connect(lambda row, shift: clicks.append((row, shift)))
    qtbot.mouseClick(cloud, Qt.MouseButton.LeftButton, pos=at(cloud, 4) + QPoint(3, -2))
    qtbot.mouseClick(cloud, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, at(cloud, 0))
    qtbot.mouseClick(cloud, Qt.MouseButton.LeftButton, pos=at(cloud, 4) + QPoint(40, 40))
    assert clicks == [(4, False), (0, True)]


def test_the_mouse_over_a_point_tells_it_and_leaves_it(cloud, qtbot):
    told = []
    cloud.hovered_changed.connect(told.append)
    qtbot.mouseMove(cloud, at(cloud, 1))
    cloud.show_card(1, np.zeros((8, 8), np.uint8), ("Image 7",))
    with_card = cloud.grab().toImage()
    qtbot.mouseMove(cloud, at(cloud, 1) + QPoint(-60, -60))
    assert told == [1, -1] and cloud.grab().toImage() != with_card


@pytest.mark.parametrize("by_tool", [True, False])
def test_a_line_around_points_tells_which_are_inside(cloud, qtbot, by_tool):
    told = []
    cloud.lassoed.connect(told.append)
    cloud.lasso = by_tool
    corners = [at(cloud, 1) + QPoint(20, 20), at(cloud, 2) + QPoint(20, -20), at(cloud, 4) + QPoint(-20, -20),
               at(cloud, 4) + QPoint(-20, 20)]
    modifier = Qt.KeyboardModifier.NoModifier if by_tool else Qt.KeyboardModifier.ShiftModifier
    view = cloud.view
    drag(qtbot, cloud, corners, modifier)
    assert [np.flatnonzero(rows).tolist() for rows in told] == [[1, 2, 4]] and cloud.view == view
    cloud.set_hidden(frozenset({1}))
    drag(qtbot, cloud, corners, modifier)
    assert np.flatnonzero(told[-1]).tolist() == [2], "hidden points are not meant"


def test_hidden_classes_are_neither_painted_nor_hit(cloud):
    with_all = cloud.grab().toImage()
    cloud.set_hidden(frozenset({1}))
    assert cloud.in_view.tolist() == [0, 2, 3] and cloud.grab().toImage() != with_all
    assert cloud.nearest(at(cloud, 4).x(), at(cloud, 4).y()) == -1
    cloud.set_hidden(frozenset())
    assert cloud.grab().toImage() == with_all


def test_points_that_are_no_numbers_are_left_out(cloud):
    points = POINTS.copy()
    points[0] = np.nan
    cloud.set_points(points, LABELS)
    assert cloud.in_view.tolist() == [1, 2, 3, 4]
    cloud.grab()


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((4, 2)), np.full((3, 2), np.nan), [[1, 2], [1, 5]]])
def test_no_points_equal_ones_and_those_on_a_line_are_painted(cloud, points):
    cloud.set_points(np.float32(points), None)
    cloud.set_titles("across", "up")
    cloud.grab()
    for encode in (export.svg, export.pdf, export.png):
        assert encode(cloud)
    cloud.set_points(POINTS, LABELS)
    assert len(cloud.in_view) == 5


def test_few_points_have_markers_many_are_a_picture_and_images_come_when_near(cloud):
    near = []
    cloud.near.connect(lambda rows: near.append(len(rows)))
    rng = np.random.default_rng(0)
    cloud.set_points(rng.standard_normal((6000, 2)).astype(np.float32), rng.integers(0, 4, 6000))
    cloud.set_rings([("Left", 0.0, 0.0), ("", 90.0, 0.0)])
    far = cloud.grab().toImage()
    assert near[-1] == 0 and cloud._far is not None
    cloud.look(cloud.view.zoomed(20, 200, 150))
    assert 0 < near[-1] <= 250
    cloud.set_images({int(row): np.full((28, 28), 255, np.uint8) for row in cloud.in_view})
    assert cloud.grab().toImage() != far
    for encode in (export.svg, export.pdf):
        assert encode(cloud)


def test_its_numbers_are_the_points_with_their_classes(cloud):
    columns = dict(cloud.numbers())
    np.testing.assert_array_equal(columns["x"], POINTS[:, 0])
    assert columns["class"].tolist() == ["a", "b", "c", "d", "b"]
    assert export.table(cloud).splitlines()[2] == "10,0,b"


def test_painted_discs_are_those_of_a_plain_loop():
    rng = np.random.default_rng(3)
    px, colours = rng.uniform(-4, 26, (80, 2)), rng.integers(1, 2**32, 80, dtype=np.uint32)
    for radius in (0, 1, 1.5, 2.2):
        expected = np.zeros((20, 24), np.uint32)
        for (x, y), colour in zip(np.floor(px).astype(int), colours, strict=True):
            for row, column in np.ndindex(expected.shape):
                if (row - y)**2 + (column - x)**2 <= radius**2 + 0.3:
                    expected[row, column] = colour
        np.testing.assert_array_equal(scatter.painted(px, colours, (20, 24), radius), expected)


def test_a_bent_line_surrounds_by_even_and_odd():
    line = np.array([[0, 0], [4, 0], [4, 4], [2, 1], [0, 4]], float)  # an M
    points = np.array([[0.5, 2], [2, 2], [3.5, 2], [2, 0.5], [9, 9]])
    assert scatter.surrounded(points, line).tolist() == [True, False, True, True, False]


def test_names_that_meet_stand_above_each_other():
    from PySide6.QtCore import QRectF

    places = [(label, QRectF(10, 10 + label, 20, 18)) for label in range(5)]
    apart = [place for _, place in cloudpaint.apart(places)]
    assert not any(a.intersects(b) for i, a in enumerate(apart) for b in apart[:i])


def test_a_view_follows_points_only_when_it_must(cloud):
    view = cloud.view
    cloud.set_points(POINTS * np.float32(0.9), LABELS)
    assert cloud.view == view
    cloud.set_points(POINTS * 3, LABELS)
    assert cloud.view != view and len(cloud.in_view) == 5
