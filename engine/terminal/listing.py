"""What ``list presets|datasets|runs|reports`` says: rows of plain values, as an aligned table or as JSON. No torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import resources
from engine import dataspec, experiment, fields, reports, runs, shapes, sweep
from engine.datasets import sources

Row = dict[str, Any]


def presets() -> list[Row]:
    """Every bundled experiment, the default first."""
    return [_preset(name, experiment.load(path)) for name, path in resources.presets().items()]


def _preset(name: str, settings: experiment.Experiment) -> Row:
    plan = shapes.plan(settings)
    return {"name": name, "data set": settings.data.dataset, "parameters": plan.parameters,
            "code": "×".join(map(str, plan.code)), "epochs": settings.train.epochs, "source": settings.source}


def sweeps() -> list[Row]:
    """Every bundled sweep."""
    return [{"name": name, "runs": sweep.count(made := sweep.load(path)), "source": made.source}
            for name, path in resources.sweeps().items()]


def datasets(data_dir: Path) -> list[Row]:
    """Every data set and whether it is here; cheap, so present does not mean verified."""
    found = {name: sources.status(name, data_dir) for name in get_args(dataspec.DatasetName)}
    return [{"name": name, "data set": fields.LABELS[name], "status": status.state, "details": status.text}
            for name, status in found.items()]


def recorded(runs_dir: Path) -> list[Row]:
    """Every run of a folder, damaged ones included, newest first."""
    return [_recorded(run) for run in runs.list_runs(runs_dir)]


def _recorded(run: runs.Run) -> Row:
    """One run; a number that there is not is None."""
    state = run.state
    return {"name": run.name, "status": run.status, "validation loss": state.validation_loss,
            "validation accuracy": state.validation_accuracy, "details": run.status_text}


def reported(runs_dir: Path) -> list[Row]:
    """Every number of the bundled reports beside that of the run that answers to it."""
    found = runs.list_runs(runs_dir)
    return [{"report": report.title, **row} for report in reports.bundled() for row in reports.rows(report, found)]


def reports_markdown(runs_dir: Path) -> str:
    """The same as a table of Markdown for each report."""
    found = runs.list_runs(runs_dir)
    return "\n".join(reports.markdown(report, found) for report in reports.bundled())


def as_json(rows: list[Row]) -> str:
    """One JSON list of objects."""
    return json.dumps([{key.replace(" ", "_"): value for key, value in row.items()} for row in rows], indent=2)


def as_table(rows: list[Row]) -> str:
    """Aligned columns under their names; numbers to the right, text to the left."""
    if not rows:
        return ""
    columns = [_column(name, [row[name] for row in rows]) for name in rows[0]]
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))


def _column(name: str, values: list[Any]) -> list[str]:
    """A heading and its values as texts of one width."""
    numbers = all(isinstance(value, int | float | None) for value in values)
    texts = [name, *(_number(value) if numbers else " ".join(str(value).split()) for value in values)]
    width = max(map(len, texts))
    return [text.rjust(width) if numbers else text.ljust(width) for text in texts]


def _number(value: float | None) -> str:
    """12345 -> '12,345', 0.0207629 -> '0.02076', None -> ''."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
