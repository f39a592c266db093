"""Named lines over a common axis, each with a band around it where its spread is known: what runs have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui import style
from gui.plots.axis import Axis
from gui.plots.buckets import Floats, thinned
from gui.plots.frame import frame
from gui.plots.legend import Entry, Legend
from gui.plots.menu import Menu
from gui.plots.points import Points

FEW = 40
"""Up to so many points of a line are marked."""
SMOOTH_UP_TO = 2_000
MARGIN = 0.04
BAND_OPACITY = 48
SYMBOLS = ("o", "s", "d")
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


@dataclass(frozen=True, eq=False)
class Line:
    """One line: x (n,) increasing and y (n,), the band from ``low`` to ``high`` (n,); ``group`` chooses its colour."""

    name: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    group: int | None = None
    """Lines of one group share a colour; None: the line's place."""
    dashed: bool = False
    points_only: bool = False


@dataclass(frozen=True)
class Axes:
    """What the axes count, and how."""

    x: str
    y: str
    log_x: bool = False
    log_y: bool = False
    whole_x: bool = False


@dataclass
class _Drawn:
    """The items of one line."""

    line: Line
    curve: pg.PlotCurveItem
    points: Points
    band: pg.FillBetweenItem | None
    edges: tuple[pg.PlotCurveItem, ...] = ()
    place: tuple[Floats, Floats] = field(default_factory=lambda: (np.empty(0), np.empty(0)))


