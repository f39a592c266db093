"""The map of the latent space: how many pictures a second while 60,000 points are dragged, and how it was chosen."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui import style
from gui.plots.cloud import CloudView

POINTS, CLASSES = 60_000, 10
SIZE = (1000, 700)
STEPS = 40
"""Moves of the mouse in a drag."""


def report(repeats: int) -> Iterator[str]:
    """Lines for docs/benchmarks.md."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    style.apply(application, "light")
    cloud = _cloud()
    yield f"Latent map, {POINTS:,} points in {CLASSES} classes, window of {SIZE[0]}×{SIZE[1]} px"
    moves = [seconds for _ in range(repeats) for seconds in _dragged(cloud, application)]
    yield f"  drag: median {1000 * statistics.median(moves):.1f} ms a picture, {1 / statistics.median(moves):.0f} " \
          f"pictures/s; 95th percentile {1000 * float(np.percentile(moves, 95)):.1f} ms"
    yield f"  new points (a snapshot): {_median(lambda: _moved(cloud), repeats):.1f} ms"
    yield f"  for comparison, QPainter.drawPoints: {_median(lambda: _drawn(cloud), min(3, repeats)):.0f} ms a picture"
    cloud.hide()
    cloud.deleteLater()
    application.processEvents()


def _cloud() -> CloudView:
    """Overlapping heaps, one for each class."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, POINTS)
    points = rng.standard_normal((CLASSES, 2))[labels] * 4 + rng.standard_normal((POINTS, 2)) * 1.5
    cloud = CloudView()
    cloud.names = tuple(map(str, range(CLASSES)))
    cloud.set_titles("Principal direction 1", "Principal direction 2")
    cloud.resize(*SIZE)
    cloud.show()
    cloud.set_points(points.astype(np.float32), labels)
    QApplication.processEvents()
    return cloud


def _dragged(cloud: CloudView, application: QApplication) -> list[float]:
    """Seconds from each move of the mouse until its picture is painted."""
    start, taken = QPoint(400, 300), []
    QTest.mousePress(cloud, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, STEPS + 1):
        begin = time.perf_counter()
        away = min(step, STEPS - step)
        QTest.mouseMove(cloud, start + QPoint(8 * away, 5 * away + 5))
        cloud.repaint()
        taken.append(time.perf_counter() - begin)
    QTest.mouseRelease(cloud, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    application.processEvents()
    return taken


def _moved(cloud: CloudView) -> None:
    cloud.set_points(cloud.points * np.float32(0.999), cloud.labels)
    cloud.repaint()


def _drawn(cloud: CloudView) -> None:
    """The same points as round dots by Qt."""
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for label in range(CLASSES):
        pen = QPen(QColor(style.theme().current.classes[label]), 4)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints([QPointF(x, y) for x, y in cloud.px[cloud.labels == label].tolist()])
    painter.end()


def _median(work: Callable[[], None], repeats: int) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return 1000 * statistics.median(taken)
