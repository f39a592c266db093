"""Cells, grids and the verdict of a sweep: means and spreads over seeds, and what can be called best."""

import numpy as np
import pytest

from engine import sweep, sweeptable
from engine.sweeping.results import Row
from engine.sweeptable import Cell

RATES, MOMENTA = [0.5, 0.05], [0.0, 0.9, 0.5]
SETTINGS = sweep.parse({"axes": [{"field": "train.learning_rate", "values": RATES},
                                 {"field": "train.momentum", "values": MOMENTA}]})


def row(number, loss=None, status="finished", cell=None, training=None, **values):
    return Row(number, number if cell is None else cell, values, status, 1.0, loss, training, elapsed_s=2.0)


def seeds(cell, *losses, **values):
    """The trainings of a cell, one for each loss; None diverged."""
    return [Row(10 * cell + place, cell, {**values, "train.seed": place}, "diverged" if loss is None else "finished",
                1.0, loss) for place, loss in enumerate(losses)]


def test_the_seeds_of_a_combination_are_one_cell():
    (cell,) = sweeptable.cells(seeds(0, 0.1, 0.2, 0.6, lr=1))
    assert dict(cell.values) == {"lr": 1} and len(cell.rows) == 3
    assert cell.mean == pytest.approx(0.3)
    assert cell.spread == pytest.approx(np.std([0.1, 0.2, 0.6], ddof=1))
    assert cell.complete and cell.mark == "" and cell.diverged == 0


def test_a_seed_that_varies_stays_among_the_values():
    cells = sweeptable.cells([row(0, 0.1, **{"train.seed": 3}), row(1, 0.2, **{"train.seed": 4})])
    assert [dict(cell.values) for cell in cells] == [{"train.seed": 3}, {"train.seed": 4}]


def test_what_diverged_is_no_part_of_the_mean_and_is_told_as_a_share():
    (cell,) = sweeptable.cells(seeds(0, 0.1, None, 0.3))
    assert cell.mean == pytest.approx(0.2) and cell.diverged == pytest.approx(1 / 3) and not cell.complete


@pytest.mark.parametrize(("statuses", "mark"), [
    (["pending"], "pending"), (["pending", "running"], "running"), (["diverged", "failed"], "diverged"),
    (["failed"], "failed"), (["impossible"], "impossible"), (["interrupted"], "running"), (["new"], "pending"),
    (["diverged", "running"], "running"), (["stopped"], "stopped")])
def test_a_cell_without_a_loss_is_marked(statuses, mark):
    (cell,) = sweeptable.cells(row(place, status=status, cell=0) for place, status in enumerate(statuses))
    assert cell.mark == mark and cell.mean is None and cell.spread is None


def test_one_number_has_no_spread():
    assert sweeptable.cells([row(0, 0.5, training=0.25)])[0].spread is None
    assert sweeptable.cells([row(0, 0.5, training=0.25)])[0].training_loss == 0.25
    assert sweeptable.cells([row(0)])[0].training_loss is None
    assert sweeptable.cells(seeds(0, 0.1, 0.1))[0].elapsed_s == 0 and sweeptable.cells([row(0, 0.5)])[0].elapsed_s == 2


# The verdict


def verdict(*cells):
    return sweeptable.verdict(sweeptable.cells([row for cell in cells for row in cell]))


def test_a_cell_is_best_only_beyond_the_spread_of_the_seeds():
    clear = verdict(seeds(0, 0.50, 0.52, 0.51), seeds(1, 0.30, 0.32, 0.31), seeds(2, 0.7, 0.7, 0.7))
    assert clear.best is clear.lowest and clear.lowest.number == 1 and clear.runner_up.number == 0 and clear.seeds == 3
    close = verdict(seeds(0, 0.50, 0.30, 0.40), seeds(1, 0.49, 0.29, 0.39))
    assert close.best is None and close.lowest.number == 1 and close.runner_up.number == 0 and close.seeds == 3


