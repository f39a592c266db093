"""Every combination as a line over all axes, with ranges that choose among them."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.sweeptable import Cell
from gui import style
from gui.plots.coordinates import coordinate
from gui.plots.parallel import ParallelCoordinates
from gui.sweep.seen import Seen
from gui.widgets.controls import note


class ParallelView(QWidget):
    """Signals: ``opened`` (number of a cell), ``hovered`` (number, -1 none)."""

    opened = Signal(int)
    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = ParallelCoordinates(self.tr("Parallel coordinates"))
        self.hint = note(self.tr(
            "A click on a line shows its run; a click beside a range removes it, a double click all."))
        self._cells: tuple[Cell, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addWidget(self.plot, 1)
        column.addWidget(self.hint)
        self.plot.clicked.connect(self._open)
        self.plot.hovered.connect(self._hover)

    def show_sweep(self, seen: Seen) -> None:
        """Show the cells of now."""
        self._cells = seen.cells
        losses = np.array([np.nan if cell.mean is None else cell.mean for cell in seen.cells], dtype=np.float64)
        self.plot.show_trials([
            coordinate(seen.names.field(path), [_value(seen, cell, path) for cell in seen.cells],
                       seen.logarithmic(path)) for path in seen.axes], losses)

    def select(self, cell: Cell | None) -> None:
        """Outline a cell."""
        places = {known.number: place for place, known in enumerate(self._cells)}
        self.plot.select(places.get(cell.number, -1) if cell is not None else -1)

    @Slot(int)
    def _open(self, place: int) -> None:
        if 0 <= place < len(self._cells):
            self.opened.emit(self._cells[place].number)

    @Slot(int)
    def _hover(self, place: int) -> None:
        self.hovered.emit(self._cells[place].number if 0 <= place < len(self._cells) else -1)


def _value(seen: Seen, cell: Cell, path: str) -> object:
    """Numbers as they are, names as they are read."""
    value = cell.values.get(path)
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return value if plain or value is None else seen.names.value(path, value)
