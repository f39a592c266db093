"""The figures of a report, and the tables that belong to them: losses, pictures of autoencoders, classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import comparison, figures, metrics, runs, vector
from engine.answers import Confusion, Pictures, QuestionError, Reconstructions
from engine.comparison import Quantity
from engine.datasets.sources import DataError
from engine.reportparts import Report, Subject
from engine.runfiles.notices import RunError
from engine.tables import Table

if TYPE_CHECKING:
    from engine.data import Dataset
    from engine.model import Autoencoder

Told = Iterator[tuple[int, int]]
"""How much is done, and of how much."""

IMAGES = 8
"""Rows of the figure of reconstructions."""
STEPS = 10
"""Pictures of an interpolation."""


@dataclass(frozen=True)
class Opened:
    """A run with its newest weights and its images."""

    subject: Subject
    model: Autoencoder
    data: Dataset

    @property
    def split(self) -> str:
        """The images to show: those for testing, and the validation images where these are the same."""
        return "test" if self.data.independent_test else "validation"


def draw(report: Report, subjects: Sequence[Subject], data_dir: Path) -> Told:
    """Put every figure into the report; what cannot be drawn is noted there."""
    total = 2 * len(subjects) + 1
    _losses(report, subjects)
    _accuracies(report, [it for it in subjects if _is_classifier(it)])
    yield 1, total
    autoencoders = [it for it in subjects if not _is_classifier(it)]
    shared = _Rows()
    for done, subject in enumerate(autoencoders):
        _attempt(report, subject, data_dir, partial(_add_column, report, shared))
        yield 2 + done, total
    _reconstructions(report, shared)
    done = 1 + len(autoencoders)
    for subject in autoencoders:
        _attempt(report, subject, data_dir, partial(_interpolation, report), told=False)
        done += 1
        yield done, total
    for subject in subjects:
        if _is_classifier(subject):
            for _ in _classes(report, subject, data_dir):
                yield done, total
            done += 2
            yield done, total


def _is_classifier(subject: Subject) -> bool:
    return subject.compared.experiment.task == "classifier"


# Curves


def _losses(report: Report, subjects: Sequence[Subject]) -> None:
    """A figure for each kind of loss: numbers of different kinds do not compare."""
    kinds: dict[str, list[Subject]] = {}
    for subject in subjects:
        kinds.setdefault(subject.compared.experiment.loss, []).append(subject)
    for loss, group in kinds.items():
        name = "loss" if len(kinds) == 1 else f"loss-{loss}"
        _curves(report, group, name, ("training_loss", "validation_loss"), loss.upper() if len(loss) < 4 else loss)


def _accuracies(report: Report, subjects: Sequence[Subject]) -> None:
    if subjects:
        _curves(report, subjects, "accuracy", ("training_accuracy", "validation_accuracy"), "accuracy", log=False)


def _curves(report: Report, subjects: Sequence[Subject], name: str, quantities: tuple[Quantity, Quantity], unit: str,
            log: bool = True) -> None:
    """Both curves of a run alone, else those of the validation images; with their numbers beside them."""
    shown = quantities if len(subjects) == 1 else quantities[1:]
    lines, rows = [], []
    for subject in subjects:
        for quantity in shown:
            x, y = comparison.curve(subject.compared, quantity, "epoch")
            words = f"{subject.title}, {quantity.partition('_')[0]}"
            lines.append(vector.Line(words if len(shown) > 1 else subject.title, x, y))
            rows += [(subject.title, quantity.replace("_", " "), *pair) for pair in zip(x.tolist(), y.tolist(),
                                                                                         strict=True)]
    what = "training and validation" if len(shown) > 1 else "validation"
    kind = name.partition("-")[0]
    caption = f"{what.capitalize()} {kind} ({unit}) after each epoch" if unit != kind else \
        f"{what.capitalize()} {kind} after each epoch"
    scale = ", on a logarithmic axis." if log else "."
    stem = report.add_figure(name, ".svg", vector.chart(lines, caption, "epoch", f"{kind} ({unit})" if unit != kind
                                                        else kind, log), caption + scale,
                             f"Line chart. {caption}: " + "; ".join(_course(line) for line in lines) + ".")
    report.files[f"{stem}.csv"] = Table(("run", "quantity", "epoch", kind), tuple(rows)).csv().encode()


def _course(line: vector.Line) -> str:
    """A curve in words."""
    if not len(line.y):
        return f"{line.name} has no values yet"
    return f"{line.name} goes from {line.y[0]:.4g} to {line.y[-1]:.4g}"


# Pictures


def _attempt(report: Report, subject: Subject, data_dir: Path, ask: Any, told: bool = True) -> None:
    """Ask a run's model; what cannot be read is noted, once."""
    try:
        ask(_opened(subject, data_dir))
    except (RunError, DataError, QuestionError, OSError, ValueError) as error:
        if told:
            report.skip(subject.run.name, f"Pictures of {subject.title}: {error}")


