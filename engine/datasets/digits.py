"""The built-in digits: 12,000 + 2,000 handwritten-looking images drawn by arithmetic, the same on every machine.

Each digit is a few pen strokes. Their points are shaken into many hands, each hand becomes a field of distances to the
stroke, and every image samples one field through its own turn, slant, size and bend, and inks what is nearer than half
its pen's width. Only additions, products, roots and rounded sines decide a pixel, which is why machines agree.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Stroke = tuple[tuple[float, float], ...]

VERSION = 1
"""Goes up whenever a pixel of any image changes."""

SIDE, CLASSES = 28, 10
TRAINING, TEST = 12_000, 2_000

HANDS = 12
"""Shaken variants of every way to write a digit."""

SHAKE = 0.8
"""How far apart two hands may put the same point, in tenths of the digit's height."""

FIELD = 36
"""Points along a side of a distance field."""

MARGIN = 0.35
"""How far a field reaches beyond the digit, in digit heights."""

CHUNK = 200
"""Images drawn at once: their arrays stay in the processor's cache."""

WAYS: dict[int, tuple[tuple[Stroke, ...], ...]] = {
    0: ((((5.2, 0.3), (2.7, 0.3), (0.6, 3), (0.7, 7.2), (2.8, 9.8), (5.3, 9.6), (7.4, 6.6), (7.2, 2.6), (5.2, 0.3),
          (2.7, 0.3)),),
        (((4.8, 0), (1.8, 1.4), (0.4, 5), (1.6, 9), (4.4, 9.9), (6.8, 7.8), (7.3, 4), (5.8, 1), (3.2, 0.5)),)),
    1: ((((4, 0), (4, 5), (4, 10)),),
        (((2, 2.2), (3.2, 1.3), (4.2, 0)), ((4.2, 0), (4.1, 5), (4, 10))),
        (((1.8, 2.2), (4, 0)), ((4, 0), (4, 5), (4, 10)), ((1.6, 10), (4, 10), (6.4, 10)))),
    2: ((((0.6, 2.4), (1.8, 0.6), (4.2, 0), (6.6, 1.2), (6.8, 3.4), (5, 6), (2.6, 8.2), (0.4, 10)),
         ((0.4, 10), (4, 9.9), (7.6, 9.8))),
        (((0.8, 1.8), (3, 0), (5.8, 0.6), (6.8, 2.8), (5.6, 5.4), (3, 8.4), (1.2, 9.6), (0.3, 8.8), (1.4, 7.8),
          (3.6, 8.8), (5.6, 10), (7.6, 9)),)),
    3: ((((0.8, 1.4), (3.2, 0), (6, 0.6), (6.6, 2.6), (5.2, 4.4), (2.8, 4.8)),
         ((2.8, 4.8), (6, 5.4), (7.4, 7.4), (6, 9.4), (3.2, 10), (0.4, 8.6))),
        (((0.8, 0), (3.8, 0.1), (6.8, 0)), ((6.8, 0), (5, 2.2), (3.4, 4)),
         ((3.4, 4), (6.2, 4.6), (7.2, 7), (5.8, 9.4), (3, 10), (0.4, 8.8)))),
    4: ((((5, 0), (2.6, 3.4), (0, 6.6)), ((0, 6.6), (4, 6.6), (8, 6.5)), ((5.6, 3.2), (5.5, 6.5), (5.3, 10))),
        (((1.2, 0), (0.8, 3), (1, 5), (3, 5.6), (6.4, 5.2)), ((6.8, 0), (6.5, 5), (6.2, 10))),
        (((5.6, 0), (2.8, 3.2), (0, 6.4)), ((0, 6.4), (4, 6.4), (8, 6.4)), ((5.6, 0), (5.6, 5), (5.6, 10)))),
    5: ((((7, 0), (4, 0.1), (1.4, 0)), ((1.4, 0), (1.2, 2), (0.9, 4.2)),
         ((0.9, 4.2), (3.6, 3.6), (6.4, 4.4), (7.4, 6.8), (6, 9.2), (3.2, 10), (0.4, 8.8))),
        (((6.8, 0.2), (4.6, 0.1), (2.6, 0.6), (1.8, 2.4), (1.6, 4.2), (4, 4.2), (6.4, 5.4), (6.6, 7.8), (4.6, 9.8),
          (2, 9.8), (0.4, 8.8)),)),
    6: ((((6, 0), (3, 1.8), (1, 4.6), (0.6, 7.4), (2, 9.6), (4.6, 9.9), (6.8, 8.4), (6.8, 6.2), (5, 4.8), (2.6, 5.4),
          (0.8, 7.6)),),
        (((4.2, 0), (2, 2.4), (0.8, 5.6), (1, 8.4), (3, 10), (5.6, 9.2), (6.2, 7), (4.6, 5.6), (2.4, 6.2), (1, 7.8)),)),
    7: ((((0.4, 0.2), (4, 0.1), (7.4, 0)), ((7.4, 0), (5, 4.4), (3.2, 10))),
        (((0.4, 0.4), (4, 0.2), (7.6, 0)), ((7.6, 0), (5.4, 4.6), (3.4, 10)), ((2, 5.2), (4.4, 5), (7, 4.8))),
        (((0.6, 2), (0.8, 0.2)), ((0.8, 0.2), (4, 0.6), (7.2, 0)), ((7.2, 0), (4.8, 3.6), (3.8, 7), (3.6, 10)))),
    8: ((((6.4, 1.4), (4, 0), (1.6, 1), (1.6, 3), (4, 4.8), (6.6, 6.6), (6.6, 9), (4, 10), (1.2, 9), (1.2, 6.8),
          (4, 4.8), (6.2, 3.2), (6.4, 1.4)),),
        (((4, 0), (1.6, 0.9), (1.4, 3.2), (4, 4.6), (6.6, 3.2), (6.4, 0.9), (4, 0)),
         ((4, 4.6), (0.8, 6), (0.8, 8.8), (4, 10), (7.2, 8.8), (7.2, 6), (4, 4.6)))),
    9: ((((6.8, 2.2), (4.8, 0.1), (2, 0.6), (0.8, 2.8), (2, 5), (4.8, 4.8), (6.8, 2.2)),
         ((6.8, 2.2), (6.6, 6), (5.8, 10))),
        (((6.6, 2.8), (5.2, 0.4), (2.6, 0.2), (0.8, 2.4), (1.8, 4.8), (4.4, 5), (6.6, 2.8), (6.8, 5.6), (5.6, 8.8),
          (3.4, 10), (1.2, 9.2)),)),
}
"""Digit -> the ways to write it -> pen strokes through these points, in a box 8 wide and 10 high, y downwards."""


