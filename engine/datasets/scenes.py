"""Built-in colour images: one of ten lit shapes on a textured ground, 96×96, drawn by arithmetic and always the same.

Each shape is a height field; its slopes give the normals, these the light (Lambert, and Phong's highlight), and the
shape pushed away from the light its soft shadow. Only additions, products, quotients, roots and rounded sines decide a
pixel, which is why machines agree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]

SIDE = 96
TRAINING, TEST = 2_000, 500
SEED = 20
CHUNK = 50
"""Images drawn at once: the arrays of one chunk stay in the cache of a processor."""

_GRID = (np.arange(SIDE, dtype=np.float32) - (SIDE - 1) / 2) / (SIDE / 2)


def _round(x: Floats, y: Floats) -> Floats:
    return x * x + y * y


SHAPES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "sphere": lambda x, y: np.sqrt(np.maximum(0, 1 - _round(x, y))),
    "cone": lambda x, y: np.maximum(0, 1 - np.sqrt(_round(x, y))) * 1.4,
    "pyramid": lambda x, y: np.maximum(0, 1 - np.maximum(abs(x), abs(y))) * 1.3,
    "box": lambda x, y: np.clip((1 - np.maximum(abs(x), abs(y))) * 4, 0, 0.7),
    "cylinder": lambda x, y: np.sqrt(np.maximum(0, 0.5 - y * y)) * (abs(x) < 1),
    "ring": lambda x, y: np.sqrt(np.maximum(0, 0.1 - (np.sqrt(_round(x, y)) - 0.68)**2)) * 1.6,
    "egg": lambda x, y: np.sqrt(np.maximum(0, 1 - x * x - (y * (1.5 - 0.35 * x))**2)),
    "cross": lambda x, y: np.clip((0.36 - np.minimum(abs(x), abs(y))) * (np.maximum(abs(x), abs(y)) < 1) * 3, 0, 0.6),
    "gem": lambda x, y: np.clip(1 - np.maximum(np.maximum(abs(x), abs(y)), 0.72 * (abs(x) + abs(y))), 0, 0.45) * 1.7,
    "wedge": lambda x, y: np.where(np.maximum(abs(x), abs(y)) < 0.9, 0.1 + 0.4 * (x + 1), 0),
}
"""Class -> height over a plane where the shape reaches about from -1 to 1."""

NAMES = tuple(SHAPES)


def draw() -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """(training, test), each images uint8 (N, 3, 96, 96) and classes uint8 (N,)."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    return _some(generator, TRAINING), _some(generator, TEST)


def _some(generator: np.random.Generator, count: int) -> tuple[Bytes, Bytes]:
    labels = (np.argsort(generator.random(count), kind="stable") % len(NAMES)).astype(np.uint8)
    images = np.empty((count, 3, SIDE, SIDE), np.uint8)
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        images[part] = _scenes(generator, labels[part])
    return images, labels


def _scenes(generator: np.random.Generator, labels: Bytes) -> Bytes:
    """Classes (n,) -> uint8 (n, 3, SIDE, SIDE)."""
    count = len(labels)
    size, angle = _drawn(generator, count, 0.38, 0.62), _drawn(generator, count, 0, 6.2831853)
    shift = [_drawn(generator, count, -0.3, 0.3) for _ in range(2)]
    height, fall = _heights(labels, size, angle, shift, (0, 0)), _drawn(generator, count, 0, 6.2831853)
    light = [0.6 * part for part in _turn(fall)] + [np.full_like(fall, 0.8)]
    shadow = _shadow(labels, size, angle, shift, light)
    ground = _ground(generator, count) * (1 - 0.55 * shadow * (height <= 0))[:, None]
    shade, glint = _shading(height * size, light)
    colour = _colours(generator, count)[:, :, None, None]
    lit = colour * shade[:, None] + 0.5 * glint[:, None]
    covered = np.clip(height * 12, 0, 1)[:, None]  # a soft edge
    return (np.clip(ground + (lit - ground) * covered, 0, 1) * 255 + 0.5).astype(np.uint8)


def _drawn(generator: np.random.Generator, count: int, low: float, high: float) -> Floats:
    """(count, 1, 1) numbers between low and high."""
    return (low + (high - low) * generator.random((count, 1, 1))).astype(np.float32)


def _turn(angle: Floats) -> tuple[Floats, Floats]:
    """Cosine and sine, rounded: their last digits differ from machine to machine."""
    cosine, sine = (np.round(f(angle.astype(np.float64)), 5).astype(np.float32) for f in (np.cos, np.sin))
    return cosine, sine


