"""The confusion matrix: cells, words, clicks and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.plots.heatmap import ConfusionMap

COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])


@pytest.fixture
def matrix(qtbot):
    widget = ConfusionMap("Confusion")
    qtbot.addWidget(widget)
    widget.resize(300, 260)
    widget.show_counts(COUNTS, ("Shirt", "T-shirt/top", "Bag"))
    widget.show()
    return widget


def test_shares_are_of_the_row_and_0_without_images(matrix):
    assert matrix.shares.tolist() == [[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0, 0.0, 0.0]]


def test_a_cell_says_what_was_taken_for_what(matrix):
    assert matrix.describe(0, 1) == "Shirt taken for T-shirt/top: 2 of 10 (20.0 %)"
    assert matrix.describe(1, 1) == "T-shirt/top, right: 9 of 10 (90.0 %)"


def test_a_click_chooses_the_cell_under_it(matrix):
    clicked = []
    matrix.clicked.connect(lambda row, column: clicked.append((row, column)))
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(0, 1).center())
    QTest.mouseClick(matrix, Qt.MouseButton.LeftButton, pos=matrix.cell_rect(0, 0).topLeft() / 2)
    assert clicked == [(0, 1)] and matrix.chosen == (0, 1)


def test_keys_move_within_the_matrix(matrix):
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(matrix, key)
    assert matrix.chosen == (1, 2)


def test_its_numbers_are_the_counts(matrix):
    names, columns = zip(*matrix.numbers(), strict=True)
    assert names == ("true class", "predicted Shirt", "predicted T-shirt/top", "predicted Bag")
    assert columns[2].tolist() == [2, 9, 0]


def test_counts_of_another_shape_are_refused(matrix):
    with pytest.raises(ValueError, match=r"\(3, 3\) for 2 classes"):
        matrix.show_counts(COUNTS, ("a", "b"))


def test_names_that_are_wider_than_a_column_stand_on_end_and_cells_stay_where_a_click_finds_them(matrix):
    assert not matrix.on_end
    upright = matrix.cell_rect(0, 0)
    matrix.resize(190, 260)
    assert matrix.on_end and matrix.cell_rect(0, 0).top() > upright.top()
    for cell in ((0, 0), (2, 1)):
        place = matrix.cell_rect(*cell).center()
        assert matrix.cell_at(place.x(), place.y()) == cell
    assert not matrix.grab().toImage().isNull()
