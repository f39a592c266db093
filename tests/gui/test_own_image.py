"""Own images in the window: drawn, pasted, opened and dropped, shown before use, the same in every tab, kept."""

import io

import numpy as np
import pytest
import shiboken6
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest

from engine import data, ownimage, runs
from gui.own_image import OwnImagePage, picture_paths
from gui.own_images import FOLDER
from gui.tabs.interpolation import InterpolationTab
from gui.tabs.latent import LatentTab
from gui.tabs.layers import LayersTab
from gui.tabs.reconstruction import ReconstructionTab
from gui.widgets.drawpad import to_image
from tests.gui.conftest import tiny
from tests.gui.tabs.conftest import LINEAR, looking, opened, recorded  # noqa: F401
from tests.gui.widgets.test_drawpad import stroke


def paper(ink=0, ground=255):
    pixels = np.full((30, 30), ground, np.uint8)
    pixels[5:25, 12:18] = ink
    return pixels


@pytest.fixture
def session(looking):  # noqa: F811
    return looking()


@pytest.fixture
def page(session, qtbot):
    """The page on its session, with the shown run's data set known; deletes itself when it is closed."""
    page = OwnImagePage(session)
    page.show()
    qtbot.waitUntil(lambda: page.questions.contents is not None, timeout=20_000)
    yield page
    if shiboken6.isValid(page):
        page.deleteLater()


def previewed(page):
    columns = dict(page.preview.numbers())
    return columns["value"].reshape(columns["row"].max() + 1, -1)


def fitted(pixels, inversion="automatic"):
    return ownimage.fitted(ownimage.OwnImage("", pixels, inversion), (1, 8, 8), True)[0]


def test_what_is_drawn_is_previewed_used_and_chosen_everywhere(session, page, qtbot):
    assert not page.use.isEnabled() and "Draw something" in page.use.toolTip()
    stroke(page.pad, (0.3, 0.3), (0.7, 0.7))
    np.testing.assert_array_equal(previewed(page), fitted(page.pad.picture()))
    assert previewed(page).max() > 100 and "8×8" in page.preview.caption and "inverted" not in page.preview.caption
    drawn = page.pad.picture()
    page.use.click()
    assert [image.name for image in session.own.images] == ["Own image 1"]
    np.testing.assert_array_equal(session.own.images[0].pixels, drawn)
    assert (session.shown.split, session.shown.image) == ("own", 0) and not page.isVisible()


def test_what_the_network_gets_is_what_was_previewed(session, page, qtbot):
    page.pad.set_picture(paper())
    assert "inverted" in page.preview.caption
    seen = previewed(page)
    page.use.click()
    tab = LayersTab(session)
    qtbot.addWidget(tab)
    tab.show()
    qtbot.waitUntil(lambda: tab.pictures is not None, timeout=20_000)
    np.testing.assert_array_equal(tab.answer.image, seen)
    assert tab.image.caption == "Original · Own image 1"


def test_whether_it_is_inverted_can_be_said(session, page):
    page.pad.set_picture(paper())
    page.inversion.setCurrentIndex(page.inversion.findData("never"))
    np.testing.assert_array_equal(previewed(page), fitted(paper(), "never"))
    assert "inverted" not in page.preview.caption
    page.use.click()
    assert session.own.images[0].inversion == "never"


@pytest.mark.parametrize("kind", [ReconstructionTab, LayersTab, LatentTab, InterpolationTab])
def test_every_tab_takes_an_own_image(session, opened, qtbot, kind):  # noqa: F811
    tab = opened(kind, session)
    index = session.own.add("Mine", paper())
    if kind is InterpolationTab:
        session.shown.choose_pair(("own", index), ("test", 3))
    picker = tab.left.picker if kind is InterpolationTab else tab.picker
    qtbot.waitUntil(lambda: tab.questions.contents is not None and "own" in tab.questions.contents.sizes
                    and not tab.questions.busy and not tab.questions._open, timeout=20_000)
    assert tab.stage.state == "ready" and (picker.split, picker.index) == ("own", 0)
    if kind is InterpolationTab:
        assert tab.left.picture.caption.endswith("Mine") and not tab.right.picture.caption.endswith("Mine")
    elif kind is LatentTab:
        assert tab.image.caption == "Original · Mine"
    elif kind is ReconstructionTab:
        assert len(tab.page.images) == 1 and tab.status.text() == "1 image by index"
        np.testing.assert_array_equal(tab.page.images[0], fitted(paper()))


