"""Rows of pictures: whole enlargement, mixed sizes, gaps, and numbers to take along."""

from __future__ import annotations

import numpy as np
import pytest

from gui.plots import export
from gui.plots.panel import Panel, Row

WHITE, BLACK = np.full((4, 4), 255, np.uint8), np.zeros((7, 5), np.uint8)


@pytest.fixture
def panel(qtbot):
    panel = Panel("Figure 1")
    qtbot.addWidget(panel)
    panel.set_rows([Row("Above", (WHITE, None, WHITE)), Row("Below", (BLACK, WHITE, WHITE), ("a", "b\nc", ""))])
    panel.resize(500, panel.heightForWidth(500))
    panel.show()
    return panel


def test_pictures_stand_in_their_rooms_and_a_gap_is_empty(panel):
    image = panel.grab().toImage()

    def at(row, column):
        return image.pixelColor(panel.picture_rect(row, column).center()).lightness()

    assert (at(0, 0), at(0, 2), at(1, 0), at(1, 1)) == (255, 255, 0, 255)
    assert at(0, 1) == image.pixelColor(panel.picture_rect(0, 2).right() + 8, 4).lightness()
    assert panel.picture_rect(1, 0).top() > panel.picture_rect(0, 0).bottom()


def test_it_grows_with_its_labels_and_shrinks_with_the_width(panel):
    rows = panel.rows
    with_labels = panel.heightForWidth(500)
    panel.set_rows([Row(row.heading, row.pictures) for row in rows])

    assert panel.heightForWidth(500) == with_labels - 32
    assert panel.heightForWidth(300) < panel.heightForWidth(500)


def test_its_numbers_are_those_of_the_pictures(panel):
    columns = dict(panel.numbers())

    assert list(columns) == ["Above 1", "Above 3", "Below 1", "Below 2", "Below 3"]
    assert len(columns["Below 1"]) == 35
    assert "Above 1" in export.table(panel)


def test_what_is_no_picture_is_refused_and_the_old_ones_stay(panel):
    before = panel.rows
    with pytest.raises(ValueError, match="uint8"):
        panel.set_rows([Row("", (np.zeros((2, 2)),))])

    assert panel.rows is before
