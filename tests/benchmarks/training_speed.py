"""How fast the engine trains: against the loop of the tutorials, and against bare loops on a resident tensor.

One thread each, the same network, batch and optimizer. Contenders take turns in short blocks (A B C A B C …), so that a
machine that slows down slows all of them; ratios are taken within a round and their median is told.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim import Adam
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

import resources
from engine import data, dataspec, experiment, model, train
from engine.events import Evaluation, Step
from engine.experiment import Experiment
from engine.inbox import Inbox

BLOCK_S = 1.5
"""Length of one contender's turn, in seconds."""

BLOCK_OF_CONVOLUTION: dict[str, Any] = {"kind": "convolution", "padding": 1, "dropout": 0.2, "pool_kernel": 2}

NETWORKS = {
    "mnist-strided, batch 64": (1.5, experiment.load(resources.presets()["mnist-strided"])),
    "dense 784-64-784, batch 1,000": (3.0, experiment.parse({
        "model": {"encoder": [{"kind": "linear", "size": 64}]}, "train": {"batch_size": 1000}})),
    "convolutions 32/64, linear 512, batch 100": (1.15, experiment.parse({
        "model": {"encoder": [BLOCK_OF_CONVOLUTION | {"channels": 32}, BLOCK_OF_CONVOLUTION | {"channels": 64},
                              {"kind": "linear", "size": 512}]},
        "train": {"batch_size": 100}})),
}
"""Name -> (wanted speed relative to the tutorial loop, experiment)."""

BARE = {f"bare{', channels_last' * last}{', fused' * fused}": (bool(last), bool(fused))
        for last, fused in itertools.product((0, 1), (0, 1))}

Blocks = Iterator[float]
"""Each next() trains for about BLOCK_S and gives images per second."""


def timed(steps: Iterator[tuple[int, float]]) -> Blocks:
    """(images, seconds) of each batch -> images per second of each block."""
    while True:
        images, seconds = 0, 0.0
        while seconds < BLOCK_S:
            count, took = next(steps)
            images, seconds = images + count, seconds + took
        yield images / seconds


def tutorial(settings: Experiment, root: str) -> Iterator[tuple[int, float]]:
    """The loop of the tutorials: a torchvision data set, ToTensor, a DataLoader, .item() at every step."""
    images_and_labels = MNIST(root, train=True, transform=ToTensor())
    loader = DataLoader(images_and_labels, batch_size=settings.train.batch_size, shuffle=True)
    network, loss = model.build(settings).train(), torch.nn.MSELoss()
    optimizer = Adam(network.parameters(), lr=settings.train.learning_rate, weight_decay=settings.train.weight_decay)
    total = 0.0
    while True:
        began = time.perf_counter()
        for images, _ in loader:
            optimizer.zero_grad()
            value = loss(network(images), images)
            value.backward()
            optimizer.step()
            total += value.item()
            yield len(images), time.perf_counter() - began
            began = time.perf_counter()


def bare(settings: Experiment, images: torch.Tensor, channels_last: bool, fused: bool,
         targets: torch.Tensor | None = None) -> Iterator[tuple[int, float]]:
    """Nothing but the batches: float tensors in memory, a permutation, the lines of a step; nothing is read back."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network, loss = model.build(settings).train().to(memory_format=layout), torch.nn.MSELoss()
    optimizer = Adam(network.parameters(), lr=settings.train.learning_rate, weight_decay=settings.train.weight_decay,
                     fused=fused)
    while True:
        for chosen in torch.randperm(len(images)).split(settings.train.batch_size):
            began = time.perf_counter()
            batch = images[chosen].contiguous(memory_format=layout)
            wanted = batch if targets is None else targets[chosen].contiguous(memory_format=layout)
            optimizer.zero_grad()
            loss(network(batch), wanted).backward()
            optimizer.step()
            yield len(chosen), time.perf_counter() - began


def ours(settings: Experiment, dataset: data.Dataset) -> Iterator[tuple[int, float]]:
    """The engine's own generator, snapshots and checkpoints included, evaluations left out as in the other loops."""
    events = train.train(settings, dataset, Inbox(), threads=1)
    sizes = [len(chosen) for chosen in torch.arange(len(dataset.training)).split(settings.train.batch_size)]
    while True:
        began = time.perf_counter()
        turn = next(events)
        took = time.perf_counter() - began
        steps = [event.step for event in turn if isinstance(event, Step)]
        if steps and not any(isinstance(event, Evaluation) for event in turn):
            yield sum(sizes[(step - 1) % len(sizes)] for step in steps), took


