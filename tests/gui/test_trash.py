"""Emptying the trash from the menu: what is asked, what is deleted, and what is not."""

import errno

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from engine import runs, storage
from engine.experiment import Experiment
from gui.trash import TrashEmptier


@pytest.fixture
def emptier(qtbot, session):
    """An emptier over two runs in the trash and one in the list."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    session.kept = window
    made = [runs.create(session.runs_dir, Experiment(), "x") for _ in range(3)]
    places = [runs.trash(run.folder) for run in made[:2]]
    return TrashEmptier(session, window), places, made[2].folder


def asked(qtbot, emptier):
    emptier.ask()
    qtbot.waitUntil(lambda: emptier.box is not None, timeout=10_000)
    return emptier.box


def press(qtbot, box, text):
    button = next(button for button in box.buttons() if button.text().replace("&", "") == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def texts(session):
    return [message.text for message in session.messages if message.key == "trash"]


def test_the_question_says_how_many_and_how_much_and_only_then_they_go(qtbot, session, emptier):
    emptier, places, listed = emptier
    box = asked(qtbot, emptier)
    assert box.text().startswith("Delete 2 runs, ") and "KB, for good?" in box.text()
    assert str(places[0].parent) in box.informativeText() and all(place.is_dir() for place in places)
    press(qtbot, box, "Empty trash")
    qtbot.waitUntil(lambda: bool(texts(session)), timeout=10_000)
    assert texts(session)[0].startswith("The trash was emptied: ")
    assert not any(place.exists() for place in places) and listed.is_dir()


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_return_and_escape_delete_nothing(qtbot, session, emptier, key):
    emptier, places, _ = emptier
    box = asked(qtbot, emptier)
    assert box.standardButton(box.defaultButton()) == QMessageBox.StandardButton.Cancel
    qtbot.keyClick(box.defaultButton() if key == Qt.Key.Key_Return else box, key)
    qtbot.waitUntil(lambda: emptier.box is None)
    assert all(place.is_dir() for place in places) and texts(session) == []


def test_an_empty_trash_says_so_and_asks_nothing(qtbot, session):
    window = QWidget()
    qtbot.addWidget(window)
    emptier = TrashEmptier(session, window)
    emptier.ask()
    qtbot.waitUntil(lambda: bool(texts(session)), timeout=10_000)
    assert texts(session)[0].startswith("The trash beside the runs is empty.") and emptier.box is None


def test_what_cannot_be_deleted_is_named_with_what_to_do(qtbot, session, emptier, monkeypatch):
    emptier, places, _ = emptier
    remove = storage.remove_folder

    def refuse(folder):
        if folder == places[0]:
            raise PermissionError(errno.EACCES, "Permission denied")
        remove(folder)

    monkeypatch.setattr(storage, "remove_folder", refuse)
    press(qtbot, asked(qtbot, emptier), "Empty trash")
    qtbot.waitUntil(lambda: bool(texts(session)), timeout=10_000)
    assert texts(session)[0].startswith(f"1 of 2 runs were deleted. {places[0].name} could not be (")
    assert places[0].is_dir() and not places[1].exists()
