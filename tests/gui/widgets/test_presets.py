"""The presets to start from: all of them, by family, and which one the form still shows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

import resources
from engine import experiment as experiments
from gui.widgets.presets import PresetChoice


@pytest.fixture
def choice(qtbot):
    widget = PresetChoice()
    qtbot.addWidget(widget)
    return widget


def named(choice):
    return [name for index in range(choice.count()) if (name := choice.itemData(index))]


def test_every_preset_can_be_chosen_the_default_first_and_numbers_by_their_value(choice):
    names = named(choice)
    assert set(names) == set(resources.presets())
    assert names[0] == resources.DEFAULT_PRESET
    assert names.index("fashion-latent-64") < names.index("fashion-latent-512") < names.index("fashion-latent-1024")


def test_families_are_set_apart(choice):
    families = [name.partition("-")[0] for name in named(choice)]
    assert choice.count() == len(families) + len(set(families)) - 1


def test_an_unchanged_preset_is_shown_and_a_changed_one_is_not(choice):
    preset = experiments.load(resources.presets()["fashion-dropout"])
    choice.show_origin(preset)
    assert choice.currentText() == "fashion-dropout"
    choice.show_origin(experiments.replaced(preset, {"train.epochs": 3}))
    assert choice.currentIndex() == -1


def test_the_open_list_says_where_each_comes_from(choice):
    choice.showPopup()
    tip = choice.itemData(choice.findData("fashion-sgd"), Qt.ItemDataRole.ToolTipRole)
    choice.hidePopup()
    assert "K. G. Mansilla, 2024" in tip and "not stated" in tip
