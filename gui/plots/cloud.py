"""Codes of many images as points in the plane: pixels when far, markers when nearer, images when near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui import style
from gui.plots import cloudpaint, pixels, scatter
from gui.plots.cloudhand import Hand, keeps
from gui.plots.cloudpaint import Card
from gui.plots.scatter import Far, View

LEFT, BOTTOM, TOP, RIGHT = 56, 40, 8, 10
"""Room for the axes around the points, in px."""

NEAR_POINTS = 250
"""So few points in view are shown as their images."""

MARKED_POINTS = 2500
"""So few points in view have the marker of their class."""

REACH_PX = 10
"""A place so near to a point means that point."""

AROUND = 0.4
"""Share of the room's sides that is painted beyond each edge, so that a drag need not paint points anew."""

FILE_RATIO = 3.0
"""Pixels of far points for each px of a file."""


class CloudView(QWidget):
    """Points coloured by class; drag to move, wheel to zoom, Shift and drag (or ``lasso``) to draw around some.

    Attributes: ``points`` (n, 2), ``labels`` (n,) with -1 for none, ``view``, ``kept`` (the person chose the view),
    ``lasso``, ``hovered`` row or -1. Signals: ``hovered_changed`` (row), ``clicked`` (row, Shift held), ``lassoed``
    ((n,) of bool), ``near`` (rows of the points in view where they are few, else none).
    """

    hovered_changed = Signal(int)
    clicked = Signal(int, bool)
    lassoed = Signal(object)
    near = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points: NDArray = np.zeros((0, 2), np.float32)
        self.labels: NDArray = np.zeros(0, np.int64)
        self.names: tuple[str, ...] = ()
        self.titles = ("", "")
        self.view, self.kept = View(), False
        self.hidden: frozenset[int] = frozenset()
        self.chosen_rows: NDArray[np.bool_] | None = None
        self.rings: tuple[tuple[str, float, float], ...] = ()
        self.images: Mapping[int, np.ndarray] = {}
        self.names_shown, self.lasso = True, False
        self.line: list[QPointF] = []
        self.hovered, self.card = -1, Card()
        self.middles: dict[int, tuple[float, float]] = {}
        self.px: NDArray = np.zeros((0, 2))
        self._exact: NDArray = np.zeros((0, 2))
        self.shown_rows: NDArray = np.zeros(0, np.int64)
        self.in_view: NDArray = np.zeros(0, np.int64)
        self._far: Far | None = None
        Hand(self, self)
        self.setAccessibleName(self.tr("Map of the codes"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        style.theme().changed.connect(self.recolour)

    @property
    def room(self) -> QRectF:
        """Where the points lie in the widget."""
        return QRectF(LEFT, TOP, max(1, self.width() - LEFT - RIGHT), max(1, self.height() - TOP - BOTTOM))

    def set_points(self, points: NDArray, labels: NDArray | None, *, fit: bool = True) -> None:
        """Show (n, 2) points of (n,) classes in place; ``fit`` finds another view unless the person chose one."""
        self.points, self._exact = points, points.astype(np.float64)
        self.labels = np.full(len(points), -1) if labels is None else labels[:len(points)]
        if self.chosen_rows is not None and len(self.chosen_rows) != len(points):
            self.chosen_rows = None
        if fit and not self.kept and not scatter.suits(self.view, points):
            self.view = scatter.fitted(points, self.room.width(), self.room.height())
        self._settle()

    def set_titles(self, across: str, up: str) -> None:
        """What the axes are."""
        self.titles = across, up
        self.update()

    def set_hidden(self, hidden: frozenset[int]) -> None:
        """Do not show these classes."""
        self.hidden = hidden
        self._settle()

    def choose(self, rows: NDArray[np.bool_] | None) -> None:
        """Make these points stand out; None for none."""
        self.chosen_rows = rows
        self._far = None
        self.update()

    def set_rings(self, rings: Sequence[tuple[str, float, float]]) -> None:
        """Mark places: (text beside it, x, y)."""
        self.rings = tuple(rings)
        self.update()

    def set_images(self, images: Mapping[int, np.ndarray]) -> None:
        """Pictures of points by row, uint8 (H, W) or (H, W, 3), shown in their places when near."""
        self.images = images
        self.update()

    def show_names(self, shown: bool) -> None:
        """Write the name of each class in its middle, or do not."""
        self.names_shown = shown
        self.update()

    def show_card(self, row: int, image: np.ndarray | None, lines: Sequence[str]) -> None:
        """Say what the point under the mouse is."""
        if row == self.hovered:
            self.card = Card(row, image, tuple(lines))
            self.update()

    def show_all(self) -> None:
        """Show all points, and again those to come."""
        self.kept = False
        self.view = scatter.fitted(self.points, self.room.width(), self.room.height())
        self.place()

    def look(self, view: View) -> None:
        """Show this part, also when other points come."""
        self.view, self.kept = view, True
        self.place()

    def hover(self, row: int) -> None:
        """The point under the mouse; -1 for none."""
        if row != self.hovered:
            self.hovered, self.card = row, Card()
            self.update()
            self.hovered_changed.emit(row)

    def nearest(self, left: float, top: float) -> int:
        """The visible point nearest to a place of the widget, if it is near; else -1."""
        rows = self.in_view
        if not len(rows):
            return -1
        away = np.square(self.px[rows] - [left - LEFT, top - TOP]).sum(axis=1)
        best = int(away.argmin())
        reach = 14 if len(rows) <= NEAR_POINTS else REACH_PX
        return int(rows[best]) if away[best] <= reach**2 else -1

    def recolour(self) -> None:
        """Take the colours of the theme."""
        self._far = None
        self.update()

    def _settle(self) -> None:
        """Which points are shown, and where the middle of each class is."""
        self._far = None
        shown = np.isfinite(self._exact).all(axis=1)
        if self.hidden:
            shown &= ~np.isin(self.labels, list(self.hidden))
        self.shown_rows = np.flatnonzero(shown)
        self.middles = scatter.middles(self._exact[shown], self.labels[shown])
        self.place()

    def place(self) -> None:
        """Find where everything lies in the view."""
        self.px = self.view.px(self._exact)
        across, down = self.px[self.shown_rows].T
        inside = (across >= 0) & (across < self.view.width) & (down >= 0) & (down < self.view.height)
        self.in_view = self.shown_rows[inside]
        if self.hovered >= len(self.points):
            self.hover(-1)
        self.near.emit(self.in_view if len(self.in_view) <= NEAR_POINTS else self.in_view[:0])
        self.update()

    def numbers(self) -> list[tuple[str, np.ndarray]]:
        """The points as columns: x, y, class."""
        names = [self.names[label] if 0 <= label < len(self.names) else "" for label in self.labels.tolist()]
        return [("x", self.points[:, 0]), ("y", self.points[:, 1]), ("class", np.array(names))]

    def _far_points(self, ratio: float, around: float) -> Far:
        """All points as one picture of the room and what lies ``around`` it, a share of its sides."""
        rows = cloudpaint.ordered(self.shown_rows, self.chosen_rows)
        colours = cloudpaint.colours(self.labels, self.chosen_rows)[rows]
        radius = (1.5 if len(self.in_view) > 20_000 else 2.2) * ratio
        margin = round(around * self.view.width), round(around * self.view.height)
        size = self.view.width + 2 * margin[0], self.view.height + 2 * margin[1]
        shape = max(1, round(size[1] * ratio)), max(1, round(size[0] * ratio))
        picture = scatter.painted((self.px[rows] + margin) * ratio, colours, shape, radius)
        return Far(picture, self.view, ratio, margin, size)

    def _paint_far(self, painter: QPainter, in_file: bool) -> None:
        """The picture of all points; while they are dragged the same one, elsewhere."""
        if in_file:
            far = self._far_points(FILE_RATIO, 0.0)
        else:
            ratio = self.devicePixelRatioF()
            if self._far is None or not self._far.covers(self.view, ratio):
                self._far = self._far_points(ratio, AROUND)
            far = self._far
        painter.drawImage(far.target(self.view), cloudpaint.transparent(far.picture))

    def _paint_points(self, painter: QPainter, in_file: bool) -> None:
        """In the room's own px."""
        if len(self.in_view) > MARKED_POINTS:
            self._paint_far(painter, in_file)
            return
        rows = cloudpaint.ordered(self.in_view, self.chosen_rows)
        with_images = len(rows) <= NEAR_POINTS
        for row in rows.tolist():
            at, label = QPointF(*self.px[row]), int(self.labels[row])
            faded = self.chosen_rows is not None and not self.chosen_rows[row]
            if with_images and row in self.images:
                cloudpaint.thumbnail(painter, at, self.images[row], label, faded)
            else:
                cloudpaint.marker(painter, at, label, faded, in_file)

    def _paint_room(self, painter: QPainter) -> None:
        """Points, names, rings and the lasso, clipped to the room."""
        painter.save()
        painter.setClipRect(self.room)
        painter.translate(self.room.topLeft())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_points(painter, pixels.is_file(painter))
        if self.names_shown:
            middles = self.view.px(np.array(list(self.middles.values())).reshape(-1, 2))
            cloudpaint.names(painter, dict(zip(self.middles, middles.tolist(), strict=True)), self.names)
        places = self.view.px(np.array([ring[1:] for ring in self.rings]).reshape(-1, 2))
        for (text, _, _), place in zip(self.rings, places.tolist(), strict=True):
            cloudpaint.ring(painter, QPointF(*place), text, self.room.size())
        if self.hovered >= 0:
            cloudpaint.ring(painter, QPointF(*self.px[self.hovered]), "", self.room.size(), quiet=True)
        cloudpaint.lasso(painter, self.line)
        painter.restore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(style.font("caption"))
        cloudpaint.frame(painter, self.room, self.hasFocus())
        if len(self.points):
            cloudpaint.axes(painter, self.room, self.view, self.titles)
            self._paint_room(painter)
            if 0 <= self.hovered == self.card.row:
                at = self.room.topLeft() + QPointF(*self.px[self.hovered])
                cloudpaint.card(painter, QRect(self.rect()), at, self.card)
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(560, 460)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 180)

    def resizeEvent(self, event: QResizeEvent) -> None:
        room = self.room
        self.view = self.view.resized(room.width(), room.height())
        if not self.kept and len(self.points):
            self.view = scatter.fitted(self.points, room.width(), room.height())
        self.place()

    def event(self, event: QEvent) -> bool:
        return keeps(event) or super().event(event)
