"""Lines over a common axis: what is drawn, said and exported."""

from __future__ import annotations

import numpy as np
import pytest

from gui.plots.lines import Axes, Line, LinePlot


@pytest.fixture
def plot(qtbot):
    widget = LinePlot("Losses")
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    widget.show()
    return widget


X = np.arange(1.0, 5)
FALLING = Line("falling", X, 1 / X)
BANDED = Line("banded", X, X / 10, X / 10 - 0.05, X / 10 + 0.05)


def test_lines_are_named_and_their_numbers_exported(plot):
    plot.show_lines([FALLING, BANDED], Axes("epoch", "loss"))
    assert [entry.name for entry in plot.legend.entries] == ["falling", "banded"]
    assert [name for name, _ in plot.numbers()] == ["falling epoch", "falling loss", "banded epoch", "banded loss",
                                                    "banded low", "banded high"]


def test_everything_is_in_sight_bands_included(plot):
    plot.show_lines([FALLING, BANDED], Axes("epoch", "loss"))
    (left, right), (low, high) = plot._box.viewRange()
    assert left < 1 and right > 4 and low < 0.05 and high > 1.0


def test_a_logarithm_leaves_out_what_it_does_not_have(plot):
    plot.show_lines([Line("a", np.array([1.0, 2, 3]), np.array([0.0, 0.1, 0.01]))], Axes("epoch", "loss", log_y=True))
    (_, _), (low, high) = plot._box.viewRange()
    assert low < -2 and -1 < high < 0


def test_values_under_the_mouse(plot):
    plot.show_lines([FALLING], Axes("epoch", "loss"))
    plot._say_values(2.0)
    assert plot.legend.entries[0].value == "0.5"
    plot._say_values(99.0)
    assert plot.legend.entries[0].value == ""


def test_a_zoomed_range_stays_until_the_axes_change(plot):
    plot.show_lines([FALLING], Axes("epoch", "loss"))
    plot._box.setRange(xRange=(2, 3), padding=0)
    plot._box.sigRangeChangedManually.emit([True, True])
    plot.show_lines([FALLING, BANDED], Axes("epoch", "loss"))
    assert plot._box.viewRange()[0] == [2, 3]
    plot.show_lines([FALLING], Axes("step", "loss"))
    assert plot._box.viewRange()[0] != [2, 3]


def test_colours_begin_again_with_other_dashes(plot):
    many = [Line(str(number), X, X + number) for number in range(20)]
    plot.show_lines(many, Axes("epoch", "loss"))
    looks = [plot._look(place)[:2] for place in range(20)]
    assert len(set(looks)) == 20
