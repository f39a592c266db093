"""The page of a person's own images: a look, the import with its report, and what it puts into the form."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication

from engine.experiment import Experiment
from gui.imports.dialog import ImportPage
from gui.panels.experiment import ExperimentPanel


@pytest.fixture
def folder(tmp_path):
    """Twelve small photographs in two folders, and a text that pretends to be one."""
    generator = np.random.default_rng(0)
    for number in range(12):
        place = tmp_path / "photos" / ("cats" if number % 2 else "dogs")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 255, (30, 40, 3), np.uint8)).save(place / f"{number:02}.png")
    (tmp_path / "photos" / "cats" / "broken.jpg").write_text("no image")
    return tmp_path / "photos"


@pytest.fixture
def page(session, qtbot):
    page = ImportPage(session)
    page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(page)
    page.show()
    return page


def looked_at(qtbot, page, folder):
    page.form.folder.use(folder)
    qtbot.waitUntil(page.go.isEnabled, timeout=10_000)


def imported(qtbot, page):
    page.go.click()
    qtbot.waitUntil(lambda: page.imported is not None, timeout=20_000)


def test_nothing_can_be_imported_before_a_folder_with_images_is_chosen(qtbot, page, tmp_path):
    assert not page.go.isEnabled() and "Choose the folder" in page.said.text()
    (tmp_path / "empty").mkdir()
    page.form.folder.use(tmp_path / "empty")
    qtbot.waitUntil(lambda: "No images found" in page.said.text(), timeout=10_000)
    assert not page.go.isEnabled() and "No images found" in page.go.toolTip()


def test_the_preview_shows_images_as_they_would_be_used_and_says_the_memory(qtbot, page, folder):
    page.form.recursive.setChecked(True)
    looked_at(qtbot, page, folder)
    assert page.said.text().startswith("13 images") and page.go.isEnabled()
    assert dict(page.preview.numbers())["row"].max() == 95
    page.form.side.setValue(32)
    qtbot.waitUntil(lambda: dict(page.preview.numbers())["row"].max() == 31, timeout=10_000)


def test_an_import_ends_with_its_report_and_use_puts_it_into_the_form(qtbot, session, page, folder):
    page.form.classes.setCurrentIndex(1)
    page.form.side.setValue(16)
    page.form.validation.setValue(20)
    looked_at(qtbot, page, folder)
    before = session.draft.experiment
    imported(qtbot, page)
    assert "12 images, 1 skipped" in page.said.text() and "cats/broken.jpg" in page.skipped.toPlainText()
    page.copy.click()
    assert "broken.jpg" in QGuiApplication.clipboard().text()
    assert session.draft.experiment == before, "nothing changes before it is used"
    page.use.click()
    data = session.draft.experiment.data
    assert (data.dataset, data.folder, data.classes, data.class_count) == ("folder", str(folder), "folders", 2)
    assert (data.image_size, data.validation_share, data.test_share) == (16, 0.2, 0.075)
    session.draft.undo()
    assert session.draft.experiment == before


def test_an_import_can_be_cancelled_and_leaves_nothing(qtbot, session, page, folder):
    from engine.datasets import folder as folders

    page.form.recursive.setChecked(True)
    looked_at(qtbot, page, folder)
    page.go.click()
    page.cancel.click()
    qtbot.waitUntil(lambda: not session.importer.at_work, timeout=10_000)
    assert page.imported is None and not folders.is_imported(page._glance.spec)
    assert "Cancelled" in page.said.text() and page.go.isEnabled()


def test_the_form_says_which_folder_is_used_and_leads_to_another(qtbot, session):
    panel = ExperimentPanel(session)
    qtbot.addWidget(panel)
    wanted = []
    session.dialog_wanted.connect(wanted.append)
    session.draft.set("data.dataset", "folder")
    assert panel.data_status.text() == "No folder is chosen." and not panel.data_status.isHidden()
    panel.download.click()
    session.draft.set("data.folder", "/somewhere/holiday")
    assert panel.data_status.text() == "holiday" and wanted == ["image folder"]
    session.draft.replace(Experiment())
    assert panel.data_status.isHidden()


def drop(window, path):
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, content, Qt.MouseButton.LeftButton,
                                Qt.KeyboardModifier.NoModifier))


def test_a_dropped_folder_is_offered_and_an_archive_refused(session, tmp_path, folder):
    from gui import dialogs

    wanted, told = [], []
    session.dialog_wanted.connect(wanted.append)
    session.message.connect(told.append)
    dialogs.open_path(session, folder)
    assert wanted == [f"image folder: {folder}"]
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    dialogs.open_path(session, tmp_path / "a.zip")
    assert "only folders are imported" in told[-1].text and len(wanted) == 1
