"""The Architecture tab with a real session: edits by keys, clicks and drags, each of them one change of the draft."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QAbstractSpinBox, QApplication, QComboBox, QSpinBox

from engine import shapes
from engine.blocks import Convolution, Linear, Reshape
from engine.experiment import Experiment, Model, replaced
from gui import style
from gui.blocks import block_edits
from gui.session import Session
from gui.tabs.architecture import ArchitectureTab


@pytest.fixture
def session(tmp_path, qapp):
    style.apply(QApplication.instance(), "light")
    session = Session(data_dir=tmp_path, runs_dir=tmp_path)
    yield session
    session.deleteLater()


@pytest.fixture
def tab(session, qtbot):
    widget = ArchitectureTab(session)
    qtbot.addWidget(widget)
    widget.resize(780, 480)
    widget.show()
    qtbot.waitExposed(widget)
    widget.activateWindow()
    return widget


def cell(table, row, key):
    return table.blocks.index(row, table.blocks.column(key))


def press(qtbot, table, row, key):
    """Click the middle of a cell."""
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(cell(table, row, key)).center())


def editor(table):
    """The open editor."""
    fields = [field for field in table.viewport().findChildren(QAbstractSpinBox) if field.isVisible()]
    fields += [field for field in table.viewport().findChildren(QComboBox) if field.isVisible()]
    assert len(fields) == 1
    return fields[0]


def enter(qtbot, table):
    """Return in the open editor, which closes when the event loop comes round."""
    field = editor(table)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: table.state() != QAbstractItemView.State.EditingState)


def drag(qtbot, table, row, key, distance):
    start = table.visualRect(cell(table, row, key)).center()
    qtbot.mousePress(table.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for part in (1, 2, 3, 4):
        qtbot.mouseMove(table.viewport(), start + QPoint(distance * part // 4, 0))
    qtbot.mouseRelease(table.viewport(), Qt.MouseButton.LeftButton, pos=start + QPoint(distance, 0))


def test_every_number_is_that_of_the_shapes(tab, session):
    plan = shapes.plan(session.draft.experiment)
    for table, layers in ((tab.encoder, plan.encoder), (tab.decoder, plan.decoder)):
        for row, layer in enumerate(layers):
            assert table.blocks.text(cell(table, row, "output")) == "×".join(map(str, layer.output))
            assert table.blocks.formula(row) == layer.formula
            assert table.blocks.text(cell(table, row, "multiply_adds")) == f"{layer.multiply_adds:,}"
    assert tab.foot.totals.parameters.text() == f"{plan.parameters:,}"
    assert tab.foot.totals.compression.text() == "×24.5"


def test_a_click_and_typed_digits_change_one_field_in_one_edit(tab, session, qtbot):
    before = session.draft.experiment
    press(qtbot, tab.encoder, 0, "channels")
    qtbot.keyClicks(editor(tab.encoder), "24")
    enter(qtbot, tab.encoder)
    assert session.draft.experiment == replaced(before, {"model.encoder.0.channels": 24})
    session.draft.undo()
    assert session.draft.experiment == before and not session.draft.can_undo
    assert tab.encoder.blocks.text(cell(tab.encoder, 0, "channels")) == "8"


def test_digits_open_the_field_of_the_current_cell(tab, session, qtbot):
    tab.encoder.setCurrentIndex(cell(tab.encoder, 1, "channels"))
    tab.encoder.setFocus()
    qtbot.keyClick(tab.encoder, Qt.Key.Key_5)
    enter(qtbot, tab.encoder)
    assert session.draft.experiment.model.encoder[1].channels == 5


def test_the_bad_layer_is_marked_while_typing_and_mended_by_its_remedy(tab, session, qtbot):
    press(qtbot, tab.encoder, 1, "kernel")
    field = editor(tab.encoder)
    qtbot.keyClicks(field, "40")
    assert field.isVisible() and tab.foot.currentWidget() is tab.foot.trouble
    assert tab.encoder.blocks.is_bad(cell(tab.encoder, 1, "kernel"))
    assert "kernel 40 does not fit 14×14" in tab.foot.trouble.text.text()
    assert tab.encoder.blocks.text(cell(tab.encoder, 1, "output")) == "–"
    assert tab.drawing.box("encoder.1").node.state == "bad" and tab.drawing.box("decoder.0").node.state == "ghost"
    enter(qtbot, tab.encoder)
    qtbot.mouseClick(tab.foot.trouble.remedy, Qt.MouseButton.LeftButton)
    assert session.draft.experiment.model.encoder[1].kernel == 16
    assert tab.foot.currentWidget() is tab.foot.totals and tab.drawing.box("encoder.1").node.state == "good"


def test_escape_takes_the_typed_value_back(tab, session, qtbot):
    before = session.draft.experiment
    press(qtbot, tab.encoder, 1, "kernel")
    qtbot.keyClicks(editor(tab.encoder), "5")
    assert session.draft.experiment.model.encoder[1].kernel == 5
    qtbot.keyClick(editor(tab.encoder), Qt.Key.Key_Escape)
    assert session.draft.experiment == before


def test_a_drag_changes_a_number_in_one_edit_and_a_click_does_not(tab, session, qtbot):
    before = session.draft.experiment
    drag(qtbot, tab.encoder, 0, "channels", 80)
    assert session.draft.experiment.model.encoder[0].channels == 16
    session.draft.undo()
    assert session.draft.experiment == before and not session.draft.can_undo
    drag(qtbot, tab.encoder, 0, "padding", -200)
    assert session.draft.experiment.model.encoder[0].padding == 0


def test_batch_normalization_by_mouse_and_space(tab, session, qtbot):
    press(qtbot, tab.encoder, 0, "batch_normalization")
    assert session.draft.experiment.model.encoder[0].batch_normalization
    tab.encoder.setFocus()
    qtbot.keyClick(tab.encoder, Qt.Key.Key_Space)
    assert not session.draft.experiment.model.encoder[0].batch_normalization


def test_a_choice_opens_its_list_at_once_and_takes_what_is_chosen(tab, session, qtbot):
    press(qtbot, tab.encoder, 0, "activation")
    choice = editor(tab.encoder)
    assert choice.view().isVisible()
    choice.setCurrentIndex(choice.findData("gelu"))
    choice.activated.emit(choice.currentIndex())
    choice.hidePopup()
    assert session.draft.experiment.model.encoder[0].activation == "gelu"


def test_another_kind_keeps_what_both_have(tab, session):
    session.draft.set("model.encoder.1.dropout", 0.25)
    index = cell(tab.encoder, 1, "kind")
    tab.encoder.blocks.setData(index, "linear")
    assert session.draft.experiment.model.encoder[1] == Linear(size=16, dropout=0.25)
    assert tab.foot.currentWidget() is tab.foot.totals


def test_keys_add_remove_duplicate_and_move_one_edit_each(tab, session, qtbot):
    start = session.draft.experiment.model.encoder
    tab.encoder.setFocus()
    tab.encoder.select(0)
    steps = [
        (Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier, (start[0], start[0], *start[1:]), 1),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier, start, 1),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier, (start[1], start[0], start[2]), 0),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier, start, 1),
        (Qt.Key.Key_Insert, Qt.KeyboardModifier.NoModifier,
         (*start[:2], Convolution(channels=32, stride=2, padding=1), start[2]), 2),
    ]
    for key, modifier, expected, current in steps:
        qtbot.keyClick(tab.encoder, key, modifier)
        assert session.draft.experiment.model.encoder == expected
        assert tab.encoder.currentIndex().row() == current
    for _ in steps:
        session.draft.undo()
    assert session.draft.experiment.model.encoder == start and not session.draft.can_undo


def test_buttons_say_why_they_are_disabled(tab, qtbot):
    tab.encoder.select(-1)
    assert not tab.buttons.remove.isEnabled() and "Choose a block" in tab.buttons.remove.toolTip()
    tab.encoder.select(0)
    assert tab.buttons.remove.isEnabled() and not tab.buttons.up.isEnabled()
    assert "first block" in tab.buttons.up.toolTip()
    qtbot.mouseClick(tab.buttons.down, Qt.MouseButton.LeftButton)
    assert tab.encoder.currentIndex().row() == 1


def test_all_blocks_can_be_removed_and_added_again(tab, session, qtbot):
    tab.encoder.setFocus()
    tab.encoder.select(2)
    for _ in range(3):
        qtbot.keyClick(tab.encoder, Qt.Key.Key_Delete)
    assert session.draft.experiment.model.encoder == ()
    assert "at least one block" in tab.foot.trouble.text.text() and tab.foot.currentWidget() is tab.foot.trouble
    qtbot.mouseClick(tab.buttons.add, Qt.MouseButton.LeftButton)
    assert tab.foot.currentWidget() is tab.foot.totals and len(session.draft.experiment.model.encoder) == 1


def test_explicit_copies_the_mirrored_decoder_and_both_are_the_same_network(tab, session, qtbot):
    mirrored = shapes.plan(session.draft.experiment)
    assert not tab.decoder.blocks.can_edit(cell(tab.decoder, 0, "channels"))
    qtbot.mouseClick(tab.explicit, Qt.MouseButton.LeftButton)
    plan = shapes.plan(session.draft.experiment)
    assert isinstance(session.draft.experiment.model.decoder[1], Reshape)
    assert not plan.problems and plan.parameters == mirrored.parameters and plan.decoder[-1].activation == "sigmoid"
    assert tab.decoder.blocks.can_edit(cell(tab.decoder, 0, "channels"))
    press(qtbot, tab.decoder, 2, "kernel")
    qtbot.keyClicks(editor(tab.decoder), "4")
    enter(qtbot, tab.decoder)
    assert session.draft.experiment.model.decoder[2].kernel == 4
    qtbot.mouseClick(tab.mirror, Qt.MouseButton.LeftButton)
    assert session.draft.experiment.model.decoder == "mirror"
    session.draft.undo()
    assert session.draft.experiment.model.decoder[2].kernel == 4 and tab.explicit.isChecked()


def test_when_the_explicit_decoder_is_undone_the_buttons_act_on_the_encoder(tab, session, qtbot):
    qtbot.mouseClick(tab.explicit, Qt.MouseButton.LeftButton)
    tab.decoder.select(1)
    session.draft.undo()
    qtbot.mouseClick(tab.buttons.add, Qt.MouseButton.LeftButton)
    assert session.draft.experiment.model.decoder == "mirror" and len(session.draft.experiment.model.encoder) == 4


def test_without_a_mirrored_decoder_there_is_nothing_to_copy(tab, session):
    session.draft.set("model.encoder.0.kernel", 200)
    assert not tab.explicit.isEnabled() and "Mend the encoder" in tab.explicit.toolTip()
    assert "follows" in tab.decoder.placeholder and not tab.decoder.blocks.rows
    session.draft.undo()
    assert tab.explicit.isEnabled() and "Mend" not in tab.explicit.toolTip()


def test_a_second_cell_takes_the_field_over_and_keeps_the_first_value(tab, session, qtbot):
    press(qtbot, tab.encoder, 0, "channels")
    qtbot.keyClicks(editor(tab.encoder), "12")
    press(qtbot, tab.encoder, 1, "channels")
    qtbot.keyClicks(editor(tab.encoder), "13")
    enter(qtbot, tab.encoder)
    assert [block.channels for block in session.draft.experiment.model.encoder[:2]] == [12, 13]
    session.draft.undo()
    assert [block.channels for block in session.draft.experiment.model.encoder[:2]] == [12, 16]


@pytest.mark.parametrize("encoder", [
    (Linear(size=64),),
    (Convolution(kernel=3, pool_kernel=3), Convolution(stride=2, dropout=0.1)),
    (Convolution(batch_normalization=True, padding=1), Linear(size=20), Linear(size=4, activation="tanh")),
])
def test_the_explicit_copy_has_the_same_layers(encoder):
    mirrored = shapes.plan(Experiment(model=Model(encoder=encoder)))
    copied = shapes.plan(Experiment(model=Model(encoder=encoder, decoder=block_edits.explicit(mirrored))))
    assert not copied.problems

    def real(plan):
        return [(layer.kind, layer.kernel, layer.padding, layer.output_padding, layer.activation, layer.dropout)
                for layer in plan.decoder if layer.kind != "reshape"]
    assert real(copied) == real(mirrored)


def test_the_output_activation_is_a_field(tab, session, qtbot):
    tab.output.setFocus()
    qtbot.keyClick(tab.output, Qt.Key.Key_Down)
    assert session.draft.experiment.model.output == "relu"
    assert tab.decoder.blocks.text(cell(tab.decoder, 2, "activation")) == "ReLU"


def test_drawing_and_tables_choose_the_same_layer(tab, qtbot):
    qtbot.mouseClick(tab.drawing, Qt.MouseButton.LeftButton, pos=tab.drawing.box("decoder.1").front.center().toPoint())
    assert tab.decoder.currentIndex().row() == 1 and tab.encoder.currentIndex().row() == -1
    tab.encoder.select(1)
    assert tab.drawing.selected == "encoder.1" and tab.decoder.currentIndex().row() == -1
    qtbot.mouseMove(tab.drawing, tab.drawing.box("encoder.0").front.center().toPoint())
    assert tab.encoder.itemDelegate().hovered == 0


@pytest.mark.parametrize("size", [(780, 480), (1000, 600), (1280, 700), (2240, 1250)])
def test_nothing_is_cut_off(tab, session, size):
    pooled = Experiment(model=Model(encoder=(
        Convolution(channels=32, kernel=7, padding=3), Convolution(channels=64, activation="leaky-relu", pool_kernel=2),
        Convolution(channels=128, stride=2, padding=1), Linear(size=200))))
    session.draft.replace(pooled)
    tab.resize(*size)
    QApplication.processEvents()
    assert tab.minimumSizeHint().width() <= 780 and tab.minimumSizeHint().height() <= 480
    for table in tab.tables:
        assert table.horizontalScrollBar().maximum() == 0
        assert table.geometry().right() <= tab.area.viewport().width()
        natural = table.natural_widths(table.compact)
        for at, column in enumerate(table.blocks.columns):
            assert table.isColumnHidden(at) or table.columnWidth(at) >= natural[column.key] - 4
    assert all(child.geometry().right() <= tab.width() for child in (tab.buttons, tab.foot))
    if size[0] > 2000:
        assert tab.encoder.y() == tab.decoder.y() and tab.decoder.x() > tab.encoder.x()
    else:
        assert tab.decoder.y() > tab.encoder.y()
        for key in ("kernel", "activation", "output"):
            encoder, decoder = (table.columnViewportPosition(table.blocks.column(key)) for table in tab.tables)
            assert encoder == decoder


def test_the_wheel_scrolls_and_changes_nothing(tab, session, qtbot):
    before = session.draft.experiment
    press(qtbot, tab.encoder, 0, "channels")
    field = editor(tab.encoder)
    assert isinstance(field, QSpinBox)
    for target in (field, tab.encoder.viewport(), tab.output):
        tab.area.verticalScrollBar().setValue(0)
        QTest.wheelEvent(tab.windowHandle(), QPointF(target.mapTo(tab, QPoint(5, 5))), QPoint(0, -120))
        assert (tab.area.verticalScrollBar().value() > 0) is (target is not tab.output)
    assert session.draft.experiment == before and field.value() == 8


def test_a_code_larger_than_the_image_is_said(tab, session):
    session.draft.set("model.encoder", (Convolution(channels=16, padding=1),))
    assert tab.foot.totals.compression.text() == "the code is larger than the image"
    assert tab.foot.totals.code.text() == "16×28×28 = 12,544"


def test_every_column_and_control_explains_itself(tab):
    for table in tab.tables:
        for at in range(len(table.blocks.columns)):
            assert table.blocks.headerData(at, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    tip = tab.encoder.blocks.data(cell(tab.encoder, 0, "stride"), Qt.ItemDataRole.ToolTipRole)
    assert "2 halves the side" in tip and "drag" in tip
    assert "pooling kernel" in tab.encoder.blocks.data(cell(tab.encoder, 0, "pool_stride"), Qt.ItemDataRole.ToolTipRole)
    for widget in (tab.mirror, tab.explicit, tab.output, tab.buttons.add, tab.buttons.duplicate):
        assert widget.toolTip() and widget.accessibleName()


def test_a_number_that_another_kind_does_not_allow_becomes_the_nearest(tab, session):
    session.draft.set("model.encoder.2.size", 100_000)
    tab.encoder.blocks.setData(cell(tab.encoder, 2, "kind"), "convolution")
    assert session.draft.experiment.model.encoder[2] == Convolution(channels=65_536)


def test_beyond_the_most_blocks_add_says_why_it_cannot(tab, session):
    session.draft.set("model.encoder", (Convolution(channels=2, padding=1),) * 64)
    tab.encoder.select(3)
    assert not tab.buttons.add.isEnabled() and "There are 64 blocks" in tab.buttons.add.toolTip()
    tab.encoder.command.emit("duplicate")
    assert len(session.draft.experiment.model.encoder) == 64
    tab.encoder.command.emit("remove")
    assert tab.buttons.add.isEnabled() and "64" not in tab.buttons.add.toolTip()


def test_undo_in_an_open_cell_is_the_windows(tab, session, qtbot):
    QShortcut(QKeySequence("Ctrl+Z"), tab).activated.connect(session.draft.undo)
    qtbot.waitUntil(tab.isActiveWindow)
    before = session.draft.experiment
    press(qtbot, tab.encoder, 0, "channels")
    qtbot.keyClicks(editor(tab.encoder), "24")
    assert session.draft.experiment != before
    qtbot.keyClick(editor(tab.encoder), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert session.draft.experiment == before


def test_on_a_large_screen_the_tables_stay_close_to_a_drawing_of_moderate_height(tab, qtbot):
    tab.resize(1600, 960)
    qtbot.waitUntil(lambda: tab.drawing.height() == 360)
    qtbot.waitUntil(lambda: 0 < tab.area.y() - tab.drawing.geometry().bottom() < 20)
    qtbot.waitUntil(lambda: 0 < tab.foot.y() - tab.area.geometry().bottom() < 20)
