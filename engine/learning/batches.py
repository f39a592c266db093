"""The training images on the device, shuffled anew every epoch, and handed out in batches, with noise if wanted."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.experiment import Experiment
from engine.inputs import NOISE
from engine.learning.epochs import batches_per_epoch


class Floats:
    """One float buffer for all batches: a large tensor that is allocated anew each time costs more than filling it."""

    def __init__(self, shape: tuple[int, ...], device: torch.device, memory_format: torch.memory_format) -> None:
        self._buffer = torch.empty(shape, device=device, memory_format=memory_format)

    @classmethod
    def for_batches(cls, values: Tensor | None, images: int, device: torch.device,
                    memory_format: torch.memory_format) -> Floats:
        """Room for so many of these values; none where they need no conversion."""
        if values is None or values.dtype != torch.uint8:
            return cls((0,), device, torch.contiguous_format)
        return cls((images, *values.shape[1:]), device, memory_format)

    def of(self, images: Tensor) -> Tensor:
        """uint8 (B, C, H, W), at most as many as there is room for -> the same in [0, 1], valid until the next call.

        Codes and classes, which are no bytes, stay what they are.
        """
        if images.dtype != torch.uint8:
            return images
        return self._buffer[: len(images)].copy_(images).div_(255)


class Noise:
    """Draws a training's noise, anew for every batch, on the device; the generator's state belongs to a resume."""

    def __init__(self, experiment: Experiment, device: torch.device) -> None:
        given = experiment.data.input
        self._draw = NOISE.get(given.change) if experiment.task == "autoencoder" else None
        self._strength = given.strength
        self.generator = torch.Generator(device).manual_seed(experiment.train.seed)

    @property
    def draws(self) -> bool:
        """Whether there is any."""
        return self._draw is not None

    def on(self, images: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> noisy ones in [0, 1], in memory of their own."""
        assert self._draw is not None
        return self._draw(images, self._strength, self.generator)


class Batches:
    """Resident inputs with what is to be learnt from them, a permutation, and the generators that draw.

    Inputs are uint8 (N, C, h, w), or a probe's codes (N, n); targets are uint8 images (N, C, H, W), classes int64
    (N,), or None where the inputs themselves are to be drawn. Images that lie on the disk stay there.
    """

    def __init__(self, experiment: Experiment, inputs: Tensor, targets: Tensor | None, device: torch.device,
                 memory_format: torch.memory_format) -> None:
        self.noise = Noise(experiment, device)
        if self.noise.draws:
            inputs, targets = targets if targets is not None else inputs, None
        self._device = device
        self.inputs, self.targets = resident(inputs, device), None if targets is None else resident(targets, device)
        self.per_epoch = batches_per_epoch(experiment, len(inputs))
        self.size = min(experiment.train.batch_size, len(inputs))
        self.generator = torch.Generator().manual_seed(experiment.train.seed)
        self.permutation = torch.empty(0, dtype=torch.int32)
        self._order = self.permutation
        self._floats = Floats.for_batches(inputs, self.size + 1, device, memory_format)
        self._wanted = Floats.for_batches(targets, self.size + 1, device, memory_format)

    def __len__(self) -> int:
        return len(self.inputs)

    def shuffle(self) -> None:
        """Draw the order of a new epoch."""
        self.use(torch.randperm(len(self), generator=self.generator).to(torch.int32))

    def use(self, permutation: Tensor) -> None:
        """int32 (N,): go through the images in this order."""
        self.permutation, self._order = permutation, permutation.to(self.inputs.device)

    def count(self, position: int) -> int:
        """How many images the batch at this position of the epoch has."""
        return self._end(position) - position * self.size

    def __getitem__(self, position: int) -> tuple[Tensor, Tensor]:
        """Batch number ``position`` of the epoch: inputs and targets, images in [0, 1], valid until the next one."""
        chosen = self._order[position * self.size : self._end(position)]
        inputs = self._floats.of(self.inputs.index_select(0, chosen).to(self._device))
        if self.noise.draws:
            return self.noise.on(inputs), inputs
        if self.targets is None:
            return inputs, inputs
        chosen = chosen.to(self.targets.device)
        return inputs, self._wanted.of(self.targets.index_select(0, chosen).to(self._device))

    def _end(self, position: int) -> int:
        return len(self) if position == self.per_epoch - 1 else (position + 1) * self.size


def resident(values: Tensor, device: torch.device) -> Tensor:
    """The values on the device, unless they would take more than half of the memory that is free there."""
    if device.type != "cuda" or values.device == device:
        return values.to(device)
    free, _ = torch.cuda.mem_get_info(device)
    return values.to(device) if values.numel() * values.element_size() < free / 2 else values
