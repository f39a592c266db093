"""The mean loss of a split, measured in pieces so that a command never waits for long."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import torch
from torch import Tensor

from engine.data import Dataset
from engine.experiment import Experiment
from engine.learning.batches import Floats
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
        self._labels: dict[str, Tensor | None] = {}

    def share(self, split: str, resident: Tensor) -> None:
        """Use these inputs, which are all of a split and on the device already, where the split is not sampled."""
        if self._limit(split) >= len(resident):
            self._inputs[split] = resident

    def measure(self, split: str) -> Generator[tuple[()], None, Measured]:
        """Yield () after each piece, return the mean loss (and accuracy) in eval mode."""
        inputs, labels = (yield from self._resident(split)), self._resident_labels(split)
        total, right, chunk = 0.0, 0, self._chunk(inputs)
        floats = Floats((chunk, *inputs.shape[1:]), self._learner.device, self._format(inputs))
        for start in range(0, len(inputs), chunk):
            piece = slice(start, start + chunk)
            loss, hits = self._learner.measured(floats.of(inputs[piece]), None if labels is None else labels[piece])
            total += loss * len(inputs[piece])
            right += hits
            yield ()
        return Measured(total / len(inputs), None if labels is None else right / len(inputs))

    def encode(self, images: Tensor, into: Tensor) -> Generator[tuple[()], None, None]:
        """Fill (N, n) with the codes of a probe's uint8 images (N, C, H, W), piece by piece."""
        assert isinstance(self._learner, ClassifierLearner)
        chunk = self._chunk(images)
        floats = Floats((chunk, *images.shape[1:]), self._learner.device, self._learner.memory_format)
        for start in range(0, len(images), chunk):
            piece = slice(start, start + chunk)
            into[piece] = self._learner.codes(floats.of(images[piece].to(self._learner.device)))
            yield ()

    def _chunk(self, inputs: Tensor) -> int:
        """How many of these go through the model at once; codes go through its last layer only."""
        numbers = inputs.shape[1] if inputs.is_floating_point() else self._largest
        return min(max(1, self._room // numbers), len(inputs))

    def _format(self, inputs: Tensor) -> torch.memory_format:
        return torch.contiguous_format if inputs.is_floating_point() else self._learner.memory_format

    def _resident(self, split: str) -> Generator[tuple[()], None, Tensor]:
        """What the model learns from, on the device: images uint8 (N, C, H, W), or a probe's codes (N, n)."""
        if split not in self._inputs:
            images = self._sample(split, self._data.split(split).images)
            if self._learner.learns_from_codes:
                codes = code_room(self._learner, len(images))
                yield from self.encode(images, codes)
                self._inputs[split] = codes
            else:
                self._inputs[split] = images.to(self._learner.device)
        return self._inputs[split]

    def _resident_labels(self, split: str) -> Tensor | None:
        """int64 (N,) on the device, of the same images; None for an autoencoder."""
        if split not in self._labels:
            labels = self._data.split(split).labels if self._experiment.task == "classifier" else None
            self._labels[split] = None if labels is None else self._sample(split, labels).to(self._learner.device)
        return self._labels[split]

    def _sample(self, split: str, values: Tensor) -> Tensor:
        """A seeded sample of a split's images or labels, in its order; all of them where there is no limit."""
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
