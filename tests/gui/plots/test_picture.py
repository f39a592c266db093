"""One picture: crisp, in its aspect, coloured by the theme."""

import numpy as np
import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from gui import style
from gui.plots.picture import CAPTION_HEIGHT, Picture


@pytest.fixture
def picture(qtbot):
    style.apply(QApplication.instance(), "light")
    widget = Picture(caption="Original")
    qtbot.addWidget(widget)
    widget.resize(200, 150)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def color(picture, row, column, shape):
    """The colour of the middle of an image's pixel."""
    rect = picture.picture_rect()
    x = rect.x() + (2 * column + 1) * rect.width() // (2 * shape[1])
    y = rect.y() + (2 * row + 1) * rect.height() // (2 * shape[0])
    return QColor(picture.grab().toImage().pixel(x, y)).name()


@pytest.mark.parametrize("size", [(200, 150), (700, 400), (64, 90)])
def test_whole_pixels_in_the_aspect_of_the_image_with_room_for_the_caption(picture, size):
    picture.resize(*size)
    picture.set_image(np.arange(6 * 10, dtype=np.uint8).reshape(6, 10))
    rect = picture.picture_rect()
    assert rect.width() % 10 == 0 and rect.height() % 6 == 0 and rect.width() * 6 == rect.height() * 10
    assert rect.bottom() <= size[1] - CAPTION_HEIGHT and rect.left() >= 0 and rect.right() < size[0]
    assert (rect.width() // 10 + 1) * 10 > size[0] - 2 or (rect.height() // 6 + 1) * 6 > size[1] - CAPTION_HEIGHT - 2


def test_grey_and_colour(picture):
    picture.set_image(np.array([[0, 200], [7, 255]], np.uint8))
    assert [color(picture, *at, (2, 2)) for at in ((0, 0), (0, 1), (1, 0))] == ["#000000", "#c8c8c8", "#070707"]
    picture.set_image(np.array([[[1, 2, 3], [200, 100, 50]]], np.uint8))
    assert color(picture, 0, 1, (1, 2)) == "#c86432"


def test_an_error_of_zero_has_the_colour_of_the_surface_in_both_themes(picture):
    picture.set_errors(np.array([[0.0, 0.5], [1.0, 2.0]]), 1.0)
    for choice in ("dark", "light"):
        style.theme().choose(choice)
        assert color(picture, 0, 0, (2, 2)) == style.theme().current.surface
        assert color(picture, 1, 0, (2, 2)) == color(picture, 1, 1, (2, 2)) == style.theme().current.error[-1]
        assert color(picture, 0, 1, (2, 2)) not in (style.theme().current.surface, style.theme().current.error[-1])


def test_differences_have_two_sides(picture):
    picture.set_differences(np.array([[-1.0, -0.001, 0.001, 1.0]]), 1.0)
    shown = [color(picture, 0, column, (1, 4)) for column in range(4)]
    colors = style.theme().current
    assert shown == [colors.negative[-1], colors.surface, colors.surface, colors.positive[-1]]


def test_a_nan_does_not_hide_the_rest(picture):
    picture.set_errors(np.array([[np.nan, 1.0]]), 1.0)
    assert color(picture, 0, 1, (1, 2)) == style.theme().current.error[-1]


def test_another_image_and_caption_leave_the_picture_in_its_place(picture):
    picture.set_image(np.zeros((28, 28), np.uint8))
    before = picture.picture_rect()
    picture.set_image(np.full((28, 28), 255, np.uint8))
    picture.set_caption("MSE 0.0041")
    assert picture.picture_rect() == before and picture.accessibleName() == "MSE 0.0041"
    picture.set_caption("")
    assert picture.picture_rect() == before


def test_cleared_it_shows_nothing(picture):
    picture.set_image(np.full((4, 4), 255, np.uint8))
    picture.clear()
    assert picture.picture_rect().isEmpty()
    assert QColor(picture.grab().toImage().pixel(100, 60)).name() == style.theme().current.surface


def test_numbers_are_those_that_are_shown(picture):
    picture.set_errors(np.array([[0.25, 0.5]]), 1.0)
    assert dict(picture.numbers())["value"].tolist() == [0.25, 0.5]
