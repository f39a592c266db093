"""Tens of thousands of points as one picture, where they lie in px, and which of them a line surrounds.

A QPainter draws 60,000 round points in 350 ms, numpy sets their pixels in 5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from gui.plots import colormaps

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint32]

MARGIN = 0.06
"""Share of the room kept free on each side when everything is shown."""

FREE_SCALES = 4.0
"""Both axes have the same scale unless the codes reach so many times farther along one of them."""


@dataclass(frozen=True)
class View:
    """What a room of ``width`` × ``height`` px shows: the point in its middle, px for each unit; y grows upwards."""

    x: float = 0.0
    y: float = 0.0
    scale_x: float = 1.0
    scale_y: float = 1.0
    width: float = 1.0
    height: float = 1.0

    def px(self, points: NDArray) -> Floats:
        """(n, 2) points -> (n, 2) px from the left and the top of the room."""
        middle, scale = np.array([self.x, self.y]), np.array([self.scale_x, -self.scale_y])
        return points * scale + (np.array([self.width, self.height]) / 2 - middle * scale)

    def point(self, left: float, top: float) -> tuple[float, float]:
        """Px -> the point there."""
        return (self.x + (left - self.width / 2) / self.scale_x, self.y - (top - self.height / 2) / self.scale_y)

    def moved(self, right: float, down: float) -> View:
        """The same points so many px further right and down."""
        return replace(self, x=self.x - right / self.scale_x, y=self.y + down / self.scale_y)

    def zoomed(self, factor: float, left: float, top: float) -> View:
        """``factor`` times as large around a place in px, which stays."""
        x, y = self.point(left, top)
        return replace(self, x=x + (self.x - x) / factor, y=y + (self.y - y) / factor,
                       scale_x=self.scale_x * factor, scale_y=self.scale_y * factor)

    def resized(self, width: float, height: float) -> View:
        """The same points as large as before, relative to the smaller side."""
        factor = min(width, height) / max(1.0, min(self.width, self.height))
        return replace(self, scale_x=self.scale_x * factor, scale_y=self.scale_y * factor, width=width, height=height)


@dataclass(frozen=True)
class Far:
    """Many points as one picture, ``ratio`` pixels for each px, of a view and of a margin in px around it."""

    picture: Pixels
    view: View
    ratio: float
    margin: tuple[int, int]
    size: tuple[float, float]

    def shift(self, view: View) -> tuple[float, float]:
        """How far right and down everything lies in another view of the same scale, in whole pixels."""
        right, down = (self.view.x - view.x) * view.scale_x, (view.y - self.view.y) * view.scale_y
        return round(right * self.ratio) / self.ratio, round(down * self.ratio) / self.ratio

    def covers(self, view: View, ratio: float) -> bool:
        """Whether the picture shows all of a view as it would be painted anew."""
        if replace(view, x=self.view.x, y=self.view.y) != self.view or ratio != self.ratio:
            return False
        return all(abs(away) <= free for away, free in zip(self.shift(view), self.margin, strict=True))

    def target(self, view: View) -> QRectF:
        """Where the picture lies in a view."""
        right, down = self.shift(view)
        return QRectF(right - self.margin[0], down - self.margin[1], *self.size)


def fitted(points: NDArray, width: float, height: float) -> View:
    """The view of all finite points with a margin."""
    finite = np.asarray(points, np.float64)[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return View(width=width, height=height)
    low, high = finite.min(axis=0), finite.max(axis=0)
    reach = np.where(high > low, high - low, max(1.0, float((high - low).max())))
    scale_x, scale_y = (1 - 2 * MARGIN) * np.array([width, height]) / reach
    if max(reach) < FREE_SCALES * min(reach):
        scale_x = scale_y = min(scale_x, scale_y)
    x, y = (low + high) / 2
    return View(float(x), float(y), float(scale_x), float(scale_y), width, height)


def suits(view: View, points: NDArray) -> bool:
    """Whether the view shows all points, and not far smaller than it could; one that does need not change."""
    now = fitted(points, view.width, view.height)
    if not now.scale_x or not 0.5 <= view.scale_x / now.scale_x <= 1.1:
        return False
    px = view.px(points[np.isfinite(points).all(axis=1)])
    return bool(len(px)) and bool((px >= 0).all() and (px <= [view.width, view.height]).all())


def disc(radius: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the pixels of a disc around 0."""
    reach = np.arange(-int(radius), int(radius) + 1)
    rows, columns = np.meshgrid(reach, reach, indexing="ij")
    round_ = rows**2 + columns**2 <= radius**2 + 0.3
    return rows[round_], columns[round_]


def painted(px: Floats, colours: Pixels, shape: tuple[int, int], radius: float) -> Pixels:
    """Discs at (n, 2) px in their (n,) colours 0xAARRGGBB -> (height, width), 0 where none is; the last lies on top."""
    height, width = shape
    reach = int(radius)
    inside = ((px >= -reach) & (px < [width + reach, height + reach])).all(axis=1)
    pad = 2 * reach  # points just outside reach in
    columns, rows = (np.floor(px[inside]).astype(np.int64) + pad).T
    wide = width + 2 * pad
    picture = np.zeros((height + 2 * pad) * wide, np.uint32)
    down, right = disc(radius)
    picture[(rows * wide + columns)[:, None] + (down * wide + right)] = colours[inside][:, None]
    return np.ascontiguousarray(picture.reshape(-1, wide)[pad:pad + height, pad:pad + width])


def middles(points: Floats, labels: NDArray) -> dict[int, tuple[float, float]]:
    """Class -> the median of its points, of some thousands where there are more; without those of no class."""
    every = max(1, len(points) // 10_000)
    points, labels = points[::every], labels[::every]
    result = {}
    for label in np.unique(labels[labels >= 0]).tolist():
        x, y = np.median(points[labels == label], axis=0)
        result[label] = float(x), float(y)
    return result


def surrounded(points: NDArray, line: Floats) -> NDArray[np.bool_]:
    """(n, 2) points and the (k, 2) corners of a closed line -> (n,) whether it surrounds each, by even and odd."""
    result = np.zeros(len(points), bool)
    box = ((points >= line.min(axis=0)) & (points <= line.max(axis=0))).all(axis=1)
    x, y = np.asarray(points[box], np.float64).T
    within = np.zeros(len(x), bool)
    for (ax, ay), (bx, by) in zip(line, np.roll(line, -1, axis=0), strict=True):
        if ay != by:
            within ^= ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    result[box] = within
    return result


def mixed(colours: NDArray, background: NDArray, share: float) -> NDArray[np.float64]:
    """(n, 3) sRGB in [0, 1] with a share of the background, mixed as the eye does."""
    return colormaps.srgb((1 - share) * colormaps.oklab(colours) + share * colormaps.oklab(background))
