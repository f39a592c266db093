"""A table in the window: what it shows, and every form in which it is taken along."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from engine.tables import Table
from gui.widgets.table import TableBox

TABLE = Table(("run", "MSE"), (("a | b", 0.012345678), ("c", None)))


@pytest.fixture
def box(qtbot):
    widget = TableBox("Results")
    qtbot.addWidget(widget)
    widget.show_table(TABLE)
    widget.show()
    return widget


def shown(box, row, column, role=Qt.ItemDataRole.DisplayRole):
    return box.model().data(box.model().index(row, column), role)


def test_cells_headings_and_sides(box):
    assert [shown(box, 0, 0), shown(box, 0, 1), shown(box, 1, 1)] == ["a | b", "0.01235", ""]
    assert box.model().headerData(1, Qt.Orientation.Horizontal) == "MSE"
    assert shown(box, 0, 1, Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert shown(box, 0, 0, Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignLeft


def test_decimal_points_stand_below_each_other_where_numbers_are_alike(box):
    rows = ((92.12, 0.0001234, 10.0, 3), (92.6, 12.5, None, 4), (9.0, 1e-12, 7.5, 5))
    box.show_table(Table(("accuracy", "loss", "epochs", "seeds"), rows))
    columns = [[shown(box, row, column) for row in range(3)] for column in range(4)]
    assert columns == [["92.12", "92.60", "9.00"], ["0.0001234", "12.5", "1e-12"], ["10.0", "", "7.5"], ["3", "4", "5"]]
    box.show_table(Table(("recall",), ((1.0,), (0.9836,), (None,))))
    assert [shown(box, row, 0) for row in range(3)] == ["1.0000", "0.9836", ""]
    box.show_table(Table(("empty",), ()))
    assert box.model().rowCount() == 0


def test_it_is_copied_in_every_form(box):
    QTest.keyClick(box, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "run\tMSE\na | b\t0.01235\nc\t"
    menu = box.menu()
    copied = []
    for action in menu.actions():
        action.trigger()
        copied.append(QGuiApplication.clipboard().text())
    assert copied[1:] == [TABLE.csv(), TABLE.markdown(), TABLE.latex()]


def test_rows_are_chosen_by_keys(box):
    box.setCurrentIndex(box.model().index(0, 0))
    rows = []
    box.chosen.connect(rows.append)
    QTest.keyClick(box, Qt.Key.Key_Down)
    assert rows == [1]