class LinePlot(QWidget):
    """Lines with a legend that says their values under the mouse; the wheel zooms, a double click shows everything."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: tuple[Line, ...] = ()
        self.axes = Axes("", "")
        self._items: list[_Drawn] = []
        self._fitted = True
        self.setAccessibleName(name)
        self.legend = Legend(self)
        self._x_axis, self._y_axis = Axis("bottom"), Axis("left")
        self._box = pg.ViewBox(enableMenu=False, defaultPadding=0)
        self.plot = frame(name, self._x_axis, self._y_axis, self._box, self)
        self.plot.setBackground(style.theme().current.surface)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.XS)
        column.addWidget(self.legend)
        column.addWidget(self.plot, 1)
        Menu(self, name)
        self._box.sigXRangeChanged.connect(self._thin)
        self._box.sigResized.connect(self._thin)
        self._box.sigRangeChangedManually.connect(self._stop_fitting)
        self.plot.scene().sigMouseMoved.connect(self._point_at)
        self.plot.scene().sigMouseClicked.connect(self._click)
        style.theme().changed.connect(self._restyle)

    def show_lines(self, lines: Sequence[Line], axes: Axes) -> None:
        """Draw these in place of those before; the range stays where somebody has zoomed and the axes are the same."""
        if axes != self.axes:
            self._fitted = True
        self.lines, self.axes = tuple(lines), axes
        self._x_axis.name(axes.x)
        self._y_axis.name(axes.y)
        self._x_axis.set_scale(log=axes.log_x, whole=axes.whole_x)
        self._y_axis.set_scale(log=axes.log_y)
        for drawn in self._items:
            for item in (drawn.curve, drawn.points, drawn.band, *drawn.edges):
                if item is not None:
                    self._box.removeItem(item)
        self._items = [self._make(line) for line in self.lines]
        self._restyle()
        if self._fitted:
            self.fit()
        self._thin()

    def _make(self, line: Line) -> _Drawn:
        curve, points = pg.PlotCurveItem(), Points("o", 6)
        curve.setSegmentedLineMode("off")  # else thick lines come apart at their corners
        band: pg.FillBetweenItem | None = None
        edges: tuple[pg.PlotCurveItem, ...] = ()
        if line.low is not None and line.high is not None:
            low, high = pg.PlotCurveItem(), pg.PlotCurveItem()
            for edge in (low, high):
                edge.setPen(pg.mkPen(None))
            band, edges = pg.FillBetweenItem(low, high), (low, high)
            for item in (band, low, high):
                self._box.addItem(item, ignoreBounds=True)
        for item in (curve, points):
            self._box.addItem(item, ignoreBounds=True)
        return _Drawn(line, curve, points, band, edges, self._placed(line.x, line.y))

    def _placed(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Values -> places on the axes; what a logarithm does not have is left out."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        good = np.isfinite(x) & np.isfinite(y)
        if self.axes.log_x:
            good &= x > 0
        if self.axes.log_y:
            good &= y > 0
        x, y = x[good], y[good]
        return np.log10(x) if self.axes.log_x else x, np.log10(y) if self.axes.log_y else y

    def numbers(self) -> list[tuple[str, Floats]]:
        """Every line as columns: its x, its y, and its band."""
        columns = []
        for line in self.lines:
            columns += [(f"{line.name} {self.axes.x}", line.x), (f"{line.name} {self.axes.y}", line.y)]
            if line.low is not None and line.high is not None:
                columns += [(f"{line.name} low", line.low), (f"{line.name} high", line.high)]
        return columns

    @Slot()
    def fit(self) -> None:
        """Show everything."""
        self._fitted = True
        extents = [self._placed(x, y) for line in self.lines
                   for x, y in ((line.x, line.y), (line.x, line.low), (line.x, line.high)) if y is not None]
        extents = [(x, y) for x, y in extents if len(x)]
        if extents:
            left, right = min(float(x.min()) for x, _ in extents), max(float(x.max()) for x, _ in extents)
            low, high = min(float(y.min()) for _, y in extents), max(float(y.max()) for _, y in extents)
            across, up = (right - left or 1.0) * MARGIN, (high - low or abs(high) or 1.0) * MARGIN
            self._box.setRange(xRange=(left - across, right + across), yRange=(low - up, high + up), padding=0)

    @Slot()
    def _stop_fitting(self, *_: object) -> None:
        self._fitted = False

    @Slot()
    def _thin(self, *_: object) -> None:
        """Draw what is in sight, with no more points than the screen has."""
        (left, right), _ = self._box.viewRange()
        pixels = max(1, int(self._box.width()))
        for drawn in self._items:
            x, y = thinned(*drawn.place, left, right, pixels)
            if not drawn.line.points_only:
                drawn.curve.setData(x, y, antialias=len(x) <= SMOOTH_UP_TO)
            few = len(x) <= FEW or drawn.line.points_only
            drawn.points.set_points(x if few else x[:0], y if few else y[:0])
            for edge, values in zip(drawn.edges, (drawn.line.low, drawn.line.high), strict=False):
                if values is not None:
                    edge.setData(*self._placed(drawn.line.x, values))

    def _look(self, place: int) -> tuple[str, Qt.PenStyle, str]:
        """Colour, dashes and symbol of the line at a place: never the colour alone."""
        line = self.lines[place]
        number = place if line.group is None else line.group
        theme = style.theme().current
        colours = [colour for colour in theme.classes if 1.8 < style.contrast(colour, theme.surface) < 12]
        rounds = number // len(colours)
        dash = Qt.PenStyle.DashLine if line.dashed else DASHES[rounds % len(DASHES)]
        return colours[number % len(colours)], dash, SYMBOLS[number % len(SYMBOLS)]

    @Slot()
    def _restyle(self, *_: object) -> None:
        """Take the colours of the theme."""
        self.plot.setBackground(style.theme().current.surface)
        for axis in (self._x_axis, self._y_axis):
            axis.restyle()
        for place, drawn in enumerate(self._items):
            colour, dash, symbol = self._look(place)
            drawn.curve.setPen(pg.mkPen(colour, width=style.theme().line_width, style=dash))
            drawn.points.symbol = symbol
            drawn.points.set_colours(pg.mkPen(None), pg.mkBrush(colour))
            if drawn.band is not None:
                shade = pg.mkColor(colour)
                shade.setAlpha(BAND_OPACITY)
                drawn.band.setBrush(shade)
        self._say_values(None)

    @Slot(object)
    def _point_at(self, place: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(place)
        self._say_values(self._box.mapSceneToView(place).x() if inside else None)

    @Slot(object)
    def _click(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        if event.double() and event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def _say_values(self, x: float | None) -> None:
        """Every line's name in the legend, and its value at a place of the axis."""
        entries = []
        for place, drawn in enumerate(self._items):
            colour, dash, _ = self._look(place)
            entries.append(Entry(drawn.line.name, colour, dash, self._value(drawn, x)))
        self.legend.show_entries(entries)

    def _value(self, drawn: _Drawn, x: float | None) -> str:
        across, up = drawn.place
        if x is None or not len(across) or not across[0] <= x <= across[-1]:
            return ""
        value = float(np.interp(x, across, up))
        return f"{10.0**value if self.axes.log_y else value:.4g}"
