"""One image by split, class and index."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox

from engine.answers import Contents
from gui.widgets.image_picker import ImagePicker, IndexField

LABELS = {"test": np.array([0, 1, 2, 1, 0, 1]), "validation": np.array([2, 2, 0]), "training": None}
CONTENTS = Contents({"test": 6, "validation": 3, "training": 40}, LABELS, ("ring", "bar", "dot"), (4,))


@pytest.fixture
def picker(qtbot):
    widget = ImagePicker(rng=np.random.default_rng(0))
    qtbot.addWidget(widget)
    widget.set_contents(CONTENTS)
    widget.told = []
    widget.chosen.connect(lambda split, index: widget.told.append((split, index)))
    widget.filtered.connect(lambda: widget.told.append("filtered"))
    widget.split_box, widget.class_box = widget.findChildren(QComboBox)
    widget.field = widget.findChild(IndexField)
    widget.resize(600, 40)
    widget.show()
    return widget


def choose(box, text):
    """What a person does in a combination box."""
    box.setCurrentIndex(box.findText(text))
    box.activated.emit(box.currentIndex())


def test_the_index_counts_from_0_to_the_last_image(picker, qtbot):
    qtbot.keyClick(picker.field, Qt.Key.Key_Up)
    assert picker.told == [("test", 1)]
    picker.field.setValue(77)
    assert picker.told[-1] == ("test", 5)
    qtbot.keyClick(picker.field, Qt.Key.Key_Up)
    assert picker.index == 5


def test_with_a_class_the_arrows_step_through_its_images(picker, qtbot):
    choose(picker.class_box, "bar")
    assert picker.told == ["filtered"] and picker.index == 1 and picker.indices.tolist() == [1, 3, 5]
    for key, expected in ((Qt.Key.Key_Up, 3), (Qt.Key.Key_Up, 5), (Qt.Key.Key_Down, 3), (Qt.Key.Key_Down, 1),
                          (Qt.Key.Key_Down, 1)):
        qtbot.keyClick(picker.field, key)
        assert picker.index == expected


def test_an_index_of_another_class_drops_the_filter(picker):
    choose(picker.class_box, "bar")
    picker.field.setValue(4)
    assert picker.label is None and picker.told == ["filtered", "filtered", ("test", 4)]


def test_a_choice_made_elsewhere_is_shown_without_a_signal(picker):
    choose(picker.class_box, "bar")
    picker.told.clear()
    picker.set_image("validation", 2)
    assert (picker.split, picker.index, picker.label) == ("validation", 2, None) and picker.told == []


def test_another_split_keeps_the_class_and_goes_to_its_next_image(picker):
    choose(picker.class_box, "dot")
    choose(picker.split_box, "Validation")
    assert (picker.split, picker.label, picker.index) == ("validation", 2, 1)  # from image 2 of the test split
    choose(picker.class_box, "bar")  # there is none
    assert (picker.label, len(picker.indices), picker.index) == (1, 0, 1)
    picker.draw()
    picker.field.stepBy(1)
    assert picker.index == 1


def test_a_split_without_labels_has_no_class_to_choose(picker):
    choose(picker.class_box, "dot")
    choose(picker.split_box, "Training")
    assert picker.label is None and picker.class_box.isHidden() and len(picker.indices) == 40


def test_random_stays_in_the_class(picker):
    choose(picker.class_box, "bar")
    drawn = set()
    for _ in range(40):
        picker.draw()
        drawn.add(picker.index)
    assert drawn == {1, 3, 5}


def test_the_wheel_changes_only_a_field_with_the_focus(picker):
    picker.setFocus()

    def wheel(widget):
        event = QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(0, 120), QPoint(0, 120), Qt.MouseButton.NoButton,
                            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
        QApplication.sendEvent(widget, event)

    picker.activateWindow()
    picker.split_box.setFocus()
    wheel(picker.field)
    assert picker.index == 0
    picker.field.setFocus()
    wheel(picker.field)
    assert picker.index == 1
