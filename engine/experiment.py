"""What a run is: one frozen, validated value that determines it, in and out of TOML.

Every field carries its range, label, unit and help beside it, so that the form, the command line and the documentation
say the same. Nothing here knows torch; whether the layers fit each other is the question of :mod:`engine.shapes`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import tomli_w

Activation = Literal["none", "relu", "leaky-relu", "elu", "gelu", "silu", "tanh", "sigmoid"]
DatasetName = Literal["digits", "mnist", "fashion-mnist", "kmnist", "cifar-10"]
LossName = Literal["mse", "l1", "bce"]
OptimizerName = Literal["adam", "adamw", "sgd", "rmsprop"]
OutputActivation = Literal["sigmoid", "relu", "none"]
Precision = Literal["float32", "bfloat16"]
Validation = Literal["hold-out", "test"]

IMAGE_SHAPES: dict[str, tuple[int, int]] = {
    "digits": (1, 28),
    "mnist": (1, 28),
    "fashion-mnist": (1, 28),
    "kmnist": (1, 28),
    "cifar-10": (3, 32),
}
"""Data set -> channels and side of its own images."""

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
    "mse": "Mean squared error",
    "l1": "Mean absolute error",
    "bce": "Binary cross-entropy",
    "adam": "Adam",
    "adamw": "AdamW",
    "sgd": "SGD with momentum",
    "rmsprop": "RMSprop",
    "float32": "32 bits",
    "bfloat16": "bfloat16",
    "hold-out": "Part of the training images",
    "test": "Official test images",
    "convolution": "Convolution",
    "linear": "Linear",
    "reshape": "Reshape",
    "transposed-convolution": "Transposed convolution",
}
"""Name in a file -> name on the screen, in English."""

MINIMUM_SIDE, MAXIMUM_SIDE = 8, 256
"""Smallest and largest image side, in pixels."""


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
    values: Mapping[str, Any] = field(default_factory=dict)
    remedy: Remedy | None = None


class ExperimentError(ValueError):
    """An experiment that cannot be: every problem at once, in ``problems``."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.field}: {p.message}" if p.field else p.message for p in self.problems))


