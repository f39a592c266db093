"""A sweep as it lies on disk: a folder among the runs, with its settings, its study, and a run for each trial."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine import storage, sweep
from engine.answers import Pictures
from engine.fields import ExperimentError
from engine.run import Run
from engine.runfiles.notices import RunError
from engine.sweep import Sweep, Trial, identity
from engine.sweeping import results
from engine.sweeping.results import Results, Row

SETTINGS, TRIALS, CELLS = "sweep.toml", "trials", "cells.jsonl"


@dataclass(frozen=True)
class SweepFolder:
    """A handle on the folder of a sweep; nothing is read before it is asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def sweep(self) -> Sweep:
        """What it is. Raises ExperimentError, OSError."""
        return sweep.load(self.folder / SETTINGS)

    def trials(self) -> tuple[Trial, ...]:
        """Every training that is known: all of a grid, of a drawn sweep those that were drawn. Raises as ``sweep``."""
        settings = self.sweep
        if not settings.drawn:
            return sweep.trials(settings)
        drawn = self.drawn()
        return tuple(trial for cell in sorted(drawn) for trial in sweep.of_cell(settings, cell, drawn[cell]))

    def run_of(self, trial: Trial) -> Run:
        """The run of a trial, there or not."""
        return Run(self.folder / TRIALS / run_name(trial.number))

    def results(self) -> Results:
        """What is remembered of the trainings that are over."""
        return results.read(self.folder)

    def rows(self, trials: Iterable[Trial]) -> tuple[Row, ...]:
        """The table, as far as the trials have come."""
        known = self.results()
        return tuple(known.row(trial, self.run_of(trial)) for trial in trials)

    def row(self, trial: Trial) -> Row:
        """One row, as the run's folder says it now."""
        return results.row_of(trial, self.run_of(trial))

    def remember(self, row: Row, trial: Trial, picture: Pictures | None) -> None:
        """Keep the row of a training that is over, durably. Raises OSError."""
        results.remember(self.folder, row, self.run_of(trial), picture)

    def progress(self) -> tuple[int, int]:
        """How many trainings are remembered as over, and how many there are. Raises as ``sweep``, and DamagedFile."""
        return results.count(self.folder), _total(self.folder / SETTINGS, storage.stamp(self.folder / SETTINGS))

    def drawn(self) -> dict[int, Mapping[str, Any]]:
        """Cell -> values, of a sweep whose combinations are drawn. Raises DamagedFile."""
        return {int(record["cell"]): dict(record["values"])
                for _, record in storage.read_lines(self.folder / CELLS).records}

    def note_drawn(self, cell: int, values: Mapping[str, Any]) -> None:
        """Remember what was drawn for a cell, durably. Raises OSError."""
        line = json.dumps({"cell": cell, "values": dict(values)}, sort_keys=True).encode()
        storage.append_line(self.folder / CELLS, line)
        storage.sync(self.folder / CELLS)


@lru_cache(maxsize=1000)
def _total(path: Path, stamp: tuple[int, ...]) -> int:
    """The trainings of the sweep in a file, while that does not change. Raises ExperimentError, OSError."""
    return sweep.count(sweep.load(path))


def run_name(number: int) -> str:
    """Folder of a trial's run: '00042'."""
    return f"{number:05}"


def create(runs_dir: Path, settings: Sweep) -> SweepFolder:
    """A new folder for a sweep. Raises NotWritable."""
    from engine.runs import check_writable

    check_writable(runs_dir)
    slug = re.sub(r"[^\w-]+", "-", settings.name).strip("-_")[:60] or "sweep"

    def fill(folder: Path) -> None:
        storage.write_atomic(folder / SETTINGS, sweep.to_toml(settings).encode())
        storage.make_folder(folder / TRIALS)

    return SweepFolder(storage.new_folder(runs_dir, f"{datetime.now().astimezone():%Y-%m-%d_%H-%M-%S}_{slug}", fill))


def list_sweeps(runs_dir: Path) -> tuple[SweepFolder, ...]:
    """The sweeps of a folder of runs, the newest first."""
    try:
        names = [name for name, _ in storage.listing(runs_dir) if not name.startswith(".")]
    except (OSError, ValueError):
        return ()
    return tuple(SweepFolder(runs_dir / name) for name in sorted(names, reverse=True)
                 if (runs_dir / name / SETTINGS).is_file())


def newest_of(settings: Sweep, runs_dir: Path) -> SweepFolder | None:
    """The newest sweep of a folder of runs that trains the same networks as this one; None where there is none."""
    wanted = identity(settings)
    for folder in list_sweeps(runs_dir):
        with suppress(ExperimentError, OSError):
            if identity(folder.sweep) == wanted:
                return folder
    return None


def open_sweep(name: str | Path, runs_dir: Path) -> SweepFolder:
    """A sweep by its folder, or by its name in the folder of runs. Raises RunError."""
    for folder in (runs_dir / name, Path(name)):
        if str(name) and (folder / SETTINGS).is_file():
            return SweepFolder(folder)
    raise RunError("sweep.missing", f"There is no sweep {name} in {runs_dir}.", name=str(name))
