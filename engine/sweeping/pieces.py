"""How long a piece of a training is: so long that little is lost when it is, and that handing it out costs little."""

from __future__ import annotations

from engine.sweep import Sweep, Trial
from engine.sweeping.piece import Done

PIECE_S = 30.0
SHORT_EPOCHS = 5
"""A training of so few epochs is one piece while nothing is known of its speed."""
LOOKS = 10
"""So often a training is looked at that may be ended early."""


class Pieces:
    """The length of pieces, from the speed of those that came back."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._epoch_s: dict[int, float] = {}
        self._latest_s: float | None = None

    def until(self, trial: Trial, done: int) -> int:
        """The epoch that the next piece ends with, counted from the beginning of the training."""
        return min(trial.experiment.train.epochs, done + self._length(trial))

    def _length(self, trial: Trial) -> int:
        epochs = trial.experiment.train.epochs
        if self._sweep.piece_epochs:
            return self._sweep.piece_epochs
        if self._sweep.prunes:
            return max(1, epochs // LOOKS)
        epoch_s = self._epoch_s.get(trial.number, self._latest_s)
        if epoch_s is None:
            return epochs if epochs <= SHORT_EPOCHS else 1
        return max(1, int(PIECE_S / max(1e-6, epoch_s)))

    def note(self, trial: Trial, done: Done) -> float:
        """A piece came back; -> which share of the whole training it was."""
        if done.epochs > 0:
            self._latest_s = self._epoch_s[trial.number] = done.took_s / done.epochs
        epochs = trial.experiment.train.epochs
        return done.epochs / epochs if epochs else 1.0