class Frozen(pydantic.BaseModel):
    """A value that never changes; unknown fields are refused."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def setting(default: Any, label: str, help: str, *, unit: str = "", low: float | None = None, high: float | None = None,
            log: bool = False, **limits: Any) -> Any:
    """A field with its label, help, unit and hard limits; ``low`` and ``high`` are the range of its slider."""
    return pydantic.Field(default, title=label, description=help,
                          json_schema_extra={"unit": unit, "low": low, "high": high, "log": log}, **limits)


class Data(Frozen):
    """Which images, how large, and how they are split."""

    dataset: DatasetName = setting("digits", "Data set", "The images to learn. 'Digits' is built in and needs no network.")
    image_size: int = setting(0, "Image size", "Side to which the images are resized; 0 keeps their own. "
                              "Larger images hold more detail and train more slowly.", unit="px", ge=0, le=MAXIMUM_SIDE)
    training_images: int = setting(0, "Training images", "How many training images to use; 0 means all. Fewer train faster "
                                   "and overfit sooner.", ge=0, le=10_000_000)
    validation: Validation = setting("hold-out", "Validation", "Where the validation images come from. With the official test "
                                     "images no independent test is left.")
    hold_out: float = setting(0.1, "Hold-out share", "Share of the training images kept for validation. More makes the "
                              "validation loss steadier and leaves fewer images to learn from.", gt=0, le=0.5, low=0.05, high=0.5)
    seed: int = setting(0, "Split seed", "Chooses which training images are held out.", ge=0, le=2**31 - 1)


class Convolution(Frozen):
    """Convolution, normalization, activation, dropout, pooling: in this order."""

    kind: Literal["convolution"] = "convolution"
    channels: int = setting(16, "Channels", "Feature maps of this block. More can tell more patterns apart and cost more time.",
                            ge=1, le=65_536, low=1, high=512)
    kernel: int = setting(3, "Kernel", "Side of the window each output pixel sees. Larger sees more context at more cost.",
                          unit="px", ge=1, le=256, low=1, high=11)
    stride: int = setting(1, "Stride", "Step of the window. 2 halves the side of the output.", unit="px", ge=1, le=256, low=1, high=4)
    padding: int = setting(0, "Padding", "Zeros added around the image. More keeps the output larger.",
                           unit="px", ge=0, le=256, low=0, high=5)
    batch_normalization: bool = setting(False, "Batch normalization", "Normalizes each channel over the batch: usually "
                                        "faster and steadier training.")
    activation: Activation = setting("relu", "Activation", "The non-linearity after the layer; without one, layers merge.")
    dropout: float = setting(0.0, "Dropout", "Share of values set to zero while training. More fights overfitting and slows "
                             "learning.", ge=0, lt=1, low=0, high=0.8)
    pool_kernel: int = setting(0, "Pooling", "Side of the max-pooling window; 0 means no pooling.", unit="px", ge=0, le=256,
                               low=0, high=4)
    pool_stride: int = setting(0, "Pooling stride", "Step of the pooling window; 0 means as large as the window.",
                               unit="px", ge=0, le=256, low=0, high=4)


class Linear(Frozen):
    """Linear layer, normalization, activation, dropout; feature maps are flattened first."""

    kind: Literal["linear"] = "linear"
    size: int = setting(64, "Size", "Numbers that leave this layer. In the last block this is the code: smaller compresses "
                        "more, larger draws more detail.", ge=1, le=1_000_000_000, low=1, high=1024)
    batch_normalization: bool = setting(False, "Batch normalization", "Normalizes each number over the batch: usually faster "
                                        "and steadier training.")
    activation: Activation = setting("relu", "Activation", "The non-linearity after the layer; without one, layers merge.")
    dropout: float = setting(0.0, "Dropout", "Share of values set to zero while training. More fights overfitting and slows "
                             "learning.", ge=0, lt=1, low=0, high=0.8)


class Reshape(Frozen):
    """A vector becomes feature maps (explicit decoders only)."""

    kind: Literal["reshape"] = "reshape"
    channels: int = setting(16, "Channels", "Feature maps the vector is cut into.", ge=1, le=65_536)
    side: int = setting(7, "Side", "Side of each feature map.", unit="px", ge=1, le=MAXIMUM_SIDE)


class TransposedConvolution(Frozen):
    """Transposed convolution, normalization, activation, dropout (explicit decoders only)."""

    kind: Literal["transposed-convolution"] = "transposed-convolution"
    channels: int = setting(16, "Channels", "Feature maps of this block.", ge=1, le=65_536, low=1, high=512)
    kernel: int = setting(3, "Kernel", "Side of the window each input pixel paints.", unit="px", ge=1, le=512, low=1, high=11)
    stride: int = setting(1, "Stride", "Distance between the painted windows. 2 doubles the side of the output.",
                          unit="px", ge=1, le=512, low=1, high=4)
    padding: int = setting(0, "Padding", "Pixels cut off at every edge.", unit="px", ge=0, le=512, low=0, high=5)
    output_padding: int = setting(0, "Output padding", "Pixels added at the right and lower edge, less than the stride.",
                                  unit="px", ge=0, le=512, low=0, high=3)
    batch_normalization: bool = setting(False, "Batch normalization", "Normalizes each channel over the batch.")
    activation: Activation = setting("relu", "Activation", "The non-linearity after the layer.")
    dropout: float = setting(0.0, "Dropout", "Share of values set to zero while training.", ge=0, lt=1, low=0, high=0.8)


EncoderBlock = Annotated[Convolution | Linear, pydantic.Field(discriminator="kind")]
DecoderBlock = Annotated[Linear | Reshape | TransposedConvolution | Convolution, pydantic.Field(discriminator="kind")]


class Model(Frozen):
    """The encoder as a list of blocks, and a decoder that mirrors it or is given explicitly."""

    encoder: tuple[EncoderBlock, ...] = setting((Convolution(channels=8, stride=2, padding=1),
                                                 Convolution(channels=16, stride=2, padding=1), Linear(size=32)),
                                                "Encoder", "The blocks that turn an image into its code.", max_length=64)
    decoder: Literal["mirror"] | tuple[DecoderBlock, ...] = setting(
        "mirror", "Decoder", "'mirror' solves the encoder in reverse; or a list of blocks.")
    output: OutputActivation = setting("sigmoid", "Output activation", "Sigmoid keeps every pixel between 0 and 1; ReLU only "
                                       "above 0; none leaves them free.")


class Train(Frozen):
    """How the model learns."""

    loss: LossName = setting("mse", "Loss", "What training makes small: the distance between image and reconstruction.")
    optimizer: OptimizerName = setting("adam", "Optimizer", "How weights follow the gradient. Adam needs least tuning.")
    learning_rate: float = setting(0.001, "Learning rate", "Size of each step. Higher learns faster until it becomes unstable; "
                                   "lower is steadier and slower.", gt=0, le=1e9, low=1e-5, high=1.0, log=True)
    momentum: float = setting(0.9, "Momentum", "How much of the last step is kept (SGD and RMSprop). Higher smooths and "
                              "speeds up, until it overshoots.", ge=0, lt=1, low=0, high=0.99)
    weight_decay: float = setting(0.0, "Weight decay", "Pull of the weights towards zero. More keeps them small and the "
                                  "reconstructions smoother.", ge=0, le=1, low=0, high=0.1)
    batch_size: int = setting(64, "Batch size", "Images per step. Larger is steadier and uses the hardware better, with fewer "
                              "steps per epoch.", unit="images", ge=1, le=1_000_000, low=1, high=1024, log=True)
    epochs: int = setting(20, "Epochs", "How often every training image is seen. 0 keeps the untrained network as a run.",
                          ge=0, le=1_000_000, low=0, high=100)
    seed: int = setting(0, "Seed", "Start of every random draw; the same seed repeats the run.", ge=0, le=2**31 - 1)
    precision: Precision = setting("float32", "Precision", "bfloat16 is faster on new processors and a little less exact.")
    evaluate_every: int = setting(0, "Evaluate every", "Batches between evaluations; 0 evaluates once per epoch.",
                                  unit="batches", ge=0, le=1_000_000_000)
    evaluation_images: int = setting(0, "Evaluation images", "How many training and validation images an evaluation uses; 0 "
                                     "means all. Fewer is faster and noisier.", ge=0, le=10_000_000)
    keep: tuple[int, ...] = setting((), "Epochs to keep", "Epochs the timeline never thins out.", max_length=1000)


class Experiment(Frozen):
    """Everything that determines a run; two runs of equal experiments on one machine are equal."""

    name: str = setting("", "Name", "What this experiment is called.", max_length=200)
    source: str = setting("", "Source", "Where the settings come from.", max_length=1000)
    note: str = setting("", "Note", "What one should know about them.", max_length=10_000)
    data: Data = Data()
    model: Model = Model()
    train: Train = Train()

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images the model sees."""
        channels, side = IMAGE_SHAPES[self.data.dataset]
        side = self.data.image_size or side
        return channels, side, side


