"""The tables of encoder and decoder in one room: beside each other where both fit, else one below the other."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QSizePolicy, QWidget

from gui import style
from gui.blocks.blocks_table import HEADER_HEIGHT, BlocksTable
from gui.blocks.blocks_widths import aligned, spread

LEAST_HEIGHT = 120
"""Of the room, in px."""


class BlocksArea(QScrollArea):
    """Two tables that share the width, with long rows or compact ones; never higher than they need."""

    def __init__(self, tables: tuple[BlocksTable, BlocksTable], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tables = tables
        inside = QWidget()
        self._sides = QBoxLayout(QBoxLayout.Direction.TopToBottom, inside)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(style.S)
        for table in tables:
            self._sides.addWidget(table, 0, Qt.AlignmentFlag.AlignTop)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(LEAST_HEIGHT)

    def fit(self) -> None:
        """Tables beside each other where both fit, else below with the same columns; long rows or compact."""
        width = self.viewport().width()
        compact = [table.natural_widths(True) for table in self._tables]
        beside = max(sum(widths.values()) for widths in compact) * 2 + style.S + 4 <= width
        room = (width - style.S) // 2 if beside else width
        full = [table.natural_widths(False) for table in self._tables]
        if not beside:
            compact, full = aligned(*compact), aligned(*full)
        small = max(sum(widths.values()) for widths in full) + 2 > room
        for table, widths in zip(self._tables, compact if small else full, strict=True):
            table.fit(spread(widths, room - 2), room, small)
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)
        heights = [table.height() for table in self._tables]
        self.setMaximumHeight(max(LEAST_HEIGHT, max(heights) if beside else sum(heights) + style.S))

    def bring(self, table: BlocksTable, row: int) -> None:
        """Scroll a row of one of the tables into view."""
        height = table.rowHeight(row)
        middle = table.y() + HEADER_HEIGHT + table.rowViewportPosition(row) + height // 2
        self.ensureVisible(0, middle, 0, height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fit()
        super().resizeEvent(event)
