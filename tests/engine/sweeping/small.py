"""Sweeps of a second for the tests, what became of them, and a process that conducts one and may be killed."""

import hashlib
import json
import os
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import runs, storage, sweep
from engine.inbox import Inbox, Stop
from engine.sweeping.conduct import Conductor, conduct
from engine.sweeping.crew import Crew
from engine.sweeping.folder import create, list_sweeps
from engine.sweeping.told import SweepOrder

ROOT = Path(__file__).parents[3]

NO_DATA = Path("no-data")
"""The digits need no folder."""

BASE = {"data": {"dataset": "digits", "training_images": 200, "image_size": 8},
        "model": {"encoder": [{"kind": "linear", "size": 6, "dropout": 0.2}], "output": "none"},
        "train": {"epochs": 2, "batch_size": 20, "optimizer": "sgd", "learning_rate": 0.1}}
RATES = {"field": "train.learning_rate", "values": [0.05, 0.2, 0.5]}
MOMENTA = {"field": "train.momentum", "values": [0.0, 0.9]}


def small(*axes, **settings):
    """A sweep of tiny trainings over these axes."""
    return sweep.parse({"name": "small", "base": BASE, "axes": list(axes or (RATES, MOMENTA)), **settings})


@contextmanager
def threads_for_workers():
    """Workers that are threads, which start at once: to the sweep they are an Executor like any other."""
    pools = []

    def make(crew):
        pools.append(ThreadPoolExecutor(crew._most))
        return pools[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Crew, "_make", make)
        yield
    for pool in pools:
        pool.shutdown(cancel_futures=True)


def carried_out(settings, runs_dir, folder=None, stop_after=None, **order):
    """Conduct a sweep, or go on with one; -> its events. ``stop_after`` tells of an event whether to stop then."""
    events, inbox = [], Inbox()
    for turn in conduct(SweepOrder(settings, NO_DATA, runs_dir, **{"workers": 1, **order}, folder=folder), inbox):
        for event in turn:
            events.append(event)
            if stop_after is not None and stop_after(event):
                inbox.put(Stop())
    return events


class Child:
    """A process that conducts the small sweep of a folder of runs, with processes for workers."""

    def __init__(self, runs_dir, workers):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.sweeping.small", str(runs_dir), str(workers)], cwd=ROOT,
            stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
        self.said = []
        """What it told of its events, of the newest last."""

    def tell(self, timeout_s=None):
        """Its next event; None once it has ended, or where none came in time."""
        if timeout_s is not None and not select.select([self._process.stdout], [], [], timeout_s)[0]:
            return None
        line = os.read(self._process.stdout.fileno(), 10_000).decode()
        self.said += [json.loads(event) for event in line.splitlines()]
        return self.said[-1] if line else None

    def until(self, found):
        """Follow it until an event is so."""
        while (event := self.tell()) is not None:
            if found(event):
                return event
        raise AssertionError(f"it ended with {self.said[-1:]}")

    @property
    def workers(self):
        """The numbers of the processes that worked for it when it last told anything."""
        return self.said[-1]["workers"] if self.said else []

    def kill(self):
        """End it as the system does when memory is short; -> its exit code, once its workers have ended as well."""
        self._process.kill()
        return self.ended()

    def ended(self, timeout_s=30):
        """Wait until it and everything that it started has ended, and so closed its output; -> its exit code."""
        self._process.communicate(timeout=timeout_s)
        return self._process.returncode


def of(kind, events):
    """The events of a kind."""
    return [event for event in events if isinstance(event, kind)]


def table(rows):
    """The rows without what differs from time to time and from place to place."""
    return [(row.number, row.cell, dict(row.values), row.status, row.epoch, row.training_loss, row.validation_loss,
             row.test_loss) for row in rows]


def weights(folder):
    """Number of a trial -> hash of everything in its last checkpoint, and the steps and losses of its metrics."""
    hashes = {}
    for trial in folder.trials():
        run = folder.run_of(trial)
        if run.checkpoints():
            hashes[trial.number] = digest(run)
    return hashes


def digest(run):
    """Hash of the tensors that a run ended with, and its losses."""
    found = hashlib.sha256()
    for name, tensor in sorted(runs.load_checkpoint(run).state.tensors.items()):
        found.update(name.encode() + tensor.numpy().tobytes())
    metrics = run.metrics()
    assert metrics.bad_lines == ()
    told = [(one.step, one.training_loss, one.validation_loss) for one in metrics.evaluations]
    return found.hexdigest(), metrics.step_index.tolist(), metrics.losses.tolist(), told


def inspect(folder):
    """What must hold at any moment: each run opens, its files are whole, and none is there twice."""
    names = [name for name, _ in storage.listing(folder.folder / "trials") if not name.startswith(".")]
    assert sorted(set(names)) == sorted(names) and all(name.isdigit() for name in names), names
    for trial in folder.trials():
        run = folder.run_of(trial)
        if run.folder.is_dir():
            opened = runs.open_run(run.folder, run.folder.parent)
            assert opened.experiment == trial.experiment
            assert opened.status in ("new", "interrupted", "finished"), opened.status_text
            for file in (*opened.checkpoints(), *opened.snapshots()):
                assert storage.verify(file.path)["step"] == file.step
            assert opened.metrics().bad_lines == ()


def main(runs_dir, workers):
    """Conduct the sweep of this folder of runs, or go on with it, and tell of every event, each in one write."""
    folder = next(iter(list_sweeps(runs_dir)), None)
    settings = folder.sweep if folder else small(piece_epochs=1)
    conductor = Conductor(SweepOrder(settings, NO_DATA, runs_dir, workers=workers),
                          folder or create(runs_dir, settings), Inbox())
    try:
        for turn in conductor.conduct():
            pool = conductor._crew and conductor._crew._pool
            pids = list(pool._processes) if pool else []
            for event in turn:
                said = {"event": type(event).__name__, "workers": pids, "over": getattr(event, "over", False)}
                os.write(1, json.dumps(said).encode() + b"\n")
    finally:
        conductor.close()


def opened(runs_dir):
    """The one sweep of a folder of runs."""
    (folder,) = list_sweeps(runs_dir)
    return folder


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
