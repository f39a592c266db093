"""The gallery: cells of three pictures, chosen by mouse and keys, scrolled without repainting what stays."""

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from gui import style
from gui.plots.gallery import Gallery, spread_out


def page(count, side=28, seed=0):
    """(inputs, outputs, errors, captions)."""
    draw = np.random.default_rng(seed)
    inputs, outputs = (draw.integers(0, 256, (count, side, side), dtype=np.uint8) for _ in range(2))
    errors = np.abs(inputs.astype(np.float32) - outputs) / 255
    return inputs, outputs, errors, [f"{index}\t7\tMSE {index / 1000:.4f}" for index in range(count)]


@pytest.fixture
def gallery(qtbot):
    style.apply(QApplication.instance(), "light")
    widget = Gallery()
    qtbot.addWidget(widget)
    widget.resize(800, 400)
    widget.set_page(*page(500))
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def shown(gallery, index):
    """The three pictures of a cell as they stand on the screen: top left pixel of each."""
    image, cell = gallery.viewport().grab().toImage(), gallery.cell_rect(index)
    side = round(gallery._cells.picture.width())
    left, top = cell.left() + style.S + 2, cell.top() + style.S + 2
    return [QColor(image.pixel(left + part * (side + 1), top)).name() for part in range(3)]


def test_a_cell_shows_input_reconstruction_and_error(gallery):
    inputs, outputs, errors, _ = page(500)
    for index in (0, 3):
        first, second, third = shown(gallery, index)
        assert first == QColor(*[int(inputs[index, 0, 0])] * 3).name()
        assert second == QColor(*[int(outputs[index, 0, 0])] * 3).name()
        assert third not in (first, second)
    gallery.set_page(inputs, inputs, np.zeros_like(errors), [""] * 500)
    assert shown(gallery, 0)[2] == style.theme().current.surface


def test_the_error_map_is_comparable_where_a_limit_is_given(gallery):
    inputs, outputs, _, captions = page(500)
    half = np.full(inputs.shape, 0.5, np.float32)
    gallery.set_page(inputs, outputs, half, captions)
    assert shown(gallery, 0)[2] == style.theme().current.error[-1]
    gallery.set_page(inputs, outputs, half, captions, error_limit=1.0)
    assert shown(gallery, 0)[2] != style.theme().current.error[-1]


def test_the_theme_changes_the_error_map_at_once(gallery):
    inputs, outputs, errors, captions = page(500)
    gallery.set_page(inputs, outputs, np.zeros_like(errors), captions)
    style.theme().choose("dark")
    assert shown(gallery, 0)[2] == style.theme().current.surface
    style.theme().choose("light")


def test_a_new_page_stays_where_the_old_one_was_scrolled_to(gallery):
    gallery.verticalScrollBar().setValue(1000)
    gallery.select(40)
    at = gallery.verticalScrollBar().value()
    gallery.set_page(*page(500, seed=1))
    assert gallery.verticalScrollBar().value() == at and gallery.selected == 40
    gallery.set_page(*page(10))
    assert gallery.selected == -1 and gallery.verticalScrollBar().maximum() < 1000


def test_resizing_keeps_the_first_image_in_sight(gallery, qtbot):
    gallery.verticalScrollBar().setValue(gallery.cell_rect(100).top())
    gallery.resize(1500, 500)
    assert gallery.columns > 2
    assert gallery.viewport().rect().intersects(gallery.cell_rect(100))


def test_click_double_click_and_keys(gallery, qtbot):
    middle = gallery.cell_rect(3).center() - QPoint(30, 0)
    with qtbot.waitSignal(gallery.clicked, check_params_cb=lambda i: i == 3):
        qtbot.mouseClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    with qtbot.waitSignal(gallery.activated, check_params_cb=lambda i: i == 3):
        qtbot.mouseDClick(gallery.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    columns = gallery.columns
    gallery.setFocus()
    for key, expected in ((Qt.Key.Key_Right, 4), (Qt.Key.Key_Down, 4 + columns), (Qt.Key.Key_End, 499),
                          (Qt.Key.Key_Right, 499), (Qt.Key.Key_Home, 0), (Qt.Key.Key_Up, 0)):
        qtbot.keyClick(gallery, key)
        assert gallery.selected == expected
        assert gallery.viewport().rect().contains(gallery.cell_rect(expected).center())
    with qtbot.waitSignal(gallery.activated, check_params_cb=lambda i: i == 0):
        qtbot.keyClick(gallery, Qt.Key.Key_Return)


def test_between_and_beyond_the_cells_is_nothing(gallery):
    gallery.set_page(*page(1))
    assert gallery.index_at(gallery.cell_rect(0).center()) == 0
    assert gallery.index_at(QPoint(10, 390)) == -1 and gallery.index_at(QPoint(700, 10)) == -1
    gallery.set_page(*page(10))
    beside = QPoint(gallery.cell_rect(gallery.columns - 1).right() + 1, 50)
    assert gallery.viewport().rect().contains(beside) and gallery.index_at(beside) == -1


def test_empty_and_mismatched_pages(gallery):
    gallery.set_page(*page(0))
    assert len(gallery) == 0 and gallery.grab().toImage().width()
    inputs, outputs, errors, captions = page(3)
    with pytest.raises(ValueError, match=r"\(3, 3, 3, 2\)"):
        gallery.set_page(inputs, outputs, errors, captions[:2])


def test_500_images_scroll_at_30_frames_a_second(gallery, qtbot):
    """Best of three, because the machine has other things to do: 1 s for 30 steps would be too slow."""
    bar, times = gallery.verticalScrollBar(), []
    for _ in range(3):
        bar.setValue(0)
        start = time.perf_counter()
        for step in range(30):
            bar.setValue(step * 40)
            gallery.viewport().repaint()  # the worst case: everything, not only the new strip
        times.append(time.perf_counter() - start)
    assert min(times) < 1.0, f"30 frames took {min(times):.2f} s"


def test_numbers_name_each_image(gallery):
    columns = dict(gallery.numbers())
    assert columns["caption"][3] == "3 7 MSE 0.0030"
    assert columns["mean error"][3] == pytest.approx(page(500)[2][3].mean(), rel=1e-5)


@pytest.mark.parametrize("widths", [(10, 40, 60), (10, 90, 150), (10, 300, 150), (20, 30, 400), (0, 0, 0)])
def test_the_parts_of_a_caption_never_lie_over_each_other(widths):
    place = QRect(7, 3, 300, 16)
    left, middle, right = spread_out(place, widths)
    assert left.left() == 7 and right.right() == place.right() and right.width() == min(widths[2] + 1, 300)
    assert left.right() < right.left()
    assert not middle.width() or (left.right() < middle.left() and middle.right() < right.left())
    if sum(widths) < 200:
        assert abs(middle.center().x() - place.center().x()) <= 1 and middle.width() >= widths[1]
