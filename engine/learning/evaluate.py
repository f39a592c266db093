"""The mean loss of a split, measured in pieces so that a command never waits for long."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import torch
from torch import Tensor

from engine.data import Dataset, Split
from engine.experiment import Experiment
from engine.learning.batches import Floats, resident
from engine.learning.classifying import ClassifierLearner
from engine.learning.learner import Learner
from engine.learning.progress import Pacing


class Measured(NamedTuple):
    """How a model does on one split."""

    loss: float
    accuracy: float | None
    """Share of the images that are classified rightly; None for an autoencoder."""


class Evaluator:
    """Measures always the same images of a split, and draws nothing from a generator that training uses."""

    def __init__(self, experiment: Experiment, data: Dataset, learner: Learner, pacing: Pacing) -> None:
        self._experiment, self._data, self._learner = experiment, data, learner
        self._largest = max(math.prod(layer.unpooled or layer.output) for layer in learner.model.plan.layers)
        self._room = pacing.chunk_numbers if learner.device.type == "cpu" else pacing.device_chunk_numbers
        self._inputs: dict[str, Tensor] = {}
        self._targets: dict[str, Tensor | None] = {}

    def share(self, split: str, inputs: Tensor, targets: Tensor | None) -> None:
        """Use these inputs and targets, which are all of a split and on the device already, unless it is sampled."""
        if self._limit(split) >= len(inputs):
            self._inputs[split], self._targets[split] = inputs, targets

    def measure(self, split: str) -> Generator[tuple[()], None, Measured]:
        """Yield () after each piece, return the mean loss (and accuracy) in eval mode."""
        inputs, targets = (yield from self._resident(split)), self._resident_targets(split)
        total, right, chunk = 0.0, 0, self._chunk(inputs)
        floats, wanted = self._floats(inputs, chunk), self._floats(targets, chunk)
        for start in range(0, len(inputs), chunk):
            piece = slice(start, start + chunk)
            given = floats.of(inputs[piece].to(self._learner.device))
            goal = given if targets is None else wanted.of(targets[piece].to(self._learner.device))
            loss, hits = self._learner.measured(given, goal)
            total += loss * len(given)
            right += hits
            yield ()
        return Measured(total / len(inputs), right / len(inputs) if self._classifies else None)

    def encode(self, images: Tensor, into: Tensor) -> Generator[tuple[()], None, None]:
        """Fill (N, n) with the codes of a probe's uint8 images (N, C, H, W), piece by piece."""
        assert isinstance(self._learner, ClassifierLearner)
        chunk = self._chunk(images)
        floats = self._floats(images, chunk)
        for start in range(0, len(images), chunk):
            piece = slice(start, start + chunk)
            into[piece] = self._learner.codes(floats.of(images[piece].to(self._learner.device)))
            yield ()

    def _chunk(self, inputs: Tensor) -> int:
        """How many of these go through the model at once; codes go through its last layer only."""
        numbers = inputs.shape[1] if inputs.is_floating_point() else self._largest
        return min(max(1, self._room // numbers), len(inputs))

    def _floats(self, values: Tensor | None, chunk: int) -> Floats:
        return Floats.for_batches(values, chunk, self._learner.device, self._learner.memory_format)

    @property
    def _classifies(self) -> bool:
        return self._experiment.task == "classifier"

    def _resident(self, split: str) -> Generator[tuple[()], None, Tensor]:
        """What the model is given, on the device: images uint8 (N, C, h, w), or a probe's codes (N, n)."""
        if split not in self._inputs:
            images = self._sample(split, self._data.split(split).inputs)
            if self._learner.learns_from_codes:
                codes = code_room(self._learner, len(images))
                yield from self.encode(images, codes)
                self._inputs[split] = codes
            else:
                self._inputs[split] = resident(images, self._learner.device)
        return self._inputs[split]

    def _resident_targets(self, split: str) -> Tensor | None:
        """What is to come out: classes int64 (N,), images uint8 (N, C, H, W), or None where it is the inputs."""
        if split not in self._targets:
            targets = targets_of(self._experiment, self._data.split(split))
            self._targets[split] = None if targets is None else resident(self._sample(split, targets),
                                                                         self._learner.device)
        return self._targets[split]

    def _sample(self, split: str, values: Tensor) -> Tensor:
        """A seeded sample of a split's inputs or targets, in its order; all of them where there is no limit."""
        limit = self._limit(split)
        if limit >= len(values):
            return values
        generator = torch.Generator().manual_seed(self._experiment.train.seed)
        return values[torch.randperm(len(values), generator=generator)[:limit].sort().values]

    def _limit(self, split: str) -> int:
        """How many images of a split are measured; the test always has all of its."""
        everything = len(self._data.split(split).images)
        return everything if split == "test" else self._experiment.train.evaluation_images or everything


def code_room(learner: Learner, images: int) -> Tensor:
    """Room (images, n) on the device for the codes of so many images."""
    return torch.empty((images, learner.model.plan.code_numbers), device=learner.device)


def targets_of(experiment: Experiment, split: Split) -> Tensor | None:
    """What a model is to make of a split's inputs: their classes, the images, or None where these are the inputs."""
    if experiment.task == "classifier":
        return split.labels
    return None if split.changed is None else split.images
