"""The shapes that tell classes apart beside their colours."""

from __future__ import annotations

import math
from functools import cache

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from gui import style

_TURNS = {"s": (4, 0.5, 1.1), "t": (3, 1.0, 1.15), "d": (4, 0.0, 1.15), "t1": (3, 0.0, 1.15), "p": (5, 0.0, 1.05),
          "h": (6, 0.5, 1.0)}
"""Symbol -> corners, turn in steps of half a corner, size."""


def shape(symbol: str, radius: float) -> QPainterPath:
    """The outline of a symbol around (0, 0)."""
    path = QPainterPath()
    if symbol in _TURNS:
        corners, turn, size = _TURNS[symbol]
        _close(path, [(size * radius, (k + turn) * 2 * math.pi / corners) for k in range(corners)])
    elif symbol == "star":
        _close(path, [(radius * (1.25 if k % 2 == 0 else 0.5), k * math.pi / 5) for k in range(10)])
    elif symbol in ("+", "x"):
        turn, arm, reach = math.pi / 4 if symbol == "x" else 0.0, 0.36, 1.15
        corners_of = [(a, b) for k in range(4) for a, b in _arm(k, arm, reach)]
        _close(path, [(radius * math.hypot(a, b), math.atan2(a, b) + turn) for a, b in corners_of])
    else:
        path.addEllipse(QPointF(0, 0), radius, radius)
    return path


def _arm(quarter: int, arm: float, reach: float) -> list[tuple[float, float]]:
    """Three corners of a quarter of a cross."""
    corners = [(-arm, reach), (arm, reach), (arm, arm)]
    for _ in range(quarter):
        corners = [(y, -x) for x, y in corners]
    return corners


def _close(path: QPainterPath, corners: list[tuple[float, float]]) -> None:
    """A closed line through corners at (distance, angle from upwards)."""
    points = [QPointF(distance * math.sin(angle), -distance * math.cos(angle)) for distance, angle in corners]
    path.moveTo(points[0])
    for point in points[1:]:
        path.lineTo(point)
    path.closeSubpath()


def paint(painter: QPainter, at: QPointF, label: int, radius: float, colour: QColor) -> None:
    """The marker of a class (-1: none) with a rim in the colour of the text."""
    symbol = style.CLASS_MARKERS[label % len(style.CLASS_MARKERS)] if label >= 0 else "o"
    rim = QColor(style.theme().current.text)
    rim.setAlphaF(0.55 * colour.alphaF())
    painter.setPen(QPen(rim, 0.8))
    painter.setBrush(colour)
    painter.drawPath(shape(symbol, radius).translated(at))


@cache
def pixmap(label: int, radius: float, colour: str, ratio: float, dark: bool) -> QPixmap:
    """The marker as a picture, to be drawn thousands of times; of either theme."""
    side = math.ceil(2.6 * radius) + 2
    result = QPixmap(round(side * ratio), round(side * ratio))
    result.setDevicePixelRatio(ratio)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter, QPointF(side / 2, side / 2), label, radius, QColor(colour))
    painter.end()
    return result