def draw(training: int = TRAINING, test: int = TEST, seed: int = 0) -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """((images, labels) for training, for test): uint8 (N, 28, 28) white on black and (N,), classes equally often."""
    np.empty(30 << 20, np.uint8)  # freed at once: glibc then keeps memory for the next array, 0.4 s instead of 0.9 s
    generator = np.random.Generator(np.random.PCG64(seed))
    fields, field_labels = distance_fields(generator)
    return (_draw_split(training, fields, field_labels, generator), _draw_split(test, fields, field_labels, generator))


def _draw_split(count: int, fields: Floats, field_labels: Bytes, generator: np.random.Generator) -> tuple[Bytes, Bytes]:
    """(images, labels) of one split, classes in random order."""
    labels = (np.argsort(generator.random(count), kind="stable") % CLASSES).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    chosen = _choose(labels, field_labels, generator)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        images[part] = _draw_chunk(fields, chosen[part], generator)
    return images, labels


def _choose(labels: Bytes, field_labels: Bytes, generator: np.random.Generator) -> NDArray[np.int64]:
    """A random field of its class for every image (N,)."""
    first = np.searchsorted(field_labels, labels)
    many = np.searchsorted(field_labels, labels, side="right") - first
    return first + (generator.random(len(labels)) * many).astype(np.int64)


def distance_fields(generator: np.random.Generator) -> tuple[Floats, Bytes]:
    """Distances to the stroke in digit heights (fields, FIELD, FIELD), and the digit of each field, ascending."""
    fields = [_fields_of(way, generator) for ways in WAYS.values() for way in ways]
    labels = [np.full(HANDS, digit, np.uint8) for digit, ways in WAYS.items() for _ in ways]
    return np.concatenate(fields), np.concatenate(labels)


def _fields_of(way: tuple[Stroke, ...], generator: np.random.Generator) -> Floats:
    """One way of writing a digit in HANDS shaken variants -> their distance fields (HANDS, FIELD, FIELD)."""
    points, index = np.unique(np.concatenate([np.array(stroke) for stroke in way]), axis=0, return_inverse=True)
    shaken = (points + (generator.random((HANDS, *points.shape)) - 0.5) * SHAKE - (4, 5)) / 10
    ends = np.cumsum([0, *map(len, way)])
    curves = [_spline(shaken[:, index[start:end]]) for start, end in itertools.pairwise(ends)]
    starts = np.concatenate([curve[:, :-1] for curve in curves], axis=1)
    steps = np.concatenate([np.diff(curve, axis=1) for curve in curves], axis=1)
    return _distances(starts.astype(np.float32), steps.astype(np.float32))


