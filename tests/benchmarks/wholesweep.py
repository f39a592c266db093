"""The sweep of 361 networks on real MNIST, run to its end, against 361 bare loops on as many threads; half an hour.

The bare loops run in as many processes as the sweep has workers, half of them before it and half after it, so that a
machine that changes its speed changes both. They train on a resident float tensor and measure the test loss once.
``python -m tests.benchmarks.wholesweep bare FIRST STEP LAST`` is one such process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import resources
from engine import sweep as sweeps
from engine.inbox import Inbox
from engine.sweep import Sweep, Trial
from engine.sweeping.conduct import conduct
from engine.sweeping.told import SweepOrder, Swept
from engine.sweeptable import cells, grid

WANTED = 1.15
WORKERS = 2


def data_dir() -> Path:
    """The folder of the real data sets. Raises KeyError where it is not named."""
    return Path(os.environ["AUTOENCODER_EXPLORER_DATA"]).resolve()


def report(repeats: int = 3) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    whole = sweeps.load(resources.sweeps()["mnist-dense-lr-momentum"])
    count = sweeps.count(whole)
    first = bare_all(range(count // 2))
    seconds, swept = sweep_all(whole, WORKERS)
    second = bare_all(range(count // 2, count))
    ratio = seconds / (first + second)
    yield "### The sweep of 361 networks, real MNIST, to its end"
    yield f"{WORKERS} workers of one thread: {seconds:.0f} s for {count} networks; {count} bare loops in {WORKERS} "
    yield f"processes: {first:.0f} + {second:.0f} s; ratio {ratio:.2f}; wanted: at most {WANTED}"
    yield from _picture(whole, swept)
    yield from gained(whole, repeats)


def sweep_all(whole: Sweep, workers: int) -> tuple[float, Swept]:
    """Seconds of a sweep from the order to its end, starting the workers included, and its table."""
    folder = tempfile.mkdtemp()
    began = time.perf_counter()
    *_, last = conduct(SweepOrder(whole, data_dir(), Path(folder), workers), Inbox())
    return time.perf_counter() - began, last[-1]


def bare_all(numbers: Sequence[int]) -> float:
    """Seconds of bare loops for these trainings, in as many processes as there are workers."""
    command = [sys.executable, "-m", "tests.benchmarks.wholesweep", "bare"]
    processes = [subprocess.Popen([*command, str(numbers[0] + place), str(WORKERS), str(numbers[-1] + 1)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                 for place in range(WORKERS)]
    for process in processes:  # each says when its images are loaded
        assert process.stdout is not None and process.stdout.readline().strip() == "ready"
    began = time.perf_counter()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        if process.wait():
            raise RuntimeError("a bare loop failed")
    return time.perf_counter() - began


def bare(trials: Sequence[Trial]) -> None:
    """Train one after another as a script would."""
    import torch
    import torch.nn.functional as F

    from engine import data, model

    torch.set_num_threads(1)
    settings = trials[0].experiment
    images = data.load(settings.data, data_dir())
    train, test = (split.images.float() / 255 for split in (images.training, images.validation))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for trial in trials:
        own = trial.experiment.train
        torch.manual_seed(own.seed)
        network = model.build(trial.experiment).train()
        optimizer = torch.optim.SGD(network.parameters(), own.learning_rate, own.momentum, fused=True)
        for _ in range(own.epochs):
            for batch in torch.randperm(len(train)).split(own.batch_size):
                chosen = train[batch]
                optimizer.zero_grad()
                F.mse_loss(network(chosen), chosen).backward()
                optimizer.step()
        network.eval()
        with torch.inference_mode():
            F.mse_loss(network(test), test).item()


def _picture(whole: Sweep, swept: Swept) -> Iterator[str]:
    """The corners of the map, and whether the loss falls along each axis."""
    fields = whole.fields
    losses = grid(cells(swept.rows), whole, fields[0], fields[1], {}).losses
    falls = [(losses[:, 1:] < losses[:, :-1]).mean(), (losses[1:, :] < losses[:-1, :]).mean()]
    yield f"Corners (learning rate, momentum): 0.05/0.05 {losses[0, 0]:.4f}, 0.95/0.05 {losses[0, -1]:.4f}, "
    yield f"0.05/0.95 {losses[-1, 0]:.4f}, 0.95/0.95 {losses[-1, -1]:.4f}; a higher learning rate has the lower loss "
    yield f"in {falls[0]:.0%} of the neighbouring pairs, a higher momentum in {falls[1]:.0%}; "
    yield f"diverged: {sum(row.status == 'diverged' for row in swept.rows)}"


def gained(whole: Sweep, repeats: int) -> Iterator[str]:
    """What two workers gain over one, on a few cells, taking turns."""
    few = whole.model_copy(update={"axes": tuple(
        axis.model_copy(update={"range": axis.range.model_copy(update={"count": count})})
        for axis, count in zip(whole.axes, (5, 2), strict=True) if axis.range is not None)})
    ratios: list[float] = []
    for _ in range(repeats):
        ratios.append(sweep_all(few, 1)[0] / sweep_all(few, 2)[0])
    told = ", ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
    yield f"Two workers against one, {sweeps.count(few)} cells, starting them included: {told} times as fast"


def main(arguments: Sequence[Any]) -> None:
    """One process of bare loops."""
    first, step, last = map(int, arguments)
    bare(sweeps.trials(sweeps.load(resources.sweeps()["mnist-dense-lr-momentum"]))[first:last:step])


if __name__ == "__main__" and sys.argv[1:2] == ["bare"]:
    main(sys.argv[2:])
