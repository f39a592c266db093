"""The blocks of one part of the network as rows, with what follows from them: shape, parameters, cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QPersistentModelIndex, Qt, Signal

from engine.blocks import Convolution
from engine.fields import LABELS, Problem
from engine.shapes import Layer
from gui.blocks.block_edits import KINDS, Block
from gui.plots.boxes import shape_text
from gui.widgets import fields

Index = QModelIndex | QPersistentModelIndex

NOTHING = "–"
NUMBERS = ("channels", "kernel", "stride", "padding", "dropout", "output_padding", "pool_kernel", "pool_stride")
COMPUTED = ("output", "parameters", "multiply_adds")
ROOT = QModelIndex()


@dataclass(frozen=True)
class Column:
    """A column: ``key``, the block fields it shows (the first that a block has), and its title (may have two lines)."""

    key: str
    fields: tuple[str, ...]
    title: str
    help: str


def columns(part: str, pooling: bool) -> tuple[Column, ...]:
    """The columns of a part; pooling only where a block can have it."""
    tr = QCoreApplication.translate
    number = Column("number", (), "#", tr("blocks", "Number of the layer, from 0."))
    heading = tr("blocks", "Encoder") if part == "encoder" else tr("blocks", "Decoder")
    result = [number, Column("kind", ("kind",), heading, tr("blocks", "Kind of the block."))]
    titles = {"channels": tr("blocks", "Channels\nor size"), "kernel": tr("blocks", "Kernel"),
              "stride": tr("blocks", "Stride"), "padding": tr("blocks", "Padding"),
              "batch_normalization": tr("blocks", "Batch\nnorm."), "activation": tr("blocks", "Activation"),
              "dropout": tr("blocks", "Dropout")}
    if part == "decoder":
        titles["output_padding"] = tr("blocks", "Output\npadding")
    if pooling:
        titles |= {"pool_kernel": tr("blocks", "Pooling\nkernel"), "pool_stride": tr("blocks", "Pooling\nstride")}
    result += [Column(key, _OTHER_FIELDS.get(key, (key,)), title, _help(key)) for key, title in titles.items()]
    return (*result, *_computed())


_OTHER_FIELDS = {"channels": ("channels", "size"), "kernel": ("kernel", "side")}


def _computed() -> tuple[Column, ...]:
    tr = QCoreApplication.translate
    output = tr("blocks", "What leaves the layer: channels × height × width, or how many numbers.")
    parameters = tr("blocks", "Weights and biases, and how they are counted.")
    cost = tr("blocks", "Multiplications with addition for one image: the cost of the layer.")
    return (Column("output", (), tr("blocks", "Output"), output),
            Column("parameters", (), tr("blocks", "Parameters"), parameters),
            Column("multiply_adds", (), tr("blocks", "Multiply-\nadds"), cost))


def _help(key: str) -> str:
    """What raising and lowering a field does, for each kind of block that has it."""
    names = _OTHER_FIELDS.get(key, (key,))
    texts: dict[str, None] = {}
    for kind in KINDS.values():
        for name in names:
            if name in kind.model_fields:
                spec = fields.spec_of(kind, name)
                texts[f"{spec.label}: {spec.help}"] = None
    longest = {text.partition(":")[0]: text for text in sorted(texts, key=len)}
    return "\n".join(longest.values())


@dataclass(frozen=True)
class Row:
    """One block (None where the decoder mirrors the encoder), its layer (None where it does not fit), its problem."""

    block: Block | None
    layer: Layer | None
    problem: Problem | None = None

    @property
    def kind(self) -> str:
        """Kind of the block or the layer."""
        return self.block.kind if self.block is not None else self.layer.kind if self.layer is not None else ""

    def field(self, column: Column) -> str:
        """The field of the block that a column shows; '' where it has none."""
        fields = type(self.block).model_fields if self.block is not None else {}
        return next((name for name in column.fields if name in fields), "")

    def value(self, column: Column) -> Any:
        """What a column shows; None where it has nothing to show."""
        if self.block is not None:
            name = self.field(column)
            return getattr(self.block, name) if name else None
        return _solved(self.layer).get(column.key) if self.layer is not None else None


def _solved(layer: Layer) -> dict[str, Any]:
    """The values of a mirrored layer by column."""
    values: dict[str, Any] = {"kind": layer.kind, "batch_normalization": layer.batch_normalization,
                              "activation": layer.activation, "dropout": layer.dropout,
                              "channels": math.prod(layer.output) if layer.kind == "linear" else layer.output[0]}
    if layer.kernel:
        values |= {"kernel": layer.kernel, "stride": layer.stride, "padding": layer.padding,
                   "output_padding": layer.output_padding}
    return values


class BlocksModel(QAbstractTableModel):
    """The rows of one part.

    Attributes: ``part``, ``rows``, ``columns``, ``editable``. Signal: ``edited(row, field, value)``; whoever hears it
    changes the experiment and calls ``show`` again.
    """

    edited = Signal(int, str, object)

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part
        self.rows: tuple[Row, ...] = ()
        self.columns = columns(part, part == "encoder")
        self.editable = False

    def show(self, rows: tuple[Row, ...], editable: bool) -> None:
        """Show other rows; in place (an open editor stays) where their number stays."""
        wanted = columns(self.part, self.part == "encoder" or any(isinstance(row.block, Convolution) for row in rows))
        same = len(rows) == len(self.rows) and wanted == self.columns and editable == self.editable
        if not same:
            self.beginResetModel()
        self.rows, self.columns, self.editable = rows, wanted, editable
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(wanted) - 1))

    def column(self, key: str) -> int:
        """Place of a column; -1 where it is not shown."""
        return next((at for at, column in enumerate(self.columns) if column.key == key), -1)

    def is_bad(self, index: Index) -> bool:
        """Whether this very cell holds the value that does not fit."""
        row = self.rows[index.row()]
        field = row.problem.field.rpartition(".")[2] if row.problem else ""
        return bool(field) and field == row.field(self.columns[index.column()])

    def formula(self, row: int) -> str:
        """How the parameters of a row are counted; '' where there is nothing to count."""
        layer = self.rows[row].layer
        return layer.formula if layer is not None else ""

    def text(self, index: Index) -> str:
        """What a cell says."""
        row, column = self.rows[index.row()], self.columns[index.column()]
        if column.key == "number":
            return str(index.row())
        if column.key in COMPUTED:
            return _computed_text(row.layer, column.key)
        value = row.value(column)
        if value is None or isinstance(value, bool):
            return ""
        if isinstance(value, str):
            return fields.translated(LABELS.get(value, value))
        return _number_text(row, column, value)

    def is_plain(self, index: Index) -> bool:
        """Whether a cell holds a value that changes something, and not one that stands for 'none'."""
        row, column = self.rows[index.row()], self.columns[index.column()]
        return column.key not in ("number", *COMPUTED) and row.value(column) not in (0, "none") and self.can_edit(index)

    def can_edit(self, index: Index) -> bool:
        """Whether a cell holds a field that can be changed."""
        row, column = self.rows[index.row()], self.columns[index.column()]
        unpooled = column.key == "pool_stride" and isinstance(row.block, Convolution) and not row.block.pool_kernel
        return self.editable and row.value(column) is not None and not unpooled

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.ToolTipRole:
            return self.columns[section].help
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index)
        if role == Qt.ItemDataRole.EditRole:
            return row.value(column)
        if role == Qt.ItemDataRole.CheckStateRole and isinstance(row.value(column), bool):
            return Qt.CheckState.Checked if row.value(column) else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.title.replace(chr(10), ' ')}: {self.text(index)}"
        return None

    def _tip(self, index: Index) -> str:
        """The problem of a cell, or what its field does."""
        row, column = self.rows[index.row()], self.columns[index.column()]
        if row.problem is not None and (self.is_bad(index) or column.key == "number"):
            return row.problem.message
        if column.key == "parameters":
            return self.formula(index.row())
        if column.key == "pool_stride" and row.value(column) is not None and not self.can_edit(index) and self.editable:
            return QCoreApplication.translate("blocks", "Set a pooling kernel first.")
        if row.value(column) is None:
            return ""
        if not self.editable:
            solved = QCoreApplication.translate("blocks", "Solved from the encoder. Choose 'Explicit' to change it.")
            return f"{column.help}\n{solved}"
        dragged = QCoreApplication.translate("blocks", "Type, or drag sideways.") if column.key in NUMBERS else ""
        return f"{column.help}\n{dragged}".strip()

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        editor = self.columns[index.column()].key != "batch_normalization"
        return flags | Qt.ItemFlag.ItemIsEditable if editor and self.can_edit(index) else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row, column = self.rows[index.row()], self.columns[index.column()]
        if not self.can_edit(index) or value == row.value(column):
            return False
        self.edited.emit(index.row(), row.field(column), value)
        return True


def _computed_text(layer: Layer | None, key: str) -> str:
    if layer is None:
        return NOTHING
    if key == "output":
        return shape_text(layer.output)
    return f"{layer.parameters if key == 'parameters' else layer.multiply_adds:,}"


def _number_text(row: Row, column: Column, value: float) -> str:
    """A number; '–' for no pooling, and the stride that follows from the pooling kernel."""
    if column.key == "dropout":
        return f"{value:g}"
    if isinstance(row.block, Convolution) and column.key in ("pool_kernel", "pool_stride"):
        if not row.block.pool_kernel:
            return NOTHING
        value = value or row.block.pool_kernel
    return f"{value:,}"
