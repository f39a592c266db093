"""How the cells of the blocks look, and the fields in which they are edited."""

from __future__ import annotations

import typing
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QBrush, QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QSpinBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from engine.fields import LABELS, Frozen
from gui import style
from gui.blocks.block_edits import PARTS, limits
from gui.blocks.blocks_model import COMPUTED, NUMBERS, BlocksModel, Column
from gui.widgets import fields
from gui.widgets.inputs import undoes

Index = QModelIndex | QPersistentModelIndex

PAD = 5
"""Room left and right of a cell's text, in px."""

_BOX = 14


class BlocksDelegate(QStyledItemDelegate):
    """Paints the cells from the tokens; opens a number field or a choice over them.

    A number is committed with every keystroke, so that a layer that does not fit shows while it is typed.

    Attributes: ``compact`` (cells have two lines), ``hovered`` (row). Signals: ``opened`` (an editor), ``ended(bool)``
    (it closed; True when its edits are to be taken back).
    """

    opened = Signal()
    ended = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.compact = False
        self.hovered = -1
        self.closeEditor.connect(self._end)

    def lines(self, model: BlocksModel, index: Index) -> tuple[str, str]:
        """The text of a cell, and its second, quiet line."""
        key, text = model.columns[index.column()].key, model.text(index)
        if key == "kind" and self.compact and " " in text:
            first, _, second = text.partition(" ")
            return first, second
        if key == "parameters":
            formula = model.formula(index.row())
            if not self.compact:
                return formula or text, ""
            return text, formula.rpartition(" = ")[0].replace(" × ", "×")
        if key == "output" and self.compact:
            layer = model.rows[index.row()].layer
            return text, f"{layer.multiply_adds:,}" if layer else ""
        return text, ""

    def _end(self, editor: QWidget, hint: QStyledItemDelegate.EndEditHint) -> None:
        self.ended.emit(hint == QStyledItemDelegate.EndEditHint.RevertModelCache)

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, model: BlocksModel) -> None:
        """The background of a cell: chosen, under the mouse, or of a layer that does not fit; the line below it."""
        colors, rect = style.theme().current, option.rect
        back = colors.raised if model.editable else colors.surface
        if option.state & QStyle.StateFlag.State_Selected:
            back = colors.selection
        elif index.row() == self.hovered:
            back = colors.hover
        if model.rows[index.row()].problem is not None:
            back = style.mixed(back, colors.bad, 0.12)
        painter.fillRect(rect, QColor(back))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(colors.line))
        if model.is_bad(index):
            painter.setPen(QPen(QColor(colors.bad), 1))
            painter.drawRect(rect.adjusted(1, 1, -2, -3))
        elif option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colors.accent), 1))
            painter.drawRect(rect.adjusted(1, 1, -2, -3))

    def _paint_box(self, painter: QPainter, rect: QRect, checked: bool, editable: bool) -> None:
        """A check box in the middle of a cell; only the tick where it cannot be changed."""
        colors = style.theme().current
        box = QRect(rect.center().x() - _BOX // 2, rect.center().y() - _BOX // 2, _BOX, _BOX)
        if editable:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(colors.accent if checked else colors.outline), 1))
            painter.setBrush(QBrush(QColor(colors.accent if checked else colors.raised)))
            painter.drawRoundedRect(box.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if checked:
            style.icon("done", "on_accent" if editable else "quiet").paint(painter, box)

    def _paint_text(self, painter: QPainter, rect: QRect, index: Index, model: BlocksModel) -> None:
        """One line, or two in compact rows."""
        colors, key = style.theme().current, model.columns[index.column()].key
        first, second = self.lines(model, index)
        side = Qt.AlignmentFlag.AlignRight if key in (*NUMBERS, *COMPUTED) else Qt.AlignmentFlag.AlignLeft
        flags = int(side | Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextDontClip)
        painter.setFont(style.font())
        tone = colors.bad if model.is_bad(index) else colors.text if model.is_plain(index) else colors.quiet
        painter.setPen(QColor(tone))
        room = rect.adjusted(PAD, 0, -PAD, 0)
        if not second:
            painter.drawText(room, flags, first)
            return
        middle = rect.center().y()
        painter.drawText(QRect(room.left(), middle - 16, room.width(), 18), flags, first)
        if key != "kind":
            painter.setFont(style.font("caption"))
            painter.setPen(QColor(colors.quiet))
        painter.drawText(QRect(room.left(), middle + 1, room.width(), 16), flags, second)

    def _choices(self, part: str, column: Column, block: Frozen) -> tuple[str, ...]:
        """What a choice offers: kinds of blocks, or the names that the field allows."""
        field = type(block).model_fields[column.fields[0]]
        return PARTS[part] if column.key == "kind" else typing.get_args(field.annotation)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = _model(index)
        painter.save()
        self._paint_back(painter, option, index, model)
        checked = index.data(Qt.ItemDataRole.CheckStateRole)
        if checked is not None:
            self._paint_box(painter, option.rect, checked == Qt.CheckState.Checked, model.can_edit(index))
        elif model.columns[index.column()].key == "number" and model.rows[index.row()].problem is not None:
            middle = option.rect.center()
            style.icon("warning", "bad").paint(painter, QRect(middle.x() - 7, middle.y() - 7, 14, 14))
        else:
            self._paint_text(painter, option.rect, index, model)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, style.CONTROL_HEIGHT)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        model = _model(index)
        row, column = model.rows[index.row()], model.columns[index.column()]
        assert row.block is not None
        editor: QWidget
        if column.key in NUMBERS:
            editor = _number_field(parent, row.block, row.field(column))
            editor.valueChanged.connect(self._commit_sender)
        else:
            editor = QComboBox(parent)
            for name in self._choices(model.part, column, row.block):
                editor.addItem(fields.translated(LABELS[name]), name)
            editor.activated.connect(self._commit_sender)
        editor.setAccessibleName(column.title.replace("\n", " "))
        editor.setToolTip(column.help)
        self.opened.emit()
        return editor

    @Slot()
    def _commit_sender(self) -> None:
        editor = self.sender()
        if isinstance(editor, QWidget):
            self.commitData.emit(editor)
            if isinstance(editor, QComboBox):
                self.closeEditor.emit(editor, QStyledItemDelegate.EndEditHint.NoHint)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        value = index.data(Qt.ItemDataRole.EditRole)
        silent = QSignalBlocker(editor)  # what comes from the model must not go back to it
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(editor.findData(value))
        elif isinstance(editor, QSpinBox | QDoubleSpinBox) and editor.value() != value:
            editor.setValue(value)
        silent.unblock()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        value: Any = None
        if isinstance(editor, QComboBox):
            value = editor.currentData()
        elif isinstance(editor, QSpinBox | QDoubleSpinBox):
            value = editor.value()
        model.setData(index, round(value, 4) if isinstance(value, float) else value)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        wanted = max(option.rect.width(), 64 if isinstance(editor, QAbstractSpinBox) else editor.sizeHint().width())
        height = min(option.rect.height(), style.CONTROL_HEIGHT)
        top = option.rect.top() + (option.rect.height() - height) // 2
        room = option.widget.viewport().width() if isinstance(option.widget, QAbstractItemView) else wanted
        editor.setGeometry(min(option.rect.left(), max(0, room - wanted)), top, wanted, height)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel or undoes(event):  # each keystroke is an edit that the window undoes
            event.ignore()
            return True
        return super().eventFilter(editor, event)


def _model(index: Index) -> BlocksModel:
    model = index.model()
    assert isinstance(model, BlocksModel)
    return model


def _number_field(parent: QWidget, block: Frozen, name: str) -> QSpinBox | QDoubleSpinBox:
    """A number field with the limits of a block's field."""
    low, high = limits(block, name)
    field: QSpinBox | QDoubleSpinBox
    if name == "dropout":
        field = QDoubleSpinBox(parent)
        field.setDecimals(2)
        field.setSingleStep(0.05)
        field.setRange(low, high)
    else:
        field = QSpinBox(parent)
        field.setRange(int(low), int(high))
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    return field
