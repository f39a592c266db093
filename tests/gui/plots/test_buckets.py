"""Bounded lines against a naive implementation that keeps everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gui.plots.buckets import POINTS, Buckets, Smoothed, thinned


def naive_points(x, y, points):
    """Cut everything into groups of the smallest power of two that fits; each shows its extremes in order."""
    width = 1
    while len(y) // width >= points // 2:
        width *= 2
    if width == 1:
        return list(x), list(y)
    shown = []
    for start in range(0, len(y), width):
        group = y[start:start + width]
        low, high = start + int(np.argmin(group)), start + int(np.argmax(group))
        shown += [low, high] if x[low] <= x[high] else [high, low]
    return [x[i] for i in shown], [y[i] for i in shown]


def naive_mean(y, window):
    """The debiased exponential mean, value by value."""
    b, s, result = 1 - 1 / window, 0.0, []
    for n, value in enumerate(y, 1):
        s = b * s + (1 - b) * value
        result.append(s / (1 - b**n))
    return result


def filled(y, points=POINTS, pieces=()):
    """A line of these values at 1, 2, 3…, appended in pieces."""
    line, x = Buckets(points), np.arange(1, len(y) + 1)
    for part_x, part_y in zip(np.split(x, pieces), np.split(np.asarray(y, dtype=float), pieces), strict=True):
        line.extend(part_x, part_y)
    return line


VALUES = st.lists(st.floats(-100, 100), max_size=200)


@given(VALUES, st.lists(st.integers(0, 200), max_size=10), st.sampled_from([4, 8, 20]))
@settings(max_examples=300, deadline=None)
def test_a_line_shows_what_the_naive_one_shows_however_it_came(y, cuts, points):
    line = filled(y, points, sorted(cuts))
    shown_x, shown_y = line.points()
    naive_x, naive_y = naive_points(range(1, len(y) + 1), y, points)
    assert len(line) == len(y)
    assert shown_x.tolist() == naive_x
    assert shown_y.tolist() == naive_y
    assert len(shown_x) <= points


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=150), st.lists(st.integers(0, 150), max_size=8),
       st.floats(1, 100))
@settings(max_examples=200, deadline=None)
def test_an_unbucketed_mean_is_the_naive_mean_however_it_came(y, cuts, window):
    line = Buckets(400)
    smooth = Smoothed(line, window)
    x = np.arange(len(y))
    for part in np.split(x, sorted(cuts)):
        line.extend(part, np.asarray(y)[part])
        smooth.points()
    shown_x, shown_y = smooth.points()
    assert shown_x.tolist() == x.tolist()
    assert shown_y == pytest.approx(naive_mean(y, window))


@given(st.integers(1, 300), st.lists(st.integers(0, 300), max_size=8))
@settings(max_examples=100, deadline=None)
def test_a_bucketed_mean_does_not_depend_on_how_it_came(count, cuts):
    y = np.cos(np.arange(count)) + 2
    whole, pieces = Buckets(20), Buckets(20)
    whole.extend(np.arange(count), y)
    smooth = Smoothed(pieces, 7)
    for part in np.split(np.arange(count), sorted(cuts)):
        pieces.extend(part, y[part])
        smooth.points()
    for one, other in zip(Smoothed(whole, 7).points(), smooth.points(), strict=True):
        assert one == pytest.approx(other)


def test_a_bucketed_mean_stays_near_the_naive_mean():
    y = 0.2 * np.exp(-np.arange(60_000) / 9_000) + 0.01 * np.random.default_rng(0).random(60_000)
    line = filled(y)
    x, shown = Smoothed(line, 200).points()
    assert line.width == 8
    exact = np.array(naive_mean(y, 200))[x.astype(int) - 1]
    assert abs(shown - exact).max() < 0.01 * exact.max()


def test_a_new_window_starts_over():
    line = filled([1.0, 3.0, 2.0])
    smooth = Smoothed(line, 1)
    assert smooth.points()[1].tolist() == [1.0, 3.0, 2.0]
    smooth.window = 10
    assert smooth.points()[1] == pytest.approx(naive_mean([1.0, 3.0, 2.0], 10))


def test_millions_of_values_stay_bounded_and_keep_the_outliers():
    line, value = Buckets(), np.full(100_000, 0.5)
    value[77] = 9.0
    value[78] = -9.0
    for turn in range(30):
        line.extend(np.arange(turn * 100_000, (turn + 1) * 100_000), value)
    x, y = line.points()
    assert len(line) == 3_000_000
    assert POINTS // 2 <= len(x) == len(y) <= POINTS
    assert y.max() == 9.0 and y.min() == -9.0 and (y == 9.0).sum() == 30
    assert x[y == 9.0].tolist() == [turn * 100_000 + 77 for turn in range(30)]
    assert np.all(np.diff(x) >= 0) and x[-1] <= 2_999_999
    held = sum(array.nbytes for array in vars(line).values() if isinstance(array, np.ndarray))
    assert held < 1_000_000


def test_one_value_at_a_time_costs_no_more_than_constant_work():
    line = Buckets(8)
    merged = 0
    for step in range(1000):
        before = line.merges
        line.extend([step], [step])
        merged += line.merges - before
    assert merged == line.merges == 8 and len(line) == 1000


def test_what_is_no_number_is_left_out():
    line = Buckets()
    line.extend([1, 2, 3, 4], [0.5, np.nan, np.inf, 0.25])
    assert [part.tolist() for part in line.points()] == [[1, 4], [0.5, 0.25]]


def test_the_arrays_are_the_callers_own():
    line = filled([1.0, 2.0])
    line.points()[1][:] = 7
    assert line.points()[1].tolist() == [1.0, 2.0]


def test_an_empty_line_has_no_points():
    line = Buckets()
    assert [len(part) for part in (*line.points(), *Smoothed(line).points())] == [0, 0, 0, 0]


@pytest.mark.parametrize("points", [0, 3, 10])
def test_a_size_that_cannot_be_is_named(points):
    with pytest.raises(ValueError, match=str(points)):
        Buckets(points)


def test_a_window_that_cannot_be_is_named():
    with pytest.raises(ValueError, match=r"0\.5"):
        Smoothed(Buckets()).window = 0.5


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=400), st.floats(0, 400), st.floats(1, 400), st.integers(1, 50))
@settings(max_examples=200, deadline=None)
def test_a_thinned_line_has_the_visible_extremes_and_few_points(values, left, span, pixels):
    x, y = np.arange(len(values), dtype=float), np.array(values)
    right = left + span
    shown_x, shown_y = thinned(x, y, left, right, pixels)
    visible = (x >= left) & (x <= right)
    assert np.all(np.diff(shown_x) >= 0) and len(shown_x) <= 4 * pixels + 3 * (len(values) // pixels + 1)
    assert np.array_equal(shown_y, y[shown_x.astype(int)])
    if visible.any():
        assert shown_y.max() >= y[visible].max() and shown_y.min() <= y[visible].min()
        assert shown_x[0] <= x[visible][0] and shown_x[-1] >= x[visible][-1]


def test_a_thinned_line_keeps_a_single_spike_and_its_shape_while_moved():
    x, y = np.arange(20_000.0), np.zeros(20_000)
    y[12_345] = 1.0
    shown_x, shown_y = thinned(x, y, 0, 20_000, 1000)
    assert len(shown_x) <= 2_100 and shown_x[shown_y == 1].tolist() == [12_345]
    y = np.random.default_rng(0).random(20_000)
    one, other = (set(thinned(x, y, left, left + 10_000, 500)[0].tolist()) for left in (3_000, 3_007))
    middle = {value for value in one if 4_000 < value < 12_000}
    assert middle and middle <= other


def test_the_ends_of_a_line_that_leaves_the_view_are_kept():
    x = np.array([0.0, 10.0, 20.0])
    assert thinned(x, x, 4, 6, 100)[0].tolist() == [0.0, 10.0]
