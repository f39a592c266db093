"""The experiment in the form: replaced, never edited, with undo and redo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine import experiment as experiments
from engine import shapes
from engine.experiment import Experiment
from engine.fields import ExperimentError, Problem, Remedy

UNDO_STEPS = 500
"""How many edits can be undone; an experiment is a few kilobytes."""


class Draft(QObject):
    """What Train would start.

    Attributes: ``experiment``; ``problems``, everything that keeps it from being trained. Signals: ``changed``
    (Experiment), after which the attributes hold the new values.
    """

    changed = Signal(object)

    def __init__(self, experiment: Experiment | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.experiment = experiment or Experiment()
        self.problems: tuple[Problem, ...] = shapes.problems(self.experiment)
        self._undo: list[Experiment] = []
        self._redo: list[Experiment] = []
        self._merged: frozenset[str] = frozenset()

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to take back."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to repeat."""
        return bool(self._redo)

    @property
    def plan(self) -> shapes.Plan:
        """The layers of the experiment as far as they fit."""
        return shapes.plan(self.experiment)

    def set(self, path: str, value: Any, merge: bool = False) -> tuple[Problem, ...]:
        """Change one field; returns what keeps the value from being taken, and then changes nothing."""
        return self.set_many({path: value}, merge)

    def set_many(self, changes: Mapping[str, Any], merge: bool = False) -> tuple[Problem, ...]:
        """Change fields in one edit; with ``merge`` (a drag) it is undone together with the same fields' last edit."""
        try:
            self.replace(experiments.replaced(self.experiment, changes), frozenset(changes) if merge else frozenset())
        except ExperimentError as error:
            return error.problems
        return ()

    def replace(self, experiment: Experiment, merged: frozenset[str] = frozenset()) -> None:
        """Take another experiment as one edit."""
        if experiment == self.experiment:
            return
        if not (merged and merged == self._merged and self._undo):
            self._undo = [*self._undo, self.experiment][-UNDO_STEPS:]
        self._redo = []
        self._merged = merged
        self._show(experiment)

    def end_merge(self) -> None:
        """A drag ended: the next edit is undone by itself."""
        self._merged = frozenset()

    def apply(self, remedy: Remedy) -> tuple[Problem, ...]:
        """Do what a problem's remedy says."""
        return self.set_many(remedy.changes)

    def undo(self) -> None:
        """Take the last edit back."""
        if self._undo:
            self._redo.append(self.experiment)
            self._merged = frozenset()
            self._show(self._undo.pop())

    def redo(self) -> None:
        """Repeat the edit taken back last."""
        if self._redo:
            self._undo.append(self.experiment)
            self._merged = frozenset()
            self._show(self._redo.pop())

    def _show(self, experiment: Experiment) -> None:
        self.experiment = experiment
        self.problems = shapes.problems(experiment)
        self.changed.emit(experiment)
