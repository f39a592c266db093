"""The pad: what the mouse draws, on what, and that every step can be taken back."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtTest import QTest

from gui.widgets.drawpad import SIDE, DrawPad, to_image, to_pixels


@pytest.fixture
def pad(qtbot):
    pad = DrawPad()
    qtbot.addWidget(pad)
    pad.resize(300, 300)
    pad.show()
    return pad


def stroke(pad, *points, button=Qt.MouseButton.LeftButton):
    """Draw through points in units of the side."""
    place = pad._place()
    at = [QPoint(round(place.x() + x * place.width()), round(place.y() + y * place.height())) for x, y in points]
    QTest.mousePress(pad, button, pos=at[0])
    for point in at[1:]:
        QTest.mouseMove(pad, point)
    QTest.mouseRelease(pad, button, pos=at[-1])


def test_a_stroke_is_white_on_black_as_wide_as_the_brush(pad, qtbot):
    pad.brush = 10
    with qtbot.waitSignal(pad.changed):
        stroke(pad, (0.2, 0.5), (0.8, 0.5))
    drawn = pad.picture()
    assert drawn.shape == (SIDE, SIDE) and drawn.dtype == np.uint8
    middle = np.flatnonzero(drawn[:, SIDE // 2] > 127)
    assert len(middle) == pytest.approx(SIDE / 10, abs=2) and middle.mean() == pytest.approx(SIDE / 2, abs=2)
    assert not drawn[:, :SIDE // 10].any() and drawn[SIDE // 2, SIDE // 5] > 127


def test_a_click_is_a_dot_and_other_buttons_draw_nothing(pad):
    stroke(pad, (0.5, 0.5), button=Qt.MouseButton.RightButton)
    assert pad.is_empty and not pad.can_undo
    stroke(pad, (0.5, 0.5))
    assert (pad.picture() > 127).sum() > 100 and not pad.is_empty
    away, left = QPointF(10, 10), Qt.MouseButton.LeftButton
    pad.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, away, away, left, left, Qt.KeyboardModifier.NoModifier))
    assert not pad.picture()[:50, :50].any(), "only while the button is down"


def test_strokes_are_black_where_the_data_set_is_not_on_black(pad):
    stroke(pad, (0.5, 0.5))
    white = pad.picture()
    pad.set_white_on_black(False)
    np.testing.assert_array_equal(pad.picture(), 255 - white)


def test_undo_takes_back_strokes_pictures_and_clearing_one_by_one(pad):
    picture = np.full((40, 20, 3), (10, 20, 200), np.uint8)
    states = [pad.picture()]
    for step in (lambda: stroke(pad, (0.3, 0.3)), lambda: stroke(pad, (0.6, 0.6), (0.7, 0.6)), pad.clear,
                 lambda: pad.set_picture(picture), lambda: stroke(pad, (0.5, 0.5))):
        step()
        states.append(pad.picture())
    assert not states[3].any() and states[4] is picture
    for before in states[-2::-1]:
        pad.undo()
        np.testing.assert_array_equal(pad.picture(), before)
    assert not pad.can_undo and pad.is_empty
    pad.undo()
    pad.clear()
    assert not pad.can_undo, "clearing nothing is no step"


@pytest.mark.parametrize(("value", "ink"), [(250, 0), (10, 255)])
def test_one_draws_on_a_picture_with_what_stands_out(pad, value, ink):
    pad.set_picture(np.full((100, 50), value, np.uint8))
    assert pad.picture().shape == (100, 50), "untouched it stays as it is"
    stroke(pad, (0.5, 0.5))
    drawn = pad.picture()
    assert drawn.shape == (SIDE, SIDE) and drawn[SIDE // 2, SIDE // 2] == ink and drawn[0, 0] == value


def test_a_large_picture_keeps_its_pixels_under_the_strokes(pad):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (400, 400, 3), dtype=np.uint8)
    pad.set_picture(picture)
    stroke(pad, (0.9, 0.9))
    np.testing.assert_array_equal(pad.picture()[:300, :300], picture[:300, :300])


@pytest.mark.parametrize("shape", [(3, 5), (7, 3, 3), (1, 1), (5, 7, 3)])
def test_arrays_become_images_and_back(shape):
    pixels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    np.testing.assert_array_equal(to_pixels(to_image(pixels)), pixels)


def test_transparency_is_kept_and_nothing_is_nothing():
    image = QImage(3, 2, QImage.Format.Format_ARGB32)
    image.fill(0x80FF0000)
    assert to_pixels(image)[1, 2].tolist() == [255, 0, 0, 128]
    assert to_pixels(QImage()).size == 0
