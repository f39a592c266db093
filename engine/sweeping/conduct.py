"""A sweep from order to end, as a generator: hands out pieces, records each trial as a run, tells what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from engine import sweep
from engine.experiment import to_toml
from engine.fields import ExperimentError
from engine.inbox import Inbox, Stop
from engine.runfiles import lock
from engine.runfiles.notices import Locked, RunError
from engine.runfiles.records import application_version
from engine.sweep import Trial
from engine.sweeping import crew as crews
from engine.sweeping.folder import SweepFolder, create
from engine.sweeping.piece import Done, Piece, Refused
from engine.sweeping.pieces import Pieces
from engine.sweeping.plan import Plan
from engine.sweeping.recording import Recording, cannot_begin
from engine.sweeping.study import StudyError
from engine.sweeping.together import Together
from engine.sweeping.told import Begun, Drawn, Opened, Staffed, SweepOrder, Swept, Told

WAIT_S = 0.05
"""How long a turn waits for a piece, so that commands are heard."""


def conduct(order: SweepOrder, inbox: Inbox) -> Iterator[tuple[Any, ...]]:
    """Turns of events: Opened, Staffed, then Begun and Told of every trial, SaveFailed, at last Swept.

    Raises ExperimentError, RunError, StudyError, ClusterError, OSError; what is finished is kept, and the rest goes on
    when the sweep is ordered again with its folder.
    """
    if problems := sweep.problems(order.sweep):
        raise ExperimentError(problems)
    if order.folder is not None and sweep.identity(order.folder.sweep) != sweep.identity(order.sweep):
        raise StudyError("study.other", f"{order.folder.folder} belongs to another sweep. Start this one in a folder "
                         "of its own.", path=str(order.folder.folder))
    folder = order.folder or create(order.runs_dir, order.sweep)
    with _held(folder):
        conductor = Conductor(order, folder, inbox)
        try:
            yield from conductor.conduct()
        finally:
            conductor.close()


@contextmanager
def _held(folder: SweepFolder) -> Iterator[None]:
    """Keep every other process from this sweep. Raises RunError, NotWritable."""
    try:
        with lock.held(folder.folder):
            yield
    except Locked as error:
        holder = error.values
        raise RunError("sweep.locked", f"This sweep is being trained by process {holder['pid']} on {holder['host']}. "
                       "Wait for it, or stop it there.", **holder) from error


class Conductor:
    """Hands out pieces while there are any, and takes in what comes back."""

    def __init__(self, order: SweepOrder, folder: SweepFolder, inbox: Inbox) -> None:
        self._order, self._inbox, self.folder = order, inbox, folder
        self._plan = Plan(self.folder, order.sweep)
        self._pieces = Pieces(order.sweep)
        self._crew: crews.Crew | None = None
        self._fingerprints = self._plan.fingerprints()
        self._recordings: dict[int, Recording] = {}
        self._stopped = False
        self._workers = 0

    def conduct(self) -> Iterator[tuple[Any, ...]]:
        """See ``conduct`` of this module."""
        plan = self._plan
        yield (Opened(self.folder, plan.trials, sweep.count(self._order.sweep), plan.rows(), plan.pictures),)
        if plan.more:
            self._crew = self._staffed()
        while not self._stopped and self._crew is not None and (plan.more or self._recordings or self._crew.busy):
            self._obey()
            yield (*self._counted(self._crew), *self._hand_out())
            yield from self._gather()
        self.close()
        plan.look_again()
        rows = plan.rows()
        yield (Swept(self.folder, rows, not plan.more and all(row.over for row in rows)),)

    def close(self) -> None:
        """End the workers and let go of the runs; what they were at is lost up to their last checkpoint."""
        if self._crew is not None:
            self._crew.close()
        for recording in self._recordings.values():
            recording.close()
        self._recordings.clear()
        self._plan.close()

    def _counted(self, crew: crews.Crew) -> Iterator[Staffed]:
        """How many workers there are, when that is not what was told last."""
        if crew.workers != self._workers:
            self._workers = crew.workers
            yield Staffed(crew.workers)

    def _staffed(self) -> crews.Crew:
        """The workers: of a cluster, as many as were asked for, or as many as do most. Raises ClusterError."""
        order = self._order
        if order.cluster:
            return crews.Cluster(order.cluster)
        if order.workers:
            return crews.Crew(order.workers)
        if self._device != "cpu":
            return Together(self._device)
        from engine.device import physical_cores

        return crews.Crew(max(1, min(self._plan.left, physical_cores())), measured=True)

    @cached_property
    def _device(self) -> str:
        """Where the networks are trained: 'cuda', or 'cpu' for everything but what pays on a GPU."""
        order = self._order
        if order.workers or order.cluster or order.device == "cpu" or order.sweep.prunes:
            return "cpu"
        from engine import device

        chosen = device.choose(order.device).type
        return chosen if chosen == "cuda" else "cpu"

    def _obey(self) -> None:
        """Take the commands; only to stop means anything to a sweep."""
        while (command := self._inbox.take()) is not None:
            self._stopped = self._stopped or isinstance(command, Stop)

    def _hand_out(self) -> Iterator[Any]:
        """Pieces of new trainings, while there are workers for them."""
        while not self._stopped and self._crew is not None and self._crew.room > 0:
            try:
                trial = self._plan.next()
            except (OSError, StudyError) as error:  # it is drawn again at the next turn
                yield cannot_begin(self.folder.folder, error)
                time.sleep(WAIT_S)
                return
            finally:
                drawn = self._plan.take_drawn()
            if drawn:
                yield Drawn(drawn, tuple(self._plan.row(one) for one in drawn))
            if trial is None:
                return
            checkpoint, done = self._plan.reached(trial)
            self._give(trial, checkpoint, done)
            yield Begun(trial)

    def _give(self, trial: Trial, checkpoint: bytes, done: int) -> None:
        """The next piece of a training whose epochs so far lie in a checkpoint."""
        assert self._crew is not None
        known, until = self._fingerprints.get(trial.experiment.data, ""), self._until(trial, done)
        piece = Piece(to_toml(trial.experiment), str(self._order.data_dir), known, until, done, checkpoint,
                      self._order.threads, application_version())
        self._crew.give(trial, piece)

    def _until(self, trial: Trial, done: int) -> int:
        """The epoch that the next piece ends with; what is trained together is trained to its end."""
        return trial.experiment.train.epochs if self._device != "cpu" else self._pieces.until(trial, done)

    def _gather(self) -> Iterator[tuple[Any, ...]]:
        """Take in what came back."""
        assert self._crew is not None
        for trial, answer in self._crew.back(WAIT_S):
            if isinstance(answer, Refused):
                yield self._refused(trial, answer)
                continue
            self._fingerprints[trial.experiment.data] = answer.fingerprint
            self._plan.note_original(answer.original)
            self._crew.note(self._pieces.note(trial, answer))
            recording = self._recordings.get(trial.number) or self._record(trial, answer.fingerprint)
            yield from self._take(trial, recording, answer)

    def _record(self, trial: Trial, fingerprint: str) -> Recording:
        made = self._recordings[trial.number] = Recording(self.folder.run_of(trial), trial, fingerprint,
                                                          self._order.threads, self._device)
        return made

    def _refused(self, trial: Trial, answer: Refused) -> tuple[Any, ...]:
        """A trial that failed is noted as such; what would fail everywhere ends the sweep. Raises RunError."""
        if answer.fatal and not (answer.code.startswith("data.") and self._plan.images > 1):
            raise RunError(answer.code, answer.message, worker=answer.worker)
        recording = self._recordings.pop(trial.number, None) or Recording(
            self.folder.run_of(trial), trial, "", self._order.threads, self._device)
        recording.fail(RunError(answer.code, answer.message))
        row = self.folder.row(trial)
        self._plan.finish(trial, row, None)
        return (Told(row, True, None, answer.message),)

    def _take(self, trial: Trial, recording: Recording, answer: Done) -> Iterator[tuple[Any, ...]]:
        """Write what a piece told; then the next piece, or the end."""
        yield from self._written(recording.take(answer.turns))
        if self._stopped and not recording.ended:
            return
        pruned = not recording.over and self._plan.prunes(trial, recording.evaluations)
        if not (recording.over or pruned):
            self._give(trial, recording.checkpoint, recording.epochs)
            yield (Told(self.folder.row(trial), False, answer.picture, original=answer.original),)
            return
        if pruned:
            yield from self._written(recording.prune())
        recording.close()
        self._recordings.pop(trial.number, None)
        row = self.folder.row(trial)
        self._plan.finish(trial, row, answer.picture, pruned)
        yield (Told(row, True, answer.picture, original=answer.original),)

    def _written(self, writing: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """Follow the writing; after a refusal of the disk it goes on when this is advanced, unless it is to stop."""
        for failed in writing:
            yield failed
            self._obey()
            if self._stopped:
                return
            time.sleep(WAIT_S)
