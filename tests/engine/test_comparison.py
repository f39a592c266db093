"""Runs beside each other, as plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from engine import comparison
from engine.comparison import Compared
from engine.events import Evaluation
from engine.experiment import Experiment, replaced


def run(title, evaluations=((0, 0.0, 0.5), (10, 1.0, 0.1), (20, 2.0, 0.2)), **changes):
    told = tuple(Evaluation(step, epoch, None, loss / 2, loss, step * 0.5) for step, epoch, loss in evaluations)
    return Compared(title, replaced(Experiment(), {path.replace("__", "."): it for path, it in changes.items()}), told,
                    12.34)


def test_only_what_differs_is_in_the_table():
    table = comparison.table([run("a"), run("b", train__learning_rate=0.01)], {"train.learning_rate": "learning rate"})
    assert table.columns == ("run", "learning rate", "parameters", "epochs done", "training loss", "validation loss",
                             "best validation loss", "time, s")
    assert table.rows[1][:2] == ("b", 0.01)
    assert table.rows[0][3:] == (2.0, 0.1, 0.2, 0.1, 12.3)


def test_a_setting_that_one_of_them_does_not_have_is_an_empty_cell():
    shorter = replaced(Experiment(), {"model.encoder": [{"kind": "linear", "size": 32}]})
    rows = comparison.differing([Experiment(), shorter])
    assert rows["model.encoder.1.channels"] == (16, None)


def test_a_run_without_evaluations_has_empty_cells():
    table = comparison.table([run("a", evaluations=())])
    assert table.rows[0][2:6] == (None, None, None, None)


@pytest.mark.parametrize(("along", "places"), [("epoch", [0, 1, 2]), ("step", [0, 10, 20]), ("time", [0, 5, 10])])
def test_curves_are_aligned_by_epoch_step_or_time(along, places):
    x, y = comparison.curve(run("a"), "validation_loss", along)
    assert x.tolist() == places and y.tolist() == [0.5, 0.1, 0.2]


def test_an_autoencoder_has_no_curve_of_accuracy():
    x, y = comparison.curve(run("a"), "validation_accuracy", "epoch")
    assert len(x) == len(y) == 0


def test_runs_that_differ_in_seeds_only_are_repeats():
    groups = comparison.repeats([run("a"), run("b", train__epochs=3), run("c", train__seed=1), run("d", data__seed=4)])
    assert [[it.title for it in group] for group in groups] == [["a", "c", "d"], ["b"]]


def test_mean_and_spread_agree_with_numpy_and_with_the_range_that_all_cover():
    x = np.arange(5.0)
    curves = [(x, x), (x[:4], 2 * x[:4]), (x, 3 * x)]
    places, mean, deviation = comparison.spread(curves)
    assert places.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(mean, 2 * places)
    np.testing.assert_allclose(deviation, [np.std([p, 2 * p, 3 * p], ddof=1) for p in places])


def test_one_curve_has_no_spread_and_none_is_empty():
    _, mean, deviation = comparison.spread([(np.arange(3.0), np.ones(3))])
    assert mean.tolist() == [1, 1, 1] and deviation.tolist() == [0, 0, 0]
    assert [len(values) for values in comparison.spread([])] == [0, 0, 0]


def test_long_curves_are_thinned():
    x = np.linspace(0, 1, 20_000)
    places, mean, _ = comparison.spread([(x, x), (x, x)])
    assert len(places) == comparison.POINTS_OF_A_MEAN
    np.testing.assert_allclose(mean, places, atol=1e-9)


def test_settings_with_several_numbers_can_be_walked_along():
    found = comparison.along_a_setting([run("a", train__learning_rate=0.1), run("b", train__learning_rate=0.01),
                                        run("c", train__learning_rate=0.1, train__optimizer="sgd")])
    assert found == {"train.learning_rate": [(0.01, 1), (0.1, 0), (0.1, 2)]}


def test_damaged_runs_are_named_and_the_others_stay(tmp_path):
    from engine import runs

    good = runs.create(tmp_path, Experiment(), "f")
    bad = runs.create(tmp_path, Experiment(name="bad"), "f")
    (bad.folder / "experiment.toml").write_text("[[[")
    found, troubles = comparison.readable([(good, "good"), (runs.open_run(bad.name, tmp_path), "bad")])
    assert [it.title for it in found] == ["good"]
    assert len(troubles) == 1 and troubles[0].startswith("bad: ")
