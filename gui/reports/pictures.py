"""What each kind of figure asks of which snapshots, and the rows of pictures that come of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QCoreApplication

import resources
from engine import experiment as experiments
from engine.generated import Recipe
from engine.reports import Figure, Maps
from gui.models import SnapshotHandle
from gui.plots.panel import Row
from gui.reports.asking import Ask
from gui.reports.standing import Standing
from gui.widgets.quantities import significant

DRAWN = 6
"""Images drawn from the fitted distribution, beside an original."""
STEPS = 10
"""Pictures of an interpolation."""
Standings = Mapping[str, Standing]
translate = QCoreApplication.translate


@dataclass(frozen=True, eq=False)
class Plan:
    """The questions of a figure, the rows of their answers, and what is not kept by the runs, in words."""

    asks: tuple[Ask, ...]
    rows: Callable[[Sequence[Any]], list[Row]]
    absent: tuple[str, ...] = ()


def plan(figure: Figure, standings: Standings, data_dir: Path) -> Plan:
    """What to ask for a figure of pictures. Raises KeyError for a kind that has none."""
    shown = [standings[name] for name in figure.experiments if standings[name].handles]
    return PLANS[figure.kind](figure, shown, data_dir)


def _growth(figure: Figure, shown: list[Standing], _: Path) -> Plan:
    """Images after some batches or epochs; a single image in one row, several in a row for each moment."""
    moments: list[tuple[str, SnapshotHandle | None, float | None]]
    moments = [(_batches(step), shown[0].at_step(step), None) for step in figure.steps if shown]
    numbers: list[float | None] = [*figure.reported] or [None] * len(figure.epochs)
    moments += [(_epochs(epoch), shown[0].at_epoch(epoch), number)
                for epoch, number in zip(figure.epochs, numbers, strict=False) if shown]
    kept = [(name, handle, number) for name, handle, number in moments if handle is not None]
    asks = tuple(_reconstruct(figure, shown[0], handle) for _, handle, _ in kept)
    names = [name for name, handle, _ in moments if handle is None]
    rows = _one_image if len(figure.images) == 1 else _many_images
    return Plan(asks, partial(rows, [(name, number) for name, _, number in kept]), tuple(names))


def _one_image(moments: list[tuple[str, float | None]], answers: Sequence[Any]) -> list[Row]:
    labels = [_original()]
    for (name, number), answer in zip(moments, answers, strict=True):
        mine = significant(float(answer.mse[0]), 4)
        told = translate("ReportFigure", "{mine} (report {number})").format(mine=mine, number=number)
        labels.append(f"{name}\n{mine if number is None else told}")
    return [Row("", (answers[0].images[0], *(answer.outputs[0] for answer in answers)), tuple(labels))]


def _many_images(moments: list[tuple[str, float | None]], answers: Sequence[Any]) -> list[Row]:
    rows = [Row(_original(), tuple(answers[0].images))]
    for (name, _), answer in zip(moments, answers, strict=True):
        rows.append(Row(name, tuple(answer.outputs), tuple(significant(float(mse), 2) for mse in answer.mse)))
    return rows


def _before_after(figure: Figure, shown: list[Standing], _: Path) -> Plan:
    """For each experiment an image, what the untrained network makes of it, and the trained one."""
    pairs = [(it, first) for it in shown if (first := it.at_step(0)) is not None]
    asks = tuple(_reconstruct(figure, it, handle) for it, first in pairs for handle in (first, it.handles[-1]))

    def rows(answers: Sequence[Any]) -> list[Row]:
        made = []
        for (it, _), before, after in zip(pairs, answers[::2], answers[1::2], strict=True):
            made.append(Row(it.title, (before.images[0], before.outputs[0], after.outputs[0]),
                            (_original(), f"{_epochs(0)}\n{_mse(before)}",
                             f"{_epochs(it.handles[-1].epoch)}\n{_mse(after)}")))
        return made

    return Plan(asks, rows)


def _beside(figure: Figure, shown: list[Standing], _: Path) -> Plan:
    """One image and what each of the experiments makes of it."""
    asks = tuple(_reconstruct(figure, it, it.handles[-1]) for it in shown)

    def rows(answers: Sequence[Any]) -> list[Row]:
        labels = (_original(), *(f"{it.title}\n{_mse(answer)}" for it, answer in zip(shown, answers, strict=True)))
        return [Row("", (answers[0].images[0], *(answer.outputs[0] for answer in answers)), labels)]

    return Plan(asks, rows)


def _codes(figure: Figure, shown: list[Standing], _: Path) -> Plan:
    """Image, its code as maps, reconstruction."""
    asks = tuple(Ask("code_of", it.handles[-1], it.found.trained, (figure.split, index))
                 for it in shown for index in figure.images)

    def rows(answers: Sequence[Any]) -> list[Row]:
        code = translate("ReportFigure", "Code")
        labels = (_original(), code, translate("ReportFigure", "Reconstruction"))
        return [Row("", (answer.image, laid_out(answer.code), answer.output), labels) for answer in answers]

    return Plan(asks, rows)


def _interpolation(figure: Figure, shown: list[Standing], _: Path) -> Plan:
    """The two images above, the decoded way from the first to the second below; images come in pairs."""
    pairs = list(zip(figure.images[::2], figure.images[1::2], strict=True))
    asks = tuple(Ask("strip", it.handles[-1], it.found.trained,
                     ((figure.split, a), (figure.split, b), "straight", STEPS)) for it in shown for a, b in pairs)

    def rows(answers: Sequence[Any]) -> list[Row]:
        made = []
        for answer in answers:
            made += [Row(_original(), (answer.ends[0], *[None] * (STEPS - 2), answer.ends[1])),
                     Row(translate("ReportFigure", "Decoded"), tuple(answer.pictures),
                         tuple(f"{place}/{STEPS}" for place in range(1, STEPS + 1)))]
        return made

    return Plan(asks, rows)


def _generated(figure: Figure, shown: list[Standing], _: Path) -> Plan:
    """For each experiment an image, its reconstruction, and images from the distribution fitted to the codes."""
    asks = tuple(ask for it in shown for ask in (
        _reconstruct(figure, it, it.handles[-1]), Ask("generate", it.handles[-1], it.found.trained, (
            Recipe(count=DRAWN),))))

    def rows(answers: Sequence[Any]) -> list[Row]:
        made, drawn = [], translate("ReportFigure", "Drawn")
        for it, one, answer in zip(shown, answers[::2], answers[1::2], strict=True):
            labels = (_original(), translate("ReportFigure", "Reconstruction"), *[drawn] * len(answer.pictures))
            made.append(Row(it.title, (one.images[0], one.outputs[0], *answer.pictures), labels))
        return made

    return Plan(asks, rows)


def _ten_best(figure: Figure, shown: list[Standing], _: Path) -> Plan:
    """The ten best of many drawn images, for each experiment."""
    asks = tuple(Ask("ten_best", it.handles[-1], it.found.trained, (Recipe(),)) for it in shown)

    def rows(answers: Sequence[Any]) -> list[Row]:
        return [Row(it.title, tuple(answer.pictures), tuple(str(place + 1) for place in range(len(answer.pictures))))
                for it, answer in zip(shown, answers, strict=True)]

    return Plan(asks, rows)


def _feature_maps(figure: Figure, shown: list[Standing], data_dir: Path) -> Plan:
    """What random kernels make of an image, for each of some first layers; no run is needed."""
    asks = tuple(Ask(work=partial(_first_maps, maps, data_dir, figure.split, figure.images[0]))
                 for maps in figure.maps)

    def rows(answers: Sequence[Any]) -> list[Row]:
        made = []
        for maps, answer in zip(figure.maps, answers, strict=True):
            values = answer.values if answer.values.ndim == 3 else answer.values.reshape(-1, 1, 1)
            size = "×".join(map(str, values.shape[1:]))
            labels = (_original(), *(str(number + 1) for number in range(len(values))))
            grey = _grey(values, float(values.min()), float(values.max()))
            made.append(Row(f"{maps.title}, {size}", (answer.image, *grey), labels))
        return made

    return Plan(asks, rows)


def _first_maps(maps: Maps, data_dir: Path, split: str, index: int) -> Any:
    """On the question thread, where torch is."""
    from engine import firstmaps

    experiment = experiments.replaced(experiments.load(resources.presets()[maps.preset]), maps.changes)
    return firstmaps.first_maps(experiment, data_dir, split, index)


PLANS: dict[str, Callable[[Figure, list[Standing], Path], Plan]] = {
    "growth": _growth, "before_after": _before_after, "beside": _beside, "codes": _codes,
    "interpolation": _interpolation, "generated": _generated, "ten_best": _ten_best, "feature_maps": _feature_maps}
"""Kind -> what it asks."""


def laid_out(code: np.ndarray) -> np.ndarray:
    """A code as one grey picture: (C, H, W) as a square grid of its maps with a line between, (n,) as a square."""
    if code.ndim == 1:
        side = int(np.ceil(len(code) ** 0.5))
        code = np.pad(code, (0, side * side - len(code)), constant_values=code.min()).reshape(1, side, side)
    columns = int(np.ceil(len(code) ** 0.5))
    rows = -(-len(code) // columns)
    grey = _grey(code, float(code.min()), float(code.max()))
    height, width = code.shape[1] + 1, code.shape[2] + 1
    sheet = np.full((rows * height - 1, columns * width - 1), 128, np.uint8)
    for number, picture in enumerate(grey):
        top, left = number // columns * height, number % columns * width
        sheet[top:top + code.shape[1], left:left + code.shape[2]] = picture
    return sheet


def _grey(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Numbers -> uint8, black at ``low``, white at ``high``."""
    return np.round(255 * np.clip((values - low) / ((high - low) or 1.0), 0, 1)).astype(np.uint8)


def _reconstruct(figure: Figure, it: Standing, handle: SnapshotHandle) -> Ask:
    return Ask("reconstruct", handle, it.found.trained, (figure.split, figure.images))


def _mse(answer: Any) -> str:
    return translate("ReportFigure", "MSE {mse}").format(mse=significant(float(answer.mse[0]), 3))


def _original() -> str:
    return translate("ReportFigure", "Original")


def _batches(step: int) -> str:
    return translate("ReportFigure", "{count} batches").format(count=step) if step else _epochs(0)


def _epochs(epoch: float) -> str:
    if not epoch:
        return translate("ReportFigure", "Untrained")
    return translate("ReportFigure", "Epoch {epoch}").format(epoch=f"{epoch:g}")
