"""How the losses of one run are drawn: four lines, thinned to the pixels there are, and points while they are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from gui import style
from gui.plots.buckets import Floats, thinned
from gui.plots.points import Points
from gui.plots.runlosses import RunLosses

FEW = 60
"""Up to so many evaluations in sight are marked with points."""

SMOOTH_UP_TO = 4_000
"""Lines with more points are drawn without antialiasing: it costs three times as much and shows nothing there."""

Line = tuple[Floats, Floats]
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
ORDER = ("batch", "smoothed", "training", "validation")
_NOTHING: Line = (np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Look:
    """Colour and dashes of one line; ``symbol`` marks its points while they are few."""

    colour: str
    dash: Qt.PenStyle = Qt.PenStyle.SolidLine
    symbol: str = ""


@dataclass(frozen=True)
class View:
    """The part of the plot in sight: x from ``left`` to ``right`` on this many pixels, and what the axes mean."""

    left: float
    right: float
    pixels: int


class RunItems:
    """The lines of one run in a plot; ``lines`` holds their full points as the axes count."""

    def __init__(self, box: pg.ViewBox, losses: RunLosses, depth: float) -> None:
        self.losses = losses
        self.lines: dict[str, Line] = dict.fromkeys(ORDER, _NOTHING)
        self.looks: dict[str, Look] = {}
        self._box, self._log, self._per_unit = box, False, 1.0
        self._measured: dict[str, object] = {}
        self._drawn: dict[str, View] = {}
        self._curves = {name: pg.PlotCurveItem() for name in ORDER}
        for curve in self._curves.values():
            curve.setSegmentedLineMode("off")  # else thick lines come apart at their corners
        self._points = {name: Points() for name in ("training", "validation")}
        for height, item in enumerate([*self._curves.values(), *self._points.values()]):
            item.setZValue(depth + height / 10)
            box.addItem(item, ignoreBounds=True)

    def remove(self) -> None:
        """Take the lines out of the plot."""
        for item in (*self._curves.values(), *self._points.values()):
            self._box.removeItem(item)

    def restyle(self, looks: dict[str, Look]) -> None:
        """Draw with these looks; a line without one is hidden."""
        self.looks = looks
        for name, curve in self._curves.items():
            look = looks.get(name)
            curve.setVisible(look is not None)
            if look is not None:
                width = max(1.0, style.theme().line_width / (2 if name == "batch" else 1))  # else noise hides the rest
                curve.setPen(pg.mkPen(look.colour, width=width, style=look.dash))
        for name, points in self._points.items():
            look = looks.get(name)
            points.setVisible(bool(look and look.symbol))
            if look is not None and look.symbol:
                points.symbol = look.symbol
                points.set_colours(pg.mkPen(None), pg.mkBrush(look.colour))

    def measure(self, batches_per_epoch: float | None, log: bool) -> None:
        """Take the losses over: x in epochs where their length is given, y as log10 where ``log``."""
        self._log, self._per_unit = log, batches_per_epoch or 1.0
        for name in ORDER:
            line = self.losses.line(name)
            state = (id(line), line.state, self._per_unit, log)
            if state != self._measured.get(name):
                self._measured[name] = state
                self.lines[name] = self._scaled(*line.points())
                self._drawn.pop(name, None)

    def _scaled(self, x: Floats, y: Floats) -> Line:
        """Steps and losses -> places on the axes."""
        if self._log:
            x, y = x[y > 0], np.log10(y[y > 0])
        return x / self._per_unit, y

    def draw(self, view: View) -> None:
        """Show what is in sight."""
        for name, curve in self._curves.items():
            if name in self.looks and self._drawn.get(name) != view:
                self._drawn[name] = view
                x, y = thinned(*self.lines[name], view.left, view.right, view.pixels)
                curve.setData(x, y, antialias=len(x) <= SMOOTH_UP_TO)
                if name in self._points:
                    few = len(x) <= FEW
                    self._points[name].set_points(x if few else x[:0], y if few else y[:0])

    def height(self, name: str, step: float) -> float | None:
        """Where a line stands at a step of its run, or last stood before it; as the axis counts."""
        x, y = self.lines[name]
        position = int(np.searchsorted(x, step / self._per_unit * (1 + 1e-12), side="right")) - 1
        return float(y[position]) if position >= 0 else None

    def value(self, name: str, step: float) -> float | None:
        """The latest loss of a line up to a step of its run; None before the first."""
        height = self.height(name, step)
        return 10.0**height if height is not None and self._log else height

    def bounds(self) -> tuple[float, float, float] | None:
        """Largest x, smallest and largest y of what is drawn; None when nothing is."""
        drawn = [line for name, line in self.lines.items() if name in self.looks and len(line[0])]
        if not drawn:
            return None
        return (max(float(x[-1]) for x, _ in drawn), min(float(y.min()) for _, y in drawn),
                max(float(y.max()) for _, y in drawn))


def looks_in_front(smoothed: bool) -> dict[str, Look]:
    """The looks of the run in front: training in a quiet tone, validation in the accent."""
    theme = style.theme().current
    faint = {"batch": Look(style.mixed(theme.surface, theme.quiet, 0.45))}
    mean = {"smoothed": Look(theme.quiet)} if smoothed else {}
    return {**faint, **mean, "training": Look(theme.quiet, Qt.PenStyle.DashLine, "s"),
            "validation": Look(theme.accent, symbol="o")}


def looks_behind(number: int, smoothed: bool) -> dict[str, Look]:
    """The looks of a run behind: a colour of its own, and other dashes when the colours begin again."""
    theme = style.theme().current
    colours = [colour for colour in theme.classes if 1.8 < style.contrast(colour, theme.surface) < 12][1:]
    colour, dash = colours[number % len(colours)], _DASHES[number // len(colours) % len(_DASHES)]
    faint = {"smoothed": Look(style.mixed(theme.surface, colour, 0.55), dash)} if smoothed else {}
    return {**faint, "validation": Look(colour, dash)}
