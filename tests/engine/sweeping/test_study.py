"""The study: draws that do not depend on how often one was interrupted, and nothing that is believed blindly."""

import sqlite3

import optuna
import pytest

from engine.sweep import of_cell, trials
from engine.sweeping.folder import create
from engine.sweeping.plan import Plan
from engine.sweeping.results import Row
from engine.sweeping.study import NAME, Study, StudyError
from tests.engine.sweeping.small import small

RATE = {"field": "train.learning_rate", "range": {"low": 0.001, "high": 1, "log": True}}
SIZE = {"field": "train.batch_size", "range": {"low": 4, "high": 64, "log": True}}
OPTIMIZER = {"field": "train.optimizer", "values": ["adam", "sgd", "rmsprop"]}
STATE = optuna.trial.TrialState


def drawing(method="random", **settings):
    """A sweep that draws from a range, a range of whole numbers and a list."""
    return small(RATE, SIZE, OPTIMIZER, **{"method": method, "trials": 12, **settings})


def known(folder):
    """Every trial of the study in a folder, as Optuna tells it to other tools."""
    (name,) = optuna.get_all_study_names(f"sqlite:///{folder / NAME}")
    return optuna.load_study(study_name=name, storage=f"sqlite:///{folder / NAME}").trials


def loss(values):
    """A loss that has its best at a learning rate of 0.1."""
    return abs(values["train.learning_rate"] - 0.1)


def drawn(folder, sweep, cells, interrupted=()):
    """The combinations of these cells; the study is left and opened again before those that are named."""
    study, found = Study(folder, sweep), []
    for cell in cells:
        found.append(dict(study.ask(cell)))
        if cell in interrupted:  # after the draw, before its end
            study = Study(folder, sweep)
            assert study.ask(cell) == found[-1]
        study.tell(cell, found[-1], loss(found[-1]))
    return found


@pytest.mark.parametrize("method", ["random", "tpe"])
def test_interruptions_change_no_draw(tmp_path, method):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    sweep = drawing(method)
    undisturbed = drawn(tmp_path / "a", sweep, range(12))
    assert drawn(tmp_path / "b", sweep, range(12), interrupted=(0, 3, 4, 11)) == undisturbed
    assert len({tuple(values.values()) for values in undisturbed}) == 12
    assert {trial.state for trial in known(tmp_path / "b")} == {STATE.COMPLETE}
    assert len(known(tmp_path / "b")) == 12


def test_what_is_drawn_lies_in_its_range_and_depends_on_the_seed(tmp_path):
    (tmp_path / "a").mkdir()
    found = drawn(tmp_path, drawing(), range(12))
    for values in found:
        assert 0.001 <= values["train.learning_rate"] <= 1 and values["train.optimizer"] in OPTIMIZER["values"]
        assert type(values["train.batch_size"]) is int and 4 <= values["train.batch_size"] <= 64
        assert list(values) == ["train.learning_rate", "train.batch_size", "train.optimizer"]
    assert drawn(tmp_path / "a", drawing(seed=1), range(12)) != found


def test_a_whole_number_may_be_drawn_from_a_logarithmic_range_that_begins_below_one(tmp_path):
    sweep = small({"field": "train.epochs", "range": {"low": 0.2, "high": 8, "log": True}}, method="random", trials=5)
    study = Study(tmp_path, sweep)
    assert all(1 <= study.ask(cell)["train.epochs"] <= 8 for cell in range(5))


def test_tpe_looks_where_the_best_were(tmp_path):
    plain = {"field": "train.learning_rate", "range": {"low": 0.001, "high": 1}}
    study = Study(tmp_path, small(plain, method="tpe", trials=24))
    distances = []
    for cell in range(24):
        values = study.ask(cell)
        distances.append(loss(values))
        study.tell(cell, values, distances[-1])
    assert sum(distances[10:]) / 14 < sum(distances[:10]) / 10 / 2  # the first ten are drawn at random


# What was trained is told


