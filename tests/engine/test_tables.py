"""Tables as CSV, Markdown and LaTeX, with everything in them that those give a meaning to."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tables import Table

TABLE = Table(("run", "MSE", "parameters", "note"),
              (("mnist_strided & co", 0.00412345678, 2481, None), ("50 % | ×2", 0.02, 11745, "28²\n→ 9")),
              "A #1 caption")


def test_csv_keeps_every_digit_and_reads_back():
    assert list(csv.reader(io.StringIO(TABLE.csv()))) == [
        ["run", "MSE", "parameters", "note"], ["mnist_strided & co", "0.00412345678", "2481", ""],
        ["50 % | ×2", "0.02", "11745", "28²\n→ 9"]]


def test_markdown_escapes_bars_and_puts_numbers_to_the_right():
    assert TABLE.markdown() == (
        "| run | MSE | parameters | note |\n| --- | ---: | ---: | --- |\n"
        "| mnist_strided & co | 0.004123 | 2,481 |  |\n| 50 % \\| ×2 | 0.02 | 11,745 | 28²<br>→ 9 |\n")


def test_latex_escapes_what_it_would_obey():
    text = TABLE.latex()
    assert r"mnist\_strided \& co & 0.004123 & 2,481 &  \\" in text
    assert r"50 \% | $\times$2 & 0.02 & 11,745 & 28\textsuperscript{2} $\rightarrow$ 9 \\" in text
    assert r"\begin{tabular}{lrrl}" in text and r"\caption{A \#1 caption}" in text


@given(st.lists(st.tuples(st.text(), st.none() | st.floats(allow_nan=False), st.integers()), max_size=5))
def test_any_table_keeps_its_shape(rows):
    table = Table(("a", "b", "c"), tuple(rows))
    lines = table.markdown().splitlines()
    assert len(lines) == len(rows) + 2
    assert all(line.replace("\\\\", "").replace("\\|", "").count("|") == 4 for line in lines)
    assert table.latex().count(r" \\") >= len(rows) + 1


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="3 cells and the table 2 columns"):
        Table(("a", "b"), ((1, 2, 3),))


def test_a_column_is_numeric_only_with_numbers_alone():
    assert Table(("a", "b", "c", "d"), ((1, "x", None, True), (None, 2, None, False))).numeric == (
        True, False, False, False)
