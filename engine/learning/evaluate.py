"""The mean loss of a split, measured in pieces so that a command never waits for long."""

from __future__ import annotations

import math
from collections.abc import Generator

import torch
from torch import Tensor

from engine.data import Dataset
from engine.experiment import Experiment
from engine.learning.batches import Floats
from engine.learning.learner import Learner
from engine.learning.progress import Pacing


class Evaluator:
    """Measures always the same images of a split, and draws nothing from a generator that training uses."""

    def __init__(self, experiment: Experiment, data: Dataset, learner: Learner, pacing: Pacing) -> None:
        self._experiment, self._data, self._learner = experiment, data, learner
        largest = max(math.prod(layer.unpooled or layer.output) for layer in learner.model.plan.layers)
        room = pacing.chunk_numbers if learner.device.type == "cpu" else pacing.device_chunk_numbers
        self._chunk = max(1, room // largest)
        self._images: dict[str, Tensor] = {}

    def share(self, split: str, resident: Tensor) -> None:
        """Use these images, which are all of a split and on the device already, where the split is not sampled."""
        if self._limit(split) >= len(resident):
            self._images[split] = resident

    def mean_loss(self, split: str) -> Generator[tuple[()], None, float]:
        """Yield () after each piece, return the mean loss in eval mode."""
        images, total = self._resident(split), 0.0
        chunk = min(self._chunk, len(images))
        floats = Floats((chunk, *images.shape[1:]), self._learner.device, self._learner.memory_format)
        for piece in images.split(chunk):
            total += self._learner.evaluation_loss(floats.of(piece)) * len(piece)
            yield ()
        return total / len(images)

    def _resident(self, split: str) -> Tensor:
        """uint8 (N, C, H, W) on the device: a seeded sample of a split, in its order."""
        if split not in self._images:
            images, limit = self._data.split(split).images, self._limit(split)
            if limit < len(images):
                generator = torch.Generator().manual_seed(self._experiment.train.seed)
                images = images[torch.randperm(len(images), generator=generator)[:limit].sort().values]
            self._images[split] = images.to(self._learner.device)
        return self._images[split]

    def _limit(self, split: str) -> int:
        """How many images of a split are measured; the test always has all of its."""
        everything = len(self._data.split(split).images)
        return everything if split == "test" else self._experiment.train.evaluation_images or everything
