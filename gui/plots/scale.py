"""What the axes of the loss curves count: epochs or steps, losses or their logarithms."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gui.plots.axis import nice_below, nice_edge


@dataclass
class Scale:
    """``batches_per_epoch`` is that of the run in front, None before it is known; until then x counts steps."""

    log: bool = True
    by_epoch: bool = True
    batches_per_epoch: float | None = None

    def unit(self, batches_per_epoch: float | None = None) -> float | None:
        """Batches per unit of x where x counts epochs, else None; of another run where its own number is given."""
        return (batches_per_epoch or self.batches_per_epoch) if self.by_epoch else None

    def place(self, step: float) -> float:
        """A step of the run in front -> x."""
        return step / (self.unit() or 1.0)

    def step(self, x: float) -> float:
        """x -> a step of the run in front, not rounded."""
        return x * (self.unit() or 1.0)

    def edges(self, low: float, high: float) -> tuple[float, float]:
        """Smallest and largest y as the axis counts -> round edges around them, apart from each other."""
        if self.log:
            bottom, top = math.log10(nice_below(10.0**low)), math.log10(nice_edge(10.0**high))
            return bottom, max(top, bottom + 0.3)
        bottom = 0.0 if low >= 0 else -nice_edge(-low)
        return bottom, nice_edge(high) if high > 0 else bottom + 1.0
