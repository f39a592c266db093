"""Which trainings of a sweep are still to be done, in which order, and what the study hears of those that are."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from engine import storage, sweep
from engine.answers import Pictures
from engine.dataspec import Data
from engine.run import Run
from engine.runfiles.notices import RunError
from engine.sweep import Sweep, Trial
from engine.sweeping import results
from engine.sweeping.folder import SweepFolder
from engine.sweeping.results import Row
from engine.sweeping.study import Study

log = logging.getLogger(__name__)

TO_DO = ("pending", "new", "interrupted", "damaged")


class Plan:
    """What is pending, what was drawn, and what is done."""

    def __init__(self, folder: SweepFolder, settings: Sweep) -> None:
        """Raises StudyError, and DamagedFile where what was drawn cannot be read."""
        self.folder, self._sweep = folder, settings
        self._study = Study(folder.folder, settings)
        self._drawn = folder.drawn() if settings.drawn else {}
        known = sweep.trials(settings) if not settings.drawn else [
            trial for cell in sorted(self._drawn) for trial in sweep.of_cell(settings, cell, self._drawn[cell])]
        self._trials: dict[int, Trial] = {}
        self._mates: dict[int, list[int]] = {}
        for trial in known:
            self._add(trial)
        remembered = folder.results()
        self.pictures = remembered.pictures
        """Of trainings that were over before, by number."""
        self._rows = {trial.number: remembered.row(trial, folder.run_of(trial)) for trial in known}
        self._fresh: list[Trial] = []
        self._pending = deque(trial for trial in known if self._rows[trial.number].status in TO_DO)
        self._unremembered: list[tuple[Row, Trial, Pictures | None]] = []
        self._has_original = results.ORIGINAL in self.pictures
        self._remember_impossible(trial for trial in known if trial.number not in remembered.rows)
        self._catch_up()

    def _add(self, trial: Trial) -> None:
        """Know a training, and which others it shares its cell with."""
        self._trials[trial.number] = trial
        self._mates.setdefault(trial.cell, []).append(trial.number)

    def close(self) -> None:
        """Let go of the study."""
        self._study.close()

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Every training that is known."""
        return tuple(self._trials.values())

    def rows(self) -> tuple[Row, ...]:
        """The table of now."""
        return tuple(self._rows.values())

    def row(self, trial: Trial) -> Row:
        """The row of a training, as it is known."""
        return self._rows[trial.number]

    def take_drawn(self) -> tuple[Trial, ...]:
        """The trainings that were drawn since this was asked last."""
        drawn, self._fresh = tuple(self._fresh), []
        return drawn

    def _remember_impossible(self, trials: Iterable[Trial]) -> None:
        """Note those that cannot be: they are over before they begin."""
        for trial in trials:
            if trial.problems:
                with suppress(OSError):
                    self.folder.remember(self._rows[trial.number], trial, None)

    def look_again(self) -> None:
        """Read anew the rows of what is not over: of trainings that were left, their runs tell how far they are."""
        for number, row in self._rows.items():
            if not row.over:
                self._rows[number] = self.folder.row(self._trials[number])

    def fingerprints(self) -> dict[Data, str]:
        """Of the images that trainings here have begun with: what goes on later is to use the same."""
        found: dict[Data, str] = {}
        for number, row in self._rows.items():
            data = self._trials[number].experiment.data
            if row.folder is not None and not found.get(data):
                with suppress(RunError):
                    found[data] = Run(row.folder).info.data_fingerprint
        return found

    @property
    def images(self) -> int:
        """How many different sets of images the trainings use."""
        return len({trial.experiment.data for trial in self._trials.values()})

    @property
    def left(self) -> int:
        """How many trainings are to be begun."""
        undrawn = (self._sweep.trials - len(self._drawn)) * max(1, len(self._sweep.seeds)) if self._draws else 0
        return len(self._pending) + undrawn

    @property
    def more(self) -> bool:
        """Whether any training is still to be begun."""
        return bool(self._pending) or self._draws

    @property
    def _draws(self) -> bool:
        """Whether combinations are still to be drawn."""
        return self._sweep.drawn and len(self._drawn) < self._sweep.trials

    def next(self) -> Trial | None:
        """The next training to begin; None when there is none."""
        while self.more:
            if self._pending:
                return self._pending.popleft()
            self._draw()
        return None

    def _draw(self) -> None:
        """The next combination, with its trainings; of one that cannot be the study hears at once. Raises OSError."""
        cell = len(self._drawn)
        values = self._study.ask(cell)
        self.folder.note_drawn(cell, values)
        self._drawn[cell] = values
        made = sweep.of_cell(self._sweep, cell, values)
        for trial in made:
            self._add(trial)
            self._rows[trial.number] = self.folder.row(trial)
            if not trial.problems:
                self._pending.append(trial)
        self._fresh += made
        self._remember_impossible(made)
        self._tell(cell)

    def reached(self, trial: Trial) -> tuple[bytes, int]:
        """The checkpoint that a training goes on from, and its whole epochs; nothing for one that begins.

        What has no usable checkpoint any more is put aside, not deleted, and begins anew. Raises OSError.
        """
        run = self.folder.run_of(trial)
        if not run.folder.is_dir():
            return b"", 0
        ours = not run.problem and run.experiment == trial.experiment
        if ours and (point := run.resume_point()) is not None:
            return point[0].path.read_bytes(), int(point[1]["epoch"])
        if not ours or _begun(run):
            storage.set_aside(run.folder)
        return b"", 0

    def prunes(self, trial: Trial, evaluations: Iterable[tuple[float, float]]) -> bool:
        """Whether a training does worse than the others did so far, and is to be ended."""
        return self._sweep.prunes and self._study.prunes(trial.cell, evaluations)

    def finish(self, trial: Trial, row: Row, picture: Pictures | None, pruned: bool = False) -> None:
        """A training is over. What cannot be noted now is noted with the next: its run says the same."""
        self._rows[trial.number] = row
        self._unremembered.append((row, trial, picture))
        try:
            while self._unremembered:
                self.folder.remember(*self._unremembered[0])
                del self._unremembered[0]
        except OSError:
            log.warning("results could not be noted", exc_info=True)
        self._tell(trial.cell, pruned)

    def note_original(self, picture: Pictures | None) -> None:
        """Keep what the probe image is to look like, once; without it the views only lack it."""
        if picture is not None and not self._has_original:
            self._has_original = True
            with suppress(OSError):
                results.remember_original(self.folder.folder, picture)

    def _tell(self, cell: int, pruned: bool = False) -> None:
        """Tell the study of a cell once all its seeds are done: their mean loss."""
        mates = [self._rows[number] for number in self._mates[cell]]
        if not all(row.over for row in mates):
            return
        losses = [row.validation_loss for row in mates if row.status == "finished" and row.validation_loss is not None]
        mean = sum(losses) / len(losses) if len(losses) == len(mates) else None
        try:
            self._study.tell(cell, self._values(mates[0]), mean, pruned)
        except Exception:  # whatever SQLAlchemy and its driver raise; the runs know it, and the next start tells it
            log.warning("the study could not be told of cell %d", cell, exc_info=True)

    def _values(self, row: Row) -> dict[str, Any]:
        """What the study calls a cell by."""
        names = self._sweep.fields or ("name",)
        return {name: row.values[name] for name in names if name in row.values}

    def _catch_up(self) -> None:
        """Tell the study what it has not heard before a crash, or when it was lost."""
        self._study.tidy()
        known = self._study.finished()
        for cell in sorted(self._mates.keys() - known):
            if self._sweep.drawn:
                self._study.ask(cell, self._drawn[cell])
            self._tell(cell)


def _begun(run: Run) -> bool:
    """Whether there is anything of a training in a run's folder, even if it cannot be read."""
    try:
        return bool(run.checkpoints() or len(run.metrics().step_index))
    except RunError:
        return True