def test_of_a_grid_the_study_hears_each_cell_with_its_values_and_loss(tmp_path):
    """Also of one with words, whole numbers, and fractions beside whole numbers."""
    sweep = small({"field": "train.optimizer", "values": ["adam", "sgd"]},
                  {"field": "train.epochs", "values": [1, 5, 9]},
                  {"field": "train.learning_rate", "values": [0.1, 1]},
                  {"field": "model.encoder.0.batch_normalization", "values": [True, False]})
    study = Study(tmp_path, sweep)
    for trial in trials(sweep):
        study.tell(trial.cell, trial.values, None if trial.cell == 3 else trial.cell / 10)
    assert study.finished() == set(range(24))
    told = known(tmp_path)
    assert [dict(trial.params) for trial in told] == [dict(trial.values) for trial in trials(sweep)]
    assert [trial.value for trial in told] == [None if cell == 3 else cell / 10 for cell in range(24)]
    assert [trial.state for trial in told] == [STATE.FAIL if cell == 3 else STATE.COMPLETE for cell in range(24)]


def test_of_a_list_of_experiments_the_study_hears_the_names(tmp_path):
    study = Study(tmp_path, sweep := small(axes=(), experiments=[{"name": "one"}, {"name": "two"}]))
    for trial in trials(sweep):
        study.tell(trial.cell, trial.values, 1.0)
    assert [trial.params for trial in known(tmp_path)] == [{"name": "one"}, {"name": "two"}]


def test_of_two_axes_the_one_that_matters_is_found(tmp_path):
    sweep = small({"field": "train.epochs", "values": [1, 2, 3, 4, 5]},
                  {"field": "train.momentum", "values": [0.0, 0.2, 0.4, 0.6]})
    study = Study(tmp_path, sweep)
    assert study.importance() == {}
    for trial in trials(sweep):
        study.tell(trial.cell, trial.values, 10.0 * trial.values["train.epochs"] + trial.values["train.momentum"])
    found = study.importance()
    assert found.keys() == {"train.epochs", "train.momentum"}
    assert found["train.epochs"] > 0.8 > 0.2 > found["train.momentum"] >= 0


# Pruning


def test_a_trial_that_does_clearly_worse_than_the_others_is_ended(tmp_path):
    study = Study(tmp_path, drawing(pruning=True))
    for cell in range(6):
        study.ask(cell)
        assert not study.prunes(cell, [(0.0, 9.0), (1.0, 0.5), (2.0, 0.3)])
        study.tell(cell, {}, 0.3)
    study.ask(6)
    assert not study.prunes(6, [(1.0, 0.4)])
    study.ask(7)
    assert study.prunes(7, [(1.0, 5.0)])
    study.tell(7, {}, None, pruned=True)
    assert known(tmp_path)[7].state == STATE.PRUNED and known(tmp_path)[7].intermediate_values == {1: 5.0}
    again = Study(tmp_path, drawing(pruning=True))
    again.ask(6)
    assert again.prunes(6, [(1.0, 0.4), (2.0, 8.0)])
    assert again.finished() == {*range(6), 7}


