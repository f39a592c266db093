"""The frame of a chart: two axes and the room between them, without the menus of pyqtgraph that nobody opens."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gui import style
from gui.plots.axis import Axis


def frame(name: str, x_axis: Axis, y_axis: Axis, box: pg.ViewBox, parent: QWidget) -> pg.GraphicsLayoutWidget:
    """A chart of this name with its axes below and left of ``box``."""
    plot = pg.GraphicsLayoutWidget(parent)
    plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    plot.setAccessibleName(name)
    plot.setCacheMode(pg.GraphicsView.CacheModeFlag.CacheNone)  # else an SVG has a picture as its ground
    plot.ci.layout.setContentsMargins(0, style.XS, style.M, 0)
    plot.ci.layout.setSpacing(0)
    plot.addItem(y_axis, 0, 0)
    plot.addItem(box, 0, 1)
    plot.addItem(x_axis, 1, 1)
    y_axis.setZValue(-200)  # grid lines lie below what is drawn
    for axis in (x_axis, y_axis):
        axis.linkToView(box)
    return plot