def _spline(points: NDArray[np.float64], pieces: int = 4) -> NDArray[np.float64]:
    """Catmull-Rom through (hands, n, 2) -> a polyline of (n - 1) · pieces + 1 points."""
    padded = np.concatenate([points[:, :1], points, points[:, -1:]], axis=1)
    before, here, there, after = (padded[:, i : i + points.shape[1] - 1] for i in range(4))
    parts = [here + t * ((there - before) + t * ((2 * before - 5 * here + 4 * there - after)
                                                 + t * (3 * (here - there) + after - before))) / 2
             for t in (i / pieces for i in range(pieces))]
    curve = np.stack(parts, axis=2).reshape(len(points), -1, 2)
    return np.concatenate([curve, points[:, -1:]], axis=1)


def _distances(starts: Floats, steps: Floats) -> Floats:
    """Segments (hands, n, 2) from their starts along their steps -> distance to the nearest, (hands, FIELD, FIELD)."""
    axis = np.linspace(-0.5 - MARGIN, 0.5 + MARGIN, FIELD, dtype=np.float32)
    nearest = np.full((len(starts), FIELD, FIELD), np.inf, np.float32)
    for (x, y), (step_x, step_y) in zip(starts.transpose(1, 2, 0), steps.transpose(1, 2, 0), strict=True):
        right, down = axis - x[:, None], axis - y[:, None]
        length = step_x * step_x + step_y * step_y + np.float32(1e-12)
        along = (right * (step_x / length)[:, None])[:, None, :] + (down * (step_y / length)[:, None])[:, :, None]
        np.clip(along, 0, 1, out=along)
        off_x = right[:, None, :] - along * step_x[:, None, None]
        off_y = down[:, :, None] - along * step_y[:, None, None]
        np.minimum(nearest, off_x * off_x + off_y * off_y, out=nearest)
    return np.sqrt(nearest)


def _draw_chunk(fields: Floats, chosen: NDArray[np.int64], generator: np.random.Generator) -> Bytes:
    """Images uint8 (n, 28, 28) of the chosen fields, each in a hand of its own."""
    spread = (generator.random((24, len(chosen))) * 2 - 1).astype(np.float32)[:, :, None, None]
    uniform = iter(spread)
    height = 18.8 + 1.4 * next(uniform)
    x, y = _placed(uniform, height)
    distance = _sample(fields, chosen, x, y) * height
    width = 2.7 + 0.8 * next(uniform) + 0.04 * height * (next(uniform) * x + next(uniform) * y)
    ink = np.clip((width * np.float32(0.5) - distance) * np.float32(0.9) + np.float32(0.5), 0, 1)
    return (ink * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _placed(uniform: Iterator[Floats], height: Floats) -> tuple[Floats, Floats]:
    """Pixel -> point of the digit, in digit heights: shift, turn, slant, width and bends, (n, 28, 28) each."""
    pixel = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    right = (pixel + 1.2 * next(uniform)) / height
    down = (pixel + 1.2 * next(uniform)).transpose(0, 2, 1) / height
    angle = next(uniform) * np.float32(math.pi / 16)
    cosine, sine = (np.round(f(angle.astype(np.float64)), 5).astype(np.float32) for f in (np.cos, np.sin))
    x, y = cosine * right + sine * down, cosine * down - sine * right
    x = (x + y * (0.12 + 0.22 * next(uniform))) / (0.94 + 0.2 * next(uniform))
    x = x + y * y * (0.30 * next(uniform)) + x * y * (0.30 * next(uniform)) + y * y * y * (0.7 * next(uniform))
    y = y + x * x * (0.30 * next(uniform)) + x * y * (0.25 * next(uniform)) + x * x * x * (0.9 * next(uniform))
    return x, y


def _sample(fields: Floats, chosen: NDArray[np.int64], x: Floats, y: Floats) -> Floats:
    """Bilinear values of the chosen fields (n,) at points (n, 28, 28) in digit heights; outside, the edge's value."""
    column, row = _field_coordinate(x), _field_coordinate(y)
    left, top = column.astype(np.intp), row.astype(np.intp)
    column -= left
    row -= top
    corner = top * FIELD + left + (chosen * (FIELD * FIELD))[:, None, None]
    flat = fields.ravel()
    upper, lower = (_between(flat, corner + below, column) for below in (0, FIELD))
    lower -= upper
    lower *= row
    upper += lower
    return upper


def _field_coordinate(x: Floats) -> Floats:
    """Digit heights -> columns (or rows) of a field, a little inside its last one."""
    column = x * np.float32((FIELD - 1) / (1 + 2 * MARGIN)) + np.float32((FIELD - 1) / 2)
    return np.clip(column, 0, np.float32(FIELD - 1.001), out=column)


def _between(flat: Floats, left: NDArray[np.intp], share: Floats) -> Floats:
    """Linear value between the entries at ``left`` and ``left + 1``; clip mode only spares numpy a check."""
    value = flat.take(left, mode="clip")
    step = flat.take(left + 1, mode="clip")
    step -= value
    step *= share
    value += step
    return value
