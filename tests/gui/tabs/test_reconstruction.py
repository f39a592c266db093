"""The gallery: which images in which order, what it shows of them, and what it leaves to others."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QComboBox, QMenu

from engine import explore, runs
from gui.tabs.reconstruction import ReconstructionTab
from tests.gui.tabs.conftest import answered, network, reconstructed


@pytest.fixture
def session(looking):
    return looking()


@pytest.fixture
def tab(session, opened):
    return opened(ReconstructionTab, session)


def choose(box, text):
    """What a person does in a combination box."""
    box.setCurrentIndex(box.findText(text))
    box.activated.emit(box.currentIndex())


def boxes(tab):
    """Split, class, page size."""
    return [*tab.picker.findChildren(QComboBox), *tab.pages.findChildren(QComboBox)]


def shown(tab):
    """Indices of the images on the page, as the gallery's captions say."""
    return [int(caption.split()[0]) for caption in tab.gallery.numbers()[1][1]]


def test_a_page_shows_the_first_test_images_with_errors_and_mse(session, tab):
    inputs, outputs = reconstructed(session)
    mse = ((outputs - inputs)**2).mean(axis=(1, 2))
    assert tab.stage.state == "ready" and shown(tab) == list(range(50))
    np.testing.assert_array_equal(tab.page.images, (inputs[:50] * 255).round())
    np.testing.assert_allclose(tab.page.outputs, outputs[:50] * 255, atol=0.6)
    np.testing.assert_allclose(tab.page.errors, np.abs(outputs - inputs)[:50], atol=1e-5)
    assert float(tab.mean.text().partition(" · ")[0].split()[-1]) == pytest.approx(mse[:50].mean(), rel=1e-3)
    captions = tab.gallery.numbers()[1][1]
    names = tab.questions.contents
    for index in (0, 7, 49):
        number, label, error = captions[index].split()
        assert (int(number), label) == (index, names.class_of("test", index))
        assert float(error) == pytest.approx(mse[index], rel=1e-2)


def test_the_page_follows_the_timeline(session, tab, qtbot):
    trained, _ = tab.page, reconstructed(session)
    session.shown.show_step(0)
    answered(qtbot, tab)
    np.testing.assert_allclose(tab.page.outputs, reconstructed(session)[1][:50] * 255, atol=0.6)
    assert not np.array_equal(tab.page.outputs, trained.outputs)
    np.testing.assert_array_equal(tab.page.images, trained.images)


def test_a_hidden_tab_asks_nothing_until_it_is_shown(session, tab, qtbot, monkeypatch):
    tab.hide()
    asked = []
    ask = session.shown.ask
    monkeypatch.setattr(session.shown, "ask", lambda *arguments: asked.append(arguments) or ask(*arguments))
    before = tab.page
    session.shown.show_step(0)
    assert asked == [] and tab.page is before
    tab.show()
    answered(qtbot, tab)
    assert [key for key, *_ in asked] == ["reconstruction.page"]
    assert not np.array_equal(tab.page.outputs, before.outputs)


def test_shown_again_without_a_change_it_asks_nothing(session, tab, monkeypatch):
    asked = []
    monkeypatch.setattr(session.shown, "ask", lambda *arguments: asked.append(arguments) or 0)
    tab.hide()
    tab.show()
    assert asked == []


def test_pages_go_through_the_whole_split(session, tab, qtbot):
    size = boxes(tab)[2]
    choose(size, "500 a page")
    answered(qtbot, tab)
    assert shown(tab) == list(range(500))
    seen = []
    following = next(b for b in tab.pages.findChildren(type(tab.worst)) if b.accessibleName() == "Next page")
    while True:
        seen += shown(tab)
        if not following.isEnabled():
            break
        qtbot.mouseClick(following, Qt.MouseButton.LeftButton)
        answered(qtbot, tab)
    total = len(network(session)[1].test)
    assert seen == list(range(total)) and total % 500 == 0
    choose(size, "20 a page")
    answered(qtbot, tab)
    assert shown(tab)[0] == total - 500, "another size keeps the first image in sight"


def test_a_class_filter_shows_only_its_images(session, tab, qtbot):
    labels = network(session)[1].test.labels.numpy()
    name = tab.questions.contents.class_names[3]
    choose(boxes(tab)[1], name)
    answered(qtbot, tab)
    assert shown(tab) == np.flatnonzero(labels == 3)[:50].tolist()


def test_another_split_shows_its_images_and_leaves_the_chosen_image_alone(session, tab, qtbot):
    choose(boxes(tab)[0], "Training")
    answered(qtbot, tab)
    np.testing.assert_array_equal(tab.page.images, network(session)[1].training.images[:50, 0].numpy())
    assert (session.shown.split, session.shown.image) == ("test", 0)


