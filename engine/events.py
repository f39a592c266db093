"""What a training tells: frozen values, known without torch, so that the window and the run list need not load it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor

MODEL = "model."
"""Prefix of the weights among the tensors of a State."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that resumes a run exactly: tensors by name, and values that JSON can hold."""

    tensors: Mapping[str, Tensor]
    values: Mapping[str, Any]

    @property
    def weights(self) -> dict[str, Tensor]:
        """The model's own state, for ``model.from_weights``."""
        return {key.removeprefix(MODEL): tensor for key, tensor in self.tensors.items() if key.startswith(MODEL)}


@dataclass(frozen=True, slots=True)
class Step:
    """Losses of the batches step − len(losses) + 1 … step, counted from 1; ``epoch`` is theirs, from 0."""

    step: int
    epoch: int
    losses: tuple[float, ...]
    elapsed_s: float
    """Time spent training and evaluating since the run began, pauses left out."""
    images_per_second: float
    """Speed of the last second's batches, evaluations left out."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Mean losses in eval mode; ``running_loss`` is the mean of the epoch's batch losses, None inside an epoch."""

    step: int
    epoch: float
    running_loss: float | None
    training_loss: float
    validation_loss: float
    elapsed_s: float
    training_accuracy: float | None = None
    """Share of the images whose class is named rightly, 0 to 1; None for an autoencoder, here and below."""
    validation_accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The weights at one step, as contiguous copies on the CPU; not ``kept``: for the live view only."""

    step: int
    epoch: float
    weights: Mapping[str, Tensor] = field(repr=False)
    kept: bool


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A State to be saved; ``best``: no validation loss so far was lower."""

    step: int
    epoch: float
    state: State = field(repr=False)
    best: bool


@dataclass(frozen=True, slots=True)
class Intervention:
    """A field changed while the run was at work, from the batch after ``step`` on."""

    step: int
    field: str
    value: float | int


@dataclass(frozen=True, slots=True)
class Diverged:
    """A loss (or, as NaN, a weight) was not finite at ``step``; nothing of it is saved and the training is over."""

    step: int
    loss: float
    learning_rate: float
    kept_step: int
    """Step of the newest checkpoint."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event; losses are None where nothing was evaluated, ``test_loss`` also without an independent test."""

    step: int
    epoch: float
    reason: Literal["finished", "stopped"]
    training_loss: float | None
    validation_loss: float | None
    test_loss: float | None
    best_step: int | None
    best_epoch: float | None
    elapsed_s: float
    images_per_second: float = 0.0
    """Mean speed of all batches, evaluations left out."""
    training_accuracy: float | None = None
    validation_accuracy: float | None = None
    test_accuracy: float | None = None


Event = Step | Evaluation | Snapshot | Checkpoint | Intervention | Diverged | Finished
