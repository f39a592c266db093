"""A piece of a training, done by a worker process: (experiment, checkpoint bytes) -> some epochs -> what came of it.

A worker writes nothing and keeps nothing but the images; whatever it is given and gives back is plain bytes and
numbers, so that a pool of processes and a cluster are the same to it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.runfiles.records import application_version

if TYPE_CHECKING:
    from engine.answers import Pictures
    from engine.data import Dataset

PROBE = ("validation", 0)
"""The image whose reconstruction every piece brings along."""
one_at_a_time = threading.Lock()
"""A worker with several threads does one piece at a time: torch's global generator belongs to the process."""


@dataclass(frozen=True)
class Piece:
    """What a worker is to do; ``until_epoch`` counts from the run's beginning."""

    experiment: str
    """TOML."""
    data_dir: str
    fingerprint: str
    """Of the images; '' before the first piece of a sweep has said it."""
    until_epoch: int
    from_epoch: int = 0
    checkpoint: bytes = b""
    """Where to go on from; none: from the beginning."""
    threads: int = 1
    version: str = ""
    """Of the application that hands out the piece."""
    probe: tuple[str, int] = PROBE


@dataclass(frozen=True)
class Done:
    """What a piece told: turns of events whose weights are bytes, the images' fingerprint, and the probe image."""

    turns: tuple[tuple[Any, ...], ...]
    fingerprint: str
    picture: Pictures | None
    worker: str
    """Who did it: host and process."""
    epochs: float
    """How many it did."""
    took_s: float
    original: Pictures | None = None
    """What the probe image is to look like."""


@dataclass(frozen=True)
class Refused:
    """Why a worker cannot do a piece, or why the training failed; ``fatal``: no other trial would fare better here."""

    code: str
    message: str
    worker: str
    fatal: bool


@dataclass(frozen=True)
class PackedWeights:
    """A Snapshot on its way between processes."""

    step: int
    epoch: float
    weights: bytes
    kept: bool


@dataclass(frozen=True)
class PackedState:
    """A Checkpoint on its way between processes."""

    step: int
    epoch: float
    state: bytes
    best: bool


def watch_parent() -> None:
    """In a new worker process: end as soon as the application has ended, however it ended."""
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal reaches workers too; the parent stops them
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(0)


def work(piece: Piece, device: str = "cpu") -> Done | Refused:
    """Do a piece. Raises nothing but what ends the process: an error is an answer."""
    me = name()
    if piece.version != application_version():
        return Refused("sweep.version", f"The worker {me} has version {application_version()} of the program; this is "
                       f"{piece.version}. Install the same version there.", me, True)
    try:
        with one_at_a_time:
            return _work(piece, me, device)
    except Exception as error:
        text = " ".join(str(error).split())
        ours = getattr(error, "code", "")
        return Refused(ours or "sweep.failed", text if ours else f"{type(error).__name__}: {text}", me,
                       ours.startswith("data."))


def name() -> str:
    """Host and process number, by which a worker is told from others."""
    import platform

    return f"{platform.node()}, process {os.getpid()}"


_images: dict[str, Dataset] = {}
"""The images of the last piece: the next piece most likely wants the same."""


def loaded(settings: Any, piece: Piece) -> Dataset:
    """The images of a piece, kept for the next one. Raises DataError."""
    from engine import data

    images = data.load(settings.data, Path(piece.data_dir))
    _images.clear()
    _images["last"] = images
    return images


def _work(piece: Piece, me: str, device: str) -> Done | Refused:
    from engine import experiment
    from engine.learning.epochs import batches_per_epoch

    settings = experiment.from_toml(piece.experiment)
    images = loaded(settings, piece)
    if piece.fingerprint and images.fingerprint != piece.fingerprint:
        return Refused("sweep.images", f"The worker {me} has other images of {settings.data.dataset}. Give it the same "
                       "data folder.", me, True)
    started = time.monotonic()
    turns = tuple(_turns(settings, images, piece, device))
    step = max((event.step for turn in turns for event in turn), default=0)
    epochs = max(0.0, step / batches_per_epoch(settings, len(images.training)) - piece.from_epoch)
    picture, original = probed(settings, images, turns, piece.probe)
    return Done(turns, images.fingerprint, picture, me, epochs, time.monotonic() - started, original)


def _turns(settings: Any, images: Dataset, piece: Piece, device: str) -> Iterator[tuple[Any, ...]]:
    """The events of the piece, packed, with a checkpoint at its end."""
    from engine import train
    from engine.events import State
    from engine.inbox import Inbox, SaveNow
    from engine.learning.epochs import batches_per_epoch
    from engine.runfiles import tensorfile

    state = None
    if piece.checkpoint:
        tensors, values = tensorfile.unpack(piece.checkpoint)
        state = State(tensors, values["values"])
    inbox, ends = Inbox(), piece.until_epoch * batches_per_epoch(settings, len(images.training))
    last = settings.train.epochs <= piece.until_epoch
    events = train.train(settings, images, inbox, device=device, threads=piece.threads, checkpoint=state,
                         pacing=train.Pacing(checkpoint_s=float("inf"), longest_s=float("inf")))
    asked = False
    for turn in events:
        if turn:
            yield tuple(packed(event) for event in turn)
        if asked and any(isinstance(event, train.Checkpoint) for event in turn):
            events.close()  # type: ignore[attr-defined]
            return
        if not last and any(isinstance(event, train.Evaluation) and event.step >= ends for event in turn):
            inbox.put(SaveNow())
            asked = True


def packed(event: Any) -> Any:
    """An event as it travels."""
    from engine.events import Checkpoint, Snapshot
    from engine.runfiles import tensorfile

    if isinstance(event, Snapshot):
        return PackedWeights(event.step, event.epoch, tensorfile.pack(event.weights, {}), event.kept)
    if isinstance(event, Checkpoint):
        state = tensorfile.pack(event.state.tensors, {"values": event.state.values})
        return PackedState(event.step, event.epoch, state, event.best)
    return event


def unpacked(event: Any) -> Any:
    """What was packed, as the event that it was. Raises DamagedFile."""
    from engine.events import Checkpoint, Snapshot, State
    from engine.runfiles import tensorfile

    if isinstance(event, PackedWeights):
        return Snapshot(event.step, event.epoch, tensorfile.unpack(event.weights)[0], event.kept)
    if isinstance(event, PackedState):
        tensors, values = tensorfile.unpack(event.state)
        return Checkpoint(event.step, event.epoch, State(tensors, values["values"]), event.best)
    return event


def probed(settings: Any, images: Dataset, turns: tuple[tuple[Any, ...], ...],
           probe: tuple[str, int]) -> tuple[Pictures | None, Pictures | None]:
    """What the newest weights make of the probe image, and what it is to look like."""
    from engine import explore, model

    weights = [event for turn in turns for event in turn if isinstance(event, PackedWeights) and event.kept]
    if not weights or settings.task != "autoencoder":
        return None, None
    newest = model.from_weights(settings, unpacked(weights[-1]).weights)
    answer = explore.reconstruct(newest, images, *probe[:1], [probe[1]])
    return answer.outputs[0], answer.images[0]
