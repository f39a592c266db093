"""What the map of a sweep shows: its words, what counts as a loss, and cells that do not fit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gui.plots.sweepcells import MapCells


def cells(rows=4, columns=5, **other):
    """Losses that fall with both values, from 0.1 down to 0.01 in the last cell."""
    row, column = np.indices((rows, columns))
    share = (row + column) / max(1, rows + columns - 2)
    values = {"x_ticks": tuple(f"{0.05 * n:.2g}" for n in range(1, columns + 1)), "losses": 10 ** (-1 - share),
              "y_ticks": tuple(f"{0.1 * n:.2g}" for n in range(rows)), "marks": np.full((rows, columns), "", "<U12")}
    return MapCells(**{"x_name": "Learning rate", "y_name": "Momentum", **values, **other})


def with_marks(base, marks):
    """The same cells, some of them marked and without a loss."""
    losses, texts = base.losses.copy(), base.marks.copy()
    for cell, mark in marks.items():
        losses[cell], texts[cell] = np.nan, mark
    return replace(base, losses=losses, marks=texts)


def test_words_of_a_cell():
    losses = np.full((4, 5), 0.0247)
    base = cells(losses=losses, x_ticks=("0.1", "0.3", "0.5", "0.7", "0.95"), y_ticks=("0", "0.5", "0.9", "0.95"))
    assert base.describe(3, 4) == "Learning rate 0.95, momentum 0.95: 0.0247 (validation loss)"
    repeated = replace(base, spread=np.full((4, 5), 0.0004), seeds=np.full((4, 5), 3))
    assert repeated.describe(3, 4) == (
        "Learning rate 0.95, momentum 0.95: 0.0247 (validation loss, mean of 3 seeds ± 0.0004)")
    single = replace(repeated, seeds=np.ones((4, 5), int), spread=np.full((4, 5), np.nan), y_name="KL weight")
    assert single.describe(3, 4) == "Learning rate 0.95, KL weight 0.95: 0.0247 (validation loss, 1 seed)"
    without_count = replace(repeated, seeds=None)
    assert without_count.describe(0, 0).endswith("0.0247 (validation loss, mean of the seeds ± 0.0004)")
    marked = with_marks(base, {(0, 0): "", (0, 1): "running", (0, 2): "diverged", (0, 3): "failed",
                               (0, 4): "impossible"})
    assert [marked.describe(0, column).partition(": ")[2] for column in range(5)] == [
        "not trained yet", "training", "diverged", "failed", "impossible, no such network can be built"]
    half = replace(base, marks=np.full((4, 5), "running"))
    assert half.describe(0, 0).endswith("0.0247 (validation loss, still training)")


@pytest.mark.parametrize("wrong, says", [
    ({"losses": np.zeros((5, 4))}, r"losses are \(5, 4\) for 4 × 5"),
    ({"marks": np.full((4, 4), "")}, r"marks are \(4, 4\)"),
    ({"marks": np.full((4, 5), "lost")}, "'lost' is none of"),
    ({"spread": np.zeros(20)}, r"spread are \(20,\)"),
    ({"seeds": np.ones((1, 1), int)}, r"seeds are \(1, 1\)"),
    ({"best": (4, 0)}, r"cell \(4, 0\) is not among 4 × 5"),
    ({"pictures": {(0, 5): np.zeros((7, 7), np.uint8)}}, r"cell \(0, 5\)"),
    ({"pictures": {(0, 0): np.zeros((7, 7))}}, r"float64 \(7, 7\) at \(0, 0\)"),
    ({"pictures": {(0, 0): np.zeros((7, 7, 2), np.uint8)}}, r"\(7, 7, 2\)"),
])
def test_cells_that_do_not_fit_are_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        cells(**wrong)


def test_losses_of_0_and_below_are_the_lowest():
    losses = cells().losses
    losses[0, 0], losses[0, 1], losses[0, 2] = 0.0, -1.0, math.inf
    logs = replace(cells(), losses=losses).logs
    assert logs[0, 0] == logs[0, 1] == np.nanmin(logs) == -2 and np.isnan(logs[0, 2])
