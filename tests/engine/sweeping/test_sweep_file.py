"""A sweep and its TOML file: what is in it comes out again, and everything wrong is said before anything is trained."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine import experiment as experiments
from engine import sweep as sweeps
from engine.experiment import Experiment
from engine.fields import ExperimentError
from engine.sweep import MOST_TRIALS, Axis, Range, Sweep
from tests.engine.strategies import experiments as some_experiments

RATES = {"field": "train.learning_rate", "values": [0.1, 0.2, 0.3]}
MOMENTA = {"field": "train.momentum", "values": [0.0, 0.9]}
finite = st.floats(-1e12, 1e12, allow_subnormal=False)


@st.composite
def ranges(draw):
    """Ranges that are possible, linear and logarithmic."""
    log = draw(st.booleans())
    low = draw(st.floats(1e-100, 1e12) if log else finite)
    high = draw(st.floats(low, 1e12))
    assume(low < high)
    return Range(low=low, high=high, count=draw(st.integers(2, 50)), log=log)


axes = st.one_of(
    st.builds(Axis, field=st.sampled_from([*experiments.flat(Experiment()), "", "no.such"]),
              values=st.lists(st.booleans() | st.integers(-2**70, 2**70) | finite | st.text(max_size=5),
                              max_size=4).map(tuple)),
    st.builds(Axis, field=st.sampled_from(list(experiments.flat(Experiment()))), range=ranges()))
some_sweeps = st.builds(
    Sweep, name=st.text(max_size=10), note=st.text(max_size=10), base=some_experiments(),
    axes=st.lists(axes, max_size=3).map(tuple), experiments=st.lists(some_experiments(), max_size=2).map(tuple),
    method=st.sampled_from(["grid", "random", "tpe"]), trials=st.integers(1, 50), pruning=st.booleans(),
    seeds=st.lists(st.integers(0, 2**31 - 1), max_size=3).map(tuple), seed=st.integers(0, 2**31 - 1),
    correct=st.booleans(), piece_epochs=st.integers(0, 10))


def grid(*axes, **settings):
    """A sweep over these axes."""
    return sweeps.parse({"axes": list(axes), **settings})


def codes(sweep):
    """What is said to be wrong with it."""
    return [problem.code for problem in sweeps.problems(sweep)]


# Its file


@given(some_sweeps)
def test_toml_gives_back_an_equal_sweep(sweep):
    back = sweeps.from_toml(sweeps.to_toml(sweep))
    assert back == sweep
    assert [[type(value) for value in axis.values] for axis in back.axes] \
        == [[type(value) for value in axis.values] for axis in sweep.axes]


@given(some_sweeps)
def test_every_sweep_is_either_said_to_be_wrong_or_has_as_many_trials_as_it_says(sweep):
    """Never an exception; and a sweep without problems lists each training with its number, even impossible ones."""
    if sweeps.problems(sweep) or sweep.drawn or sweeps.count(sweep) > 500:
        return
    listed = sweeps.trials(sweep)
    assert [trial.number for trial in listed] == list(range(sweeps.count(sweep)))
    assert len({trial.cell for trial in listed}) == sweeps.cells(sweep)


@given(st.text(max_size=200))
def test_text_that_is_no_sweep_raises_only_our_own_error(text):
    try:
        sweeps.from_toml(text)
    except ExperimentError as error:
        assert error.problems and all(problem.code and problem.message for problem in error.problems)


values = st.recursive(st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                      lambda inner: st.lists(inner, max_size=3)
                      | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8)


@given(st.dictionaries(st.sampled_from([*Sweep.model_fields, "changes", "other"]), values, max_size=4)
       | st.fixed_dictionaries({"axes": st.lists(st.dictionaries(
           st.sampled_from(["field", "values", "range"]), values, max_size=3), max_size=2)})
       | st.fixed_dictionaries({"axes": st.lists(st.fixed_dictionaries({"field": st.just("train.epochs"), "range": (
           st.fixed_dictionaries({"low": st.floats(), "high": st.floats(), "count": st.integers(2, 9),
                                  "log": st.booleans()}))}), min_size=1, max_size=2)}))
def test_values_that_are_no_sweep_raise_only_our_own_error(values):
    try:
        sweep = sweeps.parse(values)
    except ExperimentError as error:
        assert error.problems and all(problem.message for problem in error.problems)
    else:
        sweeps.problems(sweep)


@given(st.binary(max_size=100))
def test_bytes_that_are_no_sweep_raise_only_our_own_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    try:
        sweeps.load(path)
    except ExperimentError as error:
        assert all(problem.code in ("toml.encoding", "toml.syntax") or problem.field for problem in error.problems)


@pytest.mark.parametrize(("content", "code"), [
    (b"\xff\xfe", "toml.encoding"), (b"axes = [", "toml.syntax"), (b"x = " + b"[" * 100_000, "toml.syntax"),
    (b"seed = " + b"9" * 5000, "toml.syntax"), (b"colour = 1", "field.extra_forbidden"),
    (b'base = "no-such-preset"', "sweep.preset"), (b'experiments = ["no-such-preset"]', "sweep.preset"),
    (b"changes = 3", "sweep.changes"), (b"[changes]\n\"train.speed\" = 3", "field.unknown"),
    (b'method = "guess"', "field.literal_error"), (b"[base.train]\nepochs = -1", "field.greater_than_equal")])
def test_what_is_wrong_with_a_file_has_a_name(tmp_path, content, code):
    (tmp_path / "sweep.toml").write_bytes(content)
    with pytest.raises(ExperimentError) as caught:
        sweeps.load(tmp_path / "sweep.toml")
    assert [problem.code for problem in caught.value.problems] == [code]


def test_a_file_that_begins_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "sweep.toml").write_bytes("﻿name = 'marked'".encode())
    assert sweeps.load(tmp_path / "sweep.toml").name == "marked"


def test_a_preset_is_the_base_and_is_changed():
    sweep = sweeps.parse({"base": "mnist-dense-64", "changes": {"train.epochs": 3}, "axes": [RATES]})
    assert sweep.base.train.epochs == 3 and sweep.base.data.dataset == "mnist"


# Ranges


@given(ranges())
def test_a_range_rises_from_one_end_to_the_other(given):
    points = given.points
    assert 1 <= len(points) <= given.count and list(points) == sorted(set(points))
    assert points[0] == pytest.approx(given.low, rel=1e-9) and points[-1] == pytest.approx(given.high, rel=1e-9)


@pytest.mark.parametrize(("low", "high", "count"), [(1e-5, 1.0, 11), (0.001, 3, 7), (2, 512, 9), (1e-100, 1e12, 5)])
def test_logarithmic_values_are_those_of_numpy(low, high, count):
    points = Range(low=low, high=high, count=count, log=True).points
    assert points == pytest.approx(np.geomspace(low, high, count), rel=1e-9)


def test_linear_values_are_those_of_numpy_as_a_person_reads_them():
    assert Range(low=0.05, high=0.95, count=19).points == tuple(round(0.05 * step, 2) for step in range(1, 20))


@pytest.mark.parametrize("wrong", [{"low": 2, "high": 1}, {"low": 1, "high": 1}, {"low": 0, "high": 1, "log": True},
                                   {"low": -1, "high": 1, "log": True}, {"low": 0, "high": math.inf},
                                   {"low": math.nan, "high": 1}, {"low": -math.inf, "high": 1},
                                   {"low": -1e13, "high": 1}, {"low": 0, "high": 1e13},
                                   {"low": 0, "high": 1, "count": 1}, {"low": 0, "high": 1, "count": 100_001}])
def test_a_range_that_cannot_be_is_refused_with_its_place(wrong):
    with pytest.raises(ExperimentError) as caught:
        grid({"field": "train.epochs", "range": wrong})
    assert caught.value.problems[0].field.startswith("axes.0.range")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_refused(value):
    with pytest.raises(ExperimentError):
        grid({"field": "train.learning_rate", "values": [0.1, value]})


def test_values_of_a_field_that_counts_are_whole_and_each_once():
    sweep = grid({"field": "train.epochs", "range": {"low": 1, "high": 4, "count": 10}})
    found = sweeps.points(sweep.axes[0], sweep.base)
    assert found == (1, 2, 3, 4) and all(type(value) is int for value in found)
    assert sweeps.count(sweep) == len(sweeps.trials(sweep)) == 4
    assert [trial.experiment.train.epochs for trial in sweeps.trials(sweep)] == [1, 2, 3, 4]


def test_a_range_too_narrow_to_tell_its_values_apart_trains_each_once():
    assert Range(low=1, high=1 + 1e-11, count=5).points == (1.0,)


# What is wrong with a whole sweep


@pytest.mark.parametrize(("settings", "code", "field"), [
    ({}, "sweep.axes", "axes"),
    ({"axes": [RATES], "experiments": [{"name": "a"}]}, "sweep.axes", "axes"),
    ({"axes": [{"field": "train.learning_rate"}]}, "sweep.empty", "axes.0.values"),
    ({"axes": [{"field": "train.speed", "values": [1]}]}, "sweep.field", "axes.0.field"),
    ({"axes": [RATES, MOMENTA, RATES]}, "sweep.duplicate", "axes.2.field"),
    ({"axes": [{**RATES, "range": {"low": 0, "high": 1}}]}, "sweep.both", "axes.0.values"),
    ({"axes": [{"field": "train.momentum", "values": [0.5, 0.1, 0.5]}]}, "sweep.repeated", "axes.0.values"),
    ({"axes": [{"field": "train.epochs", "values": [1, 1.0]}]}, "sweep.repeated", "axes.0.values"),
    ({"axes": [{"field": "train.seed", "values": [1, 2]}], "seeds": [1, 2]}, "sweep.seeds", "axes.0.field"),
    ({"axes": [RATES], "seeds": [4, 5, 4]}, "sweep.repeated", "seeds"),
    ({"axes": [RATES], "base": {"task": "classifier"}}, "sweep.encoder", "base")])
def test_a_problem_of_the_whole_sweep_is_named_with_its_place(settings, code, field):
    (problem,) = sweeps.problems(sweeps.parse(settings))
    assert (problem.code, problem.field) == (code, field) and problem.message.endswith(".")


def test_a_sweep_without_fault_has_no_problems():
    assert codes(grid(RATES, MOMENTA, seeds=[1, 2])) == []
    assert codes(grid({"field": "train.epochs", "values": [True, 1]})) == []
    assert codes(sweeps.parse({"experiments": [{"name": "a"}, {"name": "b"}]})) == []


def test_the_repeated_values_are_said():
    (problem,) = sweeps.problems(grid({"field": "train.momentum", "values": [0.5, 0.1, 0.5, 0.1, 0.2]}))
    assert problem.values == {"values": ("0.5", "0.1")} and "0.5, 0.1 more than once" in problem.message


def test_a_million_cells_are_refused_with_their_count_before_any_is_made(monkeypatch):
    monkeypatch.setattr(experiments, "replaced", lambda *_: pytest.fail("an experiment was made"))
    thousand = {"low": 0.001, "high": 0.9, "count": 1000}
    sweep = grid({"field": "train.learning_rate", "range": thousand}, {"field": "train.momentum", "range": thousand})
    (problem,) = sweeps.problems(sweep)
    assert problem.code == "sweep.too_many" and problem.values == {"count": 1_000_000, "limit": MOST_TRIALS}
    assert "1,000,000" in problem.message


def test_repeats_and_draws_count_as_trainings():
    assert codes(grid({"field": "train.momentum", "range": {"low": 0, "high": 0.9, "count": 1000}},
                      seeds=list(range(21)))) == ["sweep.too_many"]
    assert codes(grid(RATES, method="random", trials=MOST_TRIALS)) == []
    assert codes(grid(RATES, method="tpe", trials=MOST_TRIALS + 1)) == ["sweep.too_many"]


# The trials


def test_the_last_axis_runs_fastest_and_seeds_faster_still():
    sweep = grid(RATES, MOMENTA, seeds=[7, 8])
    listed = sweeps.trials(sweep)
    assert [(trial.number, trial.cell) for trial in listed] == [(number, number // 2) for number in range(12)]
    assert [tuple(trial.values.values()) for trial in listed[:5]] == [
        (0.1, 0.0, 7), (0.1, 0.0, 8), (0.1, 0.9, 7), (0.1, 0.9, 8), (0.2, 0.0, 7)]
    for trial in listed:
        train = trial.experiment.train
        assert (train.learning_rate, train.momentum, train.seed) == tuple(trial.values.values())
        changed = experiments.differences(sweep.base, trial.experiment)
        assert changed.keys() <= {"train.learning_rate", "train.momentum", "train.seed"}


def test_without_seeds_each_is_trained_with_its_own():
    (one, _) = sweeps.trials(grid(MOMENTA, base={"train": {"seed": 5}}))
    assert one.experiment.train.seed == 5 and "train.seed" not in one.values


def test_a_list_of_experiments_is_trained_in_order_with_each_seed():
    named = [{"name": "one", "train": {"epochs": 3}}, {"name": "two", "data": {"dataset": "mnist"}}]
    listed = sweeps.trials(sweeps.parse({"experiments": named, "seeds": [1, 2]}))
    assert [(trial.values["name"], trial.experiment.train.seed) for trial in listed] == [
        ("one", 1), ("one", 2), ("two", 1), ("two", 2)]
    assert listed[0].experiment.train.epochs == 3 and listed[2].experiment.data.dataset == "mnist"


def test_cells_that_cannot_be_are_named_and_hide_no_others():
    sweep = grid({"field": "train.batch_size", "values": [16, 0, 2.5, "x"]},
                 {"field": "train.optimizer", "values": ["adam", "magic"]})
    problems = {trial.number: {problem.field for problem in trial.problems} for trial in sweeps.trials(sweep)}
    size, optimizer = "train.batch_size", "train.optimizer"
    assert problems == {0: set(), 1: {optimizer}, 2: {size}, 3: {size, optimizer}, 4: {size}, 5: {size, optimizer},
                        6: {size}, 7: {size, optimizer}}


UNEVEN = {"data": {"image_size": 8}, "model": {"encoder": [{"kind": "convolution", "kernel": 3},
                                                          {"kind": "linear", "size": 4}]}}


def test_a_network_that_cannot_be_built_is_named_by_its_layer():
    kernels = grid({"field": "model.encoder.0.kernel", "values": [3, 9]}, base=UNEVEN)
    possible, impossible = sweeps.trials(kernels)
    assert possible.problems == ()
    assert any(problem.field.startswith("model.encoder.0") for problem in impossible.problems)


def test_correcting_applies_the_remedies_but_never_changes_what_is_swept():
    axis = {"field": "model.encoder.0.kernel", "values": [3, 9]}
    _, refused = sweeps.trials(grid(axis, base=UNEVEN))
    remedies = [problem.remedy.changes for problem in refused.problems if problem.remedy]
    assert remedies and all("model.encoder.0.kernel" in changes for changes in remedies)  # else this tries nothing
    _, swept = sweeps.trials(grid(axis, base=UNEVEN, correct=True))
    assert swept.experiment.model.encoder[0].kernel == 9 and swept.problems

    sizes = {"field": "model.encoder.1.size", "values": [2, 3]}
    base = {**UNEVEN, "model": {"encoder": [{"kind": "convolution", "kernel": 9}, {"kind": "linear"}]}}
    assert all(trial.problems for trial in sweeps.trials(grid(sizes, base=base)))
    corrected = sweeps.trials(grid(sizes, base=base, correct=True))
    assert [trial.problems for trial in corrected] == [(), ()]
    assert [trial.experiment.model.encoder[1].size for trial in corrected] == [2, 3]


def test_listed_experiments_need_names_of_their_own():
    def listed(*names):
        return sweeps.problems(sweeps.parse({"experiments": [{"name": name} for name in names]}))

    assert listed("a", "b") == ()
    assert [problem.code for problem in listed("a", "a", "b")] == ["sweep.names"]
    assert "one without a name" in listed("", "b")[0].message


def test_changes_are_made_to_every_listed_experiment():
    made = sweeps.parse({"experiments": ["fashion-dropout", "fashion-sgd"], "changes": {"train.epochs": 3}})
    assert [one.train.epochs for one in made.experiments] == [3, 3] and made.base.train.epochs != 3
    with pytest.raises(ExperimentError, match="no such field"):
        sweeps.parse({"base": "mnist-dense-64", "changes": {"train.speed": 3}})
