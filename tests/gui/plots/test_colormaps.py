"""Colour maps: zero is the surface, lightness changes evenly, both themes."""

import numpy as np
import pytest

from gui import style
from gui.plots import colormaps

BOTH = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


def surface(dark):
    return [round(channel * 255) for channel in style.channels(style.tokens(dark).surface)]


def lightness(table):
    return colormaps.oklab(table / 255)[:, 0]


def test_oklab_agrees_with_the_published_values():
    red, white = colormaps.oklab(np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    assert red == pytest.approx([0.62796, 0.22486, 0.12585], abs=1e-4)
    assert white == pytest.approx([1, 0, 0], abs=1e-4)


def test_oklab_and_back():
    rgb = np.random.default_rng(0).random((100, 3))
    assert colormaps.srgb(colormaps.oklab(rgb)) == pytest.approx(rgb, abs=1e-5)


@BOTH
def test_errors_start_at_the_surface_and_leave_it_evenly(dark):
    table = colormaps.sequential_error(dark)
    assert table.shape == (256, 3) and table.dtype == np.uint8 and not table.flags.writeable
    assert list(table[0]) == surface(dark)
    light = lightness(table)
    assert light == pytest.approx(np.linspace(light[0], light[-1], 256), abs=0.004)
    assert np.all(np.diff(light) * (1 if dark else -1) > 0) and abs(light[-1] - light[0]) > 0.6


@BOTH
def test_differences_are_centred_on_the_surface_and_balanced(dark):
    table = colormaps.diverging(dark)
    assert table.shape == (256, 3)
    assert list(table[127]) == list(table[128]) == surface(dark)
    light = lightness(table)
    assert light[:128] == pytest.approx(light[128:][::-1], abs=0.05)
    assert np.all(np.diff(light[128:]) * (1 if dark else -1) >= 0)
    assert table[0][2] > table[0][0] and table[-1][0] > table[-1][2]
