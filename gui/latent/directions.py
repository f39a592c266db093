"""What plane and map agree on: the order and signs of a run's principal directions, and what an axis is called."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication

from engine.answers import Axes, Numbers
from gui.widgets.quantities import significant


class Directions:
    """The scores of the fixed images by which the next snapshot of the same run keeps its directions."""

    def __init__(self) -> None:
        self._run: Path | None = None
        self._scores: Numbers | None = None

    def of(self, run: Path) -> Numbers | None:
        """(n, 2) scores of the last snapshot of this run that was looked at; None where there is none."""
        return self._scores if run == self._run else None

    def keep(self, run: Path, scores: Numbers) -> None:
        """Remember the scores of a snapshot."""
        self._run, self._scores = run, scores


def axis_title(axes: Axes, axis: int, explained: tuple[float, float] | None, constant: bool) -> str:
    """What an axis is: 'Principal direction 1 · 42.0 % of the variance'."""
    if axes == "pca":
        title = QCoreApplication.translate("latent", "Principal direction {number}").format(number=axis + 1)
    else:
        title = QCoreApplication.translate("latent", "Dimension {number} of the code").format(number=axes[axis])
    if constant:
        return title + QCoreApplication.translate("latent", " · does not vary")
    if explained is None:
        return title
    share = significant(100 * explained[axis], 3)
    return title + QCoreApplication.translate("latent", " · {share} % of the variance").format(share=share)
