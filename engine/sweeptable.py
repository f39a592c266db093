"""What a sweep has found: its cells with mean and spread over seeds, two axes as a grid, and whether one is best.

Loads no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.sweep import Axis, Sweep, points
from engine.sweeping.results import Row

Mark = Literal["", "pending", "running", "diverged", "failed", "impossible", "stopped"]
LOG_FROM = 8.0
"""A list whose neighbours all are the same multiple of each other, and that spans so much, is drawn logarithmically."""


@dataclass(frozen=True)
class Cell:
    """One combination, with the trainings of all its seeds."""

    number: int
    values: Mapping[str, Any]
    rows: tuple[Row, ...]

    @cached_property
    def losses(self) -> tuple[float, ...]:
        """Validation losses of the trainings that came to an end."""
        return tuple(row.validation_loss for row in self.rows
                     if row.status == "finished" and row.validation_loss is not None)

    @cached_property
    def mean(self) -> float | None:
        """Mean of the losses; None without any."""
        return sum(self.losses) / len(self.losses) if self.losses else None

    @cached_property
    def spread(self) -> float | None:
        """Standard deviation of the losses over seeds (n − 1); None for fewer than two."""
        return float(np.std(self.losses, ddof=1)) if len(self.losses) > 1 else None

    @property
    def training_loss(self) -> float | None:
        """Mean of the training losses; None without any."""
        found = [row.training_loss for row in self.rows if row.training_loss is not None]
        return sum(found) / len(found) if found else None

    @property
    def elapsed_s(self) -> float:
        """Seconds that its trainings took, one after another."""
        return sum(row.elapsed_s for row in self.rows)

    @property
    def diverged(self) -> float:
        """Share of the trainings whose loss left the finite numbers, 0 to 1."""
        return sum(row.status == "diverged" for row in self.rows) / len(self.rows)

    @property
    def complete(self) -> bool:
        """Whether all of its trainings came to a good end."""
        return all(row.status == "finished" for row in self.rows)

    @cached_property
    def mark(self) -> Mark:
        """What is to be said in place of a loss; '' where there is one."""
        if self.losses:
            return ""
        statuses = {row.status for row in self.rows}
        for mark in ("running", "diverged", "failed", "impossible", "stopped"):
            if mark in statuses:
                return mark  # type: ignore[return-value]
        return "running" if "interrupted" in statuses else "pending"


def cells(rows: Iterable[Row]) -> tuple[Cell, ...]:
    """The cells that trainings belong to, in order."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.cell, []).append(row)
    return tuple(Cell(number, {name: value for name, value in mates[0].values.items()
                               if len(mates) == 1 or name != "train.seed"}, tuple(mates))
                 for number, mates in sorted(found.items()))


@dataclass(frozen=True)
class Verdict:
    """Which cell is best, if any can be called so; ``lowest`` has the lowest mean, whatever it means."""

    lowest: Cell | None
    runner_up: Cell | None
    best: Cell | None
    seeds: int
    """How many trainings each of the two is the mean of, the smaller number."""


def verdict(found: Sequence[Cell]) -> Verdict:
    """The lowest mean loss, and whether it beats the next beyond the spread of the seeds.

    It does where the two intervals of mean ± one standard deviation do not touch; one seed alone says nothing.
    """
    done = sorted((cell for cell in found if cell.complete and cell.mean is not None), key=lambda cell: cell.mean or 0)
    if not done:
        return Verdict(None, None, None, 0)
    if len(done) == 1:
        return Verdict(done[0], None, None, len(done[0].losses))
    first, second = done[:2]
    seeds = min(len(first.losses), len(second.losses))
    apart = False
    if first.spread is not None and second.spread is not None:
        apart = (first.mean or 0) + first.spread < (second.mean or 0) - second.spread
    return Verdict(first, second, first if apart else None, seeds)


@dataclass(frozen=True)
class Grid:
    """Two axes of a sweep, the others held; arrays are (values of y, values of x), from low to high."""

    x: str
    y: str
    xs: tuple[Any, ...]
    ys: tuple[Any, ...]
    cells: NDArray[np.object_]
    """Cell, or None where there is none."""

    @property
    def losses(self) -> NDArray[np.float64]:
        """Mean losses, NaN where there is none."""
        return self._of(lambda cell: math.nan if cell.mean is None else cell.mean, math.nan, np.float64)

    @property
    def spread(self) -> NDArray[np.float64]:
        """Standard deviations over seeds, NaN where there is none."""
        return self._of(lambda cell: math.nan if cell.spread is None else cell.spread, math.nan, np.float64)

    @property
    def seeds(self) -> NDArray[np.int64]:
        """How many trainings each mean is of."""
        return self._of(lambda cell: len(cell.losses), 0, np.int64)

    @property
    def marks(self) -> NDArray[np.str_]:
        """What stands in place of a loss."""
        return self._of(lambda cell: "" if cell.mark in ("pending", "stopped") else cell.mark, "", "<U10")

    def place(self, cell: int) -> tuple[int, int] | None:
        """Where the cell of a number is: (row, column)."""
        return next((place for place in np.ndindex(*self.cells.shape)  # type: ignore[misc]
                     if (found := self.at(place)) is not None and found.number == cell), None)

    def at(self, place: tuple[int, ...]) -> Cell | None:
        """The cell at (row, column)."""
        found: Any = self.cells[place]
        return found

    def _of(self, value: Any, blank: Any, kind: Any) -> NDArray:
        found = np.full(self.cells.shape, blank, dtype=kind)
        for place in np.ndindex(*self.cells.shape):
            if self.cells[place] is not None:
                found[place] = value(self.cells[place])
        return found


def grid(found: Sequence[Cell], sweep: Sweep, x: str, y: str, held: Mapping[str, Any]) -> Grid:
    """Cells by the values of two axes, those that have the ``held`` values of the others."""
    axes = {axis.field: points(axis, sweep.base) for axis in sweep.axes}
    xs, ys = ordered(axes[x]), ordered(axes[y])
    across, up = ({value: place for place, value in enumerate(values)} for values in (xs, ys))
    placed = np.full((len(ys), len(xs)), None, dtype=np.object_)
    for cell in found:
        values = cell.values
        here = all(values.get(name) == value for name, value in held.items())
        if here and values.get(x) in across and values.get(y) in up:
            placed[up[values[y]], across[values[x]]] = cell
    return Grid(x, y, xs, ys, placed)


def ordered(values: Sequence[Any]) -> tuple[Any, ...]:
    """Numbers from low to high; names as they were listed."""
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return tuple(sorted(values)) if numbers else tuple(values)


def logarithmic(axis: Axis, base: Any) -> bool:
    """Whether the values of an axis are the same multiples of each other, or nearly so."""
    if axis.range is not None:
        return axis.range.log
    values = points(axis, base)
    if len(values) < 3 or not all(isinstance(value, int | float) and value > 0 for value in values):
        return False
    steps = np.diff(np.log(np.sort(np.array(values, dtype=np.float64))))
    return bool(max(values) / min(values) >= LOG_FROM and steps.max() < 2.5 * max(steps.min(), 1e-9))
