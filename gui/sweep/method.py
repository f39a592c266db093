"""How a sweep is trained: which combinations, how often, by whom, and what becomes of cells that cannot be."""

from __future__ import annotations

import itertools
import os
import re
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QLineEdit, QSpinBox, QWidget

from engine.sweep import Sweep
from gui import style
from gui.widgets.controls import calm, combo, spin

MOST_SEEDS, MOST_DRAWS = 20, 1_000_000
LARGEST_SEED = 2**31 - 1
LABEL_WIDTH = 108
ADDRESS = re.compile(r"([a-z]+://)?[^\s/:]+:\d{1,5}")
"""'tcp://host:8786' or 'host:8786'."""


class MethodForm(QWidget):
    """Label left, field right, in two columns. Signal: ``changed`` with every edit."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seeds: tuple[int, ...] = ()
        self.method = combo(self.tr("Method"), self.tr("Which combinations are trained"), (
            (self.tr("Every combination"), "grid"), (self.tr("Drawn at random"), "random"),
            (self.tr("Look where the best were (TPE)"), "tpe")))
        self.trials = self._spin(self.tr("Combinations"), self.tr("How many combinations are drawn"), MOST_DRAWS, 50)
        self.pruning = QCheckBox(self.tr("End early what does worse than the others did so far"))
        self.pruning.setAccessibleName(self.tr("Pruning"))
        self.seeds = self._spin(self.tr("Seeds"), self.tr(
            "How often each combination is trained, each time from another seed; more tell luck from a difference"),
            MOST_SEEDS, 1)
        self.impossible = combo(self.tr("Impossible cells"), self.tr(
            "What becomes of combinations that no network can be built from"), (
            (self.tr("Leave out"), False), (self.tr("Correct where there is a remedy"), True)))
        self.workers = self._spin(self.tr("Workers"), "", os.cpu_count() or 1, 0, 0)
        self.workers.setSpecialValueText(self.tr("As many as do most"))
        self.cluster = QLineEdit()
        self.cluster.setAccessibleName(self.tr("Cluster"))
        self.cluster.setPlaceholderText(self.tr("This computer"))
        self.cluster.setToolTip(self.tr(
            "Address of a Dask scheduler, such as tcp://scheduler:8786; empty: this computer.\n"
            "Settings, with the paths of folders, and weights are sent; weights, losses and one reconstructed image "
            "come back.\nYour images are not sent: the workers need the same data, and the same version."))
        self._lay_out()
        self._connect()
        self._refresh()

    @staticmethod
    def _spin(name: str, tip: str, high: int, value: int, low: int = 1) -> QSpinBox:
        """A number that tells while it is typed."""
        made = spin(name, tip, low, high, value)
        made.setGroupSeparatorShown(True)
        made.setKeyboardTracking(True)
        return made

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(style.M)
        grid.setVerticalSpacing(style.S)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        for column in (0, 2):
            grid.setColumnMinimumWidth(column, LABEL_WIDTH)
        self.labels: dict[QWidget, QLabel] = {}
        cells = {0: (self.method, self.trials), 2: (self.seeds, self.impossible), 3: (self.workers, self.cluster)}
        for row, pair in cells.items():
            for column, field in zip((0, 2), pair, strict=True):
                label = self.labels[field] = QLabel(field.accessibleName())
                label.setBuddy(field)
                grid.addWidget(label, row, column)
                grid.addWidget(field, row, column + 1)
        grid.addWidget(self.pruning, 1, 1, 1, 3)
        calm(self.pruning)
        for one, other in itertools.pairwise(self.inputs()):
            QWidget.setTabOrder(one, other)

    def inputs(self) -> tuple[QWidget, ...]:
        """The fields, in the order of the tab key."""
        return (self.method, self.trials, self.pruning, self.seeds, self.impossible, self.workers, self.cluster)

    def _connect(self) -> None:
        for box in (self.method, self.impossible):
            box.currentIndexChanged.connect(self._tell)
        for number in (self.trials, self.seeds, self.workers):
            number.valueChanged.connect(self._tell)
        self.pruning.toggled.connect(self._tell)
        self.cluster.textEdited.connect(self._tell)

    def show_sweep(self, sweep: Sweep) -> None:
        """Show the settings of a sweep, without a signal."""
        self.blockSignals(True)
        self._seeds = sweep.seeds
        self.method.setCurrentIndex(self.method.findData(sweep.method))
        self.trials.setValue(sweep.trials)
        self.pruning.setChecked(sweep.pruning)
        self.seeds.setMaximum(max(MOST_SEEDS, len(sweep.seeds)))
        self.seeds.setValue(max(1, len(sweep.seeds)))
        self.impossible.setCurrentIndex(int(sweep.correct))
        self.blockSignals(False)
        self._refresh()

    def show_list(self, listed: bool) -> None:
        """Whether the sweep is a plain list, all of which is trained."""
        for widget in (self.method, self.labels[self.method]):
            widget.setVisible(not listed)
        self._refresh()

    def changes(self, sweep: Sweep) -> dict[str, Any]:
        """What the fields say of a sweep, by the names of its own."""
        return {"method": self.method.currentData(), "trials": self.trials.value(),
                "pruning": self.pruning.isChecked(), "correct": bool(self.impossible.currentData()),
                "seeds": self._seeds_from(sweep.base.train.seed)}

    def _seeds_from(self, first: int) -> tuple[int, ...]:
        """Those of the file as long as their number stays, else so many from the experiment's own on."""
        number = self.seeds.value()
        if number == max(1, len(self._seeds)):
            return self._seeds
        first = min(first, LARGEST_SEED - number + 1)
        return () if number == 1 else tuple(range(first, first + number))

    @property
    def address(self) -> str:
        """Of the scheduler, '' for this computer."""
        return self.cluster.text().strip()

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the address, if it is none."""
        if not self.address or ADDRESS.fullmatch(self.address):
            return ()
        return (self.tr("Cluster: '{text}' is no address. Write it as tcp://scheduler:8786, or leave it empty.").format(
            text=self.address),)

    @Slot()
    def _tell(self, *_: object) -> None:
        self._refresh()
        self.changed.emit()

    def _refresh(self) -> None:
        """Show what applies."""
        draws = self.method.currentData() != "grid" and not self.method.isHidden()
        for widget in (self.trials, self.labels[self.trials], self.pruning):
            widget.setVisible(draws)
        repeats = self.seeds.value() > 1
        self.pruning.setEnabled(not repeats)
        tip = self.tr("Saves time; what was ended early has no final loss")
        self.pruning.setToolTip(f"{tip}\n{self.tr('Not with several seeds: all of them are needed.')}" if repeats else
                                tip)
        self.workers.setEnabled(not self.address)
        self.workers.setToolTip(self.tr("The cluster has its own workers.") if self.address else self.tr(
            "How many networks are trained at once, one thread each; as many as do most is found by measuring"))
        style.mark(self.cluster, "problem", bool(self.problems))
