"""The colours of a sweep's map, logarithmic in the loss, and round losses for its bar and its contour lines.

The lowest loss has the colour that stands out most from the surface: dark in the light theme, light in the dark one.
The highest one is near the surface, but never the surface itself, which is the colour of what is not trained yet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gui import style
from gui.plots import colormaps
from gui.plots.sweepcells import Floats

FAINTEST = 44
"""Entry of the colour map for the highest loss."""

LEAST_SPAN = 0.02
"""In decades: differences below 5 % do not fill the whole range of colours."""

MARGIN, LEAST_USED = 0.08, 0.7
"""Of a range, while a map fills: room for what is still to come, and how much of it must be used for it to stay."""

_MANTISSAS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8))
_STEPS = (8, 6, 5, 4, 3, 2.5, 2, 1.5, 1)


@dataclass(frozen=True)
class LossScale:
    """From the lowest to the highest colour; log10 of the loss."""

    low: float = -1.0
    high: float = 0.0

    def colours(self, logs: Floats) -> NDArray[np.int64]:
        """log10 of losses -> entries of the table, 0 to 255, the lowest loss 255; -1 for NaN."""
        share = np.clip((self.high - logs) / (self.high - self.low), 0, 1)
        return np.where(np.isnan(logs), -1, np.round(FAINTEST + np.nan_to_num(share) * (255 - FAINTEST))).astype(int)

    def ticks(self) -> list[float]:
        """Three to five round losses within the range."""
        return round_values(10**self.low, 10**self.high, 3, 5)

    def levels(self) -> list[float]:
        """Four to six round losses for contour lines."""
        return round_values(10**self.low, 10**self.high, 4, 6)


def fitted(logs: Floats, before: LossScale | None = None) -> LossScale | None:
    """The range from the 2nd to the 98th percentile; None without a loss.

    While a map fills, ``before`` is the range so far: it stays as long as it holds the new one without being far too
    wide for it, so that a new cell seldom changes the colours of the others.
    """
    values = logs[np.isfinite(logs)]
    if not len(values):
        return None
    low, high = (float(end) for end in np.percentile(values, (2, 98)))
    spare = max(0.0, LEAST_SPAN - (high - low)) / 2
    low, high = low - spare, high + spare
    if before is None:
        return LossScale(low, high)
    if before.low <= low and high <= before.high and high - low >= LEAST_USED * (before.high - before.low):
        return before
    margin = MARGIN * (high - low)
    return LossScale(low - margin * (low < before.low), high + margin * (high > before.high))


def table() -> NDArray[np.uint8]:
    """(256, 3): the colours of the theme, the last for the lowest loss."""
    return colormaps.sequential_error(style.theme().current.dark)


def round_values(low: float, high: float, least: int, most: int) -> list[float]:
    """At least ``least`` and, but for rare cases, at most ``most`` round numbers between two positive ones."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for mantissas in _MANTISSAS:
        values = [mantissa * 10.0**power for power in powers for mantissa in mantissas]
        inside = _inside(values, low, high)
        if len(inside) >= least:
            return _thinned(inside, most)
    return _evenly(low, high, least, most)


def _evenly(low: float, high: float, least: int, most: int) -> list[float]:
    """Multiples of the largest round step that has enough of them between two numbers."""
    exponent = math.floor(math.log10(high - low))
    for step in (step * 10.0**power for power in (exponent, exponent - 1) for step in _STEPS):
        inside = _inside([n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)], low, high)
        if len(inside) >= least:
            return _thinned(inside, most)
    return []


def _inside(values: list[float], low: float, high: float) -> list[float]:
    """Those between two numbers, without the noise of arithmetic."""
    return [float(f"{value:.10g}") for value in values if low <= value <= high]


def _thinned(values: list[float], most: int) -> list[float]:
    """Every so many of them."""
    return values[::-(-len(values) // most)]
