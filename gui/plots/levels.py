"""Horizontal lines at fixed losses, each with its name: what a network must beat."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt

from gui import style

LABEL_AT = 0.985
"""Where along the line its name ends."""


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
        self._lines = [self._line(name, place) for name, value in self.values
                       if (place := self._place(value, log)) is not None]
        self.restyle()

    def bounds(self, log: bool) -> tuple[float, float] | None:
        """Lowest and highest place on the axis; None without lines."""
        places = [place for _, value in self.values if (place := self._place(value, log)) is not None]
        return (min(places), max(places)) if places else None

    @staticmethod
    def _place(value: float, log: bool) -> float | None:
        if not log:
            return value
        return math.log10(value) if value > 0 else None

    def _line(self, name: str, place: float) -> pg.InfiniteLine:
        line = pg.InfiniteLine(place, angle=0, label=name,
                               labelOpts={"position": LABEL_AT, "anchors": [(1, 1), (1, 1)]})
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
