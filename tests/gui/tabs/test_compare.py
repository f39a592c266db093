"""The Compare tab with real runs: curves, pictures, wipe, a setting, the table; and what goes wrong."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.compare.pictures import _letter
from gui.tabs.compare import CompareTab
from tests.gui.conftest import tiny, trained


@pytest.fixture
def runs(qtbot, session):
    """Two runs of different learning rates, and one of a different seed."""
    made = []
    for changes in ({}, {"train.learning_rate": 0.02}, {"train.learning_rate": 0.02, "train.seed": 5}):
        session.draft.set_many(changes)
        trained(qtbot, session)
        made.append(session.shown.run)
    qtbot.waitUntil(lambda: len(session.runs.rows) == 3 and not session.runs.at_work, timeout=20_000)
    return made


@pytest.fixture
def tab(qtbot, session, runs):
    widget = CompareTab(session)
    qtbot.addWidget(widget)
    widget.resize(900, 600)
    widget.show()
    qtbot.waitUntil(lambda: len(widget.runs) == 3, timeout=20_000)
    return widget


def pictured(qtbot, tab):
    tab.show_view(1)
    qtbot.waitUntil(lambda: len(tab.pictures.tiles) > 0, timeout=20_000)


def test_the_shown_run_and_those_like_it_are_compared_at_first(tab, runs):
    assert {run.title for run in tab.runs} == set(tab.chooser.chosen.values())
    assert len(tab.curves.plot.lines) == 3 and len(tab.sizes.plot.lines) == 3


def test_the_table_shows_what_differs_by_the_names_of_the_form(tab):
    assert {"Learning rate", "Seed", "parameters"} <= set(tab.table.table.columns)
    assert "Epochs" not in tab.table.table.columns


def test_curves_are_aligned_by_what_is_chosen(tab):
    ends = {}
    for index, name in enumerate(("epoch", "step", "time")):
        tab.curves.along.setCurrentIndex(index)
        ends[name] = tab.curves.plot.lines[0].x[-1]
    assert ends["epoch"] == 2 and ends["step"] == 8 and ends["time"] > 0


def test_repeats_over_seeds_become_one_line_with_a_band(tab):
    tab.curves.mean.setChecked(True)
    bands = [line.low is not None for line in tab.curves.plot.lines]
    assert sorted(bands) == [False, True]
    assert any("n = 2" in line.name for line in tab.curves.plot.lines)


def test_the_same_images_stand_side_by_side_with_the_errors_of_each_run(qtbot, tab):
    pictured(qtbot, tab)
    assert len(tab.pictures.tiles) == 4 * 4  # four images: the original and three runs
    tab.pictures.count.setValue(2)
    qtbot.waitUntil(lambda: len(tab.pictures.tiles) == 2 * 4, timeout=20_000)
    assert tab.pictures.key.text().startswith("A  ")


def test_a_row_chooses_its_image_for_the_other_tabs(qtbot, session, tab):
    pictured(qtbot, tab)
    tab.pictures.tiles.clicked.emit(4)
    assert session.shown.image == 1


def test_the_wipe_is_dragged_and_moved_by_keys(qtbot, tab):
    pictured(qtbot, tab)
    tab.pictures.mode.setCurrentIndex(1)
    wipe = tab.pictures.wipe
    place = wipe.picture_rect()
    QTest.mouseClick(wipe, Qt.MouseButton.LeftButton, pos=place.topLeft() + (place.center() - place.topLeft()) / 2)
    assert wipe.share == pytest.approx(0.25, abs=0.05)
    before = wipe.grab().toImage()
    for _ in range(10):
        QTest.keyClick(wipe, Qt.Key.Key_Right)
    assert wipe.share > 0.7 and wipe.grab().toImage() != before


def test_the_slider_swaps_the_picture_to_the_run_with_that_value(qtbot, tab):
    pictured(qtbot, tab)
    tab.pictures.mode.setCurrentIndex(2)
    tab.pictures.setting.setCurrentIndex(tab.pictures.setting.findText("Learning rate"))
    pictures = []
    for place in (0, tab.pictures.slider.maximum()):
        tab.pictures.slider.setValue(place)
        pictures.append((tab.pictures.value.text(), tab.pictures.along.grab().toImage()))
    assert pictures[0][0] == "0.001" and pictures[1][0] == "0.02"
    assert pictures[0][1] != pictures[1][1]


def test_a_run_deleted_while_compared_is_left_out_and_the_others_stay(qtbot, session, tab, runs):
    shutil.rmtree(runs[0].folder)
    session.refresh_runs()
    qtbot.waitUntil(lambda: len(tab.runs) == 2, timeout=20_000)
    assert runs[0].folder not in tab.chooser.chosen
    assert tab.stage.state == "ready"


def test_a_run_damaged_while_compared_is_named_and_the_others_stay(qtbot, tab, runs):
    tab.compare([run.folder for run in runs])
    (runs[0].folder / "experiment.toml").write_text("[[[")
    tab.read()
    qtbot.waitUntil(lambda: len(tab.runs) == 2, timeout=20_000)
    assert tab.trouble.isVisible() and tab.trouble.text()


def test_runs_of_other_images_are_named_and_left_out_of_the_pictures(qtbot, session, tab, runs):
    session.draft.set("data.image_size", 12)
    trained(qtbot, session)
    other = session.shown.run
    qtbot.waitUntil(lambda: len(session.runs.rows) == 4 and not session.runs.at_work, timeout=20_000)
    tab.compare([*(run.folder for run in runs), other.folder])
    tab.show_view(1)
    qtbot.waitUntil(lambda: len(tab.pictures._runs) == 3, timeout=20_000)
    assert "other images" in tab.pictures.trouble.text()


def test_classifiers_have_no_pictures_to_compare(qtbot, session, tab, runs):
    scratch = tiny(task="classifier", classifier__strategy="scratch")
    session.draft.replace(scratch)
    trained(qtbot, session)
    classifier = session.shown.run
    qtbot.waitUntil(lambda: len(session.runs.rows) == 4 and not session.runs.at_work, timeout=20_000)
    tab.show_view(1)
    tab.compare([classifier.folder])
    qtbot.waitUntil(lambda: tab.pictures.stage.state == "empty", timeout=20_000)
    assert not tab.pictures.trouble.isVisible()
    tab.compare([classifier.folder, runs[0].folder])
    qtbot.waitUntil(lambda: tab.pictures.stage.state == "ready" and len(tab.pictures._runs) == 1, timeout=20_000)
    assert "classifier" in tab.pictures.trouble.text()


def test_a_copy_of_a_run_has_a_colour_of_its_own(qtbot, session, tab, runs):
    shutil.copytree(runs[0].folder, runs[0].folder.with_name("copy"))
    session.refresh_runs()
    qtbot.waitUntil(lambda: len(session.runs.rows) == 4 and not session.runs.at_work, timeout=20_000)
    tab.compare([runs[0].folder, runs[0].folder.with_name("copy")])
    qtbot.waitUntil(lambda: len(tab.curves.plot.lines) == 2, timeout=20_000)
    assert tab.runs[0] == tab.runs[1] and {line.group for line in tab.curves.plot.lines} == {0, 1}


def test_without_runs_it_says_what_to_do(qtbot, session):
    widget = CompareTab(session)
    qtbot.addWidget(widget)
    widget.show()
    assert widget.stage.state == "empty"


def test_letters_go_on_after_the_alphabet():
    assert [_letter(index) for index in (0, 25, 26, 27)] == ["A", "Z", "AA", "AB"]
