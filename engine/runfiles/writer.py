"""What is written of a training: each event becomes tasks, small enough that one that failed can simply be repeated."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine import storage
from engine.events import Checkpoint, Diverged, Evaluation, Event, Finished, Intervention, Snapshot, Step
from engine.run import Run
from engine.runfiles import history, journal, records, tensorfile
from engine.runfiles.saving import Saved, Thinned, Told

log = logging.getLogger(__name__)

Task = Callable[[], tuple[Told, ...]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how much is written."""

    line_s: float = 0.5
    """Seconds between two records of metrics, checkpoints apart."""
    visit_s: float = 0.5
    """Seconds between two visits to the history; what would be thinned in between is never written."""
    snapshots: int = 200
    snapshot_bytes: int = 1_000_000_000


class Writer:
    """Writes into one run folder, which may change between tasks."""

    def __init__(self, run: Run, where: Mapping[str, Any], limits: Limits) -> None:
        self.folder = run.folder
        self.tasks: deque[Task] = deque([self._begin])
        self.step = run.state.step
        """Of the newest event."""
        self.kept_step: int | None = None
        """Of the newest checkpoint that is safe."""
        self.needed = 0
        """Bytes of what is being written."""
        self._where, self._limits, self._keep = where, limits, run.experiment.train.keep
        self._state = run.state
        self._record = journal.Record()
        self._newest_step: Step | None = None
        self._metrics_end = 0
        self._snapshots: list[Snapshot] = []
        self._verified: set[str] = set()
        self._best_step: int | None = None
        self._line_s = self._visit_s = float("-inf")

    def _begin(self) -> tuple[Told, ...]:
        """Make the folder what it was at the checkpoint that the training goes on from."""
        for name in (history.HISTORY, history.CHECKPOINTS):
            storage.make_folder(self.folder / name)
            storage.remove_leftovers(self.folder / name)
        storage.remove_leftovers(self.folder)
        verified = history.verified(self.folder)
        self._verified = set(verified)
        point: Mapping[str, Any] = max(verified.values(), key=lambda values: values["step"], default={})
        self.kept_step, self._best_step = point.get("step"), point.get("best_step")
        self._metrics_end = journal.cut(self.folder / journal.NAME, point.get("step", 0), point.get("metrics_bytes", 0))
        self._update(status="running", error="", reason="", **_reached(point))
        return self._put_state()

    def go_on_in(self, folder: Path, verified: Mapping[str, Mapping[str, Any]]) -> None:
        """Write into another folder from here on, where only these checkpoints (name -> metadata) have come."""
        self.folder, self._verified = folder, set(verified)
        self.kept_step = max((values["step"] for values in verified.values()), default=None)

    def plan(self, event: Event) -> None:
        """Take in an event and queue what is to be written of it."""
        self.step = event.step
        match event:
            case Step():
                self._record.add(event)
                self._newest_step = event
            case Evaluation():
                self._record.add(event)
                self._update(training_loss=event.training_loss, validation_loss=event.validation_loss,
                             training_accuracy=event.training_accuracy, validation_accuracy=event.validation_accuracy)
            case Intervention():
                self._record.add(event)
                self._update(interventions=self._state.interventions + 1, changed_step=event.step)
                self.tasks.append(self._forget_later_snapshots)
            case Snapshot():
                self._snapshots += [event] if event.kept else []
            case Checkpoint():
                self._plan_checkpoint(event)
            case Diverged():
                self._update(status="diverged", step=event.step, loss=event.loss, learning_rate=event.learning_rate,
                             kept_step=event.kept_step)
                self._plan_end()
            case Finished():
                self._finish(event)
                self._plan_end()

    def plan_what_is_due(self) -> None:
        """Queue what has waited long enough."""
        now = time.monotonic()
        if self._record and now - self._line_s >= self._limits.line_s:
            self._plan_line()
        if self._snapshots and now - self._visit_s >= self._limits.visit_s:
            self.tasks.append(self._visit_history)

    def fail(self, error: Exception) -> None:
        """Note, as far as the disk lets us, that the training ended with an error."""
        text = str(error).strip().partition("\n")[0]
        named = text if hasattr(error, "code") else f"{type(error).__name__}: {text}" if text else type(error).__name__
        self._update(status="failed", step=self.step, error=named)
        with contextlib.suppress(OSError):
            self._put_state()

    def give_up(self) -> None:
        """Note, as far as the disk lets us, that it was stopped because it could not be saved; forget the rest."""
        self.tasks.clear()
        self._record, self._snapshots = journal.Record(), []
        self._update(status="stopped", step=self.kept_step or 0)
        with contextlib.suppress(OSError):
            self._put_state()

    def leave(self) -> None:
        """Write the last losses, for whoever looks at a run that ended early; resuming cuts them off again."""
        if self._record and not self.tasks:
            with contextlib.suppress(OSError):
                self._append(self._record.line())

    def stopped_by(self, reason: str) -> None:
        """Keep who asked to stop, for the status."""
        self._update(reason=reason)

    # Plans

    def _plan_line(self) -> None:
        """Queue one record of everything told since the last."""
        self.tasks.append(partial(self._append, self._record.line()))
        self._record = journal.Record()
        self._line_s = time.monotonic()

    def _plan_checkpoint(self, event: Checkpoint) -> None:
        """Metrics and snapshots first, then the checkpoint that relies on them, and the old ones go when it is safe."""
        metrics_end = self._metrics_end
        if self._record:
            metrics_end += len(self._record.line()) + 1
            self._plan_line()
        if event.best:
            self._best_step = event.step
            self._update(best_step=event.step, best_epoch=event.epoch)
        metadata = {"kind": "checkpoint", "schema": records.SCHEMA, "step": event.step, "epoch": event.epoch,
                    "best_step": self._best_step, "metrics_bytes": metrics_end, **self._where,
                    "values": dict(event.state.values)}
        data = tensorfile.pack(event.state.tensors, metadata)
        self._update(step=event.step, epoch=event.epoch, checkpoint_bytes=len(data),
                     checkpoint=history.checkpoint_path(self.folder, event.step).name)
        self.tasks += [self._sync_metrics, self._visit_history, partial(self._put_checkpoint, event, data),
                       self._put_state, self._prune]

    def _plan_end(self) -> None:
        """Queue the last record and the last state."""
        if self._record:
            self._plan_line()
        self.tasks += [self._sync_metrics, self._visit_history, self._forget_later_snapshots, self._put_state]

    def _finish(self, event: Finished) -> None:
        """Keep the final numbers for the state."""
        self._update(status=event.reason, step=event.step, epoch=event.epoch, training_loss=event.training_loss,
                     validation_loss=event.validation_loss, test_loss=event.test_loss, best_step=event.best_step,
                     best_epoch=event.best_epoch, elapsed_s=event.elapsed_s, images_per_second=event.images_per_second,
                     training_accuracy=event.training_accuracy, validation_accuracy=event.validation_accuracy,
                     test_accuracy=event.test_accuracy)

    def _update(self, **values: Any) -> None:
        """Change the state; cheap enough for every epoch, not for every batch."""
        if told := self._newest_step:
            values = {"elapsed_s": told.elapsed_s, "images_per_second": told.images_per_second, **values}
        self._state = self._state.model_copy(update=values)

    # Tasks

    def _append(self, line: bytes) -> tuple[Told, ...]:
        self.needed = len(line)
        self._metrics_end = storage.append_line(self.folder / journal.NAME, line, self._metrics_end)
        return ()

    def _sync_metrics(self) -> tuple[Told, ...]:
        with contextlib.suppress(FileNotFoundError):  # nothing has been told, or the next write finds the folder gone
            storage.sync(self.folder / journal.NAME)
        return ()

    def _put_state(self) -> tuple[Told, ...]:
        records.write_state(self.folder, self._state)
        return ()

    def _put_checkpoint(self, event: Checkpoint, data: bytes) -> tuple[Told, ...]:
        """Make a checkpoint durable; a damaged one of the same step is set aside."""
        self.needed = len(data)
        path = history.checkpoint_path(self.folder, event.step)
        storage.make_folder(path.parent)
        if path.exists() and path.name not in self._verified:
            storage.set_aside(path)
        storage.write_atomic(path, data)
        self._verified.add(path.name)
        self.kept_step = event.step
        return (Saved("checkpoint", event.step, event.epoch, path),)

    def _prune(self) -> tuple[Told, ...]:
        try:
            history.prune(self.folder, self._verified, self._best_step)
        except OSError as error:  # the new one is safe; the next save tries again
            log.warning("old checkpoints could not be deleted", exc_info=error)
        return ()

    def _visit_history(self) -> tuple[Told, ...]:
        """Queue, to be done next, the writing of snapshots that stay and the deletion of those that do not."""
        coming = {snapshot.step: snapshot for snapshot in self._snapshots}
        present = [file for file in history.snapshots(self.folder, self._keep) if file.step not in coming]
        files = sorted((*present, *map(self._file, coming.values())), key=lambda file: file.step)
        gone = {file.step for file in history.to_thin(files, self._limits.snapshots, self._limits.snapshot_bytes)}
        stay = [snapshot for step, snapshot in coming.items() if step not in gone]
        tasks: list[Task] = [partial(self._put_snapshot, snapshot) for snapshot in stay]
        tasks.append(partial(self._thin, [file.path for file in present if file.step in gone]))
        self.tasks.extendleft(reversed(tasks))
        self._snapshots, self._visit_s = [], time.monotonic()
        return ()

    def _file(self, snapshot: Snapshot) -> history.SnapshotFile:
        """A snapshot as the file it is to become."""
        path = history.snapshot_path(self.folder, snapshot.step, snapshot.epoch)
        size = sum(tensor.nbytes for tensor in snapshot.weights.values())
        pinned = history.is_pinned(snapshot.epoch, self._keep)
        return history.SnapshotFile(snapshot.step, snapshot.epoch, path, pinned, size)

    def _put_snapshot(self, snapshot: Snapshot) -> tuple[Told, ...]:
        path = history.snapshot_path(self.folder, snapshot.step, snapshot.epoch)
        data = tensorfile.pack(snapshot.weights, {"kind": "snapshot", "schema": records.SCHEMA, "step": snapshot.step,
                                                  "epoch": snapshot.epoch})
        self.needed = len(data)
        storage.make_folder(path.parent)
        storage.write_atomic(path, data)
        return (Saved("snapshot", snapshot.step, snapshot.epoch, path),)

    def _forget_later_snapshots(self) -> tuple[Told, ...]:
        """After a resume the history may hold steps that this training has not reached and now never will."""
        return self._thin([file.path for file in history.snapshots(self.folder) if file.step > self.step])

    def _thin(self, paths: list[Path]) -> tuple[Told, ...]:
        """Delete snapshots; what cannot be deleted is tried again with the next."""
        try:
            for path in paths:
                storage.remove(path)
        except OSError as error:
            log.warning("old snapshots could not be deleted", exc_info=error)
        return (Thinned(tuple(paths)),) if paths else ()


def _reached(point: Mapping[str, Any]) -> dict[str, Any]:
    """What the state says of a training at a checkpoint, given by its metadata; {}: before the first."""
    values: Mapping[str, Any] = point.get("values", {})
    changes, best_step = values.get("interventions", ()), point.get("best_step")
    batches = values.get("batches_per_epoch")
    return {"step": point.get("step", 0), "epoch": point.get("epoch", 0.0), "best_step": best_step,
            "best_epoch": best_step / batches if best_step is not None and batches else None,
            "interventions": len(changes), "changed_step": changes[-1]["step"] if changes else None,
            "elapsed_s": values.get("elapsed_s", 0.0),
            **{f"{split}_{what}": values.get(f"{split}_{what}") for what in ("loss", "accuracy")
               for split in ("training", "validation", "test")}}
