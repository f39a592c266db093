"""The training images on the device, shuffled anew every epoch and handed out in batches."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.experiment import Experiment
from engine.learning.epochs import batches_per_epoch


class Floats:
    """One float buffer for all batches: a large tensor that is allocated anew each time costs more than filling it."""

    def __init__(self, shape: tuple[int, ...], device: torch.device, memory_format: torch.memory_format) -> None:
        self._buffer = torch.empty(shape, device=device, memory_format=memory_format)

    def __len__(self) -> int:
        return len(self._buffer)

    def of(self, images: Tensor) -> Tensor:
        """uint8 (B, C, H, W), at most as many as there is room for -> the same in [0, 1], valid until the next call.

        Codes, which are floats already, stay what they are.
        """
        if images.is_floating_point():
            return images
        return self._buffer[: len(images)].copy_(images).div_(255)


class Batches:
    """Resident uint8 images (N, C, H, W) or codes (N, n), a permutation of them, and the generator that draws it."""

    def __init__(self, experiment: Experiment, images: Tensor, device: torch.device,
                 memory_format: torch.memory_format, labels: Tensor | None = None) -> None:
        self.images = images.to(device)
        self._labels = None if labels is None or experiment.task == "autoencoder" else labels.to(device)
        self.per_epoch = batches_per_epoch(experiment, len(images))
        self.size = min(experiment.train.batch_size, len(images))
        self.generator = torch.Generator().manual_seed(experiment.train.seed)
        self.permutation = torch.empty(0, dtype=torch.int32)
        self._order = self.permutation
        room = (0,) if images.is_floating_point() else (self.size + 1, *images.shape[1:])
        self._floats = Floats(room, device, memory_format if len(room) == 4 else torch.contiguous_format)

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
        return self._floats.of(self.images.index_select(0, self._chosen(position)))

    def labels(self, position: int) -> Tensor | None:
        """int64 (B,): the classes of that batch; None where an autoencoder learns."""
        return None if self._labels is None else self._labels.index_select(0, self._chosen(position))

    def _chosen(self, position: int) -> Tensor:
        return self._order[position * self.size : self._end(position)]

    def _end(self, position: int) -> int:
        return len(self.images) if position == self.per_epoch - 1 else (position + 1) * self.size
