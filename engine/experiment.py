"""What a run is: one frozen, validated value that determines it, in and out of TOML.

Every field carries its range, label, unit and help beside it, so that the form, the command line and the documentation
say the same. Nothing here knows torch; whether the layers fit each other is the question of :mod:`engine.shapes`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import tomli_w

from engine.blocks import (
    Activation,
    Convolution,
    Decoder,
    EncoderBlock,
    Linear,
)
from engine.dataspec import FOLDER_FIELDS, IMAGE_SHAPES, Data, class_count
from engine.fields import ExperimentError, Frozen, Problem, about

LossName = Literal["mse", "l1", "bce"]
OptimizerName = Literal["adam", "adamw", "sgd", "rmsprop"]
OutputActivation = Literal["sigmoid", "relu", "none"]
Precision = Literal["float32", "bfloat16"]
Strategy = Literal["probe", "fine-tune", "scratch"]
Task = Literal["autoencoder", "classifier"]

Seed = Annotated[int, about("Seed", "Start of every random draw; the same seed repeats the run.", ge=0, le=2**31 - 1)]
DEFAULT_ENCODER = (Convolution(channels=8, stride=2, padding=1), Convolution(stride=2, padding=1), Linear(size=32))


class Model(Frozen):
    """The encoder as a list of blocks, and a decoder that mirrors it or is given explicitly."""

    encoder: Annotated[tuple[EncoderBlock, ...], about("Encoder", "The blocks that turn an image into its code.",
                                                       max_length=64)] = DEFAULT_ENCODER
    decoder: Annotated[Decoder, about("Decoder", "'mirror' solves the encoder in reverse; or a list of "
                                      "blocks.")] = "mirror"
    output: Annotated[OutputActivation, about("Output activation", "Sigmoid keeps every pixel between 0 and 1, ReLU "
                                              "above 0; none leaves them free.")] = "sigmoid"
    residual: Annotated[bool, about("Residual", "The network draws only what is to be added to its input. Easier where "
                                    "the input is close to the image already.")] = False


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
        return class_count(self.data) if self.task == "classifier" else 0

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
        """Channels, height and width of the images that the model is to draw."""
        channels, side = IMAGE_SHAPES[self.data.dataset]
        side = self.data.image_size or side
        grey = self.data.dataset == "folder" and self.data.colour == "grey"
        return 1 if grey else channels, side, side

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the images that the model sees: smaller where they are left small."""
        channels, side, _ = self.image_shape
        given = self.data.input
        small = given.change in ("resolution", "folder") and given.enlargement == "none"
        side = max(1, side // given.factor) if small else side
        return channels, side, side


DESCRIPTIVE = ("name", "source", "note")
"""Fields that describe an experiment and determine nothing."""


def parse(values: Mapping[str, Any]) -> Experiment:
    """Nested plain values -> Experiment. Raises ExperimentError with every field that is wrong."""
    try:
        return Experiment.model_validate(values)
    except pydantic.ValidationError as error:
        raise ExperimentError(problem_of(details) for details in error.errors(include_url=False)) from None


def problem_of(details: Any) -> Problem:
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


LATER: dict[str, tuple[str, ...]] = {"": ("task", "classifier"), "data": (
    "images_per_class", "class_seed", "folder", "classes", "class_count", "recursive", "colour", "fit",
    "validation_share", "test_share", "input"), "model": ("residual",), "train": ("epochs_between",)}
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
    """Apply ``path=value`` texts of the command line. Raises ExperimentError."""
    changes = settings_of(settings)
    return replaced(experiment, changes) if changes else experiment


def settings_of(settings: Iterable[str]) -> dict[str, Any]:
    """``path=value`` texts -> path -> value, which is TOML, else taken as text. Raises ExperimentError."""
    changes: dict[str, Any] = {}
    for text in settings:
        path, equals, value = text.partition("=")
        if not equals:
            message = "write it as field=value, for example train.epochs=5"
            raise ExperimentError([Problem("set.syntax", text, None, message)])
        changes[path.strip()] = _toml_value(value.strip())
    return changes


def _toml_value(text: str) -> Any:
    """'5' -> 5, 'true' -> True, 'adam' -> 'adam'."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError, KeyError):  # too many digits is a ValueError and no TOMLDecodeError
        return text


def with_folder_of(preset: Experiment, other: Experiment) -> Experiment:
    """A preset for images of one's own, with the folder that another experiment uses; any other preset as it is."""
    if preset.data.dataset != "folder" or preset.data.folder or not other.data.folder:
        return preset
    taken = {name: getattr(other.data, name) for name in FOLDER_FIELDS}
    return preset.model_copy(update={"data": preset.data.model_copy(update=taken)})


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
