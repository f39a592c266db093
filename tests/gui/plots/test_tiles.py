"""Tiled pictures: crisp, whole pixels, one line around each, chosen by mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication

from gui import style
from gui.plots.grid import arrange, best_columns
from gui.plots.tiles import TiledImages


def pictures(count, side=7):
    """Different random pictures."""
    return np.random.default_rng(0).integers(0, 256, (count, side, side), dtype=np.uint8)


@pytest.fixture
def tiles(qtbot):
    style.apply(QApplication.instance(), "light")
    widget = TiledImages()
    qtbot.addWidget(widget)
    widget.resize(300, 200)
    widget.set_images(pictures(12), 4)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def pixel(widget, x, y):
    return QColor(widget.grab().toImage().pixel(x, y)).name()


def test_every_pixel_becomes_an_equal_square_of_its_own_grey(tiles):
    image = tiles.grab().toImage()
    for index in (0, 5, 11):
        rect = tiles.tile_rect(index)
        assert rect.width() % 7 == 0 and rect.width() == rect.height() and rect.width() // 7 >= 2
        factor = rect.width() // 7
        shown = np.array([[QColor(image.pixel(rect.x() + x, rect.y() + y)).red() for x in range(rect.width())]
                          for y in range(rect.height())])
        np.testing.assert_array_equal(shown, np.kron(pictures(12)[index], np.ones((factor, factor))))


def test_one_line_around_each_in_the_colour_of_lines_also_after_the_theme_changed(tiles):
    rect = tiles.tile_rect(5)
    for choice in ("light", "dark"):
        style.theme().choose(choice)
        line = style.theme().current.line
        y = rect.center().y()
        assert pixel(tiles, rect.left() - 1, y) == line and pixel(tiles, rect.right() + 1, y) == line
        assert tiles.tile_rect(6).left() == rect.right() + 2


def test_colour(tiles):
    image = np.zeros((1, 3, 3, 3), np.uint8)
    image[0, 1, 1] = (10, 200, 90)
    tiles.set_images(image)
    assert pixel(tiles, tiles.tile_rect(0).center().x(), tiles.tile_rect(0).center().y()) == "#0ac85a"


def test_new_pictures_of_the_same_shape_stay_in_place(tiles, qtbot):
    tiles.select(3)
    before = [tiles.tile_rect(index) for index in range(12)]
    tiles.set_images(255 - pictures(12), 4)
    assert [tiles.tile_rect(index) for index in range(12)] == before and tiles.selected == 3
    rect = tiles.tile_rect(0)
    assert QColor(tiles.grab().toImage().pixel(rect.topLeft())).red() == 255 - pictures(12)[0, 0, 0]


def test_click_and_hover_find_the_tile(tiles, qtbot):
    with qtbot.waitSignals([tiles.clicked, tiles.selected_changed], check_params_cbs=[lambda i: i == 6] * 2):
        qtbot.mouseClick(tiles, Qt.MouseButton.LeftButton, pos=tiles.tile_rect(6).center())
    with qtbot.waitSignal(tiles.hovered, check_params_cb=lambda i: i == 9):
        qtbot.mouseMove(tiles, tiles.tile_rect(9).center())
    assert [tiles.index_at(tiles.tile_rect(index).center()) for index in range(12)] == list(range(12))
    assert tiles.index_at(QPoint(0, 0)) == -1


def test_the_chosen_tile_is_outlined_in_the_accent(tiles):
    rect = tiles.tile_rect(5)
    assert pixel(tiles, rect.left() - 1, rect.center().y()) != style.theme().current.accent
    tiles.select(5)
    assert pixel(tiles, rect.left() - 1, rect.center().y()) == style.theme().current.accent


def test_keys_move_the_outline_and_stop_at_the_edges(tiles, qtbot):
    tiles.setFocus()
    keys = Qt.Key
    path = [(keys.Key_Right, 0), (keys.Key_Right, 1), (keys.Key_Down, 5), (keys.Key_Left, 4), (keys.Key_Left, 4),
            (keys.Key_End, 11), (keys.Key_Down, 11), (keys.Key_Right, 11), (keys.Key_Up, 7), (keys.Key_Home, 0)]
    for key, expected in path:
        qtbot.keyClick(tiles, key)
        assert tiles.selected == expected
    with qtbot.waitSignal(tiles.clicked, check_params_cb=lambda i: i == 0):
        qtbot.keyClick(tiles, keys.Key_Return)


def test_arrow_keys_stay_with_the_focused_tiles(tiles, qtbot):
    used = []
    shortcut = QShortcut(QKeySequence(Qt.Key.Key_Right), tiles)
    shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
    shortcut.activated.connect(lambda: used.append(1))
    tiles.activateWindow()
    tiles.setFocus()
    qtbot.waitUntil(tiles.hasFocus)
    qtbot.keyClick(tiles.window().windowHandle(), Qt.Key.Key_Right)
    assert tiles.selected == 0 and not used


def test_nothing_to_show(tiles, qtbot):
    tiles.select(11)
    tiles.set_images(np.zeros((0, 7, 7), np.uint8))
    assert tiles.selected == -1 and tiles.index_at(QPoint(150, 100)) == -1
    qtbot.keyClick(tiles, Qt.Key.Key_Right)
    assert pixel(tiles, 150, 100) == style.theme().current.surface


def test_labels_stand_below_their_tiles(tiles):
    before = tiles.tile_rect(4).top()
    tiles.set_images(pictures(12), 4, [str(index) for index in range(12)])
    first, below = tiles.tile_rect(0), tiles.tile_rect(4)
    assert below.top() - first.bottom() > 18 and below.top() != before
    image = tiles.grab().toImage()
    band = {QColor(image.pixel(x, y)).name() for x in range(first.left(), first.right())
            for y in range(first.bottom() + 3, below.top() - 2)}
    assert len(band) > 2, "no text between the rows"


def test_wrong_input_names_what_is_wrong(tiles):
    with pytest.raises(ValueError, match="float64"):
        tiles.set_images(np.zeros((2, 7, 7)))
    with pytest.raises(ValueError, match="labels: 1 for 2"):
        tiles.set_images(pictures(2), labels=["a"])


def test_numbers_hold_every_pixel(tiles):
    names, values = zip(*tiles.numbers(), strict=True)
    assert names == ("image", "row", "column", "value")
    at = (values[0] == 3) & (values[1] == 2) & (values[2] == 5)
    assert values[3][at] == pictures(12)[3, 2, 5]


def test_tiles_too_large_for_their_room_shrink_and_the_best_columns_are_found():
    grid = arrange(400, 20, (28, 28), (300, 300), 1, 0)
    assert grid.tile(399).right() < 300 and grid.tile(399).bottom() < 300 and grid.width < 28
    assert best_columns(10, (28, 28), (60, 600), 1, 0) == 10
    assert best_columns(9, (28, 28), (300, 300), 1, 0) == 3
