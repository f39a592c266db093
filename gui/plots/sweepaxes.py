"""What stands around and over the cells of a sweep's map: values, names, the bar of colours, signs, contour lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPen, QPolygonF

from gui import style
from gui.plots import pixels
from gui.plots.sweepcells import Floats, MapCells
from gui.plots.sweepplaces import (
    BAR_GAP,
    BAR_TEXT,
    BAR_TICK,
    HEAD,
    NAME_ROW,
    TICK_ROW,
    WIDEST_TEXT,
    Places,
    text_room,
    thinned,
)
from gui.plots.sweepscale import FAINTEST, LossScale, table
from gui.widgets.quantities import short

LEAST_LABELLED = 100
"""Shorter contour lines, in px, have no label."""
Lines = Sequence[tuple[float, Sequence[Floats]]]
"""(loss, polylines of (row, column))."""
_CENTRED = Qt.AlignmentFlag.AlignCenter
_MIDDLE, _RIGHT = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight


def paint_axes(painter: QPainter, cells: MapCells, places: Places) -> None:
    """The values beside the cells, as many as have room, and what they are."""
    theme, metrics, area = style.theme().current, painter.fontMetrics(), places.map
    painter.setPen(QColor(theme.quiet))
    for column in shown_x(cells, places, metrics):
        cell, reach = places.cell(0, column), metrics.horizontalAdvance(cells.x_ticks[column]) // 2 + 2
        painter.drawText(QRect(cell.center().x() - reach, area.bottom() + style.XS, 2 * reach, TICK_ROW), _CENTRED,
                         cells.x_ticks[column])
    for row in shown_y(cells, places, metrics):
        middle = places.cell(row, 0).center().y()
        painter.drawText(QRect(0, middle - TICK_ROW // 2, places.left - style.S, TICK_ROW), _RIGHT | _MIDDLE,
                         metrics.elidedText(cells.y_ticks[row], Qt.TextElideMode.ElideRight, WIDEST_TEXT))
    painter.setPen(QColor(theme.text))
    below = QRect(area.left(), area.bottom() + style.XS + TICK_ROW, area.width(), NAME_ROW)
    painter.drawText(below, _CENTRED, metrics.elidedText(cells.x_name, Qt.TextElideMode.ElideRight, below.width()))
    left = max(0, places.left - style.S - text_room(cells, metrics))
    name = QRect(left, 0, area.right() - left - metrics.horizontalAdvance(cells.measure), HEAD - style.XS)
    painter.drawText(name, _MIDDLE, metrics.elidedText(cells.y_name, Qt.TextElideMode.ElideRight, name.width()))


def shown_x(cells: MapCells, places: Places, metrics: QFontMetrics) -> list[int]:
    """The columns whose value is written below them."""
    return thinned([metrics.horizontalAdvance(text) for text in cells.x_ticks], places.width)


def shown_y(cells: MapCells, places: Places, metrics: QFontMetrics) -> list[int]:
    """The rows whose value is written beside them."""
    return thinned([metrics.height()] * len(cells.y_ticks), places.height, 2)


def paint_bar(painter: QPainter, measure: str, scale: LossScale | None, places: Places) -> None:
    """The bar of colours, the highest loss above, and round losses beside it."""
    theme, metrics, bar = style.theme().current, painter.fontMetrics(), places.bar
    painter.setPen(QColor(theme.text))
    right = bar.right() + BAR_GAP + BAR_TEXT
    painter.drawText(QRect(bar.left() - 200, 0, right - bar.left() + 200, HEAD - style.XS), _RIGHT | _MIDDLE,
                     measure[:1].upper() + measure[1:])
    if scale is None:
        return
    colours = np.ascontiguousarray(table()[FAINTEST:, None])
    column = pixels.rgb32(colours[None])[0]
    painter.drawImage(QRectF(bar), QImage(column.tobytes(), 1, len(column), 4, QImage.Format.Format_RGB32))
    painter.setPen(QColor(theme.quiet))
    for value in scale.ticks():
        share = (scale.high - math.log10(value)) / (scale.high - scale.low)
        y = bar.top() + round(share * (bar.height() - 1))
        painter.drawLine(bar.right() + 1, y, bar.right() + BAR_TICK, y)
        top = min(max(y - TICK_ROW // 2, bar.top() - TICK_ROW // 2), bar.bottom() - TICK_ROW // 2)
        painter.drawText(QRect(bar.right() + BAR_GAP, top, BAR_TEXT, TICK_ROW), _MIDDLE,
                         metrics.elidedText(short(value), Qt.TextElideMode.ElideRight, BAR_TEXT))


def paint_contours(painter: QPainter, lines: Lines, places: Places) -> None:
    """Thin lines through the centres of the cells, each with its loss where there is room."""
    theme = style.theme().current
    drawn = [(loss, [polygon(chain, places) for chain in chains]) for loss, chains in lines]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((theme.surface, 3.0), (theme.text, 1.0)):  # opaque: translucent ones take ten times as long
        pen = QPen(QColor(colour), width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        for _, chains in drawn:
            for chain in chains:
                painter.drawPolyline(chain)
    _paint_labels(painter, drawn, QRectF(places.map))
    painter.restore()


def _paint_labels(painter: QPainter, lines: Sequence[tuple[float, Sequence[QPolygonF]]], area: QRectF) -> None:
    """The loss of each line, on it."""
    theme, taken = style.theme().current, list[QRectF]()
    for loss, chain in ((loss, chain) for loss, chains in lines for chain in chains):
        place = label_place(chain, painter.fontMetrics(), short(loss), taken, area)
        if place is not None:
            taken.append(place)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.surface))
            painter.drawRoundedRect(place, style.RADIUS, style.RADIUS)
            painter.setPen(QColor(theme.text))
            painter.drawText(place, _CENTRED, short(loss))


def polygon(chain: Floats, places: Places) -> QPolygonF:
    """(N, 2) of (row, column) -> px of the widget."""
    return QPolygonF([places.centre(row, column) for row, column in chain.tolist()])


def length(chain: QPolygonF) -> float:
    """Of a polyline, in px."""
    points = np.array([(point.x(), point.y()) for point in chain.toList()]).reshape(-1, 2)
    return float(np.hypot(*np.diff(points, axis=0).T).sum()) if len(points) > 1 else 0.0


def label_place(chain: QPolygonF, metrics: QFontMetrics, text: str, taken: Iterable[QRectF],
                area: QRectF) -> QRectF | None:
    """Where on a line its label fits beside those there are, the middle first; None for a short line."""
    if length(chain) < LEAST_LABELLED:
        return None
    size = QSizeF(metrics.horizontalAdvance(text) + style.S, metrics.height())
    for share in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8):
        place = QRectF(QPointF(), size)
        place.moveCenter(chain.at(round(share * (chain.size() - 1))))
        if area.contains(place) and not any(place.intersects(other) for other in taken):
            return place
    return None
