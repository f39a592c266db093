"""One training as a generator of events, for an EventPump: data, device, run folder, training, recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.experiment import Experiment
from engine.inbox import Inbox

if TYPE_CHECKING:
    from engine.runs import Run

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


@dataclass(frozen=True)
class Started:
    """The run exists and its first batch comes next."""

    run: Run
    batches_per_epoch: int
    device: str
    threads: int
    notices: tuple[str, ...]
    """What a resume has to say: a damaged checkpoint that was passed over, another device."""


def train(order: Order, inbox: Inbox) -> Iterator[tuple[Any, ...]]:
    """Started, then what recording and training tell. Raises DataError, DeviceError, OutOfMemory, RunError, OSError."""
    from engine import data, device, runs
    from engine import train as training

    images = data.load(order.experiment.data, order.data_dir)
    chosen = device.choose(order.device)
    pixels = images.training.images
    threads = order.threads or (device.measure_threads(order.experiment, pixels) if chosen.type == "cpu" else 1)
    run, state, notices = order.run, None, ()
    if run is None:
        run = runs.create(order.runs_dir, order.experiment, images.fingerprint)
    else:
        state, notices = runs.load_checkpoint(run)
    batches = training.batches_per_epoch(order.experiment, len(images.training))
    yield (Started(run, batches, device.describe(chosen), threads, tuple(notice.message for notice in notices)),)
    events = training.train(order.experiment, images, inbox, device=chosen.type, threads=threads, checkpoint=state,
                            live_interval_s=LIVE_INTERVAL_S)
    yield from runs.record(run, events, inbox)


def load_engine() -> None:
    """Import torch and everything that uses it, and make the digits; on a thread, because that takes seconds."""
    from engine import data, device, explore, runs, train  # noqa: F401
    from engine.experiment import Data

    data.load(Data(), data.default_data_dir())


def list_runs(runs_dir: Path) -> tuple[Run, ...]:
    """The runs of a folder, newest first; none where there is no folder."""
    from engine import runs

    return tuple(runs.list_runs(runs_dir))
