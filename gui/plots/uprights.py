"""The axes of parallel coordinates: where they stand, their names and ticks, and the ranges marked on them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPen

from gui import style
from gui.plots import sweepscale
from gui.plots.coordinates import Coordinate
from gui.plots.sweepscale import LossScale

BAND = 14
"""Width of a marked range, in px."""

SCALE = 5
"""Width of the last axis, which shows the colours of the losses."""

STOPS = 33
"""Colours along it; those between are mixed."""

LINE = 18
"""Height of a line of text."""

WIDEST_TICK = 120
VEIL = 215
"""How far a label hides the lines below it, of 255."""


@dataclass(frozen=True)
class Uprights:
    """Where each axis stands: ``across`` x of each, ``top`` and ``bottom`` y of their ends, of ``width`` px."""

    across: tuple[float, ...]
    top: float
    bottom: float
    width: int

    @property
    def step(self) -> float:
        """From an axis to the next."""
        return self.across[1] - self.across[0] if len(self.across) > 1 else float(self.width)

    def room(self, axis: int) -> int:
        """For the words beside an axis: left of it, of the last right of it."""
        edges = {len(self.across) - 1: self.width - self.across[-1], 0: self.across[0]}
        return int(min(WIDEST_TICK, edges.get(axis, self.step - style.M) - style.M))

    def y(self, place: float) -> float:
        """A place in [0, 1] -> y."""
        return self.bottom - place * (self.bottom - self.top)

    def place(self, y: float) -> float:
        """y -> the place in [0, 1] that is nearest."""
        return min(1.0, max(0.0, (self.bottom - y) / max(1.0, self.bottom - self.top)))

    def band(self, axis: int, ends: tuple[float, float]) -> QRectF:
        """The marked range on an axis."""
        low, high = self.y(ends[0]), self.y(ends[1])
        return QRectF(self.across[axis] - BAND / 2, high, BAND, low - high)

    def axis_at(self, x: float, y: float) -> int:
        """The axis within reach of a place, else -1."""
        if not self.top - BAND <= y <= self.bottom + BAND:
            return -1
        return next((axis for axis, at in enumerate(self.across) if abs(at - x) <= BAND / 2 + 2), -1)


def arranged(coordinates: Sequence[Coordinate], size: QSize) -> Uprights:
    """Axes at equal distances, with room for the ticks left of the first and right of the last."""
    metrics = QFontMetrics(style.font("caption"))
    top, bottom = 2.0 * LINE, float(max(3 * LINE, size.height() - 2 * LINE))
    if not coordinates:
        return Uprights((), top, bottom, size.width())
    left, right = (_room(metrics, coordinates[end]) for end in (0, -1))
    if len(coordinates) == 1:
        return Uprights((size.width() // 2 + 0.5,), top, bottom, size.width())
    step = (size.width() - left - right) / (len(coordinates) - 1)
    across = tuple(math.floor(left + axis * step) + 0.5 for axis in range(len(coordinates)))
    return Uprights(across, top, bottom, size.width())


def _room(metrics: QFontMetrics, coordinate: Coordinate) -> int:
    """For the ticks of an axis at an edge and for half of its name."""
    widest = max((metrics.horizontalAdvance(text) for _, text in coordinate.ticks), default=0)
    name = QFontMetrics(style.font("body")).horizontalAdvance(coordinate.name) // 2
    return min(WIDEST_TICK, max(widest + style.M, name)) + style.S


def paint_axes(painter: QPainter, uprights: Uprights, coordinates: Sequence[Coordinate],
               scale: LossScale | None) -> None:
    """Lines and ticks; the last axis shows the colours of the losses."""
    theme = style.theme().current
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for number, (x, coordinate) in enumerate(zip(uprights.across, coordinates, strict=True)):
        painter.setPen(QPen(QColor(theme.outline), 1))
        painter.drawLine(QPointF(x, uprights.top), QPointF(x, uprights.bottom))
        if number == len(coordinates) - 1 and scale is not None:
            _paint_scale(painter, x, uprights, coordinate, scale)
        _paint_ticks(painter, uprights, number, coordinate)


def paint_names(painter: QPainter, uprights: Uprights, coordinates: Sequence[Coordinate],
                current: int) -> None:
    """The name above each axis; that of the one the keys are on stands out."""
    theme = style.theme().current
    for number, (x, coordinate) in enumerate(zip(uprights.across, coordinates, strict=True)):
        painter.setFont(style.font("heading" if number == current else "body"))
        metrics = painter.fontMetrics()
        text = metrics.elidedText(coordinate.name, Qt.TextElideMode.ElideRight, int(uprights.step - style.S))
        wide = metrics.horizontalAdvance(text) + 2
        place = QRectF(min(max(0.0, x - wide / 2), uprights.width - wide), 0, wide, LINE)
        painter.setPen(QColor(theme.text))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        if number == current:
            painter.fillRect(QRectF(place.left(), LINE, wide, 2), QColor(theme.accent))


def _paint_scale(painter: QPainter, x: float, uprights: Uprights, coordinate: Coordinate, scale: LossScale) -> None:
    """The axis of the losses in the colours of its lines."""
    stops = np.linspace(0, 1, STOPS)
    losses = np.array([coordinate.number(stop) for stop in stops])
    entries = scale.colours(np.log10(losses, out=np.full(STOPS, scale.low), where=losses > 0))
    shades = QLinearGradient(0, uprights.bottom, 0, uprights.top)
    for stop, entry in zip(stops.tolist(), entries, strict=True):
        shades.setColorAt(stop, QColor(*map(int, sweepscale.table()[entry])))
    painter.fillRect(QRectF(x - SCALE / 2, uprights.top, SCALE, uprights.bottom - uprights.top + 1), shades)


def _paint_ticks(painter: QPainter, uprights: Uprights, number: int, coordinate: Coordinate) -> None:
    """Values beside an axis: right of the last, left of the others; never one over another."""
    painter.setFont(style.font("caption"))
    metrics, x = painter.fontMetrics(), uprights.across[number]
    right = number == len(uprights.across) - 1
    free = math.inf
    for place, word in coordinate.ticks:
        y = uprights.y(place)
        if free - y < metrics.height():
            continue
        free = y
        text = metrics.elidedText(word, Qt.TextElideMode.ElideRight, uprights.room(number))
        painter.setPen(QPen(QColor(style.theme().current.outline), 1))
        painter.drawLine(QPointF(x, y), QPointF(x + (5 if right else -5), y))
        paint_label(painter, QPointF(x + (style.S if right else -style.S), y), text, right, "quiet")


def paint_label(painter: QPainter, at: QPointF, text: str, right: bool, tone: str) -> None:
    """A text right of a place, or left of it, on a veil over the lines."""
    theme, metrics = style.theme().current, painter.fontMetrics()
    wide, high = metrics.horizontalAdvance(text) + 4, metrics.height()
    place = QRectF(at.x() if right else at.x() - wide, round(at.y() - high / 2), wide, high)
    veil = QColor(theme.surface)
    veil.setAlpha(VEIL)
    painter.fillRect(place, veil)
    painter.setPen(QColor(getattr(theme, tone)))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def paint_brushes(painter: QPainter, uprights: Uprights, coordinates: Sequence[Coordinate],
                  brushes: Mapping[int, tuple[float, float]]) -> None:
    """A translucent band on each axis with a range, a handle at both ends, and the values there."""
    accent = QColor(style.theme().current.accent)
    veil = QColor(accent)
    veil.setAlpha(70)
    painter.setFont(style.font("caption"))
    for axis, ends in brushes.items():
        band = uprights.band(axis, ends)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(band, veil)
        for y, end, away in ((band.top(), ends[1], -1), (band.bottom(), ends[0], 1)):
            painter.fillRect(QRectF(band.left() - 1, round(y) - 1.5, BAND + 2, 3), accent)
            text, right = coordinates[axis].text(end), axis < len(coordinates) - 1
            side = BAND / 2 + style.XS
            at = QPointF(uprights.across[axis] + (side if right else -side), y + away * 2)
            if text:
                paint_label(painter, at, text, right, "text")
