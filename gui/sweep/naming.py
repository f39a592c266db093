"""What the axes, values and cells of a sweep are called on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from engine.sweep import Sweep
from engine.sweeptable import Cell, Verdict
from gui.sweep import variables
from gui.sweep.values import text_of
from gui.widgets.quantities import significant

translate = QCoreApplication.translate


class Names:
    """The names of one sweep's axes and values."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._known = {path: variables.variable(path, sweep.base) for path in sweep.fields}

    def field(self, path: str) -> str:
        """'Learning rate'."""
        known = self._known.get(path)
        if path == "name":
            return translate("sweep", "Experiment")
        return known.label if known is not None else path

    def value(self, path: str, value: Any) -> str:
        """'0.95', 'Adam'."""
        known = self._known.get(path)
        return text_of(value, known.spec if known is not None else None)

    def cell(self, values: Mapping[str, Any]) -> str:
        """'Learning rate 0.95, momentum 0.95'."""
        parts = [self.value(path, value) if path == "name" else f"{self.field(path)} {self.value(path, value)}"
                 for path, value in values.items()]
        return ", ".join([*parts[:1], *(part[:1].lower() + part[1:] for part in parts[1:])])

    def loss(self, cell: Cell) -> str:
        """'0.02470', '0.02470 ± 0.00012', or what stands in its place."""
        if cell.mean is None:
            return self.mark(cell.mark)
        spread = f" ± {significant(cell.spread, 2)}" if cell.spread is not None else ""
        return f"{significant(cell.mean)}{spread}"

    @staticmethod
    def mark(mark: str) -> str:
        """What is said in place of a loss."""
        return {"running": translate("sweep", "being trained"), "diverged": translate("sweep", "diverged"),
                "failed": translate("sweep", "failed"), "impossible": translate("sweep", "cannot be built"),
                "pending": translate("sweep", "not trained yet"),
                "stopped": translate("sweep", "ended early")}.get(mark, "")

    def state(self, cell: Cell) -> str:
        """What became of a cell: 'done', '2 of 3 seeds', 'diverged'."""
        if cell.complete:
            return translate("sweep", "done")
        if cell.losses:
            return translate("sweep", "{done} of {seeds} seeds").format(done=len(cell.losses), seeds=len(cell.rows))
        return self.mark(cell.mark)

    def verdict(self, found: Verdict) -> str:
        """Which cell is best, and whether that can be said."""
        low, second = found.lowest, found.runner_up
        if low is None:
            return ""
        cell = self.cell(low.values)
        if second is None:
            return translate("sweep", "So far: {cell}, {loss}.").format(cell=cell, loss=self.loss(low))
        if found.best is not None:
            text = translate("sweep", "Best: {cell}, {loss}; beyond the spread of the seeds from {other} (n = {n}).")
        elif found.seeds > 1:
            text = translate("sweep", "Lowest: {cell}, {loss}; not distinguishable from {other} with n = {n}.")
        else:
            text = translate("sweep", "Lowest: {cell}, {loss}. One seed each: repeat over seeds to see what is luck.")
        return text.format(cell=cell, loss=self.loss(low), other=self.cell(second.values), n=found.seeds)
