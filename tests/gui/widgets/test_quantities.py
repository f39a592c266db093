"""Numbers as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui.widgets import quantities


@pytest.mark.parametrize(("value", "text"), [
    (0.01234567, "0.01235"), (0.1, "0.1000"), (12.3, "12.30"), (0.0, "0.000"), (1234.0, "1234"), (0.00001, "1.000e-05"),
    (99999.0, "1.000e+05"), (None, "–"), (float("nan"), "–"), (float("inf"), "–"), (-0.5, "-0.5000")])
def test_a_number_always_has_the_same_digits(value, text):
    assert quantities.significant(value) == text


@given(st.floats(1e-4, 9999, exclude_max=True))
def test_a_number_keeps_four_significant_digits(value):
    assert float(quantities.significant(value)) == pytest.approx(value, rel=6e-4)


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3725, "1 h 02 min"), (-3, "0 s"),
    (None, "–"), (float("nan"), "–"), (90_000, "25 h 00 min")])
def test_a_duration_has_its_two_largest_units(seconds, text):
    assert quantities.duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(0.0010, "0.001"), (12_000, "12,000"), (3.0, "3"), (1e-5, "1e-05")])
def test_short_numbers(value, text):
    assert quantities.short(value) == text


def test_counts():
    assert (quantities.count(12345.6), quantities.count(None), quantities.count(float("nan"))) == ("12,346", "–", "–")
