"""The loss over one axis: a line for each value of another, or a point for each combination that was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.sweeptable import Cell
from gui import style
from gui.plots.lines import Axes, Line, LinePlot
from gui.sweep.seen import Seen
from gui.widgets.controls import Flow, combo, labelled, note

MOST_LINES = 8
"""More values of the second axis are not drawn each: so many are taken, spread evenly."""


class CurveView(QWidget):
    """Mean loss with its spread over seeds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = LinePlot(self.tr("Loss over one field"))
        self.over = combo(self.tr("Over"), self.tr("The field on the horizontal axis"))
        self.hint = note()
        self._axes: tuple[str, ...] = ()
        self._seen: Seen | None = None
        row = Flow()
        self._choice = labelled(self.tr("Over"), self.over)
        row.addWidget(self._choice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(self.hint)
        self.over.activated.connect(self._fill)

    def show_sweep(self, seen: Seen) -> None:
        """Show the cells of now."""
        self._seen = seen
        if seen.axes != self._axes:
            self._axes = seen.axes
            with QSignalBlocker(self.over):
                self.over.clear()
                for path in seen.axes:
                    self.over.addItem(seen.names.field(path), path)
            self._choice.setVisible(len(seen.axes) > 1)
        self._fill()

    @Slot()
    def _fill(self) -> None:
        seen = self._seen
        if seen is None or not seen.axes:
            return
        path = self.over.currentData()
        texts = _named(seen, path)
        axes = Axes(seen.names.field(path), self.tr("Validation loss"), seen.logarithmic(path) and not texts, True)
        if seen.book.sweep.drawn or len(seen.axes) > 2:
            lines = [_line(self.tr("Validation loss"), path, seen.cells, texts, points_only=True)]
        else:
            lines = self._family(seen, path, texts)
        self.plot.show_lines([line for line in lines if len(line.x)], axes)
        numbered = " · ".join(f"{place + 1} {text}" for place, text in enumerate(texts.values())) if texts else ""
        self.hint.setText(numbered)
        self.hint.setVisible(bool(numbered))

    def _family(self, seen: Seen, path: str, texts: dict[Any, str]) -> list[Line]:
        """One line, or one for each of some values of the other axis."""
        others = [other for other in seen.axes if other != path]
        if not others:
            return [_line(self.tr("Validation loss"), path, seen.cells, texts)]
        other = others[0]
        values = _some(seen.values(other))
        return [_line(f"{seen.names.field(other)} {seen.names.value(other, value)}", path,
                      [cell for cell in seen.cells if cell.values.get(other) == value], texts) for value in values]


def _named(seen: Seen, path: str) -> dict[Any, str]:
    """Texts by value, of an axis that has no numbers: they are drawn by their place."""
    values = seen.values(path)
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return {} if plain else {value: seen.names.value(path, value) for value in values}


def _some(values: Sequence[Any]) -> list[Any]:
    """At most so many of the values, the first and the last among them."""
    places = np.linspace(0, len(values) - 1, min(MOST_LINES, len(values))).round().astype(int)
    return [values[place] for place in places]


def _line(name: str, path: str, cells: Sequence[Cell], texts: dict[Any, str], points_only: bool = False) -> Line:
    """The means of cells by their value of one axis."""
    places = {value: place + 1 for place, value in enumerate(texts)}
    found = sorted(((float(places.get(cell.values[path], cell.values[path]) if texts else cell.values[path]), cell)
                    for cell in cells if cell.mean is not None and path in cell.values), key=lambda it: it[0])
    x = np.array([place for place, _ in found], dtype=np.float64)
    y = np.array([cell.mean for _, cell in found], dtype=np.float64)
    spread = np.array([cell.spread or 0.0 for _, cell in found], dtype=np.float64)
    if points_only or not spread.any():
        return Line(name, x, y, points_only=points_only)
    return Line(name, x, y, np.maximum(y - spread, y / 100), y + spread)
