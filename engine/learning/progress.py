"""How far a run is, how fast it goes, and all of it as the State of a checkpoint and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.events import MODEL, State
from engine.learning.batches import Batches
from engine.learning.learner import Learner, copied

SHUFFLE, NOISE, CPU, CUDA = "generator.shuffle", "generator.noise", "generator.cpu", "generator.cuda"
PERMUTATION = "permutation"
"""Names of the generators' states and of the open epoch's order among the tensors of a State."""


@dataclass(frozen=True)
class Pacing:
    """How often a run saves and answers."""

    checkpoint_s: float = 5.0
    """The ends of epochs take a checkpoint at most this often."""
    longest_s: float = 60.0
    """A checkpoint is taken at least this often."""
    turn_s: float = 0.020
    """One turn holds batches for about this long where losses stay on the device."""
    chunk_numbers: int = 2**19
    """Images are evaluated in chunks whose largest layer has about this many numbers: 2 MB stay in the cache."""
    device_chunk_numbers: int = 2**26
    """The same on another device, which is fast only with more at once."""


@dataclass
class Progress:
    """How far a run is, in values that JSON can hold."""

    epochs: int
    learning_rate: float
    step: int = 0
    loss_sum: float = 0.0
    """Of the batches of the open epoch, and of the last one until the next begins."""
    elapsed_s: float = 0.0
    trained_s: float = 0.0
    trained_images: int = 0
    evaluated_step: int = -1
    training_loss: float | None = None
    validation_loss: float | None = None
    tested_step: int = -1
    test_loss: float | None = None
    training_accuracy: float | None = None
    """Of a classifier, as the two below; measured with the losses."""
    validation_accuracy: float | None = None
    test_accuracy: float | None = None
    best_step: int | None = None
    best_loss: float | None = None
    interventions: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    finished: bool = False
    """Whether all epochs are done, evaluated and tested."""


class Speed:
    """Batches and images per second of about the last second of training."""

    def __init__(self) -> None:
        self._batches = self._images = self._seconds = 0.0

    def add(self, batches: int, images: int, seconds: float) -> None:
        """Count what a turn did; what was before fades to half in a second."""
        fade = 0.5**seconds
        self._batches = self._batches * fade + batches
        self._images = self._images * fade + images
        self._seconds = self._seconds * fade + seconds

    @property
    def images_per_second(self) -> float:
        """0 before the first turn."""
        return self._images / self._seconds if self._seconds else 0.0

    def batches_in(self, seconds: float) -> int:
        """How many batches fit into this time; 0 before the first turn."""
        return int(self._batches / self._seconds * seconds) if self._seconds else 0


def capture(progress: Progress, weights: Mapping[str, Tensor], learner: Learner, batches: Batches) -> State:
    """Everything that goes on exactly from here; ``weights`` are copies of the learner's."""
    tensors = {MODEL + key: tensor for key, tensor in weights.items()}
    tensors.update(learner.optimizer_tensors())
    tensors[SHUFFLE] = batches.generator.get_state()
    if batches.noise.draws:
        tensors[NOISE] = batches.noise.generator.get_state()
    tensors[CPU] = torch.get_rng_state()
    if learner.device.type == "cuda":
        tensors[CUDA] = torch.cuda.get_rng_state(learner.device)
    if progress.step % batches.per_epoch:
        tensors[PERMUTATION] = copied(batches.permutation)
    values = dataclasses.asdict(progress)
    return State(tensors, {**values, "batches_per_epoch": batches.per_epoch, "images": len(batches)})


def restore(state: State, learner: Learner, batches: Batches) -> Progress:
    """Put learner, batches and torch's generators where the State was taken. Raises model.WeightsError."""
    names = {field.name for field in dataclasses.fields(Progress)}
    progress = Progress(**{name: value for name, value in state.values.items() if name in names})
    progress.interventions = [dict(record) for record in progress.interventions]
    learner.load(state.tensors)
    learner.set_learning_rate(progress.learning_rate)
    batches.generator.set_state(state.tensors[SHUFFLE])
    if PERMUTATION in state.tensors:
        batches.use(state.tensors[PERMUTATION])
    noise = batches.noise.generator
    if NOISE in state.tensors and len(state.tensors[NOISE]) == len(noise.get_state()):  # else another kind of device's
        noise.set_state(state.tensors[NOISE])
    torch.set_rng_state(state.tensors[CPU])
    if learner.device.type == "cuda" and CUDA in state.tensors:
        torch.cuda.set_rng_state(state.tensors[CUDA], learner.device)
    return progress
