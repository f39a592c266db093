"""How far one's runs come up to a report: read on the question thread, without weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine import reports
from engine.experiment import Experiment
from engine.reports import Found, Report
from engine.run import Run
from gui.models import SnapshotHandle
from gui.shown import handles_of


@dataclass(frozen=True)
class Standing:
    """One experiment of a report with the run that answers to it and the snapshots of that."""

    found: Found
    handles: tuple[SnapshotHandle, ...] = ()

    @property
    def title(self) -> str:
        """What the report calls it."""
        return self.found.entry.title

    @property
    def signature(self) -> tuple[Any, ...]:
        """Changes when a figure of it has to be drawn anew."""
        compared = self.found.compared
        evaluations = len(compared.evaluations) if compared else 0
        return (self.found.status, self.found.run, evaluations,
                tuple((handle.path, handle.step) for handle in self.handles))

    def at_step(self, step: int) -> SnapshotHandle | None:
        """The snapshot after so many batches; None where it is not kept."""
        return next((handle for handle in self.handles if handle.step == step), None)

    def at_epoch(self, epoch: float) -> SnapshotHandle | None:
        """The snapshot after so many epochs; None where it is not kept."""
        return next((handle for handle in self.handles if abs(handle.epoch - epoch) < 1e-6), None)


def read(report: Report, runs: Sequence[Run], waiting: Sequence[Experiment]) -> dict[str, Standing]:
    """By preset, every experiment of a report."""
    return {it.entry.preset: Standing(it, handles_of(it.run) if it.run else ())
            for it in reports.found(report, runs, waiting)}