def contenders(settings: Experiment, dataset: data.Dataset, root: str) -> dict[str, Blocks]:
    """Name -> its blocks; ours and the tutorial's first."""
    images = dataset.training.images.float() / 255
    found = {"ours": ours(settings, dataset), "tutorial": tutorial(settings, root)}
    found |= {name: bare(settings, images, *options) for name, options in BARE.items()}
    return {name: timed(steps) for name, steps in found.items()}


def measured(blocks: dict[str, Blocks], repeats: int) -> dict[str, list[float]]:
    """Images per second of each contender in each round; a first round to warm up is thrown away."""
    rounds = [{name: next(turns) for name, turns in blocks.items()} for _ in range(repeats + 1)]
    return {name: [each[name] for each in rounds[1:]] for name in blocks}


def spread(values: list[float], digits: int) -> str:
    """'1.62 (1.55 to 1.70)': median, and the quarters around it."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def row(name: str, wanted: float, speeds: dict[str, list[float]]) -> str:
    """One network's line of the table."""
    fastest = max(BARE, key=lambda loop: statistics.median(speeds[loop]))
    to_tutorial, to_fastest = ([mine / other for mine, other in zip(speeds["ours"], speeds[loop], strict=True)]
                               for loop in ("tutorial", fastest))
    return (f"| {name} | {spread(speeds['ours'], 0)} | {spread(speeds['tutorial'], 0)} | {spread(to_tutorial, 2)} | "
            f"{wanted} | {fastest} | {spread(to_fastest, 2)} | 0.97 |")


def report(repeats: int) -> Iterator[str]:
    """The table, a line for each network."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        name, root = source(Path(scratch))
        yield f"### Training speed on {name}, images/s, one thread, median (quartiles) of {repeats} rounds"
        yield ""
        yield "| network | ours | tutorial loop | ratio | wanted | fastest bare loop | ratio | wanted |"
        yield "|---|---|---|---|---|---|---|---|"
        for title, (wanted, settings) in NETWORKS.items():
            chosen = experiment.replaced(settings, {"data.dataset": name, "data.validation": "test",
                                                    "train.epochs": 10_000, "train.evaluation_images": 100})
            dataset = data.load(chosen.data, data.default_data_dir())
            yield row(title, wanted, measured(contenders(chosen, dataset, str(root)), repeats))
    yield ""


def source(scratch: Path) -> tuple[str, Path]:
    """MNIST and its folder where it is present; else the built-in digits, written as torchvision reads MNIST."""
    if data.status("mnist", data.default_data_dir()).state == "present":
        return "mnist", data.default_data_dir()
    digits = data.load(dataspec.Data(validation="test"), scratch)
    raw = scratch / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, split in (("train", digits.training), ("t10k", digits.test)):
        assert split.labels is not None
        write_idx(raw / f"{part}-images-idx3-ubyte", split.images[:, 0].numpy())
        write_idx(raw / f"{part}-labels-idx1-ubyte", split.labels.numpy().astype(np.uint8))
    return "digits", scratch


def write_idx(path: Path, values: np.ndarray) -> None:
    """uint8 values in the format of MNIST: two zeros, type 8, dimensions, their sizes, the bytes."""
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    path.write_bytes(header + np.ascontiguousarray(values).tobytes())
