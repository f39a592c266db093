"""How the parts of a cloud of points are painted, in the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from gui import style
from gui.plots import markers, pixels, scatter
from gui.plots.axis import linear_ticks
from gui.plots.scatter import View

MARKER_RADIUS = 4.0
THUMBNAIL_PX = 28
"""Least size of the longer side of a thumbnail."""

FADED = 0.78
"""How much of the background points have that are not inside the lasso."""

TICK_ROOM = {0: 64.0, 1: 40.0}
"""Least distance between two numbers of an axis, in px: across, up."""

LABEL_HEIGHT = 18


@dataclass(frozen=True)
class Card:
    """What is said about the point under the mouse."""

    row: int = -1
    image: np.ndarray | None = None
    lines: tuple[str, ...] = ()


def class_colour(label: int) -> QColor:
    """The colour of a class; quiet where there is none."""
    tokens = style.theme().current
    return QColor(tokens.classes[label % len(tokens.classes)] if label >= 0 else tokens.quiet)


def ordered(rows: NDArray, chosen: NDArray[np.bool_] | None) -> NDArray:
    """The rows in the order to paint: those that stand out last."""
    return rows if chosen is None else np.concatenate([rows[~chosen[rows]], rows[chosen[rows]]])


def colours(labels: NDArray, chosen: NDArray[np.bool_] | None) -> NDArray[np.uint32]:
    """(n,) classes -> (n,) 0xAARRGGBB; paler those that are not chosen."""
    tokens = style.theme().current
    table = np.array([style.channels(colour) for colour in (*tokens.classes, tokens.quiet)])
    pale = scatter.mixed(table, np.array([style.channels(tokens.raised)]), FADED)
    both = np.concatenate([table, pale])
    entries = pixels.rgb32(np.round(both * 255).astype(np.uint8)[None, None])[0, 0]
    entry = np.where(labels < 0, len(tokens.classes), labels % len(tokens.classes))
    return entries[entry if chosen is None else np.where(chosen, entry, entry + len(table))]


def transparent(picture: NDArray[np.uint32]) -> QImage:
    """uint32 (H, W) 0xAARRGGBB -> an image that shares its memory."""
    height, width = picture.shape
    return QImage(picture.data, width, height, picture.strides[0], QImage.Format.Format_ARGB32_Premultiplied)


def frame(painter: QPainter, room: QRectF, focused: bool) -> None:
    """The ground of the points."""
    tokens = style.theme().current
    painter.fillRect(room, QColor(tokens.raised))
    painter.setPen(QPen(QColor(tokens.accent if focused else tokens.line), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(room.adjusted(-0.5, -0.5, 0.5, 0.5))


def axes(painter: QPainter, room: QRectF, view: View, titles: tuple[str, str]) -> None:
    """Numbers along the room, and what they are."""
    tokens = style.theme().current
    painter.setPen(QColor(tokens.quiet))
    left, top = view.point(0, 0)
    right, bottom = view.point(view.width, view.height)
    for axis, (low, high, scale) in enumerate(((left, right, view.scale_x), (bottom, top, view.scale_y))):
        if not (math.isfinite(low) and math.isfinite(high)) or not scale:
            continue
        ticks = linear_ticks(low, high, TICK_ROOM[axis] / scale, False)
        gap = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        for value in ticks:
            _tick(painter, room, axis, scale * (value - left if axis == 0 else top - value), _number(value, gap))
    painter.setPen(QColor(tokens.text))
    middle, across, up = Qt.AlignmentFlag.AlignCenter, *_elided(painter, room, titles)
    painter.drawText(QRectF(room.left(), room.bottom() + 20, room.width(), 18), middle, across)
    painter.save()
    painter.translate(12, room.center().y())
    painter.rotate(-90)
    painter.drawText(QRectF(-room.height() / 2, -9, room.height(), 18), middle, up)
    painter.restore()


def _elided(painter: QPainter, room: QRectF, titles: tuple[str, str]) -> list[str]:
    """The titles as far as they have room."""
    metrics, cut = painter.fontMetrics(), Qt.TextElideMode.ElideRight
    return [metrics.elidedText(text, cut, int(length))
            for text, length in zip(titles, (room.width(), room.height()), strict=True)]


def _tick(painter: QPainter, room: QRectF, axis: int, away: float, text: str) -> None:
    if axis == 0:
        place = QRectF(room.left() + away - 40, room.bottom() + 3, 80, 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
    else:
        place = QRectF(0, room.top() + away - 8, room.left() - 5, 16)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def _number(value: float, gap: float) -> str:
    decimals = max(0, -math.floor(math.log10(gap) + 1e-9)) if gap > 0 else 0
    text = f"{value:,.{decimals}f}" if decimals < 5 else f"{value:.1e}"
    return ("0" if not float(text.replace(",", "")) and decimals == 0 else text).replace("-", "−")


def marker(painter: QPainter, at: QPointF, label: int, faded: bool, in_file: bool) -> None:
    """One point as the marker of its class."""
    colour = class_colour(label)
    if faded:
        colour.setAlphaF(1 - FADED)
    if in_file:
        markers.paint(painter, at, label, MARKER_RADIUS, colour)
        return
    name = colour.name(QColor.NameFormat.HexArgb)
    ratio = painter.device().devicePixelRatioF()
    picture = markers.pixmap(label, MARKER_RADIUS, name, ratio, style.theme().current.dark)
    side = picture.width() / ratio / 2
    painter.drawPixmap(QPointF(round(at.x() - side), round(at.y() - side)), picture)


def thumbnail(painter: QPainter, at: QPointF, image: np.ndarray, label: int, faded: bool) -> None:
    """One point as its image, framed in the colour of its class."""
    factor = max(1, round(THUMBNAIL_PX / max(image.shape[:2])))
    height, width = (factor * side for side in image.shape[:2])
    place = QRectF(round(at.x() - width / 2), round(at.y() - height / 2), width, height)
    painter.setOpacity(0.3 if faded else 1.0)
    painter.fillRect(place.adjusted(-2, -2, 2, 2), class_colour(label))
    pixels.draw(painter, place, pixels.rgb32(image[None])[0], pixels.is_file(painter))
    painter.setOpacity(1.0)


def names(painter: QPainter, middles: Mapping[int, Sequence[float]], texts: Sequence[str]) -> None:
    """The name of each class in the middle of its points; those that meet stand above each other."""
    tokens, metrics = style.theme().current, painter.fontMetrics()
    places = []
    for label, (x, y) in middles.items():
        if label < len(texts):
            width = metrics.horizontalAdvance(texts[label]) + 12
            places.append((label, QRectF(x - width / 2, y - LABEL_HEIGHT / 2, width, LABEL_HEIGHT)))
    for label, place in apart(places):
        painter.setPen(QPen(class_colour(label), 2))
        ground = QColor(tokens.raised)
        ground.setAlphaF(0.9)
        painter.setBrush(ground)
        painter.drawRoundedRect(place, style.RADIUS, style.RADIUS)
        painter.setPen(QColor(tokens.text))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, texts[label])


def apart(places: Sequence[tuple[int, QRectF]]) -> list[tuple[int, QRectF]]:
    """The places, from above, each moved down until it touches none before it."""
    result: list[tuple[int, QRectF]] = []
    for label, place in sorted(places, key=lambda item: item[1].top()):
        while met := [other for _, other in result if other.adjusted(-2, -2, 2, 2).intersects(place)]:
            place.moveTop(max(other.bottom() for other in met) + 3)
        result.append((label, place))
    return result


def ring(painter: QPainter, at: QPointF, text: str, room: QSizeF, *, quiet: bool = False) -> None:
    """A ring around a place, on the edge where it lies beyond, with a text beside it."""
    tokens = style.theme().current
    inside = QPointF(min(max(at.x(), 0), room.width()), min(max(at.y(), 0), room.height()))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    strokes = ((tokens.text, 1.5),) if quiet else (("#000000", 5.0), ("#ffffff", 3.0), (tokens.accent, 1.5))
    for colour, width in strokes:
        painter.setPen(QPen(QColor(colour), width))
        painter.drawEllipse(inside, 8.0, 8.0)
    if text:
        place = QRectF(inside.x() + 11, inside.y() - 9, painter.fontMetrics().horizontalAdvance(text) + 10, 18)
        if place.right() > room.width():
            place.moveRight(inside.x() - 11)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent))
        painter.drawRoundedRect(place, style.RADIUS, style.RADIUS)
        painter.setPen(QColor(tokens.on_accent))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def lasso(painter: QPainter, line: Sequence[QPointF]) -> None:
    """The line around points while it is drawn."""
    if len(line) > 1:
        colour = QColor(style.theme().current.accent)
        painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine))
        colour.setAlphaF(0.12)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF(line))


def card(painter: QPainter, room: QRect, at: QPointF, said: Card) -> None:
    """A picture and lines of text beside a point, inside the room."""
    tokens, metrics = style.theme().current, painter.fontMetrics()
    side = 0 if said.image is None else max(1, 84 // max(said.image.shape[:2])) * max(said.image.shape[:2])
    width = max([side, *map(metrics.horizontalAdvance, said.lines)]) + 2 * style.S
    step = metrics.height() + 2
    height = side + (style.XS if side else 0) + step * len(said.lines) + 2 * style.S
    place = QRectF(at.x() + 16, at.y() + 12, width, height)
    if place.right() > room.right():
        place.moveRight(at.x() - 16)
    place.moveTop(max(float(room.top()), min(place.top(), room.bottom() - height)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.outline), 1))
    painter.setBrush(QColor(tokens.surface))
    painter.drawRoundedRect(place, style.RADIUS, style.RADIUS)
    top = place.top() + style.S
    if said.image is not None:
        factor = side / max(said.image.shape[:2])
        shown = QRectF(place.left() + style.S, top, factor * said.image.shape[1], factor * said.image.shape[0])
        pixels.draw(painter, shown, pixels.rgb32(said.image[None])[0], pixels.is_file(painter))
        top += side + style.XS
    painter.setPen(QColor(tokens.text))
    for number, text in enumerate(said.lines):
        painter.drawText(QRectF(place.left() + style.S, top + number * step, width, step),
                         Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
