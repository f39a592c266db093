"""Saving as a generator around a generator: what a training tells is written as it passes, and handed on.

A write that fails does not end the training: ``SaveFailed`` is yielded, and each time the generator is advanced the
same bytes are tried again, unless the inbox says to save elsewhere or to stop.
"""

from __future__ import annotations

import contextlib
import logging
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import storage
from engine.events import Event, Finished
from engine.inbox import Inbox, Stop
from engine.run import Run
from engine.runfiles import history, lock, records
from engine.runfiles.notices import NoCheckpoint, RunError, not_writable, reason
from engine.runfiles.saving import VANISHED, Moved, RetrySave, SaveElsewhere, SaveFailed, Told
from engine.runfiles.writer import Limits, Writer

log = logging.getLogger(__name__)


def record(run: Run, events: Iterator[tuple[Event, ...]], inbox: Inbox | None = None, *, device: str | None = None,
           threads: int | None = None, limits: Limits | None = None) -> Iterator[tuple[Told, ...]]:
    """Write what a training (fresh, or resumed from the run's newest checkpoint) tells, and hand it on.

    ``device`` and ``threads`` are those it has, when they are not those the run began with. The run is locked
    meanwhile. Raises RunError (Locked, NotWritable, NewerVersion, NoCheckpoint, …) before the first event, and
    whatever ``events`` raises.
    """
    with contextlib.ExitStack() as locks:
        refuse(run)
        try:
            locks.enter_context(lock.held(run.folder))
        except OSError as error:
            raise not_writable(run.folder, error) from error
        writer = Writer(run, _where(run, device, threads), limits or Limits())
        recorder = _Recorder(run, inbox if inbox is not None else Inbox(), locks, writer)
        try:
            yield from recorder.follow(events)
        except Exception as error:
            writer.fail(error)
            raise
        finally:
            writer.leave()
            getattr(events, "close", lambda: None)()


def refuse(run: Run) -> None:
    """Raise RunError for a run that must not be written: damaged, made by a later version, or beyond resuming."""
    if problem := run.problem:
        raise RunError(problem.code, problem.message, **problem.values)
    run.refuse_newer()
    if run.resume_point() is None:
        refuse_lost(run)


def refuse_lost(run: Run) -> None:
    """Raise NoCheckpoint for a run without a checkpoint that verifies, unless it never came as far as its first."""
    metrics = run.metrics()
    if run.checkpoints() or len(metrics.step_index):
        epochs = f"{metrics.epochs} epoch{'' if metrics.epochs == 1 else 's'}"
        raise NoCheckpoint("run.checkpoints", f"No usable checkpoint in this run; settings and {epochs} of metrics can "
                           "still be read.", epochs=metrics.epochs)


def _where(run: Run, device: str | None, threads: int | None) -> dict[str, Any]:
    """What decides, beside the experiment, whether a resumed run is bit-exact."""
    info = run.info
    return {"device": device or info.device, "threads": threads or info.threads, "host": platform.node(),
            "torch": records.package_version("torch")}


class _Recorder:
    """One recording: a training, its writer, and what to do when a write fails."""

    def __init__(self, run: Run, inbox: Inbox, locks: contextlib.ExitStack, writer: Writer) -> None:
        self._inbox, self._locks, self.writer = inbox, locks, writer
        self._settings = {name: storage.read(run.folder / name) for name in (records.EXPERIMENT, records.INFO)}
        self._elsewhere: Path | None = None
        self._held: list[Any] = []
        self._given_up = False

    def follow(self, events: Iterator[tuple[Event, ...]]) -> Iterator[tuple[Told, ...]]:
        """Every turn of the training with what was saved, and SaveFailed in between."""
        yield from self._save([])
        while not self._given_up and (turn := self._advance(events)) is not None:
            told: list[Told] = []
            for event in turn:
                if isinstance(event, Finished) and event.reason == "stopped":
                    self.writer.stopped_by(self._inbox.stop_reason or "user")
                self.writer.plan(event)
                yield from self._save(told)
                if self._given_up:
                    return
                told.append(event)
            self.writer.plan_what_is_due()
            yield from self._save(told)
            yield tuple(told)

    def _advance(self, events: Iterator[tuple[Event, ...]]) -> tuple[Event, ...] | None:
        """The next turn, once our own commands are out of the training's way; None at the end."""
        while isinstance(self._inbox.peek(), SaveElsewhere | RetrySave):
            self._take(self._inbox.take())
        return next(events, None) if self._elsewhere is None else ()

    def _save(self, told: list[Told]) -> Iterator[tuple[Told, ...]]:
        """Do everything planned; each time something fails, tell so and try again."""
        while (failure := self._work(told)) is not None:
            yield (*told, failure)
            told.clear()
            while (command := self._inbox.take()) is not None:
                self._take(command)
            if self._given_up:
                self.writer.give_up()
                return
        for command in self._held:
            self._inbox.put(command)
        self._held.clear()

    def _take(self, command: Any) -> None:
        """Obey a command that concerns saving; keep others for the training."""
        if isinstance(command, SaveElsewhere):
            self._elsewhere = command.folder
        elif isinstance(command, Stop):
            self._given_up = True
            self.writer.stopped_by(command.reason)
        elif not isinstance(command, RetrySave):
            self._held.append(command)

    def _work(self, told: list[Told]) -> SaveFailed | None:
        """Do the tasks in order; what fails stays first in the queue."""
        if (target := self._elsewhere) is not None:
            self._elsewhere = None
            try:
                told.append(self._move(target))
            except OSError as error:
                return self._failure(error, target)
        tasks = self.writer.tasks
        while tasks:
            task = tasks.popleft()
            try:
                told.extend(task())
            except OSError as error:
                tasks.appendleft(task)
                return self._failure(error, self.writer.folder)
        return None

    def _failure(self, error: OSError, folder: Path) -> SaveFailed:
        """What a failed write means."""
        log.warning("could not save in %s", folder, exc_info=error)
        free: int | None = None
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(folder).free
        vanished = folder == self.writer.folder and not folder.is_dir()
        writer = self.writer
        return SaveFailed(writer.step, writer.needed, free, VANISHED if vanished else reason(error), folder,
                          writer.kept_step)

    def _move(self, runs_dir: Path) -> Moved:
        """Go on in a copy of what is left of the run, in another folder of runs. Raises OSError."""
        folder = storage.new_folder(runs_dir, self.writer.folder.name, self._copy)
        try:
            verified = history.verified(folder)
            self._hold(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.writer.go_on_in(folder, verified)
        return Moved(Run(folder))

    def _hold(self, folder: Path) -> None:
        """Lock another folder, and only then let go of the one before. Raises Locked, OSError."""
        with contextlib.ExitStack() as locks:
            locks.enter_context(lock.held(folder))
            before = self._locks.pop_all()
            self._locks.push(locks.pop_all())
        before.close()

    def _copy(self, folder: Path) -> None:
        """Fill a new folder with what can be read of the run; its settings are known by heart."""
        storage.copy_files(self.writer.folder, folder, _note_unreadable)
        for name, content in self._settings.items():
            storage.write_atomic(folder / name, content)


def _note_unreadable(path: Path, error: OSError) -> None:
    """What the old folder no longer gives is no reason not to save in another."""
    log.warning("%s cannot be read and is not taken along", path, exc_info=error)
