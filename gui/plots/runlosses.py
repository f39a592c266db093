"""The losses of one run as bounded lines, for as long as it may train."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from gui.plots.buckets import Buckets, Smoothed

Numbers = npt.NDArray[Any]


class RunLosses:
    """Losses of batches, raw and smoothed, and of evaluations, over steps counted from 1."""

    def __init__(self, window: float = 1) -> None:
        self.batches = Buckets()
        self.smoothed = Smoothed(self.batches, window)
        self.training = Buckets()
        self.validation = Buckets()
        self.batches_per_epoch: float | None = None
        self.last_step = 0

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not len(self.batches) and not len(self.validation) and not len(self.training)

    def extend(self, steps: Sequence[int] | Numbers, losses: Sequence[float] | Numbers) -> None:
        """Append the losses of batches."""
        if len(steps):
            self.batches.extend(steps, losses)
            self.last_step = max(self.last_step, int(steps[-1]))

    def evaluate(self, step: int, epoch: float | None, training: float, validation: float) -> None:
        """Append an evaluation; a step and its epoch tell how many batches an epoch has."""
        self.training.extend([step], [training])
        self.validation.extend([step], [validation])
        self.last_step = max(self.last_step, step)
        if epoch:
            self.batches_per_epoch = step / epoch

    def evaluate_all(self, evaluations: Iterable[tuple[int, float | None, float, float]]) -> None:
        """Append evaluations (step, epoch, training loss, validation loss) at once."""
        table = np.array([[np.nan if value is None else value for value in row] for row in evaluations], dtype=float)
        if not len(table):
            return
        steps, epochs, training, validation = table.T
        self.training.extend(steps, training)
        self.validation.extend(steps, validation)
        self.last_step = max(self.last_step, int(steps[-1]))
        known = np.flatnonzero(np.nan_to_num(epochs) > 0)
        if len(known):
            self.batches_per_epoch = float(steps[known[-1]] / epochs[known[-1]])

    def line(self, name: str) -> Buckets | Smoothed:
        """One of the lines 'batch', 'smoothed', 'training', 'validation'."""
        lines: dict[str, Buckets | Smoothed] = {"batch": self.batches, "smoothed": self.smoothed,
                                                "training": self.training, "validation": self.validation}
        return lines[name]