def test_worst_first_orders_the_whole_split_and_keeps_the_order_on_the_timeline(session, tab, qtbot):
    inputs, outputs = reconstructed(session)
    worst = np.argsort(-((outputs - inputs)**2).mean(axis=(1, 2)), kind="stable")
    tab.worst.click()
    answered(qtbot, tab)
    assert shown(tab) == worst[:50].tolist()
    assert "epoch 2" in tab.status.text() and tab.again.isHidden() and tab.cancel.isHidden()
    session.shown.show_step(0)
    answered(qtbot, tab)
    assert shown(tab) == worst[:50].tolist() and "epoch 2" in tab.status.text() and not tab.again.isHidden()
    tab.again.click()
    answered(qtbot, tab)
    inputs, outputs = reconstructed(session)
    untrained = np.argsort(-((outputs - inputs)**2).mean(axis=(1, 2)), kind="stable")
    assert shown(tab) == untrained[:50].tolist() and "epoch 0" in tab.status.text()
    tab.worst.click()
    answered(qtbot, tab)
    assert shown(tab) == list(range(50))


def test_worst_first_within_a_class(session, tab, qtbot):
    tab.worst.click()
    choose(boxes(tab)[1], tab.questions.contents.class_names[3])
    answered(qtbot, tab)
    labels = network(session)[1].test.labels.numpy()
    mse = tab.page.mse
    assert (labels[tab.page.indices] == 3).all() and (np.diff(mse) <= 0).all() and len(mse) == 50


def test_sorting_can_be_cancelled(session, tab, qtbot, monkeypatch):
    """A sort that never ends by itself: the page stays, Cancel ends it."""

    def endless(model, data, split):
        while True:
            yield explore.Progress(100, 2000)

    monkeypatch.setattr(explore, "worst_first", endless)
    tab.worst.click()
    assert not tab.cancel.isHidden()
    qtbot.waitUntil(lambda: tab.status.text() == "Sorting, 100 of 2,000 images", timeout=5000)
    qtbot.waitUntil(lambda: tab.stage.busy, timeout=5000)
    tab.cancel.click()
    assert not tab.worst.isChecked() and tab.cancel.isHidden() and not tab.stage.busy
    assert tab.status.text().endswith("images by index") and shown(tab) == list(range(50))


def test_a_click_chooses_the_image_for_all_tabs(session, tab, qtbot):
    cell = tab.gallery.cell_rect(3).center()
    qtbot.mouseClick(tab.gallery.viewport(), Qt.MouseButton.LeftButton, pos=cell)
    assert (session.shown.split, session.shown.image) == ("test", 3) and tab.picker.index == 3
    session.shown.choose_image("test", 5)
    assert tab.gallery.selected == 5
    session.shown.choose_image("training", 5)
    assert tab.gallery.selected == -1


def test_a_typed_index_turns_to_its_page(session, tab, qtbot):
    tab.picker.chosen.emit("test", 486)
    answered(qtbot, tab)
    assert shown(tab) == list(range(450, 500)) and tab.gallery.selected == 36
    assert (session.shown.split, session.shown.image) == ("test", 486)


def test_the_menu_of_an_image_uses_it_for_the_interpolation(session, tab):
    menu = QMenu(tab)
    menu.addAction("Copy")
    tab._extend_menu(menu, tab.gallery.cell_rect(4).center())
    left, right, *_, copy = menu.actions()
    assert copy.text() == "Copy"
    left.trigger()
    assert session.shown.pair == (("test", 4), ("test", 1))
    right.trigger()
    assert session.shown.pair == (("test", 4), ("test", 4))
    beside = QMenu(tab)
    beside.addAction("Copy")
    tab._extend_menu(beside, QPoint(-5, -5))
    assert len(beside.actions()) == 1


def test_a_damaged_snapshot_says_so_and_the_page_stays(session, tab, qtbot):
    before = tab.page
    path = session.shown.snapshots[0].path
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    session.shown.show_step(0)
    qtbot.waitUntil(lambda: tab.stage.state == "failed", timeout=5000)
    assert tab.page is before and tab.gallery.isVisible()
    path.write_bytes(content)
    tab.stage.retry.emit()
    qtbot.waitUntil(lambda: tab.stage.state == "ready", timeout=5000)
    assert tab.page is not before


def test_without_a_run_it_says_what_to_do(make_session, qtbot):
    session = make_session()
    tab = ReconstructionTab(session)
    qtbot.addWidget(tab)
    tab.show()
    assert tab.stage.state == "empty"
    assert "Press Train" in " ".join(label.text() for label in tab.stage.findChildren(type(tab.status)))


def test_another_run_of_other_images_starts_anew(session, tab, qtbot):
    tab.worst.click()
    answered(qtbot, tab)
    session.draft.set("data.image_size", 12)
    with qtbot.waitSignal(session.training.finished, timeout=60_000):
        session.start()
    answered(qtbot, tab)
    assert tab.page.images.shape == (50, 12, 12) and not tab.worst.isChecked() and shown(tab) == list(range(50))
    first = runs.open_run(sorted(session.runs_dir.iterdir())[0].name, session.runs_dir)
    session.shown.show_run(first)
    answered(qtbot, tab)
    assert tab.page.images.shape == (50, 8, 8)
