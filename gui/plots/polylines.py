"""The lines of parallel coordinates: where they run, which is near the mouse, and how many are drawn in a moment."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF
from PySide6.QtGui import QColor, QPainter, QPen

from gui import style
from gui.plots import sweepscale
from gui.plots.coordinates import Bools, Coordinate, Floats

NEAR_PX = 6
"""So near to the mouse a line is meant."""

DASH_PX = 16
"""Half the length of the dash that stands for a trial where there is but one axis."""

SHARED = 8
"""So many neighbouring entries of the colour map are drawn as one, all of their lines at once."""

SMOOTH_UP_TO = 3_000
"""More pieces of lines are not smoothed, which no one sees among so many and takes five times as long."""

ROUGH = 1.001
"""Width of lines that are not smoothed; Qt draws those of exactly 1 px three times as slowly."""


class Polylines:
    """The pieces of all lines between neighbouring axes; a line breaks where a trial has no value.

    Attributes: ``ends`` (S, 4) x and y of both ends of each piece in px; ``owner`` (S,) the trial of each.
    """

    def __init__(self, coordinates: Sequence[Coordinate], across: Sequence[float], top: float, bottom: float,
                 entries: npt.NDArray[np.int64]) -> None:
        """``across`` (A,) x of each axis; ``entries`` (N,) of the colour map, the lowest loss 255, -1 without one."""
        count = len(entries)
        pieces = [(x, axis.places, right, other.places) for (axis, x), (other, right)
                  in pairwise(zip(coordinates, across, strict=True))]
        if len(coordinates) == 1:
            pieces = [(across[0] - DASH_PX, coordinates[0].places, across[0] + DASH_PX, coordinates[0].places)]
        down = [(np.full(count, x), bottom - left * (bottom - top), np.full(count, to), bottom - right * (bottom - top))
                for x, left, to, right in pieces]
        ends = np.array(down).transpose(0, 2, 1).reshape(-1, 4) if down else np.zeros((0, 4))
        drawn = np.isfinite(ends).all(axis=1)
        self.ends: Floats = ends[drawn]
        self.owner: npt.NDArray[np.intp] = np.tile(np.arange(count), len(pieces))[drawn]
        self._entries = entries
        self._lines = list(map(QLineF, *self.ends.T.tolist())) if len(self.ends) else []
        self._bucket = (entries // SHARED)[self.owner]

    def nearest(self, x: float, y: float, among: Bools) -> int:
        """The trial whose line runs within ``NEAR_PX`` of a place, of equally near ones that in front; else -1."""
        wanted = among[self.owner]
        ends, owner = self.ends[wanted], self.owner[wanted]
        near = (ends[:, 0] <= x + NEAR_PX) & (ends[:, 2] >= x - NEAR_PX)
        ends, owner = ends[near], owner[near]
        if not len(ends):
            return -1
        start, along = ends[:, :2], ends[:, 2:] - ends[:, :2]
        share = (((np.array([x, y]) - start) * along).sum(axis=1) / (along**2).sum(axis=1)).clip(0, 1)
        away = np.hypot(*(start + share[:, None] * along - (x, y)).T)
        best = np.lexsort((-self._entries[owner], np.round(away)))[0]
        return int(owner[best]) if away[best] <= NEAR_PX else -1

    def of(self, trial: int) -> list[QLineF]:
        """The pieces of one line."""
        return [self._lines[piece] for piece in np.flatnonzero(self.owner == trial)]

    def paint(self, painter: QPainter, among: Bools) -> None:
        """Draw the lines of these trials in the colours of their losses, the lowest in front, grey without one."""
        table, last = sweepscale.table(), 255 // SHARED
        for bucket in range(-1, last + 1):
            entry = 255 if bucket == last else bucket * SHARED + SHARED // 2
            colour = style.theme().current.outline if bucket < 0 else QColor(*map(int, table[entry]))
            self._pieces(painter, among[self.owner] & (self._bucket == bucket), colour)

    def paint_faint(self, painter: QPainter, among: Bools) -> None:
        """Draw the lines of these trials in the tone of lines, still fainter where they would fill the ground."""
        theme = style.theme().current
        colour = theme.line if len(self._lines) <= SMOOTH_UP_TO else style.mixed(theme.surface, theme.line, 0.5)
        self._pieces(painter, among[self.owner], colour)

    def _pieces(self, painter: QPainter, wanted: Bools, colour: QColor | str) -> None:
        smooth = len(self._lines) <= SMOOTH_UP_TO
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, smooth)
        painter.setPen(QPen(QColor(colour), 1.0 if smooth else ROUGH))
        painter.drawLines([self._lines[piece] for piece in np.flatnonzero(wanted).tolist()])
