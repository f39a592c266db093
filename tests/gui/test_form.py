"""Fields and forms: typing, dragging, refusing and mending values, with real widgets and a real draft."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.blocks import Convolution
from engine.dataspec import Data, Input
from engine.experiment import Experiment, Model, Train
from gui.draft import Draft
from gui.form import Form
from gui.widgets.editors import ChoiceField, NumberField
from gui.widgets.fields import number_text, spec


@pytest.fixture
def draft():
    return Draft(Experiment())


def shown(qtbot, draft, *paths):
    form = Form(draft, paths)
    qtbot.addWidget(form)
    form.show()
    draft.kept = form  # nobody else holds it
    return form


def type_in(edit, text):
    edit.setFocus()
    edit.selectAll()
    QTest.keyClicks(edit, text)


def test_every_field_of_an_experiment_can_be_described():
    for group, section in {"data": Data, "data.input": Input, "train": Train}.items():
        for name in set(section.model_fields) - {"input"}:
            described = spec(f"{group}.{name}")
            assert described.label and described.help, described.path
    assert spec("train.batch_size").range_text == "1 to 1000000 images"
    assert spec("train.momentum").range_text == "0 to below 1"
    assert spec("model.encoder.0.kernel", Experiment()).maximum == 256


@pytest.mark.parametrize(("value", "text"), [(64, "64"), (0.001, "0.001"), (1e-5, "1e-5"), (1e9, "1e9"), (2.0, "2")])
def test_numbers_are_written_as_people_write_them(value, text):
    assert number_text(value) == text


def test_typing_a_number_changes_the_draft_and_is_undone_at_once(qtbot, draft):
    field = shown(qtbot, draft, "train.batch_size").rows["train.batch_size"].field
    assert isinstance(field, NumberField) and field.edit.text() == "64"
    type_in(field.edit, "128")
    assert draft.experiment.train.batch_size == 128
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    draft.undo()
    assert draft.experiment.train.batch_size == 64
    field.edit.clearFocus()
    assert field.edit.text() == "64"


def test_a_value_that_cannot_be_is_marked_with_its_remedy_and_not_taken(qtbot, draft):
    row = shown(qtbot, draft, "train.batch_size").rows["train.batch_size"]
    type_in(row.field.edit, "0")
    assert row.problem.isVisible()
    assert row.problem.text.text() == "0 is out of range. Use 1 to 1000000 images."
    assert row.field.edit.property("problem") is True
    assert draft.experiment.train.batch_size == 64
    row.problem.button.click()
    assert draft.experiment.train.batch_size == 1
    assert not row.problem.isVisible() and row.field.edit.text() == "1"


def test_a_number_on_the_way_is_not_marked_before_it_is_finished(qtbot, draft):
    row = shown(qtbot, draft, "train.learning_rate", "train.epochs").rows["train.learning_rate"]
    type_in(row.field.edit, "1e-")
    assert not row.problem.isVisible()
    QTest.keyClick(row.field.edit, Qt.Key.Key_Return)
    assert row.problem.isVisible() and "'1e-' is not a number" in row.problem.text.text()
    type_in(row.field.edit, "1e-2")
    assert not row.problem.isVisible()
    assert draft.experiment.train.learning_rate == 0.01


def test_a_problem_of_the_draft_stands_at_its_field_with_its_remedy(qtbot, draft):
    rows = shown(qtbot, draft, "train.loss", "model.output").rows
    draft.set_many({"train.loss": "bce", "model.output": "none"})
    row = rows["train.loss"]
    assert row.problem.isVisible() and row.problem.button.text() == "Use sigmoid"
    assert not rows["model.output"].problem.isVisible()
    row.problem.button.click()
    assert draft.experiment.model.output == "sigmoid" and not row.problem.isVisible()


def test_the_slider_of_a_learning_rate_is_logarithmic(qtbot, draft):
    field = shown(qtbot, draft, "train.learning_rate").rows["train.learning_rate"].field
    assert field.slider.value() == 400  # 1e-3 is two fifths of the way from 1e-5 to 1
    field.slider.setValue(600)
    assert draft.experiment.train.learning_rate == pytest.approx(0.01)
    assert field.edit.text() == "0.01"


def test_a_drag_is_one_edit(qtbot, draft):
    field = shown(qtbot, draft, "train.epochs").rows["train.epochs"].field
    field.slider.setSliderDown(True)
    for position in range(200, 900, 50):
        field.slider.setValue(position)
    field.slider.setSliderDown(False)
    assert draft.experiment.train.epochs == 85
    draft.undo()
    assert draft.experiment.train.epochs == 20 and not draft.can_undo


def test_two_drags_are_two_edits(qtbot, draft):
    field = shown(qtbot, draft, "train.epochs").rows["train.epochs"].field
    for positions in ((300, 400), (500, 600)):
        field.slider.setSliderDown(True)
        for position in positions:
            field.slider.setValue(position)
        field.slider.setSliderDown(False)
    for epochs in (60, 40, 20):
        assert draft.experiment.train.epochs == epochs
        draft.undo()


def test_arrow_keys_step_a_number(qtbot, draft):
    field = shown(qtbot, draft, "train.epochs").rows["train.epochs"].field
    field.edit.setFocus()
    QTest.keyClick(field.edit, Qt.Key.Key_Up)
    assert draft.experiment.train.epochs == 21
    for _ in range(30):
        QTest.keyClick(field.edit, Qt.Key.Key_Down)
    assert draft.experiment.train.epochs == 0


def turn_wheel(widget):
    place = QPointF(widget.rect().center())
    event = QWheelEvent(place, widget.mapToGlobal(place), QPoint(0, 120), QPoint(0, 120), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_the_wheel_changes_nothing(qtbot, draft):
    rows = shown(qtbot, draft, "train.epochs", "train.loss").rows
    before = draft.experiment
    for widget in (rows["train.epochs"].field.slider, rows["train.epochs"].field.edit, rows["train.loss"].field.box):
        widget.setFocus()
        turn_wheel(widget)
    assert draft.experiment == before


def test_a_choice_changes_the_draft_and_follows_it(qtbot, draft):
    field = shown(qtbot, draft, "train.optimizer").rows["train.optimizer"].field
    assert isinstance(field, ChoiceField)
    assert [field.box.itemText(i) for i in range(2)] == ["Adam", "AdamW"]
    field.box.setFocus()
    QTest.keyClick(field.box, Qt.Key.Key_Down)
    assert draft.experiment.train.optimizer == "adamw"
    draft.undo()
    assert field.box.currentText() == "Adam"


def test_epochs_to_keep_are_a_list(qtbot, draft):
    row = shown(qtbot, draft, "train.keep").rows["train.keep"]
    type_in(row.field.edit, "1, 2 5")
    QTest.keyClick(row.field.edit, Qt.Key.Key_Return)
    assert draft.experiment.train.keep == (1, 2, 5)
    assert row.field.edit.text() == "1, 2, 5"
    type_in(row.field.edit, "1, x")
    QTest.keyClick(row.field.edit, Qt.Key.Key_Return)
    assert row.problem.isVisible() and draft.experiment.train.keep == (1, 2, 5)


def test_a_field_that_the_experiment_lacks_is_disabled(qtbot):
    draft = Draft(Experiment(model=Model(encoder=(Convolution(),))))
    described = spec("model.encoder.0.channels", draft.experiment)
    form = Form(draft, [(lambda experiment: "model.encoder.0.channels", described)])
    qtbot.addWidget(form)
    field = form.rows["model.encoder.0.channels"].field
    assert field.isEnabled()
    draft.set("model.encoder", ())
    assert not field.isEnabled()


def test_every_control_has_a_name_and_an_explanation(qtbot, draft):
    form = shown(qtbot, draft, "data.dataset", "train.batch_size", "train.keep", "model.output")
    for row in form.rows.values():
        control = row.field.focusProxy()
        assert control.accessibleName() and control.toolTip() and control.accessibleDescription()
    draft.set("model.encoder", ())
    form = Form(draft, [(lambda experiment: "model.encoder.0.size", spec("train.epochs"))])
    qtbot.addWidget(form)
    assert "Add one in the Architecture tab" in next(iter(form.rows.values())).field.focusProxy().toolTip()


def test_undo_in_a_number_is_the_windows_unless_something_is_half_typed(qtbot, draft):
    form = shown(qtbot, draft, "train.batch_size")
    edit = form.rows["train.batch_size"].field.edit
    QShortcut(QKeySequence("Ctrl+Z"), form).activated.connect(draft.undo)
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    type_in(edit, "128")
    QTest.keyClick(edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert draft.experiment.train.batch_size == 64 and edit.text() == "64"
    draft.set("train.batch_size", 100)
    edit.selectAll()
    QTest.keyClick(edit, Qt.Key.Key_Backspace)
    QTest.keyClick(edit, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert edit.text() == "100" and draft.experiment.train.batch_size == 100


def test_name_and_note_are_edited_as_texts(qtbot, draft):
    form = shown(qtbot, draft, "name", "note", "train.epochs")
    name, note = form.rows["name"].field.edit, form.rows["note"].field.edit
    type_in(name, "First try")
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    note.setFocus()
    QTest.keyClicks(note, "A line")
    QTest.keyClick(note, Qt.Key.Key_Return)
    QTest.keyClicks(note, "and one more")
    form.rows["train.epochs"].field.edit.setFocus()
    assert (draft.experiment.name, draft.experiment.note) == ("First try", "A line\nand one more")
    draft.undo()
    assert note.toPlainText() == ""


def test_sizes_slide_by_ratios(qtbot, draft):
    field = shown(qtbot, draft, "model.encoder.2.size").rows["model.encoder.2.size"].field
    assert field.slider.value() == 500  # 32 is half of the doublings from 1 to 1024
