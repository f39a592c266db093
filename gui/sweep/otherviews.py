"""What matters in a sweep, as bars, and everything in it, as a table."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.sweep import Sweep
from engine.sweeptable import Cell
from engine.tables import Table
from gui import style
from gui.plots.bars import Bars
from gui.shown import Shown
from gui.sweep.seen import Seen
from gui.widgets.controls import note
from gui.widgets.table import TableBox

KEY = "sweep.importance"
FEWEST = 4
"""Of fewer finished combinations nothing can be said."""


def _importance(folder: Path, sweep: Sweep) -> dict[str, float]:
    """On the question thread: Optuna takes a second to load."""
    from engine.sweeping.study import Study

    with closing(Study(folder, sweep)) as study:
        return study.importance()


class ImportanceView(QWidget):
    """Which fields tell the best combinations from the others."""

    def __init__(self, shown: Shown, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self._seen: Seen | None = None
        self._asked: tuple[Any, ...] = ()
        self._request = 0
        self.bars, self.hint = Bars(self.tr("Importance of the fields")), note()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addWidget(self.bars)
        column.addWidget(self.hint)
        column.addStretch(1)
        shown.answered.connect(self._take)
        shown.failed.connect(self._fail)

    def show_sweep(self, seen: Seen) -> None:
        """Ask anew when more is done than at the last time."""
        self._seen = seen
        done = sum(cell.complete for cell in seen.cells)
        asked = (seen.book.folder, done)
        if done < FEWEST:
            self._asked, self._request = (), 0
            self.bars.show_bars([], [])
            self.hint.setText(self.tr("With four finished combinations or more it can be told which fields matter."))
        elif asked != self._asked:
            self._asked = asked
            self._request = self._shown.compute(KEY, partial(_importance, seen.book.folder.folder, seen.book.sweep))

    @Slot(str, int, object)
    def _take(self, key: str, request: int, answer: Any) -> None:
        if key == KEY and request == self._request and self._seen is not None:
            self.bars.show_bars([self._seen.names.field(path) for path in answer], list(answer.values()))
            self.hint.setText(self.tr(
                "Share of what tells the best tenth of the combinations from the others (PED-ANOVA, by Optuna). The "
                "seeds of a combination count as their mean.") if answer else
                self.tr("The finished combinations do not differ enough to tell which fields matter."))

    @Slot(str, int, str)
    def _fail(self, key: str, request: int, text: str) -> None:
        if key == KEY and request == self._request:
            self.hint.setText(text)


class TableView(QWidget):
    """Signal ``opened`` (number of a cell)."""

    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = TableBox(self.tr("Table of the sweep"))
        self._numbers: tuple[int, ...] = ()
        self._filling = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.box)
        self.box.chosen.connect(self._open)

    def show_sweep(self, seen: Seen) -> None:
        """A row for each combination, the lowest loss first."""
        self._numbers = tuple(cell.number for cell in seen.ranking)
        repeats = (self.tr("± over seeds"), self.tr("Seeds done")) if len(seen.book.sweep.seeds) > 1 else ()
        columns = (*(seen.names.field(path) for path in seen.axes), self.tr("Validation loss"), *repeats,
                   self.tr("Training loss"), self.tr("Seconds"), self.tr("State"))
        self._filling = True
        self.box.show_table(Table(columns, tuple(self._row(seen, cell) for cell in seen.ranking), seen.book.sweep.name))
        self._filling = False

    def _row(self, seen: Seen, cell: Cell) -> tuple[Any, ...]:
        values = (self._value(seen, path, cell.values.get(path)) for path in seen.axes)
        repeats = (cell.spread, len(cell.losses)) if len(seen.book.sweep.seeds) > 1 else ()
        return (*values, cell.mean, *repeats, cell.training_loss, round(cell.elapsed_s, 1),
                seen.names.state(cell))

    @staticmethod
    def _value(seen: Seen, path: str, value: Any) -> Any:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        return value if plain or value is None else seen.names.value(path, value)

    @Slot(int)
    def _open(self, row: int) -> None:
        if not self._filling and row < len(self._numbers):
            self.opened.emit(self._numbers[row])
