"""What a sweep is: a base experiment and axes, or a plain list of experiments; in and out of TOML. Loads no torch."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import tomli_w

import resources
from engine import experiment as experiments
from engine import shapes
from engine.experiment import Experiment
from engine.fields import ExperimentError, Frozen, Problem, about

Method = Literal["grid", "random", "tpe"]

MOST_TRIALS = 20_000
"""More trainings than this are refused: nobody looks at them, and the list would no longer be quick."""


class Range(Frozen):
    """Numbers from ``low`` to ``high``, both among them."""

    low: Annotated[float, about("From", "The smallest value.", ge=-1e12, le=1e12)]
    high: Annotated[float, about("To", "The largest value.", ge=-1e12, le=1e12)]
    count: Annotated[int, about("Values", "How many values, the ends among them.", ge=2, le=100_000)] = 5
    log: Annotated[bool, about("Logarithmic", "Whether each value is the same multiple of the one before.")] = False

    @pydantic.model_validator(mode="after")
    def _rises(self) -> Range:
        if self.low >= self.high:
            raise ValueError("the range must rise: 'from' below 'to'")
        if self.log and self.low < 1e-100:
            raise ValueError("a logarithmic range must begin above 0")
        return self

    @property
    def points(self) -> tuple[float, ...]:
        """The values, rounded to the ten digits that a person reads: 0.15 and not 0.15000000000000002."""
        places = [place / (self.count - 1) for place in range(self.count)]
        raw = [self.low * (self.high / self.low) ** place if self.log else self.low * (1 - place) + self.high * place
               for place in places]
        return tuple(dict.fromkeys(float(f"{value:.10g}") for value in raw))


class Axis(Frozen):
    """One field of the experiment and the values that it takes: a list, or a range."""

    field: Annotated[str, about("Field", "The field that varies, by its dotted path.", max_length=200)]
    values: Annotated[tuple[bool | int | float | str, ...], about("Values", "The values, one after another.",
                                                                  max_length=100_000)] = ()
    range: Annotated[Range | None, about("Range", "Values between two numbers, in place of a list.")] = None

    @property
    def points(self) -> tuple[Any, ...]:
        """Every value, in order."""
        return self.values if self.range is None else self.range.points


class Sweep(Frozen):
    """Many experiments that differ in a few fields; repeats over seeds are an axis of their own."""

    name: Annotated[str, about("Name", "What this sweep is called.", max_length=200)] = ""
    source: Annotated[str, about("Source", "Where it comes from.", max_length=1000)] = ""
    note: Annotated[str, about("Note", "What one should know about it.", max_length=10_000)] = ""
    base: Experiment = Experiment()
    axes: Annotated[tuple[Axis, ...], about("Axes", "The fields that vary.", max_length=20)] = ()
    experiments: Annotated[tuple[Experiment, ...], about("Experiments", "A plain list in place of axes.",
                                                         max_length=10_000)] = ()
    method: Annotated[Method, about("Method", "'grid' tries every combination, 'random' draws them, 'tpe' looks where "
                                    "the best were.")] = "grid"
    trials: Annotated[int, about("Trials", "How many combinations are drawn; a grid has all of its own.",
                                 ge=1, le=1_000_000)] = 50
    seeds: Annotated[tuple[Annotated[int, pydantic.Field(ge=0, le=2**31 - 1)], ...],
                     about("Seeds", "Each combination is trained once with each of these; none: with its own.",
                           max_length=1000)] = ()
    seed: Annotated[int, about("Draw seed", "Chooses the combinations that are drawn.", ge=0, le=2**31 - 1)] = 0
    pruning: Annotated[bool, about("Pruning", "Ends trials early that do worse than the others did so far.")] = False
    correct: Annotated[bool, about("Correct impossible cells", "Changes what keeps a network from being built, where "
                                   "there is a remedy; else such cells are left out.")] = False
    piece_epochs: Annotated[int, about("Epochs in a piece", "How many epochs a worker does before it hands back a "
                                       "checkpoint; 0: as many as take about half a minute.", ge=0, le=1_000_000)] = 0

    @property
    def drawn(self) -> bool:
        """Whether its combinations are drawn one after another, and not all known before."""
        return self.method != "grid" and not self.experiments

    @property
    def prunes(self) -> bool:
        """Whether trainings are ended early: only drawn ones are, and never where all seeds are needed."""
        return self.pruning and self.drawn and not self.seeds

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that vary; seeds that repeat a combination are not among them."""
        return tuple(axis.field for axis in self.axes)


@dataclass(frozen=True)
class Trial:
    """One training of a sweep; ``cell`` counts combinations, ``number`` trainings, both from 0."""

    number: int
    cell: int
    values: Mapping[str, Any]
    experiment: Experiment
    problems: tuple[Problem, ...] = field(default=())


