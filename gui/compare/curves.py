"""The curves of the compared runs over each other, and what their size buys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine import comparison
from engine.comparison import Compared
from gui import style
from gui.plots.lines import Axes, Line, LinePlot
from gui.widgets.controls import Flow, button, combo, labelled, note


class ComparedCurves(QWidget):
    """One quantity of every run, aligned by epoch, step or time; repeats over seeds as mean and spread on request."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[Compared, ...] = ()
        self.quantity = combo(self.tr("Quantity"), self.tr("What the curves show"), [
            (self.tr("Validation loss"), "validation_loss"), (self.tr("Training loss"), "training_loss"),
            (self.tr("Validation accuracy"), "validation_accuracy"),
            (self.tr("Training accuracy"), "training_accuracy")])
        self.along = combo(self.tr("Along"), self.tr("What aligns the curves"), [
            (self.tr("Epochs"), "epoch"), (self.tr("Steps"), "step"), (self.tr("Time"), "time")])
        self.log = button(self.tr("Logarithmic"), self.tr("A logarithmic loss axis"), text=True, checkable=True)
        self.log.setChecked(True)
        self.mean = button(self.tr("Mean over seeds"), self.tr(
            "Runs that differ in their seeds only as one curve, with a band of one standard deviation"), text=True,
            checkable=True)
        self.plot = LinePlot(self.tr("Compared curves"))
        row = Flow()
        for widget in (labelled(self.tr("Show"), self.quantity), labelled(self.tr("along"), self.along), self.log,
                       self.mean):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        for box in (self.quantity, self.along):
            box.currentIndexChanged.connect(self.redraw)
        for switch in (self.log, self.mean):
            switch.toggled.connect(self.redraw)

    def show_runs(self, runs: Sequence[Compared]) -> None:
        """Draw these runs."""
        self._runs = tuple(runs)
        accuracies = any(run.last("validation_accuracy") is not None for run in runs)
        for index in (2, 3):
            self.quantity.model().item(index).setEnabled(accuracies)  # type: ignore[attr-defined]
        if not accuracies and self.quantity.currentIndex() > 1:
            self.quantity.setCurrentIndex(0)
        self.redraw()

    @Slot()
    def redraw(self) -> None:
        """Draw with the chosen quantity, alignment and scale."""
        quantity, along = self.quantity.currentData(), self.along.currentData()
        groups = comparison.repeats(self._runs) if self.mean.isChecked() else [[run] for run in self._runs]
        lines = [self._line(group, quantity, along) for group in groups]
        loss = quantity.endswith("loss")
        self.log.setEnabled(loss)
        names = {"epoch": self.tr("Epoch"), "step": self.tr("Step"), "time": self.tr("Time, s")}
        self.plot.show_lines([line for line in lines if len(line.x)], Axes(
            names[along], self.quantity.currentText(), log_y=loss and self.log.isChecked(), whole_x=along != "time"))

    def _line(self, group: list[Compared], quantity: comparison.Quantity, along: comparison.Along) -> Line:
        """A run, or the mean of several with its spread."""
        curves = [comparison.curve(run, quantity, along) for run in group]
        number = next(place for place, run in enumerate(self._runs) if run is group[0])  # copies of a run are equal
        if len(group) == 1:
            return Line(group[0].title, *curves[0], group=number)
        x, mean, deviation = comparison.spread(curves)
        title = self.tr("{name}, n = {count}").format(name=group[0].title, count=len(group))
        return Line(title, x, mean, mean - deviation, mean + deviation, group=number)


class ComparedSizes(QWidget):
    """What the parameters buy: each run a point."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = LinePlot(self.tr("Loss against parameters"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addWidget(self.plot, 1)
        column.addWidget(note(self.tr("Newest validation loss against the number of weights and biases; lower and "
                                      "further left is better.")))

    def show_runs(self, runs: Sequence[Compared]) -> None:
        """Draw a point for each run."""
        lines = [Line(run.title, np.array([float(run.parameters)]), np.array([loss]), group=number, points_only=True)
                 for number, run in enumerate(runs) if (loss := run.last("validation_loss")) is not None]
        self.plot.show_lines(lines, Axes(self.tr("Parameters"), self.tr("Validation loss"), log_x=True))
