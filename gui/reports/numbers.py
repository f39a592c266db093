"""Curves and tables of a report's experiments: lines and rows from the metrics of the runs, nothing to ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication

from engine import comparison, reports
from engine.reports import Figure, Found, Quantity, Report, Reported
from engine.tables import Table
from gui.plots.lines import Axes, Line
from gui.reports.pictures import Standings
from gui.reports.standing import Standing

translate = QCoreApplication.translate


def named(quantity: Quantity) -> str:
    """A quantity for people."""
    return {"parameters": translate("ReportFigure", "Parameters"),
            "training_loss": translate("ReportFigure", "Training loss"),
            "validation_loss": translate("ReportFigure", "Validation loss"),
            "test_loss": translate("ReportFigure", "Test loss"),
            "training_accuracy": translate("ReportFigure", "Training accuracy"),
            "validation_accuracy": translate("ReportFigure", "Validation accuracy")}[quantity]


def stated(found: Found) -> str:
    """The status of an experiment for people; of a training that goes on or was cut off, how far it is."""
    names = {"missing": translate("ReportFigure", "Not trained yet"), "queued": translate("ReportFigure", "Queued"),
             "training": translate("ReportFigure", "Training"), "finished": translate("ReportFigure", "Finished"),
             "interrupted": translate("ReportFigure", "Interrupted")}
    name = names[found.status]
    if found.partial and found.compared and found.compared.evaluations:
        epoch = found.compared.evaluations[-1].epoch
        return translate("ReportFigure", "{status}, {epoch} of {epochs}").format(
            status=name, epoch=f"{epoch:.4g}", epochs=found.experiment.train.epochs)
    return name


def difference(quantity: Quantity, reported: float, ours: float) -> str:
    """How one's own number lies to the reported one, in words."""
    side, amount = reports.differs(quantity, reported, ours)
    if side == "same":
        return translate("ReportFigure", "the same")
    points = quantity.endswith("accuracy")
    texts = {("lower", False): translate("ReportFigure", "{amount} % lower"),
             ("higher", False): translate("ReportFigure", "{amount} % higher"),
             ("lower", True): translate("ReportFigure", "{amount} points lower"),
             ("higher", True): translate("ReportFigure", "{amount} points higher")}
    few = f"{amount:.1f}" if points else f"{amount:.2g}"
    return texts[side, points].format(amount=few if amount < 10 else f"{amount:.0f}")


def overview(report: Report, standings: Standings) -> Table:
    """A row for each number of each experiment: the reported ones, and the one that counts most."""
    columns = (translate("ReportFigure", "Experiment"), translate("ReportFigure", "Status"),
               translate("ReportFigure", "Quantity"), translate("ReportFigure", "Reported"),
               translate("ReportFigure", "Yours"), translate("ReportFigure", "Difference"),
               translate("ReportFigure", "Seeds"))
    rows: list[tuple[Any, ...]] = []
    for entry in report.experiment:
        found = standings[entry.preset].found
        for number, (quantity, told) in enumerate(found.told):
            head = (entry.title, stated(found)) if not number else ("", "")
            seeds = str(found.repeats) if found.repeats and not number else ""
            rows.append((*head, *_told(found, quantity, told), seeds))
    return Table(columns, tuple(rows), report.title)


def remarks(report: Report) -> str:
    """What the report's numbers have to be read with, a line for each."""
    lines = []
    for entry in report.experiment:
        lines += [f"{entry.title}: {entry.note}."] if entry.note else []
        lines += [f"{entry.title}, {named(told.quantity).lower()}: {told.note}."
                  for told in entry.reported if told.note]
    return "\n".join(lines)


def _told(found: Found, quantity: Quantity, told: Reported | None) -> tuple[str, str, str, str]:
    """Quantity, reported, ours, difference."""
    ours = found.ours(quantity)
    return (named(quantity), reports.number(quantity, told.value) if told else "",
            reports.number(quantity, ours) if ours is not None else "",
            difference(quantity, told.value, ours) if told and ours is not None else "")


def table(figure: Figure, standings: Standings) -> Table:
    """A row for each experiment and, for each quantity, the reported number and ours."""
    columns = [translate("ReportFigure", "Experiment")]
    for quantity in figure.quantities:
        reported = any(_reported(standings[name], quantity) is not None for name in figure.experiments)
        columns += [translate("ReportFigure", "{quantity}, reported").format(quantity=named(quantity))] * reported
        columns.append(translate("ReportFigure", "{quantity}, yours").format(quantity=named(quantity)))
    rows = [(standings[name].title, *_cells(standings[name], figure, columns, standings))
            for name in figure.experiments]
    return Table(tuple(columns), tuple(rows), figure.caption)


def _cells(it: Standing, figure: Figure, columns: Sequence[str], standings: Standings) -> Iterator[str]:
    for quantity in figure.quantities:
        if any(_reported(standings[name], quantity) is not None for name in figure.experiments):
            told = _reported(it, quantity)
            yield reports.number(quantity, told) if told is not None else ""
        ours = it.found.ours(quantity)
        yield reports.number(quantity, ours) if ours is not None else ""


def _reported(it: Standing, quantity: Quantity) -> float | None:
    return next((told.value for told in it.found.entry.reported if told.quantity == quantity), None)


def lines(figure: Figure, standings: Standings) -> tuple[list[Line], Axes]:
    """The curves of a figure: an experiment a colour, its second quantity dashed."""
    made = []
    for group, name in enumerate(figure.experiments):
        compared = standings[name].found.compared
        for place, quantity in enumerate(figure.quantities if compared else ()):
            assert compared is not None and quantity != "parameters" and quantity != "test_loss"
            x, y = comparison.curve(compared, quantity, "step" if figure.batches else "epoch")
            if figure.batches and quantity == "training_loss":
                x, y = _batch_losses(standings[name])
            title = f"{standings[name].title}, {named(quantity).lower()}"
            made.append(Line(title, x, y, group=group, dashed=place > 0))
    accuracy = all(quantity.endswith("accuracy") for quantity in figure.quantities)
    along = translate("ReportFigure", "Batch") if figure.batches else translate("ReportFigure", "Epoch")
    what = translate("ReportFigure", "Accuracy") if accuracy else translate("ReportFigure", "Loss")
    return [line for line in made if len(line.x)], Axes(along, what, log_y=not accuracy, whole_x=True)


def _batch_losses(it: Standing) -> tuple[np.ndarray, np.ndarray]:
    """The loss of every batch."""
    assert it.found.run is not None
    metrics = it.found.run.metrics()
    return metrics.step_index.astype(np.float64), metrics.losses
