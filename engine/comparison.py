"""Runs beside each other: what differs between their settings, what came of each, repeats over seeds as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine import shapes
from engine.experiment import DESCRIPTIVE, Experiment, flat
from engine.runfiles.notices import RunError
from engine.tables import Table

if TYPE_CHECKING:
    from engine.events import Evaluation
    from engine.run import Run

Floats = NDArray[np.float64]
Along = Literal["epoch", "step", "time"]
Quantity = Literal["validation_loss", "training_loss", "validation_accuracy", "training_accuracy"]

SEEDS = ("train.seed", "data.seed", "data.class_seed")
"""Runs that differ in these alone are repeats of one experiment."""
POINTS_OF_A_MEAN = 400
"""A mean over runs is taken at so many places."""


@dataclass(frozen=True)
class Compared:
    """One run among others: what it is called, its settings, its evaluations."""

    title: str
    experiment: Experiment
    evaluations: tuple[Evaluation, ...]
    elapsed_s: float
    test_loss: float | None = None
    """Of images that no decision has seen; None where there are none, and before the end."""

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return shapes.plan(self.experiment).parameters

    def last(self, quantity: Quantity) -> float | None:
        """A number of the newest evaluation; None before there is one."""
        return getattr(self.evaluations[-1], quantity) if self.evaluations else None

    def best(self) -> float | None:
        """The lowest validation loss."""
        return min((evaluation.validation_loss for evaluation in self.evaluations), default=None)


def compared(run: Run, title: str) -> Compared:
    """A run as it lies on disk. Raises RunError, also for metrics that cannot be read."""
    metrics = run.metrics()
    state = run.state
    return Compared(title, run.experiment, tuple(metrics.evaluations), state.elapsed_s, state.test_loss)


def readable(runs: Iterable[tuple[Run, str]]) -> tuple[list[Compared], list[str]]:
    """All that can be read, and what is to be said of the others."""
    good, bad = [], []
    for run, title in runs:
        try:
            good.append(compared(run, title))
        except RunError as error:
            bad.append(f"{title}: {error.message}")
        except OSError:
            bad.append(f"{title}: its folder has disappeared.")
    return good, bad


def differing(experiments: Sequence[Experiment]) -> dict[str, tuple[Any, ...]]:
    """Path -> the value in each experiment, for the settings in which not all agree; None: there is no such field."""
    values = [flat(experiment) for experiment in experiments]
    paths = dict.fromkeys(path for settings in values for path in settings)
    found = {path: tuple(settings.get(path) for settings in values) for path in paths if path not in DESCRIPTIVE}
    return {path: row for path, row in found.items() if any(value != row[0] for value in row)}


def table(runs: Sequence[Compared], names: Mapping[str, str] | None = None) -> Table:
    """A row for each run: the settings that differ, then parameters, losses, accuracy where there is one, and time."""
    names = names or {}
    different = differing([run.experiment for run in runs])
    results: dict[str, list[Any]] = {
        "parameters": [run.parameters for run in runs],
        "epochs done": [run.evaluations[-1].epoch if run.evaluations else None for run in runs],
        "training loss": [run.last("training_loss") for run in runs],
        "validation loss": [run.last("validation_loss") for run in runs],
        "best validation loss": [run.best() for run in runs]}
    also = {"test loss": [run.test_loss for run in runs],
            "validation accuracy": [run.last("validation_accuracy") for run in runs]}
    results |= {name: values for name, values in also.items() if any(value is not None for value in values)}
    results["time, s"] = [round(run.elapsed_s, 1) for run in runs]
    columns = ("run", *(names.get(path, path) for path in different), *results)
    cells = [[run.title for run in runs], *(list(map(_plain, row)) for row in different.values()), *results.values()]
    return Table(columns, tuple(zip(*cells, strict=True)))


def _plain(value: Any) -> Any:
    """A list of epochs as words."""
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def curve(run: Compared, quantity: Quantity, along: Along) -> tuple[Floats, Floats]:
    """(n,) places and (n,) values of a quantity; time in seconds."""
    told = [(_place(it, along), getattr(it, quantity)) for it in run.evaluations if getattr(it, quantity) is not None]
    values = np.array(told, dtype=np.float64).reshape(len(told), 2)
    return values[:, 0], values[:, 1]


def _place(evaluation: Evaluation, along: Along) -> float:
    return float(evaluation.elapsed_s if along == "time" else getattr(evaluation, along))


def repeats(runs: Sequence[Compared]) -> list[list[Compared]]:
    """The runs in groups that differ in their seeds only, in the order in which a group first appears."""
    groups: dict[str, list[Compared]] = {}
    for run in runs:
        key = repr([(path, value) for path, value in flat(run.experiment).items()
                    if path not in (*DESCRIPTIVE, *SEEDS)])
        groups.setdefault(key, []).append(run)
    return list(groups.values())


def spread(curves: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats, Floats]:
    """Curves (x, y) -> common x (n,), mean (n,) and sample standard deviation (n,), where all of them are known.

    The standard deviation is that of a sample (divided by m - 1); 0 for a single curve.
    """
    curves = [(x, y) for x, y in curves if len(x)]
    if not curves:
        return (np.empty(0),) * 3
    start, end = max(x[0] for x, _ in curves), min(x[-1] for x, _ in curves)
    places = np.unique(np.concatenate([x for x, _ in curves]))
    places = places[(places >= start) & (places <= end)]
    if len(places) > POINTS_OF_A_MEAN:
        places = np.linspace(start, end, POINTS_OF_A_MEAN)
    values = np.stack([np.interp(places, x, y) for x, y in curves])
    deviation = values.std(axis=0, ddof=1) if len(curves) > 1 else np.zeros(len(places))
    return places, values.mean(axis=0), deviation


def along_a_setting(runs: Sequence[Compared]) -> dict[str, list[tuple[Any, int]]]:
    """Path of a setting -> (value, which run) by value, for the settings with more than one number among these runs."""
    found: dict[str, list[tuple[Any, int]]] = {}
    for path, values in differing([run.experiment for run in runs]).items():
        known = [(value, index) for index, value in enumerate(values)
                 if isinstance(value, int | float) and not isinstance(value, bool)]
        if len({value for value, _ in known}) > 1:
            found[path] = sorted(known)
    return found