def _opened(subject: Subject, data_dir: Path) -> Opened:
    """The newest weights that can be read. Raises RunError, DataError."""
    from engine import data, model

    snapshots = subject.run.snapshots()
    if not snapshots:
        raise RunError("classify.no_weights", "It holds no weights yet. Train it first.")
    experiment = subject.compared.experiment
    try:
        network = model.from_weights(experiment, runs.load_snapshot(snapshots[-1].path))
    except model.WeightsError as error:
        raise RunError(error.code, str(error), **error.values) from error
    return Opened(subject, network, data.load(experiment.data, data_dir))


class _Rows:
    """The images of the first run, and what each run of the same ones makes of them."""

    def __init__(self) -> None:
        self.split = ""
        self.indices: list[int] = []
        self.images: Pictures = np.empty(0, np.uint8)
        self.columns: list[tuple[str, Reconstructions]] = []


def _add_column(report: Report, rows: _Rows, opened: Opened) -> None:
    """A run's reconstructions; the first run decides which images are shown."""
    from engine import explore

    indices = rows.indices or _one_of_each(opened)
    size = len(opened.data.split(opened.split))
    found = explore.reconstruct(opened.model, opened.data, opened.split, indices) if max(indices) < size else None
    if not rows.indices and found is not None:
        rows.indices, rows.images, rows.split = indices, found.images, opened.split
    if found is None or not np.array_equal(found.images, rows.images):
        report.skip(opened.subject.run.name, f"{opened.subject.title} is not among the reconstructions: it was trained "
                    "on other images than the first run.")
    else:
        rows.columns.append((opened.subject.title, found))


def _one_of_each(opened: Opened) -> list[int]:
    """The first image of each class, in order; the first images where there are no classes."""
    split = opened.data.split(opened.split)
    if split.labels is None:
        return list(range(min(IMAGES, len(split))))
    _, first = np.unique(split.labels.numpy(), return_index=True)
    return [int(index) for index in first[:IMAGES]]


def _reconstructions(report: Report, rows: _Rows) -> None:
    """The figure: a row for each image, the original first."""
    if not rows.columns:
        return
    sheet = [[rows.images[row], *(found.outputs[row] for _, found in rows.columns)] for row in range(len(rows.indices))]
    columns = "; ".join(f"{title} (mean squared error {found.mse.mean():.4g})" for title, found in rows.columns)
    which = ", ".join(map(str, rows.indices))
    caption = f"{rows.split.capitalize()} images {which} and their reconstructions. From the left: the original; " \
              f"{columns}."
    report.add_figure("reconstructions", ".png", figures.png(figures.tiled(sheet)), caption,
                      f"A grid of {len(sheet)} rows and {len(sheet[0])} columns of pictures. From the left: the "
                      f"original; {columns}.")


def _interpolation(report: Report, opened: Opened) -> None:
    """The way between two images."""
    from engine import explore

    a, b = (_one_of_each(opened) * 2)[:2]
    picture = explore.strip_figure(opened.model, opened.data, (opened.split, a), (opened.split, b), "straight", STEPS)
    title = opened.subject.title
    report.add_figure(f"interpolation-{opened.subject.name}", ".png", picture,
                      f"{title}: the straight way between the codes of the {opened.split} images {a} and {b}, "
                      "decoded (middle row), above a cross-fade of their pixels (bottom row); the images on top.",
                      f"{STEPS} decoded pictures that go from {opened.split} image {a} to {b}, above {STEPS} pictures "
                      f"that fade the one into the other. {title}.")


# Classes


def _classes(report: Report, subject: Subject, data_dir: Path) -> Iterator[None]:
    """The tables of a classifier, one turn for each piece of the images."""
    from engine.confusions import confusion

    try:
        opened = _opened(subject, data_dir)
        for answer in confusion(opened.model, opened.data, opened.split):
            if isinstance(answer, Confusion):
                _confusion_tables(report, subject, answer)
            yield
    except (RunError, DataError, QuestionError, OSError, ValueError) as error:
        report.skip(subject.run.name, f"Confusion of {subject.title}: {error}")


def _confusion_tables(report: Report, subject: Subject, found: Confusion) -> None:
    """Counts, and how well each class is recognized."""
    of = f"the {found.split} images, {subject.title}; accuracy {found.accuracy:.2%}"
    rows = tuple((name, *counts) for name, counts in zip(found.class_names, found.counts.tolist(), strict=True))
    report.add_table(f"confusion-{subject.name}", Table(("class", *found.class_names), rows,
                                                        f"Classes (rows) and what they are taken for: {of}"))
    each = metrics.per_class(found.counts)
    values = zip(found.class_names, each.precision.tolist(), each.recall.tolist(), each.f1.tolist(), strict=True)
    report.add_table(f"classes-{subject.name}", Table(("class", "precision", "recall", "F1"), tuple(values),
                                                      f"How well each class is recognized: {of}"))
