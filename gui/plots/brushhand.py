"""Mouse and keys on parallel coordinates: mark ranges on the axes, choose a trial."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from gui.plots.coordinates import Coordinate
from gui.plots.uprights import Uprights

CLICK_PX = 4
"""A press that moves less is a click."""

HANDLE_PX = 6
"""So near to the end of a range it is the end that is dragged."""

KEY_STEP = 0.05
"""Of an axis: what one key adds to each end of a range."""

_SIDES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_UPWARDS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}


class Held(Protocol):
    """What a hand needs of the picture: gui.plots.parallel.ParallelCoordinates."""

    coordinates: tuple[Coordinate, ...]
    brushes: dict[int, tuple[float, float]]
    uprights: Uprights
    current: int
    clicked: Any

    def nearest(self, x: float, y: float) -> int:
        """The trial near a place, or -1."""

    def hover(self, trial: int, place: QPoint | None = None) -> None:
        """The trial under the mouse."""

    def set_brush(self, axis: int, ends: tuple[float, float] | None) -> None:
        """Mark a range, or none."""

    def clear_brushes(self) -> None:
        """Mark none."""

    def go_to(self, axis: int) -> None:
        """Put the keys on an axis."""


class Hand(QObject):
    """What a person does with the ranges."""

    def __init__(self, picture: Held, widget: QWidget) -> None:
        """``widget`` is the picture as what it is to Qt."""
        super().__init__(widget)
        self._picture, self._widget = picture, widget
        self._pressed: QPointF | None = None
        self._axis = -1
        self._fixed: float | None = None
        self._grip: tuple[float, float] | None = None
        self._moved = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        if event.type() == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self._enter(event.reason())
        if event.type() == QEvent.Type.Leave and self._pressed is None:
            self._picture.hover(-1)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        """Left button only; the right one opens the menu."""
        place = event.position()
        if event.type() == QEvent.Type.MouseMove:
            self._move(place, event.globalPosition().toPoint())
        elif event.button() != Qt.MouseButton.LeftButton:
            return False
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self._pressed = None
            self._picture.clear_brushes()
        elif event.type() == QEvent.Type.MouseButtonPress:
            self._press(place)
        elif event.type() == QEvent.Type.MouseButtonRelease and self._pressed is not None:
            self._release(place)
        return False

    def _press(self, place: QPointF) -> None:
        """Take hold of an end of a range, of the whole range, or of the axis where a new one begins."""
        picture = self._picture
        self._pressed, self._moved, self._grip = place, False, None
        self._axis = picture.uprights.axis_at(place.x(), place.y())
        if self._axis < 0:
            return
        picture.go_to(self._axis)
        self._fixed = picture.uprights.place(place.y())
        ends = picture.brushes.get(self._axis)
        if ends is None:
            return
        high, low = picture.uprights.y(ends[1]), picture.uprights.y(ends[0])
        if min(abs(place.y() - high), abs(place.y() - low)) <= HANDLE_PX:
            self._fixed = ends[0] if abs(place.y() - high) < abs(place.y() - low) else ends[1]
        elif high < place.y() < low:
            self._grip = ends

    def _move(self, place: QPointF, on_screen: QPoint) -> None:
        picture = self._picture
        if self._pressed is None:
            self._hover(place, on_screen)
            return
        if not self._moved and (place - self._pressed).manhattanLength() < CLICK_PX:
            return
        self._moved = True
        picture.hover(-1)
        if self._axis < 0 or self._fixed is None:
            return
        at = picture.uprights.place(place.y())
        if self._grip is None:
            picture.set_brush(self._axis, (min(at, self._fixed), max(at, self._fixed)))
        else:
            picture.set_brush(self._axis, shifted(self._grip, at - self._fixed))

    def _hover(self, place: QPointF, on_screen: QPoint) -> None:
        """Show what a press here would take hold of."""
        picture = self._picture
        axis = picture.uprights.axis_at(place.x(), place.y())
        picture.hover(-1 if axis >= 0 else picture.nearest(place.x(), place.y()), on_screen)
        if axis >= 0:
            ends = picture.brushes.get(axis)
            at = picture.uprights.place(place.y())
            within = ends is not None and ends[0] < at < ends[1]
            self._widget.setCursor(Qt.CursorShape.SizeAllCursor if within else Qt.CursorShape.SizeVerCursor)

    def _release(self, place: QPointF) -> None:
        pressed, self._pressed = self._pressed, None
        if self._moved or pressed is None:
            return
        ends = self._picture.brushes.get(self._axis)
        if ends is not None:
            if not ends[0] <= self._picture.uprights.place(place.y()) <= ends[1]:
                self._picture.set_brush(self._axis, None)
        elif (trial := self._picture.nearest(place.x(), place.y())) >= 0:
            self._picture.clicked.emit(trial)

    def keeps(self, event: QEvent) -> bool:
        """Accept a shortcut-to-be that is for the picture and not for the window, so that it comes as a key."""
        if not isinstance(event, QKeyEvent) or not self._means(event):
            return False
        event.accept()
        return True

    def _means(self, event: QKeyEvent) -> bool:
        key, shift = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if not self._picture.coordinates:
            return False
        if key in _UPWARDS:
            return shift in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        wanted = key in _SIDES or (key == Qt.Key.Key_Escape and bool(self._picture.brushes))
        return wanted and shift == Qt.KeyboardModifier.NoModifier

    def _key(self, event: QKeyEvent) -> bool:
        if not self._means(event):
            return False
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._picture.clear_brushes()
        elif key in _SIDES:
            self.step(_SIDES[key])
        else:
            self._reach(_UPWARDS[key], bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        return True

    def step(self, by: int, within: bool = False) -> bool:
        """Put the keys on the next axis; whether there is one. At an end they stay, unless ``within`` lets them go."""
        to = self._picture.current + by
        if not 0 <= to < len(self._picture.coordinates):
            if within:
                return False
            to = max(0, min(to, len(self._picture.coordinates) - 1))
        self._picture.go_to(to)
        return True

    def _reach(self, by: int, grow: bool) -> None:
        """Grow, shrink or move the range on the axis that the keys are on; where there is none a first one begins."""
        picture = self._picture
        axis = max(0, picture.current)
        picture.go_to(axis)
        ends = picture.brushes.get(axis)
        if not grow:
            if ends is not None:
                picture.set_brush(axis, shifted(ends, by * KEY_STEP))
            return
        low, high = ends or ((0.5, 0.5) if by > 0 else (0.0, 1.0))
        low, high = max(0.0, low - by * KEY_STEP), min(1.0, high + by * KEY_STEP)
        if high - low >= KEY_STEP / 2:
            picture.set_brush(axis, (low, high))

    def _enter(self, reason: Qt.FocusReason) -> None:
        """With Tab the keys come to the first axis, backwards to the last."""
        count = len(self._picture.coordinates)
        if reason == Qt.FocusReason.TabFocusReason and count:
            self._picture.go_to(0)
        elif reason == Qt.FocusReason.BacktabFocusReason and count:
            self._picture.go_to(count - 1)


def shifted(ends: tuple[float, float], by: float) -> tuple[float, float]:
    """A range moved along its axis, of the same length, within [0, 1]."""
    by = min(1.0 - ends[1], max(-ends[0], by))
    return ends[0] + by, ends[1] + by
