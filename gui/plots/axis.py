"""Axes with calm ticks: 1-2-5 on both scales, full numbers, horizontal grid lines in the colour of lines."""

from __future__ import annotations

import math
from itertools import pairwise

import pyqtgraph as pg

from gui import style

_EDGES = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_MANTISSAS = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 5), (1,))
_LABEL_ROOM = {"left": 26.0, "bottom": 64.0}
"""Least distance between two labels, in px."""

LARGE = 1e8
"""From here on a number on a logarithmic axis is a power of ten."""

Level = tuple[float, list[float]]


def nice_step(at_least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below a positive number."""
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= at_least * (1 - 1e-9))


def nice_edge(value: float) -> float:
    """The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not below a positive number."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(factor * power for factor in _EDGES if factor * power >= value * (1 - 1e-9))


def nice_below(value: float) -> float:
    """The largest of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not above a positive number."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(factor * power for factor in (0.8, *_EDGES) if factor * power <= value * (1 + 1e-9))


def linear_ticks(low: float, high: float, room: float, whole: bool) -> list[float]:
    """Multiples of a nice step between two values; ``room`` is the least distance in units, ``whole`` no fractions."""
    step = nice_step(max(room, 1.0 if whole else 0.0, 1e-300))
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float, room: float) -> list[float]:
    """log10 of round values between two decades; ``room`` is the least distance of labels in decades."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    for mantissas in _MANTISSAS:
        logs = [power + math.log10(mantissa) for power in powers for mantissa in mantissas]
        if min(b - a for a, b in pairwise([*logs, logs[-1] + 1])) >= room:
            inside = [value for value in logs if low - 1e-9 <= value <= high + 1e-9]
            return inside if len(inside) > 1 else _ticks_within_a_decade(low, high, room)
    every = math.ceil(room)
    return [float(power) for power in powers if low <= power <= high and power % every == 0]


def _ticks_within_a_decade(low: float, high: float, room: float) -> list[float]:
    """Evenly spaced values where hardly any round one is in sight."""
    bottom, top = 10.0**low, 10.0**high
    return [math.log10(value) for value in linear_ticks(bottom, top, top * (1 - 10**-room), False) if value > 0]


class Axis(pg.AxisItem):
    """An axis whose values may be logarithms (``log``) or whole numbers (``whole``, once two of them fit)."""

    def __init__(self, orientation: str, *, log: bool = False, whole: bool = False) -> None:
        super().__init__(orientation)
        self.log, self.whole = log, whole
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=0, tickTextOffset=style.XS, tickFont=style.font("caption"),
                      hideOverlappingLabels=False)
        self.label.setFont(style.font("caption"))
        if orientation == "left":
            self.setGrid(255)
            self.setWidth(58)  # fixed, so that the picture does not move when labels get longer
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colours = style.theme().current
        self.setPen(colours.quiet if self.orientation == "bottom" else colours.surface)
        self.setTickPen(colours.line)
        self.setTextPen(colours.quiet)
        self.label.setDefaultTextColor(pg.mkColor(colours.quiet))

    def set_scale(self, *, log: bool | None = None, whole: bool | None = None) -> None:
        """Change what the values are."""
        self.log = self.log if log is None else log
        self.whole = self.whole if whole is None else whole
        self.picture = None
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[Level]:
        low, high = sorted((minVal, maxVal))
        if not (math.isfinite(low) and math.isfinite(high)) or high <= low or size <= 0:
            return []
        room = _LABEL_ROOM[self.orientation] * (high - low) / size
        whole = self.whole and high - low >= 2
        values = log_ticks(low, high, room) if self.log else linear_ticks(low, high, room, whole)
        return [(values[1] - values[0] if len(values) > 1 else 1.0, values)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.log:
            return [plain(10.0**value) for value in values]
        decimals = max(0, -math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 0
        return [f"{value:,.{decimals}f}" if decimals < 7 else f"{value:.3g}" for value in values]

    def name(self, text: str) -> None:
        """What the values are."""
        if text != self.labelText:
            self.setLabel(text)


def plain(value: float) -> str:
    """0.02 as '0.02', 500000 as '500,000', 1e-06 as '1e-6'."""
    if 1_000 <= value < LARGE:
        return f"{round(value):,}"
    text = f"{value:.4g}"
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else text