def test_intervals_that_touch_are_not_distinguished():
    touching = verdict(seeds(0, 1.0, 3.0), seeds(1, 5.0, 7.0))  # 2 ± 1.414 and 6 ± 1.414
    assert touching.best is not None
    near = verdict(seeds(0, 1.0, 3.0), seeds(1, 3.7, 5.7))  # 2 ± 1.414 and 4.7 ± 1.414
    assert near.best is None


def test_one_seed_says_nothing_and_unfinished_cells_do_not_count():
    single = verdict([row(0, 0.1)], [row(1, 0.9)])
    assert single.best is None and single.lowest.number == 0 and single.seeds == 1
    half = verdict(seeds(0, 0.1, None), seeds(1, 0.5, 0.6))
    assert half.lowest.number == 1 and half.runner_up is None
    assert verdict() == sweeptable.Verdict(None, None, None, 0)


# The grid


def test_a_grid_orders_numbers_and_leaves_what_is_missing_empty():
    found = sweeptable.cells([row(0, 0.1, **{"train.learning_rate": 0.5, "train.momentum": 0.9}),
                              row(1, status="diverged", **{"train.learning_rate": 0.05, "train.momentum": 0.0})])
    grid = sweeptable.grid(found, SETTINGS, "train.learning_rate", "train.momentum", {})
    assert grid.xs == (0.05, 0.5) and grid.ys == (0.0, 0.5, 0.9)
    assert grid.losses[2, 1] == 0.1 and np.isnan(grid.losses).sum() == 5
    assert grid.marks[0, 0] == "diverged" and (grid.marks != "").sum() == 1
    assert grid.place(0) == (2, 1) and grid.place(1) == (0, 0) and grid.place(7) is None
    assert isinstance(grid.at((2, 1)), Cell) and grid.at((1, 1)) is None
    assert np.isnan(grid.spread).all() and grid.seeds[2, 1] == 1 and grid.seeds[1, 1] == 0


def test_a_grid_holds_the_other_axes():
    settings = SETTINGS.model_copy(update={"axes": (*SETTINGS.axes, sweep.Axis(field="train.batch_size",
                                                                               values=(10, 20)))})
    found = sweeptable.cells([row(place, place, **{"train.learning_rate": 0.5, "train.momentum": 0.9,
                                                   "train.batch_size": size}) for place, size in enumerate((10, 20))])
    for place, size in enumerate((10, 20)):
        grid = sweeptable.grid(found, settings, "train.learning_rate", "train.momentum", {"train.batch_size": size})
        assert grid.losses[2, 1] == place and np.isfinite(grid.losses).sum() == 1


def test_names_stay_in_their_order():
    assert sweeptable.ordered(("sgd", "adam")) == ("sgd", "adam")
    assert sweeptable.ordered((True, False)) == (True, False)
    assert sweeptable.ordered((3, 1, 2.5)) == (1, 2.5, 3)


@pytest.mark.parametrize(("values", "log"), [
    ([0.001, 0.01, 0.1], True), ([64, 128, 256, 512], True), ([64, 512, 1024], False), ([0.1, 0.2, 0.3], False),
    ([1, 2], False), ([0, 10, 100], False), (["sgd", "adam", "adamw"], False), ([0.01, 0.03, 0.1, 0.3], True)])
def test_lists_of_equal_ratios_are_logarithmic(values, log):
    axis = sweep.Axis(field="train.learning_rate", values=tuple(values))
    assert sweeptable.logarithmic(axis, SETTINGS.base) is log


def test_a_range_says_itself_whether_it_is_logarithmic():
    for log in (False, True):
        axis = sweep.Axis(field="train.learning_rate", range=sweep.Range(low=0.1, high=0.9, log=log))
        assert sweeptable.logarithmic(axis, SETTINGS.base) is log


def test_what_was_ended_early_has_no_final_loss():
    (cell,) = sweeptable.cells([row(0, 0.1, status="stopped")])
    assert cell.losses == () and cell.mean is None and not cell.complete
    found = sweeptable.cells([row(0, 0.1, "stopped", **{"train.learning_rate": 0.5, "train.momentum": 0.9})])
    grid = sweeptable.grid(found, SETTINGS, "train.learning_rate", "train.momentum", {})
    assert np.isnan(grid.losses).all() and set(grid.marks.ravel()) == {""}
