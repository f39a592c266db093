"""Who is taken for whom: the confusion of one classifier, the images of a cell, and the numbers of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from engine.answers import Confusion, Contents, Progress
from engine.experiment import Strategy
from engine.families import class_table
from gui import style
from gui.compare.pictures import Pictured
from gui.plots.heatmap import ConfusionMap
from gui.plots.menu import Menu
from gui.plots.tiles import TiledImages
from gui.session import Session
from gui.widgets.controls import Flow, combo, labelled
from gui.widgets.table import TableBox

KEY = "classifier"
MOST_IMAGES = 48
WIDE = 1_000
"""In px; a splitter shares what it has in the same proportion."""


class Confusions(QWidget):
    """One strategy at a time; what was answered stays until a newer answer comes."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._shown = session, session.shown
        self._runs: dict[Strategy, Pictured] = {}
        self._open: dict[str, int] = {}
        self._contents: Contents | None = None
        self.confusion: Confusion | None = None
        self.indices = np.empty(0, np.int64)
        self.strategy = combo(self.tr("Strategy"), self.tr("Which classifier's confusion is shown"))
        self.split = combo(self.tr("Images"), self.tr("Which images are classified"), [
            (self.tr("Validation"), "validation"), (self.tr("Test"), "test"), (self.tr("Training"), "training")])
        self.summary = style.dress(QLabel(), tone="quiet")
        self.matrix = ConfusionMap(self.tr("Confusion matrix"))
        self.images = TiledImages(spacing=2)
        self.cell = style.dress(QLabel(self.tr("Click a cell to see its images.")), tone="quiet")
        self.cell.setWordWrap(True)
        self.table = TableBox(self.tr("Precision, recall and F1 of each class"))
        self._lay_out()
        Menu(self.images, self.tr("Images of a cell of the confusion matrix"))
        for box in (self.strategy, self.split):
            box.currentIndexChanged.connect(self.ask)
        self.matrix.clicked.connect(self._ask_cell)
        self.images.clicked.connect(self._choose_image)
        self._shown.answered.connect(self._take_answer)
        self._shown.failed.connect(self._take_failure)

    def _lay_out(self) -> None:
        row = Flow()
        for widget in (labelled(self.tr("Strategy"), self.strategy), labelled(self.tr("on"), self.split), self.summary):
            row.addWidget(widget)
        side = QWidget()
        inner = QVBoxLayout(side)
        inner.setContentsMargins(style.M, 0, 0, 0)
        inner.setSpacing(style.S)
        inner.addWidget(self.cell)
        inner.addWidget(self.images, 1)
        inner.addWidget(self.table, 1)
        split = QSplitter()
        split.addWidget(self.matrix)
        split.addWidget(side)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([WIDE * 3, WIDE * 2])
        split.setChildrenCollapsible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(style.S)
        column.addLayout(row)
        column.addWidget(split, 1)

    def show_runs(self, runs: dict[Strategy, Pictured], names: dict[Strategy, str]) -> None:
        """Offer these classifiers."""
        before = self.strategy.currentData()
        self._runs = runs
        self.strategy.blockSignals(True)
        self.strategy.clear()
        for strategy in runs:
            self.strategy.addItem(names[strategy], strategy)
        self.strategy.setCurrentIndex(max(0, self.strategy.findData(before)))
        self.strategy.blockSignals(False)
        self.ask()

    @Slot()
    def ask(self) -> None:
        """Ask the chosen classifier about the chosen split, when it can be seen."""
        it = self._runs.get(self.strategy.currentData())
        if it is not None and self.isVisible():
            self._ask(it, "contents", "contents")
            self._ask(it, "confusion", "confusion", self.split.currentData())

    def _ask(self, it: Pictured, key: str, question: str, *arguments: Any) -> None:
        self._open[key] = self._shown.ask_of(f"{KEY}.{key}", it.snapshot, it.run.experiment, question, *arguments)

    @Slot(str, int, object)
    def _take_answer(self, key: str, request: int, answer: Any) -> None:
        name, _, own = key.partition(".")
        if name != KEY or self._open.get(own) != request:
            return
        if isinstance(answer, Contents):
            self._contents = answer
        elif isinstance(answer, Confusion):
            self._show(answer)
        elif isinstance(answer, Progress):
            text = self.tr("Classifying, {done} of {total} images")
            self.summary.setText(text.format(done=f"{answer.done:,}", total=f"{answer.total:,}"))
        elif own == "images":
            self.images.set_images(answer.images)

    def _show(self, answer: Confusion) -> None:
        self.confusion = answer
        self.matrix.show_counts(answer.counts, answer.class_names)
        self.table.show_table(class_table(answer.class_names, answer.counts))
        text = self.tr("{accuracy} % of {count} images right")
        self.summary.setText(text.format(accuracy=f"{100 * answer.accuracy:.2f}", count=f"{len(answer.predictions):,}"))
        if self.matrix.chosen is None:
            self.matrix.select(worst(answer.counts))
        if self.matrix.chosen is not None:
            self._ask_cell(*self.matrix.chosen)

    @Slot(int, int)
    def _ask_cell(self, row: int, column: int) -> None:
        """The images of a class that are taken for another, or rightly for its own."""
        it, labels = self._runs.get(self.strategy.currentData()), None
        if self._contents is not None and self.confusion is not None:
            labels = self._contents.labels.get(self.confusion.split)
        if it is None or labels is None or self.confusion is None:
            return
        self.indices = np.flatnonzero((labels == row) & (self.confusion.predictions == column))
        self.cell.setText(self.matrix.describe(row, column))
        self._ask(it, "images", "thumbnails", self.confusion.split, self.indices[:MOST_IMAGES])

    @Slot(int)
    def _choose_image(self, tile: int) -> None:
        if self.confusion is not None and tile < len(self.indices):
            self._shown.choose_image(self.confusion.split, int(self.indices[tile]))

    @Slot(str, int, str)
    def _take_failure(self, key: str, request: int, text: str) -> None:
        name, _, own = key.partition(".")
        if name == KEY and self._open.get(own) == request:
            self.summary.setText(text)

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.ask()


def worst(counts: np.ndarray) -> tuple[int, int] | None:
    """Row and column of the most frequent confusion of (K, K) counts; None where nothing is confused."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    row, column = divmod(int(wrong.argmax()), len(wrong)) if wrong.size else (0, 0)
    return (row, column) if wrong.any() else None
