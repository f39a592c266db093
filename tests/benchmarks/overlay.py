"""How long twenty overlaid curves of 20,000 points take to be drawn anew, while one zooms and moves."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np

CURVES, POINTS = 20, 20_000
WANTED_MS = 50.0
ROUNDS = 20


def report(repeats: int = 3) -> Iterator[str]:
    """Markdown, line by line as it is measured."""
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    times = _times(application, repeats)
    times.sort()
    yield from ("", f"### {CURVES} overlaid curves of {POINTS:,} points, drawn anew",
                f"median {statistics.median(times):.1f} ms, p95 {times[int(0.95 * len(times))]:.1f} ms, longest "
                f"{times[-1]:.1f} ms (n = {len(times)}); asked: {WANTED_MS:.0f} ms")


def _times(application: object, repeats: int) -> list[float]:
    """Milliseconds from another range to the painted picture."""
    from gui import style
    from gui.plots.lines import Axes, Line, LinePlot

    style.apply(application, "light")  # type: ignore[arg-type]
    draws = np.random.default_rng(0)
    x = np.arange(1.0, POINTS + 1)
    lines = [Line(str(number), x, np.exp(-x / 5000) + 0.1 + 0.02 * draws.random(POINTS)) for number in range(CURVES)]
    plot = LinePlot("Curves")
    plot.resize(1000, 700)
    plot.show()
    plot.show_lines(lines, Axes("Step", "Loss", log_y=True))
    plot.grab()
    times = []
    for number in range(repeats * ROUNDS):
        begin = time.perf_counter()
        plot._box.setRange(xRange=(number * 10, POINTS - number * 50), padding=0)
        plot.grab()
        times.append(1000 * (time.perf_counter() - begin))
    plot.hide()
    plot.deleteLater()
    return times
