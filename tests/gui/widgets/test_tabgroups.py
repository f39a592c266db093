"""Tabs in groups: unfolded where there is room, never squeezed, never lost."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from gui.widgets.tabgroups import TabGroups

GROUPS = {"Model": ("Architecture", "Training"), "Look": ("Reconstruction", "Latent", "Layers"), "Compare": ("Runs",)}


@pytest.fixture
def tabs(qtbot):
    row = TabGroups()
    for group, names in GROUPS.items():
        for name in names:
            row.add(QLabel(name), name, group)
    qtbot.addWidget(row)
    row.resize(1200, 200)
    row.show()
    return row


def seen(tabs):
    return [tabs.tabText(index) for index in range(tabs.count()) if tabs.isTabVisible(index)]


def test_where_there_is_room_every_tab_is_there(tabs):
    assert seen(tabs) == ["Architecture", "Training", "Reconstruction", "Latent", "Layers", "Runs"]


def test_a_narrow_row_folds_all_but_the_group_in_front(tabs):
    tabs.resize(330, 200)
    assert seen(tabs) == ["Architecture", "Training", "Look ›", "Compare ›"]


def test_a_group_unfolds_at_the_tab_that_was_in_front_last(tabs):
    tabs.setCurrentIndex(3)
    tabs.setCurrentIndex(0)
    tabs.resize(330, 200)
    look = next(index for index in range(tabs.count()) if tabs.tabText(index) == "Look ›")
    tabs.setCurrentIndex(look)
    assert tabs.currentWidget().text() == "Latent"
    assert seen(tabs) == ["Model ›", "Reconstruction", "Latent", "Layers", "Compare ›"]


def test_the_row_fits_its_width_while_it_is_folded(tabs):
    tabs.resize(400, 200)
    assert tabs.tabBar().tabRect(tabs.count() - 1).right() <= 400


def test_names_stay_known_while_folded_and_come_back(tabs):
    tabs.resize(330, 200)
    assert tabs.names == [name for names in GROUPS.values() for name in names]
    tabs.resize(1200, 200)
    assert seen(tabs) == tabs.names


def test_a_folded_tab_that_is_chosen_comes_to_the_front(tabs):
    tabs.resize(330, 200)
    tabs.setCurrentIndex(4)
    assert tabs.currentWidget().text() == "Layers"
    assert seen(tabs) == ["Model ›", "Reconstruction", "Latent", "Layers", "Compare ›"]
    tabs.setCurrentIndex(-1)
    assert tabs.currentIndex() in (-1, 4)
