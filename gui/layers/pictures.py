"""What an answer about a layer looks like: its pictures, the ends of their colours, and what each is called."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication

from engine.layeranswers import Kernels, LayerMaps
from gui.plots.code import wrapped
from gui.widgets.quantities import significant

translate = QCoreApplication.translate

WIDEST_ROW = 16
"""Kernels of one unit stand in one row where they are not more."""


@dataclass(frozen=True, eq=False)
class LayerPictures:
    """The pictures of one answer, on one scale for all or each on its own."""

    answer: LayerMaps | Kernels
    shared: bool

    @property
    def diverging(self) -> bool:
        """Weights have a colour for either sign; maps are grey like images."""
        return isinstance(self.answer, Kernels)

    @property
    def vector(self) -> bool:
        """Whether the layer gives one row of numbers, which is a single picture."""
        return self.answer.values.ndim == 1

    @property
    def tiles(self) -> np.ndarray:
        """(n, height, width)."""
        return wrapped(self.answer.values)[None] if self.vector else self.answer.values

    @property
    def columns(self) -> int | None:
        """How many stand side by side; None for what makes them largest."""
        if isinstance(self.answer, LayerMaps):
            return math.ceil(math.sqrt(len(self.tiles))) if self.answer.layer.is_code else None
        if self.answer.layer.kind == "linear":
            return None
        inputs = self.answer.layer.input[0]
        return inputs if 1 < inputs <= min(WIDEST_ROW, len(self.answer.values)) else None

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) and (n,): the values at the ends of each picture's colours."""
        values = self.answer.values[None] if self.vector else self.answer.values
        flat = values.reshape(len(values), -1)
        if isinstance(self.answer, Kernels):
            limit = np.full(len(flat), self.answer.limit) if self.shared else np.abs(flat).max(axis=1)
            return -limit, limit
        low, high = flat.min(axis=1), flat.max(axis=1)
        if not self.shared:
            return low, high
        return np.full(len(flat), min(0.0, float(low.min()))), np.full(len(flat), float(high.max()))

    @property
    def scale(self) -> str:
        """What the colours mean."""
        low, high = self.ends
        if self.diverging and self.shared:
            return translate("layers", "blue −{limit} · 0 · red {limit}").format(limit=number(high[0]))
        if self.diverging:
            return translate("layers", "blue negative · red positive, each on its own scale")
        if self.shared or self.vector:
            return translate("layers", "black {low} · white {high}").format(low=number(low[0]), high=number(high[0]))
        return translate("layers", "each from its least value, black, to its greatest, white")

    def title(self, tile: int) -> str:
        """'Map 3', 'Unit 3', 'Unit 3, input 0'; counted from 0."""
        if not isinstance(self.answer, Kernels):
            return translate("layers", "Map {number}").format(number=tile)
        (unit, source), layer = self.answer.units[tile].tolist(), self.answer.layer
        if unit < 0:
            return translate("layers", "Weights")
        if len(layer.input) == 1:
            return translate("layers", "Input {unit}, map {source}").format(unit=unit, source=source)
        if layer.input[0] == 1:
            return translate("layers", "Unit {unit}").format(unit=unit)
        return translate("layers", "Unit {unit}, input {source}").format(unit=unit, source=source)

    def caption(self, tile: int) -> str:
        """A picture's title with its least and its greatest value."""
        values = self.answer.values[tile]
        return translate("layers", "{picture} · {low} to {high}").format(
            picture=self.title(tile), low=number(values.min()), high=number(values.max()))

    def reading(self, tile: int, row: int, column: int) -> str:
        """The value of a pixel with its place; '' where there is none."""
        tiles = self.tiles
        if not (tile < len(tiles) and row < tiles.shape[1] and column < tiles.shape[2]):
            return ""
        value = number(tiles[tile, row, column])
        if self.vector:
            unit = row * tiles.shape[2] + column
            there = unit < len(self.answer.values)
            return translate("layers", "Unit {unit}: {value}").format(unit=unit, value=value) if there else ""
        layer = self.answer.layer
        if isinstance(self.answer, Kernels) and self.answer.units[tile][0] < 0:
            units_in_rows = layer.output[0] <= layer.input[0]
            text = (translate("layers", "Unit {row}, input {column}: {value}") if units_in_rows
                    else translate("layers", "Unit {column}, input {row}: {value}"))
        else:
            text = translate("layers", "{picture}, row {row}, column {column}: {value}")
        return text.format(picture=self.title(tile), row=row, column=column, value=value)


def number(value: float) -> str:
    """Three digits, with a true minus sign."""
    text = significant(float(value), 3) if value else "0"
    return text.replace("-", "−", 1) if text.startswith("-") else text
