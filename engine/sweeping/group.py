"""Trainings that differ only in numbers, done together.

Each is an ordinary training, which begins with its own weights, goes through the images in its own order, evaluates,
saves and ends by itself; only its batches are learnt and its losses measured together with those of the others.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Iterator, Sequence

import torch
from torch import Tensor

from engine.data import Dataset, Split
from engine.events import Event
from engine.experiment import Experiment
from engine.learning.batches import Batches, resident
from engine.learning.evaluate import Evaluator, Measured, targets_of
from engine.learning.progress import Pacing
from engine.sweeping.stack import Stack
from engine.train import Events, Job

PACING = Pacing(checkpoint_s=float("inf"), longest_s=float("inf"))
"""Checkpoints only at the beginning and the end, as a piece has them."""


def train_together(experiments: Sequence[Experiment], images: Dataset,
                   device: torch.device) -> Iterator[tuple[Events, ...]]:
    """Train experiments that are all ``alike`` from their beginning: turns of events, a tuple for each experiment.

    The images are on the device once. Raises what train.train raises, and torch's error where memory does not suffice.
    """
    group = Group(experiments, _moved(images, device), device)
    while not all(cell.over for cell in group.cells):
        yield tuple(() if cell.over else cell.advance(None) for cell in group.cells)


@dataclasses.dataclass(frozen=True)
class Lesson:
    """The batches after ``step``: what each network lost in each, the images of one network, and the time it took."""

    step: int
    losses: list[list[float]]
    images: int
    seconds: float


class Group:
    """The trainings that go on in step; what one of them asks for is computed for all."""

    def __init__(self, experiments: Sequence[Experiment], images: Dataset, device: torch.device) -> None:
        self._began_s = time.monotonic()
        self.cells = [Cell(self, place, experiment, images, device) for place, experiment in enumerate(experiments)]
        self._stack = Stack(experiments, [cell.learner for cell in self.cells])
        first, inputs = experiments[0], images.training.inputs
        orders = {one.train.seed: Batches(one, inputs, targets_of(one, images.training), device,
                                          self._stack.memory_format) for one in experiments}
        self._orders, seeds = list(orders.values()), list(orders)
        self._order_of = torch.tensor([seeds.index(one.train.seed) for one in experiments], device=device)
        for cell, experiment in zip(self.cells, experiments, strict=True):
            cell.batches = orders[experiment.train.seed]
        numbers = PACING.device_chunk_numbers // len(experiments)
        evaluator = Evaluator(first, images, self._stack, Pacing(chunk_numbers=numbers, device_chunk_numbers=numbers))
        evaluator.share("training", self._orders[0].inputs, self._orders[0].targets)
        self._evaluator = evaluator
        self._step = 0
        self._lesson: Lesson | None = None
        self._measured: dict[str, tuple[int, list[float]]] = {}

    def elapsed_s(self) -> float:
        """Time since the beginning, which all have in common."""
        return time.monotonic() - self._began_s

    def lesson(self, step: int, batches: int) -> Lesson:
        """So many batches from this step on, learnt once."""
        if self._lesson is None or self._lesson.step != step:
            assert step == self._step, "trainings of a group go on in step"
            self._lesson = self._learnt(batches)
        return self._lesson

    def _learnt(self, batches: int) -> Lesson:
        """Nothing is read back from the device before the last batch."""
        began_s, step, images = time.monotonic(), self._step, 0
        losses = []
        for _ in range(batches):
            position = self._step % self._orders[0].per_epoch
            if position == 0:
                for order in self._orders:
                    order.shuffle()
            loss = self._stack.loss(*self._batch(position))
            self._stack.update(loss)
            losses.append(loss.detach())
            images += self._orders[0].count(position)
            self._step += 1
        self._stack.note_steps()
        told = torch.stack(losses, 1).tolist()
        return Lesson(step, told, images, time.monotonic() - began_s)

    def _batch(self, position: int) -> tuple[Tensor, Tensor]:
        """Inputs and targets: (B, C, H, W) where all have the same order, else (N, B, C, H, W)."""
        if len(self._orders) == 1:
            return self._orders[0][position]
        pairs = [order[position] for order in self._orders]
        inputs = self._for_each([inputs for inputs, _ in pairs])
        drawn = all(inputs is targets for inputs, targets in pairs)
        return inputs, inputs if drawn else self._for_each([targets for _, targets in pairs])

    def _for_each(self, values: list[Tensor]) -> Tensor:
        """A batch of each order -> one of each network."""
        stacked = torch.stack(values)
        return stacked if len(values) == len(self.cells) else stacked[self._order_of]

    def measured(self, split: str) -> list[float]:
        """The mean loss of each network over a split, measured once a step."""
        if split not in self._measured or self._measured[split][0] != self._step:
            measuring = self._evaluator.measure(split)
            while True:
                try:
                    next(measuring)
                except StopIteration as end:
                    self._measured[split] = self._step, end.value.loss.tolist()
                    break
        return self._measured[split][1]


class CellEvaluator(Evaluator):
    """Tells one training what was measured for all."""

    def __init__(self, group: Group, place: int) -> None:
        self._group, self._place = group, place

    def measure(self, split: str) -> Generator[tuple[()], None, Measured]:
        """Return the mean loss at once."""
        yield from ()
        return Measured(self._group.measured(split)[self._place], None)


class Cell(Job):
    """One training of a group: a job whose batches are learnt and whose losses are measured with those of others."""

    def __init__(self, group: Group, place: int, experiment: Experiment, images: Dataset,
                 device: torch.device) -> None:
        super().__init__(experiment, images, device, None, None, PACING)
        self._group, self._place, self._keep = group, place, experiment.train.keep
        self.evaluator = CellEvaluator(group, place)

    def _learn(self) -> Iterator[Event]:
        """The batches up to where something is due, and the snapshot after them."""
        progress = self.progress
        lesson = self._group.lesson(progress.step, self._batches_in_turn())
        losses = lesson.losses[self._place]
        if progress.step % self.batches.per_epoch == 0:
            progress.loss_sum = 0.0
        progress.step += len(losses)
        progress.trained_images += lesson.images
        progress.trained_s += lesson.seconds
        self._speed.add(len(losses), lesson.images, lesson.seconds)
        yield from self._told(losses)
        if self._snapshot_due():
            yield self._snapshot(kept=True)

    def _batches_in_turn(self) -> int:
        """To the end of the epoch, or to an evaluation inside it."""
        periods = [self.batches.per_epoch, *([self._every] if self._every else [])]
        return min(period - self.progress.step % period for period in periods)

    def _snapshot_due(self) -> bool:
        """At the end, and after epochs that are to be kept: of a sweep's trainings no more is wanted."""
        return self.progress.step == self._last_step or self._epoch in self._keep

    def _elapsed_s(self) -> float:
        return self._group.elapsed_s()


def _moved(images: Dataset, device: torch.device) -> Dataset:
    """The data set on the device, as far as there is room; splits that are the same stay so."""
    moved: dict[int, Split] = {}
    for split in (images.training, images.validation, images.test):
        if id(split) not in moved:
            changed = None if split.changed is None else resident(split.changed, device)
            moved[id(split)] = dataclasses.replace(split, images=resident(split.images, device), changed=changed)
    training, validation, test = (moved[id(split)] for split in (images.training, images.validation, images.test))
    return dataclasses.replace(images, training=training, validation=validation, test=test)
