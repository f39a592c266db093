"""What the fields of an experiment are made of: labels, ranges, and what to say when one is wrong. Loads no torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pydantic

LABELS: dict[str, str] = {
    "none": "None",
    "relu": "ReLU",
    "leaky-relu": "Leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "digits": "Digits (built in)",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "kmnist": "KMNIST",
    "cifar-10": "CIFAR-10",
    "shapes": "Lit shapes (built in)",
    "folder": "Image folder",
    "resolution": "Lower resolution",
    "gaussian": "Gaussian noise",
    "salt-and-pepper": "Salt and pepper",
    "masking": "Masking",
    "nearest": "Nearest neighbour",
    "bilinear": "Bilinear",
    "bicubic": "Bicubic",
    "area": "Area",
    "folders": "One folder each",
    "rgb": "Colour",
    "grey": "Grey",
    "crop": "Cut out the middle",
    "pad": "Set on black",
    "stretch": "Stretch",
    "mse": "Mean squared error",
    "l1": "Mean absolute error",
    "bce": "Binary cross-entropy",
    "cross-entropy": "Cross-entropy",
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD with momentum",
    "rmsprop": "RMSprop",
    "float32": "32 bits",
    "bfloat16": "bfloat16",
    "autoencoder": "Autoencoder",
    "classifier": "Classifier",
    "probe": "Linear probe",
    "fine-tune": "Fine-tuning",
    "scratch": "From scratch",
    "hold-out": "Part of the training images",
    "test": "Official test images",
    "convolution": "Convolution",
    "linear": "Linear",
    "reshape": "Reshape",
    "transposed-convolution": "Transposed convolution",
}
"""Name in a file -> name on the screen, in English."""


@dataclass(frozen=True)
class Remedy:
    """A change that mends a problem: what the button says, and field path -> new value."""

    label: str
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field; ``code`` and ``values`` let the window say ``message`` in another language."""

    code: str
    field: str
    value: Any
    message: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    remedy: Remedy | None = None


class ExperimentError(ValueError):
    """An experiment that cannot be: every problem at once, in ``problems``."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.message}" if p.field else p.message for p in self.problems))


class Frozen(pydantic.BaseModel):
    """A value that never changes; unknown fields are refused."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def about(label: str, help: str, *, unit: str = "", low: float | None = None, high: float | None = None,
          log: bool = False, **limits: Any) -> Any:
    """What a field is called and does, and its hard limits; ``low`` and ``high`` are the range of its slider.

    A field where only certain numbers make sense and none is the more (a seed, an image size, how many images) has no
    slider and is typed.
    """
    shown: dict[str, Any] = {"unit": unit, "low": low, "high": high, "log": log}
    return pydantic.Field(title=label, description=help, json_schema_extra=shown, **limits)
