"""Charts as SVG files: well-formed whatever the names and values, with round ticks, and told apart without colours."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from engine import vector
from engine.vector import Line, Scale, chart

SVG = "{http://www.w3.org/2000/svg}"


def line(name="a", y=(0.5, 0.1, 0.05), x=None):
    y = np.array(y, dtype=np.float64)
    return Line(name, np.arange(len(y), dtype=np.float64) if x is None else np.array(x), y)


def parsed(*lines, log=True, title="Loss"):
    return ElementTree.fromstring(chart(lines, title, "epoch", "loss", log))


def texts(picture):
    return [element.text for element in picture.iter(f"{SVG}text")]


def test_axes_ticks_and_names_are_written_on_white():
    picture = parsed(line("first"), line("second"))
    assert picture.find(f"{SVG}title").text == "Loss"
    assert picture.find(f"{SVG}rect").get("fill") == "#ffffff"
    assert {"epoch", "loss", "first", "second", "0.1", "0.2", "0.05", "0", "2"} <= set(texts(picture))


def test_points_lie_where_the_logarithm_says():
    picture = parsed(line(y=(1.0, 0.1, 0.01)))
    places = [tuple(map(float, place.split(","))) for place in picture.find(f"{SVG}polyline").get("points").split()]
    heights = np.diff([place[1] for place in places])
    assert heights[0] == pytest.approx(heights[1], abs=0.2) and heights[0] > 0
    assert np.diff([place[0] for place in places]) == pytest.approx(np.diff([place[0] for place in places])[0], abs=0.2)


def test_every_line_of_many_has_a_look_of_its_own_and_neighbours_differ_in_dashes():
    picture = parsed(*(line(str(number)) for number in range(28)))
    looks = [(it.get("stroke"), it.get("stroke-dasharray")) for it in picture.iter(f"{SVG}polyline")]
    assert len(set(looks)) == 28
    assert all(one[1] != other[1] for one, other in pairwise(looks))


@pytest.mark.parametrize("name", ["<b>&\"'", "daño 🎉 x", "a\x00b\x0b", "two\nlines", ""])
def test_any_name_gives_a_file_that_can_be_read(name):
    assert len(list(parsed(line(name), title=name).iter(f"{SVG}polyline"))) == 1


@pytest.mark.parametrize("values", [(), (0.0, -1.0), (np.nan, np.inf), (0.3,), (0.3, 0.3), (1e-300, 1e300), (0.2, 0.0)])
@pytest.mark.parametrize("log", [True, False])
def test_hard_values_give_a_file_without_numbers_that_are_none(values, log):
    content = chart([line(y=values)], "t", "x", "y", log).decode()
    ElementTree.fromstring(content)
    assert not re.search(r"\b(nan|inf)\b", content)


def test_no_lines_give_an_empty_frame():
    assert "epoch" in texts(parsed())


@pytest.mark.parametrize(("low", "high", "ticks"), [
    (0, 20, [0, 5, 10, 15, 20]), (-0.1, 1.05, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 1e-9, None), (999999, 1000001, None)])
def test_ticks_are_round_and_within(low, high, ticks):
    found = Scale(low, high).ticks()
    assert 2 <= len(found) <= 9 and all(low <= tick <= high for tick in found)
    assert ticks is None or found == pytest.approx(ticks)


def test_a_short_logarithmic_range_has_ticks_too():
    assert len(Scale(0.31, 0.38, log=True).ticks()) >= 3
    assert vector.scale(np.array([2.0]), log=True).ticks()