DESCRIPTIVE = ("name", "source", "note")
"""Fields that describe an experiment and determine nothing."""


def parse(values: Mapping[str, Any]) -> Experiment:
    """Nested plain values -> Experiment. Raises ExperimentError with every field that is wrong."""
    try:
        return Experiment.model_validate(values)
    except pydantic.ValidationError as error:
        raise ExperimentError(_problem(details) for details in error.errors(include_url=False)) from None


def _problem(details: Any) -> Problem:
    """One of pydantic's errors, as a Problem with a dotted path."""
    path = ".".join(str(part) for part in details["loc"] if part not in _TAGS)
    return Problem(code=f"field.{details['type']}", field=path, value=details.get("input"), message=details["msg"],
                   values=details.get("ctx", {}))


_TAGS = {"convolution", "linear", "reshape", "transposed-convolution", "literal['mirror']", "function-after"}
"""Parts of pydantic's location that name a branch of a union and not a field."""


def from_toml(text: str) -> Experiment:
    """TOML -> Experiment. Raises ExperimentError, with the line where the text is no TOML."""
    try:
        values = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError([Problem("toml.syntax", "", None, f"not a TOML file: {error}")]) from None
    except RecursionError:
        raise ExperimentError([Problem("toml.nesting", "", None, "not an experiment: nested too deeply")]) from None
    return parse(values)


