"""Beside the map of a sweep: contour lines, the range of its colours, round losses, and which values are written."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gui.plots.sweepcontours import contours
from gui.plots.sweepplaces import thinned
from gui.plots.sweepscale import FAINTEST, LossScale, fitted, round_values


def test_the_scale_is_logarithmic():
    assert LossScale(-3, -1).colours(np.array([-1, -2, -3, np.nan, 0, -9])).tolist() == [
        FAINTEST, round((FAINTEST + 255) / 2), 255, -1, FAINTEST, 255]


def test_the_range_leaves_out_two_percent_at_each_end():
    values = np.log10(np.r_[np.linspace(0.02, 0.03, 98), 1e-9, 1e9])
    assert fitted(values.reshape(10, 10)) == LossScale(*np.percentile(values, (2, 98)))
    assert fitted(np.full((2, 2), np.nan)) is None


def test_a_range_that_must_grow_has_room_for_more_only_there():
    before = LossScale(-2, -1)
    assert fitted(np.array([[-1.9, -1.1]]), before) is before
    wide = np.linspace(-3.5, -0.8, 9)[None]
    low, high = np.percentile(wide, (2, 98))
    grown, higher = fitted(wide, before), fitted(np.array([[-1.9, 0.0]]), before)
    assert (grown.low, grown.high) == pytest.approx((low - 0.08 * (high - low), high + 0.08 * (high - low)))
    assert higher.high > 0 and higher.low == pytest.approx(np.percentile([-1.9, 0.0], 2))
    narrow = fitted(np.array([[-1.6, -1.4]]), before)
    assert (narrow.low, narrow.high) == pytest.approx(np.percentile([-1.6, -1.4], (2, 98)))


@pytest.mark.parametrize("low, high", [(0.02, 0.1), (0.0247, 0.0253), (1e-5, 3), (0.5, 0.9), (1e-9, 1e6), (20, 21)])
def test_round_losses_lie_within_the_range_and_are_as_many_as_wished(low, high):
    for least, most in ((3, 5), (4, 6)):
        values = round_values(low, high, least, most)
        assert least <= len(values) <= most and values == sorted(set(values))
        assert all(low <= value <= high and float(f"{value:.4g}") == value for value in values)


def test_contour_lines_of_a_plane_are_straight_and_where_they_belong():
    row, column = np.indices((12, 15)).astype(float)
    plane = 0.31 * row - 0.17 * column + 0.05
    for level in (-1.0, 0.4, 1.23):
        (line,) = contours(plane, level)
        assert 0.31 * line[:, 0] - 0.17 * line[:, 1] + 0.05 == pytest.approx(level, abs=1e-9)
        ends = line[[0, -1]]
        at_edge = (ends == 0) | np.isclose(ends, [11, 14])
        assert at_edge.any(axis=1).all() and len(line) > 10
        assert np.hypot(*np.diff(line, axis=0).T).max() <= math.sqrt(2) + 1e-9
    assert contours(plane, 99) == []


def test_a_contour_line_around_a_hill_is_closed():
    row, column = np.indices((21, 21)).astype(float)
    (ring,) = contours(np.hypot(row - 10, column - 9.5), 6.3)
    assert ring[0].tolist() == ring[-1].tolist() and len(ring) > 30
    assert np.hypot(ring[:, 0] - 10, ring[:, 1] - 9.5) == pytest.approx(6.3, abs=0.05)


def test_contour_lines_end_before_cells_without_a_value():
    row, column = np.indices((9, 9)).astype(float)
    plane = row.copy()
    plane[4, 4] = np.nan
    lines = contours(plane, 4.5)
    assert sorted(sorted((line[0, 1], line[-1, 1])) for line in lines) == [[0, 3], [5, 8]]
    assert contours(column[:1], 4.5) == [] and contours(np.full((3, 3), np.nan), 0) == []


@pytest.mark.parametrize("corner, wanted", [
    (3.0, [[(0, 2 / 3), (10 / 11, 1)], [(2 / 3, 0), (1, 10 / 11)]]),
    (1.1, [[(0, 1 / 11), (1 / 11, 0)], [(10 / 11, 1), (1, 10 / 11)]]),
], ids=["joins", "parts"])
def test_at_a_saddle_the_middle_decides(corner, wanted):
    lines = contours(np.array([[corner, 0.0], [0.0, 1.1]]), 1.0)
    np.testing.assert_allclose(sorted(sorted(map(tuple, line)) for line in lines), wanted)


def test_fewer_values_show_both_ends_where_that_costs_little():
    assert thinned([30] * 19, 10, 8) == [0, 6, 12, 18]
    assert thinned([30] * 20, 10, 8) == [0, 4, 8, 12, 16]
    assert thinned([30], 1) == [0] and thinned([], 1) == [] and thinned([30, 30], 1) == [0]
