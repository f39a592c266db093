"""Training together, stacked, against one after another: cells of a small sweep, on the GPU and on the processor."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import torch

from engine import data, device, train
from engine.data import Dataset
from engine.experiment import Experiment, parse, replaced
from engine.inbox import Inbox
from engine.sweeping.group import train_together

NETWORKS = {
    "dense 784-64-784, batch 1,000": parse({
        "model": {"encoder": [{"kind": "linear", "size": 64, "activation": "sigmoid", "dropout": 0.1}]},
        "train": {"batch_size": 1000, "optimizer": "sgd"}}),
    "convolutions 8/16, linear 32, batch 64": Experiment(),
}
CELLS = {"cuda": (8, 64, 361), "cpu": (8, 32)}
"""Device -> how many networks at once."""
IMAGES = {"cuda": 0, "cpu": 4000}
"""Device -> how many training images; 0: all."""
ALONE = 8
"""At most so many are trained one after another; more would take just as long each."""
PACING = train.Pacing(checkpoint_s=float("inf"), longest_s=float("inf"))


def sweep(base: Experiment, cells: int) -> list[Experiment]:
    """Experiments that differ in the learning rate and the momentum."""
    return [replaced(base, {"train.learning_rate": 0.01 + 0.5 * cell / cells, "train.momentum": 0.9 * cell / cells})
            for cell in range(cells)]


def one_after_another(experiments: list[Experiment], images: Dataset, where: str) -> float:
    """Seconds for one training, from the untrained network to its end."""
    began = time.perf_counter()
    for experiment in experiments:
        for _ in train.train(experiment, images, Inbox(), device=where, pacing=PACING):
            pass
    return (time.perf_counter() - began) / len(experiments)


def all_together(experiments: list[Experiment], images: Dataset, where: str) -> float:
    """The same, of trainings that are done together."""
    began = time.perf_counter()
    for _ in train_together(experiments, images, torch.device(where)):
        pass
    return (time.perf_counter() - began) / len(experiments)


def row(title: str, base: Experiment, images: Dataset, cells: int, where: str, repeats: int) -> str:
    """A line of the table; the two take turns."""
    experiments, times = sweep(base, cells), list[tuple[float, float]]()
    for _ in range(repeats):
        times.append((one_after_another(experiments[:ALONE], images, where), all_together(experiments, images, where)))
    alone, together = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(one / other for one, other in times)
    return (f"| {title} | {cells} | {alone:.2f} | {together:.3f} | {ratio:.2f} | "
            f"{cells * alone:,.0f} | {cells * together:,.0f} |")


def report(repeats: int) -> Iterator[str]:
    """The table for each device there is, a line for each network and number of cells."""
    torch.set_num_threads(1)
    for where in ("cuda", "cpu"):
        if where == "cuda" and not torch.cuda.is_available():
            continue
        name = "mnist" if data.status("mnist", data.default_data_dir()).state == "present" else "digits"
        yield f"### Stacked training on {device.describe(torch.device(where))}, {name}, 2 epochs, median of {repeats}"
        yield ""
        yield "| network | cells | alone, s each | together, s each | ratio | all alone, s | all together, s |"
        yield "|---|---|---|---|---|---|---|"
        for title, settings in NETWORKS.items():
            base = replaced(settings, {"data.dataset": name, "data.validation": "test", "train.epochs": 2,
                                       "data.training_images": IMAGES[where], "train.evaluation_images": 1000})
            images = data.load(base.data, data.default_data_dir())
            for cells in CELLS[where]:
                yield row(title, base, images, cells, where, repeats)
        yield ""
