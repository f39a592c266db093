"""The reports whose systems can be trained again: what they say, and how far the runs of a folder come up to it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

import pydantic
from pydantic import ConfigDict, Field

import resources
from engine import comparison, shapes
from engine import experiment as experiments
from engine.comparison import SEEDS, Compared
from engine.experiment import DESCRIPTIVE, Experiment, flat
from engine.run import Run
from engine.runfiles.notices import RunError
from engine.tables import Table

Kind = Literal["feature_maps", "growth", "before_after", "beside", "codes", "interpolation", "generated", "ten_best",
               "curves", "table", "confusion"]
Quantity = Literal["parameters", "training_loss", "validation_loss", "test_loss", "training_accuracy",
                   "validation_accuracy"]
Status = Literal["missing", "queued", "training", "interrupted", "finished"]

ENCODER, FROM_SNAPSHOT = "classifier.encoder", "classifier.snapshot"
QUICK = ("data.dataset", "train.optimizer", "train.learning_rate", "train.epochs")
"""Settings that tell most runs apart without their TOML being parsed."""
RESUMABLE = ("new", "interrupted", "stopped", "failed")
SAME = 0.005
"""A relative difference below this counts as none."""


class ReportError(ValueError):
    """A report's file that cannot be used; the text names the file and what is wrong in it."""


class Part(pydantic.BaseModel):
    """A frozen part of a report; a field it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reported(Part):
    """A number of the report; accuracies from 0 to 1."""

    quantity: Quantity
    value: float
    note: str = ""


class Entry(Part):
    """One of a report's experiments: a preset, what it is called there, and its numbers."""

    preset: str
    title: str
    reported: tuple[Reported, ...] = ()
    note: str = ""


class Maps(Part):
    """An untrained first layer: a preset with some settings changed."""

    title: str
    preset: str
    changes: Mapping[str, Any] = {}


class Figure(Part):
    """One figure; which of the fields count depends on its kind. Images are counted from 0."""

    kind: Kind
    caption: str
    alternative: str = Field(min_length=1)
    experiments: tuple[str, ...] = ()
    split: Literal["training", "validation", "test"] = "test"
    images: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    epochs: tuple[int, ...] = ()
    reported: tuple[float, ...] = ()
    """Mean squared error of the image at each of the ``epochs``, as the report gives it."""
    quantities: tuple[Quantity, ...] = ()
    batches: bool = False
    """Curves after each batch instead of each epoch."""
    maps: tuple[Maps, ...] = ()


class SweepEntry(Part):
    """One of a report's sweeps: a bundled sweep, what it is called there, and what it found."""

    preset: str
    title: str
    caption: str


class Report(Part):
    """One report: who wrote it, its experiments, its figures in order, its sweeps."""

    name: str
    title: str
    authors: str
    year: int | Literal["undated"]
    note: str = ""
    experiment: tuple[Entry, ...] = Field(min_length=1)
    figure: tuple[Figure, ...] = ()
    sweep: tuple[SweepEntry, ...] = ()

    def entry(self, preset: str) -> Entry:
        """The experiment of this preset. Raises KeyError."""
        return {entry.preset: entry for entry in self.experiment}[preset]


@dataclass(frozen=True)
class Found:
    """An experiment of a report and the run that answers to it, if there is one; ``repeats`` counts finished ones."""

    entry: Entry
    experiment: Experiment
    status: Status = "missing"
    run: Run | None = None
    compared: Compared | None = None
    """None also for a run whose numbers cannot be read."""
    repeats: int = 0
    resumable: bool = False
    """Whether the run can go on where it was cut off."""
    used: Experiment | None = None
    """What the run itself was trained with, its folder and seeds among it; None where there is no run."""

    @property
    def trained(self) -> Experiment:
        """By which a run's snapshots are asked: what it was trained with."""
        return self.used or self.experiment

    @property
    def lacking(self) -> bool:
        """Whether it is still to be trained, and neither is nor waits to be."""
        return self.status in ("missing", "interrupted")

    @property
    def told(self) -> tuple[tuple[Quantity, Reported | None], ...]:
        """Every reported number by its quantity; and, where the report has none of it, the one that counts most."""
        first: Quantity = "validation_accuracy" if self.experiment.task == "classifier" else "validation_loss"
        given: list[tuple[Quantity, Reported | None]] = [(it.quantity, it) for it in self.entry.reported]
        return (*given, *([] if first in dict(given) else [(first, None)]))

    @property
    def partial(self) -> bool:
        """Whether its numbers are those of a training that is not at its end."""
        return self.status not in ("finished", "missing")

    def ours(self, quantity: Quantity) -> float | None:
        """A number of the run's newest evaluation; None before there is one. Parameters need no run."""
        if quantity == "parameters":
            return shapes.plan(self.experiment).parameters
        if quantity == "test_loss":
            return self.compared.test_loss if self.compared else None
        return self.compared.last(quantity) if self.compared else None


def bundled() -> tuple[Report, ...]:
    """Every report that comes with the application, by file name. Raises ReportError."""
    return tuple(read(path) for path in sorted((resources.ROOT / "reports").glob("*.toml")))


