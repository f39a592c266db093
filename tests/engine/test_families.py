"""Which classifiers belong to which run, and what a label budget came to."""

from __future__ import annotations

import numpy as np
import pytest

from engine import classify, families, runs
from engine.comparison import Compared
from engine.events import Evaluation
from engine.experiment import Experiment, replaced


@pytest.fixture
def source(tmp_path):
    return runs.create(tmp_path, Experiment(name="base"), "f")


def classifier(source, strategy, **changes):
    experiment = classify.experiment_for(source, strategy, changes=changes)
    return runs.create(source.folder.parent, experiment, "f")


def test_the_family_of_a_run_is_its_own_classifiers_only(source):
    probe, scratch = classifier(source, "probe"), classifier(source, "scratch")
    other = runs.create(source.folder.parent, Experiment(name="other"), "f")
    stranger = classifier(other, "probe")
    family = families.family(source, [source, other, probe, scratch, stranger])
    assert family.source.folder == source.folder
    assert {strategy: run.folder for strategy, run in family.three.items()} == {
        "probe": probe.folder, "scratch": scratch.folder}
    assert family.budget == ()


def test_a_classifier_leads_to_the_family_of_its_encoder(source):
    probe = classifier(source, "probe")
    assert families.family(probe, [source, probe]).source.folder == source.folder
    assert families.family(probe, [probe]) is None


def test_an_encoder_named_by_its_preset_is_found(source):
    by_name = runs.create(source.folder.parent, replaced(classify.experiment_for(source, "probe"),
                                                         {"classifier.encoder": "base"}), "f")
    assert "probe" in families.family(source, [source, by_name]).three


def test_runs_with_fewer_labels_belong_to_the_budget(source):
    few = classifier(source, "probe", **{"data.images_per_class": 10})
    family = families.family(source, [source, few])
    assert family.three == {} and [run.folder for run in family.budget] == [few.folder]


def test_trainings_of_a_budget_on_all_labels_are_none_of_the_three(tmp_path):
    base = runs.create(tmp_path, replaced(Experiment(name="base"), {"data.dataset": "mnist"}), "f")
    planned = classify.budget(base, labels=(10, 0), seeds=(0, 1))
    assert {it.train.epochs_between for it in planned if not it.data.images_per_class} == {1}
    budget = [runs.create(tmp_path, it, "f") for it in planned]
    three = [classifier(base, strategy) for strategy in classify.STRATEGIES]
    superseded = classifier(base, "probe", **{"train.epochs": 40})
    family = families.family(base, [base, *budget, superseded, *three])
    assert {run.folder for run in family.budget} == {run.folder for run in budget}
    assert not {run.folder for run in family.three.values()} & {run.folder for run in budget}
    assert set(family.three) == set(classify.STRATEGIES)
    assert families.family(base, [base, *budget]).three == {}


def finished(experiment, accuracy):
    told = Evaluation(9, 1.0, None, 0.1, 0.2, 1.0, accuracy, accuracy)
    return Compared("x", experiment, (told,), 1.0)


def test_budgets_are_means_and_sample_deviations_over_seeds(source):
    made = [finished(classify.experiment_for(source, "probe", changes={"data.images_per_class": labels,
                                                                       "train.seed": seed}), accuracy)
            for labels, seed, accuracy in ((10, 0, 0.5), (10, 1, 0.6), (10, 2, 0.7), (0, 0, 0.9))]
    (budget,) = families.budgets(made, all_labels=6000)
    assert budget.labels.tolist() == [10, 6000] and budget.seeds == (3, 1)
    np.testing.assert_allclose(budget.mean, [0.6, 0.9])
    np.testing.assert_allclose(budget.deviation, [np.std([0.5, 0.6, 0.7], ddof=1), 0])


def test_the_tables_say_per_cent_and_leave_undefined_cells_empty(source):
    table = families.results([finished(classify.experiment_for(source, "probe"), 0.87654)])
    assert table.rows[0][:3] == ("probe", 87.65, 87.65)
    classes = families.class_table(("a", "b"), np.array([[3, 1], [0, 0]]))
    assert classes.rows == (("a", 4, 1.0, 0.75, 0.8571), ("b", 0, 0.0, None, 0.0))
