"""Drawn images: what the controls say is what is drawn, beside its neighbours, and the best ten."""

import numpy as np
import pytest
import torch

from engine import explore
from engine.answers import Progress
from engine.generated import Recipe
from gui.tabs.generation import GenerationTab
from tests.gui.tabs.conftest import network


@pytest.fixture
def session(looking):
    return looking()


@pytest.fixture
def tab(session, qtbot):
    tab = GenerationTab(session)
    qtbot.addWidget(tab)
    tab.resize(900, 600)
    tab.show()
    settled(qtbot, tab)
    return tab


def settled(qtbot, tab):
    qtbot.waitUntil(lambda: tab.answer is not None and not any(
        tab.questions.waits(key) for key in ("contents", "images", "neighbours")), timeout=20_000)


def expected(session, recipe, question=explore.generate, *more):
    *_, answer = question(*network(session), recipe, *more)
    assert not isinstance(answer, Progress)
    return answer


def shown(tab):
    """What the tiles show, (n, H, W)."""
    columns = dict(tab.tiles.numbers())
    return columns["value"].reshape([columns[name].max() + 1 for name in ("image", "row", "column")])


def test_the_recipe_of_the_controls_is_drawn(session, tab, qtbot):
    assert tab.answer.recipe == Recipe(image=("test", 0))
    np.testing.assert_array_equal(shown(tab), expected(session, Recipe()).pictures)
    tab.controls.kind.setCurrentIndex(tab.controls.kind.findData("diagonal"))
    tab.controls.count.setCurrentIndex(0)
    tab.controls.splits["training"].click()
    tab.controls.warmth.setValue(50)
    settled(qtbot, tab)
    recipe = Recipe(("training", "validation", "test"), "diagonal", 0.5, 16)
    assert tab.answer.recipe == recipe and tab.controls.warmth_text.text() == "0.50"
    np.testing.assert_array_equal(shown(tab), expected(session, recipe).pictures)


def test_a_new_draw_has_another_seed_and_the_old_one_comes_back(session, tab, qtbot):
    first = shown(tab)
    tab.controls.again.click()
    settled(qtbot, tab)
    assert tab.controls.seed.value() != 0 and (shown(tab) != first).any()
    tab.controls.seed.setValue(0)
    settled(qtbot, tab)
    np.testing.assert_array_equal(shown(tab), first)


def test_each_image_stands_beside_its_nearest_training_image(session, tab, qtbot):
    tab.controls.count.setCurrentIndex(0)
    settled(qtbot, tab)
    tab.nearest.click()
    settled(qtbot, tab)
    pictures = shown(tab)
    np.testing.assert_array_equal(pictures[::2], tab.answer.pictures)
    images = network(session)[1].training.images[tab.neighbours.indices, 0].numpy()
    np.testing.assert_array_equal(pictures[1::2], images)
    tab.tiles.hovered.emit(3)
    assert "nearest training image" in tab.reading.text() and "log density" in tab.reading.text()
    tab.nearest.click()
    np.testing.assert_array_equal(shown(tab), tab.answer.pictures)


def test_the_ten_best_are_shown_in_their_order(session, tab, qtbot):
    tab.best.click()
    settled(qtbot, tab)
    answer = expected(session, Recipe(), explore.ten_best)
    np.testing.assert_array_equal(shown(tab), answer.pictures)
    assert "10 of 500" in tab.status.text()
    tab.tiles.hovered.emit(0)
    assert "round trip" in tab.reading.text()


def test_the_timeline_is_followed(session, tab, qtbot):
    newest = shown(tab)
    session.shown.show_step(0)
    settled(qtbot, tab)
    qtbot.waitUntil(lambda: (shown(tab) != newest).any(), timeout=20_000)


def test_what_cannot_be_drawn_is_said_and_the_tab_goes_on(session, tab, qtbot):
    for name in ("validation", "test"):
        tab.controls.splits[name].click()
    qtbot.waitUntil(lambda: tab.stage.state == "failed", timeout=20_000)
    assert "at least one split" in tab.stage._failure.text()
    tab.controls.splits["test"].click()
    settled(qtbot, tab)
    assert len(shown(tab)) == 64


def test_drawing_leaves_torchs_generator_alone(session, tab, qtbot):
    before = torch.get_rng_state()
    tab.controls.again.click()
    settled(qtbot, tab)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_chosen_image_is_shown_large_with_its_nearest_training_image(session, tab, qtbot):
    assert tab.detail.isHidden()
    tab.tiles.select(5)
    qtbot.waitUntil(lambda: not tab.questions.waits("one"), timeout=20_000)
    nearest = expected(session, tab.answer.codes[5:6], explore.neighbours, ("test", 0))
    assert tab.detail.isVisible() and "6" in tab.detail.drawn.caption
    assert str(nearest.indices[0]) in tab.detail.nearest.caption
    tab.controls.count.setCurrentIndex(0)
    settled(qtbot, tab)
    tab.tiles.select(-1)
    assert tab.detail.isHidden()


def test_the_window_says_what_best_means_and_around_which_image(session, tab, qtbot):
    tab.best.click()
    settled(qtbot, tab)
    assert "two ranks" in tab.hint.text()
    tab.best.click()
    session.shown.choose_image("test", 4)
    tab.controls.kind.setCurrentIndex(tab.controls.kind.findData("around"))
    settled(qtbot, tab)
    assert tab.answer.recipe.image == ("test", 4) and "test image 4" in tab.hint.text()
