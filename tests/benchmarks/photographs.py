"""How fast photographs are learnt beside bare loops, what that takes of memory, and how soon 64 samples are redrawn."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Iterator

import torch

import resources
from engine import data, experiment, explore, model
from engine.generated import Recipe
from engine.inputs import unit
from tests.benchmarks.training_speed import BARE, bare, measured, ours, spread, timed

WANTED, WANTED_REDRAW_MS = 0.97, 100
REDRAWS = 20


def report(repeats: int = 5) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    torch.set_num_threads(1)
    photographs = data.default_data_dir() / "BSDS500"
    if photographs.is_dir():
        yield from _speed(str(photographs), repeats)
    yield from _redraw()


def _speed(folder: str, repeats: int) -> Iterator[str]:
    """photos-6 on these photographs."""
    preset = experiment.load(resources.presets()["photos-6"])
    settings = experiment.replaced(preset, {"data.folder": folder, "data.recursive": True, "train.epochs": 10_000,
                                            "train.evaluation_images": 8})
    dataset = data.load(settings.data, data.default_data_dir())
    floats = unit(dataset.training.inputs), unit(dataset.training.images)
    blocks = {"ours": timed(ours(settings, dataset))}
    blocks |= {name: timed(bare(settings, floats[0], *options, floats[1])) for name, options in BARE.items()}
    speeds = measured(blocks, repeats)
    fastest = max(BARE, key=lambda loop: statistics.median(speeds[loop]))
    ratios = [mine / other for mine, other in zip(speeds["ours"], speeds[fastest], strict=True)]
    yield f"### photos-6 on {len(dataset.training)} photographs, one thread, median (quartiles) of {repeats} rounds"
    yield ""
    yield f"- ours: {spread(speeds['ours'], 1)} images/s; fastest bare loop ({fastest}): {spread(speeds[fastest], 1)}"
    yield f"- ratio {spread(ratios, 2)}; asked: {WANTED}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    yield f"- peak memory of the process, the four bare loops and their float copies included: {peak:,.0f} MB"
    yield ""


def _redraw() -> Iterator[str]:
    """64 samples of the network of fashion-latent-64 (untrained: the weights do not change the time), codes kept."""
    name = "fashion-mnist" if data.status("fashion-mnist", data.default_data_dir()).state == "present" else "digits"
    preset = experiment.load(resources.presets()["fashion-latent-64"])
    settings = experiment.replaced(preset, {"data.dataset": name})
    dataset = data.load(settings.data, data.default_data_dir())
    network, times = model.build(settings).eval(), []
    for seed in range(REDRAWS + 1):
        began = time.perf_counter()
        for _ in explore.generate(network, dataset, Recipe(seed=seed)):
            pass
        times.append(1000 * (time.perf_counter() - began))
    again = sorted(times[1:])
    yield "### 64 samples redrawn, network of fashion-latent-64, one thread"
    yield ""
    yield f"- first draw with encoding and fit {times[0] / 1000:.1f} s"
    yield (f"- again: median {statistics.median(again):.0f} ms, longest {again[-1]:.0f} ms (n = {REDRAWS}); "
           f"asked: below {WANTED_REDRAW_MS} ms")
    yield ""
