"""The shown sweep as every view of it takes it: cells, names, verdict, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine import sweeptable
from engine.sweep import points
from engine.sweeptable import Cell, Verdict
from gui.sweep.naming import Names
from gui.sweeps import Book

if TYPE_CHECKING:
    from engine.answers import Pictures


@dataclass(frozen=True)
class Seen:
    """One sweep at one moment."""

    book: Book
    names: Names

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every combination, in order."""
        return sweeptable.cells(row for _, row in sorted(self.book.rows.items()))

    @cached_property
    def by_number(self) -> dict[int, Cell]:
        """Number -> cell."""
        return {cell.number: cell for cell in self.cells}

    @cached_property
    def ranking(self) -> tuple[Cell, ...]:
        """The cells from the lowest loss on, those without at the end."""
        return tuple(sorted(self.cells, key=lambda cell: (cell.mean is None, cell.mean or 0.0, cell.number)))

    @cached_property
    def verdict(self) -> Verdict:
        """Which cell is best, if any."""
        return sweeptable.verdict(self.cells)

    @property
    def axes(self) -> tuple[str, ...]:
        """The fields that vary, those of one value left out; 'name' of a plain list."""
        sweep = self.book.sweep
        if sweep.experiments:
            return ("name",)
        return tuple(axis.field for axis in sweep.axes if len(points(axis, sweep.base)) > 1) or sweep.fields[:1]

    def values(self, path: str) -> Sequence[Any]:
        """What an axis can be, from low to high; names as they are listed."""
        if path == "name":
            return [cell.values["name"] for cell in self.cells]
        axis = next(axis for axis in self.book.sweep.axes if axis.field == path)
        return sweeptable.ordered(points(axis, self.book.sweep.base))

    def logarithmic(self, path: str) -> bool:
        """Whether an axis is drawn logarithmically."""
        axis = next((axis for axis in self.book.sweep.axes if axis.field == path), None)
        return axis is not None and sweeptable.logarithmic(axis, self.book.sweep.base)

    def picture(self, cell: Cell) -> Pictures | None:
        """The probe image by the first of the cell's networks that has drawn it."""
        return next((self.book.pictures[row.number] for row in cell.rows if row.number in self.book.pictures), None)
