"""Colour maps: one for errors and one for differences, made of the theme's tokens, and plain grey.

They move through equal steps of lightness in OKLab (B. Ottosson, https://bottosson.github.io/posts/oklab/), so that
equal differences look equal.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from gui import style

Floats = npt.NDArray[np.float64]
Table = npt.NDArray[np.uint8]

_TO_LMS = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                    [0.2119034982, 0.6806995451, 0.1073969566],
                    [0.0883024619, 0.2817188376, 0.6299787005]])
_TO_LAB = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                    [1.9779984951, -2.4285922050, 0.4505937099],
                    [0.0259040371, 0.7827717662, -0.8086757660]])


def oklab(rgb: Floats) -> Floats:
    """(N, 3) sRGB in [0, 1] -> (N, 3) OKLab: lightness in [0, 1], green to red, blue to yellow."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def srgb(lab: Floats) -> Floats:
    """(N, 3) OKLab -> (N, 3) sRGB, clipped to [0, 1]."""
    linear = np.clip((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T, 0, 1)
    return np.clip(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055), 0, 1)


@cache
def grey() -> Table:
    """(256, 3) uint8 from black to white, as images are shown."""
    return _frozen(np.repeat(np.linspace(0, 1, 256)[:, None], 3, axis=1))


@cache
def sequential_error(dark: bool) -> Table:
    """(256, 3) uint8: zero is the surface colour, the largest error the colour that stands out most."""
    return _frozen(_ramp(style.tokens(dark).error, 256))


@cache
def diverging(dark: bool) -> Table:
    """(256, 3) uint8 for values from -1 to 1: zero, between 127 and 128, is the surface colour."""
    colours = style.tokens(dark)
    below, above = _ramp(colours.negative, 128), _ramp(colours.positive, 128)
    return _frozen(np.concatenate([below[::-1], above]))


def _ramp(stops: tuple[str, ...], size: int) -> Floats:
    """Colours between stops, evenly spaced in lightness: (size, 3) sRGB in [0, 1]."""
    lab = oklab(np.array([style.channels(colour) for colour in stops]))
    at = np.abs(lab[:, 0] - lab[0, 0])
    wanted = np.linspace(0, at[-1], size)
    return srgb(np.stack([np.interp(wanted, at, lab[:, i]) for i in range(3)], axis=1))


def _frozen(rgb: Floats) -> Table:
    """A table that nobody can write to: it is shared."""
    table = np.round(rgb * 255).astype(np.uint8)
    table.setflags(write=False)
    return table
