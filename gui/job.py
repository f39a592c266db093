"""One training as a generator of events, for an EventPump: data, device, run folder, training, recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.experiment import Experiment
from engine.inbox import Inbox
from engine.notices import Notice
from engine.run import Run
from engine.writer import Limits

LIVE_INTERVAL_S = 0.5
"""Shortest time between two snapshots for the live view."""


@dataclass(frozen=True)
class Order:
    """Everything that a training needs; ``run`` is the one to continue, None for a new one."""

    experiment: Experiment
    data_dir: Path
    runs_dir: Path
    device: str = "auto"
    threads: int | None = None
    run: Run | None = None
    limits: Limits | None = None
    """How much history is kept; None for the usual."""


@dataclass(frozen=True)
class Started:
    """The run exists and its first batch comes next."""

    run: Run
    batches_per_epoch: int
    device: str
    threads: int
    notices: tuple[Notice, ...]
    """What a resume has to say: a damaged checkpoint that was passed over, another device."""


def train(order: Order, inbox: Inbox) -> Iterator[tuple[Any, ...]]:
    """Started, then what recording and training tell. Raises DataError, DeviceError, OutOfMemory, RunError, OSError."""
    from engine import data, device, runs
    from engine import train as training
    from engine.batches import batches_per_epoch

    images = data.load(order.experiment.data, order.data_dir)
    chosen = device.choose(order.device).type
    threads = order.threads or (order.run.info.threads if order.run else None)
    if threads is None:
        threads = device.measure_threads(order.experiment, images.training.images) if chosen == "cpu" else 1
    run, state = order.run, None
    notices: tuple[Notice, ...] = ()
    if run is None:
        run = runs.create(order.runs_dir, order.experiment, images.fingerprint, device=chosen, threads=threads)
    else:
        state, notices = runs.load_checkpoint(run, device=chosen, threads=threads)
    batches = batches_per_epoch(order.experiment, len(images.training))
    yield (Started(run, batches, device.describe(device.choose(chosen)), threads, notices),)
    events = training.train(order.experiment, images, inbox, device=chosen, threads=threads, checkpoint=state,
                            live_interval_s=LIVE_INTERVAL_S)
    yield from runs.record(run, events, inbox, device=chosen, threads=threads, limits=order.limits)


def load_engine() -> None:
    """Import torch and everything that uses it, and make the digits; on a thread, because that takes seconds."""
    from engine import data, device, explore, forecast, runs, train  # noqa: F401
    from engine.experiment import Data

    data.load(Data(), data.default_data_dir())
