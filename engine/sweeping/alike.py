"""Which trainings of a sweep can be done together, stacked: those that differ only in numbers. Loads no torch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from engine import experiment as experiments
from engine.dataspec import NOISES
from engine.experiment import Experiment

NUMBERS = ("train.learning_rate", "train.momentum", "train.weight_decay")
"""Fields that may differ; the dropout of each block and the seed may, too."""


def alike(one: Experiment, other: Experiment) -> bool:
    """Whether two trainings can be done together; one that can only be done alone is not even alike to itself."""
    return stackable(one) and stackable(other) and _rest(one) == _rest(other)


def groups(chosen: Sequence[Experiment]) -> list[list[int]]:
    """Places of the experiments that can be trained together, in order; one that cannot is a group of its own."""
    found: dict[Hashable, list[int]] = {}
    for place, experiment in enumerate(chosen):
        found.setdefault(_rest(experiment) if stackable(experiment) else place, []).append(place)
    return list(found.values())


def stackable(experiment: Experiment) -> bool:
    """Whether it can be stacked at all: an autoencoder in single precision whose inputs are not drawn anew."""
    return (experiment.task == "autoencoder" and experiment.train.precision == "float32"
            and experiment.data.input.change not in NOISES)


def _rest(experiment: Experiment) -> Hashable:
    """Everything that must agree. A seed chooses the images of a sampled evaluation, which are shared, too."""
    free = (*experiments.DESCRIPTIVE, *NUMBERS, *(() if experiment.train.evaluation_images else ("train.seed",)))
    return tuple((path, repr(value)) for path, value in experiments.flat(experiment).items()
                 if path not in free and not path.endswith(".dropout"))
