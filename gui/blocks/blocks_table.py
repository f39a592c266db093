"""The table of blocks: edited in place by keys, clicks and drags."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QFrame, QHeaderView, QTableView, QWidget

from gui import style
from gui.blocks.block_edits import dragged
from gui.blocks.blocks_delegate import PAD, BlocksDelegate
from gui.blocks.blocks_model import COMPUTED, NUMBERS, BlocksModel

HEADER_HEIGHT = 32
COMPACT_ROW = 38
DRAG_STARTS = 5
"""Distance from which a press in a number is a drag, in px."""

_PLAIN = Qt.KeyboardModifier.NoModifier
_ALT, _CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
COMMANDS: dict[tuple[Qt.Key, Qt.KeyboardModifier], str] = {
    (Qt.Key.Key_Insert, _PLAIN): "add", (Qt.Key.Key_Delete, _PLAIN): "remove", (Qt.Key.Key_D, _CTRL): "duplicate",
    (Qt.Key.Key_Up, _ALT): "up", (Qt.Key.Key_Down, _ALT): "down",
}
"""Key -> command on the current block."""

_MOVES = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
_OPENS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)


class BlocksHeader(QHeaderView):
    """Titles of one or two lines, over their numbers; the part's name stands out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(16)

    def paintSection(self, painter: QPainter, rect: QRect, index: int) -> None:
        model = self.model()
        assert isinstance(model, BlocksModel)
        column, colors = model.columns[index], style.theme().current
        painter.save()
        painter.fillRect(rect, QColor(colors.surface))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), QColor(colors.line))
        heading = column.key == "kind"
        painter.setFont(style.font("heading" if heading else "caption"))
        painter.setPen(QColor(colors.text if heading else colors.quiet))
        flags = int(_side(column.key) | Qt.AlignmentFlag.AlignBottom) | int(Qt.TextFlag.TextDontClip)
        painter.drawText(rect.adjusted(PAD, 0, -PAD, -2), flags, self.title(index))
        painter.restore()

    def title(self, index: int) -> str:
        """The title of a column; in compact tables two columns share one."""
        model, table = self.model(), self.parent()
        assert isinstance(model, BlocksModel) and isinstance(table, BlocksTable)
        column = model.columns[index]
        if table.compact and column.key == "output":
            return self.tr("Output\nmultiply-adds")
        if table.compact and column.key == "parameters":
            return self.tr("Parameters\nformula")
        return column.title

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), HEADER_HEIGHT)


def _side(key: str) -> Qt.AlignmentFlag:
    if key == "batch_normalization":
        return Qt.AlignmentFlag.AlignHCenter
    return Qt.AlignmentFlag.AlignRight if key in (*NUMBERS, *COMPUTED) else Qt.AlignmentFlag.AlignLeft


