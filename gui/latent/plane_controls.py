"""The controls above the plane of decoded images."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QWidget

from engine.answers import Axes
from gui.widgets.controls import Flow, button, combo, labelled, spin


class PlaneControls(QWidget):
    """Which plane, how fine, how wide, through which point. Signal: ``changed``."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = combo(self.tr("Plane"), self.tr(
            "The two directions along which the codes of 1,000 images vary most, or two numbers of the code"),
            ((self.tr("Principal directions"), "pca"), (self.tr("Two dimensions"), "dimensions")))
        self.across = spin(self.tr("Dimension across"), self.tr("Number of the code along x, counted from 0"), 0, 0, 0)
        self.up = spin(self.tr("Dimension up"), self.tr("Number of the code along y, counted from 0"), 0, 0, 0)
        self._dimensions = labelled("", self.across, self.up)
        self.grid = spin(self.tr("Grid"), self.tr("Cells along each axis; more take longer to decode"), 2, 20, 12)
        self.cut = spin(self.tr("Cut"), self.tr(
            "Share of the codes beyond each end of an axis. Lower shows rarer codes, 0 all of them"), 0, 25, 2, " %")
        self.through = button(self.tr("Through this image"), self.tr(
            "Lay the plane through the code of the chosen image instead of the mean code"), text=True, checkable=True)
        self.codes = button(self.tr("Codes"), self.tr(
            "Draw where the codes of the 1,000 images fall, coloured by class"), text=True, checkable=True)
        for field, width in ((self.across, 72), (self.up, 72), (self.grid, 60), (self.cut, 72)):
            field.setFixedWidth(width)
        row = Flow(self)
        for widget in (self.kind, self._dimensions, labelled(self.tr("Grid"), self.grid),
                       labelled(self.tr("Cut"), self.cut), self.through, self.codes):
            row.addWidget(widget)
        self.kind.currentIndexChanged.connect(self._take_axes)
        self.through.toggled.connect(self._tell)
        for field in (self.across, self.up, self.grid, self.cut):
            field.valueChanged.connect(self._tell)
        self._dimensions.hide()

    @property
    def axes(self) -> Axes:
        """'pca', or two dimensions of the code."""
        return "pca" if self.kind.currentData() == "pca" else (self.across.value(), self.up.value())

    @property
    def cells(self) -> int:
        """Cells along each axis."""
        return self.grid.value()

    @property
    def quantile(self) -> float:
        """Share of the codes beyond each end of an axis."""
        return self.cut.value() / 100

    @property
    def through_image(self) -> bool:
        """Whether the plane runs through the chosen image's code."""
        return self.through.isChecked()

    def set_code_shape(self, shape: tuple[int, ...]) -> None:
        """The dimensions there are to choose from."""
        last = math.prod(shape) - 1
        first_time = not self.across.maximum()
        for field in (self.across, self.up):
            field.blockSignals(True)
            field.setMaximum(last)
            field.blockSignals(False)
        if first_time:
            self.up.blockSignals(True)
            self.up.setValue(min(1, last))
            self.up.blockSignals(False)

    @Slot()
    def _take_axes(self) -> None:
        self._dimensions.setVisible(self.kind.currentData() != "pca")
        self.changed.emit()

    @Slot()
    def _tell(self) -> None:
        self.changed.emit()
