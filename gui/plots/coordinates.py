"""Parallel coordinates: from the values of many trials to places on vertical axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication

from gui.plots.axis import linear_ticks, log_ticks, plain
from gui.widgets.quantities import NOTHING

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ticks = tuple[tuple[float, str], ...]

FEW = 8
"""So many different round values each have a tick of their own."""

TICKS = 6
"""About so many parts has an axis of more."""

DECADES = 2
"""Positive numbers that spread evenly over more than this many powers of ten have a logarithmic axis."""


LEAST_STEP = 0.4
"""Natural logarithm of the least factor between numbers that are each the same multiple of the one before."""


@dataclass(frozen=True, eq=False)
class Coordinate:
    """One vertical axis; ``coordinate`` makes it of the values."""

    name: str
    values: tuple[Any, ...]
    places: Floats
    """(N,) place of each trial in [0, 1], 0 at the foot; NaN for one that has none."""
    ticks: Ticks
    """Place in [0, 1] and text, from the foot up."""
    low: float = 0.0
    high: float = 1.0
    """The numbers at the foot and the head, of categories the first and last index."""
    log: bool = False
    categories: tuple[str, ...] = ()

    def place(self, number: float) -> float:
        """Where a number lies, beyond 0 and 1 outside the axis; the middle where all are one."""
        if self.high <= self.low:
            return 0.5
        if self.log:
            return math.log(number / self.low) / math.log(self.high / self.low)
        return (number - self.low) / (self.high - self.low)

    def number(self, place: float) -> float:
        """The number at a place in [0, 1]."""
        if self.log:
            return self.low * (self.high / self.low) ** place
        return self.low + place * (self.high - self.low)

    def text(self, place: float) -> str:
        """The number at a place as text; of categories, whose names stand there, nothing."""
        return "" if self.categories else rounded(self.number(place))

    def said(self, trial: int) -> str:
        """The value of a trial as text."""
        if not math.isfinite(self.places[trial]):
            return NOTHING
        return _word(self.values[trial]) if self.categories else plain(float(self.values[trial]))

    def column(self) -> npt.NDArray[Any]:
        """(N,) the values for a table, numbers in full precision, NaN or no text for one that has none."""
        if self.categories:
            return np.array(["" if value is None else _word(value) for value in self.values], dtype=str)
        return np.array([np.nan if value is None else float(value) for value in self.values])


def coordinate(name: str, values: Sequence[Any], log: bool = False) -> Coordinate:
    """An axis for numbers, linear or logarithmic, or for texts and truths as categories in order of appearance.

    None, NaN and infinite numbers get no place. The axis is logarithmic when asked for, or when the numbers spread
    over powers of ten or each is the same multiple of the one before; never where one is not above 0.
    """
    known = tuple(None if isinstance(value, Real) and not math.isfinite(value) else value for value in values)
    if any(not isinstance(value, Real) or isinstance(value, bool) for value in known if value is not None):
        return _categorical(name, known)
    numbers = np.array([np.nan if value is None else float(value) for value in known], dtype=np.float64)
    return _numeric(name, known, numbers, log)


def rounded(number: float) -> str:
    """A number with three significant digits, for the end of a range."""
    return plain(float(f"{number:.3g}"))


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return QCoreApplication.translate("coordinates", "on" if value else "off")
    return str(value)


def _categorical(name: str, values: tuple[Any, ...]) -> Coordinate:
    """Words at equal distances, the first at the foot; a single one in the middle."""
    words = [None if value is None else _word(value) for value in values]
    order = {word: index for index, word in enumerate(dict.fromkeys(word for word in words if word is not None))}
    last = max(1, len(order) - 1)
    at = {word: index / last if len(order) > 1 else 0.5 for word, index in order.items()}
    places = np.array([np.nan if word is None else at[word] for word in words], dtype=np.float64)
    ticks = tuple((place, word) for word, place in at.items())
    return Coordinate(name, values, places, ticks, 0.0, float(len(order) - 1), categories=tuple(order))


def _numeric(name: str, values: tuple[Any, ...], numbers: Floats, log: bool) -> Coordinate:
    """Numbers from the smallest at the foot to the largest at the head; in the middle where all are one."""
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return Coordinate(name, values, numbers, ())
    low, high = float(finite.min()), float(finite.max())
    log = low > 0 and (log or _over_decades(finite) or _multiplied(finite))
    blank = Coordinate(name, values, numbers, (), low, high, log)
    scaled = np.log(numbers / low) / (math.log(high / low) or 1.0) if log else (numbers - low) / (high - low or 1.0)
    places = np.where(np.isfinite(numbers), scaled if high > low else 0.5, np.nan).clip(0, 1)
    ticks = tuple((blank.place(value), plain(value)) for value in _ticks(finite, log))
    return Coordinate(name, values, places, ticks, low, high, log)


def _over_decades(numbers: Floats) -> bool:
    """Whether positive numbers lie over more than two powers of ten, the middle one near the middle of them."""
    logs = np.log10(numbers)
    span = float(np.ptp(logs))
    return span > DECADES and 0.25 <= float(np.median(logs) - logs.min()) / span <= 0.75


def _multiplied(numbers: Floats) -> bool:
    """Whether positive numbers are like 8, 16, 32, 64."""
    steps = np.diff(np.log(np.unique(numbers)))
    return 2 <= len(steps) < FEW and bool(np.ptp(steps) < 0.01 * steps[0] and steps[0] > LEAST_STEP)


def _ticks(numbers: Floats, log: bool) -> list[float]:
    """Numbers that are named: all of a few round ones, else round ones between the smallest and the largest."""
    different = np.unique(numbers).tolist()
    if len(different) == 1 or (len(different) <= FEW and all(value == float(f"{value:.4g}") for value in different)):
        return different
    low, high = different[0], different[-1]
    if log:
        room = math.log10(high / low) / TICKS
        return [10.0**value for value in log_ticks(math.log10(low), math.log10(high), room)]
    return linear_ticks(low, high, (high - low) / TICKS, whole=False)


def inside(coordinates: Sequence[Coordinate], brushes: dict[int, tuple[float, float]], count: int) -> Bools:
    """(N,) which of ``count`` trials lie within every range; brushes: number of an axis -> places from, to."""
    mask = np.ones(count, dtype=bool)
    for axis, (low, high) in brushes.items():
        places = coordinates[axis].places
        mask &= (places >= low - 1e-9) & (places <= high + 1e-9)
    return mask


def carried(brushes: dict[int, tuple[float, float]], before: Sequence[Coordinate],
            after: Sequence[Coordinate]) -> dict[int, tuple[float, float]]:
    """The same ranges on the axes of the same names when trials have come or gone; an end at an end stays there."""
    at = {axis.name: number for number, axis in enumerate(after)}
    result = {}
    for number, ends in brushes.items():
        old = before[number]
        new = after[at[old.name]] if old.name in at else None
        if new is None or bool(old.categories) != bool(new.categories):
            continue
        low, high = (end if end in (0.0, 1.0) else _carried(end, old, new) for end in ends)
        if low < high:
            result[at[old.name]] = (low, high)
    return result


def _carried(end: float, old: Coordinate, new: Coordinate) -> float:
    """A place on an axis -> that of the same number on another, within it."""
    number = old.number(end)
    if new.log and number <= 0:
        return 0.0
    return min(1.0, max(0.0, new.place(number)))
