"""The controls above the map of the codes."""

from __future__ import annotations

import math
from typing import Literal

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QWidget

from engine import tsne
from engine.answers import Axes
from gui.widgets.controls import Flow, button, combo, labelled, spin

COUNTS = (2_000, 10_000, 30_000, 60_000)
USUAL_COUNT = 10_000
TSNE_ITEM = 2


class MapControls(QWidget):
    """Which images, on which axes, and what the mouse does.

    Signals: ``changed`` (another map is wanted), ``computed`` (t-SNE is to begin), ``stopped`` (or to end).
    """

    changed = Signal()
    computed = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.split = combo(self.tr("Images of the map"), self.tr("Images the model learned from, or never saw"), (
            (self.tr("Test"), "test"), (self.tr("Validation"), "validation"), (self.tr("Training"), "training")))
        self.count = combo(self.tr("Number of images"), self.tr("Up to so many images, drawn at random; more take "
                           "longer"), ((f"{count:,}", count) for count in COUNTS))
        self.count.setCurrentIndex(COUNTS.index(USUAL_COUNT))
        self.kind = combo(self.tr("Axes of the map"), self.tr(
            "The two directions along which the codes of 1,000 images vary most, two numbers of the code, or t-SNE, "
            "which keeps near codes near"), ((self.tr("Principal directions"), "pca"),
                                             (self.tr("Two dimensions"), "dimensions"), (self.tr("t-SNE"), "tsne")))
        self.across = spin(self.tr("Dimension across"), self.tr("Number of the code along x, counted from 0"), 0, 0, 0)
        self.up = spin(self.tr("Dimension up"), self.tr("Number of the code along y, counted from 0"), 0, 0, 0)
        for field in (self.across, self.up):
            field.setFixedWidth(72)
            field.valueChanged.connect(self._tell)
        self._dimensions = labelled("", self.across, self.up)
        self.compute = button(self.tr("Compute"), self.tr("Compute t-SNE of the shown snapshot"), text=True)
        self.stop = button(self.tr("Cancel"), self.tr("Stop t-SNE; what was found so far stays"), text=True)
        self.names = button(self.tr("Names"), self.tr("Write the name of each class in the middle of its points"),
                            text=True, checkable=True)
        self.names.setChecked(True)
        self.pair = button(self.tr("Choose pair"), self.tr(
            "Two clicks choose the two images of the Interpolation tab; Shift and click does the same"),
            text=True, checkable=True)
        self.lasso = button(self.tr("Lasso"), self.tr(
            "Draw around points to list their images; Shift and drag does the same"), text=True, checkable=True)
        self.all = button(self.tr("Show all"), self.tr("Show all points (Home)"), "fit")
        row = Flow(self)
        for widget in (self.split, self.count, self.kind, self._dimensions, self.compute, self.stop, self.names,
                       self.lasso, self.pair, self.all):
            row.addWidget(widget)
        self._offer_tsne(tsne.available())
        self._connect()
        self.set_computing(False, False)
        self._take_kind()

    def _connect(self) -> None:
        for box in (self.split, self.count):
            box.currentIndexChanged.connect(self._tell)
        self.kind.currentIndexChanged.connect(self._choose_kind)
        self.compute.clicked.connect(self.computed)
        self.stop.clicked.connect(self.stopped)

    def _offer_tsne(self, available: bool) -> None:
        """t-SNE, or why there is none."""
        model = self.kind.model()
        assert isinstance(model, QStandardItemModel)
        item = model.item(TSNE_ITEM)
        item.setEnabled(available)
        if not available:
            text = self.tr("t-SNE needs scikit-learn. Install it and start again: {command}")
            self.kind.setItemData(TSNE_ITEM, text.format(command="pip install scikit-learn"),
                                  Qt.ItemDataRole.ToolTipRole)

    @property
    def method(self) -> Literal["pca", "dimensions", "tsne"]:
        """What the axes are."""
        return self.kind.currentData()  # type: ignore[no-any-return]

    @property
    def axes(self) -> Axes:
        """'pca', or two dimensions of the code; without meaning for t-SNE."""
        return (self.across.value(), self.up.value()) if self.method == "dimensions" else "pca"

    def set_code_shape(self, shape: tuple[int, ...]) -> None:
        """The dimensions there are to choose from."""
        last, first_time = math.prod(shape) - 1, not self.across.maximum()
        for field in (self.across, self.up):
            field.blockSignals(True)
            field.setMaximum(last)
            if first_time and field is self.up:
                field.setValue(min(1, last))
            field.blockSignals(False)

    def set_computing(self, computing: bool, stale: bool) -> None:
        """Whether t-SNE is at work, and whether there is something to compute."""
        tsne = self.method == "tsne"
        self.compute.setVisible(tsne and not computing)
        self.compute.setEnabled(stale)
        self.compute.setToolTip(self.tr("Compute t-SNE of the shown snapshot") if stale else
                                self.tr("The map is that of the shown snapshot; choose another one to compute again"))
        self.stop.setVisible(tsne and computing)

    @Slot()
    def _choose_kind(self) -> None:
        self._take_kind()
        self.changed.emit()

    def _take_kind(self) -> None:
        self._dimensions.setVisible(self.method == "dimensions")
        if self.method != "tsne":
            self.set_computing(False, False)

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()
