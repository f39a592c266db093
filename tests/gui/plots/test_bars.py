"""Bars of shares: lengths, words, bad input."""

import math

import pytest

from gui import style
from gui.plots import export
from gui.plots.bars import ROW, Bars

NAMES = ("Learning rate", "Optimizer", "A field with a name that is far too long for the room that it has here")


@pytest.fixture
def bars(qtbot):
    widget = Bars("Importance")
    qtbot.addWidget(widget)
    widget.resize(400, 100)
    widget.show_bars(NAMES, [0.75, 0.25, 0.0])
    return widget


def test_bars_are_as_long_as_their_shares_in_the_order_given(bars):
    whole = bars.track(0).width()
    assert [bars.bar(row).width() for row in range(3)] == [round(0.75 * whole), round(0.25 * whole), 0]
    assert [bars.bar(row).center().y() // ROW for row in range(3)] == [0, 1, 2]
    assert whole >= 100, "long names leave room"
    assert bars.accessibleDescription().startswith("Learning rate 75.0 %, Optimizer 25.0 %")


def test_more_than_nothing_is_seen(bars):
    bars.show_bars(["a", "b"], [0.0001, math.nan])
    assert bars.bar(0).width() == 1 and bars.bar(1).width() == 0 and bars.said(1) == "–"
    assert not bars.grab().isNull()


def test_it_is_as_high_as_it_has_bars_and_can_have_none(bars):
    assert bars.sizeHint().height() == 3 * ROW
    bars.show_bars([], [])
    assert bars.sizeHint().height() == ROW and not bars.grab().isNull()


@pytest.mark.parametrize("shares", [[0.5], [0.5, 0.5, 1.2], [-0.1, 0.5, 0.6]])
def test_what_are_no_shares_is_refused(bars, shares):
    with pytest.raises(ValueError, match="shares"):
        bars.show_bars(NAMES, shares)
    assert bars.shares.tolist() == [0.75, 0.25, 0.0]


def test_its_numbers_and_its_theme(qapp, bars):
    assert export.table(bars).splitlines()[:2] == ["parameter,share", "Learning rate,0.75"]
    light = bars.grab().toImage()
    try:
        style.apply(qapp, "dark")
        assert bars.grab().toImage() != light
    finally:
        style.apply(qapp, "light")
