"""The training images on the device, shuffled anew every epoch and handed out in batches."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.experiment import Experiment


class Floats:
    """One float buffer for all batches: a large tensor that is allocated anew each time costs more than filling it."""

    def __init__(self, shape: tuple[int, ...], device: torch.device, memory_format: torch.memory_format) -> None:
        self._buffer = torch.empty(shape, device=device, memory_format=memory_format)

    def __len__(self) -> int:
        return len(self._buffer)

    def of(self, images: Tensor) -> Tensor:
        """uint8 (B, C, H, W), at most as many as there is room for -> the same in [0, 1], valid until the next call."""
        return self._buffer[: len(images)].copy_(images).div_(255)


def batches_per_epoch(experiment: Experiment, images: int) -> int:
    """How many batches this many images make; with batch normalization a last batch of 1 joins the one before."""
    size = experiment.train.batch_size
    joined = 1 < size < images and images % size == 1 and has_normalization(experiment)
    return math.ceil(images / size) - joined


def has_normalization(experiment: Experiment) -> bool:
    """Whether any block, given or mirrored, normalizes over the batch."""
    blocks = [*experiment.model.encoder, *(() if experiment.model.decoder == "mirror" else experiment.model.decoder)]
    return any(getattr(block, "batch_normalization", False) for block in blocks)


class Batches:
    """Resident uint8 images (N, C, H, W), a permutation of them, and the generator that draws it."""

    def __init__(self, experiment: Experiment, images: Tensor, device: torch.device,
                 memory_format: torch.memory_format) -> None:
        self.images = images.to(device)
        self.per_epoch = batches_per_epoch(experiment, len(images))
        self.size = min(experiment.train.batch_size, len(images))
        self.generator = torch.Generator().manual_seed(experiment.train.seed)
        self.permutation = torch.empty(0, dtype=torch.int32)
        self._order = self.permutation
        self._floats = Floats((self.size + 1, *images.shape[1:]), device, memory_format)

    def shuffle(self) -> None:
        """Draw the order of a new epoch."""
        self.use(torch.randperm(len(self.images), generator=self.generator).to(torch.int32))

    def use(self, permutation: Tensor) -> None:
        """int32 (N,): go through the images in this order."""
        self.permutation, self._order = permutation, permutation.to(self.images.device)

    def count(self, position: int) -> int:
        """How many images the batch at this position of the epoch has."""
        return self._end(position) - position * self.size

    def __getitem__(self, position: int) -> Tensor:
        """Batch number ``position`` of the epoch as (B, C, H, W) in [0, 1], valid until the next one is asked for."""
        chosen = self._order[position * self.size : self._end(position)]
        return self._floats.of(self.images.index_select(0, chosen))

    def _end(self, position: int) -> int:
        return len(self.images) if position == self.per_epoch - 1 else (position + 1) * self.size