class BlocksTable(QTableView):
    """The blocks of one part; as high as its rows, as wide as it is told.

    Attributes: ``compact`` (rows of two lines), ``placeholder`` (what to say without rows). Signals: ``command(str)``
    (one of COMMANDS), ``row_selected(int)``, ``row_hovered(int)`` (-1: none), ``edit_began``,
    ``edit_ended(bool)`` (True: take back).
    """

    command = Signal(str)
    row_selected = Signal(int)
    row_hovered = Signal(int)
    edit_began = Signal()
    edit_ended = Signal(bool)

    def __init__(self, model: BlocksModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.blocks = model
        self.compact = False
        self.placeholder = ""
        self._rows_kept = 1
        self._pressed: tuple[QModelIndex, QPoint, float] | None = None
        self._dragging = False
        self._cells = BlocksDelegate(self)
        self.setHorizontalHeader(BlocksHeader(self))
        self.setModel(model)
        self.setItemDelegate(self._cells)
        self.verticalHeader().hide()
        self.verticalHeader().setMinimumSectionSize(style.CONTROL_HEIGHT)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.AnyKeyPressed | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setAccessibleName(self.tr("Encoder blocks") if model.part == "encoder" else self.tr("Decoder blocks"))
        self.selectionModel().currentRowChanged.connect(self._tell_row)
        self._cells.opened.connect(self.edit_began)
        self._cells.ended.connect(self.edit_ended)
        style.theme().changed.connect(self._repaint)

    def natural_widths(self, compact: bool) -> dict[str, int]:
        """Column -> width that shows all of it, in px."""
        before, self.compact = self.compact, compact
        self._cells.compact = compact
        body, small = QFontMetrics(style.font()), QFontMetrics(style.font("caption"))
        heading = QFontMetrics(style.font("heading"))
        widths = {}
        for at, column in enumerate(self.blocks.columns):
            title = heading if column.key == "kind" else small
            parts = [title.horizontalAdvance(line) for line in self._header().title(at).split("\n")]
            for row in range(len(self.blocks.rows)):
                first, second = self._cells.lines(self.blocks, self.blocks.index(row, at))
                below = body if column.key == "kind" else small
                parts += [body.horizontalAdvance(first), below.horizontalAdvance(second)]
            widths[column.key] = max(parts) + 2 * PAD
        if compact:
            widths["multiply_adds"] = 0
        self.compact = self._cells.compact = before
        return widths

    def fit(self, widths: Mapping[str, int], width: int, compact: bool) -> None:
        """Give each column its width, 0 hides it; the table is as high as its rows, or as before while it has none."""
        self.compact = self._cells.compact = compact
        shown = [column.key for column in self.blocks.columns if widths[column.key]]
        for at, column in enumerate(self.blocks.columns):
            self.setColumnHidden(at, column.key not in shown)
            self.setColumnWidth(at, widths[column.key])
        height = COMPACT_ROW if compact else style.CONTROL_HEIGHT
        self.verticalHeader().setDefaultSectionSize(height)
        needs_bar = sum(widths[key] for key in shown) + 2 > width
        bar = self.horizontalScrollBar().sizeHint().height() if needs_bar else 0
        self._rows_kept = len(self.blocks.rows) or self._rows_kept
        self.setFixedHeight(HEADER_HEIGHT + self._rows_kept * height + 2 + bar)

    def open(self, index: QModelIndex) -> None:
        """Edit a cell: a field, the list of a choice, or the other state of a check box."""
        if index.data(Qt.ItemDataRole.CheckStateRole) is not None:
            self.blocks.setData(index, index.data(Qt.ItemDataRole.CheckStateRole) != Qt.CheckState.Checked)
        elif index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(index)
            editor = self.indexWidget(index)
            if isinstance(editor, QComboBox):
                editor.showPopup()

    def select(self, row: int) -> None:
        """Make a row the current one, -1 for none; the column stays."""
        if not 0 <= row < len(self.blocks.rows):
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif row != self.currentIndex().row():
            self.setCurrentIndex(self.blocks.index(row, max(1, self.currentIndex().column())))

    def hover(self, row: int) -> None:
        """Tint a row."""
        if row != self._cells.hovered:
            self._cells.hovered = row
            self.viewport().update()

    def _header(self) -> BlocksHeader:
        header = self.horizontalHeader()
        assert isinstance(header, BlocksHeader)
        return header

    def _repaint(self) -> None:
        self.viewport().update()
        self.horizontalHeader().viewport().update()

    def _tell_row(self, current: QModelIndex) -> None:
        self.row_selected.emit(current.row())

    def _number_at(self, index: QModelIndex) -> bool:
        return index.isValid() and self.blocks.columns[index.column()].key in NUMBERS and self.blocks.can_edit(index)

    def _drag(self, position: QPoint) -> None:
        """Change the pressed number by how far the mouse went."""
        assert self._pressed is not None
        index, origin, start = self._pressed
        distance = position.x() - origin.x()
        if not self._dragging and abs(distance) >= DRAG_STARTS:
            self._dragging = True
            self.setCursor(Qt.CursorShape.SplitHCursor)
            self.edit_began.emit()
        if self._dragging and index.row() < len(self.blocks.rows):
            row = self.blocks.rows[index.row()]
            if row.block is not None:
                field = row.field(self.blocks.columns[index.column()])
                self.blocks.setData(index, dragged(row.block, field, start, distance))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.blocks.rows and self.placeholder:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(style.theme().current.quiet))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, self.placeholder)
            painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and self._number_at(index):
            self._pressed = index, event.position().toPoint(), index.data(Qt.ItemDataRole.EditRole)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        if self._pressed is not None:
            self._drag(position)
            return
        row = self.rowAt(position.y())
        if row != self._cells.hovered:
            self.hover(row)
            self.row_hovered.emit(row)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_dragging, self._pressed, self._dragging = self._dragging, None, False
        super().mouseReleaseEvent(event)
        if was_dragging:
            self.unsetCursor()
            self.edit_ended.emit(False)
        elif event.button() == Qt.MouseButton.LeftButton:
            index = self.indexAt(event.position().toPoint())
            if index.isValid() and index == self.currentIndex():
                self.open(index)

    def leaveEvent(self, event: QEvent) -> None:
        self.hover(-1)
        self.row_hovered.emit(-1)

    def event(self, event: QEvent) -> bool:
        """Keep the keys that the table uses: in the window the arrows move the timeline and Space trains."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._uses(event):
            event.accept()
            return True
        return super().event(event)

    def _uses(self, event: QKeyEvent) -> bool:
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if (key, modifiers) in COMMANDS:
            return self.blocks.editable
        ticks = self.currentIndex().data(Qt.ItemDataRole.CheckStateRole) is not None
        return modifiers == _PLAIN and (key in (*_MOVES, *_OPENS) or (key == Qt.Key.Key_Space and ticks))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if (key, modifiers) in COMMANDS and self.blocks.editable:
            self.command.emit(COMMANDS[key, modifiers])
        elif self.state() == QAbstractItemView.State.EditingState:
            event.ignore()  # on its way out of the editor
        elif (key in _OPENS and modifiers == _PLAIN) or (key == Qt.Key.Key_Space and self._uses(event)):
            self.open(self.currentIndex())
        elif key == Qt.Key.Key_Space:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.angleDelta().x() and self.horizontalScrollBar().maximum():
            super().wheelEvent(event)
        else:
            event.ignore()  # what is around the table scrolls
