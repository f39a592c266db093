"""The classifiers that belong to one encoder: which run is which strategy, and what each label budget came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.classify import STRATEGIES, epochs_for
from engine.comparison import Compared
from engine.experiment import Experiment, Strategy
from engine.learning.epochs import batches_per_epoch, training_images
from engine.metrics import per_class
from engine.run import Run
from engine.tables import Table

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Family:
    """The classifiers on one encoder: ``three`` on all labels, the newest of each strategy; ``budget``, those on few
    labels, and those on all of them with about as many optimizer steps."""

    source: Run
    three: Mapping[Strategy, Run]
    budget: tuple[Run, ...]


def family(shown: Run, runs: Sequence[Run]) -> Family | None:
    """The family of an autoencoder's run, or of a classifier's; None where that cannot be told."""
    source = shown if _readable(shown) and shown.experiment.task == "autoencoder" else _source(shown, runs)
    if source is None:
        return None
    members = [run for run in runs if _readable(run) and _belongs(run.experiment, source)]
    budget = _budget_of(members)
    newest_last = sorted(members, key=lambda run: (run.status == "finished", run.name))
    three = {run.experiment.classifier.strategy: run for run in newest_last
             if not run.experiment.data.images_per_class and run not in budget}
    return Family(source, {strategy: three[strategy] for strategy in STRATEGIES if strategy in three}, budget)


def _budget_of(members: Sequence[Run]) -> tuple[Run, ...]:
    """The runs on few labels, and those on all of them that were trained as long: the right end of the figure."""
    few = [run.experiment for run in members if run.experiment.data.images_per_class]
    steps = {it.train.epochs * _batches(it) for it in few}

    def as_long(it: Experiment) -> bool:
        return any(it.train.epochs == epochs_for(count, _batches(it)) for count in steps)

    return tuple(run for run in members if run.experiment.data.images_per_class or as_long(run.experiment))


def _batches(experiment: Experiment) -> int:
    """Batches of an epoch, at least 1."""
    return max(1, batches_per_epoch(experiment, training_images(experiment)))


def _readable(run: Run) -> bool:
    return run.problem is None and run.newer is None


def _belongs(experiment: Experiment, source: Run) -> bool:
    """Whether a classifier names this run, or the experiment that it is a run of."""
    return experiment.task == "classifier" and experiment.classifier.encoder in (
        source.name, str(source.folder), source.experiment.name)


def _source(shown: Run, runs: Sequence[Run]) -> Run | None:
    """The run whose encoder a classifier has, if it is still there."""
    if not _readable(shown):
        return None
    encoders = [run for run in runs if _readable(run) and run.experiment.task == "autoencoder"]
    return next((run for run in encoders if _belongs(shown.experiment, run)), None)


def results(runs: Iterable[Compared], names: Mapping[Strategy, str] | None = None) -> Table:
    """A row for each classifier: accuracy and loss on training and validation images, parameters, time; ``names`` is
    what the strategies are called."""
    called: Mapping[Strategy, str] = names or dict(zip(STRATEGIES, STRATEGIES, strict=True))
    rows = tuple((called[it.experiment.classifier.strategy], _percent(it.last("training_accuracy")),
                  _percent(it.last("validation_accuracy")), it.last("training_loss"), it.last("validation_loss"),
                  it.parameters, round(it.evaluations[-1].epoch, 2) if it.evaluations else None,
                  round(it.elapsed_s, 1)) for it in runs)
    return Table(("strategy", "training accuracy, %", "validation accuracy, %", "training loss", "validation loss",
                  "parameters", "epochs", "time, s"), rows)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def class_table(names: Sequence[str], counts: NDArray[np.int64]) -> Table:
    """Confusion counts (K, K) -> a row for each class: images, precision, recall and F1; None where undefined."""
    scores = per_class(counts)
    columns = [[None if np.isnan(value) else round(float(value), 4) for value in column]
               for column in (scores.precision, scores.recall, scores.f1)]
    images = [int(count) for count in counts.sum(axis=1)]
    return Table(("class", "images", "precision", "recall", "F1"), tuple(zip(names, images, *columns, strict=True)))


@dataclass(frozen=True, eq=False)
class Budget:
    """One strategy over label budgets: labels per class (n,) increasing, mean and sample deviation of the accuracy."""

    strategy: Strategy
    labels: Floats
    mean: Floats
    deviation: Floats
    seeds: tuple[int, ...]


def budgets(runs: Iterable[Compared], all_labels: int) -> list[Budget]:
    """Validation accuracies by strategy and labels per class; ``all_labels`` is how many a class has in all."""
    found: dict[tuple[Strategy, int], list[float]] = {}
    for run in runs:
        accuracy = run.last("validation_accuracy")
        if accuracy is not None:
            labels = run.experiment.data.images_per_class or all_labels
            found.setdefault((run.experiment.classifier.strategy, labels), []).append(accuracy)
    return [_budget(strategy, {labels: values for (own, labels), values in found.items() if own == strategy})
            for strategy in STRATEGIES if any(own == strategy for own, _ in found)]


def _budget(strategy: Strategy, accuracies: Mapping[int, list[float]]) -> Budget:
    labels = sorted(accuracies)
    mean = np.array([np.mean(accuracies[count]) for count in labels])
    deviation = np.array([np.std(accuracies[count], ddof=1) if len(accuracies[count]) > 1 else 0.0 for count in labels])
    return Budget(strategy, np.array(labels, dtype=np.float64), mean, deviation,
                  tuple(len(accuracies[count]) for count in labels))
