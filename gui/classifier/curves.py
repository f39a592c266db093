"""The three strategies over each other, training and validation, over epochs or time; and the label budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine import comparison
from engine.classify import STRATEGIES
from engine.comparison import Compared, Quantity
from engine.experiment import Strategy
from engine.families import Budget
from gui import style
from gui.plots.lines import Axes, Line, LinePlot
from gui.widgets.controls import Flow, combo, labelled, note

BOTH: dict[str, tuple[Quantity, Quantity]] = {
    "accuracy": ("training_accuracy", "validation_accuracy"), "loss": ("training_loss", "validation_loss")}


class StrategyCurves(QWidget):
    """A colour for each strategy; training dashed, validation solid."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: Mapping[Strategy, Compared] = {}
        self._names: Mapping[Strategy, str] = {}
        self.quantity = combo(self.tr("Quantity"), self.tr("What the curves show"), [
            (self.tr("Accuracy"), "accuracy"), (self.tr("Loss"), "loss")])
        self.along = combo(self.tr("Along"), self.tr("What aligns the curves"), [
            (self.tr("Epochs"), "epoch"), (self.tr("Time"), "time")])
        self.plot = LinePlot(self.tr("Curves of the three strategies"))
        row = Flow()
        row.addWidget(labelled(self.tr("Show"), self.quantity))
        row.addWidget(labelled(self.tr("along"), self.along))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(self.plot, 1)
        column.addWidget(note(self.tr("Solid: validation, dashed: training, both without dropout.")))
        for box in (self.quantity, self.along):
            box.currentIndexChanged.connect(self.redraw)

    def show_runs(self, runs: Mapping[Strategy, Compared], names: Mapping[Strategy, str]) -> None:
        """Draw these classifiers."""
        self._runs, self._names = runs, names
        self.redraw()

    @Slot()
    def redraw(self) -> None:
        """Draw with the chosen quantity and alignment."""
        along = self.along.currentData()
        training, validation = BOTH[self.quantity.currentData()]
        lines = []
        for strategy, run in self._runs.items():
            number, name = STRATEGIES.index(strategy), self._names[strategy]
            lines.append(Line(name, *comparison.curve(run, validation, along), group=number))
            lines.append(Line(self.tr("{name}, training").format(name=name), *comparison.curve(run, training, along),
                              group=number, dashed=True))
        x = self.tr("Epoch") if along == "epoch" else self.tr("Time, s")
        self.plot.show_lines([line for line in lines if len(line.x)],
                             Axes(x, self.quantity.currentText(), whole_x=along == "epoch"))


class BudgetFigure(QWidget):
    """Accuracy over labels per class, with bands of one standard deviation over the seeds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot = LinePlot(self.tr("Accuracy by labels per class"))
        self.status = note("")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addWidget(self.plot, 1)
        column.addWidget(self.status)

    def show_budgets(self, budgets: Sequence[Budget], names: Mapping[Strategy, str]) -> None:
        """Draw what is there so far."""
        lines = [Line(names[it.strategy], it.labels, it.mean, it.mean - it.deviation, it.mean + it.deviation,
                      group=STRATEGIES.index(it.strategy)) for it in budgets]
        self.plot.show_lines(lines, Axes(self.tr("Labels per class"), self.tr("Validation accuracy"), log_x=True))
        seeds = sorted({count for it in budgets for count in it.seeds}) or [0]
        words = self.tr("{low} to {high}").format(low=seeds[0], high=seeds[-1]) if len(seeds) > 1 else str(seeds[0])
        self.status.setText(self.tr("Mean and one standard deviation over {seeds} seeds; every training has as many "
                                    "optimizer steps.").format(seeds=words))
