"""A chart as an SVG file for print: white, in large type, every line told apart by dashes as well as by colour."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDTH, PLOT = 960, 480
"""Units of the picture across, and of the plot's height."""
LEFT, RIGHT, TOP, BELOW = 120, 24, 24, 84
TYPE, LEGEND_ROW = 20, 30
FEW = 40
"""Up to so many points of a line are marked."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#a3518c", "#7a6000", "#333333", "#2f8fbf")
DASHES = ("", "12 6", "3 5", "14 5 3 5")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML file may hold."""


@dataclass(frozen=True, eq=False)
class Line:
    """One line: x (n,) and y (n,); what is no number, or has no logarithm where one is taken, is left out."""

    name: str
    x: Floats
    y: Floats


@dataclass(frozen=True)
class Scale:
    """From values to places: a range, and whether its logarithm counts."""

    low: float
    high: float
    log: bool = False

    def part(self, values: Floats) -> Floats:
        """Values -> where they fall between 0 and 1."""
        low, high = self._as_drawn(np.array([self.low, self.high]))
        return (self._as_drawn(np.asarray(values, np.float64)) - low) / (high - low)

    def _as_drawn(self, values: Floats) -> Floats:
        return np.log10(values) if self.log else values

    def ticks(self) -> list[float]:
        """Round values within the range."""
        found = _decades(self.low, self.high) if self.log else []
        return found if len(found) > 1 else _steps(self.low, self.high)


def scale(values: Floats, log: bool) -> Scale:
    """The range of finite values with a margin; a single value gets a range around it."""
    if not len(values):
        return Scale(0.1 if log else 0.0, 1.0, log)
    low, high = float(values.min()), float(values.max())
    if log:
        logs = math.log10(low), math.log10(high)
        margin = (logs[1] - logs[0]) * 0.04 or 0.3
        return Scale(10.0 ** max(logs[0] - margin, -307), 10.0 ** min(logs[1] + margin, 307), True)
    room = (high - low) * 0.04 or abs(high) * 0.5 or 1.0
    return Scale(low - room, high + room)


def _steps(low: float, high: float, most: int = 7) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten, fewer where the range is long; 2 and 5 times them too where it is short."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if math.log10(high) - math.log10(low) < 2.5 else (1,)
    ticks = (factor * 10.0 ** power for power in range(first, last + 1, 1 + (last - first) // 9) for factor in factors)
    return [tick for tick in ticks if low <= tick <= high]


def chart(lines: Sequence[Line], title: str, x: str, y: str, log: bool = False) -> bytes:
    """The file: lines over a grid, their names below; ``log`` is of the vertical axis, ``title`` for screen readers."""
    drawn = [_finite(line, log) for line in lines]
    across = scale(np.concatenate([line.x for line in drawn] or [np.empty(0)]), log=False)
    up = scale(np.concatenate([line.y for line in drawn] or [np.empty(0)]), log)
    height = TOP + PLOT + BELOW + LEGEND_ROW * len(drawn)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
             f'height="{height}" role="img" font-family="sans-serif" font-size="{TYPE}" fill="#111111">',
             f"<title>{_text(title)}</title>", f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             *_grid(across, up), *_names(x, y)]
    for number, line in enumerate(drawn):
        parts += [*_line(line, number, across, up), *_legend(line, number)]
    return ("\n".join([*parts, "</svg>"]) + "\n").encode()


def _finite(line: Line, log: bool) -> Line:
    x, y = np.asarray(line.x, np.float64), np.asarray(line.y, np.float64)
    good = np.isfinite(x) & np.isfinite(y) & ((y > 0) if log else True)
    return Line(line.name, x[good], y[good])


def _text(value: str) -> str:
    """Words as XML; line ends become spaces."""
    return escape(" ".join(NOT_XML.sub("\ufffd", value).split()))


def _across(values: Floats, scale: Scale) -> Floats:
    return LEFT + scale.part(values) * (WIDTH - LEFT - RIGHT)


def _up(values: Floats, scale: Scale) -> Floats:
    return TOP + (1 - scale.part(values)) * PLOT


def _grid(across: Scale, up: Scale) -> list[str]:
    """Frame, lines at the ticks, and their numbers."""
    right, bottom = WIDTH - RIGHT, TOP + PLOT
    parts = []
    for value, place in zip(up.ticks(), _up(np.array(up.ticks()), up), strict=True):
        parts += [f'<path d="M{LEFT} {place:.1f}H{right}" stroke="#d9d9d9"/>',
                  f'<text x="{LEFT - 10}" y="{place + TYPE / 3:.1f}" text-anchor="end">{value:g}</text>']
    for value, place in zip(across.ticks(), _across(np.array(across.ticks()), across), strict=True):
        parts += [f'<path d="M{place:.1f} {bottom}v6" stroke="#555555"/>',
                  f'<text x="{place:.1f}" y="{bottom + 30}" text-anchor="middle">{value:g}</text>']
    return [*parts, f'<path d="M{LEFT} {TOP}V{bottom}H{right}" stroke="#555555" fill="none"/>']


def _names(x: str, y: str) -> list[str]:
    """What the axes count."""
    middle, half = (LEFT + WIDTH - RIGHT) / 2, TOP + PLOT / 2
    return [f'<text x="{middle}" y="{TOP + PLOT + 60}" text-anchor="middle">{_text(x)}</text>',
            f'<text transform="translate(28 {half}) rotate(-90)" text-anchor="middle">{_text(y)}</text>']


def _stroke(number: int) -> str:
    """Colour and dashes of a line: 28 lines differ, the first seven in colour alone and every four in dashes."""
    dashes = DASHES[number % len(DASHES)]
    return f'stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="3" fill="none"' \
        + (f' stroke-dasharray="{dashes}"' if dashes else "")


def _line(line: Line, number: int, across: Scale, up: Scale) -> list[str]:
    """The line, and its points where they are few."""
    places = list(zip(_across(line.x, across), _up(line.y, up), strict=True))
    parts = [f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in places)}" {_stroke(number)}/>'] \
        if places else []
    if len(places) <= FEW:
        colour = COLOURS[number % len(COLOURS)]
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4.5" fill="{colour}"/>' for a, b in places]
    return parts


def _legend(line: Line, number: int) -> list[str]:
    """A sample of the line and its name, in a row of its own below the plot."""
    place = TOP + PLOT + BELOW + LEGEND_ROW * number
    return [f'<path d="M{LEFT} {place}h64" {_stroke(number)}/>',
            f'<text x="{LEFT + 80}" y="{place + TYPE / 3:.1f}">{_text(line.name)}</text>']
