"""What a run is: one frozen, validated value that determines it, in and out of TOML.

Every field carries its range, label, unit and help beside it, so that the form, the command line and the documentation
say the same. Nothing here knows torch; whether the layers fit each other is the question of :mod:`engine.shapes`.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
Strategy = Literal["probe", "fine-tune", "scratch"]
Task = Literal["autoencoder", "classifier"]
Validation = Literal["hold-out", "test"]

IMAGE_SHAPES: dict[str, tuple[int, int]] = {
    "digits": (1, 28),
    "mnist": (1, 28),
    "fashion-mnist": (1, 28),
    "kmnist": (1, 28),
    "cifar-10": (3, 32),
}
"""Data set -> channels and side of its own images."""

CLASSES: dict[str, int] = {"digits": 10, "mnist": 10, "fashion-mnist": 10, "kmnist": 10, "cifar-10": 10}
"""Data set -> how many classes its labels tell apart."""

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


Seed = Annotated[int, about("Seed", "Start of every random draw; the same seed repeats the run.", ge=0, le=2**31 - 1)]
Channels = Annotated[int, about("Channels", "Feature maps of this block. More can tell more patterns apart and cost "
                                "more time.", ge=1, le=65_536, low=1, high=512, log=True)]
Stride = Annotated[int, about("Stride", "Step of the window. 2 halves the side of an encoder's output and doubles a "
                              "decoder's.", unit="px", ge=1, le=512, low=1, high=4)]
Normalized = Annotated[bool, about("Batch normalization", "Normalizes each channel over the batch: usually faster and "
                                   "steadier training.")]
Activated = Annotated[Activation, about("Activation", "The non-linearity after the layer; without one, layers merge.")]
Dropout = Annotated[float, about("Dropout", "Share of values set to zero while training. More fights overfitting and "
                                 "slows learning.", ge=0, lt=1, low=0, high=0.8)]


class Data(Frozen):
    """Which images, how large, and how they are split."""

    dataset: Annotated[DatasetName, about("Data set", "The images to learn. 'Digits' is built in and needs no "
                                          "network.")] = "digits"
    image_size: Annotated[int, about("Image size", "Side to which the images are resized; 0 keeps their own. Larger "
                                     "images hold more detail and train more slowly.", unit="px", ge=0, le=256)] = 0
    training_images: Annotated[int, about("Training images", "How many training images to use; 0 means all. Fewer "
                                          "train faster and overfit sooner.", ge=0, le=10_000_000)] = 0
    validation: Annotated[Validation, about("Validation", "Where the validation images come from. With the official "
                                            "test images no independent test is left.")] = "hold-out"
    hold_out: Annotated[float, about("Hold-out share", "Share of the training images kept for validation. More makes "
                                     "the validation loss steadier and leaves fewer images to learn from.",
                                     gt=0, le=0.5, low=0.05, high=0.5)] = 0.1
    seed: Annotated[int, about("Split seed", "Chooses which training images are held out.", ge=0, le=2**31 - 1)] = 0
    images_per_class: Annotated[int, about("Images per class", "How many training images of each class to use; 0 means "
                                           "all. Fewer ask how far few labels go.", ge=0, le=10_000_000)] = 0
    class_seed: Annotated[int, about("Class seed", "Chooses which images of each class are used, where not all are.",
                                     ge=0, le=2**31 - 1)] = 0


class Convolution(Frozen):
    """Convolution, normalization, activation, dropout, pooling: in this order."""

    kind: Literal["convolution"] = "convolution"
    channels: Channels = 16
    kernel: Annotated[int, about("Kernel", "Side of the window each output pixel sees. Larger sees more context at "
                                 "more cost.", unit="px", ge=1, le=256, low=1, high=11)] = 3
    stride: Stride = 1
    padding: Annotated[int, about("Padding", "Zeros added around the image. More keeps the output larger.",
                                  unit="px", ge=0, le=256, low=0, high=5)] = 0
    batch_normalization: Normalized = False
    activation: Activated = "relu"
    dropout: Dropout = 0.0
    pool_kernel: Annotated[int, about("Pooling", "Side of the max-pooling window; 0 means no pooling. Larger makes the "
                                      "output smaller.", unit="px", ge=0, le=256, low=0, high=4)] = 0
    pool_stride: Annotated[int, about("Pooling stride", "Step of the pooling window; 0 means as large as the window. "
                                      "Larger makes the output smaller, smaller lets windows overlap.",
                                      unit="px", ge=0, le=256, low=0, high=4)] = 0


class Linear(Frozen):
    """Linear layer, normalization, activation, dropout; feature maps are flattened first."""

    kind: Literal["linear"] = "linear"
    size: Annotated[int, about("Size", "Numbers that leave this layer. In the last block this is the code: smaller "
                               "compresses more, larger draws more detail.",
                               ge=1, le=1_000_000_000, low=1, high=1024, log=True)] = 64
    batch_normalization: Normalized = False
    activation: Activated = "relu"
    dropout: Dropout = 0.0


class Reshape(Frozen):
    """A vector becomes feature maps (explicit decoders only)."""

    kind: Literal["reshape"] = "reshape"
    channels: Channels = 16
    side: Annotated[int, about("Side", "Side of each feature map.", unit="px", ge=1, le=256)] = 7


class TransposedConvolution(Frozen):
    """Transposed convolution, normalization, activation, dropout (explicit decoders only)."""

    kind: Literal["transposed-convolution"] = "transposed-convolution"
    channels: Channels = 16
    kernel: Annotated[int, about("Kernel", "Side of the window each input pixel paints. Larger makes the output larger "
                                 "and smoother, at more cost.",
                                 unit="px", ge=1, le=512, low=1, high=11)] = 3
    stride: Stride = 1
    padding: Annotated[int, about("Padding", "Pixels cut off at every edge. More makes the output smaller.",
                                  unit="px", ge=0, le=512, low=0, high=5)] = 0
    output_padding: Annotated[int, about("Output padding", "Pixels added at the right and lower edge; less than the "
                                         "stride. More makes the output larger.",
                                         unit="px", ge=0, le=511, low=0, high=3)] = 0
    batch_normalization: Normalized = False
    activation: Activated = "relu"
    dropout: Dropout = 0.0


EncoderBlock = Annotated[Convolution | Linear, pydantic.Field(discriminator="kind")]
DecoderBlock = Annotated[Linear | Reshape | TransposedConvolution | Convolution, pydantic.Field(discriminator="kind")]
Decoder = Annotated[
    Annotated[Literal["mirror"], pydantic.Tag("mirror")] | Annotated[tuple[DecoderBlock, ...], pydantic.Tag("blocks")],
    pydantic.Discriminator(lambda value: "mirror" if isinstance(value, str) else "blocks")]
DEFAULT_ENCODER = (Convolution(channels=8, stride=2, padding=1), Convolution(stride=2, padding=1), Linear(size=32))


class Model(Frozen):
    """The encoder as a list of blocks, and a decoder that mirrors it or is given explicitly."""

    encoder: Annotated[tuple[EncoderBlock, ...], about("Encoder", "The blocks that turn an image into its code.",
                                                       max_length=64)] = DEFAULT_ENCODER
    decoder: Annotated[Decoder, about("Decoder", "'mirror' solves the encoder in reverse; or a list of "
                                      "blocks.")] = "mirror"
    output: Annotated[OutputActivation, about("Output activation", "Sigmoid keeps every pixel between 0 and 1, ReLU "
                                              "above 0; none leaves them free.")] = "sigmoid"


class Classifier(Frozen):
    """A linear layer to the classes, on the encoder of another run or on a new one."""

    strategy: Annotated[Strategy, about("Strategy", "A probe trains only the linear layer and leaves the encoder as it "
                                        "is; fine-tuning trains both; from scratch starts with a new "
                                        "encoder.")] = "probe"
    activation: Annotated[Activation, about("Activation", "The non-linearity after the linear layer; usually "
                                            "none.")] = "none"
    encoder: Annotated[str, about("Encoder", "The run whose encoder is taken: its name, its folder, or a preset's name "
                                  "for the newest run of it.", max_length=1000)] = ""
    snapshot: Annotated[str, about("Snapshot", "Which weights of that run: last, best or a step.",
                                   pattern=r"^(last|best|\d{1,18})$")] = "last"


class Train(Frozen):
    """How the model learns."""

    loss: Annotated[LossName, about("Loss", "What training makes small: the distance between image and "
                                    "reconstruction. A classifier always has cross-entropy.")] = "mse"
    optimizer: Annotated[OptimizerName, about("Optimizer", "How the weights follow the gradient. Adam needs the least "
                                              "tuning.")] = "adam"
    learning_rate: Annotated[float, about("Learning rate", "Size of each step. Higher learns faster until it becomes "
                                          "unstable; lower is steadier and slower.",
                                          gt=0, le=1e9, low=1e-5, high=1.0, log=True)] = 0.001
    momentum: Annotated[float, about("Momentum", "How much of the last step is kept (SGD and RMSprop). Higher smooths "
                                     "and speeds up, until it overshoots.", ge=0, lt=1, low=0, high=0.99)] = 0.9
    weight_decay: Annotated[float, about("Weight decay", "Pull of the weights towards zero. More keeps them small and "
                                         "the reconstructions smoother.", ge=0, le=1, low=0, high=0.1)] = 0.0
    batch_size: Annotated[int, about("Batch size", "Images per step. Larger is steadier and uses the hardware better, "
                                     "with fewer steps per epoch.", unit="images",
                                     ge=1, le=1_000_000, low=1, high=1024, log=True)] = 64
    epochs: Annotated[int, about("Epochs", "How often every training image is seen. 0 keeps the untrained network as a "
                                 "run.", ge=0, le=1_000_000, low=0, high=100)] = 20
    seed: Seed = 0
    precision: Annotated[Precision, about("Precision", "bfloat16 is faster on new processors and a little less "
                                          "exact.")] = "float32"
    evaluate_every: Annotated[int, about("Evaluate every", "Batches between evaluations; 0 evaluates once per epoch. "
                                         "Fewer draw finer curves and slow the training down.",
                                         unit="batches", ge=0, le=1_000_000_000)] = 0
    epochs_between: Annotated[int, about("Epochs between evaluations", "Evaluate and keep a snapshot only so often, "
                                         "and at the end. More saves time where epochs are short.", unit="epochs",
                                         ge=1, le=1_000_000)] = 1
    evaluation_images: Annotated[int, about("Evaluation images", "How many training and validation images an "
                                            "evaluation uses; 0 means all. Fewer is faster and noisier.",
                                            unit="images", ge=0, le=10_000_000)] = 0
    keep: Annotated[tuple[Annotated[int, pydantic.Field(ge=0)], ...],
                    about("Epochs to keep", "Epochs that the timeline never thins out.", max_length=1000)] = ()


class Experiment(Frozen):
    """Everything that determines a run; two runs of equal experiments on one machine are equal."""

    name: Annotated[str, about("Name", "What this experiment is called.", max_length=200)] = ""
    source: Annotated[str, about("Source", "Where the settings come from.", max_length=1000)] = ""
    note: Annotated[str, about("Note", "What one should know about them.", max_length=10_000)] = ""
    task: Annotated[Task, about("Task", "An autoencoder draws its images again; a classifier names their "
                                "class.")] = "autoencoder"
    data: Data = Data()
    model: Model = Model()
    classifier: Classifier = Classifier()
    train: Train = Train()

    @property
    def classes(self) -> int:
        """How many classes a classifier tells apart; 0 for an autoencoder."""
        return CLASSES[self.data.dataset] if self.task == "classifier" else 0

    @property
    def loss(self) -> str:
        """What training makes small, as a name in LABELS."""
        return self.train.loss if self.task == "autoencoder" else "cross-entropy"

    @property
    def frozen_encoder(self) -> bool:
        """Whether only a classifier's linear layer learns."""
        return self.task == "classifier" and self.classifier.strategy == "probe"

    @property
    def needs_encoder(self) -> bool:
        """Whether the encoder's first weights are those of another run."""
        return self.task == "classifier" and self.classifier.strategy != "scratch"

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


