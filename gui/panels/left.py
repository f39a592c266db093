"""The left side of the window: the settings, the button that trains them, what waits, and what is there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from gui import layout, style
from gui.panels.experiment import ExperimentPanel
from gui.panels.queue import QueuePanel
from gui.panels.runs import RunsPanel
from gui.panels.train import TrainPanel

NARROWEST, USUAL, WIDEST = 280, layout.LEFT_WIDTH, 360
"""Of the left side, in px."""


class LeftSide(QSplitter):
    """The settings with the button, above the queue with the runs."""

    def __init__(self, experiment: ExperimentPanel, train: TrainPanel, queue: QueuePanel, runs: RunsPanel) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._experiment, self._train = experiment, train
        self.addWidget(self._settings())
        self.addWidget(_stacked(queue, runs))
        self.setChildrenCollapsible(False)
        self.setStretchFactor(0, 0)
        self.setStretchFactor(1, 1)
        self.setMinimumWidth(NARROWEST)
        self.setMaximumWidth(WIDEST)

    def _settings(self) -> QWidget:
        """Only the settings scroll."""
        scroll = QScrollArea()
        scroll.setWidget(self._experiment)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        column.addWidget(self._train)
        return above

    def divide(self, height: int) -> None:
        """The settings get what they need of this height, at most three quarters; queue and runs get the rest."""
        needed = self._experiment.sizeHint().height() + self._train.sizeHint().height() + style.XL
        above = min(needed, height * 3 // 4)
        self.setSizes([above, max(1, height - above)])


def _stacked(queue: QueuePanel, runs: RunsPanel) -> QWidget:
    """What waits, above what is there."""
    lists = QWidget()
    column = QVBoxLayout(lists)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(queue)
    column.addWidget(runs, 1)
    return lists
