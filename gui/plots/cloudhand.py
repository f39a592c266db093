"""Mouse and keys on a cloud of points: move, zoom, choose a point, draw around some."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from gui.plots import keys, scatter

ZOOM_STEP = 1.25
KEY_STEP_PX = 48

CLICK_PX = 4
"""A press that moves less is a click."""

_STEPS = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_ZOOMS = {Qt.Key.Key_Plus: ZOOM_STEP, Qt.Key.Key_Equal: ZOOM_STEP, Qt.Key.Key_Minus: 1 / ZOOM_STEP}
_KEYS = keys.ARROWS | keys.CHOOSE | {Qt.Key.Key_Home, Qt.Key.Key_Escape, *_ZOOMS}


class Held(Protocol):
    """What a hand needs of the points: gui.plots.cloud.CloudView."""

    points: Any
    shown_rows: Any
    view: scatter.View
    line: list[QPointF]
    lasso: bool
    hovered: int
    clicked: Any
    lassoed: Any

    @property
    def room(self) -> QRectF:
        """Where the points lie in the widget."""

    def nearest(self, left: float, top: float) -> int:
        """The point near a place, or -1."""

    def hover(self, row: int) -> None:
        """The point under the mouse."""

    def look(self, view: scatter.View) -> None:
        """Show this part."""

    def show_all(self) -> None:
        """Show all points."""


def keeps(event: QEvent) -> bool:
    """Whether a key is for the points and not for the window."""
    return keys.kept(event, _KEYS)


class Hand(QObject):
    """What a person does with the points."""

    def __init__(self, cloud: Held, widget: QWidget) -> None:
        """``widget`` is the cloud as what it is to Qt."""
        super().__init__(widget)
        self._cloud, self._widget = cloud, widget
        self._pressed: QPointF | None = None
        self._last = QPointF()
        self._moved = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QWheelEvent):
            at = event.position() - self._cloud.room.topLeft()
            self._zoom(ZOOM_STEP ** (event.angleDelta().y() / 120), at)
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and keys.pressed(event, _KEYS):
            self._key(Qt.Key(event.key()))
            return True
        if event.type() == QEvent.Type.Leave and self._pressed is None:
            self._cloud.hover(-1)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        """Left button only; the right one opens the menu."""
        place = event.position()
        if event.type() == QEvent.Type.MouseMove:
            self._move(place)
        elif event.button() != Qt.MouseButton.LeftButton:
            return False
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            if self._cloud.nearest(place.x(), place.y()) < 0:
                self._cloud.show_all()
        elif event.type() == QEvent.Type.MouseButtonPress:
            self._press(place, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            self._release(place, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        return False

    def _press(self, place: QPointF, shift: bool) -> None:
        self._pressed, self._last, self._moved = place, place, False
        if self._cloud.lasso or shift:
            self._cloud.line = [place - self._cloud.room.topLeft()]

    def _move(self, place: QPointF) -> None:
        cloud = self._cloud
        if self._pressed is None:
            cloud.hover(cloud.nearest(place.x(), place.y()))
            return
        step = place - self._last
        if not self._moved and (place - self._pressed).manhattanLength() < CLICK_PX:
            return
        self._moved, self._last = True, place
        cloud.hover(-1)
        if cloud.line:
            cloud.line.append(place - cloud.room.topLeft())
            self._widget.update()
        else:
            cloud.look(cloud.view.moved(step.x(), step.y()))

    def _release(self, place: QPointF, shift: bool) -> None:
        cloud, line = self._cloud, self._cloud.line
        self._pressed, cloud.line = None, []
        if not self._moved:
            row = cloud.nearest(place.x(), place.y())
            if row >= 0:
                cloud.clicked.emit(row, shift)
        elif len(line) > 2:
            corners = np.array([cloud.view.point(corner.x(), corner.y()) for corner in line])
            inside = scatter.surrounded(cloud.points, corners)
            visible = np.zeros(len(inside), bool)
            visible[cloud.shown_rows] = True
            cloud.lassoed.emit(inside & visible)
        self._widget.update()

    def _zoom(self, factor: float, at: QPointF) -> None:
        if len(self._cloud.points) and factor != 1:
            self._cloud.look(self._cloud.view.zoomed(factor, at.x(), at.y()))

    def _key(self, key: Qt.Key) -> None:
        """Arrows move, + and − zoom, Home shows all, Enter chooses; after moving, the point in the middle is meant."""
        cloud = self._cloud
        if key in keys.CHOOSE:
            if cloud.hovered >= 0:
                cloud.clicked.emit(cloud.hovered, False)
            return
        if key == Qt.Key.Key_Home:
            cloud.show_all()
        elif key == Qt.Key.Key_Escape:
            self._pressed, cloud.line = None, []
            cloud.lassoed.emit(np.zeros(len(cloud.points), bool))
        elif key in _ZOOMS:
            self._zoom(_ZOOMS[key], cloud.room.center() - cloud.room.topLeft())
        else:
            cloud.look(cloud.view.moved(*(KEY_STEP_PX * step for step in _STEPS[key])))
        middle = cloud.room.center()
        cloud.hover(cloud.nearest(middle.x(), middle.y()))