def read(path: Path) -> Report:
    """A report from its TOML file. Raises ReportError (contents) or OSError (the file itself)."""
    try:
        report = Report.model_validate({"name": path.stem, **tomllib.loads(path.read_text("utf-8"))})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, pydantic.ValidationError) as error:
        raise ReportError(f"{path.name}: {error}") from None
    known = {entry.preset for entry in report.experiment}
    flat_ones = {"parameters", "test_loss"}
    if any(figure.kind == "curves" and flat_ones & set(figure.quantities) for figure in report.figure):
        raise ReportError(f"{path.name}: parameters and test loss have no curve; take them for a table")
    strange = {name for figure in report.figure for name in figure.experiments} - known
    if strange:
        raise ReportError(f"{path.name}: a figure wants {', '.join(sorted(strange))}, which is none of its experiments")
    return report


def found(report: Report, runs: Sequence[Run], waiting: Iterable[Experiment] = ()) -> tuple[Found, ...]:
    """Each experiment of a report with the run that answers to it, ``runs`` being the newest first.

    A finished run comes before one at work, and that before one that was interrupted. Raises ExperimentError and
    KeyError for a preset that is not there.
    """
    queue = tuple(waiting)
    return tuple(_found(entry, experiments.load(resources.presets()[entry.preset]), runs, queue)
                 for entry in report.experiment)


def _found(entry: Entry, experiment: Experiment, runs: Sequence[Run], waiting: Sequence[Experiment]) -> Found:
    answers = [(run, run.status) for run in runs if _answers(run, experiment)]
    finished = [run for run, status in answers if status == "finished"]
    running = [run for run, status in answers if status == "running"]
    queued = any(same(experiment, other) for other in waiting)
    status: Status = "queued" if queued else "interrupted" if answers else "missing"
    status = "finished" if finished else "training" if running else status
    best = next(iter((*finished, *running, *(run for run, _ in answers))), None)
    resumable = status == "interrupted" and best is not None and dict(answers)[best] in RESUMABLE
    return Found(entry, experiment, status, best, _numbers(best, entry.title), len(finished), resumable, _used(best))


def _used(run: Run | None) -> Experiment | None:
    try:
        return run.experiment if run else None
    except RunError:
        return None


def _numbers(run: Run | None, title: str) -> Compared | None:
    try:
        return comparison.compared(run, title) if run else None
    except (RunError, OSError):
        return None


def _answers(run: Run, experiment: Experiment) -> bool:
    """Whether a run is of this experiment; one that cannot be read is not."""
    try:
        settings, wanted = run.settings, flat(experiment)
        if any(settings.get(path, wanted[path]) != wanted[path] for path in QUICK):
            return False
        return same(experiment, run.experiment)
    except (RunError, OSError):
        return False


def same(wanted: Experiment, other: Experiment) -> bool:
    """Whether two experiments differ in nothing but words, seeds and which run of one preset a classifier begins with.
    """
    wanted = experiments.with_folder_of(wanted, other)
    ours, theirs = ({path: value for path, value in flat(it).items() if path not in (*DESCRIPTIVE, *SEEDS)}
                    for it in (wanted, other))
    source, used = str(ours.pop(ENCODER, "")), str(theirs.pop(ENCODER, ""))
    for settings in (ours, theirs):
        settings.pop(FROM_SNAPSHOT, None)
    folder = PurePath(used).name
    return ours == theirs and (source == used or (bool(source) and folder.endswith(f"_{source}")))


def differs(quantity: Quantity, reported: float, ours: float) -> tuple[Literal["same", "lower", "higher"], float]:
    """How ours lies to the reported number, and by how much: points of a hundred for accuracies, else per cent."""
    if quantity.endswith("accuracy"):
        amount = 100 * (ours - reported)
        none = abs(amount) < 0.05
    else:
        amount = 100 * (ours - reported) / abs(reported) if reported else math.inf
        none = abs(amount) < 100 * SAME if quantity != "parameters" else ours == reported
    return ("same" if none else "lower" if amount < 0 else "higher"), abs(amount)


def markdown(report: Report, runs: Sequence[Run]) -> str:
    """The reported numbers beside those of the runs, as a heading and a table of GitHub's Markdown."""
    cells = tuple((row["experiment"], row["quantity"].replace("_", " "), _text(row, "reported"), _text(row, "ours"),
                   _difference(row), row["status"]) for row in rows(report, runs))
    table = Table(("experiment", "quantity", "reported", "ours", "difference", "state"), cells)
    return f"### {report.title} ({report.authors}, {report.year})\n\n{table.markdown()}"


def rows(report: Report, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Every number of a report as plain values; None where there is none."""
    return [{"experiment": it.entry.title, "preset": it.entry.preset, "quantity": quantity,
             "reported": told.value if told else None, "ours": it.ours(quantity), "status": it.status}
            for it in found(report, runs) for quantity, told in it.told]


def _text(row: Mapping[str, Any], name: str) -> str:
    return number(row["quantity"], row[name]) if row[name] is not None else ""


def _difference(row: Mapping[str, Any]) -> str:
    """In words, empty where there is nothing to compare."""
    if row["reported"] is None or row["ours"] is None:
        return ""
    side, amount = differs(row["quantity"], row["reported"], row["ours"])
    unit = "points" if row["quantity"].endswith("accuracy") else "%"
    return "same" if side == "same" else f"{amount:.2g} {unit} {side}"


def number(quantity: Quantity, value: float) -> str:
    """A number as people read it: '2,481', '0.0041', '87.0 %'."""
    if quantity == "parameters":
        return f"{round(value):,}"
    return f"{100 * value:.1f} %" if quantity.endswith("accuracy") else f"{value:.4g}"