def load(path: Path) -> Experiment:
    """Read an experiment from a TOML file. Raises ExperimentError (contents) or OSError (the file itself)."""
    try:
        return from_toml(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ExperimentError([Problem("toml.encoding", "", None, f"not a text file: byte {error.start} is not UTF-8")]) from None


def to_toml(experiment: Experiment) -> str:
    """Experiment -> TOML, complete; ``from_toml`` gives back an equal one."""
    return tomli_w.dumps(experiment.model_dump(mode="python"), multiline_strings=False)


def flat(experiment: Experiment) -> dict[str, Any]:
    """Every field by its dotted path (``model.encoder.0.kernel``), in order."""
    return dict(_walk("", experiment.model_dump()))


def _walk(prefix: str, value: Any) -> Iterable[tuple[str, Any]]:
    """The leaves of nested dictionaries and block lists, with their paths."""
    children: Iterable[tuple[Any, Any]]
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, tuple | list) and value and isinstance(value[0], dict):
        children = enumerate(value)
    else:
        yield prefix.removesuffix("."), value
        return
    for name, child in children:
        yield from _walk(f"{prefix}{name}.", child)


def differences(one: Experiment, other: Experiment) -> dict[str, tuple[Any, Any]]:
    """Path -> (value in one, value in other) where they differ; a missing field is None. Names and notes do not count."""
    a, b = flat(one), flat(other)
    paths = [path for path in {**a, **b} if path not in DESCRIPTIVE]
    return {path: (a.get(path), b.get(path)) for path in paths if a.get(path) != b.get(path)}


def replaced(experiment: Experiment, changes: Mapping[str, Any]) -> Experiment:
    """A copy with the fields at these dotted paths changed. Raises ExperimentError; an unknown path is one of the problems."""
    values = json.loads(experiment.model_dump_json())
    unknown = [path for path, value in changes.items() if not _assign(values, path.split("."), value)]
    if unknown:
        raise ExperimentError(Problem("field.unknown", path, changes[path], "there is no such field") for path in unknown)
    return parse(values)


def _assign(values: Any, path: list[str], value: Any) -> bool:
    """Set the value at a path inside nested dictionaries and lists; False when the path leads nowhere."""
    try:
        for part in path[:-1]:
            values = values[int(part) if isinstance(values, list) else part]
        last = int(path[-1]) if isinstance(values, list) else path[-1]
        values[last]
    except (KeyError, IndexError, ValueError, TypeError):
        return False
    if isinstance(values, str):
        return False
    values[last] = value.model_dump() if isinstance(value, Frozen) else _plain(value)
    return True


def _plain(value: Any) -> Any:
    """Tuples of blocks as lists of dictionaries, which is what parsing takes."""
    if isinstance(value, list | tuple):
        return [item.model_dump() if isinstance(item, Frozen) else item for item in value]
    return value


def with_settings(experiment: Experiment, settings: Iterable[str]) -> Experiment:
    """Apply ``path=value`` texts of the command line; a value is TOML, else taken as text. Raises ExperimentError."""
    changes: dict[str, Any] = {}
    for text in settings:
        path, equals, value = text.partition("=")
        if not equals:
            raise ExperimentError([Problem("set.syntax", text, None, "write it as field=value, for example train.epochs=5")])
        changes[path.strip()] = _toml_value(value.strip())
    return replaced(experiment, changes) if changes else experiment


def _toml_value(text: str) -> Any:
    """'5' -> 5, 'true' -> True, 'adam' -> 'adam'."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError, KeyError):
        return text


def code_size(experiment: Experiment) -> int:
    """Size of the encoder's last linear block, else the channels of its last block; 0 for an empty encoder."""
    if not experiment.model.encoder:
        return 0
    last = experiment.model.encoder[-1]
    return last.size if isinstance(last, Linear) else last.channels


def code_size_path(experiment: Experiment) -> str:
    """The field that 'Code size' edits."""
    last = len(experiment.model.encoder) - 1
    return f"model.encoder.{last}.{'size' if isinstance(experiment.model.encoder[last], Linear) else 'channels'}"
