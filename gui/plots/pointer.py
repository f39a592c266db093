"""The mouse over the loss curves: a crosshair, a click on a curve, a double click that shows everything."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal, Slot

from gui.plots.runitems import RunItems

NEAR_PX = 10
"""A click so near to a curve means that curve."""


class Pointer(QObject):
    """Follows the mouse over a plot.

    Signals:
        moved(object): the mouse is at this x of the plot; None when it left.
        curve_clicked(float): a curve of the run in front was clicked at this x.
        double_clicked(): somewhere in the plot.
    """

    moved = Signal(object)
    curve_clicked = Signal(float)
    double_clicked = Signal()

    def __init__(self, plot: pg.GraphicsView, box: pg.ViewBox, front: Callable[[], RunItems]) -> None:
        super().__init__(plot)
        self._box, self._front = box, front
        plot.viewport().installEventFilter(self)
        plot.scene().sigMouseMoved.connect(self._move)
        plot.scene().sigMouseClicked.connect(self._click)

    @Slot(object)
    def _move(self, place: QPointF) -> None:
        inside = self._box.sceneBoundingRect().contains(place)
        near = inside and self._near_a_curve(place)
        self._box.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)
        self.moved.emit(self._box.mapSceneToView(place).x() if inside else None)

    @Slot(object)
    def _click(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if event.double():
            self.double_clicked.emit()
        elif self._near_a_curve(event.scenePos()):
            self.curve_clicked.emit(self._box.mapSceneToView(event.scenePos()).x())

    def _near_a_curve(self, place: QPointF) -> bool:
        """Whether a place of the scene is on a curve of the run in front."""
        x, front = self._box.mapSceneToView(place).x(), self._front()
        for name in front.looks:
            line_x, line_y = front.lines[name]
            if len(line_x) and line_x[0] <= x <= line_x[-1]:
                y = float(np.interp(x, line_x, line_y))
                if abs(self._box.mapViewToScene(QPointF(x, y)).y() - place.y()) <= NEAR_PX:
                    return True
        return False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.moved.emit(None)
        return super().eventFilter(watched, event)
