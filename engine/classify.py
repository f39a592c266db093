"""Classifiers as experiments: on the encoder of a run, by one strategy, or by all of them at several label budgets.

Training one is the same as training an autoencoder (:mod:`engine.train`). Loads no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from engine.dataspec import NOISES, Data, Input
from engine.experiment import Classifier, Experiment, Strategy, Train, replaced
from engine.learning.epochs import batches_per_epoch, training_images
from engine.run import Run

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
BUDGETS = (10, 50, 100, 500, 0)
"""Labels per class that a budget compares; 0 means all."""

BUDGET_STEPS = 3_000
BUDGET_LOOKS = 10
"""Evaluations and snapshots of each training of a budget, about."""

ALLOWED_UNEVENNESS = 2
"""Steps of a budget may grow or shrink by this factor to be a whole number of epochs for all of its trainings."""


def experiment_for(run: Run, strategy: Strategy, snapshot: str = "last",
                   changes: Mapping[str, Any] | None = None, **more: Any) -> Experiment:
    """A classifier on a run's encoder, with Adam 0.001, batches of 100 and 15 epochs; ``changes``: path -> value.

    Raises RunError for a run that cannot be read, ExperimentError for a change that cannot be.
    """
    source = run.experiment
    model = source.model.model_copy(update={"decoder": "mirror", "residual": False})
    name = f"{source.name or source.data.dataset}-{strategy}"
    train = Train(batch_size=100, epochs=15, seed=source.train.seed, precision=source.train.precision)
    classifier = Classifier(strategy=strategy, encoder=run.name, snapshot=snapshot)
    made = Experiment(name=name, source=f"Classifier on {run.title}", task="classifier",
                      data=_without_noise(source.data), model=model, classifier=classifier, train=train)
    return replaced(made, {**(changes or {}), **more})


def _without_noise(data: Data) -> Data:
    """Classes are named from clean images; coarse ones stay coarse, since the encoder knows no others."""
    return data.model_copy(update={"input": Input()}) if data.input.change in NOISES else data


def budget(run: Run, labels: Sequence[int] = BUDGETS, seeds: Sequence[int] = (0, 1, 2), steps: int = BUDGET_STEPS,
           snapshot: str = "last", changes: Mapping[str, Any] | None = None) -> tuple[Experiment, ...]:
    """All strategies at all budgets with all seeds, every training of equally many optimizer steps.

    A seed draws both the first weights and the images of each class; the images held out stay the same.
    """
    planned = [replaced(experiment_for(run, strategy, snapshot, changes), _drawn(strategy, count, seed))
               for count in labels for strategy in STRATEGIES for seed in seeds]
    lengths = [batches_per_epoch(experiment, training_images(experiment)) for experiment in planned]
    total = _common_steps(lengths, steps)
    return tuple(replaced(experiment, dict(_length(length, total)))
                 for experiment, length in zip(planned, lengths, strict=True))


def _drawn(strategy: Strategy, count: int, seed: int) -> dict[str, Any]:
    return {"data.images_per_class": count, "data.class_seed": seed, "train.seed": seed,
            "classifier.strategy": strategy}


def _common_steps(lengths: Sequence[int], steps: int) -> int:
    """The number of steps nearest to the one asked for that is whole epochs for all, if there is one near enough."""
    common = math.lcm(*lengths)
    nearest = max(1, round(steps / common)) * common
    return nearest if steps / ALLOWED_UNEVENNESS <= nearest <= steps * ALLOWED_UNEVENNESS else steps


def _length(epoch: int, steps: int) -> Iterator[tuple[str, int]]:
    """Epochs of so many steps that make the wanted steps, looked at a few times in all."""
    epochs = epochs_for(steps, epoch)
    yield "train.epochs", epochs
    yield "train.epochs_between", max(1, epochs // BUDGET_LOOKS)


def epochs_for(steps: int, epoch: int) -> int:
    """How many epochs of so many steps come nearest to the wanted steps; at least 1."""
    return max(1, round(steps / epoch))
