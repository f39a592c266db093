"""Ticks and edges: round, readable, inside the view, and few enough for their labels."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.plots.axis import Axis, linear_ticks, log_ticks, nice_below, nice_edge, nice_step
from gui.plots.scale import Scale

POSITIVE = st.floats(1e-12, 1e12)


@given(POSITIVE)
def test_round_edges_enclose_a_value_closely(value):
    assert nice_below(value) <= value * (1 + 1e-9) and nice_edge(value) >= value * (1 - 1e-9)
    assert nice_edge(value) / value <= 1.34 and value / nice_below(value) <= 1.34
    assert 1 - 1e-9 <= nice_step(value) / value <= 2.51


@pytest.mark.parametrize(("value", "step", "edge", "below"), [
    (1.0, 1, 1, 1), (0.0032, 0.005, 0.004, 0.003), (16_880, 20_000, 20_000, 15_000), (0.19, 0.2, 0.2, 0.15)])
def test_round_numbers(value, step, edge, below):
    assert (nice_step(value), nice_edge(value), nice_below(value)) == pytest.approx((step, edge, below))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.floats(0.01, 0.5))
def test_linear_ticks_are_in_the_view_and_far_enough_apart(low, span, share):
    room = share * span
    ticks = linear_ticks(low, low + span, room, False)
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    assert all(b - a >= room * 0.999 for a, b in pairwise(ticks))


def test_epochs_are_whole_numbers():
    assert linear_ticks(0, 2, 0.3, True) == [0, 1, 2]


@pytest.mark.parametrize(("low", "high", "room", "values"), [
    (-3, 0, 0.2, [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]),
    (-3, 0, 0.5, [0.001, 0.01, 0.1, 1]),
    (-6, 2, 2.0, [1e-6, 1e-4, 0.01, 1, 100]),
    (-1, 0, 0.04, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
])
def test_logarithmic_ticks_are_round(low, high, room, values):
    assert [10**tick for tick in log_ticks(low, high, room)] == pytest.approx(values)


def test_zoomed_far_into_a_logarithmic_axis_there_are_still_ticks():
    low, high = math.log10(0.00410), math.log10(0.00418)
    ticks = log_ticks(low, high, (high - low) / 8)
    assert len(ticks) >= 3 and all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)


def test_labels_are_written_in_full(qapp):
    axis = Axis("left", log=True)
    assert axis.tickStrings([-3, math.log10(0.02), -6, 2], 1, 1) == ["0.001", "0.02", "1e-6", "100"]
    assert axis.tickStrings([math.log10(500_000), 3, 6, 9], 1, 1) == ["500,000", "1,000", "1,000,000", "1e9"]
    axis.set_scale(log=False)
    assert axis.tickStrings([0, 5000, 10_000], 1, 5000) == ["0", "5,000", "10,000"]
    assert axis.tickStrings([0, 0.05, 0.1], 1, 0.05) == ["0.00", "0.05", "0.10"]


@pytest.mark.parametrize("span", [(float("nan"), 1.0), (1.0, 1.0), (0.0, float("inf"))])
def test_an_axis_without_a_range_has_no_ticks(qapp, span):
    assert Axis("bottom").tickValues(*span, 500) == []


def test_a_scale_counts_epochs_once_their_length_is_known():
    scale = Scale()
    assert (scale.place(844), scale.step(844)) == (844, 844)
    scale.batches_per_epoch = 844
    assert (scale.place(844), scale.step(1), scale.unit(100)) == (1, 844, 100)
    scale.by_epoch = False
    assert (scale.place(844), scale.unit(100)) == (844, None)


def test_edges_of_the_losses():
    scale = Scale()
    assert scale.edges(math.log10(0.0041), math.log10(0.2312)) == pytest.approx((math.log10(0.004), math.log10(0.25)))
    bottom, top = scale.edges(-2.0, -2.0)
    assert top - bottom == pytest.approx(0.3)
    scale.log = False
    assert scale.edges(0.0041, 0.2312) == pytest.approx((0, 0.25))
    assert scale.edges(0.0, 0.0) == (0, 1)
    assert scale.edges(-0.9, 0.5) == pytest.approx((-1, 0.5))
