"""What stands on the curves: the timeline's snapshot, the crosshair, the best epoch, interventions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from gui import style
from gui.plots.points import Points

_LABEL_HEIGHTS = (0.98, 0.91, 0.84)
"""Labels of neighbouring interventions take turns at these heights of the plot."""


class Marks(QObject):
    """The marks of one plot, in steps; ``place`` turns a step into an x of the plot and ``step_at`` turns it back.

    Signals:
        step_chosen(int): the user dragged the snapshot's line to another step.
    """

    step_chosen = Signal(int)

    def __init__(self, box: pg.ViewBox, place: Callable[[float], float], step_at: Callable[[float], int]) -> None:
        super().__init__()
        self._box, self._place, self._step_at = box, place, step_at
        self.cursor_step: int | None = None
        self._dragged_to: int | None = None
        self.best: tuple[int, float] | None = None
        self.interventions: tuple[tuple[int, str], ...] = ()
        self._notes: list[pg.InfiniteLine] = []
        self._cursor = pg.InfiniteLine(angle=90, movable=True)
        self._cursor.setCursor(Qt.CursorShape.SizeHorCursor)
        self._cursor.sigDragged.connect(self._dragged)
        self._cursor.sigPositionChangeFinished.connect(self.follow)
        self._crosshair = pg.InfiniteLine(angle=90)
        self._best = Points("d", 9)
        self._best_label = pg.TextItem(QCoreApplication.translate("Marks", "best"), anchor=(1, 1.35))
        self._best_label.setFont(style.font("caption"))
        for depth, item in enumerate((self._crosshair, self._cursor, self._best, self._best_label)):
            item.setZValue(90 + depth)
            item.setVisible(False)
            box.addItem(item, ignoreBounds=True)
        self.restyle()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        colours = style.theme().current
        self._crosshair.setPen(pg.mkPen(colours.outline, width=1))
        self._cursor.setPen(pg.mkPen(colours.accent, width=1, style=Qt.PenStyle.DashLine))
        self._cursor.setHoverPen(pg.mkPen(colours.accent, width=3))
        self._best.set_colours(pg.mkPen(colours.accent, width=1), pg.mkBrush(colours.surface))
        self._best_label.setColor(colours.accent)
        for line in self._notes:
            line.setPen(pg.mkPen(colours.outline, width=1, style=Qt.PenStyle.DotLine))
            line.label.setColor(colours.quiet)
            line.label.fill = pg.mkBrush(colours.surface)

    def set_cursor(self, step: int | None) -> None:
        """Stand at the shown snapshot, or nowhere."""
        self.cursor_step = step
        self._cursor.setVisible(step is not None)
        self.follow()

    def set_crosshair(self, x: float | None) -> None:
        """Stand under the mouse, at this x of the plot."""
        self._crosshair.setVisible(x is not None)
        if x is not None:
            self._crosshair.setValue(x)

    @property
    def crosshair(self) -> float | None:
        """Where the crosshair stands, as the plot counts."""
        return float(self._crosshair.value()) if self._crosshair.isVisible() else None

    def set_best(self, step: int | None, height: float | None) -> None:
        """Mark the best evaluation at this step and height of the plot."""
        self.best = None if step is None or height is None else (step, height)
        self._best.setVisible(self.best is not None)
        self._best_label.setVisible(self.best is not None)
        self.follow()

    def set_interventions(self, interventions: Sequence[tuple[int, str]]) -> None:
        """Mark what was changed while training, as (step, text)."""
        if tuple(interventions) == self.interventions:
            return
        self.interventions = tuple(interventions)
        for line in self._notes:
            self._box.removeItem(line)
        self._notes = [self._note(number, text) for number, (_, text) in enumerate(self.interventions)]
        self.restyle()
        self.follow()

    def _note(self, number: int, text: str) -> pg.InfiniteLine:
        """A thin line with its label, beside its top."""
        options = {"position": _LABEL_HEIGHTS[number % len(_LABEL_HEIGHTS)], "anchors": [(0, 0.5), (1, 0.5)]}
        line = pg.InfiniteLine(angle=90, label=text, labelOpts=options)
        line.label.setFont(style.font("caption"))
        line.setZValue(100)
        self._box.addItem(line, ignoreBounds=True)
        return line

    def follow(self) -> None:
        """Go to where the steps are now."""
        if self.cursor_step is not None and not self._cursor.moving:
            self._cursor.setValue(self._place(self.cursor_step))
        if self.best is not None:
            step, height = self.best
            self._best.set_points(np.array([self._place(step)]), np.array([height]))
            self._best_label.setPos(self._place(step), height)
        for line, (step, _) in zip(self._notes, self.interventions, strict=True):
            line.setValue(self._place(step))

    def _dragged(self) -> None:
        """The mouse moves the snapshot's line."""
        step = self._step_at(float(self._cursor.value()))
        if step != self._dragged_to:
            self._dragged_to = step
            self.step_chosen.emit(step)
