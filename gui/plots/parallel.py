"""Parallel coordinates: each trial a line over upright axes, and ranges on the axes that choose among the trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPaintEngine, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui import style
from gui.plots import uprights
from gui.plots.brushhand import Hand
from gui.plots.coordinates import Bools, Coordinate, Floats, carried, coordinate, inside
from gui.plots.menu import Menu
from gui.plots.polylines import Polylines
from gui.plots.sweepscale import LossScale, fitted
from gui.widgets.quantities import count, significant


class ParallelCoordinates(QWidget):
    """What was varied, an axis each, then the validation loss; lines have the colours of the losses.

    Attributes: ``coordinates`` with the loss last; ``losses`` (N,), NaN of a trial without; ``brushes``, number of an
    axis -> places in [0, 1] from, to; ``inside`` (N,) whether a trial is in all of them; ``chosen`` and ``under``,
    the trial outlined and that under the mouse, -1 none; ``current``, the axis that the keys are on, -1 none.
    Signals: ``brushed`` (bool (N,)) which trials are inside; ``hovered`` (trial, -1 none); ``clicked`` (trial).
    """

    brushed = Signal(object)
    hovered = Signal(int)
    clicked = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.coordinates: tuple[Coordinate, ...] = ()
        self.losses: Floats = np.zeros(0)
        self.brushes: dict[int, tuple[float, float]] = {}
        self.inside: Bools = np.zeros(0, dtype=bool)
        self.chosen, self.under, self.current = -1, -1, -1
        self.uprights = uprights.arranged((), QSize())
        self._scale: LossScale | None = None
        self._lines = Polylines((), (), 0, 1, np.zeros(0, dtype=np.int64))
        self._faint: QImage | None = None
        self._picture: QImage | None = None
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._hand = Hand(self, self)
        Menu(self, name)
        style.theme().changed.connect(self._forget)
        self._describe()

    def show_trials(self, coordinates: Sequence[Coordinate], losses: npt.ArrayLike, chosen: int = -1) -> None:
        """Show N trials: the axes of what was varied, and the losses (N,), NaN for none; ranges stay where they were.

        Raises ValueError where an axis has another number of trials.
        """
        values = np.asarray(losses, dtype=np.float64)
        for one in coordinates:
            if len(one.places) != len(values):
                raise ValueError(f"the axis '{one.name}' has {len(one.places)} trials, but there are "
                                 f"{len(values)} losses")
        before, old = self.coordinates, self.inside
        loss = coordinate(self.tr("Validation loss"), values.tolist(), log=True)
        self.coordinates, self.losses = (*coordinates, loss), values
        self.brushes = carried(self.brushes, before, self.coordinates)
        self.chosen = chosen if chosen < len(values) else -1
        if self.under >= len(values):
            self.hover(-1)
        self.current = min(self.current, len(self.coordinates) - 1)
        self.inside = inside(self.coordinates, self.brushes, len(values))
        self._arrange()
        self._describe()
        if not np.array_equal(old, self.inside):
            self.brushed.emit(self.inside)

    def select(self, index: int) -> None:
        """Outline a trial; -1 none."""
        self.chosen = index
        self.update()

    def set_brush(self, axis: int, ends: tuple[float, float] | None) -> None:
        """Mark a range of places in [0, 1] on an axis, or none."""
        brushes = {number: pair for number, pair in self.brushes.items() if number != axis}
        self._brush(brushes if ends is None else {**brushes, axis: ends})

    def clear_brushes(self) -> None:
        """Mark no range."""
        self._brush({})

    def _brush(self, brushes: dict[int, tuple[float, float]]) -> None:
        if brushes == self.brushes:
            return
        self.brushes = brushes
        self.inside = inside(self.coordinates, brushes, len(self.losses))
        self._picture = None
        self._describe()
        self.update()
        self.brushed.emit(self.inside)

    def go_to(self, axis: int) -> None:
        """Put the keys on an axis; -1 none."""
        self.current = axis
        self._describe()
        self.update()

    def hover(self, trial: int, place: QPoint | None = None) -> None:
        """Say the values of the trial under the mouse, at a place of the screen; -1 none."""
        if trial == self.under:
            return
        self.under = trial
        self.setCursor(Qt.CursorShape.PointingHandCursor if trial >= 0 else Qt.CursorShape.ArrowCursor)
        if trial >= 0 and place is not None:
            QToolTip.showText(place, self.describe(trial), self)
        else:
            QToolTip.hideText()
        self.update()
        self.hovered.emit(trial)

    def nearest(self, x: float, y: float) -> int:
        """The trial whose line is near a place, among those inside all ranges; else -1."""
        return self._lines.nearest(x, y, self.inside)

    def describe(self, trial: int) -> str:
        """'Learning rate: 0.001', a line for each axis."""
        return "\n".join(f"{axis.name}: {axis.said(trial)}" for axis in self.coordinates)

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The values on each axis, then whether a trial is inside the ranges, 0 or 1."""
        return [*((axis.name, axis.column()) for axis in self.coordinates), ("inside", self.inside.astype(np.int64))]

    @property
    def summary(self) -> str:
        """How many trials there are and are inside, and the least loss among them."""
        total = len(self.losses)
        if not total:
            return self.tr("No trials yet. Start the sweep: each trial becomes a line.")
        kept = self.losses[self.inside]
        best = float(np.nanmin(kept)) if np.isfinite(kept).any() else math.nan
        text = (self.tr("{inside} of {total} trials inside") if self.brushes else
                self.tr("1 trial") if total == 1 else self.tr("{total} trials"))
        first = text.format(inside=count(len(kept)), total=count(total))
        without = int(np.sum(~np.isfinite(kept)))
        parts = [first, *([self.tr("lowest loss {loss}").format(loss=significant(best))] if best == best else []),
                 *([self.tr("{count} without a loss").format(count=count(without))] if without else [])]
        return " · ".join(parts)

    def _describe(self) -> None:
        """Tell assistive programs what is marked and where the keys are."""
        axis = self.tr("Axis {name}").format(name=self.coordinates[self.current].name) if self.current >= 0 else ""
        self.setAccessibleDescription(". ".join(filter(None, (self.summary, axis))))
        self.setToolTip("" if len(self.losses) else self.summary)

    def _arrange(self) -> None:
        """Put the axes and lines where the size wants them."""
        self.uprights = place = uprights.arranged(self.coordinates, self.size())
        self._lines = Polylines(self.coordinates, place.across, place.top, place.bottom, self._entries())
        self._forget()

    def _entries(self) -> npt.NDArray[np.int64]:
        """(N,) entries of the colour map, the same as in the map of a sweep over two fields; -1 without a loss."""
        logs = np.log10(self.losses, out=np.full(len(self.losses), np.nan), where=self.losses > 0)
        self._scale = fitted(logs, self._scale)
        return np.full(len(logs), -1) if self._scale is None else self._scale.colours(logs)

    def _forget(self) -> None:
        """Draw all anew."""
        self._faint = self._picture = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(760, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 220)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and self._hand.keeps(event):
            return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self._hand.step(1 if forward else -1, within=True) or super().focusNextPrevChild(forward)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not len(self.losses):
            painter.setPen(QColor(style.theme().current.quiet))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.summary)
            return
        on_screen = self._on_screen(painter)
        if on_screen:
            painter.drawImage(0, 0, self._cached())
        else:
            self._paint_lines(painter)
        self._paint_over(painter, self.current if on_screen and self.hasFocus() else -1)

    def _on_screen(self, painter: QPainter) -> bool:
        """Whether the window is painted or what has its pixels, and not a file or a picture with more of them."""
        engine = painter.paintEngine()
        return (engine.type() == QPaintEngine.Type.Raster
                and engine.paintDevice().devicePixelRatioF() == self.devicePixelRatioF())

    def _cached(self) -> QImage:
        """All lines: drawn once for each state, so that the mouse costs next to nothing."""
        if self._picture is None:
            if not self.brushes:
                self._picture = self._image(None, lambda painter: self._lines.paint(painter, self.inside))
            else:
                everyone = np.ones(len(self.losses), dtype=bool)
                self._faint = self._faint or self._image(
                    None, lambda painter: self._lines.paint_faint(painter, everyone))
                self._picture = self._image(self._faint, lambda painter: self._lines.paint(painter, self.inside))
        return self._picture

    def _image(self, ground: QImage | None, draw: Callable[[QPainter], Any]) -> QImage:
        """A picture of the size of the widget, begun on another or on the surface."""
        if ground is not None:
            result = ground.copy()
        else:
            ratio = self.devicePixelRatioF()
            result = QImage(self.size() * ratio, QImage.Format.Format_RGB32)
            result.setDevicePixelRatio(ratio)
            result.fill(QColor(style.theme().current.surface))
        painter = QPainter(result)
        draw(painter)
        painter.end()
        return result

    def _paint_lines(self, painter: QPainter) -> None:
        """All lines, for a file."""
        if self.brushes:
            self._lines.paint_faint(painter, ~self.inside)
        self._lines.paint(painter, self.inside)

    def _paint_over(self, painter: QPainter, current: int) -> None:
        """What lies over the lines: axes, ranges, the lines chosen and under the mouse, and the words."""
        theme = style.theme().current
        uprights.paint_axes(painter, self.uprights, self.coordinates, self._scale)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for trial, colour, width in ((self.under, theme.text, 2), (self.chosen, theme.accent, 3)):
            pieces = self._lines.of(trial) if trial >= 0 else []
            for tone, wide in ((theme.surface, width + 3), (colour, width)):  # apart from the lines below
                painter.setPen(QPen(QColor(tone), wide, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
                painter.drawLines(pieces)
        uprights.paint_brushes(painter, self.uprights, self.coordinates, self.brushes)
        uprights.paint_names(painter, self.uprights, self.coordinates, current)
        self._paint_foot(painter)

    def _paint_foot(self, painter: QPainter) -> None:
        """How many trials are inside, below the axes."""
        painter.setFont(style.font("caption"))
        painter.setPen(QColor(style.theme().current.quiet))
        place, metrics = QRectF(0, self.height() - uprights.LINE, self.width(), uprights.LINE), painter.fontMetrics()
        text = self.summary + ("" if self.brushes else " · " + self.tr("drag along an axis to keep a range of it"))
        if metrics.horizontalAdvance(text) > self.width():
            text = metrics.elidedText(self.summary, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
