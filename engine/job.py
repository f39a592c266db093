"""One training from order to end: data, device, threads, run folder, training, recording, as one generator."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.dataspec import Data
from engine.experiment import Experiment
from engine.inbox import Inbox
from engine.run import Run
from engine.runfiles.notices import Notice
from engine.runfiles.writer import Limits

if TYPE_CHECKING:
    import torch

    from engine.data import Dataset
    from engine.encoders import Encoder


@dataclass(frozen=True)
class Order:
    """Everything that a training needs; ``run`` is the one to continue, None for a new one."""

    experiment: Experiment
    data_dir: Path
    runs_dir: Path
    device: str = "auto"
    """'auto': where the run began, if that is here; for a new one, the fastest there is."""
    threads: int | None = None
    """None: what the run began with, which keeps a resume exact; for a new one, measured."""
    run: Run | None = None
    limits: Limits | None = None
    """How much history is kept; None for the usual."""
    live_interval_s: float | None = None
    """Shortest time between two snapshots for a live view; None: without one."""
    import_again: bool = False
    """Whether a folder of images is read anew although it was imported."""


@dataclass(frozen=True)
class Started:
    """The run exists and its first batch comes next."""

    run: Run
    batches_per_epoch: int
    epochs: int
    """Planned in all, those already done and those added later included."""
    device: str
    """For people: 'NVIDIA H100 (78 GiB)'."""
    threads: int
    notices: tuple[Notice, ...]
    """What a resume has to say: a damaged checkpoint that was passed over, another device, other images."""


def train(order: Order, inbox: Inbox) -> Iterator[tuple[Any, ...]]:
    """Started, then what recording and training tell. Raises DataError, DeviceError, OutOfMemory, RunError, OSError.

    And, before anything is computed or written, ExperimentError, TrainingError and WeightsError. A folder that was not
    imported yet is imported before: that is told first, and may be stopped.
    """
    from engine import data, device, encoders, runs
    from engine import train as training
    from engine.learning.epochs import batches_per_epoch
    from engine.learning.trainable import require_labels, require_trainable

    chosen = device.choose(order.device, order.run.info.device if order.run else None)
    if not (yield from _import(order, inbox)):
        return
    images = data.load(order.experiment.data, order.data_dir)
    require_trainable(order.experiment, len(images.training), None)
    require_labels(order.experiment, images)
    encoder = _encoder(order)
    threads = _threads(order, chosen, images)
    run, state = order.run, None
    notices: tuple[Notice, ...] = ()
    if run is None:
        files = {encoders.NAME: encoder.packed()} if encoder else {}
        run = runs.create(order.runs_dir, order.experiment, images.fingerprint, device=chosen.type, threads=threads,
                          files=files)
    elif run.checkpoints():  # else it ended before the first, and begins again
        state, notices = runs.load_checkpoint(run, device=chosen.type, threads=threads, fingerprint=images.fingerprint)
    epochs = state.values["epochs"] if state else order.experiment.train.epochs
    batches = batches_per_epoch(order.experiment, len(images.training))
    notices += _changes(order.experiment.data)
    yield (Started(run, batches, epochs, device.describe(chosen), threads, notices),)
    events = training.train(order.experiment, images, inbox, device=chosen.type, threads=threads, checkpoint=state,
                            live_interval_s=order.live_interval_s, encoder=encoder.weights if encoder else None)
    yield from runs.record(run, events, inbox, device=chosen.type, threads=threads, limits=order.limits)


def _import(order: Order, inbox: Inbox) -> Generator[tuple[Any, ...], None, bool]:
    """The person's own images into the cache, where they are not there yet; -> False when asked to stop before."""
    from engine.datasets import folder

    spec = order.experiment.data
    if spec.dataset == "folder" and (order.import_again or not folder.is_imported(spec)):
        with contextlib.closing(folder.import_images(spec)) as events:
            for event in events:
                yield (event,)
                if inbox.stop_reason is not None:
                    return False
    return True


def _changes(spec: Data) -> tuple[Notice, ...]:
    """What a person should know of a folder that is not as it was when it was imported."""
    from engine.datasets import folder

    changes = folder.changes_since_import(spec) if spec.dataset == "folder" else None
    return (changes.notice,) if changes else ()


def _encoder(order: Order) -> Encoder | None:
    """What a probe or a fine-tuning begins with: found for a new run; else its copy, unless a checkpoint has more.

    Raises RunError, WeightsError.
    """
    from engine import encoders

    if not order.experiment.needs_encoder:
        return None
    if order.run is None:
        return encoders.find(order.experiment, order.runs_dir)
    return None if order.run.checkpoints() else encoders.kept(order.run)


def _threads(order: Order, chosen: torch.device, images: Dataset) -> int:
    """As many as ordered, else as the run began with, else as are fastest here. Raises OutOfMemory."""
    from engine import device

    if threads := order.threads or (order.run.info.threads if order.run else None):
        return threads
    if chosen.type != "cpu":
        return 1
    try:
        return device.measure_threads(order.experiment, images.training)
    except (RuntimeError, MemoryError) as error:
        if not device.is_out_of_memory(error):
            raise
    # Only here is the exception gone, and with it the frames that held the tensors.
    device.release(chosen)
    raise device.OutOfMemory(order.experiment.train.batch_size, chosen.type)
