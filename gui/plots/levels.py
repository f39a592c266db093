"""Horizontal lines at fixed losses, each with its name: what a network must beat."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt

from gui import style

LABEL_AT = 0.985
"""Where along the line its name ends."""
LABEL_SHARE = 0.09
"""Of the axis: what a name below the lowest line takes, where the curves above it would hide it."""


class Levels:
    """The lines of one plot. Attribute: ``values``, (name, loss) of each."""

    def __init__(self, box: pg.ViewBox) -> None:
        self._box = box
        self.values: tuple[tuple[str, float], ...] = ()
        self._lines: list[pg.InfiniteLine] = []

    def show(self, values: Sequence[tuple[str, float]], log: bool) -> None:
        """Draw these in place of those before; on a logarithmic axis only what is above 0."""
        for line in self._lines:
            self._box.removeItem(line)
        self.values = tuple(values)
        places = [(name, place) for name, value in self.values if (place := self._place(value, log)) is not None]
        lowest = min((place for _, place in places), default=0.0)
        self._lines = [self._line(name, place, 0 if place == lowest else 1) for name, place in places]
        self.restyle()

    def bounds(self, log: bool, low: float, high: float) -> tuple[float, float]:
        """From where to where the axis goes that shows what is between ``low`` and ``high``, the lines, their names."""
        places = [place for _, value in self.values if (place := self._place(value, log)) is not None]
        if not places:
            return low, high
        top = max(high, *places)
        return min(low, min(places) - LABEL_SHARE * (top - min(low, *places))), top

    @staticmethod
    def _place(value: float, log: bool) -> float | None:
        if not log:
            return value
        return math.log10(value) if value > 0 else None

    def _line(self, name: str, place: float, anchor: int) -> pg.InfiniteLine:
        """A line with its name below it (``anchor`` 0) or above (1)."""
        line = pg.InfiniteLine(place, angle=0, label=name,
                               labelOpts={"position": LABEL_AT, "anchors": [(1, anchor), (1, anchor)]})
        line.label.setFont(style.font("caption"))
        line.setZValue(-50)
        self._box.addItem(line, ignoreBounds=True)
        return line

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colours = style.theme().current
        for line in self._lines:
            line.setPen(pg.mkPen(colours.outline, width=1, style=Qt.PenStyle.DashDotLine))
            line.label.setColor(colours.quiet)