def test_an_own_image_brought_for_an_end_of_the_way_goes_there(session, opened, qtbot):  # noqa: F811
    tab = opened(InterpolationTab, session)
    session.own.add("Before", paper())
    left, _ = session.shown.pair
    tab.right.picker._own.click()
    session.own.add("Mine", paper())
    assert session.shown.pair == (left, ("own", 1))
    session.own.add("Another", paper())
    assert session.shown.pair == (left, ("own", 1)), "only the one that was wanted"
    tab.left.picker._own.click()
    session.own.add("Third", paper())
    assert session.shown.pair == (("own", 3), ("own", 1))
    qtbot.waitUntil(lambda: tab.left.picker.split == "own" and not tab.questions._open, timeout=20_000)


def test_the_picker_offers_own_images_while_there_are_some_and_brings_new_ones(session, opened, qtbot):  # noqa: F811
    tab = opened(LayersTab, session)
    wanted = []
    session.dialog_wanted.connect(wanted.append)
    assert tab.picker._split.findData("own") < 0
    tab.picker._own.click()
    assert wanted == ["own image"]
    session.own.add("Mine", paper())
    assert tab.picker.split == "own"
    session.own.remove(0)
    qtbot.waitUntil(lambda: tab.picker._split.findData("own") < 0, timeout=20_000)
    assert (session.shown.split, session.shown.image) == ("test", 0)
    assert (tab.picker.split, tab.picker.index) == ("test", 0)


def test_removing_one_keeps_the_others_chosen_and_can_be_undone(session, tmp_path, qtbot):
    session.own.use_folder(tmp_path / "own")
    for name in ("a", "b", "c"):
        session.own.add(name, paper())
    session.shown.choose_pair(("own", 0), ("own", 2))
    assert (session.shown.split, session.shown.image) == ("own", 2)
    session.own.remove(0)
    assert [image.name for image in session.own.images] == ["b", "c"]
    assert (session.shown.split, session.shown.image) == ("own", 1) and session.shown.pair == (("test", 0), ("own", 1))
    assert [image.name for image in ownimage.kept(tmp_path / "own")] == ["b", "c"]
    session.messages[-1].actions[0].run()
    assert [image.name for image in session.own.images] == ["b", "c", "a"]
    assert len(ownimage.kept(tmp_path / "own")) == 3


def test_they_are_there_after_a_restart_and_for_another_data_set(make_session, recorded, qtbot, tmp_path):  # noqa: F811
    ownimage.keep(tmp_path / "own", ownimage.OwnImage("Mine", paper()))
    session = make_session()
    session.own.use_folder(tmp_path / "own")
    qtbot.waitUntil(lambda: bool(session.own.images), timeout=20_000)
    assert session.own.images[0].name == "Mine"
    session.shown.choose_image("own", 0)
    session.shown.show_run(runs.adopt(recorded(tiny(**LINEAR)), session.runs_dir))
    assert (session.shown.split, session.shown.image) == ("own", 0), "it is there for every data set"


def test_the_training_never_gets_them(session, opened, qtbot):  # noqa: F811
    tab = opened(LayersTab, session)
    session.own.add("Mine", paper())
    qtbot.waitUntil(lambda: bool(tab.questions.contents and "own" in tab.questions.contents.sizes), timeout=20_000)
    shared = data.load(session.shown.experiment.data, session.data_dir)
    assert shared.own is None and len(shared.split("own")) == 0


def test_without_a_run_the_form_says_what_the_network_will_see(make_session, qtbot):
    session = make_session(tiny(data__image_size=16), load=False)
    page = OwnImagePage(session)
    page.show()
    stroke(page.pad, (0.5, 0.5))
    assert previewed(page).shape == (16, 16)
    page.use.click()
    assert len(session.own.images) == 1
    page.deleteLater()


def clipboard(**contents):
    content = QMimeData()
    if "image" in contents:
        content.setImageData(to_image(contents["image"]))
    if "path" in contents:
        content.setUrls([QUrl.fromLocalFile(str(contents["path"]))])
    if "text" in contents:
        content.setText(contents["text"])
    QGuiApplication.clipboard().setMimeData(content)


def test_the_clipboard_is_pasted_by_key(session, page, qtbot):
    clipboard(image=paper())
    page.activateWindow()
    page.pad.setFocus()
    qtbot.waitUntil(page.isActiveWindow)
    QTest.keySequence(page, QKeySequence("Ctrl+V"))
    np.testing.assert_array_equal(page.pad.picture(), paper())
    clipboard(text="no picture")
    page.paste.click()
    assert page.trouble.text() == ("There is no picture on the clipboard. Copy one first. The pad stays as it is.")
    np.testing.assert_array_equal(page.pad.picture(), paper())
    clipboard(image=np.dstack([paper()] * 3))
    page.paste.click()
    assert not page.trouble.isVisible() and page.pad.picture().ndim == 2