# Files


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 40, b"\x00" * 5000])
def test_a_damaged_study_is_said_by_name_and_left_in_place(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(StudyError) as caught:
        Study(tmp_path, small())
    assert caught.value.code == "study.damaged" and str(tmp_path / NAME) in str(caught.value)
    assert (tmp_path / NAME).read_bytes() == content


def test_a_database_of_something_else_is_said_by_name(tmp_path):
    with sqlite3.connect(tmp_path / NAME) as database:
        database.execute("create table studies (weather text)")
    database.close()
    with pytest.raises(StudyError) as caught:
        Study(tmp_path, small())
    assert caught.value.code == "study.damaged"


@pytest.mark.parametrize("change", [{"seed": 1}, {"trials": 13}, {"name": "other", "seed": 1}, {"seeds": [1]}])
def test_a_study_of_another_sweep_is_refused(tmp_path, change):
    drawn(tmp_path, drawing(), range(2))
    with pytest.raises(StudyError) as caught:
        Study(tmp_path, drawing(**change))
    assert caught.value.code == "study.other"


def test_a_study_that_somebody_else_made_is_refused(tmp_path):
    other = optuna.create_study(storage=f"sqlite:///{tmp_path / NAME}", study_name="small")
    other.add_trial(optuna.trial.create_trial(value=1.0))
    with pytest.raises(StudyError) as caught:
        Study(tmp_path, small())
    assert caught.value.code == "study.other"


def test_a_new_name_makes_no_new_study(tmp_path):
    before = drawn(tmp_path, drawing(), range(3))
    again = Study(tmp_path, drawing(name="renamed", note="of another day"))
    assert again.finished() == {0, 1, 2} and len(before) == len(known(tmp_path)) == 3


def test_what_was_asked_for_and_had_no_cell_yet_when_all_ended_does_not_stay_running(tmp_path):
    sweep = drawing()
    folder, plan = planned(tmp_path, sweep)
    conclude(plan, plan.next())
    (name,) = optuna.get_all_study_names(f"sqlite:///{folder.folder / NAME}")
    optuna.load_study(study_name=name, storage=f"sqlite:///{folder.folder / NAME}").ask()
    assert Study(folder.folder, sweep).finished() == {0}  # who only looks changes nothing
    assert [trial.state for trial in known(folder.folder)] == [STATE.COMPLETE, STATE.RUNNING]
    Plan(folder, sweep)
    assert [trial.state for trial in known(folder.folder)] == [STATE.COMPLETE, STATE.FAIL]


# The plan rebuilds it


def planned(tmp_path, sweep):
    """The folder of a new sweep and its plan."""
    folder = create(tmp_path, sweep)
    return folder, Plan(folder, sweep)


def conclude(plan, trial, loss=0.5):
    """Say that a trial is over."""
    plan.finish(trial, Row(trial.number, trial.cell, trial.values, "finished", validation_loss=loss), None)


def test_a_lost_study_is_made_anew_from_what_was_drawn(tmp_path):
    sweep = drawing()
    folder, plan = planned(tmp_path, sweep)
    first = [plan.next() for _ in range(4)]
    (folder.folder / NAME).unlink()
    again = Plan(folder, sweep)
    assert [trial.values for trial in again.trials] == [trial.values for trial in first]
    assert [again.next().values for _ in range(4)] == [trial.values for trial in first]
    fifth = again.next()
    for trial in [*first, fifth]:
        conclude(again, trial)
    told = known(folder.folder)
    assert [trial.params for trial in told] == [dict(trial.values) for trial in [*first, fifth]]
    assert {trial.state for trial in told} == {STATE.COMPLETE}

    (tmp_path / "other").mkdir()
    _, undisturbed = planned(tmp_path / "other", sweep)
    assert [undisturbed.next().values for _ in range(5)] == [trial.values for trial in [*first, fifth]]


def test_a_cell_is_told_once_all_its_seeds_are_done(tmp_path):
    sweep = small({"field": "train.momentum", "values": [0.1, 0.2]}, seeds=[3, 4])
    folder, plan = planned(tmp_path, sweep)
    one, two, three, _ = plan.trials
    conclude(plan, one, 0.2)
    conclude(plan, three, 0.9)
    assert known(folder.folder) == []
    conclude(plan, two, 0.4)
    (told,) = known(folder.folder)
    assert told.value == pytest.approx(0.3) and told.params == {"train.momentum": 0.1}


def test_a_drawn_combination_that_cannot_be_is_told_and_another_is_drawn(tmp_path):
    sweep = small({"field": "train.batch_size", "values": [16, 0]}, method="random", trials=8)
    folder, plan = planned(tmp_path, sweep)
    possible = []
    while plan.more:
        trial = plan.next()
        if trial is not None:
            possible.append(trial)
    assert 0 < len(possible) < 8 and all(trial.experiment.train.batch_size == 16 for trial in possible)
    statuses = [row.status for row in plan.rows()]
    assert len(statuses) == 8 and statuses.count("impossible") == 8 - len(possible)
    assert [trial.state for trial in known(folder.folder)].count(STATE.FAIL) == 8 - len(possible)
    assert folder.trials() == plan.trials and folder.drawn().keys() == set(range(8))
    assert of_cell(sweep, 0, folder.drawn()[0])[0].values == plan.trials[0].values
