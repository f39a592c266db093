"""The axes of a sweep, one row each; or the names of the experiments of a plain list."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QListWidget, QVBoxLayout, QWidget

from engine.experiment import Experiment
from engine.fields import Problem
from engine.sweep import Axis
from gui import style
from gui.sweep import variables
from gui.sweep.axisrow import AxisRow, usual
from gui.sweep.variables import USUAL
from gui.widgets.controls import note, push

LIST_HEIGHT = 132


class AxesEditor(QWidget):
    """Attribute: ``rows``. Signals: ``changed`` with every edit, ``list_left`` when axes are wanted in its place."""

    changed = Signal()
    list_left = Signal()

    def __init__(self, base: Experiment, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._base = base
        self._experiments: tuple[Experiment, ...] = ()
        self.rows: list[AxisRow] = []
        self.empty = note(self.tr("Nothing varies yet: add an axis."))
        self.names = QListWidget()
        self.names.setAccessibleName(self.tr("Experiments of this sweep"))
        self.names.setToolTip(self.tr("This sweep trains these experiments as they are; they are named in its file"))
        self.names.setFixedHeight(LIST_HEIGHT)
        self.add = push(self.tr("Add axis"), self.tr("Vary one more field; every combination is trained"))
        self.instead = push(self.tr("Vary fields instead"), self.tr("Leave the list and choose axes"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(style.S)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addLayout(self._rows)
        for widget in (self.empty, self.names):
            column.addWidget(widget)
        for made in (self.add, self.instead):
            column.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
        self.add.clicked.connect(self._add)
        self.instead.clicked.connect(self.list_left)
        self._arrange()

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The plain list, () where there are axes."""
        return self._experiments

    def axes(self) -> tuple[Axis, ...]:
        """What the rows say."""
        return () if self._experiments else tuple(row.axis() for row in self.rows)

    def show_axes(self, base: Experiment, axes: Iterable[Axis], experiments: tuple[Experiment, ...] = ()) -> None:
        """Show axes, or a plain list, without a signal."""
        self._base, self._experiments = base, experiments
        while self.rows:
            self._drop(self.rows[0])
        for axis in axes:
            self._append(axis)
        self.names.clear()
        self.names.addItems([one.name or self.tr("Without a name") for one in experiments])
        self._arrange()

    def set_base(self, base: Experiment) -> None:
        """Vary another experiment; the rows stay."""
        if base == self._base:
            return
        self._base = base
        for row in self.rows:
            row.set_base(base)

    def show_problems(self, axes: Sequence[Axis], problems: Mapping[int, Problem]) -> None:
        """Say below each row what it comes to, or what is wrong: place of the row -> problem."""
        varied = [axis.field for axis in axes]
        for place, (row, axis) in enumerate(zip(self.rows, axes, strict=False)):
            row.show_state(axis, problems.get(place), variables.idle(axis.field, self._base, varied))

    def _append(self, axis: Axis) -> AxisRow:
        row = AxisRow(self._base, axis)
        self.rows.append(row)
        self._rows.addWidget(row)
        row.changed.connect(self.changed)
        row.removed.connect(self._remove)
        return row

    def _drop(self, row: AxisRow) -> None:
        self.rows.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.setParent(None)  # else it keeps its place among the tab stops until it is deleted
        row.deleteLater()

    @Slot()
    def _add(self) -> None:
        """One more axis: the first usual field that does not vary yet."""
        taken = [row.path for row in self.rows]
        path = next((path for path in USUAL if path and path not in taken), USUAL[0])
        row = self._append(usual(path, self._base))
        self._arrange()
        row.field.setFocus()
        self.changed.emit()

    @Slot(object)
    def _remove(self, row: AxisRow) -> None:
        self._drop(row)
        self._arrange()
        (self.rows[-1].field if self.rows else self.add).setFocus()
        self.changed.emit()

    def _arrange(self) -> None:
        """Show what there is, with the tab key going from row to row."""
        listed = bool(self._experiments)
        self.names.setVisible(listed)
        self.instead.setVisible(listed)
        self.add.setVisible(not listed)
        self.empty.setVisible(not listed and not self.rows)
        stops = [self.names, *(widget for row in self.rows for widget in row.inputs()), self.add, self.instead]
        for one, other in itertools.pairwise(stops):
            QWidget.setTabOrder(one, other)