_TAGS = {"convolution", "linear", "reshape", "transposed-convolution", "mirror", "blocks"}
"""Parts of pydantic's location that name a branch of a union and not a field."""


def from_toml(text: str) -> Experiment:
    """TOML -> Experiment. Raises ExperimentError, with the line where the text is no TOML."""
    try:
        values = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise ExperimentError([Problem("toml.syntax", "", None, f"not a TOML file: {error}")]) from None
    except RecursionError:
        raise ExperimentError([Problem("toml.nesting", "", None, "not an experiment: nested too deeply")]) from None
    except ValueError:  # Python's own limit on the digits of a number
        raise ExperimentError([Problem("toml.number", "", None, "not an experiment: a number is too long")]) from None
    return parse(values)


def load(path: Path) -> Experiment:
    """Read an experiment from a TOML file. Raises ExperimentError (contents) or OSError (the file itself)."""
    try:
        return from_toml(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"not a text file: byte {error.start} is not UTF-8"
        raise ExperimentError([Problem("toml.encoding", "", None, message)]) from None


def to_toml(experiment: Experiment) -> str:
    """Experiment -> TOML, complete but for LATER fields at their defaults; ``from_toml`` gives back an equal one."""
    values = experiment.model_dump(mode="python")
    for section, names in LATER.items():
        plain: Any = getattr(Experiment(), section) if section else Experiment()
        part = values[section] if section else values
        for name in names:
            if getattr(getattr(experiment, section) if section else experiment, name) == getattr(plain, name):
                del part[name]
    return tomli_w.dumps(values, multiline_strings=False)


LATER: dict[str, tuple[str, ...]] = {"": ("task", "classifier"), "data": ("images_per_class", "class_seed"),
                                     "train": ("epochs_between",)}
"""Fields that version 0.1 does not know and would refuse: a file says nothing of those that change nothing."""


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
    """Path -> (value in one, value in other) where they differ (None: no such field); names and notes aside."""
    a, b = flat(one), flat(other)
    paths = [path for path in {**a, **b} if path not in DESCRIPTIVE]
    return {path: (a.get(path), b.get(path)) for path in paths if a.get(path) != b.get(path)}


def replaced(experiment: Experiment, changes: Mapping[str, Any]) -> Experiment:
    """A copy with the fields at these dotted paths changed. Raises ExperimentError, also for an unknown path."""
    values = json.loads(experiment.model_dump_json())
    unknown = [path for path, value in changes.items() if not _assign(values, path.split("."), value)]
    if unknown:
        raise ExperimentError(Problem("field.unknown", path, changes[path], "no such field") for path in unknown)
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
            message = "write it as field=value, for example train.epochs=5"
            raise ExperimentError([Problem("set.syntax", text, None, message)])
        changes[path.strip()] = _toml_value(value.strip())
    return replaced(experiment, changes) if changes else experiment


def _toml_value(text: str) -> Any:
    """'5' -> 5, 'true' -> True, 'adam' -> 'adam'."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError, KeyError):  # too many digits is a ValueError and no TOMLDecodeError
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
