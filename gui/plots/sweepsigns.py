"""The signs of a sweep's map: what has no loss and why, what is being trained, and which one is best."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from gui import style
from gui.plots import markers
from gui.plots.sweepcells import MapCells

HATCHING = 6
"""Distance of the lines across diverged cells, in px."""
SWATCH = 12
"""Side of a sign where its meaning is written, in px."""

translate = QCoreApplication.translate


def paint_empty(painter: QPainter, place: QRect, mark: str, theme: style.Tokens, unit: float) -> None:
    """A cell without a loss, in dots, ``unit`` of them a px: the surface with a faint line, and why it has none."""
    painter.fillRect(place, QColor(theme.line))
    edge = max(1, round(unit))
    inner = place.adjusted(0, 0, -edge, -edge)
    painter.fillRect(inner, QColor(theme.hover if mark == "impossible" else theme.surface))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if mark == "diverged":
        _hatch(painter, inner, theme, unit)
    elif mark == "failed":
        path = markers.shape("x", radius(inner, unit)).translated(QRectF(inner).center())
        painter.fillPath(path, QColor(theme.bad))
    elif mark == "impossible":
        reach, middle = QPointF(radius(inner, unit), 0), QRectF(inner).center()
        painter.setPen(QPen(QColor(theme.quiet), 1.5 * unit))
        painter.drawLine(middle - reach, middle + reach)
    painter.restore()


def _hatch(painter: QPainter, place: QRect, theme: style.Tokens, unit: float) -> None:
    """Lines across a cell that go on in its neighbours."""
    painter.setPen(QPen(QColor(theme.bad), 1.25 * unit))
    step = HATCHING * unit
    left, top, right, bottom = place.left(), place.top(), place.right() + 1, place.bottom() + 1
    lines = []
    for number in range(math.ceil((left + top) / step), int((right + bottom) / step) + 1):
        total = number * step  # x + y along the line
        start, end = max(left, total - bottom), min(right, total - top)
        lines.append(QLineF(start, total - start, end, total - end))
    painter.drawLines(lines)


def paint_dot(painter: QPainter, place: QRect, in_corner: bool, theme: style.Tokens, unit: float) -> None:
    """That a cell is being trained; in the corner where a picture takes the middle."""
    reach = 0.7 * radius(place, unit)
    corner = QPointF(place.right() + 1 - 1.5 * reach, place.top() + 1.5 * reach)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(theme.surface), unit))
    painter.setBrush(QColor(theme.accent))
    painter.drawEllipse(corner if in_corner else QRectF(place).center(), reach, reach)
    painter.restore()


def paint_star(painter: QPainter, place: QRect, in_corner: bool, theme: style.Tokens) -> None:
    """The best cell, in px."""
    reach = radius(place, 1)
    middle = QPointF(place.left() + 1.6 * reach, place.top() + 1.6 * reach) if in_corner else QRectF(place).center()
    path = markers.shape("star", reach).translated(middle)
    pen = QPen(QColor(theme.surface), 3)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, pen)
    painter.fillPath(path, QColor(theme.text))
    painter.restore()


def radius(place: QRect, unit: float) -> float:
    """Of a sign in a cell of so many dots."""
    return min(6 * unit, 0.3 * min(place.width(), place.height()))


def meanings(cells: MapCells) -> list[tuple[str, str]]:
    """(sign, what it means) of those in a map."""
    names = {"running": translate("sweepsigns", "Training"), "diverged": translate("sweepsigns", "Diverged"),
             "failed": translate("sweepsigns", "Failed"), "impossible": translate("sweepsigns", "Impossible")}
    there = set(cells.marks.ravel().tolist())
    best = [("best", translate("sweepsigns", "Best"))] if cells.best is not None else []
    return [*best, *((mark, name) for mark, name in names.items() if mark in there)]


def paint_meanings(painter: QPainter, signs: Sequence[tuple[str, str]], room: QRect) -> None:
    """Each sign with its meaning, towards the right of a row; the last ones only where there is room."""
    metrics, theme = painter.fontMetrics(), style.theme().current
    widths = [SWATCH + style.XS + metrics.horizontalAdvance(text) + style.M for _, text in signs]
    while widths and sum(widths) > room.width():
        widths.pop()
    x = room.right() - sum(widths)
    for (sign, text), width in zip(signs, widths, strict=False):
        swatch = QRect(x, room.center().y() - SWATCH // 2 + 1, SWATCH, SWATCH)
        if sign == "best":
            paint_star(painter, swatch.adjusted(-1, -1, 1, 1), False, theme)
        elif sign == "running":
            paint_dot(painter, swatch.adjusted(-2, -2, 2, 2), False, theme, 1)
        else:
            paint_empty(painter, swatch, sign, theme, 1)
        painter.setPen(QColor(theme.quiet))
        painter.drawText(QRect(swatch.right() + style.XS, room.top(), width, room.height()),
                         Qt.AlignmentFlag.AlignVCenter, text)
        x += width
