"""A run as it lies on disk: a cheap handle on its folder, and a status that is derived, never believed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine import storage
from engine.experiment import Experiment
from engine.runfiles import history, journal, lock, records
from engine.runfiles.notices import DamagedFile, NewerVersion, Notice, RunError, number_text, reason
from engine.runfiles.records import Notes, RunInfo, RunState

Status = Literal["new", "running", "finished", "interrupted", "stopped", "failed", "diverged", "damaged"]


@dataclass(frozen=True)
class Run:
    """A run folder; every property is read from disk when asked for, and from memory while the file is unchanged."""

    folder: Path

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def title(self) -> str:
        """The user's name for it, else the folder's; ``runs.titles`` tells a whole list apart."""
        return self.notes.name or self.name

    @property
    def experiment(self) -> Experiment:
        """Everything that determines it. Raises RunError when it cannot be read."""
        return records.experiment(self.folder)

    @property
    def settings(self) -> Mapping[str, Any]:
        """The same by dotted path, as plain values, quicker. Raises RunError when they cannot be read."""
        return records.settings(self.folder)

    @property
    def info(self) -> RunInfo:
        """What it was made with. Raises RunError when it cannot be read."""
        return records.info(self.folder)

    @property
    def state(self) -> RunState:
        """How far it has come; an unreadable file is an empty one, since nothing rests on it."""
        return records.state(self.folder)

    @property
    def notes(self) -> Notes:
        """What the user wrote; empty when there is nothing or it cannot be read."""
        return records.notes(self.folder) or Notes()

    @property
    def problem(self) -> Notice | None:
        """Why its settings cannot be read, if so: 'settings unreadable: line 3'."""
        return records.settings_problem(self.folder)

    @property
    def newer(self) -> Notice | None:
        """Set when a later version of the application made it: it is read and never written."""
        if self.problem is not None or self.info.schema_version <= records.SCHEMA:
            return None
        made, this = self.info.version, records.application_version()
        return Notice("run.newer", f"Made with version {made}; this is {this}. Open read-only?",
                      {"made": made, "this": this})

    def refuse_newer(self) -> None:
        """Raise NewerVersion for a run that must never be rewritten."""
        if newer := self.newer:
            raise NewerVersion(newer.code, newer.message, **newer.values)

    @property
    def read_only(self) -> Notice | None:
        """Why this process may not train or change it; None when it may."""
        if self.problem or self.newer:
            return self.problem or self.newer
        holder = lock.holder(self.folder)
        if holder is not None and holder != lock.this_process():
            return lock.refusal(holder).notice
        if not os.access(self.folder, os.W_OK):
            return Notice("folder.readonly", f"Cannot write to {self.folder} (permission denied).",
                          {"folder": str(self.folder)})
        return None

    @property
    def writable(self) -> bool:
        """Whether this process may train and change it."""
        return self.read_only is None

    @property
    def status(self) -> Status:
        """What became of it, derived from lock, checkpoints and state."""
        return self.condition[0]

    @property
    def status_text(self) -> str:
        """The same for people, in English; ``condition`` has code and values."""
        return self.condition[1].message

    @property
    def condition(self) -> tuple[Status, Notice]:
        """Status and what to say about it; a folder that cannot be read is damaged, and no error."""
        try:
            return self._condition()
        except OSError as error:
            return "damaged", Notice("file.unreadable", f"{self.name} cannot be read ({reason(error)}).",
                                     {"name": self.name, "detail": reason(error)})

    def _condition(self) -> tuple[Status, Notice]:
        """The same. Raises OSError."""
        if problem := self.problem:
            return "damaged", problem
        holder = lock.holder(self.folder)
        if holder is not None and holder.here:
            return "running", Notice("run.running", "Training", {"pid": holder.pid})
        status, notice = _outcome(self)
        return (status, lock.refusal(holder).notice) if holder is not None else (status, notice)

    @property
    def best_step(self) -> int | None:
        """Step with the lowest validation loss so far."""
        return self.state.best_step

    def metrics(self) -> journal.Metrics:
        """Its curves. Raises DamagedFile when the file cannot be opened; damaged lines are listed in them."""
        return journal.read(self.folder / journal.NAME)

    def snapshots(self) -> tuple[history.SnapshotFile, ...]:
        """Its timeline, by step."""
        try:
            keep = self.experiment.train.keep
        except RunError:
            keep = ()
        return history.snapshots(self.folder, keep)

    def checkpoints(self) -> tuple[history.CheckpointFile, ...]:
        """Its checkpoints by step, damaged ones included."""
        return history.checkpoints(self.folder)

    def resume_point(self) -> tuple[history.CheckpointFile, Mapping[str, Any]] | None:
        """The newest checkpoint that verifies, with its metadata; None when there is none."""
        for file in reversed(self.checkpoints()):
            try:
                return file, storage.verify(file.path)
            except DamagedFile:
                continue
        return None


def _outcome(run: Run) -> tuple[Status, Notice]:
    """What became of a run that nobody here is training."""
    state = run.state
    match state.status:
        case "finished" if _last_checkpoint_is_there(run.folder, state):
            return "finished", Notice("run.finished", "Finished", {"epoch": state.epoch})
        case "stopped":
            who = "" if state.reason in ("", "user", "close", "pruned") else " by the system"
            return "stopped", Notice(f"run.stopped{'.system' if who else ''}", f"Stopped{who} at step {state.step}",
                                     {"step": state.step})
        case "failed":
            return "failed", Notice("run.failed", f"Failed at step {state.step}: {state.error}",
                                    {"step": state.step, "error": state.error})
        case "diverged":
            return "diverged", diverged(state.step, state.learning_rate, state.loss, state.kept_step)
    checkpoints = run.checkpoints()
    if state.status is None and not checkpoints and not (run.folder / journal.NAME).exists():
        return "new", Notice("run.new", "Not started")
    step = max([state.step if state.status else 0, *(file.step for file in checkpoints)])
    return "interrupted", Notice("run.interrupted", f"Interrupted at step {step}", {"step": step})


def diverged(step: int, learning_rate: float, loss: float | None, kept_step: int) -> Notice:
    """What to say about a loss that is not finite."""
    became = "infinite" if loss is not None and abs(loss) == float("inf") else "NaN"
    rate = number_text(learning_rate)
    return Notice("run.diverged", f"The loss became {became} at step {step} (learning rate {rate} is likely too high). "
                  f"Step {kept_step} is kept.",
                  {"step": step, "learning_rate": learning_rate, "kept_step": kept_step, "became": became})


def _last_checkpoint_is_there(folder: Path, state: RunState) -> bool:
    """Whether the checkpoint a finished run ended with is there, as long as it was, and not known to be damaged."""
    path = folder / history.CHECKPOINTS / state.checkpoint
    return bool(state.checkpoint) and storage.stamp(path)[1] == state.checkpoint_bytes > 0 \
        and not storage.known_damaged(path)