def load(path: Path) -> Sweep:
    """Read a sweep from a TOML file. Raises ExperimentError (contents) or OSError (the file itself)."""
    try:
        return from_toml(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"not a text file: byte {error.start} is not UTF-8"
        raise ExperimentError([Problem("toml.encoding", "", None, message)]) from None


def is_sweep(path: Path) -> bool:
    """Whether a TOML file speaks of a sweep: it names a base, axes or experiments. Raises OSError."""
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return any(name in values for name in ("base", "axes", "experiments"))


def from_toml(text: str) -> Sweep:
    """TOML -> Sweep. Raises ExperimentError."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExperimentError([Problem("toml.syntax", "", None, f"not a sweep: {error}")]) from None
    return parse(values)


def parse(values: Mapping[str, Any]) -> Sweep:
    """Nested plain values -> Sweep. Raises ExperimentError with every field that is wrong.

    ``base`` and ``experiments`` may name presets; ``changes``, fields by dotted path, are made to each of them.
    """
    values = dict(values)
    changes = values.pop("changes", {})
    if isinstance(values.get("base"), str):
        values["base"] = _preset(values["base"])
    if isinstance(listed := values.get("experiments"), list):
        values["experiments"] = [_preset(one) if isinstance(one, str) else one for one in listed]
    try:
        made = Sweep.model_validate(values)
    except pydantic.ValidationError as error:
        raise ExperimentError(experiments.problem_of(details) for details in error.errors(include_url=False)) from None
    if not isinstance(changes, Mapping):
        raise ExperimentError([Problem("sweep.changes", "changes", changes, "write fields and their values")])
    return changed(made, changes) if changes else made


def changed(sweep: Sweep, changes: Mapping[str, Any]) -> Sweep:
    """A sweep with fields of its base, or of each of its experiments, changed. Raises ExperimentError."""
    if sweep.experiments:
        return sweep.model_copy(update={"experiments": tuple(
            experiments.replaced(one, changes) for one in sweep.experiments)})
    return sweep.model_copy(update={"base": experiments.replaced(sweep.base, changes)})


def _preset(name: str) -> Experiment:
    """A bundled experiment. Raises ExperimentError where there is none of this name."""
    path = resources.presets().get(name)
    if path is None:
        raise ExperimentError([Problem("sweep.preset", "base", name, f"there is no preset {name!r}")])
    return experiments.load(path)


def to_toml(sweep: Sweep) -> str:
    """Sweep -> TOML; ``from_toml`` gives back an equal one."""
    plain = sweep.model_dump(mode="python", exclude={"base", "experiments"}, exclude_none=True,
                             exclude_defaults=True)
    plain["base"] = tomllib.loads(experiments.to_toml(sweep.base))
    plain["experiments"] = [tomllib.loads(experiments.to_toml(one)) for one in sweep.experiments]
    return tomli_w.dumps(plain)


def identity(sweep: Sweep) -> str:
    """What makes a sweep the one that it is: everything but what describes it."""
    plain = sweep.model_copy(update={"name": "", "source": "", "note": ""})
    return sha256(to_toml(plain).encode()).hexdigest()


def count(sweep: Sweep) -> int:
    """How many trainings the sweep has, without making them."""
    return cells(sweep) * max(1, len(sweep.seeds))


def cells(sweep: Sweep) -> int:
    """How many combinations the sweep has."""
    if sweep.experiments:
        return len(sweep.experiments)
    return sweep.trials if sweep.drawn else math.prod(len(points(axis, sweep.base)) for axis in sweep.axes)


def points(axis: Axis, base: Experiment) -> tuple[Any, ...]:
    """The values of an axis in order: those of a range over a field that counts something are whole, each once."""
    known = experiments.flat(base).get(axis.field)
    if axis.range is not None and isinstance(known, int):
        return tuple(dict.fromkeys(round(value) for value in axis.points))
    return axis.points


def problems(sweep: Sweep) -> tuple[Problem, ...]:
    """Everything that keeps the whole sweep from beginning; what is wrong with single cells is said of their trials."""
    return tuple(_problems(sweep))


def _problems(sweep: Sweep) -> Iterator[Problem]:
    if bool(sweep.axes) == bool(sweep.experiments):
        yield Problem("sweep.axes", "axes", (), "Choose at least one field that varies, or a list of experiments.")
    if any(one.needs_encoder for one in sweep.experiments or (sweep.base,)):
        yield Problem("sweep.encoder", "base", "classifier", "A sweep trains autoencoders, and classifiers from "
                      "scratch; these go on from the encoder of another run.")
    names = Counter(one.name for one in sweep.experiments)
    if repeated := [name for name, times in names.items() if times > 1 or not name]:
        told = ", ".join(name or "one without a name" for name in repeated)
        yield Problem("sweep.names", "experiments", tuple(repeated), "Each experiment needs a name of its own: "
                      f"{told}.")
    known = experiments.flat(sweep.base)
    for place, axis in enumerate(sweep.axes):
        path = f"axes.{place}.field"
        if axis.field not in known:
            yield Problem("sweep.field", path, axis.field, f"{axis.field} is no field of the experiment.")
        if axis.field in [other.field for other in sweep.axes[:place]]:
            yield Problem("sweep.duplicate", path, axis.field, f"{axis.field} varies twice. Remove one of the axes.")
        if axis.field == "train.seed" and sweep.seeds:
            yield Problem("sweep.seeds", path, axis.field, "train.seed is an axis, and there are repeats over seeds. "
                          "Remove one of them.")
        yield from _values(axis, place)
    if repeated := _repeated(sweep.seeds):
        yield Problem("sweep.repeated", "seeds", sweep.seeds, f"seeds has {', '.join(repeated)} more than once. "
                      "The same seed trains the same network.", {"values": tuple(repeated)})
    if (total := count(sweep)) > MOST_TRIALS:
        yield Problem("sweep.too_many", "axes", total, f"These are {total:,} trainings; at most {MOST_TRIALS:,} are "
                      "possible. Use fewer values, or draw some of them at random.",
                      {"count": total, "limit": MOST_TRIALS})


def _values(axis: Axis, place: int) -> Iterator[Problem]:
    path = f"axes.{place}.values"
    if not axis.points:
        yield Problem("sweep.empty", path, (), f"{axis.field} has no values. Give a list or a range.")
    if axis.values and axis.range:
        yield Problem("sweep.both", path, axis.values, f"{axis.field} has a list and a range. Remove one of them.")
    if repeated := _repeated(axis.values):
        yield Problem("sweep.repeated", path, axis.values, f"{axis.field} has {', '.join(repeated)} more than once. "
                      "Repeat a training with other seeds instead.", {"values": tuple(repeated)})


def _repeated(values: tuple[Any, ...]) -> list[str]:
    """What is among the values more than once; 1 and 1.0 train the same, True does not."""
    often = Counter((isinstance(value, bool), value) for value in values)
    return [repr(value) for (_, value), times in often.items() if times > 1]


def trials(sweep: Sweep) -> tuple[Trial, ...]:
    """Every training of a grid or a list, in order: the last axis runs fastest, seeds faster still."""
    if sweep.experiments:
        combinations: list[Mapping[str, Any]] = [{"name": one.name} for one in sweep.experiments]
        bases: list[Experiment] = list(sweep.experiments)
    else:
        fields = [axis.field for axis in sweep.axes]
        combinations = [dict(zip(fields, values, strict=True))
                        for values in itertools.product(*(points(axis, sweep.base) for axis in sweep.axes))]
        bases = [sweep.base] * len(combinations)
    return tuple(trial for cell, (base, values) in enumerate(zip(bases, combinations, strict=True))
                 for trial in of_cell(sweep, cell, values, base))


def of_cell(sweep: Sweep, cell: int, values: Mapping[str, Any], base: Experiment | None = None) -> tuple[Trial, ...]:
    """The trainings of one combination, one for each seed; one that cannot be has its problems."""
    seeds: tuple[int | None, ...] = sweep.seeds or (None,)
    return tuple(_trial(sweep, cell, place, values, base or sweep.base, seed) for place, seed in enumerate(seeds))


def _trial(sweep: Sweep, cell: int, place: int, values: Mapping[str, Any], base: Experiment, seed: int | None) -> Trial:
    number = cell * max(1, len(sweep.seeds)) + place
    changes = {**({} if sweep.experiments else values), **({} if seed is None else {"train.seed": seed})}
    said = {**values, **changes}
    try:
        made = experiments.replaced(base, changes)
    except ExperimentError as error:
        return Trial(number, cell, said, base, error.problems)
    if sweep.correct:
        made = _corrected(made, changes)
    return Trial(number, cell, said, made, shapes.problems(made))


def _corrected(experiment: Experiment, fixed: Mapping[str, Any]) -> Experiment:
    """The experiment with the remedies of its problems, as far as they change nothing that the sweep sets."""
    for _ in range(10):
        remedies = [problem.remedy.changes for problem in shapes.problems(experiment) if problem.remedy is not None]
        changes = next((found for found in remedies if not set(found) & set(fixed)), None)
        if changes is None:
            break
        experiment = experiments.replaced(experiment, changes)
    return experiment