def _waves(turns: Floats) -> Floats:
    """0 … 1 … 0 once a turn, all but a sine, of sums and products alone."""
    rest = abs(2 * (turns - np.floor(turns)) - 1)
    return rest * rest * (3 - 2 * rest)


def _heights(labels: Bytes, size: Floats, angle: Floats, shift: list[Floats],
             aside: tuple[Floats | int, Floats | int]) -> Floats:
    """The height fields (n, SIDE, SIDE), pushed ``aside`` by so much."""
    x, y = _GRID[None, None, :] - shift[0] - aside[0], _GRID[None, :, None] - shift[1] - aside[1]
    cosine, sine = _turn(angle)
    turned_x, turned_y = (x * cosine + y * sine) / size, (y * cosine - x * sine) / size
    result = np.empty((len(labels), SIDE, SIDE), np.float32)
    for number, shape in enumerate(SHAPES.values()):
        mine = labels == number
        result[mine] = shape(turned_x[mine], turned_y[mine])
    return result


def _shadow(labels: Bytes, size: Floats, angle: Floats, shift: list[Floats], light: list[Floats]) -> Floats:
    """How much of the ground lies in shadow, 0 to 1: the shape pushed away from the light, its edge softened."""
    layers = []
    for far in (0.16, 0.24, 0.32):
        aside = (-light[0] * far * size * 2, -light[1] * far * size * 2)
        layers.append(_heights(labels, size, angle, shift, aside) > 0)
    return np.mean(layers, axis=0, dtype=np.float32)


def _shading(height: Floats, light: list[Floats]) -> tuple[Floats, Floats]:
    """Diffuse light 0.25 … 1 and the highlight 0 … 1 of a height field."""
    slope_y, slope_x = np.gradient(height, 2 / SIDE, axis=(1, 2))
    length = np.sqrt(slope_x**2 + slope_y**2 + 1)
    facing = (-slope_x * light[0] - slope_y * light[1] + light[2]) / length
    mirrored = 2 * facing / length - light[2]
    glint = np.clip(mirrored, 0, 1)
    glint = glint * glint * glint
    glint = glint * glint
    return 0.25 + 0.75 * np.clip(facing, 0, 1), glint * glint


def _colours(generator: np.random.Generator, count: int) -> Floats:
    """(count, 3): saturated colours of every hue."""
    hue = generator.random((count, 1)) * 6
    wheel = np.clip(abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    bright: Floats = (0.15 + 0.8 * wheel * (0.7 + 0.3 * generator.random((count, 1)))).astype(np.float32)
    return bright


def _ground(generator: np.random.Generator, count: int) -> Floats:
    """(count, 3, SIDE, SIDE): two muted colours mixed by stripes, checks, or noise of two sizes."""
    first, second = (0.25 + 0.5 * generator.random((count, 3, 1, 1)).astype(np.float32) for _ in range(2))
    angle, rate = _drawn(generator, count, 0, 3.1415927), _drawn(generator, count, 6, 22)
    cosine, sine = (rate / 6.2831855 * part for part in _turn(angle))
    along = _GRID[None, None, :] * cosine + _GRID[None, :, None] * sine
    across = _GRID[None, :, None] * cosine - _GRID[None, None, :] * sine
    noise = 0.65 * _noise(generator, count, 12) + 0.35 * _noise(generator, count, 48)
    kind, pattern = generator.integers(0, 3, count), noise.copy()
    striped, checked = kind == 0, kind == 1
    pattern[striped] = _waves(along[striped])
    pattern[checked] = (_waves(along[checked]) < 0.5) != (_waves(across[checked]) < 0.5)
    mixed = 0.8 * pattern + 0.2 * noise
    return first + (second - first) * mixed[:, None]


def _noise(generator: np.random.Generator, count: int, cells: int) -> Floats:
    """(count, SIDE, SIDE) in 0 … 1: random values on a coarse grid, joined smoothly."""
    values = generator.random((count, cells + 1, cells + 1)).astype(np.float32)
    place = np.arange(SIDE, dtype=np.float32) * cells / SIDE
    cell = place.astype(int)
    part = place - cell
    part = part * part * (3 - 2 * part)
    rows = values[:, cell] * (1 - part)[None, :, None] + values[:, cell + 1] * part[None, :, None]
    return rows[:, :, cell] * (1 - part) + rows[:, :, cell + 1] * part
