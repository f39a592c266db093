"""Two axes of a sweep as a map; where more vary, which two are shown and what the others are held at."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from engine import sweeptable
from engine.sweeptable import Cell, Grid
from gui import style
from gui.plots.sweepmap import MapCells, SweepMap
from gui.sweep.seen import Seen
from gui.widgets.controls import Flow, button, combo, labelled


class MapView(QWidget):
    """Signals: ``opened`` (number of a cell that was clicked), ``hovered`` (number, -1 none)."""

    opened = Signal(int)
    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map = SweepMap(self.tr("Map of the sweep"))
        self.across = combo(self.tr("Across"), self.tr("Which field goes across"))
        self.up = combo(self.tr("Up"), self.tr("Which field goes up"))
        self.tiled = button(self.tr("Images"), self.tr("Draw in each cell what its network makes of the same image"),
                            text=True, checkable=True)
        self.contours = button(self.tr("Contours"), self.tr("Draw lines of equal loss"), text=True, checkable=True)
        self.held: dict[str, QComboBox] = {}
        self._held_box = QWidget()
        self._held_row = Flow(self._held_box)
        self._seen: Seen | None = None
        self._grid: Grid | None = None
        self._offered: tuple[object, ...] = ()
        up = style.dress(QLabel(self.tr("up")), tone="quiet")
        self._choice = labelled(self.tr("Across"), self.across, up, self.up)
        row = Flow()
        for widget in (self.tiled, self.contours, self._choice, self._held_box):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.map, 1)
        self.tiled.toggled.connect(self.map.set_tiled)
        self.contours.toggled.connect(self.map.set_contours)
        self.across.activated.connect(self._choose_axes)
        self.up.activated.connect(self._choose_axes)
        self.map.clicked.connect(self._open)
        self.map.hovered.connect(self._hover)

    @staticmethod
    def refusal(seen: Seen) -> str:
        """Why a sweep has no map; '' when it has."""
        if len(seen.axes) < 2:
            return "one axis"
        return "drawn" if seen.book.sweep.drawn else ""

    def show_sweep(self, seen: Seen) -> None:
        """Show the cells of now."""
        self._seen = seen
        if (seen.book.folder, *seen.axes) != self._offered:
            self._offer(seen)
        self._fill()

    def _offer(self, seen: Seen) -> None:
        """Another sweep: its axes to choose from, the first two at first."""
        self._offered = (seen.book.folder, *seen.axes)
        for box in (self.across, self.up):
            with QSignalBlocker(box):
                box.clear()
                for path in seen.axes:
                    box.addItem(seen.names.field(path), path)
        self.across.setCurrentIndex(0)
        self.up.setCurrentIndex(min(1, len(seen.axes) - 1))
        self._choice.setVisible(len(seen.axes) > 2)
        self._offer_held(seen)

    def _offer_held(self, seen: Seen) -> None:
        """A choice of the value of every axis that is not shown."""
        while (item := self._held_row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()
        self.held = {}
        for path in seen.axes:
            if path in (self.across.currentData(), self.up.currentData()):
                continue
            name = seen.names.field(path)
            box = combo(name, self.tr("The value of {field} in this map").format(field=name),
                        [(seen.names.value(path, value), value) for value in seen.values(path)])
            box.activated.connect(self._fill)
            self.held[path] = box
            self._held_row.addWidget(labelled(name, box))
        self._held_box.setVisible(bool(self.held))

    @Slot()
    def _choose_axes(self) -> None:
        """Two different axes: choosing one that the other has swaps them."""
        if self._seen is None:
            return
        if self.across.currentData() == self.up.currentData():
            others = [place for place in range(self.across.count()) if place != self.across.currentIndex()]
            (self.up if self.sender() is self.across else self.across).setCurrentIndex(others[0])
        self._offer_held(self._seen)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        """Put the cells in their places."""
        seen = self._seen
        if seen is None or self.refusal(seen):
            return
        x, y = self.across.currentData(), self.up.currentData()
        held = {path: box.currentData() for path, box in self.held.items()}
        grid = self._grid = sweeptable.grid(seen.cells, seen.book.sweep, x, y, held)
        pictures = {}
        for place in np.ndindex(*grid.cells.shape):
            cell = grid.at(place)
            if cell is not None and (picture := seen.picture(cell)) is not None:
                pictures[place[0], place[1]] = picture
        spread = grid.spread
        best = seen.verdict.best
        self.map.show_cells(MapCells(
            seen.names.field(x), seen.names.field(y), self._ticks(seen, x, grid.xs), self._ticks(seen, y, grid.ys),
            grid.losses, grid.marks, pictures, spread if np.isfinite(spread).any() else None,
            grid.place(best.number) if best is not None else None,
            grid.seeds if len(seen.book.sweep.seeds) > 1 else None))

    @staticmethod
    def _ticks(seen: Seen, path: str, values: Any) -> tuple[str, ...]:
        return tuple(seen.names.value(path, value) for value in values)

    def select(self, cell: Cell | None) -> None:
        """Outline a cell, after moving to the slice that it lies in."""
        if cell is None or self._grid is None:
            self.map.select(None)
            return
        if any(box.currentData() != cell.values.get(path) for path, box in self.held.items()):
            for path, box in self.held.items():
                box.setCurrentIndex(max(0, box.findData(cell.values.get(path))))
            self._fill()
        self.map.select(self._grid.place(cell.number))

    def _number(self, place: tuple[int, int] | None) -> int:
        cell = self._grid.at(place) if self._grid is not None and place is not None else None
        return -1 if cell is None else cell.number

    @Slot(int, int)
    def _open(self, row: int, column: int) -> None:
        if (number := self._number((row, column))) >= 0:
            self.opened.emit(number)

    @Slot(object)
    def _hover(self, place: tuple[int, int] | None) -> None:
        self.hovered.emit(self._number(place))
