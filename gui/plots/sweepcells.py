"""What the map of a sweep shows: a loss for each pair of values, what became of each training, and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from engine.answers import Pictures

MARKS = ("", "running", "diverged", "failed", "impossible")
"""What a cell can be marked as; without a mark it has its loss, or is not trained yet."""

OUT = ("diverged", "failed", "impossible")
"""Marked cells that have no loss to be compared, whatever was measured last."""

Cell = tuple[int, int]
Floats = NDArray[np.float64]
translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class MapCells:
    """Rows from the lowest to the highest y, columns from the lowest to the highest x. Raises ValueError.

    What it is made of is copied, so that a table may go on filling; a new picture is a new array.
    """

    x_name: str
    y_name: str
    x_ticks: tuple[str, ...]
    y_ticks: tuple[str, ...]
    losses: Floats
    """(rows, columns), NaN where there is none yet."""
    marks: NDArray[np.str_]
    """(rows, columns) of MARKS."""
    pictures: Mapping[Cell, Pictures] = field(default_factory=dict)
    """(row, column) -> uint8 (H, W) or (H, W, 3): the probe image, reconstructed."""
    spread: Floats | None = None
    """(rows, columns): standard deviation over the seeds."""
    best: Cell | None = None
    seeds: NDArray[np.int64] | None = None
    """(rows, columns): how many trainings a loss is the mean of; None where nothing is repeated."""
    measure: str = "validation loss"

    def __post_init__(self) -> None:
        for name in ("losses", "marks", "spread", "seeds"):
            array = getattr(self, name)
            if array is not None and array.shape != self.shape:
                raise ValueError(f"{name} are {array.shape} for {self.shape[0]} × {self.shape[1]} values; "
                                 f"give one for each pair")
            object.__setattr__(self, name, None if array is None else array.copy())
        object.__setattr__(self, "pictures", dict(self.pictures))
        self._check()

    def _check(self) -> None:
        """Raises ValueError for marks, cells and pictures that cannot be."""
        unknown = set(np.unique(self.marks).tolist()) - set(MARKS)
        if unknown:
            raise ValueError(f"marks: {sorted(unknown)[0]!r} is none of {', '.join(map(repr, MARKS))}")
        for cell in [*self.pictures, *([self.best] if self.best is not None else [])]:
            if not self.has(cell):
                raise ValueError(f"cell {cell} is not among {self.shape[0]} × {self.shape[1]}")
        for cell, picture in self.pictures.items():
            if picture.dtype != np.uint8 or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)):
                raise ValueError(f"pictures: {picture.dtype} {picture.shape} at {cell}; "
                                 f"give uint8 (H, W) or (H, W, 3)")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.y_ticks), len(self.x_ticks)

    def has(self, cell: Cell) -> bool:
        """Whether there is such a cell."""
        return 0 <= cell[0] < self.shape[0] and 0 <= cell[1] < self.shape[1]

    @cached_property
    def logs(self) -> Floats:
        """(rows, columns): log10 of the losses that count; NaN elsewhere; losses of 0 and below are the lowest."""
        counted = np.isfinite(self.losses) & ~np.isin(self.marks, OUT)
        if not (counted & (self.losses > 0)).any():
            return np.full(self.shape, np.nan)
        least = self.losses[counted & (self.losses > 0)].min()
        return np.where(counted, np.log10(np.where(counted, np.maximum(self.losses, least), 1.0)), np.nan)

    @property
    def complete(self) -> bool:
        """Whether no cell waits for its loss."""
        return not (np.isnan(self.logs) & ~np.isin(self.marks, OUT)).any() and not (self.marks == "running").any()

    @cached_property
    def picture_side(self) -> tuple[int, int]:
        """Height and width of the pictures; (1, 1) before there is one."""
        shapes = [picture.shape[:2] for picture in self.pictures.values()]
        return max((h for h, _ in shapes), default=1), max((w for _, w in shapes), default=1)

    def describe(self, row: int, column: int) -> str:
        """'Learning rate 0.95, momentum 0.95: 0.0247 (validation loss, mean of 3 seeds ± 0.0004)'."""
        where = translate("sweepcells", "{x_name} {x}, {y_name} {y}").format(
            x_name=self.x_name, x=self.x_ticks[column], y_name=_inside(self.y_name), y=self.y_ticks[row])
        return f"{where}: {self._state(row, column)}"

    def _state(self, row: int, column: int) -> str:
        """What became of a cell."""
        loss, mark = float(self.losses[row, column]), str(self.marks[row, column])
        if mark in OUT:
            return {"diverged": translate("sweepcells", "diverged"),
                    "failed": translate("sweepcells", "failed"),
                    "impossible": translate("sweepcells", "impossible, no such network can be built")}[mark]
        if not np.isfinite(loss):
            return translate("sweepcells", "training") if mark else translate("sweepcells", "not trained yet")
        return f"{loss:.4g} ({', '.join(self._notes(row, column, mark))})"

    def _notes(self, row: int, column: int, mark: str) -> list[str]:
        """What a loss is: of which data, the mean of how many, whether it may still change."""
        notes = [self.measure]
        if self.seeds is not None:
            count = int(self.seeds[row, column])
            text = translate("sweepcells", "1 seed") if count == 1 else translate("sweepcells", "mean of {count} seeds")
            notes.append(text.format(count=count) + self._deviation(row, column))
        elif self.spread is not None:
            notes.append(translate("sweepcells", "mean of the seeds") + self._deviation(row, column))
        if mark:
            notes.append(translate("sweepcells", "still training"))
        return notes

    def _deviation(self, row: int, column: int) -> str:
        """' ± 0.0004' where the seeds differ by so much."""
        spread = np.nan if self.spread is None else float(self.spread[row, column])
        return f" ± {spread:.2g}" if np.isfinite(spread) else ""

    def numbers(self) -> list[tuple[str, NDArray[np.generic]]]:
        """One row a cell, the lowest first: both values, the loss, its deviation and seeds, and what became of it."""
        rows, columns = (index.ravel() for index in np.indices(self.shape))
        result: list[tuple[str, NDArray[np.generic]]] = [
            (self.x_name, np.array(self.x_ticks, dtype=str)[columns]),
            (self.y_name, np.array(self.y_ticks, dtype=str)[rows]), (self.measure, self.losses.ravel())]
        if self.spread is not None:
            result.append(("standard deviation", self.spread.ravel()))
        if self.seeds is not None:
            result.append(("seeds", self.seeds.ravel()))
        return [*result, ("state", self.marks.ravel())]


def nothing() -> MapCells:
    """A map without a cell."""
    return MapCells("", "", (), (), np.zeros((0, 0)), np.zeros((0, 0), dtype=str))


def _inside(name: str) -> str:
    """A name within a sentence: 'Momentum' -> 'momentum', but 'KL weight' stays."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]