def test_a_dropped_file_is_read_and_named_after_it(session, page, qtbot, tmp_path):
    path = tmp_path / "My Seven.PNG"
    Image.fromarray(paper()).save(path)
    page.dropEvent(drop_of(path))
    qtbot.waitUntil(lambda: page.name.text() == "My Seven")
    np.testing.assert_array_equal(page.pad.picture(), paper())
    page.use.click()
    assert session.own.images[0].name == "My Seven"


def test_what_is_no_picture_says_so_and_the_pad_stays(session, page, qtbot, tmp_path):
    stroke(page.pad, (0.5, 0.5))
    before = page.pad.picture()
    path = tmp_path / "bad.png"
    path.write_bytes(b"not a picture")
    page.dropEvent(drop_of(path))
    qtbot.waitUntil(lambda: page.trouble.isVisible())
    assert page.trouble.text() == "bad.png is no image. The pad stays as it is."
    np.testing.assert_array_equal(page.pad.picture(), before)
    huge = io.BytesIO()
    Image.new("1", (9000, 9000)).save(huge, "PNG")
    path.write_bytes(huge.getvalue())
    page._open_file(str(path))
    qtbot.waitUntil(lambda: "megapixels" in page.trouble.text(), timeout=20_000)
    assert page.trouble.text() == "bad.png is too large (81 megapixels; limit 64). The pad stays as it is."


@pytest.mark.parametrize("name", ["notes.txt", "folder", "gone.toml"])
def test_a_dropped_file_that_cannot_be_a_picture_is_named(session, page, tmp_path, name):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    stroke(page.pad, (0.5, 0.5))
    before = page.pad.picture()
    page.dropEvent(drop_of(tmp_path / name))
    assert page.trouble.isVisible() and page.trouble.text() == f"{name} is no image. The pad stays as it is."
    np.testing.assert_array_equal(page.pad.picture(), before)


def test_a_picture_too_large_on_the_clipboard_is_refused(session, page):
    page._own.take(np.zeros((1, 20_000), np.uint8), "Clipboard")
    assert "Clipboard is too large (20,000×1 pixels" in page.trouble.text()


def test_where_nothing_can_be_kept_it_is_there_until_the_window_closes(session, tmp_path):
    (tmp_path / "file").write_text("in the way")
    session.own.use_folder(tmp_path / "file")
    session.own.add("Mine", paper())
    assert len(session.own.images) == 1 and "until the window closes" in session.messages[-1].text


def test_the_list_shows_what_there_is_and_a_double_click_chooses(session, page, qtbot):
    assert not page.kept.isVisible()
    for name in ("a", "b"):
        session.own.add(name, paper())
    assert [page.kept.list.item(row).text() for row in range(2)] == ["a", "b"] and page.kept.isVisible()
    assert not page.kept.remove.isEnabled()
    page.kept.list.setCurrentRow(0)
    page.kept.remove.click()
    assert [image.name for image in session.own.images] == ["b"]
    session.shown.choose_image("test", 4)
    page.kept.list.itemDoubleClicked.emit(page.kept.list.item(0))
    assert (session.shown.split, session.shown.image) == ("own", 0) and not page.isVisible()


def drop_of(path):
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path))])
    drop_of.kept = content  # Qt keeps no reference
    return QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, content, Qt.MouseButton.LeftButton,
                      Qt.KeyboardModifier.NoModifier)


def test_only_files_that_may_be_pictures_are_taken():
    content = QMimeData()
    content.setUrls([QUrl("https://example.org/a.png"), *map(QUrl.fromLocalFile, ("/tmp/a.toml", "/b.JPG"))])
    assert [path.name for path in picture_paths(content)] == ["b.JPG"]
    assert picture_paths(None) == []


def test_the_window_takes_drops_and_pastes(make_session, qtbot, tmp_path):
    from gui.window import Window

    session = make_session()
    window = Window(session, tmp_path / "config")
    window.show()
    path = tmp_path / "photo.png"
    Image.fromarray(paper()).save(path)
    window.dropEvent(drop_of(path))
    page = window.findChild(OwnImagePage)
    qtbot.waitUntil(lambda: page.name.text() == "photo", timeout=20_000)
    clipboard(image=paper(255, 0))
    next(action for action in window.menuBar().actions()[1].menu().actions() if "Paste" in action.text()).trigger()
    np.testing.assert_array_equal(page.pad.picture(), paper(255, 0))
    page.use.click()
    assert (tmp_path / "config" / FOLDER / "0001.png").is_file()
    window.hide()
    window.deleteLater()
